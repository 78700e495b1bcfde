//! A service is ready when it answers itself.

use std::net::TcpListener;
use std::process::Stdio;

use swath_test::{Guard, LIMIT, wait_until};

use crate::sandbox::{SERVER, Sandbox, python, text};

#[test]
fn tests_do_not_run_against_a_server_of_somebody_else() {
    let test = "tests_do_not_run_against_a_server_of_somebody_else";
    let Some(python) = python(test) else {
        return;
    };
    let sandbox = Sandbox::new();
    sandbox.write(
        "late.py",
        "import time\nopen('begun', 'w').close()\ntime.sleep(100)\n",
    );
    let port = swath_test::free_port();
    let service = format!("web={} late.py", text(&python.path));
    let ready = format!("tcp:127.0.0.1:{port}");
    let arguments = ["run", "--service", &service, "--ready", &ready];
    let rest = ["--ready-timeout", "3s", "--", "touch", "tested"];
    let mut command = sandbox.command(&[&arguments[..], &rest[..]].concat());
    let log = fs_err::File::create(sandbox.project().join("stderr")).unwrap();
    command.stdout(Stdio::null()).stderr(log.into_parts().0);
    let mut guard = Guard::spawn(&mut command).unwrap();
    // After the check before the start, and before the service listens, which it never does.
    let begun = sandbox.project().join("begun");
    wait_until(LIMIT, "the service begins", || begun.exists());
    let _other = TcpListener::bind(("127.0.0.1", port)).unwrap();
    let status = guard.wait(LIMIT).expect("swath ends");
    let stderr = sandbox.read("stderr");
    assert_eq!(status.code(), Some(125), "{stderr}");
    assert!(stderr.contains("error[service-not-ready]"), "{stderr}");
    let owner = format!("(pid {}) answers there", std::process::id());
    assert!(stderr.contains(&owner), "{stderr}");
    assert!(!sandbox.project().join("tested").exists());
}

/// A run of a server below a shell, which must be ready without a word.
fn ready(test: &str, bind: &str, address: &str) {
    let Some(python) = python(test) else {
        return;
    };
    let sandbox = Sandbox::new();
    sandbox.write("server.py", &SERVER.replace("127.0.0.1", bind));
    let port = swath_test::free_port();
    let service = format!("web=sh -c '{} server.py {port} & wait'", text(&python.path));
    let ready = address.replace("PORT", &port.to_string());
    let arguments = [
        "run",
        "--service",
        &service,
        "--ready",
        &ready,
        "--",
        "true",
    ];
    let run = sandbox.swath(&arguments);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(run.stderr.contains("Ready 1 service in"), "{}", run.stderr);
    assert!(!run.stderr.contains("warning["), "{}", run.stderr);
}

#[test]
fn a_server_below_a_shell_is_the_services_own() {
    let test = "a_server_below_a_shell_is_the_services_own";
    ready(test, "127.0.0.1", "http://localhost:PORT/");
}

#[test]
fn a_server_on_every_address_is_the_services_own() {
    let test = "a_server_on_every_address_is_the_services_own";
    ready(test, "0.0.0.0", "tcp:127.0.0.1:PORT");
}
