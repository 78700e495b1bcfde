//! `examples/xy`: swath's number is coverage.py's, file by file and byte by byte, on every Python.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use swath_test::{Example, FileLines, Python, coverage_lines, measure_by_hand, pythons};

use crate::sandbox::{Finished, Sandbox, finish, text};

/// A command of the example's environment, with the sandbox's folders.
pub(crate) fn in_example(example: &Example, sandbox: &Sandbox, program: &Path) -> Command {
    let mut plain = Command::new(program);
    sandbox.prepare(&mut plain);
    let mut command = example.command(program);
    for (name, value) in plain.get_envs() {
        // What the example's environment sets, it needs.
        let set = command.get_envs().any(|(other, _)| other == name);
        match value {
            Some(value) => command.env(name, value),
            None if set => &mut command,
            None => command.env_remove(name),
        };
    }
    command
}

pub(crate) fn swath(example: &Example, sandbox: &Sandbox, arguments: &[&str]) -> Finished {
    let mut command = in_example(example, sandbox, Path::new(env!("CARGO_BIN_EXE_swath")));
    command.args(arguments);
    finish(command)
}

/// What differs between two measurements, for people.
pub(crate) fn assert_same_lines(
    ours: &BTreeMap<String, FileLines>,
    theirs: &BTreeMap<String, FileLines>,
    context: &str,
) {
    let names = ours.keys().chain(theirs.keys());
    let mut differences = Vec::new();
    for name in names.collect::<std::collections::BTreeSet<_>>() {
        let (ours, theirs) = (ours.get(name), theirs.get(name));
        if ours != theirs {
            differences.push(format!("{name}\n  swath  {ours:?}\n  theirs {theirs:?}"));
        }
    }
    let differences = differences.join("\n");
    assert!(differences.is_empty(), "{differences}\n{context}");
    assert!(ours.len() > 10, "{} files: {context}", ours.len());
}

/// The report of the coverage.py in the example's environment, on swath's data file.
pub(crate) fn coverage_report(example: &Example, sandbox: &Sandbox, data_file: &Path) -> String {
    let mut command = in_example(example, sandbox, &example.venv().bin("coverage"));
    command.args(["report", "-m", "--data-file", &text(data_file)]);
    let finished = finish(command);
    assert_eq!(finished.code, 0, "{}{}", finished.stdout, finished.stderr);
    finished.stdout
}

/// coverage.py's lines of the example, by the recipe made by hand: measured once for each Python,
/// in a copy of its own. Nothing where the example cannot be had.
pub(crate) fn by_hand(python: &Python) -> Option<&'static BTreeMap<String, FileLines>> {
    type Lines = Option<BTreeMap<String, FileLines>>;
    static MEASURED: OnceLock<Vec<OnceLock<Lines>>> = OnceLock::new();
    let measured = MEASURED.get_or_init(|| pythons().iter().map(|_| OnceLock::new()).collect());
    let index = pythons().iter().position(|other| other == python)?;
    let measure = || {
        let example = Example::copy(python)?;
        let lines = measure_by_hand(&example, "");
        Some(lines.unwrap_or_else(|error| panic!("{error:#} on {}", python.tag())))
    };
    measured.get(index)?.get_or_init(measure).as_ref()
}

fn compare(python: &Python) {
    let (Some(theirs), Some(example)) = (by_hand(python), Example::copy(python)) else {
        return;
    };
    let context = format!("on {}", python.tag());
    let data_file = example.folder().join(".coverage");
    let sandbox = Sandbox::new();
    let run = swath(&example, &sandbox, &["run"]);
    let context = format!("{context}\n{}\n{}", run.stdout, run.stderr);
    assert_eq!(run.code, 0, "{context}");
    assert!(run.stderr.contains("Complete "), "{context}");
    assert!(!run.stderr.contains("warning["), "{context}");
    let ours = coverage_lines(&example, &example.folder().join(".coveragerc"))
        .unwrap_or_else(|error| panic!("{error:#} {context}"));
    assert_same_lines(&ours, theirs, &context);

    let expected = coverage_report(&example, &sandbox, &data_file);
    let report = swath(&example, &sandbox, &["report", "-m"]);
    let verdict = "\nComplete: 4 of 4 Python processes measured\n";
    assert_eq!(
        report.stdout,
        format!("{expected}{verdict}"),
        "swath report -m {context}"
    );
    assert!(
        run.stdout.ends_with(&format!("\n{expected}")),
        "swath run's own report {context}\n{expected}"
    );
    sandbox.assert_nothing_left();
}

#[test]
fn the_example_has_coverage_pys_number_on_the_pythons_without_sys_monitoring() {
    let test = "the_example_has_coverage_pys_number_on_the_pythons_without_sys_monitoring";
    compare_each(test, |version| version < (3, 12));
}

#[test]
fn the_example_has_coverage_pys_number_on_the_pythons_with_sys_monitoring() {
    let test = "the_example_has_coverage_pys_number_on_the_pythons_with_sys_monitoring";
    compare_each(test, |version| version >= (3, 12));
}

fn compare_each(test: &str, is_wanted: impl Fn((u8, u8)) -> bool) {
    let wanted: Vec<_> = pythons()
        .iter()
        .filter(|python| is_wanted(python.version))
        .collect();
    if wanted.is_empty() {
        swath_test::skip(test, "no such CPython");
    }
    wanted.into_iter().for_each(compare);
}
