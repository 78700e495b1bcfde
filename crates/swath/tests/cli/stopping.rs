//! A service is all of its processes: they are told to stop, and they have all ended.

use swath_test::venv;

use crate::sandbox::{Finished, Sandbox, finish, python, text};
use crate::servers::server_requirements;

/// Waits for its signal, writes that it came, and ends.
const OBEDIENT: &str = r#"import os
import signal
import sys

name = sys.argv[1]


def end(*_):
    open("told-" + name, "w").close()
    os._exit(0)


signal.signal(signal.SIGTERM, end)
open("up-" + name, "w").close()
print("up", name, flush=True)
while True:
    signal.pause()
"#;

/// As long as nothing is stopped in vain, none of this passes.
const LONG: &str = "60s";

/// A run of a service of obedient programs, which must all be told to stop.
fn stopped(test: &str, service: &str, names: &[&str]) -> Option<Finished> {
    let python = python(test)?;
    let sandbox = Sandbox::new();
    sandbox.write("obedient.py", OBEDIENT);
    let service = service.replace("OBEDIENT", &format!("{} obedient.py", text(&python.path)));
    let ready = format!("log:up {}", names.last()?);
    let run = sandbox.swath(&[
        "run",
        "--service",
        &format!("web={service}"),
        "--ready",
        &ready,
        "--stop-timeout",
        LONG,
        "--",
        "true",
    ]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    for name in names {
        let told = sandbox.project().join(format!("told-{name}"));
        assert!(told.exists(), "{name} was not told: {}", run.stderr);
    }
    for code in ["signal-swallowed", "processes-left", "service-ended"] {
        assert!(!run.stderr.contains(code), "{}", run.stderr);
    }
    assert!(run.stderr.contains("Complete "), "{}", run.stderr);
    sandbox.assert_nothing_left();
    Some(run)
}

#[test]
fn children_of_a_shell_that_ends_at_its_signal_are_told_as_well() {
    stopped(
        "children_of_a_shell_that_ends_at_its_signal_are_told_as_well",
        "sh -c 'OBEDIENT a & until [ -e up-a ]; do sleep 0.02; done; OBEDIENT b & wait'",
        &["a", "b"],
    );
}

#[test]
fn children_of_a_shell_in_a_shell_are_told_as_well() {
    stopped(
        "children_of_a_shell_in_a_shell_are_told_as_well",
        "sh -c '(OBEDIENT a & wait) & wait'",
        &["a"],
    );
}

#[test]
fn what_left_the_group_without_its_environment_is_known_by_its_origin() {
    // Two programs, so that the one that left has been seen before its parent goes.
    let test = "what_left_the_group_without_its_environment_is_known_by_its_origin";
    stopped(
        test,
        "sh -c 'env -u SWATH_SERVICE setsid OBEDIENT a & sleep 0.3; OBEDIENT b & wait'",
        &["a", "b"],
    );
}

#[test]
fn a_service_that_goes_into_the_background_is_found_and_named() {
    let test = "a_service_that_goes_into_the_background_is_found_and_named";
    let Some(run) = stopped(test, "sh -c 'setsid OBEDIENT a & exit 0'", &["a"]) else {
        return;
    };
    let warning = "warning[service-in-background]: service `web` put itself into the background";
    assert!(run.stderr.contains(warning), "{}", run.stderr);
}

#[test]
fn what_ignores_the_signal_after_its_parent_has_gone_is_named_as_left_behind() {
    let test = "what_ignores_the_signal_after_its_parent_has_gone_is_named_as_left_behind";
    let Some(python) = python(test) else {
        return;
    };
    let sandbox = Sandbox::new();
    sandbox.write(
        "deaf.py",
        "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint('up', flush=True)\nwhile True:\n    signal.pause()\n",
    );
    let service = format!("web=sh -c '{} deaf.py & wait'", text(&python.path));
    let arguments = ["run", "--service", &service, "--ready", "log:up"];
    let limit = ["--stop-timeout", "400ms", "--", "true"];
    let run = sandbox.swath(&[&arguments[..], &limit[..]].concat());
    assert_eq!(run.code, 0, "{}", run.stderr);
    let warning = "warning[processes-left]: service `web` left 1 process behind";
    assert!(run.stderr.contains(warning), "{}", run.stderr);
    assert!(!run.stderr.contains("signal-swallowed"), "{}", run.stderr);
    assert!(run.stdout.contains("deaf.py"), "{}", run.stdout);
}

#[test]
fn kill_as_stop_signal_goes_to_every_process() {
    let test = "kill_as_stop_signal_goes_to_every_process";
    let Some(python) = python(test) else {
        return;
    };
    let sandbox = Sandbox::new();
    sandbox.write(
        "pair.py",
        "import os, time\nchild = os.fork()\nif child:\n    open('child', 'w').write(str(child))\n    print('up', flush=True)\ntime.sleep(100)\n",
    );
    let service = format!("web={} pair.py", text(&python.path));
    let arguments = ["run", "--service", &service, "--ready", "log:up"];
    let limit = [
        "--stop-signal",
        "KILL",
        "--stop-timeout",
        LONG,
        "--",
        "true",
    ];
    let run = sandbox.swath(&[&arguments[..], &limit[..]].concat());
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(!run.stderr.contains("warning["), "{}", run.stderr);
    let child = format!("/proc/{}", sandbox.read("child"));
    assert!(!std::path::Path::new(&child).exists(), "the child lives");
}

/// Hands over to a successor, as gunicorn does at SIGUSR2 and SIGQUIT.
const SUCCESSION: &str = r#"import os
import signal


def fork(*_):
    if os.fork() == 0:
        open("successor", "w").close()


signal.signal(signal.SIGUSR2, fork)
signal.signal(signal.SIGQUIT, lambda *_: os._exit(0))
signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
with open("pid", "w") as file:
    file.write(str(os.getpid()))
print("up", flush=True)
while True:
    signal.pause()
"#;

#[test]
fn a_service_lives_as_long_as_its_successor() {
    let Some(python) = python("a_service_lives_as_long_as_its_successor") else {
        return;
    };
    let sandbox = Sandbox::new();
    sandbox.write("master.py", SUCCESSION);
    let service = format!("web={} master.py", text(&python.path));
    let handover = "kill -USR2 $(cat pid); while [ ! -e successor ]; do sleep 0.02; done; kill -QUIT $(cat pid); sleep 0.6";
    let arguments = ["run", "--service", &service, "--ready", "log:up"];
    let tests = ["--", "sh", "-c", handover];
    let run = sandbox.swath(&[&arguments[..], &tests[..]].concat());
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(!run.stderr.contains("warning["), "{}", run.stderr);
    assert!(run.stderr.contains("Complete 2 of 2"), "{}", run.stderr);
}

#[test]
fn a_service_that_ends_with_its_last_process_is_named_at_the_end_with_its_last_words() {
    let test = "a_service_that_ends_with_its_last_process_is_named_at_the_end_with_its_last_words";
    let Some(python) = python(test) else {
        return;
    };
    let sandbox = Sandbox::new();
    sandbox.write(
        "broken.py",
        "import os\nopen('pid', 'w').write(str(os.getpid()))\nraise SystemExit('no money')\n",
    );
    let service = format!("web={} broken.py", text(&python.path));
    // The service is gone when swath has taken its status.
    let tests = "while [ ! -s pid ]; do sleep 0.02; done; while kill -0 $(cat pid) 2>/dev/null; do sleep 0.02; done; echo THE TESTS END >&2";
    let run = sandbox.swath(&["run", "--service", &service, "--", "sh", "-c", tests]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(
        run.stderr.contains("Started 1 service in") && !run.stderr.contains("Ready"),
        "nothing was checked: {}",
        run.stderr
    );
    let (_, after) = run.stderr.split_once("THE TESTS END").unwrap();
    assert!(after.contains("warning[service-ended]: service `web` exited with code 1"));
    assert!(
        after.contains("no money") && after.contains("web.log"),
        "{after}"
    );
}

#[test]
fn gunicorn_in_the_background_is_measured_and_stopped() {
    let test = "gunicorn_in_the_background_is_measured_and_stopped";
    let Some(python) = python(test) else {
        return;
    };
    let Some(environment) = venv(python, &server_requirements()) else {
        return;
    };
    let sandbox = Sandbox::new();
    sandbox.write(
        "app.py",
        "def app(environ, start):\n    start('200 OK', [])\n    return [b'ok']\n",
    );
    let port = swath_test::free_port();
    let service = format!(
        "web={} -m gunicorn --daemon --workers 2 --bind 127.0.0.1:{port} app:app",
        text(&environment.python())
    );
    let ready = format!("http://127.0.0.1:{port}/");
    let arguments = ["run", "--service", &service, "--ready", &ready];
    let limit = ["--stop-timeout", LONG, "--", "true"];
    let run = finish(sandbox.command(&[&arguments[..], &limit[..]].concat()));
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(
        run.stderr.contains("service-in-background"),
        "{}",
        run.stderr
    );
    let line = run.stdout.lines().find(|line| line.starts_with("app.py"));
    assert!(line.is_some_and(|line| line.ends_with("100%")), "{line:?}");
    let connection = std::net::TcpStream::connect(("127.0.0.1", port));
    assert!(connection.is_err(), "gunicorn still runs");
}

#[test]
fn a_daemon_behind_an_orphan_without_an_environment_is_the_services() {
    let test = "a_daemon_behind_an_orphan_without_an_environment_is_the_services";
    let Some(python) = python(test) else {
        return;
    };
    let sandbox = Sandbox::new();
    sandbox.write(
        "app.py",
        "import http.server, sys\nhttp.server.HTTPServer(('127.0.0.1', int(sys.argv[1])), http.server.SimpleHTTPRequestHandler).serve_forever()\n",
    );
    // The process in the middle outlives the one that the service began with, and says nothing of
    // whose it is.
    sandbox.write(
        "serve.sh",
        "export=$(export -p)\n(env -i setsid sh -c \"$export\n$PYTHON app.py $1 & wait\" > /dev/null 2>&1 &)\n",
    );
    let port = swath_test::free_port();
    let service = format!("web=sh serve.sh {port}");
    let ready = format!("tcp:127.0.0.1:{port}");
    let mut command = sandbox.command(&["run", "--service", &service, "--ready", &ready]);
    command
        .args(["--stop-timeout", LONG, "--", "true"])
        .env("PYTHON", &python.path);
    let run = finish(command);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let connection = std::net::TcpStream::connect(("127.0.0.1", port));
    assert!(connection.is_err(), "it still runs: {}", run.stderr);
}

/// Whether this user may make namespaces and change users.
fn is_root(test: &str) -> bool {
    let is_root = swath_test::is_root();
    if !is_root {
        swath_test::skip(test, "root, to make a mount namespace");
    }
    is_root
}

#[test]
fn a_run_without_proc_ends_and_is_not_complete() {
    let test = "a_run_without_proc_ends_and_is_not_complete";
    let Some(python) = python(test) else {
        return;
    };
    if !is_root(test) {
        return;
    }
    let sandbox = Sandbox::new();
    sandbox.write("obedient.py", OBEDIENT);
    sandbox.write("one.py", "x = 1\n");
    let mut command = std::process::Command::new("unshare");
    sandbox.prepare(&mut command);
    let swath = env!("CARGO_BIN_EXE_swath");
    let python = text(&python.path);
    let script = format!(
        "mount -t tmpfs none /proc && exec {swath} run --service \"web=sh -c '{python} obedient.py a & wait'\" --ready log:up --stop-timeout {LONG} -- {python} one.py"
    );
    command.args(["-m", "sh", "-c", &script]);
    let run = finish(command);
    if run.stderr.contains("unshare") || run.stderr.contains("mount:") {
        swath_test::skip(test, "the right to make a mount namespace");
        return;
    }
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(
        run.stderr.contains("warning[processes-unseen]"),
        "{}",
        run.stderr
    );
    assert!(run.stderr.contains("Incomplete"), "{}", run.stderr);
    let told = sandbox.project().join("told-a").exists();
    assert!(told, "the group is told: {}", run.stderr);
}

#[test]
fn a_service_that_may_not_be_signalled_is_not_waited_for() {
    let test = "a_service_that_may_not_be_signalled_is_not_waited_for";
    if !is_root(test) {
        return;
    }
    let Ok(python) = fs_err::canonicalize("/usr/bin/python3") else {
        swath_test::skip(test, "the system's own Python");
        return;
    };
    let sandbox = Sandbox::open_to_all();
    for folder in [
        sandbox.project(),
        sandbox.temporary().with_file_name("cache"),
    ] {
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o777);
        fs_err::set_permissions(folder, open).unwrap();
    }
    let swath = sandbox.temporary().join("swath");
    fs_err::copy(env!("CARGO_BIN_EXE_swath"), &swath).unwrap();
    // As `sudo` does: a set-uid program that becomes root altogether.
    let sudo = sandbox.temporary().join("sudo");
    fs_err::copy(python, &sudo).unwrap();
    let set_uid = std::os::unix::fs::PermissionsExt::from_mode(0o4755);
    fs_err::set_permissions(&sudo, set_uid).unwrap();
    sandbox.write(
        "root.py",
        "import os, time\nos.setresuid(0, 0, 0)\nopen('pid', 'w').write(str(os.getpid()))\nprint('up', flush=True)\ntime.sleep(100)\n",
    );
    let mut command = std::process::Command::new("setpriv");
    sandbox.prepare(&mut command);
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]);
    let service = format!("web={} root.py", text(&sudo));
    command
        .arg(swath)
        .args(["run", "--no-docker", "--service", &service]);
    command.args(["--ready", "log:up", "--stop-timeout", LONG, "--", "true"]);
    let run = finish(command);
    let Ok(pid) = fs_err::read_to_string(sandbox.project().join("pid")) else {
        swath_test::skip(test, "a file system with set-uid programs");
        return;
    };
    let killed = std::process::Command::new("kill").arg(pid).status();
    assert!(
        killed.is_ok_and(|status| status.success()),
        "{}",
        run.stderr
    );
    assert!(
        run.stderr.contains("service `web` could not be stopped"),
        "{}",
        run.stderr
    );
    let user = "it runs as root, and goes on";
    assert!(run.stderr.contains(user), "{}", run.stderr);
}
