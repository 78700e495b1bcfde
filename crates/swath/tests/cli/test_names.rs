//! Tests that cannot name themselves are named by `swath test-start`.

use std::collections::BTreeMap;

use swath_data::read_data_file;

use crate::sandbox::{Sandbox, python, text};

/// A WSGI application with a line of its own for each path.
const SERVER: &str = r#"
import sys
from wsgiref.simple_server import WSGIRequestHandler, make_server


class Quiet(WSGIRequestHandler):
    def log_message(self, *words):
        pass


def app(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/one":
        answer = b"1"
    elif path == "/two":
        answer = b"2"
    else:
        answer = b"?"
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [answer]


make_server("127.0.0.1", int(sys.argv[1]), app, handler_class=Quiet).serve_forever()
"#;

const FETCH: &str = r#"
import http.client
import sys

connection = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]))
headers = {"baggage": "swath.test=" + sys.argv[3]} if len(sys.argv) > 3 else {}
connection.request("GET", sys.argv[2], headers=headers)
assert connection.getresponse().read()
"#;

/// The lines of the answers.
const ONE: u32 = 14;
const TWO: u32 = 16;
const OTHER: u32 = 18;

#[test]
fn a_test_is_named_from_outside() {
    let Some(python) = python("a_test_is_named_from_outside") else {
        return;
    };
    let sandbox = Sandbox::new();
    sandbox.write("server.py", SERVER);
    sandbox.write("fetch.py", FETCH);
    let port = swath_test::free_port();
    let (swath, python) = (env!("CARGO_BIN_EXE_swath"), text(&python.path));
    // A line that should fail is turned round; what it says is kept.
    sandbox.write(
        "tests.sh",
        &format!(
            "set -e\n\
             fetch() {{ {python} fetch.py {port} \"$@\"; }}\n\
             fetch /nobody\n\
             {swath} test-start 'the first: ü'\n\
             fetch /one\n\
             {swath} test-start second\n\
             fetch /two\n\
             fetch /one named%20itself\n\
             {swath} test-end\n\
             {swath} test-end\n\
             fetch /nobody\n\
             ! {swath} test-start \"$(printf 'a\\nb')\" 2>said\n"
        ),
    );
    let service = format!("web={python} server.py {port}");
    let ready = format!("tcp:127.0.0.1:{port}");
    let options = [
        "run",
        "--attribution",
        "--service",
        &service,
        "--ready",
        &ready,
    ];
    let run = sandbox.swath(&[&options[..], &["--source=.", "--", "sh", "tests.sh"]].concat());
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(run.stderr.contains("Complete"), "{}", run.stderr);
    let tests = "Attributed 3 tests (swath report --by test)";
    assert!(run.stderr.contains(tests), "{}", run.stderr);
    assert!(sandbox.read("said").contains("error[usage]: a test's name"));
    let data = read_data_file(&sandbox.project().join(".coverage")).unwrap();
    let (_, file) = data
        .files()
        .find(|(path, _)| path.ends_with("server.py"))
        .unwrap();
    let answers: BTreeMap<&str, Vec<u32>> = file
        .lines_by_context()
        .map(|(context, lines)| {
            let answers = [ONE, TWO, OTHER].into_iter();
            let reached = answers.filter(|line| lines.contains(*line)).collect();
            (data.context_name(context), reached)
        })
        .collect();
    let expected = [
        ("", vec![OTHER]),
        ("(start-up)", vec![]),
        ("named itself", vec![ONE]),
        ("second", vec![TWO]),
        ("the first: ü", vec![ONE]),
    ];
    assert_eq!(answers, BTreeMap::from(expected));
}

#[test]
fn outside_of_a_run_that_records_tests_nothing_can_be_named() {
    let sandbox = Sandbox::new();
    let alone = sandbox.swath(&["test-start", "x"]);
    assert_eq!(alone.code, 125, "{}", alone.stderr);
    assert!(
        alone
            .stderr
            .contains("error[no-run]: no run of swath is around"),
        "{}",
        alone.stderr
    );
    let inside = ["run", "--", env!("CARGO_BIN_EXE_swath"), "test-end"];
    let inside = sandbox.swath(&inside);
    assert!(
        inside
            .stderr
            .contains("error[no-run]: the run does not record"),
        "{}",
        inside.stderr
    );
}
