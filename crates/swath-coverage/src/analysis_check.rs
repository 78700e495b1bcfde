//! The analysis held against what the interpreters themselves said while the program ran.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use rayon::prelude::*;
use swath_analysis::{ExclusionRules, PythonVersion, analyze_lines, annotation_lines};
use swath_checkout::read_source;
use swath_data::{LineSet, SourceHash, StoredProcess};
use swath_pattern::Directory;

/// A file in which an interpreter found code on lines that the analysis calls no statement.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AnalysisDifference {
    /// Its name in reports.
    pub name: String,
    /// The version whose rules the analysis followed.
    pub python: PythonVersion,
    /// The lines, as first lines of their statements.
    pub lines: Vec<u32>,
}

/// Compares the analysis of every file that ran with the line tables of the interpreters that ran
/// it. Files that are not here, or not as they ran, are left out.
///
/// A program can compile other code under the name of a file. So where the two disagree, `compiled` is
/// asked on which lines an interpreter puts code when it compiles the source; what it does not know
/// leaves the difference as it is.
pub fn check_analysis<'a>(
    processes: impl IntoIterator<Item = &'a StoredProcess>,
    directory: &Directory,
    compiled: &(impl Fn(&str, &[u8]) -> Option<LineSet> + Sync),
) -> Vec<AnalysisDifference> {
    let mut executable: BTreeMap<(&str, PythonVersion, bool, SourceHash), (LineSet, &str)> =
        BTreeMap::new();
    let mut known = BTreeSet::new();
    for process in processes {
        let Some(python) = process.python else {
            continue;
        };
        let python = python.version();
        let is_optimized = process.optimize > 0;
        for file in &process.files {
            if let Some(hash) = file.hash
                && known.insert((Arc::as_ptr(file), python, is_optimized))
            {
                let key = (file.path.as_str(), python, is_optimized, hash);
                let (lines, interpreter) = executable.entry(key).or_default();
                lines.union_with(&file.executable);
                *interpreter = &process.executable;
            }
        }
    }
    // Without exclusions: excluded lines are statements too.
    let none: [&str; 0] = [];
    let Ok(rules) = ExclusionRules::new(&none, &none) else {
        return Vec::new();
    };
    let mut differences: Vec<AnalysisDifference> = executable
        .into_par_iter()
        .filter_map(|(key, (executable, interpreter))| {
            let (path, python, is_optimized, hash) = key;
            let source = read_source(Path::new(path)).ok()?;
            if SourceHash::of(&source) != hash {
                return None;
            }
            let unknown =
                |lines: &LineSet| unknown_lines(&source, python, is_optimized, &rules, lines);
            let mut lines = unknown(&executable);
            if !lines.is_empty()
                && let Some(compiled) = compiled(interpreter, &source)
            {
                lines = unknown(&executable.intersection(&compiled));
            }
            (!lines.is_empty()).then(|| AnalysisDifference {
                name: directory.relative(path).to_owned(),
                python,
                lines,
            })
        })
        .collect();
    differences.sort();
    differences.dedup();
    differences
}

fn unknown_lines(
    source: &[u8],
    python: PythonVersion,
    is_optimized: bool,
    rules: &ExclusionRules,
    executable: &LineSet,
) -> Vec<u32> {
    let analysis = analyze_lines(source, python, rules);
    // A module without statements has code on a line all the same.
    if analysis.problem.is_some() || analysis.statements.is_empty() {
        return Vec::new();
    }
    let text: Vec<&[u8]> = source.split(|&byte| byte == b'\n').collect();
    let mut unknown = analysis
        .translate_lines(executable.iter())
        .difference(&analysis.statements);
    if !unknown.is_empty() {
        unknown = unknown.difference(&annotation_lines(source, python));
    }
    if !unknown.is_empty() && is_optimized {
        // Under `-O` other sides of tests have code. That says nothing of the number: like
        // coverage.py's it is that of a source compiled without.
        let optimized = String::from_utf8_lossy(source).replace("__debug__", "False");
        let analysis = analyze_lines(optimized.as_bytes(), python, rules);
        unknown = unknown.difference(&analysis.statements);
    }
    let says_nothing = |line: u32| {
        let line = (line as usize)
            .checked_sub(1)
            .and_then(|index| text.get(index));
        line.is_some_and(|line| begins_with_string(line) || is_without_code(line))
    };
    unknown.iter().filter(|&line| !says_nothing(line)).collect()
}

/// No compiler has code of a text on such a line: a program has added to the syntax tree that it compiled,
/// as Streamlit adds to line 1.
fn is_without_code(line: &[u8]) -> bool {
    matches!(line.trim_ascii_start().first(), None | Some(b'#'))
}

/// Docstrings are no statements, and their lines have code.
fn begins_with_string(line: &[u8]) -> bool {
    let line = line.trim_ascii_start();
    let prefix = line
        .iter()
        .take_while(|byte| b"rRuUbB".contains(byte))
        .count();
    matches!(line.get(prefix), Some(b'"' | b'\''))
}

#[cfg(test)]
mod tests {
    use swath_data::StoredFile;

    use super::*;

    fn check(source: &str, executable: &[u32]) -> Vec<u32> {
        check_with(0, source, executable, &|_, _| None)
    }

    fn check_with(
        optimize: u32,
        source: &str,
        executable: &[u32],
        compiled: &(impl Fn(&str, &[u8]) -> Option<LineSet> + Sync),
    ) -> Vec<u32> {
        let folder = tempfile::tempdir().unwrap();
        let directory = Directory::new(folder.path());
        let path = directory.absolute("a.py");
        fs_err::write(&path, source).unwrap();
        let process = StoredProcess {
            python: Some(swath_data::PythonRelease {
                major: 3,
                minor: 12,
                micro: 0,
            }),
            files: vec![Arc::new(StoredFile {
                path,
                hash: Some(SourceHash::of(source.as_bytes())),
                executable: executable.iter().copied().collect(),
                ..StoredFile::default()
            })],
            optimize,
            ..StoredProcess::default()
        };
        let mut differences = check_analysis([&process], &directory, compiled);
        differences
            .pop()
            .map(|difference| difference.lines)
            .unwrap_or_default()
    }

    #[test]
    fn code_where_the_analysis_sees_none_is_found() {
        let source = "if a:\n    b = 1\nelse:\n    c = 2\n";
        assert_eq!(check(source, &[1, 2, 3, 4]), [3]);
    }

    #[test]
    fn what_a_program_adds_to_its_syntax_tree_is_no_difference() {
        let source = "# licence\n\na = 1\n    # indented\n";
        assert_eq!(check(source, &[1, 2, 3, 4]), [0; 0]);
    }

    #[test]
    fn code_that_is_not_of_the_source_says_nothing() {
        let source = "if a:\n    b = 1\nelse:\n    c = 2\n";
        let compiled =
            |lines: &'static [u32]| move |_: &str, _: &[u8]| Some(lines.iter().copied().collect());
        let with = |lines| check_with(0, source, &[1, 2, 3, 4], &compiled(lines));
        assert_eq!(with(&[1, 2, 3, 4]), [3]);
        assert_eq!(with(&[1, 2, 4]), [0; 0]);
    }

    #[test]
    fn docstrings_exclusions_and_continued_lines_are_known() {
        let source = "\"\"\"Doc.\"\"\"\nif 1:  # pragma: no cover\n    a = (1,\n      2)\n";
        assert_eq!(check(source, &[1, 2, 3, 4]), [0; 0]);
        assert_eq!(check("# empty\n", &[1]), [0; 0]);
    }

    #[test]
    fn what_only_o_compiles_is_known() {
        let source = "if not __debug__:\n    a = 1\nelse:\n    b = 2\nif 0:\n    c = 3\n";
        assert_eq!(check_with(1, source, &[2], &|_, _| None), [0; 0]);
        assert_eq!(check_with(2, source, &[1, 2, 4, 6], &|_, _| None), [6]);
        assert_eq!(check(source, &[1, 2, 4]), [2], "nothing else compiles it");
    }
}
