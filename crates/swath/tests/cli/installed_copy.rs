//! A checkout's package that is installed as well, as `pip install .` leaves it.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::sandbox::{Sandbox, python, text};

const SHOP: &str = "def price(n):\n    if n > 9:\n        return 9\n    return n\n";

/// An environment in which a package `shop` with this text is installed; its Python.
fn environment(sandbox: &Sandbox, python: &Path, shop: &str) -> String {
    let folder = sandbox.temporary().with_file_name("environment");
    let made = Command::new(python)
        .args(["-m", "venv", "--without-pip"])
        .arg(&folder)
        .status();
    assert!(made.unwrap().success());
    let interpreter = folder.join("bin/python");
    let site = Command::new(&interpreter)
        .args([
            "-c",
            "import sysconfig; print(sysconfig.get_paths()['purelib'])",
        ])
        .output()
        .unwrap();
    let site = String::from_utf8(site.stdout).unwrap();
    swath_test::write_file(Path::new(site.trim()).join("shop/__init__.py"), shop);
    text(&interpreter)
}

/// The missing lines of the checkout's package, after a program elsewhere has used the other one.
fn missing(sandbox: &Sandbox, interpreter: &str, options: &[&str]) -> Value {
    let program = sandbox.temporary().with_file_name("elsewhere/serve.py");
    swath_test::write_file(&program, "import shop\nshop.price(1)\n");
    let command = ["--", interpreter, &text(&program)];
    let begin = ["run", "--no-docker", "--count=all"];
    let run = sandbox.swath(&[&begin[..], options, &command].concat());
    assert!(run.stderr.contains("Gathered 1 process"), "{}", run.stderr);
    let report = sandbox.swath(&["json", "-q", "-o", "report.json"]);
    assert!(report.code < 2, "{report:?}");
    let report: Value = serde_json::from_str(&sandbox.read("report.json")).unwrap_or_default();
    report["files"]["shop/__init__.py"]["missing_lines"].clone()
}

#[test]
fn what_an_installed_copy_runs_counts_as_the_checkouts() {
    let Some(python) = python("what_an_installed_copy_runs_counts_as_the_checkouts") else {
        return;
    };
    for options in [&[][..], &["--source=."], &["--source=shop"]] {
        let sandbox = Sandbox::new();
        sandbox.write("shop/__init__.py", SHOP);
        let interpreter = environment(&sandbox, &python.path, SHOP);
        let missing = missing(&sandbox, &interpreter, options);
        assert_eq!(missing, json!([3]), "{options:?}");
    }
}

#[test]
fn somebody_elses_package_of_the_same_name_counts_for_nothing() {
    let Some(python) = python("somebody_elses_package_of_the_same_name_counts_for_nothing") else {
        return;
    };
    let theirs = "def price(n):\n    return n\n";
    for (options, expected) in [
        (&[][..], Value::Null),
        (&["--source=."], json!([1, 2, 3, 4])),
    ] {
        let sandbox = Sandbox::new();
        sandbox.write("shop/__init__.py", SHOP);
        let interpreter = environment(&sandbox, &python.path, theirs);
        let missing = missing(&sandbox, &interpreter, options);
        assert_eq!(missing, expected, "{options:?}");
    }
}
