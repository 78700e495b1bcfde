//! Every key of swath's own settings, defined once: what the parser knows, the hints for keys that others use, the JSON
//! schema and the reference are made from these tables.

/// A key of the settings.
#[derive(Debug, Clone, Copy)]
pub(super) struct Key {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    /// One sentence or two, in Markdown.
    pub(super) meaning: &'static str,
    /// What holds without it, in Markdown; empty where nothing does.
    pub(super) default: &'static str,
    /// A value, as TOML.
    pub(super) example: &'static str,
    /// What other tools call it.
    pub(super) synonyms: &'static [&'static str],
}

/// What a key holds.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    /// A command line, split into words as a shell does.
    Command,
    /// The path of a file or a folder.
    Path,
    /// One path or a list of them.
    Paths,
    /// A plain text.
    Text,
    /// One text or a list of them.
    Texts,
    /// `500ms`, `60s`, `2m`.
    Duration,
    /// The name of a signal.
    Signal,
    /// How readiness is seen.
    Ready,
    Boolean,
    /// One of a few words.
    Choice(&'static [&'static str]),
    /// A table of texts by names of the user's.
    Variables,
    /// A table of readiness checks by names of services.
    ReadyByName,
    /// A table of tables with these keys, by names of the user's.
    Tables(&'static Table),
    /// Paths, or a table with these keys.
    PathsOrTable(&'static Table),
    /// A table with these keys.
    One(&'static Table),
    /// A number from 0 to 100.
    Percentage,
    /// A table of percentages by patterns of paths, or by names of the user's.
    Percentages,
}

/// A table of the settings.
#[derive(Debug)]
pub(super) struct Table {
    /// As the reference calls it.
    pub(super) heading: &'static str,
    pub(super) meaning: &'static str,
    pub(super) keys: &'static [Key],
    /// The key that must be there.
    pub(super) required: Option<&'static str>,
}

impl Table {
    pub(super) fn names(&self) -> Vec<&'static str> {
        self.keys.iter().map(|key| key.name).collect()
    }

    /// The key with this name.
    pub(super) fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name)
    }

    /// The key that other tools call so.
    pub(super) fn synonym(&self, name: &str) -> Option<&'static Key> {
        let name = name.to_ascii_lowercase();
        let mut keys = self.keys.iter();
        keys.find(|key| {
            key.synonyms.contains(&&*name)
                || (key.name != name && key.name == name.replace('_', "-"))
        })
    }
}

const fn key(name: &'static str, kind: Kind, example: &'static str, meaning: &'static str) -> Key {
    Key {
        name,
        kind,
        meaning,
        default: "",
        example,
        synonyms: &[],
    }
}

/// The whole file.
pub(super) static TOP: Table = Table {
    heading: "`swath.toml`",
    meaning: "How `swath run` makes a run. The same keys go under `[tool.swath]` in `pyproject.toml`. An option of the \
              command line wins over the key of the same name.",
    required: None,
    keys: &[
        Key {
            synonyms: &["tests", "command", "cmd", "run", "test-command"],
            ..key(
                "test",
                Kind::Command,
                "\"pytest tests/system\"",
                "The command that runs the tests, split into words as a shell does. A command after `--` replaces it.",
            )
        },
        Key {
            synonyms: &["service"],
            ..key(
                "services",
                Kind::Tables(&SERVICE),
                "{ web = { command = \"gunicorn app:wsgi\" } }",
                "The services that are started before `test`, in the order of the file: `[services.NAME]`.",
            )
        },
        Key {
            synonyms: &["docker-compose", "docker_compose"],
            ..key(
                "compose",
                Kind::PathsOrTable(&COMPOSE),
                "\"compose.yml\"",
                "The Compose project that is brought up for `test` and removed afterwards: its file, a list of files, \
                 or a table `[compose]`.",
            )
        },
        Key {
            synonyms: &["k8s", "cluster", "namespace"],
            ..key(
                "kubernetes",
                Kind::Text,
                "\"shop-test\"",
                "The namespace whose measured pods `test` runs against, as `NAMESPACE` or `NAMESPACE:SELECTOR`.",
            )
        },
        Key {
            synonyms: &["stack"],
            ..key(
                "swarm",
                Kind::Text,
                "\"shop\"",
                "The stack of a Docker Swarm whose measured tasks `test` runs against.",
            )
        },
        Key {
            synonyms: &["store"],
            ..key(
                "fleet",
                Kind::Text,
                "\"s3://coverage/shop/42\"",
                "The run of an object store that the services ship to; with `kubernetes` or `swarm`, where these say \
                 so unless this does.",
            )
        },
        key(
            "swarm-image",
            Kind::Text,
            "\"registry.example.com/swath:1\"",
            "The image with swath that ships what tasks record, of services that `test` makes on a Swarm of several \
                 nodes.",
        ),
        key(
            "swarm-store",
            Kind::Text,
            "\"s3://coverage/shop\"",
            "Where it ships to: a folder of an object store, in which each run has one of its own.",
        ),
        key(
            "swarm-store-secret",
            Kind::Text,
            "\"coverage-store\"",
            "The secret of the Swarm with the variables of that store, as lines `NAME=VALUE`.",
        ),
        Key {
            default: "`services`",
            ..key(
                "count",
                Kind::Choice(&["services", "tests", "all"]),
                "\"all\"",
                "Whose lines are in the number.",
            )
        },
        Key {
            synonyms: &["complete"],
            default: "`false`",
            ..key(
                "require-complete",
                Kind::Boolean,
                "true",
                "Exit with 3 unless everything that counts is in the number.",
            )
        },
        Key {
            synonyms: &["contexts", "dynamic-context"],
            default: "`false`",
            ..key(
                "attribution",
                Kind::Boolean,
                "true",
                "Record for which test and which request code runs.",
            )
        },
        Key {
            synonyms: &["html-report", "html-dir"],
            ..key(
                "html",
                Kind::Path,
                "\"htmlcov\"",
                "The folder into which the HTML report is written at the end of a run.",
            )
        },
        Key {
            synonyms: &["json-report"],
            ..key(
                "json",
                Kind::Path,
                "\"swath.json\"",
                "The file into which the accounting and the totals are written.",
            )
        },
        key(
            "history",
            Kind::Path,
            "\".swath-history\"",
            "The file of `swath history`, [`.swath-history`] unless it is said.",
        ),
        Key {
            synonyms: &["gate", "thresholds", "minimums"],
            ..key(
                "gates",
                Kind::One(&GATES),
                "{ total = 80 }",
                "What must hold, or `run`, `report` and `diff` exit with 2: `[gates]`.",
            )
        },
    ],
};

/// `[gates]`.
pub(super) static GATES: Table = Table {
    heading: "`[gates]`",
    meaning: "What must hold, in `run`, `report` and `diff`. Numbers are minimums in percent.",
    required: None,
    keys: &[
        Key {
            synonyms: &[
                "fail-under",
                "fail_under",
                "minimum",
                "min",
                "coverage",
                "all",
            ],
            ..key(
                "total",
                Kind::Percentage,
                "80",
                "Lines and branches together, as coverage.py's `fail_under`.",
            )
        },
        Key {
            synonyms: &["line", "statements", "statement"],
            ..key("lines", Kind::Percentage, "80", "Lines alone.")
        },
        Key {
            synonyms: &["branch"],
            ..key("branches", Kind::Percentage, "70", "Branches alone.")
        },
        Key {
            synonyms: &["diff", "change", "patch", "new", "changes"],
            ..key(
                "changed",
                Kind::Percentage,
                "90",
                "The lines, and their branches, that the work tree has changed since the default branch.",
            )
        },
        Key {
            synonyms: &["paths", "path", "file", "patterns"],
            ..key(
                "files",
                Kind::Percentages,
                "{ \"src/pay/*\" = 95 }",
                "The files whose paths match a pattern, together.",
            )
        },
        Key {
            synonyms: &["service"],
            ..key(
                "services",
                Kind::Percentages,
                "{ worker = 80 }",
                "What the processes of a service ran of its files: of those that they loaded, and of those beside them \
                 that nobody ran.",
            )
        },
        Key {
            synonyms: &["endpoint", "routes", "route"],
            ..key(
                "endpoints",
                Kind::One(&ENDPOINTS),
                "{ every-route-called = true }",
                "What must hold of the endpoints of services, where the run attributed what ran: `[gates.endpoints]`.",
            )
        },
        Key {
            synonyms: &["ratchet", "baseline", "not_below"],
            ..key(
                "not-below",
                Kind::Text,
                "\"main\"",
                "The branch whose last run, as `swath history` keeps it, had no more lines and branches together.",
            )
        },
        Key {
            synonyms: &["slack", "threshold", "delta"],
            ..key(
                "tolerance",
                Kind::Percentage,
                "0.5",
                "How many points less than `not-below` asks for still pass.",
            )
        },
    ],
};

/// `[gates.endpoints]`.
pub(super) static ENDPOINTS: Table = Table {
    heading: "`[gates.endpoints]`",
    meaning: "What must hold of the endpoints of services. It needs a run with `attribution`.",
    required: None,
    keys: &[
        Key {
            synonyms: &["called", "all-called", "every-route", "all-routes-called"],
            default: "`false`",
            ..key(
                "every-route-called",
                Kind::Boolean,
                "true",
                "Every route that a service has was called.",
            )
        },
        Key {
            synonyms: &["no-5xx", "no-errors", "server-errors"],
            default: "`false`",
            ..key(
                "no-server-errors",
                Kind::Boolean,
                "true",
                "Nothing was answered with a status of 500 or above. What the readiness checks of the settings were \
                 answered while a service started does not count.",
            )
        },
        Key {
            synonyms: &["exclude", "ignore", "exceptions", "skip"],
            ..key(
                "except",
                Kind::Texts,
                "[\"GET /health\", \"/admin/*\", \"worker * *\"]",
                "The endpoints of which nothing is asked: a route, a method and a route, or a service, a method and a \
                 route; `*` is any text.",
            )
        },
        Key {
            synonyms: &["open-api", "description", "swagger"],
            ..key(
                "openapi",
                Kind::Path,
                "\"openapi.yaml\"",
                "The OpenAPI description whose operations are routes that must be called, too.",
            )
        },
    ],
};

/// `[services.NAME]`.
pub(super) static SERVICE: Table = Table {
    heading: "`[services.NAME]`",
    meaning: "A service that swath starts. NAME is made of letters, digits, `-`, `_` and `.`.",
    required: Some("command"),
    keys: &[
        Key {
            synonyms: &["cmd", "run", "exec", "program", "entrypoint", "start"],
            ..key(
                "command",
                Kind::Command,
                "\"gunicorn --workers=2 app:wsgi\"",
                "The program and its arguments, split into words as a shell does.",
            )
        },
        Key {
            synonyms: &[
                "url",
                "health",
                "healthcheck",
                "health-check",
                "port",
                "wait",
                "wait-for",
                "ready-when",
                "readiness",
            ],
            ..key(
                "ready",
                Kind::Ready,
                "\"http://127.0.0.1:8000/\"",
                "When it is ready: `http://HOST:PORT/PATH` (any status below 500), `tcp:HOST:PORT` or `log:REGEX`. \
                 Nothing is waited for without it.",
            )
        },
        Key {
            synonyms: &["timeout", "start-timeout", "startup-timeout"],
            default: "`60s`",
            ..key(
                "ready-timeout",
                Kind::Duration,
                "\"90s\"",
                "How long it may take until it is ready.",
            )
        },
        Key {
            synonyms: &["signal", "kill-signal"],
            default: "`TERM`",
            ..key(
                "stop-signal",
                Kind::Signal,
                "\"INT\"",
                "The signal that asks it to stop.",
            )
        },
        Key {
            synonyms: &["shutdown-timeout", "grace-period"],
            default: "`45s`",
            ..key(
                "stop-timeout",
                Kind::Duration,
                "\"10s\"",
                "How long it may take to stop before it is killed.",
            )
        },
        Key {
            synonyms: &["env-files", "env_files", "envfile", "dotenv"],
            ..key(
                "env-file",
                Kind::Paths,
                "\"test.env\"",
                "Files of `KEY=VALUE` lines, without expansion; a later one goes before an earlier one.",
            )
        },
        Key {
            synonyms: &["env", "envs", "environ", "variables", "vars"],
            ..key(
                "environment",
                Kind::Variables,
                "{ DEBUG = \"1\" }",
                "Environment variables, which go before those of `env-file`.",
            )
        },
        Key {
            synonyms: &[
                "dir",
                "directory",
                "workdir",
                "working-dir",
                "working_dir",
                "working-directory",
            ],
            default: "the run's own folder",
            ..key(
                "cwd",
                Kind::Path,
                "\"backend\"",
                "The folder that it is started in.",
            )
        },
    ],
};

/// `[compose]`.
pub(super) static COMPOSE: Table = Table {
    heading: "`[compose]`",
    meaning: "A Compose project, where its file alone does not say enough.",
    required: Some("file"),
    keys: &[
        Key {
            synonyms: &["files", "path"],
            ..key(
                "file",
                Kind::Paths,
                "[\"compose.yml\", \"compose.test.yml\"]",
                "The files of the project, as for `docker compose -f`.",
            )
        },
        Key {
            synonyms: &["test", "tests"],
            ..key(
                "test-service",
                Kind::Text,
                "\"tests\"",
                "Run the tests as this service of the project, by `test` or by its own command.",
            )
        },
        Key {
            synonyms: &["profiles"],
            ..key(
                "profile",
                Kind::Texts,
                "\"tests\"",
                "The profiles to activate.",
            )
        },
        Key {
            synonyms: &["name", "project"],
            default: "Compose's",
            ..key(
                "project-name",
                Kind::Text,
                "\"shop-tests\"",
                "The project's name.",
            )
        },
        Key {
            synonyms: &["services", "service"],
            default: "all",
            ..key(
                "measure",
                Kind::Texts,
                "[\"web\", \"worker\"]",
                "The services of the project that are measured.",
            )
        },
        Key {
            synonyms: &["env", "dotenv"],
            ..key(
                "env-file",
                Kind::Path,
                "\"test.env\"",
                "The file for `docker compose --env-file`.",
            )
        },
        Key {
            synonyms: &["health", "readiness", "wait-for"],
            ..key(
                "ready",
                Kind::ReadyByName,
                "{ web = \"http://127.0.0.1:8000/\" }",
                "When services are ready that have no health check: `NAME = \"http://HOST:PORT/PATH\"` or \
                 `\"tcp:HOST:PORT\"`.",
            )
        },
        Key {
            synonyms: &["timeout", "wait-timeout"],
            default: "`60s`",
            ..key(
                "ready-timeout",
                Kind::Duration,
                "\"3m\"",
                "How long all services together may take until they are ready.",
            )
        },
        Key {
            synonyms: &["shutdown-timeout", "grace-period"],
            default: "Compose's",
            ..key(
                "stop-timeout",
                Kind::Duration,
                "\"10s\"",
                "How long a container may take to stop.",
            )
        },
    ],
};
