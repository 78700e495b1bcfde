//! What is refused or goes wrong: a clear message, nothing left running, nothing lost.

use std::net::TcpListener;

use insta::assert_snapshot;

use crate::sandbox::{SERVER, Sandbox, python, text};

#[test]
fn a_command_that_is_not_there_is_127() {
    let sandbox = Sandbox::new();
    let run = sandbox.swath(&["run", "--", "no-such-command", "x"]);
    assert_eq!(run.code, 127);
    assert_snapshot!(sandbox.normal(&run.stderr), @r"
         Running no-such-command x
    error[command-not-found]: command `no-such-command` was not found
      log: [ROOT]/cache/swath/runs/[RUN]/swath.log

    hint: activate the virtual environment that holds it, or give its path
    ");
    sandbox.assert_nothing_left();
}

#[test]
fn a_command_that_cannot_be_run_is_126() {
    let sandbox = Sandbox::new();
    sandbox.write("data.txt", "no program");
    let run = sandbox.swath(&["run", "--", "./data.txt"]);
    assert_eq!(run.code, 126);
    assert_snapshot!(sandbox.normal(&run.stderr), @r"
         Running ./data.txt
    error[command-not-runnable]: command `./data.txt` could not be run: Permission denied (os error 13)
      log: [ROOT]/cache/swath/runs/[RUN]/swath.log
    ");
}

#[test]
fn no_python_at_all_is_no_measurement() {
    let sandbox = Sandbox::new();
    let run = sandbox.swath(&["run", "--", "true"]);
    assert_eq!(run.code, 125);
    assert_snapshot!(sandbox.normal(&run.stderr), @r"
         Running true
    error[nothing-measured]: no Python process of the run touched a file in scope
      no Python was seen at all
      log: [ROOT]/cache/swath/runs/[RUN]/swath.log

    hint: start the services below this command, or name them with `--service`
    ");
    assert!(!sandbox.project().join(".coverage").exists());
}

#[test]
fn a_port_in_use_is_refused_before_anything_starts() {
    let sandbox = Sandbox::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let ready = format!("tcp:{}", listener.local_addr().unwrap());
    let run = sandbox.swath(&[
        "run",
        "--service",
        "web=touch started",
        "--ready",
        &ready,
        "--",
        "touch",
        "tested",
    ]);
    assert_eq!(run.code, 125);
    // It is this process that listens.
    let owner = format!("(pid {}) listens there\n", std::process::id());
    let (before, after) = run.stderr.split_once(&owner).expect("the owner is named");
    let (before, _) = before.rsplit_once('\n').unwrap();
    assert_snapshot!(sandbox.normal(&format!("{before}\n{after}")), @r"
    error[address-in-use]: `tcp:127.0.0.1:[PORT]` is already in use, before service `web` was started
      log: [ROOT]/cache/swath/runs/[RUN]/swath.log

    hint: stop what listens there (`ss -ltnp 'sport = :[PORT]'` shows it), or give the service another port
    ");
    assert!(!sandbox.project().join("started").exists());
    assert!(!sandbox.project().join("tested").exists());
}

#[test]
fn a_service_that_is_not_there_is_named() {
    let sandbox = Sandbox::new();
    let run = sandbox.swath(&[
        "run",
        "--service",
        "web=no-such-server",
        "--",
        "touch",
        "tested",
    ]);
    assert_eq!(run.code, 125);
    assert_snapshot!(sandbox.normal(&run.stderr), @r"
        Starting web
    error[service-not-found]: the command of service `web`, `no-such-server`, was not found
      log: [ROOT]/cache/swath/runs/[RUN]/swath.log

    hint: activate the virtual environment that holds it, or give its path
    ");
    assert!(!sandbox.project().join("tested").exists());
}

#[test]
fn a_service_that_exits_early_is_shown_with_its_last_output() {
    let Some(python) = python("a_service_that_exits_early_is_shown_with_its_last_output") else {
        return;
    };
    let sandbox = Sandbox::new();
    sandbox.write("broken.py", "print('starting')\nimport no_such_module\n");
    let service = format!("web={} broken.py", text(&python.path));
    let run = sandbox.swath(&[
        "run",
        "--service",
        &service,
        "--ready",
        "tcp:127.0.0.1:1",
        "--",
        "touch",
        "tested",
    ]);
    assert_eq!(run.code, 125);
    assert_snapshot!(sandbox.normal(&run.stderr), @r#"
        Starting web
        Gathered 1 process, 1 file (web 1)
            Kept what the start ran, in [ROOT]/cache/swath/runs/[RUN]/partial.coverage
          Failed service web exited with code 1
    error[service-exited]: service `web` exited with code 1 before it was ready
      last output, from [ROOT]/cache/swath/runs/[RUN]/web.log:
        starting
        Traceback (most recent call last):
          File "[ROOT]/project/broken.py", line 2, in <module>
            import no_such_module
        ModuleNotFoundError: No module named 'no_such_module'
      log: [ROOT]/cache/swath/runs/[RUN]/swath.log

    hint: cat [ROOT]/cache/swath/runs/[RUN]/web.log
    "#);
    assert!(!sandbox.project().join("tested").exists());
    // No test ran: what the start ran is kept, and replaces no data.
    assert!(!sandbox.project().join(".coverage").exists());
    sandbox.assert_nothing_left();
}

#[test]
fn a_service_that_is_never_ready_is_stopped() {
    let Some(python) = python("a_service_that_is_never_ready_is_stopped") else {
        return;
    };
    let sandbox = Sandbox::new();
    sandbox.write("server.py", SERVER);
    let port = swath_test::free_port();
    let service = format!("web={} server.py {port}", text(&python.path));
    let other = format!("http://127.0.0.1:{}/", swath_test::free_port());
    let run = sandbox.swath(&[
        "run",
        "--service",
        &service,
        "--ready",
        &other,
        "--ready-timeout",
        "1s",
        "--",
        "touch",
        "tested",
    ]);
    assert_eq!(run.code, 125);
    assert_snapshot!(sandbox.normal(&run.stderr), @r"
        Starting web
         Stopped web in [TIME]
        Gathered 1 process, 1 file (web 1)
            Kept what the start ran, in [ROOT]/cache/swath/runs/[RUN]/partial.coverage
    error[service-not-ready]: service `web` was not ready after [TIME]
      last attempt: `http://127.0.0.1:[PORT]/`: io: Connection refused (os error 111)
      it wrote nothing
      log: [ROOT]/cache/swath/runs/[RUN]/swath.log

    hint: correct the `ready` address, or raise `ready-timeout` of the service
    ");
    assert!(
        std::net::TcpStream::connect(("127.0.0.1", port)).is_err(),
        "the service still runs"
    );
}

#[test]
fn an_unknown_key_of_the_configuration_names_the_nearest() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "swath.toml",
        "test = \"true\"\n\n[services.web]\ncomand = \"x\"\n",
    );
    let run = sandbox.swath(&["run"]);
    assert_eq!(run.code, 125);
    assert_snapshot!(sandbox.normal(&run.stderr), @r"
    error[config-unknown-key]: unknown key `comand` in `[services.web]`, line 4 of `[ROOT]/project/swath.toml`

    hint: the nearest key is `command`
    ");
}

#[test]
fn nothing_to_run_says_what_can_be_run() {
    let sandbox = Sandbox::new();
    let run = sandbox.swath(&["run"]);
    assert_eq!(run.code, 125);
    assert_snapshot!(sandbox.normal(&run.stderr), @r"
    error[no-command]: there is no test command
      neither `[ROOT]/project` nor a folder above it has a swath.toml, and no `--` names one
      no system tests were found: no folder such as tests/system or e2e, and no test that calls a server
      no web application was found: no manage.py, Procfile or compose file that builds services, and no `app = Flask(…)`, `FastAPI(…)` or the like

    hint: swath run -- pytest tests/system
    ");
}
