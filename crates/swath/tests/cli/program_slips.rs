//! Slips on the command line of `run`: what was meant is said, and nothing is accepted and then ignored.

use crate::sandbox::{Finished, Sandbox, python, text};

fn refused(sandbox: &Sandbox, arguments: &[&str]) -> Finished {
    let run = sandbox.swath(arguments);
    assert_eq!(run.code, 125, "{arguments:?}: {run:?}");
    assert_eq!(run.stdout, "", "{arguments:?}");
    run
}

#[test]
fn a_command_without_its_dashes_is_answered_with_the_line_that_works() {
    let sandbox = Sandbox::new();
    for (arguments, hint) in [
        (
            &["run", "true", "tests/system", "-k", "a b"][..],
            "hint: swath run -- true tests/system -k 'a b'\n",
        ),
        (
            &["run", "--branch", "--source", "src", "sh"],
            "hint: swath run --branch --source src -- sh\n",
        ),
        (
            &["run", "--service", "web=sleep 9", "true"],
            "hint: swath run --service 'web=sleep 9' -- true\n",
        ),
    ] {
        let run = refused(&sandbox, arguments);
        assert!(run.stderr.ends_with(hint), "{}", run.stderr);
    }
}

#[test]
fn a_program_that_is_not_there_is_named_with_what_is() {
    let sandbox = Sandbox::new();
    sandbox.write("serve.py", "");
    sandbox.write("shop/api/__init__.py", "");
    for (program, hint) in [
        ("serve", "hint: swath run serve.py\n"),
        ("shop/api", "hint: swath run -m shop.api\n"),
        ("nothing.py", "or swath run -- COMMAND\n"),
    ] {
        let run = refused(&sandbox, &["run", program]);
        assert!(run.stderr.starts_with("error[no-program]: "), "{run:?}");
        assert!(run.stderr.ends_with(hint), "{}", run.stderr);
    }
}

#[test]
fn options_of_tests_are_not_ignored_for_a_program() {
    let sandbox = Sandbox::new();
    sandbox.write("prog.py", "print(1)\n");
    for option in [
        &["--service=sleep 9"][..],
        &["--require-complete"],
        &["--json=out.json"],
        &["--html=pages"],
        &["--compose=compose.yml"],
        &["--fail-under=90"],
        &["--keep-up"],
        &["--no-build"],
        &["--test-service=tests"],
        &["--profile=tests"],
        &["--project-name=shop"],
        &["--measure=web"],
        &["--compose-command=podman-compose"],
    ] {
        let run = refused(&sandbox, &[&["run"], option, &["prog.py"]].concat());
        let name = option[0].split('=').next().unwrap();
        let said = format!("error[usage]: `{name}` is for tests, and `prog.py` is a program\n");
        assert!(run.stderr.starts_with(&said), "{}", run.stderr);
    }
    let run = refused(&sandbox, &["run", "--save-signal=USR1", "--", "true"]);
    assert!(run.stderr.contains("`--save-signal USR1`"), "{run:?}");
    for more in [&["--", "true"][..], &["prog.py"]] {
        let run = refused(&sandbox, &[&["run", "--append", "-p"], more].concat());
        assert!(run.stderr.contains("`--parallel-mode`"), "{run:?}");
    }
    refused(&sandbox, &["run", "-m"]);
    refused(&sandbox, &["run", "--nope", "--", "true"]);
    refused(&sandbox, &["rum"]);
}

const LIBRARY: &str = "import sys\nif len(sys.argv) > 1:\n    a = 1\nelse:\n    b = 2\n";

#[test]
fn tests_of_a_command_are_added_to_earlier_data() {
    let Some(python) = python("tests_of_a_command_are_added_to_earlier_data") else {
        return;
    };
    let sandbox = Sandbox::new();
    sandbox.write("lib.py", LIBRARY);
    let interpreter = text(&python.path);
    let total = || {
        let report = sandbox.swath(&["report", "--format=total"]);
        report.stdout.trim().to_owned()
    };
    let one = [&*interpreter, "lib.py", "x"];
    let other = [&*interpreter, "lib.py"];
    let with = |options: &[&str], command: &[&str]| {
        let run = sandbox.swath(&[&["run", "--source=."], options, &["--"], command].concat());
        assert_eq!(run.code, 0, "{run:?}");
        run
    };
    with(&[], &one);
    assert_eq!(total(), "75");
    let run = with(&["--append"], &other);
    assert!(run.stdout.contains("100%"), "{run:?}");
    assert_eq!(total(), "100");
    // Data of the other kind is seen before anything runs, and stays.
    let touched = sandbox.project().join("touched");
    let run = refused(
        &sandbox,
        &["run", "-a", "--branch", "--", "touch", &text(&touched)],
    );
    assert!(
        run.stderr.starts_with("error[data-not-appended]"),
        "{run:?}"
    );
    assert!(!touched.exists());
    assert_eq!(total(), "100");
    // And a file of its own is added by the next report.
    with(&[], &one);
    with(&["--parallel-mode"], &other);
    assert_eq!(total(), "100");
}
