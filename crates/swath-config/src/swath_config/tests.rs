use super::*;

fn parse(text: &str) -> Result<SwathConfig, SwathConfigError> {
    SwathConfig::parse(text, Path::new("conf/swath.toml"), &[])
}

fn refused(text: &str) -> (String, &'static str, String) {
    let error = parse(text).unwrap_err();
    (
        error.to_string(),
        error.code(),
        error.hint().unwrap_or_default(),
    )
}

#[test]
fn every_key_is_understood() {
    let config = parse(
        r#"
        test = "pytest tests/system -k 'a b'"

        [services.web]
        command = "gunicorn --workers=2 --bind=127.0.0.1:8000 'xy:app()'"
        ready = "http://127.0.0.1:8000/ready"
        ready-timeout = "90s"
        stop-signal = "INT"
        stop-timeout = "500ms"
        env-file = ["env_vars/base.env", "env_vars/test.env"]
        environment = { DEBUG = "1" }
        cwd = "app"

        [services.a-worker]
        command = "celery worker"
        "#,
    )
    .unwrap();
    assert_eq!(
        config.test.unwrap(),
        ["pytest", "tests/system", "-k", "a b"]
    );
    let [web, worker] = &config.services[..] else {
        panic!("two services are expected: {:?}", config.services);
    };
    assert_eq!(
        web.command,
        [
            "gunicorn",
            "--workers=2",
            "--bind=127.0.0.1:8000",
            "xy:app()"
        ]
    );
    assert!(matches!(&web.ready, Some(Ready::Http(url)) if url.ends_with("/ready")));
    assert_eq!(web.ready_timeout, Duration::from_secs(90));
    assert_eq!(web.stop_signal.name(), "INT");
    assert_eq!(web.stop_timeout, Duration::from_millis(500));
    assert_eq!(
        web.env_files,
        [
            Path::new("conf/env_vars/base.env"),
            Path::new("conf/env_vars/test.env")
        ]
    );
    assert_eq!(web.environment, [("DEBUG".to_owned(), "1".to_owned())]);
    assert_eq!(web.directory.as_deref(), Some(Path::new("conf/app")));
    // The order is that of the file, not of the alphabet.
    assert_eq!(
        (web.name.as_str(), worker.name.as_str()),
        ("web", "a-worker")
    );
    assert_eq!(worker.stop_signal, StopSignal::TERM);
}

#[test]
fn an_unknown_key_is_answered_with_the_nearest_one() {
    let (message, code, hint) = refused("[services.web]\ncommand = \"x\"\nreday = \"tcp:x:1\"\n");
    assert_eq!(
        message,
        "unknown key `reday` in `[services.web]`, line 3 of `conf/swath.toml`"
    );
    assert_eq!(code, "config-unknown-key");
    assert_eq!(hint, "the nearest key is `ready`");
    let (message, _, hint) = refused("tset = \"pytest\"\n");
    assert_eq!(
        message,
        "unknown key `tset` in the top level, line 1 of `conf/swath.toml`"
    );
    assert_eq!(hint, "the nearest key is `test`");
    let (_, _, hint) = refused("quux = 1\n");
    assert_eq!(
        hint,
        "the keys are test, services, compose, kubernetes, swarm, fleet, swarm-image, swarm-store, swarm-store-secret, count, require-complete, attribution, html, json, history, gates"
    );
}

#[test]
fn what_is_wrong_is_named_with_its_line() {
    for (text, message) in [
        (
            "test = 5\n",
            "`test` is an integer, not a string, in the top level, line 1 of `conf/swath.toml`",
        ),
        (
            "\ntest = \n",
            "line 2 of `conf/swath.toml` is not valid TOML: string values must be quoted, expected literal string",
        ),
        (
            "services = []\n",
            "`services` is a list, not a table, in the top level, line 1 of `conf/swath.toml`",
        ),
        (
            "\n[services.web]\n",
            "`[services.web]` has no `command`, line 2 of `conf/swath.toml`",
        ),
        (
            "test = \"a 'b\"\n",
            "a quote is not closed: `test = \"a 'b\"` in the top level, line 1 of `conf/swath.toml`",
        ),
        (
            "services.web.command = \"x\"\nservices.web.stop-timeout = \"1 hour\"\n",
            "not a valid duration: `stop-timeout = \"1 hour\"` in `[services.web]`, line 2 of `conf/swath.toml`",
        ),
        (
            "[services.web]\ncommand = \"x\"\nready = \"x\"\n",
            "`x` is not a readiness check: `ready = \"x\"` in `[services.web]`, line 3 of `conf/swath.toml`",
        ),
        (
            "[services.\"../web\"]\ncommand = \"x\"\n",
            "the name of a service is made of letters, digits, `-`, `_` and `.`: `../web = \"../web\"` in `[services]`, line 1 of `conf/swath.toml`",
        ),
    ] {
        assert_eq!(refused(text).0, message);
    }
}

#[test]
fn services_that_run_elsewhere_are_named_as_on_the_command_line() {
    let config = parse("kubernetes = \"shop:app=web\"\nfleet = \"s3://b/42\"\n").unwrap();
    let expected = FleetSettings {
        kubernetes: Some("shop:app=web".to_owned()),
        swarm: None,
        store: Some("s3://b/42".to_owned()),
    };
    assert_eq!(config.fleet, expected);
    let config = parse("swarm = \"shop\"\n").unwrap();
    assert_eq!(config.fleet.swarm.as_deref(), Some("shop"));
    assert!(parse("test = \"x\"\n").unwrap().fleet.is_empty());
    assert_eq!(
        refused("kubernetes = \"a\"\nswarm = \"b\"\n").0,
        "not possible beside `kubernetes`: a run is about one of them: `swarm = \"b\"` in the top level, line 2 of `conf/swath.toml`"
    );
    let config = parse("swarm-image = \"i\"\nswarm-store = \"s3://b/x\"\n").unwrap();
    let expected = ShippingSettings {
        image: Some("i".to_owned()),
        store: Some("s3://b/x".to_owned()),
        store_secret: None,
    };
    assert_eq!(config.shipping, expected);
    assert!(config.fleet.is_empty(), "they name no services");
    let (_, _, hint) = refused("stack = \"shop\"\n");
    assert!(hint.contains("swarm"), "{hint}");
}

#[test]
fn a_value_of_the_wrong_kind_is_answered_with_the_form_that_works() {
    for (line, hint) in [
        ("ready-timeout = 90", "write `ready-timeout = \"90s\"`"),
        ("stop-timeout = 1.5", "write `stop-timeout = \"1.5s\"`"),
        ("stop-timeout = \"20\"", "write `stop-timeout = \"20s\"`"),
        (
            "stop-timeout = \"soon\"",
            "write a number and a unit: `500ms`, `60s`, `2m`",
        ),
        ("ready = 25000", "write `ready = \"tcp:127.0.0.1:25000\"`"),
        ("ready = \"db:5432\"", "write `ready = \"tcp:db:5432\"`"),
        ("ready = true", "write `ready = \"http://127.0.0.1:8000/\"`"),
        ("stop-signal = 2", "write `stop-signal = \"INT\"`"),
        ("stop-signal = \"15\"", "write `stop-signal = \"TERM\"`"),
        (
            "environment = [\"DEBUG=1\", \"NAME=a b\"]",
            "write `environment = { DEBUG = \"1\", NAME = \"a b\" }`",
        ),
        ("environment.DEBUG = 1", "write `DEBUG = \"1\"`"),
        ("environment.DEBUG = true", "write `DEBUG = \"true\"`"),
        ("env-file = 3", "write `env-file = \"test.env\"`"),
        ("cwd = false", "write `cwd = \"backend\"`"),
    ] {
        let text = format!("[services.web]\ncommand = \"x\"\n{line}\n");
        assert_eq!(refused(&text).2, hint, "{line}");
    }
    for (text, hint) in [
        (
            "test = [\"pytest\", \"a b\"]",
            "write `test = \"pytest 'a b'\"`",
        ),
        (
            "[services.web]\ncommand = [\"gunicorn\", \"app:wsgi\"]",
            "write `command = \"gunicorn app:wsgi\"`",
        ),
        (
            "services.web = \"gunicorn\"",
            "write `[services.web]` on a line of its own, and `command = \"…\"` below it",
        ),
        (
            "services = []",
            "write `[services.NAME]` on a line of its own, and `command = \"…\"` below it",
        ),
        (
            "require-complete = \"yes\"",
            "write `require-complete = true`",
        ),
        ("count = 1", "write `count = \"all\"`"),
        ("count = \"both\"", "the choices are services, tests, all"),
        (
            "html.title = \"x\"",
            "`[html]` is coverage.py's: it is `[tool.coverage.html]` in pyproject.toml, or `[html]` in .coveragerc",
        ),
        (
            "run.source = \"x\"",
            "`[run]` is coverage.py's: it is `[tool.coverage.run]` in pyproject.toml, or `[run]` in .coveragerc",
        ),
        (
            "compose.ready.web = \"log:x\"\ncompose.file = \"c.yml\"",
            "use `http://HOST:PORT/PATH` or `tcp:HOST:PORT`",
        ),
        ("compose.test-service = \"x\"", "add `file = \"…\"`"),
        ("compose = []", ""),
    ] {
        assert_eq!(refused(text).2, hint, "{text}");
    }
}

#[test]
fn settings_are_found_in_either_file() {
    let folder = tempfile::tempdir().unwrap();
    assert!(SwathConfig::load(folder.path()).unwrap().file.is_none());
    let shared = folder.path().join("pyproject.toml");
    fs_err::write(&shared, "[tool.other]\nx = 'swath'\n").unwrap();
    assert!(SwathConfig::load(folder.path()).unwrap().file.is_none());
    fs_err::write(&shared, "[tool.swath]\ntest = \"a\"\n").unwrap();
    let config = SwathConfig::load(folder.path()).unwrap();
    assert_eq!(
        (config.file, config.test),
        (Some(shared), Some(vec!["a".to_owned()]))
    );
    let own = folder.path().join("swath.toml");
    fs_err::write(&own, "test = \"b\"\n").unwrap();
    let config = SwathConfig::load(folder.path()).unwrap();
    assert_eq!(
        (config.file, config.test),
        (Some(own), Some(vec!["b".to_owned()]))
    );
}

#[test]
fn a_run_is_described_as_a_whole() {
    let config = parse(
        r#"
        test = "pytest"
        count = "all"
        require-complete = true
        html = "out/html"
        json = "out/swath.json"

        [compose]
        file = ["compose.yml", "compose.test.yml"]
        test-service = "tests"
        profile = "tests"
        project-name = "shop"
        measure = ["web"]
        env-file = "test.env"
        ready = { web = "tcp:127.0.0.1:8000" }
        ready-timeout = "2m"
        stop-timeout = "5s"
        "#,
    )
    .unwrap();
    assert_eq!(config.count, Some(Counted::All));
    assert!(config.require_complete);
    assert_eq!(config.html.as_deref(), Some(Path::new("conf/out/html")));
    assert_eq!(
        config.json.as_deref(),
        Some(Path::new("conf/out/swath.json"))
    );
    let compose = config.compose.unwrap();
    assert_eq!(
        compose.files,
        [
            Path::new("conf/compose.yml"),
            Path::new("conf/compose.test.yml")
        ]
    );
    assert_eq!(compose.test_service.as_deref(), Some("tests"));
    assert_eq!(compose.profiles, ["tests"]);
    assert_eq!(compose.name.as_deref(), Some("shop"));
    assert_eq!(compose.measured, ["web"]);
    assert_eq!(
        compose.env_file.as_deref(),
        Some(Path::new("conf/test.env"))
    );
    assert_eq!(compose.ready.len(), 1);
    assert_eq!(compose.ready_timeout, Some(Duration::from_mins(2)));
    assert_eq!(compose.stop_timeout, Some(Duration::from_secs(5)));
    let short = parse("compose = \"compose.yml\"").unwrap().compose;
    assert_eq!(short.unwrap().files, [Path::new("conf/compose.yml")]);
}

/// The tables of keys are what the parser knows: each example is read, and no other type than its own.
#[test]
fn every_key_has_an_example_that_is_understood() {
    use super::keys::{COMPOSE, ENDPOINTS, Table};

    let check = |table: &Table, before: &str| {
        for key in table.keys {
            let line = format!("{} = {}", key.name, key.example);
            let before = if before.starts_with(&format!("{} ", key.name))
                || before.contains(&format!("\n{} ", key.name))
            {
                before.split_inclusive('\n').next().unwrap_or_default()
            } else {
                before
            };
            let text = format!("{before}{line}\n");
            if let Err(error) = parse(&text) {
                panic!("{text}{error}");
            }
            let wrong = format!("{before}{} = 1979-05-27\n", key.name);
            assert!(
                matches!(parse(&wrong), Err(SwathConfigError::WrongType { .. })),
                "{wrong}"
            );
        }
    };
    check(&TOP, "");
    check(&SERVICE, "[services.web]\ncommand = \"x\"\n");
    check(&COMPOSE, "[compose]\nfile = \"x\"\n");
    check(&GATES, "[gates]\n");
    check(&ENDPOINTS, "[gates.endpoints]\n");
}

#[test]
fn the_defaults_that_are_told_are_those_in_force() {
    let told = |table: &keys::Table, key: &str| {
        let text = table.key(key).unwrap().default;
        parse_duration(text.trim_matches('`')).unwrap()
    };
    assert_eq!(told(&SERVICE, "ready-timeout"), Service::READY_TIMEOUT);
    assert_eq!(told(&SERVICE, "stop-timeout"), Service::STOP_TIMEOUT);
    assert_eq!(
        SERVICE.key("stop-signal").unwrap().default,
        format!("`{}`", StopSignal::TERM.name())
    );
}

#[test]
fn gates_are_read_in_the_order_of_the_file() {
    let text = "[gates]\ntotal = 80\nchanged = 92.5\n[gates.files]\n\"src/pay/*\" = 1_0.0\n[gates.services]\nweb = 70\n";
    let gates = parse(text).unwrap().gates;
    let expected = [
        (GateSubject::Total, 80.0),
        (GateSubject::Changed, 92.5),
        (GateSubject::Files("src/pay/*".to_owned()), 10.0),
        (GateSubject::Service("web".to_owned()), 70.0),
    ];
    let gates: Vec<_> = gates
        .into_iter()
        .map(|gate| (gate.subject, gate.minimum))
        .collect();
    assert_eq!(gates, expected);
}

#[test]
fn gates_of_endpoints_are_read() {
    let of = |text: &str| parse(text).unwrap().endpoint_gates;
    assert_eq!(of("[gates]\ntotal = 80\n"), EndpointGates::default());
    let gates = of(
        "[gates.endpoints]\nevery-route-called = true\nexcept = 'GET /health'\nopenapi = 'a.yml'\n",
    );
    assert!(gates.every_route_called && !gates.no_server_errors);
    assert!(gates.excepts("web", "GET", "/health"));
    assert_eq!(gates.openapi.as_deref(), Some(Path::new("conf/a.yml")));
}

#[test]
fn a_gate_may_be_another_branch() {
    let of = |text: &str| parse(text).unwrap().ratchet;
    let expected = |tolerance| {
        let branch = "main".to_owned();
        Some(Ratchet { branch, tolerance })
    };
    assert_eq!(of("[gates]\nnot-below = 'main'\n"), expected(0.0));
    let text = "[gates]\ntolerance = 0.5\nnot-below = 'main'\n";
    assert_eq!(of(text), expected(0.5));
    assert_eq!(of("[gates]\ntotal = 80\n"), None);
    // The command line may name the branch.
    let config = parse("[gates]\ntolerance = 0.5\n").unwrap();
    assert_eq!((config.ratchet, config.tolerance), (None, 0.5));
}

#[test]
fn gates_that_are_none_say_what_works() {
    for (text, hint) in [
        ("[gates]\nnot-below = 80\n", "write `not-below = \"main\"`"),
        ("[gates]\nratchet = 'main'\n", "the key is `not-below`"),
        ("[gates]\ntotal = \"80%\"\n", "write `total = 80`"),
        ("[gates]\nlines = 101\n", "write `lines = 80`"),
        ("[gates]\nfail_under = 80\n", "the key is `total`"),
        (
            "[gates]\n\"src/*\" = 80\n",
            "a pattern of paths goes under `[gates.files]`: `\"src/*\" = 80`",
        ),
        (
            "gates = 80\n",
            "write `[gates]` on a line of its own, and `total = 80` below it",
        ),
        ("[gates.files]\n\"a/*\" = true\n", "write `\"a/*\" = 80`"),
        ("[gates.services]\nweb = true\n", "write `web = 80`"),
        (
            "[gates]\nservices = 80\n",
            "write `[gates.services]` on a line of its own, and `web = 80` below it",
        ),
        (
            "[gates.endpoints]\nevery-route-called = \"yes\"\n",
            "write `every-route-called = true`",
        ),
        (
            "[gates.endpoints]\nno-5xx = true\n",
            "the key is `no-server-errors`",
        ),
        (
            "[gates.endpoints]\nexcept = [\"web GET /a b\"]\n",
            "write `except = [\"GET /health\"]`",
        ),
    ] {
        let error = parse(text).unwrap_err();
        assert_eq!(error.hint().as_deref(), Some(hint), "{error}");
    }
}
