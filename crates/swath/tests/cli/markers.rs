//! The apps under `tests/apps` say themselves which of their lines run.
//!
//! The rule: every statement of a file has run, but for those whose line ends with `# miss`. The
//! statements are swath-analysis's for the Python that ran (which its own tests hold against
//! coverage.py). The apps keep to one line for each statement and have no docstrings, so the lines
//! recorded must be exactly these: a line too few and a line too many are both failures.

use std::collections::BTreeSet;
use std::path::Path;

use swath_analysis::{ExclusionRules, PythonVersion, analyze_lines};
use swath_data::CoverageData;
use swath_test::{Build, Python, Random, Scale, builds, scale, seed, workspace_root};

use crate::sandbox::Sandbox;

/// What ends the line of a statement that must not run.
const MISS: &str = "# miss";

/// The versions that every case is tried on; each stands for a way to see lines.
const ALWAYS: [(u8, u8); 3] = [(3, 8), (3, 11), (3, 13)];

/// The Pythons for a case: all of them, or a sample that differs from case to case.
pub(crate) fn pythons_for(case: &str) -> Vec<&'static Python> {
    let all = builds();
    if all.is_empty() {
        swath_test::skip(case, "no CPython 3.8 or newer");
    }
    if scale() == Scale::Whole {
        return all.iter().collect();
    }
    let (always, others): (Vec<_>, Vec<_>) = all
        .iter()
        .partition(|python| ALWAYS.contains(&python.version) && python.build == Build::Ordinary);
    let salt = case.bytes().map(u64::from).sum::<u64>();
    let more = Random::new(seed() + salt).sample(&others, 1);
    always.into_iter().chain(more).collect()
}

/// Copies an app (or all that a folder of apps holds) into the project.
pub(crate) fn copy_app(sandbox: &Sandbox, name: &str) {
    let from = workspace_root().join("crates/swath/tests/apps").join(name);
    if from.is_file() {
        fs_err::copy(&from, sandbox.project().join(name)).unwrap();
        return;
    }
    for entry in fs_err::read_dir(&from).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_file() {
            fs_err::copy(entry.path(), sandbox.project().join(entry.file_name())).unwrap();
        }
    }
}

/// The data that a run left in the project.
pub(crate) fn data(sandbox: &Sandbox) -> CoverageData {
    let path = sandbox.project().join(".coverage");
    swath_data::read_data_file(&path).unwrap_or_else(|error| panic!("{error}"))
}

/// The recorded lines of a file of the project.
pub(crate) fn recorded(data: &CoverageData, path: &Path) -> BTreeSet<u32> {
    let path = fs_err::canonicalize(path).unwrap();
    data.lines(&path.to_string_lossy(), None)
        .map(|lines| lines.iter().collect())
        .unwrap_or_default()
}

/// The lines that the file's markers promise.
fn promised(source: &str, python: &Python) -> BTreeSet<u32> {
    let version = PythonVersion::new(python.version.0, python.version.1);
    let analysis = analyze_lines(source.as_bytes(), version, &ExclusionRules::default());
    assert_eq!(analysis.problem, None);
    let missed = (1..)
        .zip(source.lines())
        .filter(|(_, line)| line.ends_with(MISS))
        .map(|(number, _)| number)
        .collect::<BTreeSet<u32>>();
    let statements = analysis.statements.iter().collect::<BTreeSet<_>>();
    assert!(missed.is_subset(&statements), "a marker on no statement");
    &statements - &missed
}

/// The file's lines ran as its markers say.
pub(crate) fn assert_as_marked(
    data: &CoverageData,
    sandbox: &Sandbox,
    name: &str,
    python: &Python,
    context: &str,
) {
    let path = sandbox.project().join(name);
    let source = fs_err::read_to_string(&path).unwrap();
    let (promised, recorded) = (promised(&source, python), recorded(data, &path));
    let named = |lines: BTreeSet<u32>| {
        lines
            .into_iter()
            .filter_map(|line| Some((line, source.lines().nth(line as usize - 1)?)))
            .map(|(line, text)| format!("  {line}: {text}"))
            .collect::<Vec<_>>()
            .join("\n")
    };
    assert!(
        promised == recorded,
        "{name} on {}: ran but is not recorded:\n{}\nrecorded but did not run:\n{}\n{context}",
        python.tag(),
        named(&promised - &recorded),
        named(&recorded - &promised),
    );
}

#[test]
fn markers_are_read() {
    let python = Python {
        path: "python3.12".into(),
        version: (3, 12),
        build: Build::Ordinary,
    };
    let source = "# a comment\ndef f():\n    return 1  # miss\n\n\nx = 1\n";
    assert_eq!(promised(source, &python), [2, 6].into());
}
