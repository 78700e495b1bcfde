//! Every message that carries a stable name: what it means, how it looks, and what helps.
//!
//! `docs/messages.md` and `swath explain` are made from this table and from the examples beside it; a
//! test holds both against the sources, so that no message is missing, none is left over, and no
//! example says what swath does not say.

mod fleet;
mod gates;
mod manifests;

/// How each message looks on a terminal, between lines of `---`.
const EXAMPLES: &str = include_str!("../assets/message_examples.txt");

/// One message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MessageEntry {
    /// Its stable name.
    pub code: &'static str,
    /// What it means.
    pub meaning: &'static str,
    /// What to do about it, or that nothing has to be done.
    pub remedy: &'static str,
}

impl MessageEntry {
    /// How it looks on a terminal, without the end of the last line; empty if nobody wrote it down.
    pub fn example(&self) -> &'static str {
        let is_this = |example: &&str| code_of(example) == Some(self.code);
        message_examples().find(is_this).unwrap_or("")
    }
}

/// All examples, each without the end of its last line.
pub fn message_examples() -> impl Iterator<Item = &'static str> {
    EXAMPLES.split("\n---\n").map(str::trim_end)
}

/// The stable name in the first line of a message: `error[CODE]: …`.
fn code_of(message: &str) -> Option<&str> {
    let (severity, rest) = message.split_once('[')?;
    let (code, _) = rest.split_once("]: ")?;
    matches!(severity, "error" | "warning").then_some(code)
}

/// A group of messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MessageGroup {
    /// Its heading.
    pub title: &'static str,
    /// Its messages, by name.
    pub entries: &'static [MessageEntry],
}

/// The message with this name.
pub fn message_entry(code: &str) -> Option<&'static MessageEntry> {
    MESSAGES
        .iter()
        .flat_map(|group| group.entries)
        .find(|entry| entry.code == code)
}

const fn entry(code: &'static str, meaning: &'static str, remedy: &'static str) -> MessageEntry {
    MessageEntry {
        code,
        meaning,
        remedy,
    }
}

/// All messages, in groups.
pub const MESSAGES: [MessageGroup; 8] = [
    MessageGroup {
        title: "Errors of a run",
        entries: &[
            entry(
                "address-in-use",
                "another program answers at the `ready` address of a service before the service was started",
                "stop what listens there, or choose another port",
            ),
            entry(
                "bad-command",
                "a service's command cannot be split into words: a quote is not closed, or there is no word",
                "close the quote, or write the command",
            ),
            entry(
                "bad-duration",
                "a duration is not one that swath understands",
                "write a number and a unit: `500ms`, `60s`, `2m`",
            ),
            entry(
                "bad-ready",
                "a `ready` address is not in one of the three forms",
                "write `http://HOST:PORT/PATH`, `tcp:HOST:PORT` or `log:REGEX`",
            ),
            entry(
                "bad-signal",
                "a stop signal is not one that stops a service",
                "name TERM, INT, QUIT, HUP, USR1, USR2 or KILL",
            ),
            entry(
                "command-not-found",
                "the test command was not found (exit code 127)",
                "activate the virtual environment that holds it, or give its path",
            ),
            entry(
                "command-not-runnable",
                "the test command could not be started (exit code 126)",
                "make it executable, or call it through its interpreter: `sh SCRIPT`",
            ),
            entry(
                "compose-failed",
                "Compose could not do what the run asked of it",
                "read its last output; the hint names the whole log",
            ),
            entry(
                "compose-file-not-found",
                "a file of `--compose` does not exist",
                "give its path from the current folder",
            ),
            entry(
                "container-not-ready",
                "a container of the project ended, became unhealthy, or did not answer in time",
                "read its last output; `--ready NAME=ADDRESS` or a health check says when it is ready",
            ),
            entry(
                "data-not-appended",
                "`--append` cannot add to the data file that is there",
                "run without `--append`, or name another file with `--data-file`",
            ),
            entry(
                "data-not-saved",
                "the data file could not be written; the hit stores are kept",
                "free space, then `swath combine --append` the folder named",
            ),
            entry(
                "interrupted",
                "the run was interrupted while the services were starting",
                "nothing; start the run again when you want the number",
            ),
            entry(
                "json-not-written",
                "the file of `--json` could not be written",
                "name a file in a folder that exists and that you can write to",
            ),
            entry(
                "no-command",
                "there is no test command",
                "name one after `--`, or as `test` in swath.toml; `swath init` writes one",
            ),
            entry(
                "no-compose",
                "neither `docker compose` nor `docker-compose` answers",
                "install Compose, or name it with `--compose-command`",
            ),
            entry(
                "compose-not-served",
                "the services of swath.toml are asked for without a run, and it has a Compose project",
                "`swath run` brings it up",
            ),
            entry(
                "no-services",
                "the services of swath.toml are asked for, and it has none; or there is no swath.toml",
                "write `[services.NAME]` with a `command`, or `swath init`",
            ),
            entry(
                "no-project",
                "an option is about a Compose project, and there is none",
                "name its file with `--compose`, or as `compose` in swath.toml",
            ),
            entry(
                "no-engine",
                "a Compose project needs a Docker engine that can be used",
                "start Docker, or get the right to use it; the message says what is wrong",
            ),
            entry(
                "no-program",
                "`swath run PROGRAM` names no file and no folder with a main module",
                "the hint is the line that was probably meant",
            ),
            entry(
                "no-such-compose-service",
                "`--measure` names a service that the project does not have",
                "name one of the services in the note",
            ),
            entry(
                "nothing-measured",
                "no Python process touched a file in scope",
                "see the notes: no Python was seen, or the settings leave everything out",
            ),
            entry(
                "output-not-writable",
                "the data file, or the target of `--json` or `--html`, cannot be written; found out before anything starts",
                "name a folder that exists and that you can write to",
            ),
            entry(
                "plugin-files-left-out",
                "files that a plugin measured cannot be reported, for the reason given; the exit code is 1",
                "configure the plugin, and name the Python that has it with `--python`",
            ),
            entry(
                "plugins-not-loaded",
                "the plugins that the settings name could not be loaded; what they make of settings and gates is not in force, so that nothing passes (exit code 1, of `run` 125)",
                "install coverage.py and them in the environment, name its Python with `--python`, or go on without them with `--no-plugins`",
            ),
            entry(
                "project-is-up",
                "the project of `--compose` is already running, and swath did not start it",
                "take it down, or give the project of this run a name of its own with `--project-name`",
            ),
            entry(
                "ready-without-service",
                "`--ready` names a service that does not exist, or none at all",
                "write `--ready NAME=ADDRESS`",
            ),
            entry(
                "report-failed",
                "the data was saved, the report could not be made",
                "the message says why; `swath report` repeats it",
            ),
            entry(
                "run-folder",
                "the private folder of the run or a log could not be made",
                "free space in the temporary folder",
            ),
            entry(
                "service-exited",
                "a service ended before it was ready",
                "read its last output; the hint names the whole log",
            ),
            entry(
                "service-not-found",
                "a service's command was not found",
                "activate the virtual environment that holds it, or give its path",
            ),
            entry(
                "service-not-ready",
                "a service was not ready in time; or another process answers at its `ready` address, which the note names",
                "correct the `ready` address, or raise `ready-timeout`",
            ),
            entry(
                "service-not-runnable",
                "a service's command could not be started",
                "make it executable",
            ),
            entry(
                "source-is-root",
                "`source` names the root of the file system",
                "name the project's folder",
            ),
            entry(
                "source-not-found",
                "`source` names a folder that does not exist",
                "correct the name: it is relative to the folder of the settings",
            ),
            entry(
                "system",
                "the operating system refused something that a run needs",
                "read what the system said: mostly a limit is reached, as of processes (`ulimit -u`) or of open files (`ulimit -n`)",
            ),
            entry(
                "usage",
                "options that do not go together, or that this form of the command line does not take",
                "the hint is the line that was probably meant; `swath run --help` has the options",
            ),
        ],
    },
    MessageGroup {
        title: "Errors of a question about a change",
        entries: &[
            entry(
                "bad-description",
                "what is given with `--openapi` is not an OpenAPI description, as JSON or as YAML",
                "the message says what is wrong with it; frameworks serve one as `/openapi.json`",
            ),
            entry(
                "bad-patch",
                "what is given as a patch is not a unified diff, or is a series of them",
                "give what one `git diff` or `diff -u` prints; the message names the line",
            ),
            entry(
                "data-not-written",
                "the data file of `intersect` or `subtract` cannot be written; what was there stays",
                "another file or folder",
            ),
            entry(
                "git-failed",
                "git could not answer",
                "read git's own words in the message; the hint is the command that helps, where one does",
            ),
            entry(
                "git-not-found",
                "there is no `git` on PATH",
                "install git, or give the change itself with `--patch`",
            ),
            entry(
                "kinds-differ",
                "of the data files that are held against each other, some have branches and some lines only",
                "measure all of them with `--branch`, or none",
            ),
            entry(
                "no-attribution",
                "the data does not say which test or endpoint ran what",
                "record it with `swath run --attribution`, or `attribution = true` in swath.toml",
            ),
            entry(
                "no-run",
                "`swath test-start` or `test-end` was called outside of a run that records which test code runs for",
                "call it in what `swath run --attribution` runs",
            ),
            entry(
                "no-data",
                "there is no data file, or nothing in it",
                "measure first, or name a file with `--data-file`",
            ),
            entry(
                "gate-not-applied",
                "gates of services or endpoints in swath.toml are not about this data: it has no services, and none is missing",
                "`--gate` applies one to any data",
            ),
            entry(
                "no-history",
                "there is no history, or no run in it to show or to hold a total against",
                "`swath history add` keeps a run; `--store`, or `history` in swath.toml, names the file",
            ),
            entry(
                "no-default-branch",
                "no revision is named, and the repository has no branch of one of the usual names",
                "name a revision with `--since`, or set the default branch with `git remote set-head origin --auto`",
            ),
            entry(
                "no-label",
                "a label of `compare --labels` is not in the data file",
                "`swath combine --label NAME=FILE` gives labels; the hint lists those that are there",
            ),
            entry(
                "no-merge-base",
                "the work tree and the revision have no commit in common, at least not in this clone, or nothing is committed yet",
                "fetch the whole history: `git fetch --unshallow`; or commit",
            ),
            entry(
                "no-such-file",
                "a file that is named to `swath affected` does not exist",
                "name it from the current folder; `--since` and `--patch` know what is gone",
            ),
            entry(
                "not-a-repository",
                "the folder is not in a git repository, or the repository has no work tree",
                "give the change itself with `--patch`",
            ),
            entry(
                "patch-not-read",
                "the file of `--patch` cannot be read",
                "check the path and the rights of the file",
            ),
            entry(
                "report-not-written",
                "the report cannot be written to its file",
                "name a file in a folder that exists and that you can write to",
            ),
            entry(
                "unknown-revision",
                "git knows no revision of that name, at least not in this clone",
                "fetch it, or name another one",
            ),
        ],
    },
    fleet::FLEETS,
    gates::GATES,
    manifests::MANIFESTS,
    MessageGroup {
        title: "Errors of configuration",
        entries: &[
            entry(
                "bad-file-pattern",
                "a pattern of `include`, `omit` or `[paths]` is not valid",
                "correct it: `*`, `?`, `[…]` and `**` between slashes have a meaning, as in coverage.py",
            ),
            entry(
                "bad-regex",
                "an expression of an exclusion is not a valid regular expression",
                "correct it; the message has Python's own words and the position",
            ),
            entry(
                "config-bad-value",
                "a value of swath.toml is not valid for its key",
                "write what the hint says; `swath schema` has all keys",
            ),
            entry("config-missing-key", "a service has no `command`", "add it"),
            entry(
                "config-syntax",
                "swath.toml is not valid TOML",
                "correct the line that the message names",
            ),
            entry(
                "config-unknown-key",
                "swath.toml has a key that swath does not know",
                "the hint names the key that is meant, or where the setting belongs",
            ),
            entry(
                "config-unreadable",
                "swath.toml cannot be read",
                "give yourself the right to read it: `ls -l swath.toml` shows who has it",
            ),
            entry(
                "config-wrong-type",
                "a value of swath.toml has the wrong type",
                "the hint is the line that works",
            ),
            entry(
                "env-file-invalid",
                "a line of an env file is not KEY=VALUE",
                "write one KEY=VALUE per line; comments start with `#`, and nothing is expanded",
            ),
            entry(
                "env-file-not-text",
                "an env file is not UTF-8 text",
                "save it as UTF-8",
            ),
            entry(
                "env-file-unreadable",
                "an env file cannot be read",
                "check its path, which is relative to the file that names it",
            ),
            entry(
                "rcfile-bad-regex",
                "an expression in a coverage.py file is not a valid regular expression",
                "correct it; the message names the option",
            ),
            entry(
                "rcfile-conflicting-concurrency",
                "`concurrency` names two libraries of light-weight threads, which coverage.py refuses",
                "name one of them; swath itself needs neither",
            ),
            entry(
                "rcfile-invalid",
                "a coverage.py file cannot be understood",
                "correct the option that the message names",
            ),
            entry(
                "rcfile-not-found",
                "the file of `--rcfile` or `COVERAGE_RCFILE` does not exist",
                "name a file that exists, or none",
            ),
            entry(
                "rcfile-undefined-variable",
                "a coverage.py file uses `${NAME?}` and it is not set",
                "set the variable, or write `${NAME-default}`",
            ),
            entry(
                "rcfile-unknown-concurrency",
                "`concurrency` names a library that coverage.py does not know",
                "name thread, gevent, greenlet, eventlet or multiprocessing, or leave it out; swath needs none",
            ),
            entry(
                "unsupported-regex",
                "an exclusion uses something of Python's regular expressions that swath does not support",
                "write it another way; the message names what is not supported",
            ),
        ],
    },
    MessageGroup {
        title: "Errors of `swath init`",
        entries: &[
            entry(
                "init-not-written",
                "a file cannot be written",
                "make the folder writable and call `swath init` again; the files before it in the list are written",
            ),
            entry(
                "not-confirmed",
                "there is no terminal to ask whether the files are to be written",
                "`swath init --yes` writes them, `swath init --dry-run` shows them",
            ),
            entry(
                "nothing-found",
                "neither a service nor system tests were found in the folder",
                "call it in the project's folder; `swath schema` has the keys of swath.toml",
            ),
        ],
    },
    MessageGroup {
        title: "Warnings",
        entries: &[
            entry(
                "affected-by-incomplete",
                "something is missing from the data, so that nobody knows what tests reached there: all of them are selected",
                "make the run complete: `swath report` ends with what is missing",
            ),
            entry(
                "agent-failed",
                "a process carried the agent, which could not measure all of it",
                "do what the hint says; the agent's reason is in the message",
            ),
            entry(
                "analysis-differs",
                "an interpreter has code where swath's analysis sees no statement: a fault in swath",
                "report it with the file",
            ),
            entry(
                "configuration",
                "something is odd about a coverage.py file, such as an option that coverage.py does not know",
                "correct the option that the message names",
            ),
            entry(
                "container-not-gathered",
                "what a container recorded could not be read from the engine",
                "read the engine's words in the note; a full disk is the usual reason",
            ),
            entry(
                "container-not-injected",
                "a container was started that had been created before the run",
                "let the test command create it",
            ),
            entry(
                "container-platform",
                "an image is made for a machine that this build of swath has no agent for",
                "build it for linux/amd64, or install swath from its wheel, which measures linux/arm64 as well",
            ),
            entry(
                "container-silent",
                "a container was given the agent, and nothing of it was measured",
                "let its entry script add to PYTHONPATH instead of replacing it",
            ),
            entry(
                "containers-not-measured",
                "the Docker engine could not be used as a run needs it",
                "read why in the message; `--no-docker` leaves containers out",
            ),
            entry(
                "coverage-py-too",
                "coverage.py is started in the services as well; both numbers are right",
                "take it out when you no longer need it",
            ),
            entry(
                "data-file-written",
                "another program wrote the data file during the run; swath's is beside it",
                "`coverage combine --append` takes both together",
            ),
            entry(
                "dynamic-context-without-effect",
                "`[run] dynamic_context` is not `test_function`, or a plugin names contexts; swath records everything under the one label of `context`",
                "`dynamic_context = test_function`, or take the setting out; `swath run --attribution` names tests as their runner does, in services as well",
            ),
            entry(
                "engine-bypassed",
                "a command under the run chose an engine by `--context` or `--host`, past the proxy",
                "leave the option out, and choose the context before swath starts",
            ),
            entry(
                "engine-silent",
                "the Docker engine took a request and did not answer it in time; it was not asked again",
                "see whether `docker version` answers; `--no-docker` leaves containers out",
            ),
            entry(
                "engine-socket",
                "a container has the engine's own socket; what it starts is not measured",
                "start it from the test command itself",
            ),
            entry(
                "foreign-data",
                "the data holds lines that swath did not record",
                "report on swath's own data where the verdict has to hold for all of it",
            ),
            entry(
                "hit-store-unreadable",
                "a process left a damaged raw data file, and what it ran is not in the number",
                "run again; if it comes back, report it",
            ),
            entry(
                "html-not-written",
                "the HTML report of `--html` could not be written; everything else of the run was",
                "free space, or name another folder",
            ),
            entry(
                "summary-not-written",
                "the file that `GITHUB_STEP_SUMMARY` names could not be written",
                "the annotations are printed all the same",
            ),
            entry(
                "git-warned",
                "git warned of something while it looked for what changed",
                "read git's own words in the message",
            ),
            entry(
                "include-ignored",
                "`include` has no effect, as `source` says what is measured",
                "use `omit`",
            ),
            entry(
                "leftover-run",
                "a run of this checkout was killed before it saved its data, or could not save it; said once",
                "`swath combine --append` adds the folder named; after two weeks it is removed",
            ),
            entry(
                "module-compiled",
                "Python runs machine code (Cython, mypyc) of which the source lies beside it: nothing of it can be measured, and the source counts as missed",
                "test a build without compiled modules, or leave their sources out with `omit`",
            ),
            entry(
                "module-not-imported",
                "`source` names a package that no process imported",
                "correct the name, or check that something imports the package",
            ),
            entry(
                "no-room",
                "the temporary folder was full, the size of files was limited, or fork children could not create files; some hits are missing",
                "as the hint says: free space, set TMPDIR, or raise the limit",
            ),
            entry(
                "no-service",
                "no service was found, so the lines of the tests themselves count",
                "name the service with `--service`, or in swath.toml",
            ),
            entry(
                "not-measured",
                "a Python was seen that was not measured",
                "do what the hint says: it lets the agent in",
            ),
            entry(
                "nothing-to-report",
                "`include` and `omit` leave no file",
                "correct `include` and `omit`, under `[report]` or on the command line",
            ),
            entry(
                "out-of-memory",
                "a container ran out of memory; its data was kept",
                "raise its memory limit",
            ),
            entry(
                "path-ambiguous",
                "a measured path can be several files here, and nothing decides",
                "map it under `[paths]`, or give the services folders of their own",
            ),
            entry(
                "paths-unmapped",
                "measured files have no source here",
                "map them under `[paths]`",
            ),
            entry(
                "place-setting",
                "a setting of a container or another place cannot hold there; the rest does",
                "correct the file that is named",
            ),
            entry(
                "plugin-files-not-measured",
                "a plugin measures files that are not Python (templates), which swath does not record",
                "measure them with coverage.py; started as `coverage`, swath has it do that",
            ),
            entry(
                "plugins-without-effect",
                "`--no-plugins` leaves the plugins out that the settings name",
                "leave `--no-plugins` out to have them work",
            ),
            entry(
                "process-died",
                "a process was killed or crashed; its lines are in the number",
                "read the service's log",
            ),
            entry(
                "processes-left",
                "a service's first process ended at its signal and left others, which did not end at theirs and were killed; their data was kept",
                "let the first process stop and await its children, or raise `stop-timeout`",
            ),
            entry(
                "processes-unseen",
                "`/proc` does not show the processes of the run, so a Python without the agent would not be noticed",
                "mount `/proc`",
            ),
            entry(
                "python-assumed",
                "the data does not say which Python recorded it, and files count otherwise on another; the message says which is assumed and why",
                "`--python VERSION` or `--python PATH`, with reports or with `combine`, which writes it down",
            ),
            entry(
                "readiness-unchecked",
                "whether the service itself answered its readiness check could not be seen",
                "nothing, if no other program uses that address; the message says why it could not be seen",
            ),
            entry(
                "report-settings-differ",
                "a container's configuration file has rules for a report; reports follow those of the folder where swath was started",
                "put the rules into .coveragerc here, or name the file with `--rcfile`",
            ),
            entry(
                "service-ended",
                "a service ended while the tests were running",
                "read its log",
            ),
            entry(
                "service-in-background",
                "a service put itself into the background",
                "run it in the foreground",
            ),
            entry(
                "service-not-injected",
                "the tests made or changed a service of a Swarm, and its tasks were not measured, for the reason that is named",
                "put the agent into its stack file: `swath swarm inject`, then `swath run --swarm STACK`",
            ),
            entry(
                "service-not-measured",
                "a declared service ran no line that counts",
                "check that it serves what the tests ask for, and that its code is in `source`",
            ),
            entry(
                "settings-unused",
                "swath.toml and `[tool.swath]` in pyproject.toml are both there; the latter is not used",
                "put all settings into one file",
            ),
            entry(
                "signal-swallowed",
                "a service did not stop and was killed; its data was kept",
                "`exec` in a wrapper script, or another signal",
            ),
            entry(
                "source-changed",
                "a file is not the one that was measured",
                "run again",
            ),
            entry(
                "source-fetched",
                "files that only a container holds were measured; their text was fetched",
                "`omit` them if they do not belong to the number",
            ),
            entry(
                "source-not-set",
                "modules here were never imported and do not count",
                "set `source`",
            ),
            entry(
                "source-unproved",
                "files outside the project are left out: the data does not say which content ran, so nothing shows that they are meant",
                "add their folder to `source`",
            ),
            entry(
                "still-running",
                "processes whose lines count still run; what they run from now on is not in the number",
                "stop them before the test command ends",
            ),
            entry(
                "strange-test-names",
                "names of affected tests would be taken for options or files of options, or have characters that are not shown",
                "rename the tests, or read the names from `--format json`",
            ),
            entry(
                "system-refused",
                "the system refused something that a run can do without",
                "see the note, which says what it means for the run",
            ),
            entry("tests-in-source", "test files count at 0 %", "omit them"),
            entry(
                "tests-left-out",
                "files were run by test processes only, and are left out",
                "declare the process with `--service`, or `--count all`",
            ),
            entry(
                "texts-differ",
                "two data files hold different texts of a file: `intersect` and `subtract` keep nothing of it",
                "measure both with the same checkout",
            ),
            entry(
                "trace-in-image",
                "an image that the tests made of a container keeps the names of what swath added, without values",
                "nothing: they have no effect",
            ),
            entry(
                "unknown-finding",
                "swath noticed something and has no words for it: a fault in swath",
                "report it",
            ),
        ],
    },
];

#[cfg(test)]
mod tests;
