//! The gate of a run is judged whatever becomes of its table; that of a service is about what its own
//! processes ran.

use swath_test::free_port;

use crate::sandbox::{Finished, Sandbox, python, text};

/// A run of a program of which one of three lines does not run.
fn run(sandbox: &Sandbox, interpreter: &str, options: &[&str]) -> Finished {
    sandbox.write("app.py", "import sys\nif len(sys.argv) > 9:\n    x = 1\n");
    let mut arguments = vec!["run", "--no-docker", "--source=."];
    arguments.extend(options);
    arguments.extend(["--", interpreter, "app.py"]);
    sandbox.swath(&arguments)
}

#[test]
fn a_table_that_cannot_be_made_is_an_error_and_opens_no_gate() {
    let Some(python) = python("a_table_that_cannot_be_made_is_an_error_and_opens_no_gate") else {
        return;
    };
    let interpreter = text(&python.path);
    for (options, said) in [
        (&["--sort=brpart"][..], "Invalid sorting option: 'brpart'"),
        (&["--format=html"], "Unknown report format choice: 'html'"),
    ] {
        let sandbox = Sandbox::new();
        let plain = run(&sandbox, &interpreter, options);
        assert_eq!(plain.code, 125, "{plain:?}");
        let error = format!("error[report-failed]: {said}");
        assert!(plain.stderr.contains(&error), "{plain:?}");
        assert!(sandbox.project().join(".coverage").exists(), "{plain:?}");
        let gated = run(
            &sandbox,
            &interpreter,
            &[options, &["--fail-under=90"]].concat(),
        );
        assert_eq!(gated.code, 2, "{gated:?}");
        assert!(
            gated.stdout.contains("Coverage failure: total of 67"),
            "{gated:?}"
        );
        assert!(gated.stderr.contains(&error), "{gated:?}");
    }
}

#[test]
fn more_digits_than_there_are_do_no_harm() {
    let Some(python) = python("more_digits_than_there_are_do_no_harm") else {
        return;
    };
    let sandbox = Sandbox::new();
    let options = ["--precision=100000", "--fail-under=90"];
    let run = run(&sandbox, &text(&python.path), &options);
    assert_eq!(run.code, 2, "{}", run.stderr);
    assert!(run.stderr.contains("Complete 1 of 1"), "{}", run.stderr);
}

#[test]
fn an_account_that_is_not_there_is_no_success() {
    let Some(python) = python("an_account_that_is_not_there_is_no_success") else {
        return;
    };
    let sandbox = Sandbox::new();
    let script = "mkdir out.json; exec \"$0\" app.py";
    sandbox.write("app.py", "x = 1\n");
    let interpreter = text(&python.path);
    let run = sandbox.swath(&[
        "run",
        "--no-docker",
        "--source=.",
        "--json=out.json",
        "--",
        "sh",
        "-c",
        script,
        &interpreter,
    ]);
    assert_eq!(run.code, 125, "{run:?}");
    let error = "error[json-not-written]: cannot write `out.json`: ";
    assert!(run.stderr.contains(error), "{run:?}");
}

const COMMON: &str = "\
def web(number):
    if number:
        return 1
    return 2


def worker(number):
    if number:
        return 3
    return 4
";

const APP: &str = "\
import http.server, sys
import common
getattr(common, sys.argv[1])(1)
http.server.HTTPServer(('127.0.0.1', int(sys.argv[2])), http.server.BaseHTTPRequestHandler).serve_forever()
";

/// Two services of one source: each ran the half of a file that both loaded.
#[test]
fn a_service_is_held_to_what_its_own_processes_ran() {
    let Some(python) = python("a_service_is_held_to_what_its_own_processes_ran") else {
        return;
    };
    let interpreter = text(&python.path);
    let sandbox = Sandbox::new();
    sandbox.write("common.py", COMMON);
    sandbox.write("app.py", APP);
    sandbox.write("unused.py", "x = 1\n");
    let mut arguments = ["run", "--no-docker", "--branch", "--source=."]
        .map(str::to_owned)
        .to_vec();
    for name in ["web", "worker"] {
        let port = free_port();
        arguments.push(format!(
            "--service={name}={interpreter} app.py {name} {port}"
        ));
        arguments.push(format!("--ready={name}=tcp:127.0.0.1:{port}"));
    }
    // 8 of 13 lines and 1 of 4 branches; 10 and 2 of both services together.
    let gates = "--gate=service:web=54,service:worker=53,service:idle=0,total=70";
    arguments.extend([gates, "--", "true"].map(str::to_owned));
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let run = sandbox.swath(&arguments);
    assert_eq!(run.code, 2, "{run:?}");
    let errors: Vec<&str> = (run.stderr.lines())
        .filter(|line| line.starts_with("error["))
        .collect();
    let expected = [
        "error[below-minimum]: service `web`: 53% covered, 54% is the minimum: 1 line or branch short",
        "error[unknown-service]: service `idle`: the data has no such service",
    ];
    assert_eq!(errors, expected, "{run:?}");
    assert!(
        run.stderr
            .contains("\nhint: its services are `web` and `worker`\n"),
        "{run:?}"
    );
    for (gate, code) in [("service:web=53", 0), ("service:worker=54", 2)] {
        let report = sandbox.swath(&["report", "--gate", gate]);
        assert_eq!(report.code, code, "{report:?}");
    }
}
