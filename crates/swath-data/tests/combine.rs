//! `combine` against coverage.py's own, and where ours is more careful.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use swath_data::{
    Combine, CombineError, Combined, CoverageData, Mode, ProcessNote, RunRecord, SourceHash,
    StoredProcess, combine, read_data_file, write_data_file,
};
use swath_model::Role;
use swath_pattern::{Directory, PathAliases};
use swath_store::{StoreBuilder, layout};
use swath_test::{Requirements, Venv};

/// Counts the processes of declared services and what they forked or, without services, all.
fn count_services(processes: &[StoredProcess]) -> Vec<ProcessNote> {
    let has_services = processes.iter().any(|process| process.service.is_some());
    let note = |process: &StoredProcess| {
        let counted = process.service.is_some() || !has_services;
        ProcessNote {
            counted,
            role: Some(if counted { Role::Service } else { Role::Tests }),
            ..ProcessNote::default()
        }
    };
    processes.iter().map(note).collect()
}

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

#[derive(Default)]
struct Options<'a> {
    inputs: &'a [&'a str],
    append: bool,
    keep: bool,
    paths: &'a [&'a [&'a str]],
}

fn ours(folder: &Path, options: &Options<'_>) -> Result<Combined, CombineError> {
    let lists: Vec<Vec<String>> = options
        .paths
        .iter()
        .map(|list| list.iter().map(|&item| item.to_owned()).collect())
        .collect();
    let lists = lists.iter().map(Vec::as_slice);
    let inputs: Vec<PathBuf> = options
        .inputs
        .iter()
        .map(|input| folder.join(input))
        .collect();
    combine(Combine {
        output: &folder.join(".coverage"),
        inputs: &inputs,
        labelled: &[],
        append: options.append,
        keep: options.keep,
        aliases: PathAliases::from_lists(lists, Directory::new(folder), false).unwrap(),
        checkout: None,
        notes: &count_services,
        progress: &|_, _| {},
    })
}

/// Runs coverage.py's combine in one copy of a folder and ours in another; compares the data, the
/// files that are left and the message.
fn check(venv: &Venv, program: &str, options: &Options<'_>) {
    let base = tempfile::tempdir().unwrap();
    let mut results = Vec::new();
    // The same path in both rounds, so that mapped paths and messages are comparable.
    let folder = Directory::new(base.path()).absolute("work");
    let folder = Path::new(&folder);
    for round in ["theirs", "ours"] {
        fs_err::create_dir(folder).unwrap();
        let made = venv
            .command("python")
            .args(["-c", program])
            .current_dir(folder)
            .output()
            .unwrap();
        assert!(
            made.status.success(),
            "{}",
            String::from_utf8_lossy(&made.stderr)
        );
        let message = if round == "ours" {
            match ours(folder, options) {
                Ok(combined) => combined.to_string(),
                // Our inputs are absolute here.
                Err(error) => error
                    .to_string()
                    .replace(&format!("{}/", folder.display()), ""),
            }
        } else {
            theirs(venv, folder, options)
        };
        let output = folder.join(".coverage");
        let data = output.exists().then(|| read_data_file(&output).unwrap());
        let left: BTreeSet<_> = fs_err::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name != "rc" && !name.contains("pid"))
            .collect();
        results.push((message, data, left));
        fs_err::remove_dir_all(folder).unwrap();
    }
    assert_eq!(results[1], results[0], "{program}");
}

fn theirs(venv: &Venv, folder: &Path, options: &Options<'_>) -> String {
    use std::fmt::Write as _;
    let mut rc = String::from("[paths]\n");
    for (number, list) in options.paths.iter().enumerate() {
        writeln!(rc, "p{number} =\n    {}", list.join("\n    ")).unwrap();
    }
    fs_err::write(folder.join("rc"), rc).unwrap();
    let mut command = venv.command("coverage");
    command.args(["combine", "--rcfile=rc"]).current_dir(folder);
    if options.append {
        command.arg("--append");
    }
    if options.keep {
        command.arg("--keep");
    }
    let output = command.args(options.inputs).output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8(text).unwrap();
    // Warnings go to standard error too, with the source line that raised them.
    let last = text
        .lines()
        .rfind(|line| !line.starts_with("  ") && !line.contains("CoverageWarning"));
    last.unwrap_or_default().to_owned()
}

const MAKE: &str = r"
import os
from coverage import CoverageData
def make(name, lines={}, arcs={}, context=None, touched=(), tracer=''):
    data = CoverageData(name)
    data.set_context(context)
    if arcs: data.add_arcs(arcs)
    else: data.add_lines(lines)
    data.touch_files(touched, tracer)
    data.write()
    data.close()
";

fn program(lines: &str) -> String {
    format!("{MAKE}\n{lines}\n")
}

#[test]
fn combining_gives_what_coverage_py_gives() {
    let Some(venv) = coverage_py("combining_gives_what_coverage_py_gives") else {
        return;
    };
    let plain = Options::default();
    let two = "make('.coverage.1', {'/a.py': [1, 2]}, context='x'); make('.coverage.2', {'/a.py': [3], '/b.py': []})";
    check(&venv, &program(two), &plain);
    check(
        &venv,
        &program(two),
        &Options {
            keep: true,
            ..Options::default()
        },
    );
    let old = format!("{two}; make('.coverage', {{'/old.py': [9]}})");
    check(&venv, &program(&old), &plain);
    check(
        &venv,
        &program(&old),
        &Options {
            append: true,
            ..Options::default()
        },
    );
    check(
        &venv,
        &program(two),
        &Options {
            inputs: &[".coverage.2"],
            ..Options::default()
        },
    );
    check(
        &venv,
        &program(two),
        &Options {
            inputs: &["nowhere"],
            keep: true,
            ..Options::default()
        },
    );
    check(
        &venv,
        &program(
            "make('.coverage.1', arcs={'/a.py': [(-1, 1), (1, -1)]}); make('.coverage.2', arcs={'/a.py': [(1, 2)]}, context='t')",
        ),
        &plain,
    );
    check(
        &venv,
        &program("make('.coverage.1', {'/t.html': [1]}, touched=['/u.html'], tracer='plug')"),
        &plain,
    );
    check(&venv, &program("pass"), &plain);
}

#[test]
fn duplicates_and_wrecks_are_treated_as_coverage_py_treats_them() {
    let Some(venv) = coverage_py("duplicates_and_wrecks_are_treated_as_coverage_py_treats_them")
    else {
        return;
    };
    let plain = Options::default();
    check(
        &venv,
        &program("make('.coverage.1', {'/a.py': [1]}); make('.coverage.2', {'/a.py': [1]})"),
        &plain,
    );
    check(
        &venv,
        &program(
            "make('.coverage.1', {'/a.py': [1]}); open('.coverage.2', 'w').write('x' * 999); open('.coverage.3', 'w')",
        ),
        &plain,
    );
    check(
        &venv,
        &program("open('.coverage.2', 'w').write('x' * 999); make('.coverage', {'/a.py': [1]})"),
        &plain,
    );
    let hashed = "
for _ in range(2):
    data = CoverageData('.coverage', suffix=True)
    data.add_lines({'/a.py': [1]})
    data.write()
";
    check(&venv, &program(hashed), &plain);
}

#[test]
fn paths_are_mapped_as_coverage_py_maps_them() {
    let Some(venv) = coverage_py("paths_are_mapped_as_coverage_py_maps_them") else {
        return;
    };
    let made = program(
        "os.makedirs('src/p'); open('src/p/a.py', 'w'); open('src/b.py', 'w')
make('.coverage.1', {'/ci/1/src/p/a.py': [1], '/ci/1/src/b.py': [1], '/ci/1/src/c.py': [2], r'c:\\w\\src\\p\\a.py': [7]})
make('.coverage.2', {'/CI/2/SRC/p/a.py': [2], os.path.abspath('src/p/a.py'): [3]}, context='c')",
    );
    let paths: &[&[&str]] = &[&["src", "/ci/*/src", "c:\\w\\src"]];
    check(
        &venv,
        &made,
        &Options {
            paths,
            ..Options::default()
        },
    );
}

#[test]
fn a_conflict_changes_nothing_on_disk() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, mode| {
        let mut data = CoverageData::new(mode);
        let context = data.intern_context("");
        if mode == Mode::Arcs {
            data.add_arcs("/a.py", context, &[(1, 2)].into_iter().collect());
        } else {
            data.add_lines("/a.py", context, &[1].into_iter().collect());
        }
        write_data_file(&data, &folder.path().join(name)).unwrap();
    };
    write(".coverage", Mode::Lines);
    write(".coverage.1", Mode::Lines);
    write(".coverage.2", Mode::Arcs);
    let before = snapshot(folder.path());
    let error = ours(folder.path(), &Options::default())
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with("Can't combine branch coverage data with statement data: "),
        "{error}"
    );
    assert_eq!(snapshot(folder.path()), before);
}

fn snapshot(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files: Vec<_> = fs_err::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.clone(), fs_err::read(path).unwrap()))
        .collect();
    files.sort();
    files
}

/// coverage.py takes the second file for a duplicate and loses the file that it only touched.
#[test]
fn files_without_data_survive_the_duplicate_rule() {
    let folder = tempfile::tempdir().unwrap();
    for (name, touched) in [("Xaaaaaax", "/one.py"), ("Xbbbbbbx", "/two.py")] {
        let mut data = CoverageData::new(Mode::Lines);
        data.touch(touched);
        let path = folder
            .path()
            .join(format!(".coverage.h.pid1.{name}.H0123456789h"));
        write_data_file(&data, &path).unwrap();
    }
    let combined = ours(folder.path(), &Options::default()).unwrap();
    assert_eq!(combined.to_string(), "Combined 1 file, skipped 1");
    let all = read_data_file(&folder.path().join(".coverage")).unwrap();
    assert!(all.file("/one.py").is_some() && all.file("/two.py").is_some());
}

/// The name that says that a file was written to its end, by which a long one is read page by page.
fn hashed(number: usize) -> String {
    format!(".coverage.host.pid{number}.Xabcdefx.Hhashhash{number:02}h")
}

#[test]
fn long_files_are_read_page_by_page() {
    let folder = tempfile::tempdir().unwrap();
    let mut all = CoverageData::new(Mode::Arcs);
    for number in 1..=3 {
        let mut data = CoverageData::new(Mode::Arcs);
        let context = data.intern_context(if number == 2 { "test" } else { "" });
        for file in 0..100 {
            let lines = (file % 7 * 50)..(1000 + file);
            let arcs = lines.map(|line| (line, line + number)).collect();
            data.add_arcs(&format!("/app/shop/file_{file}.py"), context, &arcs);
        }
        let path = folder.path().join(hashed(usize::try_from(number).unwrap()));
        write_data_file(&data, &path).unwrap();
        assert!(fs_err::metadata(&path).unwrap().len() > 2 << 20);
        all.update(&data, ("", ""), str::to_owned).unwrap();
    }
    // One lost a page of its table, for which SQLite reads the index; another one the rest of both.
    for (number, length) in [(4, None), (5, Some((1 << 20) + 4096 + 7))] {
        let path = folder.path().join(hashed(number));
        let mut bytes = fs_err::read(folder.path().join(hashed(1))).unwrap();
        let middle = bytes.len() / (4 * 4096) * 4096;
        bytes[middle..middle + 4096].fill(0xa5);
        bytes.truncate(length.unwrap_or(bytes.len()));
        fs_err::write(path, bytes).unwrap();
    }
    let combined = ours(folder.path(), &Options::default()).unwrap();
    assert_eq!(
        (combined.combined, combined.errored),
        (4, 1),
        "{combined:?}"
    );
    let output = read_data_file(&folder.path().join(".coverage")).unwrap();
    assert!(output == all);
    let left = snapshot(folder.path());
    let names: Vec<_> = left.iter().map(|(path, _)| path.file_name()).collect();
    let kept = [".coverage".to_owned(), hashed(5)];
    assert_eq!(names, kept.each_ref().map(|name| Some(name.as_ref())));
}

#[test]
fn hit_stores_of_a_killed_run_combine_with_data_files() {
    let folder = tempfile::tempdir().unwrap();
    let mut unit = CoverageData::new(Mode::Lines);
    let context = unit.intern_context("");
    unit.add_lines("/a.py", context, &[1].into_iter().collect());
    write_data_file(&unit, &folder.path().join(".coverage.unit")).unwrap();
    let data = folder.path().join("run/data");
    fs_err::create_dir_all(&data).unwrap();
    let store = |id: u8, service: &[u8], line: u32| {
        let store = StoreBuilder::new(id.into(), [id; 16])
            .process(b"python", b"/", service, &[b"python"])
            .file(1, b"/a.py", None)
            .code(1, line, &[2]);
        fs_err::write(data.join(format!("{id}-00.hits")), store.finish()).unwrap();
    };
    store(1, b"web", 5);
    store(2, b"", 6);
    fs_err::write(data.join("3-00.hits"), b"wreck").unwrap();
    let options = Options {
        inputs: &[".coverage.unit", "run"],
        ..Options::default()
    };
    let combined = ours(folder.path(), &options).unwrap();
    assert_eq!(combined.to_string(), "Combined 3 files, 1 file errored");
    let all = read_data_file(&folder.path().join(".coverage")).unwrap();
    assert_eq!(all.lines("/a.py", None), Some([1, 5].into_iter().collect()));
    assert_eq!(all.accounting.processes.len(), 2);
    // The unit tests' file was not recorded by swath, and that is not forgotten.
    let foreign = |data: &CoverageData| -> Vec<u64> {
        let runs = data.accounting.runs.iter();
        runs.filter_map(RunRecord::foreign_lines).collect()
    };
    assert_eq!(foreign(&all), [1]);
    let left: Vec<_> = fs_err::read_dir(&data)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(left, ["3-00.hits"]);

    // The accounting survives another combine, with other data beside it.
    write_data_file(&unit, &folder.path().join(".coverage.more")).unwrap();
    ours(
        folder.path(),
        &Options {
            append: true,
            ..Options::default()
        },
    )
    .unwrap();
    let again = read_data_file(&folder.path().join(".coverage")).unwrap();
    assert_eq!(again.accounting.processes, all.accounting.processes);
    assert_eq!(foreign(&again), [1], "the same data is named once");
}

#[test]
fn the_processes_of_a_run_are_judged_together_and_their_files_are_found_here() {
    let folder = tempfile::tempdir().unwrap();
    let project = Directory::new(folder.path()).absolute("project");
    let project = Path::new(&project);
    fs_err::create_dir_all(project.join("src")).unwrap();
    let source = "x = 1\n";
    fs_err::write(project.join("src/a.py"), source).unwrap();
    let data = folder.path().join("data");
    fs_err::create_dir(&data).unwrap();
    let hash = SourceHash::of(source.as_bytes());
    for id in 1..=20_u8 {
        let store = StoreBuilder::new(id.into(), [id; 16])
            .process(b"python", b"/", b"", &[b"python"])
            .file(1, b"/srv/app/a.py", Some(hash.0))
            .code(1, u32::from(id), &[2]);
        fs_err::write(data.join(format!("{id}-00.hits")), store.finish()).unwrap();
    }
    let asked = std::cell::Cell::new(0);
    let notes = |processes: &[StoredProcess]| {
        asked.set(asked.get() + 1);
        count_services(processes)
    };
    let output = project.join(".coverage");
    let combined = combine(Combine {
        output: &output,
        inputs: &[data],
        labelled: &[],
        append: false,
        keep: true,
        aliases: PathAliases::new(Directory::new(project), false),
        checkout: Some(project),
        notes: &notes,
        progress: &|_, _| {},
    })
    .unwrap();
    assert_eq!((combined.combined, asked.get()), (20, 1));
    let all = read_data_file(&output).unwrap();
    let here = project.join("src/a.py").display().to_string();
    assert_eq!(all.lines(&here, None), Some((1..=20).collect()));
}

/// A file with places for the stores of fork children, of which these are taken.
fn places(stores: &[StoreBuilder]) -> Vec<u8> {
    let mut file = vec![0; layout::PLACE_LENGTH];
    file[..8].copy_from_slice(&layout::FORKS_MAGIC);
    file[8..12].copy_from_slice(&layout::FORMAT_VERSION.to_le_bytes());
    for store in stores {
        let mut place = store.clone().finish();
        place.resize(layout::PLACE_LENGTH, 0);
        file.extend(place);
    }
    file
}

#[test]
fn nothing_is_deleted_that_was_not_taken() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    fs_err::create_dir(&data).unwrap();
    let store = |id: u8| {
        StoreBuilder::new(id.into(), [id; 16])
            .process(b"python", b"/", b"", &[b"python"])
            .file(1, b"/a.py", None)
            .code(1, id.into(), &[2])
    };
    let write = |name: &str, bytes: &[u8]| fs_err::write(data.join(name), bytes).unwrap();
    let left = || {
        let names = fs_err::read_dir(&data).unwrap();
        let mut names: Vec<_> = names.map(|name| name.unwrap().file_name()).collect();
        names.sort();
        names
    };
    write("1-01.hits", &store(1).finish());
    write("2-02.hits", &places(&[store(3), store(4)]));
    let continued = store(3).flags(layout::FLAG_CONTINUES).finish();
    write("3-03.hits", &continued[..layout::HEADER_LENGTH]);
    write("5-05.hits", &places(&[]));
    let take = |input: &str| {
        let options = Options {
            inputs: &[&format!("data/{input}")],
            append: true,
            ..Options::default()
        };
        ours(folder.path(), &options).unwrap()
    };
    // One process of its own: what others have stays.
    take("1-01.hits");
    assert_eq!(left(), ["2-02.hits", "3-03.hits", "5-05.hits"]);
    // Named by the file that it goes on in: its place is beside another's.
    take("3-03.hits");
    assert_eq!(left(), ["2-02.hits", "5-05.hits"]);
    // One place of the file cannot be read.
    write("2-02.hits", &places(&[store(4), store(6).version(99)]));
    assert_eq!(take("2-02.hits").combined, 1);
    assert_eq!(left(), ["2-02.hits", "5-05.hits"]);
    // A folder is taken with all that is in it.
    write("2-02.hits", &places(&[store(4)]));
    take("");
    assert_eq!(left(), [] as [&str; 0]);
    let all = read_data_file(&folder.path().join(".coverage")).unwrap();
    assert_eq!(
        all.lines("/a.py", None),
        Some([1, 3, 4].into_iter().collect())
    );
}
