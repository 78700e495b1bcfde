//! The gate of a run is judged whatever becomes of its table.

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
    assert!(run.stderr.contains("error[json-not-written]"), "{run:?}");
}
