//! combine, erase and debug; data that is not what it should be.

use crate::side_by_side::Stage;

/// Two parallel files, and one that is another's copy.
fn parallel(test: &str) -> Option<Stage> {
    let stage = Stage::new(test)?;
    stage.coverage(&[
        "run",
        "--branch",
        "--data-file=.coverage.one",
        "main.py",
        "one",
    ]);
    stage.coverage(&[
        "run",
        "--branch",
        "--data-file=.coverage.two",
        "main.py",
        "two",
    ]);
    fs_err::copy(stage.file(".coverage.two"), stage.file(".coverage.zwei")).unwrap();
    Some(stage)
}

#[test]
fn parallel_files_are_combined() {
    let Some(stage) = parallel("parallel_files_are_combined") else {
        return;
    };
    let lines = [
        "combine",
        "combine --keep",
        "combine -q",
        "combine --append",
        "combine -aq --keep",
        "combine .coverage.one",
        "combine .",
        "combine --data-file=all .coverage.two .coverage.one",
        "combine pkg",
        "combine nowhere",
        "combine .coverage.one nowhere",
        "report -m",
        "report --keep-combined",
        "report --data-file=other",
        "xml -q",
        "json -q --keep-combined",
        "lcov -q",
        "annotate",
        "html -q",
        "html --keep-combined",
        "erase",
        "erase --data-file=.coverage.two",
        "debug data",
        "debug data .coverage.one nowhere",
    ];
    stage.check_all(&lines);
    stage.coverage(&["run", "--branch", "main.py", "three"]);
    stage.check_all(&lines);
    stage.write(".coveragerc", "[run]\nparallel = true\n");
    stage.check_all(&[
        "erase",
        "erase --data-file=.coverage.one",
        "report",
        "combine",
    ]);
    stage.write(".coveragerc", "[run]\nconcurrency = multiprocessing\n");
    stage.check_all(&["erase"]);
}

#[test]
fn lines_and_branches_do_not_mix() {
    let Some(stage) = Stage::new("lines_and_branches_do_not_mix") else {
        return;
    };
    stage.coverage(&["run", "main.py"]);
    stage.coverage(&["run", "--branch", "--data-file=.coverage.b", "main.py"]);
    stage.check_all(&[
        "combine --append --keep",
        "report --keep-combined",
        "xml --keep-combined",
    ]);
}

#[test]
fn files_that_are_no_data() {
    let Some(stage) = parallel("files_that_are_no_data") else {
        return;
    };
    stage.write(
        ".coverage.broken",
        "this is no database, and it is not long\n",
    );
    stage.write(".coverage.void", "");
    stage.check_all(&[
        "combine",
        "combine --keep .coverage.broken",
        "combine .coverage.broken .coverage.one",
        "report",
        "report -q",
        "debug data .coverage.broken",
    ]);
    stage.write(".coverage", "this is no database, and it is not long\n");
    stage.check_all(&[
        "report",
        "xml",
        "json",
        "lcov",
        "annotate",
        "html",
        "combine --append",
        "debug data",
        "erase",
    ]);
}

#[test]
fn nothing_measured() {
    let Some(stage) = Stage::new("nothing_measured") else {
        return;
    };
    stage.check_all(&[
        "report",
        "report --format=nothing",
        "report --sort=nothing",
        "xml",
        "json",
        "lcov",
        "annotate",
        "combine",
        "combine -a",
        "erase",
        "debug data",
        "debug config",
        "debug config --rcfile=none.rc",
        "debug config --debug=sys,trace --rcfile=",
    ]);
}

#[test]
fn html_without_data_leaves_no_empty_data_file() {
    let Some(stage) = Stage::new("html_without_data_leaves_no_empty_data_file") else {
        return;
    };
    // The one thing that differs is the file that coverage.py makes.
    let (ours, differences) = stage.both(&["html"], &[]);
    assert_eq!(ours.stdout, "No data to report.\n");
    assert_eq!(differences.len(), 1, "{differences:?}");
    assert!(
        differences[0].starts_with("file .coverage of"),
        "{differences:?}"
    );
}

#[test]
fn sources_that_are_no_python() {
    let Some(stage) = Stage::new("sources_that_are_no_python") else {
        return;
    };
    stage.coverage(&["run", "--source=.", "main.py"]);
    stage.write("shop.py", "def (:\n");
    let lines = [
        "report",
        "report -i",
        "xml",
        "xml -i -o -",
        "json",
        "json -i -o -",
        "lcov",
        "lcov -i -q",
        "annotate -i",
        "html",
        "html -i -q",
    ];
    stage.check_all(&lines);
    fs_err::remove_file(stage.file("shop.py")).unwrap();
    stage.check_all(&lines);
    fs_err::remove_file(stage.file("pkg/stock.py")).unwrap();
    stage.check_all(&["report -i", "report --omit=shop.py"]);
    stage.write(".coveragerc", "[run]\ndisable_warnings = couldnt-parse\n");
    stage.check_all(&["report -i"]);
}

#[test]
fn the_environment_names_files() {
    let Some(stage) = Stage::new("the_environment_names_files") else {
        return;
    };
    stage.coverage(&["run", "--data-file=there.data", "main.py"]);
    stage.write("my.rc", "[report]\nshow_missing = true\n");
    let there = ("COVERAGE_FILE", "there.data");
    stage.check_with(&["report"], &[there]);
    stage.check_with(&["report", "--data-file=.coverage"], &[there]);
    stage.check_with(&["report"], &[there, ("COVERAGE_RCFILE", "my.rc")]);
    stage.check_with(&["report"], &[there, ("COVERAGE_RCFILE", "none.rc")]);
    stage.check_with(&["erase"], &[there]);
    stage.check_with(
        &["debug", "config"],
        &[there, ("COVERAGE_DEBUG", "config_not,sys_not")],
    );
}
