//! The newest coverage.py that older Pythons can have counts otherwise where
//! `docs/reference/differences.md` says so, and nowhere else.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use swath_test::{Requirements, Scale, Venv, finish, record_figure, scale, skip, venv};

const TABLE: &str = "An older coverage.py";

/// Makes data of the standard library in which nothing ran, and names the Python.
const PREPARE: &str = "
import glob, os, sys, sysconfig
import coverage
folder = sysconfig.get_path('stdlib')
most = int(sys.argv[1])
# Of the tests a few, for the shapes that only they have.
names = sorted(glob.glob(os.path.join(folder, '*.py'))) + sorted(glob.glob(os.path.join(folder, 'asyncio', '*.py')))
tests = sorted(glob.glob(os.path.join(folder, 'test', 'test_*.py')))
shapes = ('test_patma.py', 'test_typing.py', 'test_socket.py')
names = names[:most] + [name for name in tests if os.path.basename(name) in shapes or most > 1000]
data = coverage.CoverageData('.coverage')
data.add_arcs({'none.py': [(-1, 1)]})
data.touch_files(names)
data.write()
";

/// What a file counts.
struct Counted {
    statements: BTreeSet<u64>,
    branches: BTreeSet<(i64, i64)>,
}

type Files = BTreeMap<String, Counted>;

fn counted(report: &Path) -> Files {
    let report: Value = serde_json::from_slice(&fs_err::read(report).unwrap()).unwrap();
    let numbers = |list: &Value| -> Vec<Value> { list.as_array().cloned().unwrap_or_default() };
    let files = report["files"].as_object().unwrap().iter();
    files
        .map(|(name, file)| {
            let statements = numbers(&file["missing_lines"]);
            let branches = numbers(&file["missing_branches"]);
            let counted = Counted {
                statements: statements.iter().filter_map(Value::as_u64).collect(),
                branches: branches
                    .iter()
                    .filter_map(|arc| Some((arc[0].as_i64()?, arc[1].as_i64()?)))
                    .collect(),
            };
            (name.clone(), counted)
        })
        .collect()
}

/// The same data, reported by an older coverage.py and by swath.
fn report(venv: &Venv) -> (Files, Files) {
    let folder = swath_test::temp_dir();
    let run = |program: &Path, words: &[&str]| {
        let mut command = Command::new(program);
        command.args(words).current_dir(folder.path());
        finish(command)
    };
    let most = if scale() == Scale::Whole {
        "9999"
    } else {
        "60"
    };
    let python = venv.python();
    let prepared = run(&python, &["-c", PREPARE, most]);
    assert_eq!(prepared.code, 0, "{}", prepared.stderr);
    // What cannot be compiled is left out by both.
    run(
        &venv.bin("coverage"),
        &["json", "-q", "-i", "-o", "theirs.json"],
    );
    let swath = Path::new(env!("CARGO_BIN_EXE_swath"));
    let version = ["--python", python.to_str().unwrap()];
    run(
        swath,
        &[&["json", "-q", "-i", "-o", "ours.json"][..], &version].concat(),
    );
    let read = |name| counted(&folder.path().join(name));
    (read("theirs.json"), read("ours.json"))
}

/// What two reports differ in.
#[derive(Default)]
struct Differences {
    files: usize,
    /// Lines of statements, and lines from which branches lead, that only one of both has.
    statements_there: Vec<String>,
    statements_here: Vec<String>,
    branches_there: Vec<String>,
    branches_here: Vec<String>,
    files_of_statements: usize,
    files_of_branches: usize,
}

impl Differences {
    fn of(theirs: &Files, ours: &Files) -> Differences {
        let mut all = Differences::default();
        for (name, there) in theirs.iter().filter(|(name, _)| ours.contains_key(*name)) {
            let here = &ours[name];
            let text = String::from_utf8_lossy(&fs_err::read(name).unwrap()).into_owned();
            let text: Vec<&str> = text.lines().map(str::trim).collect();
            let line = |number: u64| text[usize::try_from(number).unwrap() - 1].to_owned();
            let from = |arc: &(i64, i64)| line(arc.0.unsigned_abs());
            let only = |one: &Counted, other: &Counted| {
                let statements = one.statements.difference(&other.statements);
                let branches = one.branches.difference(&other.branches);
                (
                    statements.copied().map(line).collect(),
                    branches.map(from).collect(),
                )
            };
            let (statements, branches): (Vec<_>, Vec<_>) = only(there, here);
            all.statements_there.extend(statements);
            all.branches_there.extend(branches);
            let (statements, branches): (Vec<_>, Vec<_>) = only(here, there);
            all.statements_here.extend(statements);
            all.branches_here.extend(branches);
            all.files += 1;
            all.files_of_statements += usize::from(there.statements != here.statements);
            all.files_of_branches += usize::from(there.branches != here.branches);
        }
        all
    }

    fn record(&self, column: &str) {
        let of = |files: usize| format!("{files} of {} files", self.files);
        record_figure(
            TABLE,
            "statements differ",
            column,
            of(self.files_of_statements),
        );
        record_figure(TABLE, "branches differ", column, of(self.files_of_branches));
    }
}

fn differences(test: &str, minor: u8, coverage: &str) -> Option<Differences> {
    let Some(python) = swath_test::python(3, minor) else {
        skip(test, &format!("CPython 3.{minor}"));
        return None;
    };
    let venv = venv(
        python,
        &Requirements::new([format!("coverage=={coverage}")]),
    )?;
    let (theirs, ours) = report(&venv);
    let all = Differences::of(&theirs, &ours);
    assert!(all.files >= 60, "{} files", all.files);
    if scale() == Scale::Whole {
        all.record(&format!("3.{minor}, {coverage}"));
    }
    Some(all)
}

#[test]
fn an_older_version_for_3_9_counts_the_same() {
    let test = "an_older_version_for_3_9_counts_the_same";
    let Some(all) = differences(test, 9, "7.10.7") else {
        return;
    };
    assert_eq!(all.files_of_statements, 0, "{:?}", all.statements_there);
    assert_eq!(all.files_of_branches, 0, "{:?}", all.branches_there);
}

#[test]
fn an_older_version_for_3_10_counts_with_and_case_otherwise() {
    let test = "an_older_version_for_3_10_counts_with_and_case_otherwise";
    let Some(all) = differences(test, 10, "7.16.2") else {
        return;
    };
    assert_eq!(all.files_of_statements, 0, "{:?}", all.statements_there);
    let is_with = |line: &String| line.starts_with("with ") || line.starts_with("async with ");
    assert!(
        all.branches_there.iter().all(is_with),
        "{:?}",
        all.branches_there
    );
    let is_case = |line: &String| line.starts_with("case ") && line.contains(" if ");
    assert!(
        all.branches_here.iter().all(is_case),
        "{:?}",
        all.branches_here
    );
    assert!(all.files_of_branches > 0, "then the page is wrong");
}

#[test]
fn an_older_version_for_3_8_has_other_defaults_and_an_older_model_of_branches() {
    let test = "an_older_version_for_3_8_has_other_defaults_and_an_older_model_of_branches";
    let Some(all) = differences(test, 8, "7.6.1") else {
        return;
    };
    assert!(!all.statements_there.is_empty(), "then the page is wrong");
    assert_eq!(all.statements_here, [""; 0]);
    assert!(all.files_of_branches > 0, "then the page is wrong");
}
