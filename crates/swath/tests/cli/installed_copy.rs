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

#[test]
fn the_report_of_a_run_has_the_paths_that_later_ones_have() {
    let Some(python) = python("the_report_of_a_run_has_the_paths_that_later_ones_have") else {
        return;
    };
    let sandbox = Sandbox::new();
    sandbox.write("src/shop/__init__.py", SHOP);
    // A package that `source` names is meant where it is installed; `[paths]` says where that is here.
    sandbox.write(
        ".coveragerc",
        "[run]\nsource = shop\n[paths]\nhere =\n    src/\n    */site-packages/\n",
    );
    let interpreter = environment(&sandbox, &python.path, SHOP);
    let program = sandbox.temporary().with_file_name("elsewhere/serve.py");
    swath_test::write_file(&program, "import shop\nshop.price(1)\n");
    let begin = ["run", "--no-docker", "--count=all", "--"];
    let run = sandbox.swath(&[&begin[..], &[&interpreter, &text(&program)]].concat());
    let table = |text: &str| {
        let rows = text.lines().filter(|line| line.contains("shop"));
        let cells = rows.map(|row| row.split_whitespace().take(4).collect::<Vec<_>>().join(" "));
        cells.collect::<Vec<_>>()
    };
    assert_eq!(
        table(&run.stdout),
        ["src/shop/__init__.py 4 1 75%"],
        "{run:?}"
    );
    let report = sandbox.swath(&["report"]);
    assert_eq!(table(&report.stdout), table(&run.stdout), "{report:?}");
    let gated = sandbox.swath(
        &[
            &["run", "--gate=src/shop/*=76"],
            &begin[1..],
            &[&interpreter, &text(&program)],
        ]
        .concat(),
    );
    assert_eq!(gated.code, 2, "{gated:?}");
}
