//! Our data files in the hands of the real coverage.py, and its files in ours.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::process::Command;

use swath_data::{
    CoverageData, Mode, ProcessNote, ProcessRecord, RunRecord, read_data_file, read_hit_store,
    to_coverage_data, write_data_file,
};
use swath_store::{StoreBuilder, layout};
use swath_test::{Requirements, Venv};

/// A virtual environment with coverage.py, or a named skip.
fn coverage_py(test: &str) -> Option<Venv> {
    let python = [13, 12, 11, 10]
        .into_iter()
        .find_map(|minor| swath_test::python(3, minor));
    let Some(python) = python else {
        swath_test::skip(test, "CPython 3.10 to 3.13");
        return None;
    };
    swath_test::venv(python, &Requirements::new(["coverage==7.17.3"]))
}

/// Runs a Python program in `folder` and gives what it prints.
fn python(venv: &Venv, folder: &Path, program: &str) -> String {
    run(venv
        .command("python")
        .args(["-c", program])
        .current_dir(folder))
}

fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{command:?}: {text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    text
}

fn line_data() -> CoverageData {
    let mut data = CoverageData::new(Mode::Lines);
    let (none, test) = (data.intern_context(""), data.intern_context("test_it|run"));
    data.intern_context("orphan");
    data.add_lines("/app/a.py", none, &[1, 2, 40_000].into_iter().collect());
    data.add_lines("/app/a.py", test, &[2, 3].into_iter().collect());
    data.add_lines("/app/empty.py", none, &[].into_iter().collect());
    data.touch("/app/page.html").tracer = Some("django_coverage_plugin".to_owned());
    data.touch("/app/ünï.py");
    data.accounting.runs.push(RunRecord {
        id: "r1".to_owned(),
        facts: vec![("complete".to_owned(), "yes".to_owned())],
    });
    data.accounting.processes.push(ProcessRecord {
        id: "p1".to_owned(),
        run: "r1".to_owned(),
        pid: 7,
        command: vec!["gunicorn".to_owned(), String::new(), "xy:app()".to_owned()],
        touched: std::sync::Arc::new(["/app/a.py".to_owned()].into()),
        ended: Some(swath_model::Ending::Signalled(9)),
        ..ProcessRecord::default()
    });
    data
}

fn arc_data() -> CoverageData {
    let mut data = CoverageData::new(Mode::Arcs);
    let (none, test) = (data.intern_context(""), data.intern_context("t"));
    data.add_arcs(
        "/app/a.py",
        none,
        &[(-1, 1), (1, 2), (2, -1)].into_iter().collect(),
    );
    data.add_arcs(
        "/app/a.py",
        test,
        &[(1, 2), (1, 70_000)].into_iter().collect(),
    );
    data.touch("/app/never.py");
    data
}

const DUMP: &str = r"
from coverage import CoverageData
data = CoverageData('.coverage')
data.read()
print(data.has_arcs(), sorted(data.measured_contexts()))
for path in sorted(data.measured_files()):
    print(path, sorted(data.lines(path)), sorted(data.arcs(path)), repr(data.file_tracer(path)))
    print({line: sorted(names) for line, names in sorted(data.contexts_by_lineno(path).items())})
";

/// What `DUMP` prints, from our own data.
fn dump(data: &CoverageData) -> String {
    use std::fmt::Write as _;
    let mut names: Vec<&str> = data.contexts().map(|(_, name)| name).collect();
    names.sort_unstable();
    let has_arcs = if data.has_arcs() { "True" } else { "False" };
    let mut out = format!("{has_arcs} [{}]\n", quoted(names));
    for (path, file) in data.files() {
        let lines: Vec<u32> = data.lines(path, None).unwrap().iter().collect();
        let arcs: Vec<_> = data.arcs(path, None).unwrap().iter().collect();
        let tracer = file.tracer.clone().unwrap_or_default();
        writeln!(out, "{path} {lines:?} {arcs:?} '{tracer}'").unwrap();
        let by_line: Vec<String> = (data.contexts_by_line(path, None).into_iter())
            .map(|(line, names)| format!("{line}: [{}]", quoted(names)))
            .collect();
        writeln!(out, "{{{}}}", by_line.join(", ")).unwrap();
    }
    out
}

fn quoted<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| format!("'{name}'")).collect();
    names.join(", ")
}

#[test]
fn coverage_py_reads_what_we_write() {
    let Some(venv) = coverage_py("coverage_py_reads_what_we_write") else {
        return;
    };
    for data in [line_data(), arc_data()] {
        let folder = tempfile::tempdir().unwrap();
        write_data_file(&data, &folder.path().join(".coverage")).unwrap();
        assert_eq!(python(&venv, folder.path(), DUMP), dump(&data));
    }
}

#[test]
fn what_we_write_we_read_again() {
    for data in [line_data(), arc_data(), CoverageData::default()] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".coverage");
        write_data_file(&data, &path).unwrap();
        assert_eq!(read_data_file(&path).unwrap(), data);
        let first = fs_err::read(&path).unwrap();
        write_data_file(&read_data_file(&path).unwrap(), &path).unwrap();
        assert!(
            fs_err::read(&path).unwrap() == first,
            "the same data gives the same bytes"
        );
        let names: Vec<_> = fs_err::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        assert_eq!(names, [".coverage"]);
    }
}

#[test]
fn we_read_what_coverage_py_writes() {
    let Some(venv) = coverage_py("we_read_what_coverage_py_writes") else {
        return;
    };
    let programs = [
        "data.set_context('one'); data.add_lines({'/a.py': [1, 2, 9], '/b.py': []}); data.set_context('two'); data.add_lines({'/a.py': [2, 3]}); data.touch_file('/c.html', 'plug')",
        "data.add_arcs({'/a.py': [(-1, 1), (1, 5), (5, -1)], '/n.py': []}); data.set_context('x'); data.add_arcs({'/a.py': [(1, 5), (-7, 7)]}); data.touch_file('/d.py')",
        "data.add_lines({'/a.py': range(0, 60000)})",
        "data.touch_files([]) if data.has_arcs() else data.add_lines({})",
    ];
    for program in programs {
        let folder = tempfile::tempdir().unwrap();
        let program = format!(
            "from coverage import CoverageData\ndata = CoverageData('.coverage')\n{program}\ndata.write()"
        );
        python(&venv, folder.path(), &program);
        let data = read_data_file(&folder.path().join(".coverage")).unwrap();
        assert_eq!(python(&venv, folder.path(), DUMP), dump(&data));
        assert!(data.accounting.is_empty());
    }
}

#[test]
fn coverage_py_combines_ours_with_one_of_its_own() {
    let Some(venv) = coverage_py("coverage_py_combines_ours_with_one_of_its_own") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    write_data_file(&line_data(), &folder.path().join(".coverage.system")).unwrap();
    let program = "from coverage import CoverageData\ndata = CoverageData('.coverage.unit')\ndata.add_lines({'/app/a.py': [7]})\ndata.write()";
    python(&venv, folder.path(), program);
    run(venv
        .command("coverage")
        .arg("combine")
        .current_dir(folder.path()));
    let all = read_data_file(&folder.path().join(".coverage")).unwrap();
    assert_eq!(
        all.lines("/app/a.py", None),
        Some([1, 2, 3, 7, 40_000].into_iter().collect())
    );
}

/// A service's store: line 1 at the start, lines 2 and 3 for a test, and line 3 for another.
fn attributed(source: &Path, branch: bool) -> CoverageData {
    let path = source.to_str().unwrap().as_bytes();
    let flags = if branch { layout::FLAG_BRANCH } else { 0 };
    let store = StoreBuilder::new(7, [7; 16])
        .process(b"python3", b"/", b"web", &[b"python3", b"app.py"])
        .flags(flags)
        .file(1, path, None);
    let fixed = u32::try_from(layout::RECORD_HEAD + layout::CODE_FIXED).unwrap();
    let lines = store.length() + fixed;
    let mut store = if branch {
        store.code_with_exits(1, 1, 1, &[(2, 0), (2, 0), (2, 2), (2, 0)])
    } else {
        store.code(1, 1, &[2, 2, 2, 2])
    };
    let mut places = vec![lines + 1, lines + 2];
    if branch {
        let heads = u32::try_from(layout::RECORD_HEAD + 2 * layout::ARC_LENGTH).unwrap();
        places.extend([lines + 6, store.length() + heads]);
        store = store.arcs(1, &[(2, 3, 0, 2), (2, 4, 0, 1)]);
    }
    let store = store
        .context(1, &[b"start"])
        .context(2, &[b"request", b"tests/t.py::one|run", b"GET", b"/p/{n}"])
        .context(
            3,
            &[b"test", "tests/t.py::two[\u{e4} \"x\"]|setup".as_bytes()],
        )
        .context_places(1, &[lines])
        .context_places(2, &places)
        .context_places(3, &[lines + 2])
        .context_note(2, &[b"status", b"200"]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("7-00.hits");
    fs_err::write(&path, store.finish()).unwrap();
    let run = RunRecord {
        id: "r1".to_owned(),
        facts: vec![("complete".to_owned(), "1".to_owned())],
    };
    to_coverage_data(&[read_hit_store(&path).unwrap()], run, "", |_| {
        ProcessNote {
            counted: true,
            ..ProcessNote::default()
        }
    })
}

#[test]
fn coverage_py_reports_the_contexts_of_a_run() {
    let Some(venv) = coverage_py("coverage_py_reports_the_contexts_of_a_run") else {
        return;
    };
    for branch in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let source = fs_err::canonicalize(folder.path()).unwrap().join("app.py");
        fs_err::write(&source, "x = 1\nif x:\n    x = 2\nx = 3\n").unwrap();
        let data = attributed(&source, branch);
        let path = folder.path().join(".coverage.run");
        write_data_file(&data, &path).unwrap();
        assert_eq!(read_data_file(&path).unwrap(), data);
        let coverage = |arguments: &[&str]| {
            run(venv
                .command("coverage")
                .args(arguments)
                .current_dir(folder.path()))
        };
        coverage(&["combine"]);
        assert_eq!(python(&venv, folder.path(), DUMP), dump(&data));
        let one = coverage(&["report", "--contexts=::one", "--format=total"]);
        // Two of four lines; with branches, one of two ways more.
        assert_eq!(one.trim(), "50");
        let start = coverage(&["report", "--contexts=start-up", "--format=total"]);
        assert_eq!(start.trim(), if branch { "17" } else { "25" });
        coverage(&["json", "--show-contexts", "-q"]);
        let json = fs_err::read_to_string(folder.path().join("coverage.json")).unwrap();
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        let contexts = &json["files"]["app.py"]["contexts"];
        let two = "tests/t.py::two[\u{e4} \"x\"]|setup";
        assert_eq!(contexts["1"], serde_json::json!(["(start-up)"]));
        assert_eq!(contexts["2"], serde_json::json!(["tests/t.py::one|run"]));
        let both = contexts["3"].as_array().unwrap();
        assert!(both.len() == 2 && both.iter().any(|context| context == two));
        assert_eq!(contexts["4"], serde_json::json!([""]));
        coverage(&["html", "--show-contexts", "-q"]);
        let page = fs_err::read_to_string(folder.path().join("htmlcov/app_py.html")).unwrap();
        assert!(page.contains("tests/t.py::one|run"), "{page}");
    }
}

#[test]
fn what_is_no_data_file_is_refused_in_coverage_pys_words() {
    let Some(venv) = coverage_py("what_is_no_data_file_is_refused_in_coverage_pys_words") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let program = r"
import sqlite3
def make(name, *statements):
    with sqlite3.connect(name) as db:
        for statement in statements: db.execute(statement)
    db.close()
open('text', 'w').write('no database ' * 99)
make('old', 'create table coverage_schema(version integer)', 'insert into coverage_schema values (6)')
make('other', 'create table things(x)')
make('hollow', 'create table coverage_schema(version integer)')
make('half', 'create table coverage_schema(version integer)', 'insert into coverage_schema values (7)')
make('odd', 'create table coverage_schema(version)', 'insert into coverage_schema values (null)')
from coverage import CoverageData
from coverage.exceptions import CoverageException
for name in ['text', 'old', 'other', 'hollow', 'half', 'odd', 'missing']:
    try: CoverageData(name, read_only=True).read()
    except CoverageException as error: print(error)
";
    let words = python(&venv, folder.path(), program);
    let ours: Vec<String> = ["text", "old", "other", "hollow", "half", "odd", "missing"]
        .iter()
        .map(|name| {
            let path = fs_err::canonicalize(folder.path()).unwrap().join(name);
            read_data_file(&path).unwrap_err().to_string()
        })
        .collect();
    assert_eq!(ours.join("\n") + "\n", words);
}
