//! Whose lines count: services with and without a socket, tests with all that is part of them.

use crate::sandbox::{Finished, Sandbox, finish, python, text};

/// Runs a shell script as the tests, with `$PYTHON`.
fn run(sandbox: &Sandbox, python: &swath_test::Python, script: &str) -> Finished {
    let arguments = ["run", "--source", ".", "--", "sh", "-c", script];
    let mut command = sandbox.command(&arguments);
    command.env("PYTHON", &python.path);
    let run = finish(command);
    assert_eq!(run.code, 0, "{}\n{}", run.stdout, run.stderr);
    run
}

/// The missing lines of a file, as the report shows them.
fn row<'a>(run: &'a Finished, file: &str) -> &'a str {
    let row = run.stdout.lines().find(|line| line.starts_with(file));
    row.unwrap_or_else(|| panic!("no {file}: {}\n{}", run.stdout, run.stderr))
}

#[test]
fn a_worker_without_a_socket_is_a_service() {
    let Some(python) = python("a_worker_without_a_socket_is_a_service") else {
        return;
    };
    let sandbox = Sandbox::new();
    sandbox.write(
        "queue_worker.py",
        "import os, time\n\n\ndef work(job):\n    return job * 2\n\n\nwhile not os.path.exists('job'):\n    time.sleep(0.02)\nopen('done', 'w').write(str(work(4)))\n",
    );
    sandbox.write(
        "test_queue.py",
        "import os, time, unittest\n\n\nclass Queue(unittest.TestCase):\n    def test_job(self):\n        open('job', 'w').close()\n        while not os.path.exists('done'):\n            time.sleep(0.02)\n",
    );
    let script = "$PYTHON queue_worker.py & $PYTHON -m unittest -q test_queue; wait";
    let run = run(&sandbox, python, script);
    assert!(row(&run, "queue_worker.py").ends_with("100%"));
    assert!(row(&run, "test_queue.py").contains(" 0%"), "tests count");
    assert!(!run.stderr.contains("no-service"), "{}", run.stderr);
}

#[test]
fn a_manager_of_multiprocessing_makes_no_service() {
    let Some(python) = python("a_manager_of_multiprocessing_makes_no_service") else {
        return;
    };
    for method in ["fork", "spawn"] {
        let sandbox = Sandbox::new();
        sandbox.write(
            "test_numbers.py",
            &format!(
                "import multiprocessing, unittest\n\n\nclass Numbers(unittest.TestCase):\n    def test_shared(self):\n        context = multiprocessing.get_context('{method}')\n        with context.Manager() as manager:\n            self.assertEqual(list(manager.list([1])), [1])\n"
            ),
        );
        let run = run(&sandbox, python, "$PYTHON -m unittest -q test_numbers");
        assert!(row(&run, "test_numbers.py").ends_with("100%"), "{method}");
        assert!(
            run.stderr.contains("warning[no-service]"),
            "{method}: {}",
            run.stderr
        );
    }
}

#[test]
fn a_server_that_the_runner_forks_counts_with_its_own_lines() {
    let Some(python) = python("a_server_that_the_runner_forks_counts_with_its_own_lines") else {
        return;
    };
    let sandbox = Sandbox::new();
    sandbox.write(
        "shop.py",
        "import socket\n\n\ndef serve(path):\n    server = socket.socket()\n    server.bind(('127.0.0.1', 0))\n    server.listen()\n    open(path, 'w').write(str(server.getsockname()[1]))\n    server.accept()[0].close()\n\n\ndef unserved():\n    return 'nobody asks'\n",
    );
    sandbox.write(
        "test_shop.py",
        "import multiprocessing, os, socket, time, unittest\nimport shop\n\n\nclass Shop(unittest.TestCase):\n    def test_shop(self):\n        context = multiprocessing.get_context('fork')\n        server = context.Process(target=shop.serve, args=('port',))\n        server.start()\n        while not os.path.exists('port') or not open('port').read():\n            time.sleep(0.02)\n        socket.create_connection(('127.0.0.1', int(open('port').read()))).close()\n        server.join()\n        shop.unserved()\n",
    );
    let run = run(&sandbox, python, "$PYTHON -m unittest -q test_shop");
    let shop = row(&run, "shop.py");
    assert!(
        shop.ends_with("12-13"),
        "the server's lines count, the tests' do not: {shop}\n{}",
        run.stderr
    );
}

#[test]
fn what_only_the_tests_ran_is_named() {
    let Some(python) = python("what_only_the_tests_ran_is_named") else {
        return;
    };
    let sandbox = Sandbox::new();
    sandbox.write(
        "service.py",
        "import time\nprint('up', flush=True)\ntime.sleep(100)\n",
    );
    sandbox.write("prices.py", "def price():\n    return 3\n");
    sandbox.write(
        "test_prices.py",
        "import unittest\nimport prices\n\n\nclass Prices(unittest.TestCase):\n    def test_price(self):\n        self.assertEqual(prices.price(), 3)\n",
    );
    let program = text(&python.path);
    let service = format!("web={program} service.py");
    let arguments = ["run", "--source", ".", "--service", &service];
    let rest = [
        "--ready",
        "log:up",
        "--",
        &program,
        "-m",
        "unittest",
        "-q",
        "test_prices",
    ];
    let run = sandbox.swath(&[&arguments[..], &rest[..]].concat());
    assert_eq!(run.code, 0, "{}", run.stderr);
    let (_, warning) = run
        .stderr
        .split_once("warning[tests-left-out]: 1 file run by")
        .unwrap_or_else(|| panic!("{}", run.stderr));
    assert!(warning.contains("`prices.py`"), "{}", run.stderr);
    assert!(!warning.contains("`test_prices.py`"), "{}", run.stderr);
    assert!(run.stderr.contains("Complete "), "{}", run.stderr);
}
