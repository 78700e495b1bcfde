//! Servers, process pools, threads and forks of every kind, on every Python: the lines recorded
//! are exactly those that ran, as the apps' own markers say (see `markers`).

use std::process::Command;

use swath_test::{Python, Requirements, Venv, venv};

use crate::markers::{assert_as_marked, copy_app, data, pythons_for};
use crate::sandbox::{Finished, Sandbox, finish, text};

/// What all the servers need; in one environment, so that it is made once.
pub(crate) fn server_requirements() -> Requirements {
    Requirements::from(["gunicorn", "uvicorn", "pytest", "pytest-xdist"])
}

/// What needs a compiled module: not every version of Python has a wheel of it.
fn gevent_requirements() -> Requirements {
    Requirements::from(["gunicorn", "gevent", "packaging"])
}

/// A run of swath that must succeed.
fn run(sandbox: &Sandbox, arguments: &[&str], environment: &Venv) -> Finished {
    let mut command = sandbox.command(arguments);
    let activated: Command = environment.command("python");
    let path = activated.get_envs().find(|(name, _)| *name == "PATH");
    if let Some((_, Some(path))) = path {
        command.env("PATH", path);
    }
    let finished = finish(command);
    assert_eq!(
        finished.code,
        0,
        "{} {arguments:?}\n{}\n{}",
        environment.version().1,
        finished.stdout,
        finished.stderr
    );
    finished
}

/// Serves an app, has `drive.py` test it and compares its lines.
fn serve(case: &str, app: &str, server: &str, scenario: &str, requirements: &Requirements) {
    for python in pythons_for(case) {
        let Some(environment) = venv(python, requirements) else {
            continue;
        };
        let sandbox = Sandbox::new();
        copy_app(&sandbox, app);
        copy_app(&sandbox, "drive.py");
        let port = swath_test::free_port().to_string();
        let service = format!("web={}", server.replace("PORT", &port));
        let ready = format!("tcp:127.0.0.1:{port}");
        let arguments = [
            "run",
            "--service",
            &service,
            "--ready",
            &ready,
            "--",
            "python",
            "drive.py",
            &port,
            scenario,
        ];
        let finished = run(&sandbox, &arguments, &environment);
        assert_complete(&finished, case, python);
        let data = data(&sandbox);
        assert_as_marked(&data, &sandbox, app, python, &finished.stderr);
        sandbox.assert_nothing_left();
    }
}

fn assert_complete(finished: &Finished, case: &str, python: &Python) {
    assert!(
        finished.stderr.contains("Complete ") && !finished.stderr.contains("warning["),
        "{case} on {}: {}",
        python.tag(),
        finished.stderr
    );
}

fn gunicorn(case: &str, options: &str, scenario: &str) {
    let server = format!("gunicorn --bind=127.0.0.1:PORT {options} web:app");
    serve(case, "web.py", &server, scenario, &server_requirements());
}

#[test]
fn gunicorn_sync() {
    gunicorn("gunicorn_sync", "--workers=2", "once");
}

#[test]
fn gunicorn_gthread() {
    gunicorn("gunicorn_gthread", "--workers=2 --threads=4", "once");
}

#[test]
fn gunicorn_preload() {
    gunicorn("gunicorn_preload", "--workers=2 --preload", "once");
}

#[test]
fn gunicorn_with_workers_that_are_replaced() {
    gunicorn(
        "gunicorn_with_workers_that_are_replaced",
        "--workers=2 --max-requests=5",
        "turnover",
    );
}

#[test]
fn gunicorn_that_reloads_on_hup() {
    gunicorn("gunicorn_that_reloads_on_hup", "--workers=2", "reload");
}

#[test]
fn gunicorn_gevent() {
    let server = "gunicorn --bind=127.0.0.1:PORT --workers=2 -k gevent web:app";
    let requirements = gevent_requirements();
    serve("gunicorn_gevent", "web.py", server, "once", &requirements);
}

fn uvicorn(case: &str, workers: u8) {
    let server = format!("uvicorn --port PORT --workers {workers} --log-level warning asgi:app");
    serve(case, "asgi.py", &server, "once", &server_requirements());
}

#[test]
fn uvicorn_with_one_worker() {
    uvicorn("uvicorn_with_one_worker", 1);
}

#[test]
fn uvicorn_with_two_workers() {
    uvicorn("uvicorn_with_two_workers", 2);
}

/// Runs an app as a program and compares its lines.
fn program(
    case: &str,
    app: &str,
    arguments: impl Fn(&Python) -> Vec<String>,
    code: i32,
    requirements: Option<&Requirements>,
) {
    for python in pythons_for(case) {
        let interpreter = match requirements {
            None => text(&python.path),
            Some(requirements) => match venv(python, requirements) {
                Some(environment) => text(&environment.python()),
                None => continue,
            },
        };
        let sandbox = Sandbox::new();
        copy_app(&sandbox, app);
        let mut command = sandbox.command(&["run", "--python", &interpreter, app]);
        command.args(arguments(python));
        let finished = finish(command);
        let said = format!("{}\n{}", finished.stdout, finished.stderr);
        assert_eq!(finished.code, code, "{case} on {}: {said}", python.tag());
        let data = data(&sandbox);
        assert_as_marked(&data, &sandbox, app, python, &said);
        sandbox.assert_nothing_left();
    }
}

fn multiprocessing(case: &str, method: &str) {
    let arguments = |_: &Python| vec![method.to_owned()];
    program(case, "processes.py", arguments, 0, None);
}

#[test]
fn multiprocessing_by_fork() {
    multiprocessing("multiprocessing_by_fork", "fork");
}

#[test]
fn multiprocessing_by_spawn() {
    multiprocessing("multiprocessing_by_spawn", "spawn");
}

#[test]
fn multiprocessing_by_forkserver() {
    multiprocessing("multiprocessing_by_forkserver", "forkserver");
}

fn alone(case: &str, app: &str, code: i32) {
    program(case, app, |_| Vec::new(), code, None);
}

#[test]
fn threads_and_coroutines() {
    alone("threads_and_coroutines", "threads.py", 0);
}

#[test]
fn processes_that_exit_at_once() {
    alone("processes_that_exit_at_once", "exits.py", 3);
}

#[test]
fn a_fork_that_python_does_not_know() {
    alone("a_fork_that_python_does_not_know", "rawfork.py", 0);
}

#[test]
fn greenlets() {
    let requirements = gevent_requirements();
    let nothing = |_: &Python| Vec::new();
    program("greenlets", "greenlets.py", nothing, 0, Some(&requirements));
}

#[test]
fn deep_recursion() {
    // Up to 3.10 a call of a Python function takes C stack: there, 8 MiB are not enough for more.
    let depth = |python: &Python| {
        let depth = if python.version < (3, 11) {
            10_000
        } else {
            100_000
        };
        vec![depth.to_string()]
    };
    program("deep_recursion", "deep.py", depth, 0, None);
}

#[test]
fn a_server_that_a_fixture_starts() {
    let case = "a_server_that_a_fixture_starts";
    for python in pythons_for(case) {
        let Some(environment) = venv(python, &server_requirements()) else {
            continue;
        };
        let sandbox = Sandbox::new();
        for app in ["started", "web.py", "drive.py"] {
            copy_app(&sandbox, app);
        }
        let pytest = "python -m pytest -q -p no:cacheprovider test_web.py";
        let mut arguments = vec!["run", "--"];
        arguments.extend(pytest.split(' '));
        let finished = run(&sandbox, &arguments, &environment);
        assert_complete(&finished, case, python);
        let data = data(&sandbox);
        assert_as_marked(&data, &sandbox, "web.py", python, &finished.stderr);
        // A program that the tests start is no part of the runner, whatever it does.
        let files = data
            .files()
            .map(|(path, _)| path.rsplit('/').next().unwrap_or(path));
        let files = files.collect::<Vec<_>>();
        assert_eq!(files, ["drive.py", "web.py"], "the tests' own lines count");
    }
}

#[test]
fn tests_spread_over_processes() {
    let case = "tests_spread_over_processes";
    for python in pythons_for(case) {
        let Some(environment) = venv(python, &server_requirements()) else {
            continue;
        };
        let sandbox = Sandbox::new();
        copy_app(&sandbox, "spread");
        let pytest = "python -m pytest -q -p no:cacheprovider -n 2";
        let mut arguments = vec!["run", "--"];
        arguments.extend(pytest.split(' '));
        let mut finished = run(&sandbox, &arguments, &environment);
        let warning = "warning[no-service]: no service was found";
        assert!(finished.stderr.contains(warning), "{}", finished.stderr);
        finished.stderr = finished.stderr.replacen(warning, "", 1);
        assert_complete(&finished, case, python);
        let workers = sandbox.read("workers");
        let workers = workers.lines().collect::<std::collections::BTreeSet<_>>();
        assert_eq!(workers.len(), 2, "the tests were not spread");
        let data = data(&sandbox);
        for file in ["shapes.py", "test_shapes.py"] {
            assert_as_marked(&data, &sandbox, file, python, &finished.stderr);
        }
    }
}
