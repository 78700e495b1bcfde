//! Ctrl-C, time-outs and services that do not stop.

use std::net::TcpStream;
use std::process::Stdio;

use swath_test::{Guard, Signal, wait_until};

use crate::sandbox::{LIMIT, SERVER, Sandbox, python, text};

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
