//! Ctrl-C, time-outs and services that do not stop.

use std::net::TcpStream;
use std::process::{Command, Stdio};

use swath_test::{Guard, LIMIT, Signal, wait_until};

use crate::sandbox::{SERVER, Sandbox, finish, python, text};

/// A run of a server whose tests wait until they are told to end; started, not awaited.
struct Waiting {
    sandbox: Sandbox,
    port: u16,
    guard: Guard,
}

impl Waiting {
    fn start(test: &str, tests: &str) -> Option<Waiting> {
        let python = python(test)?;
        let sandbox = Sandbox::new();
        sandbox.write("server.py", SERVER);
        sandbox.write("tests.py", tests);
        let port = swath_test::free_port();
        let service = format!("web={} server.py {port}", text(&python.path));
        let ready = format!("http://127.0.0.1:{port}/");
        let mut command = sandbox.command(&["run", "--service", &service, "--ready", &ready, "--"]);
        command.arg(&python.path).arg("tests.py");
        command.stdout(Stdio::null()).stderr(
            fs_err::File::create(sandbox.project().join("stderr"))
                .unwrap()
                .into_parts()
                .0,
        );
        let guard = Guard::spawn(&mut command).unwrap();
        wait_until(LIMIT, "the tests run", || {
            sandbox.project().join("running").exists()
        });
        Some(Waiting {
            sandbox,
            port,
            guard,
        })
    }

    fn ends_with(&mut self) -> i32 {
        let status = self.guard.wait(LIMIT).expect("swath ends");
        status.code().unwrap_or(-1)
    }

    fn assert_stopped(&self) {
        assert!(
            TcpStream::connect(("127.0.0.1", self.port)).is_err(),
            "the service still runs"
        );
        assert!(
            self.sandbox.project().join(".coverage").exists(),
            "the data is kept"
        );
        self.sandbox.assert_nothing_left();
    }
}

#[test]
fn one_interrupt_stops_the_services_and_keeps_the_data() {
    let tests = "import time\nopen('running', 'w').close()\ntime.sleep(100)\n";
    let Some(mut run) =
        Waiting::start("one_interrupt_stops_the_services_and_keeps_the_data", tests)
    else {
        return;
    };
    run.guard.signal(Signal::INT);
    assert_eq!(run.ends_with(), 130);
    run.assert_stopped();
    let stderr = run.sandbox.read("stderr");
    assert!(stderr.contains("Partial"), "{stderr}");
}

#[test]
fn a_second_interrupt_kills() {
    let tests = "import signal, time\nsignal.signal(signal.SIGINT, lambda *a: open('asked', 'w').close())\nopen('running', 'w').close()\nwhile True: time.sleep(0.05)\n";
    let Some(mut run) = Waiting::start("a_second_interrupt_kills", tests) else {
        return;
    };
    run.guard.signal(Signal::INT);
    let asked = run.sandbox.project().join("asked");
    wait_until(LIMIT, "the tests were asked to stop", || asked.exists());
    run.guard.signal(Signal::INT);
    assert_eq!(run.ends_with(), 130);
    run.assert_stopped();
}

#[test]
fn a_second_interrupt_blames_no_service() {
    let test = "a_second_interrupt_blames_no_service";
    let Some(python) = python(test) else {
        return;
    };
    let sandbox = Sandbox::new();
    // It would end, if it were given the time.
    sandbox.write(
        "slow.py",
        "import os, signal, time\n\n\ndef end(*_):\n    open('asked', 'w').close()\n    time.sleep(100)\n\n\nsignal.signal(signal.SIGTERM, end)\nprint('up', flush=True)\nwhile True:\n    signal.pause()\n",
    );
    let service = format!("web={} slow.py", text(&python.path));
    let arguments = ["run", "--service", &service, "--ready", "log:up", "--"];
    let tests = ["sh", "-c", "touch running; exec sleep 100"];
    let mut command = sandbox.command(&[&arguments[..], &tests[..]].concat());
    let log = fs_err::File::create(sandbox.project().join("stderr")).unwrap();
    command.stdout(Stdio::null()).stderr(log.into_parts().0);
    let mut guard = Guard::spawn(&mut command).unwrap();
    let there = |name: &str| sandbox.project().join(name).exists();
    wait_until(LIMIT, "the tests run", || there("running"));
    guard.signal(Signal::INT);
    wait_until(LIMIT, "the service was asked to stop", || there("asked"));
    guard.signal(Signal::INT);
    let status = guard.wait(LIMIT).expect("swath ends");
    assert_eq!(status.code(), Some(130));
    let stderr = sandbox.read("stderr");
    for blame in ["signal-swallowed", "processes-left", "stop-timeout"] {
        assert!(!stderr.contains(blame), "{stderr}");
    }
    assert!(stderr.contains("Killed web after"), "{stderr}");
}

#[test]
fn the_second_interrupt_kills_all_that_the_tests_started() {
    let test = "the_second_interrupt_kills_all_that_the_tests_started";
    let Some(python) = python(test) else {
        return;
    };
    let sandbox = Sandbox::new();
    sandbox.write(
        "deaf.py",
        "import os, signal\nfor one in (signal.SIGINT, signal.SIGTERM):\n    signal.signal(one, signal.SIG_IGN)\nopen('pid', 'w').write(str(os.getpid()))\nopen('running', 'w').close()\nwhile True:\n    signal.pause()\n",
    );
    let script = format!("trap '' INT TERM; {} deaf.py; true", text(&python.path));
    let mut command = sandbox.command(&["run", "--", "sh", "-c", &script]);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut guard = Guard::spawn(&mut command).unwrap();
    let running = sandbox.project().join("running");
    wait_until(LIMIT, "the tests run", || running.exists());
    guard.signal(Signal::TERM);
    guard.signal(Signal::INT);
    // Both may be received at once: then the next one is the second.
    let pid = format!("/proc/{}", sandbox.read("pid"));
    wait_until(LIMIT, "the tests' child is gone", || {
        guard.signal(Signal::TERM);
        !std::path::Path::new(&pid).exists()
    });
    assert!(guard.wait(LIMIT).is_some(), "swath ends");
}

#[test]
fn a_program_that_is_deaf_to_sigterm_ends_at_the_third() {
    let test = "a_program_that_is_deaf_to_sigterm_ends_at_the_third";
    let Some(python) = python(test) else {
        return;
    };
    let sandbox = Sandbox::new();
    sandbox.write(
        "deaf.py",
        "import signal\ntold = 0\n\n\ndef note(*_):\n    global told\n    told += 1\n    open('told-%d' % told, 'w').close()\n\n\nsignal.signal(signal.SIGTERM, note)\nopen('running', 'w').close()\nwhile True:\n    signal.pause()\n",
    );
    let program = text(&python.path);
    let mut command = sandbox.command(&["run", "--python", &program, "deaf.py"]);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut guard = Guard::spawn(&mut command).unwrap();
    let there = |name: &str| sandbox.project().join(name).exists();
    wait_until(LIMIT, "the program runs", || there("running"));
    for told in ["told-1", "told-2"] {
        guard.signal(Signal::TERM);
        wait_until(LIMIT, "the program is told", || there(told));
    }
    guard.signal(Signal::TERM);
    let status = guard.wait(LIMIT).expect("swath ends");
    assert!(!there("told-3"), "the third is not passed on");
    assert_eq!(status.code(), Some(137), "the program was killed");
    assert!(there(".coverage"), "its data is kept");
}

#[test]
fn a_service_that_ignores_its_signal_is_killed_and_its_data_is_kept() {
    let Some(python) = python("a_service_that_ignores_its_signal_is_killed_and_its_data_is_kept")
    else {
        return;
    };
    let sandbox = Sandbox::new();
    sandbox.write(
        "server.py",
        &format!("import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n{SERVER}"),
    );
    let port = swath_test::free_port();
    let service = format!("web={} server.py {port}", text(&python.path));
    let ready = format!("http://127.0.0.1:{port}/");
    let run = sandbox.swath(&[
        "run",
        "--service",
        &service,
        "--ready",
        &ready,
        "--stop-timeout",
        "300ms",
        "--",
        "true",
    ]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(
        run.stderr
            .contains("warning[signal-swallowed]: service `web` did not react to SIGTERM"),
        "{}",
        run.stderr
    );
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
    // 13 is the line that answers a request, 15 the one that nobody asked for.
    assert!(run.stdout.contains("server.py"), "{}", run.stdout);
}

#[test]
fn the_whole_group_of_a_service_is_awaited() {
    let Some(python) = python("the_whole_group_of_a_service_is_awaited") else {
        return;
    };
    let sandbox = Sandbox::new();
    // The child outlives its parent by half a second, and runs its last line only then.
    sandbox.write(
        "pair.py",
        "import os, signal, sys, time\nif os.fork() == 0:\n    signal.signal(signal.SIGTERM, lambda *a: None)\n    open('up', 'w').close()\n    signal.pause()\n    time.sleep(0.5)\n    last = 'line'\n    os._exit(0)\nsignal.signal(signal.SIGTERM, lambda *a: os._exit(0))\nwhile True:\n    time.sleep(0.05)\n    if os.path.exists('up') and os.path.exists('tested'):\n        os.kill(0, signal.SIGTERM)\n",
    );
    let service = format!("web={} pair.py", text(&python.path));
    let run = sandbox.swath(&[
        "run",
        "--service",
        &service,
        "--",
        "sh",
        "-c",
        "while [ ! -e up ]; do sleep 0.02; done; touch tested; sleep 0.2",
    ]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let line = run
        .stdout
        .lines()
        .find(|line| line.starts_with("pair.py"))
        .unwrap_or_default();
    assert!(line.ends_with("100%"), "{}", run.stdout);
}

#[test]
fn tests_that_take_longer_than_the_service_lives_are_told() {
    let Some(python) = python("tests_that_take_longer_than_the_service_lives_are_told") else {
        return;
    };
    let sandbox = Sandbox::new();
    sandbox.write(
        "short.py",
        "import sys, time\ntime.sleep(0.2)\nsys.exit(3)\n",
    );
    let service = format!("web={} short.py", text(&python.path));
    let run = sandbox.swath(&["run", "--service", &service, "--", "sleep", "0.6"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(
        run.stderr
            .contains("warning[service-ended]: service `web` exited with code 3"),
        "{}",
        run.stderr
    );
}

#[test]
fn under_nohup_a_hang_up_ends_nothing() {
    let Some(python) = python("under_nohup_a_hang_up_ends_nothing") else {
        return;
    };
    let sandbox = Sandbox::new();
    sandbox.write(
        "app.py",
        "import os, signal\nos.kill(os.getppid(), signal.SIGHUP)\nassert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN\n",
    );
    let mut command = Command::new("sh");
    sandbox.prepare(&mut command);
    command.args(["-c", "trap '' HUP; exec \"$@\"", "sh"]);
    command.arg(env!("CARGO_BIN_EXE_swath"));
    command.args(["run", "--no-docker", "--"]);
    command.arg(&python.path).arg("app.py");
    let run = finish(command);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(run.stderr.contains("Complete"), "{}", run.stderr);
}

/// Runs swath on a terminal of its own, which goes away when the tests run.
const CLOSED_TERMINAL: &str = r"
import os, pty, signal, sys, time
# Whoever started these tests may have it ignored.
signal.signal(signal.SIGHUP, signal.SIG_DFL)
child, terminal = pty.fork()
if child == 0:
    os.execv(sys.argv[1], sys.argv[1:])
while not os.path.exists('running'):
    time.sleep(0.01)
os.close(terminal)
print(os.waitpid(child, 0)[1] >> 8)
";

#[test]
fn a_terminal_that_goes_away_loses_nothing() {
    let Some(python) = python("a_terminal_that_goes_away_loses_nothing") else {
        return;
    };
    let sandbox = Sandbox::new();
    let terminal = sandbox.write("terminal.py", CLOSED_TERMINAL);
    sandbox.write(
        "app.py",
        "import time\nopen('running', 'w').close()\ntime.sleep(100)\n",
    );
    let mut command = Command::new(&python.path);
    sandbox.prepare(&mut command);
    command.arg(&terminal).arg(env!("CARGO_BIN_EXE_swath"));
    command.args(["run", "--no-docker", "--json", "run.json", "--"]);
    command.arg(&python.path).arg("app.py");
    let run = finish(command);
    assert_eq!(run.stdout.trim(), "129", "{}", run.stderr);
    assert!(sandbox.project().join(".coverage").exists());
    assert!(sandbox.project().join("run.json").exists());
    sandbox.assert_nothing_left();
}

#[test]
fn a_standard_error_that_is_full_loses_nothing() {
    let Some(python) = python("a_standard_error_that_is_full_loses_nothing") else {
        return;
    };
    let sandbox = Sandbox::new();
    sandbox.write("app.py", "value = 1\n");
    let mut command = Command::new("sh");
    sandbox.prepare(&mut command);
    command.args(["-c", "exec \"$@\" 2>/dev/full", "sh"]);
    command.arg(env!("CARGO_BIN_EXE_swath"));
    command.args(["run", "--no-docker", "--"]);
    command.arg(&python.path).arg("app.py");
    let run = finish(command);
    assert_eq!(run.code, 0);
    assert!(run.stdout.contains("TOTAL"), "{}", run.stdout);
    assert!(sandbox.project().join(".coverage").exists());
}
