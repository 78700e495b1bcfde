//! What `docs/reference/differences.md` lists.

use crate::side_by_side::Stage;

/// What the report says with this configuration file.
fn report_with(stage: &Stage, name: &str, text: &str) -> (Option<i32>, String) {
    stage.write(name, text);
    let outcome = stage.swath(&["report"]);
    fs_err::remove_file(stage.file(name)).unwrap();
    (outcome.code, outcome.stdout)
}

#[test]
fn some_settings_are_refused() {
    let Some(stage) = Stage::new("some_settings_are_refused") else {
        return;
    };
    stage.coverage(&["run", "main.py"]);
    let deep = format!("{}a{}", "(".repeat(41), ")".repeat(41));
    for (name, text) in [
        (
            ".coveragerc",
            "[report]\nexclude_also = \\N{DIGIT ONE}\n".to_owned(),
        ),
        (".coveragerc", format!("[report]\nexclude_also = {deep}\n")),
    ] {
        let (code, said) = report_with(&stage, name, &text);
        assert_eq!(code, Some(1), "{text}: {said}");
        assert!(!said.contains("TOTAL"), "{text}: {said}");
    }
}

#[test]
fn a_precision_beyond_reason_is_cut() {
    let Some(stage) = Stage::new("a_precision_beyond_reason_is_cut") else {
        return;
    };
    stage.coverage(&["run", "main.py"]);
    let total = stage.swath(&[
        "report",
        "--format=total",
        "--precision=99999999999999999999",
    ]);
    let digits = total.stdout.trim().split_once('.').unwrap().1.len();
    assert_eq!((total.code, digits), (Some(0), 10_000));
}

#[test]
fn topics_about_coverage_pys_own_code_are_named() {
    let Some(stage) = Stage::new("topics_about_coverage_pys_own_code_are_named") else {
        return;
    };
    for topic in ["premain", "pybehave", "sqlite"] {
        let outcome = stage.swath(&["debug", topic]);
        assert_eq!(outcome.code, Some(1));
        assert!(outcome.stdout.contains(topic), "{outcome:?}");
    }
}

#[test]
fn a_precision_of_true_is_one() {
    let Some(stage) = Stage::new("a_precision_of_true_is_one") else {
        return;
    };
    stage.write(
        "pyproject.toml",
        "[tool.coverage.report]\nprecision = true\n",
    );
    let (ours, differences) = stage.both(&["debug", "config"], &[]);
    assert!(ours.stdout.contains(" precision: 1\n"), "{ours:?}");
    assert_eq!(differences.len(), 1, "{differences:?}");
    assert!(
        differences[0].contains(" precision: True\n"),
        "{differences:?}"
    );
}
