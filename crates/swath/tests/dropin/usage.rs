//! Help and usage errors.

use crate::side_by_side::Stage;

const VERBS: [&str; 11] = [
    "annotate", "combine", "debug", "erase", "help", "html", "json", "lcov", "report", "run", "xml",
];

#[test]
fn help_is_coverage_pys() {
    let Some(stage) = Stage::new("help_is_coverage_pys") else {
        return;
    };
    for verb in VERBS {
        stage.check(&[verb, "--help"]);
        stage.check(&["help", verb]);
        for columns in ["30", "61", "100", "0", "x"] {
            stage.check_with(&[verb, "-h"], &[("COLUMNS", columns)]);
        }
    }
    assert!(
        stage
            .check(&[])
            .stdout
            .contains("Use 'coverage help' for help.")
    );
    stage.check_all(&[
        "help",
        "help report nothing xml",
        "help version minimum_help",
        "--help",
        "--version",
        "--vers",
        "--version --help report",
        "report --help --nope",
        "help --help",
    ]);
}

#[test]
fn usage_errors_are_optparses() {
    let Some(stage) = Stage::new("usage_errors_are_optparses") else {
        return;
    };
    stage.check_all(&[
        "nothing",
        "it's",
        "--nope",
        "-x",
        "--version=3",
        "report --nope",
        "report --s",
        "report --show-missing=yes",
        "report -mx",
        "report --precision=one",
        "report --precision=1.5",
        "report --precision",
        "report --fail-under=most",
        "report --fail-under",
        "report --no",
        "xml -o",
        "xml --omit",
        "xml --precision=2",
        "lcov --contexts=a",
        "annotate --fail-under=3",
        "combine --keep-combined",
        "erase -q",
        "debug",
        "debug nothing",
        "debug sys more",
        "debug config more",
        "run",
        "run -m",
        "run --save-signal=HUP prog.py",
        "run -a -p main.py",
        "run --concurrency=multiprocessing --branch main.py",
        "run --concurrency=thread,multiprocessing --source=. main.py",
        "run --rcfile=none.rc main.py",
        "run --data main.py",
    ]);
}
