//! `swath run --html`: the pages at the end of a run, and what they say of it.

use crate::sandbox::{Finished, Sandbox, finish, python};

/// Waits until the process whose id is in a file is gone.
const WAIT: &str =
    "while [ ! -s pid ]; do sleep 0.05; done; while kill -0 $(cat pid); do sleep 0.05; done";

fn run(sandbox: &Sandbox, python: &swath_test::Python, words: &[&str]) -> Finished {
    let mut command =
        sandbox.command(&[&["run", "--html", "pages", "--count", "all"], words].concat());
    command.env("PYTHON", &python.path);
    finish(command)
}

/// The page, with marks of the end of lines in place of the ends.
fn page(sandbox: &Sandbox, name: &str) -> String {
    sandbox.read(&format!("pages/{name}")).replace('\n', " ")
}

#[test]
fn a_run_writes_its_pages_and_says_where() {
    let Some(python) = python("a_run_writes_its_pages_and_says_where") else {
        return;
    };
    let sandbox = Sandbox::new();
    sandbox.write("one.py", "x = 1\nif x > 1:\n    x = 2\n");
    sandbox.write(
        ".coveragerc",
        "[run]\nplugins = made.up\n[html]\ntitle = The shop\nextra_css = mine.css\n",
    );
    sandbox.write("mine.css", "h1 { color: teal }\n");
    // Long enough to be seen, as it says nothing itself.
    sandbox.write("slow.py", "import time\ntime.sleep(0.5)\n");
    let script = "$PYTHON one.py; env -u LD_PRELOAD $PYTHON -I slow.py";
    let done = run(
        &sandbox,
        python,
        &["--no-plugins", "--", "sh", "-c", script],
    );
    assert_eq!(done.code, 0, "{}", done.stderr);
    assert!(
        done.stderr.contains("      Report pages/index.html\n"),
        "{}",
        done.stderr
    );
    let index = page(&sandbox, "index.html");
    for text in [
        "The shop",
        "extra.css",
        "✗ incomplete: 1 of 2 Python processes measured",
        "<code>not-measured</code>",
        "started with `-I`",
        "start it without `-I`",
        "<code>plugins-without-effect</code>",
        "made.up",
    ] {
        assert!(index.contains(text), "{text} is not in {index}");
    }
    assert_eq!(sandbox.read("pages/extra.css"), "h1 { color: teal }\n");
    assert!(page(&sandbox, "runs.html").contains("one.py"));

    // The data file alone gives the same pages.
    let later = sandbox.swath(&["html", "-q", "--no-plugins", "--directory", "later"]);
    assert_eq!(later.code, 0, "{}{}", later.stdout, later.stderr);
    for name in sandbox.read("pages/swath-pages.txt").lines() {
        let [now, then] =
            ["later", "pages"].map(|folder| sandbox.read(&format!("{folder}/{name}")));
        assert_eq!(now, then, "{name}");
    }
}

#[test]
fn later_reports_say_whether_the_number_is_complete() {
    let Some(python) = python("later_reports_say_whether_the_number_is_complete") else {
        return;
    };
    let sandbox = Sandbox::new();
    sandbox.write("one.py", "x = 1\n");
    sandbox.write("two.py", "y = 1\n");
    let script = "$PYTHON one.py; $PYTHON two.py";
    let done = run(
        &sandbox,
        python,
        &["--source", ".", "--", "sh", "-c", script],
    );
    assert_eq!(done.code, 0, "{}", done.stderr);
    let strict = ["report", "--require-complete"];
    assert_eq!(sandbox.swath(&strict).code, 0);
    sandbox.write("two.py", "z = 1\n");
    let later = sandbox.swath(&strict);
    assert_eq!(later.code, 3, "{}{}", later.stdout, later.stderr);
    let line =
        "Incomplete: 2 of 2 Python processes measured; 1 file left out, changed since it ran\n";
    assert!(later.stdout.ends_with(line), "{}", later.stdout);
    let markdown = sandbox.swath(&["report", "--format=markdown"]);
    assert!(
        markdown.stdout.contains("**Incomplete**: "),
        "{}",
        markdown.stdout
    );
    for verb in [
        &["xml", "-o", "-"][..],
        &["json", "-o", "-"],
        &["lcov", "-o", "-"],
    ] {
        let report = sandbox.swath(verb);
        assert!(report.stderr.contains(line), "{verb:?}: {}", report.stderr);
        assert!(!report.stdout.contains("Incomplete"), "{verb:?}");
    }
}

#[test]
fn a_complete_run_is_called_so() {
    let Some(python) = python("a_complete_run_is_called_so") else {
        return;
    };
    let sandbox = Sandbox::new();
    sandbox.write("one.py", "x = 1\n");
    let done = run(&sandbox, python, &["--", "sh", "-c", "$PYTHON one.py"]);
    assert_eq!(done.code, 0, "{}", done.stderr);
    let index = page(&sandbox, "index.html");
    assert!(index.contains("✓ complete"), "{index}");
    assert!(
        !index.contains("<div class=doubt>"),
        "what is well needs no words: {index}"
    );
}

#[test]
fn a_service_that_ended_is_named_on_the_index() {
    let Some(python) = python("a_service_that_ended_is_named_on_the_index") else {
        return;
    };
    let sandbox = Sandbox::new();
    sandbox.write(
        "serve.py",
        "import os\nwith open('pid', 'w') as file:\n    file.write(str(os.getpid()))\nraise SystemExit(7)\n",
    );
    let service = format!("web={} serve.py", python.path.display());
    let done = run(
        &sandbox,
        python,
        &["--service", &service, "--", "sh", "-c", WAIT],
    );
    assert_eq!(done.code, 0, "{}", done.stderr);
    let index = page(&sandbox, "index.html");
    assert!(
        index.contains("<code>service-ended</code> service `web` exited with code 7"),
        "{index}\n{}",
        done.stderr
    );
}

#[test]
fn pages_that_cannot_be_written_are_found_out_before_the_tests() {
    let Some(python) = python("pages_that_cannot_be_written_are_found_out_before_the_tests") else {
        return;
    };
    let sandbox = Sandbox::new();
    sandbox.write("one.py", "x = 1\n");
    sandbox.write("pages", "a file where the folder should be\n");
    let script = "touch tested; $PYTHON one.py";
    let done = run(&sandbox, python, &["--", "sh", "-c", script]);
    assert_eq!(done.code, 125, "{}", done.stderr);
    assert!(
        done.stderr
            .contains("error[output-not-writable]: --html cannot be written to `pages`"),
        "{}",
        done.stderr
    );
    assert!(!sandbox.project().join("tested").exists());
}

#[test]
fn pages_that_can_no_longer_be_written_are_a_warning() {
    let Some(python) = python("pages_that_can_no_longer_be_written_are_a_warning") else {
        return;
    };
    let sandbox = Sandbox::new();
    sandbox.write("one.py", "x = 1\n");
    let script = "echo now a file > pages; $PYTHON one.py";
    let done = run(&sandbox, python, &["--", "sh", "-c", script]);
    assert_eq!(done.code, 0, "{}", done.stderr);
    assert!(
        done.stderr.contains("warning[html-not-written]") && done.stdout.contains("one.py"),
        "{}",
        done.stderr
    );
}
