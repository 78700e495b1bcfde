//! coverage.py's configuration files, good and bad, read by coverage.py 7.17.3 and by us: the same settings,
//! the same warnings, the same words for what is wrong.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "differential/cases.rs"]
mod cases;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::process::Stdio;

use cases::{Case, cases, generated};
use serde_json::{Value, json};
use swath_config::{CoverageConfig, RcFile, debug_config};
use swath_test::{Random, Venv};

const PROGRAM: &str = include_str!("differential/answer.py");

/// A virtual environment with coverage.py 7.17.3 on CPython 3.13, whose words are the ones we speak; or a
/// named skip.
fn oracle(test: &str) -> Option<Venv> {
    let Some(python) = swath_test::python(3, 13) else {
        swath_test::skip(test, "CPython 3.13");
        return None;
    };
    swath_test::venv(python, &swath_test::coverage_requirements())
}

fn ask(venv: &Venv, questions: &[Value]) -> Vec<Value> {
    let mut child = venv
        .command("python")
        .args(["-c", PROGRAM])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let document = serde_json::to_vec(questions).unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(&document));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success(), "the oracle failed");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn ours(case: &Case, folder: &Path) -> Value {
    let environment: BTreeMap<String, String> = case.environment().collect();
    let rcfile = match case.rcfile {
        None => RcFile::Search,
        Some(name) => RcFile::Named(name.to_owned()),
    };
    match CoverageConfig::load(&rcfile, folder, &environment) {
        Ok(mut loaded) => {
            loaded.warnings.sort();
            json!({
                "lines": debug_config(&loaded.config),
                "warnings": loaded.warnings,
                "serialized": null,
            })
        }
        Err(error) => json!({"error": error.to_string()}),
    }
}

/// Whether both say the same. Where coverage.py ends with a traceback, any error is right.
fn is_same(theirs: &Value, ours: &Value) -> bool {
    if theirs.get("crash").is_some() {
        return ours.get("error").is_some();
    }
    theirs == ours
}

#[test]
fn files_mean_what_they_mean_to_coverage() {
    check_all("files_mean_what_they_mean_to_coverage", "files", &cases());
}

#[test]
fn generated_files_mean_what_they_mean_to_coverage() {
    let rounds = swath_test::scale().pick(400, 5_000);
    let mut random = Random::new(swath_test::seed());
    let all: Vec<Case> = (0..rounds).map(|_| generated(&mut random)).collect();
    let test = "generated_files_mean_what_they_mean_to_coverage";
    check_all(test, "generated files", &all);
}

/// Compares what both make of each case.
fn check_all(test: &str, what: &str, all: &[Case]) {
    let Some(venv) = oracle(test) else {
        return;
    };
    let root = swath_test::temp_dir();
    let folders: Vec<_> = (0..all.len())
        .map(|index| root.path().join(index.to_string()))
        .collect();
    let mut questions = Vec::new();
    for (case, folder) in all.iter().zip(&folders) {
        fs_err::create_dir(folder).unwrap();
        for (name, content) in &case.files {
            fs_err::write(folder.join(name), content).unwrap();
        }
        let environment: BTreeMap<String, String> = case.environment().collect();
        questions
            .push(json!({"folder": folder, "environment": environment, "rcfile": case.rcfile, "serialize": false}));
    }
    let mut differences = Vec::new();
    for ((case, folder), theirs) in all.iter().zip(&folders).zip(ask(&venv, &questions)) {
        let ours = ours(case, folder);
        if !is_same(&theirs, &ours) {
            differences.push(format!("{case}\n{}", difference(&theirs, &ours)));
        }
    }
    let equal = format!("{} of {}", all.len() - differences.len(), all.len());
    swath_test::record_figure(
        "Configuration against coverage.py 7.17.3",
        what,
        "equal",
        equal,
    );
    assert!(
        differences.is_empty(),
        "{} differ (seed {}):\n{}",
        differences.len(),
        swath_test::seed(),
        differences[..differences.len().min(8)].join("\n")
    );
}

/// The lines that are not the same.
fn difference(theirs: &Value, ours: &Value) -> String {
    let lines = |value: &Value| -> Vec<String> {
        let lines = value.get("lines").and_then(Value::as_array);
        let lines = lines.into_iter().flatten().filter_map(Value::as_str);
        lines.map(str::to_owned).collect()
    };
    let mut parts = Vec::new();
    for (who, one, other) in [("theirs", theirs, ours), ("ours", ours, theirs)] {
        let other_lines = lines(other);
        let only: Vec<String> = lines(one)
            .into_iter()
            .filter(|line| !other_lines.contains(line))
            .collect();
        let rest = json!([one.get("error"), one.get("crash"), one.get("warnings")]);
        parts.push(format!("  {who}: {rest}\n    {}\n", only.join("\n    ")));
    }
    parts.concat()
}

#[test]
fn a_configuration_handed_on_by_coverage_is_the_same() {
    let Some(venv) = oracle("a_configuration_handed_on_by_coverage_is_the_same") else {
        return;
    };
    let folder = swath_test::temp_dir();
    let text = "[run]\nbranch = 1\nsource = .\ncontext = é\n[report]\nfail_under = 9.5\nprecision = 1\n\
                omit = a\nexclude_also = x\n[paths]\nz = a, b\ny =\n[html]\nskip_empty = 1\n";
    fs_err::write(folder.path().join(".coveragerc"), text).unwrap();
    let question =
        json!({"folder": folder.path(), "environment": {}, "rcfile": null, "serialize": true});
    let answers = ask(&venv, &[question]);
    let serialized = answers[0]["serialized"].as_str().unwrap();
    let config = CoverageConfig::from_process_config(serialized).unwrap();
    let environment: BTreeMap<String, String> = BTreeMap::new();
    let mut loaded = CoverageConfig::load(&RcFile::Search, folder.path(), &environment)
        .unwrap()
        .config;
    // coverage.py makes the paths in these absolute, for the other process may run elsewhere.
    let here = folder.path().to_string_lossy();
    loaded.data_file = format!("{here}/.coverage");
    loaded.source = Some(vec![here.into_owned()]);
    assert_eq!(debug_config(&config), debug_config(&loaded));
}
