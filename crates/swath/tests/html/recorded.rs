//! Recorded projects, and their reports as `swath html` writes them.

use std::path::{Path, PathBuf};
use std::process::Command;

use swath_data::{CoverageData, Endpoint, Mode, ProcessRecord, RunRecord, write_data_file};
use swath_model::{AgentState, Ending, Role};
use swath_pattern::Directory;
use swath_test::{Finished, finish, workspace_root};
use tempfile::TempDir;

/// A folder with sources, a data file and a report.
pub(crate) struct Recorded {
    folder: TempDir,
}

impl Recorded {
    /// The sources of the example. Of every seven lines, four ran.
    pub(crate) fn example() -> Self {
        Self::of_folder(&workspace_root().join("examples/xy/source"))
    }

    /// The sources of a folder, as deep as it goes.
    pub(crate) fn of_folder(source: &Path) -> Self {
        let folder = swath_test::temp_dir();
        let mut data = CoverageData::new(Mode::Arcs);
        let context = data.intern_context("");
        let directory = Directory::new(folder.path());
        for entry in walkdir::WalkDir::new(source)
            .sort_by_file_name()
            .into_iter()
            .flatten()
        {
            if entry
                .path()
                .extension()
                .is_none_or(|extension| extension != "py")
            {
                continue;
            }
            let name = entry.path().strip_prefix(source).unwrap();
            let here = folder.path().join(name);
            let text = fs_err::read(entry.path()).unwrap();
            swath_test::write_file(&here, &text);
            let lines = i32::try_from(text.split(|&byte| byte == b'\n').count()).unwrap();
            let arcs = (1..=lines)
                .filter(|line| line % 7 < 3)
                .map(|line| (line, line + 1))
                .collect();
            data.add_arcs(&directory.absolute(name.to_str().unwrap()), context, &arcs);
        }
        // One file in which everything ran.
        fs_err::write(folder.path().join("covered.py"), "x = 1\n").unwrap();
        let all = [(-1, 1), (1, -1)].into_iter().collect();
        data.add_arcs(&directory.absolute("covered.py"), context, &all);
        write_data_file(&data, &folder.path().join(".coverage")).unwrap();
        Self { folder }
    }

    /// The example, with what a run said of itself: everything that makes a number doubtful.
    pub(crate) fn accounted() -> Self {
        let recorded = Self::example();
        let path = recorded.path(".coverage");
        let mut data = swath_data::read_data_file(&path).unwrap();
        let process = |id: &str, state: &str, ended| ProcessRecord {
            id: id.to_owned(),
            run: "5eed".to_owned(),
            pid: 101,
            service: Some("web".to_owned()),
            role: Some(Role::Service),
            counted: true,
            command: vec!["gunicorn".to_owned(), "xy:wsgi".to_owned()],
            state: AgentState::named(state),
            ended: Some(ended),
            touched: std::sync::Arc::new(data.files().map(|(path, _)| path.to_owned()).collect()),
            ..ProcessRecord::default()
        };
        let processes = vec![
            process("a1", "measured", Ending::Exited(0)),
            process("b2", "evaluation-hook-taken", Ending::Signalled(9)),
        ];
        let facts = [
            ("complete", "0"),
            ("partial", "1"),
            ("seen", "3"),
            ("tests", "failed 1"),
            (
                "finding",
                r#"{"code":"not-measured","text":"1 Python process was not measured: started with `-I`","notes":["`python3 -I tool.py`"],"gap":"processes 1"}"#,
            ),
            (
                "finding",
                r#"{"code":"service-ended","text":"service `worker` exited with code 1 while the tests were running","hint":"cat worker.log"}"#,
            ),
        ];
        let facts = facts.map(|(key, value)| (key.to_owned(), value.to_owned()));
        data.accounting.processes = processes;
        attribute(&mut data);
        data.accounting.runs = vec![RunRecord {
            id: "5eed".to_owned(),
            facts: facts.into(),
        }];
        write_data_file(&data, &path).unwrap();
        recorded
    }

    /// Runs `swath html`.
    pub(crate) fn html(&self, arguments: &[&str]) -> Finished {
        let mut command = Command::new(env!("CARGO_BIN_EXE_swath"));
        command
            .arg("html")
            .args(arguments)
            .current_dir(self.folder.path());
        command
            .env_remove("COVERAGE_FILE")
            .env_remove("COVERAGE_RCFILE");
        finish(command)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The address of a file of the report, from the disk.
    pub(crate) fn url(&self, name: &str) -> String {
        format!("file://{}", self.path(name).display())
    }

    /// The name of a page that begins so.
    pub(crate) fn page(&self, report: &str, start: &str) -> String {
        self.page_in(report, "f", start)
    }

    /// The same of the pages in a folder of the report.
    pub(crate) fn page_in(&self, report: &str, folder: &str, start: &str) -> String {
        let entries = fs_err::read_dir(self.path(report).join(folder)).unwrap();
        let names = entries
            .flatten()
            .map(|entry| entry.file_name().into_string().unwrap());
        let name = names.filter(|name| name.starts_with(start)).min();
        format!("{report}/{folder}/{}", name.unwrap())
    }
}

/// Tests that ran lines of the geometry, and endpoints of every kind.
fn attribute(data: &mut CoverageData) {
    let path = data.files().map(|(path, _)| path.to_owned());
    let path = path.into_iter().find(|path| path.ends_with("geometry.py"));
    let path = path.unwrap();
    let endpoint = |method: &str, route: &str| Endpoint {
        service: "web".to_owned(),
        route: route.to_owned(),
        method: method.to_owned(),
    };
    for (name, outcome) in [("test_near[a b]", "passed"), ("test_far", "failed")] {
        let context = data.intern_context(&format!("{name}|run"));
        let arcs = [(1, 2), (2, 3)].into_iter().collect();
        data.add_arcs(&path, context, &arcs);
        let known = &mut data.accounting.attribution;
        known.add_test(&format!("{name}|run"), Some(outcome));
        let near = endpoint("GET", "/points/<int:id>");
        known.add_call(&near, &format!("{name}|setup"), Some(200));
        known.endpoint(near).is_offered = true;
    }
    let known = &mut data.accounting.attribution;
    known.endpoint(endpoint("PUT", "/points")).is_offered = true;
    known.add_call(&endpoint("GET", "/favicon.ico"), "", Some(404));
    known.add_test("test_idle|run", Some("passed"));
}

#[test]
fn the_words_streams_and_codes_are_those_of_coverage_py() {
    let recorded = Recorded::example();
    let done = recorded.html(&["--skip-covered", "--directory", "out"]);
    assert_eq!((done.code, done.stdout.as_str()), (0, ""));
    // Beside coverage.py's words stands the verdict, as swath was not started in its place.
    let last =
        "Wrote HTML report to out/index.html\nUnknown: this data was not recorded by swath\n";
    assert!(done.stderr.ends_with(last), "{}", done.stderr);
    let index = fs_err::read_to_string(recorded.path("out/index.html")).unwrap();
    assert!(
        index.contains(" skipped due to complete coverage."),
        "{index}"
    );
    assert!(!index.contains("covered.py"));

    // Which Python recorded the data is said, as the data does not say it and it matters.
    let done = recorded.html(&["-q", "--python=3.11", "--fail-under=99.5", "--precision=1"]);
    assert_eq!((done.code, done.stderr.as_str()), (2, ""));
    assert!(
        done.stdout.starts_with("Coverage failure: total of ")
            && done.stdout.ends_with(" is less than fail-under=99.5\n"),
        "{}",
        done.stdout
    );
    assert!(recorded.path("htmlcov/.gitignore").exists());

    let done = recorded.html(&["--data-file=nowhere"]);
    assert_eq!(
        (done.code, done.stdout.as_str()),
        (1, "No data to report.\n")
    );
}
