//! coverage.py's tests under `target/conformance`, and how they are run.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use swath_test::{Requirements, Venv, target_dir};

/// The pytest plugin; its own text says what it does.
const PLUGIN: &str = include_str!("swath_conformance.py");

/// The tests that use the command line, or ask for reports; the others look into coverage.py itself.
const FILES: [&str; 22] = [
    "annotate",
    "api",
    "cmdline",
    "concurrency",
    "context",
    "core",
    "coverage",
    "debug",
    "json",
    "lcov",
    "oddball",
    "plugins",
    "process",
    "python",
    "regions",
    "report",
    "report_common",
    "report_core",
    "setup",
    "testing",
    "venv",
    "xml",
];

/// What a file of the zip archive that the tests import from, and the one that they run, are made of.
const MAKE_ARCHIVES: &str = "\
import sys, zipfile
tests, package = sys.argv[1:]
for archive, source, name in [
    ('zipmods.zip', tests + '/covmodzip1.py', 'covmodzip1.py'),
    ('covmain.zip', package + '/__main__.py', '__main__.py'),
]:
    with zipfile.ZipFile(tests + '/' + archive, 'w') as file:
        file.write(source, name)
";

/// coverage.py's tests, ready to be run.
pub(super) struct Suite {
    pub(super) venv: Venv,
    folder: PathBuf,
}

/// What coverage.py itself does in its tests.
pub(super) struct Baseline {
    /// The tests that use the command and pass.
    pub(super) cases: Vec<String>,
    /// What was recorded.
    pub(super) store: PathBuf,
}

impl Suite {
    /// The tests of coverage.py's source archive; none, and a named skip, when it cannot be had.
    pub(super) fn obtain(test: &str) -> Option<Self> {
        let Some(python) = swath_test::python(3, 13) else {
            swath_test::skip(test, "CPython 3.13");
            return None;
        };
        let packages = [
            "coverage==7.17.3",
            "pytest>=9",
            "pytest-xdist",
            "gevent",
            "greenlet",
            "flaky",
            "hypothesis",
        ];
        let venv = swath_test::venv(python, &Requirements::new(packages))?;
        let suite = Self {
            venv,
            folder: target_dir().join("conformance"),
        };
        if let Err(problem) = suite.unpack() {
            swath_test::skip(test, &format!("coverage.py's source archive: {problem}"));
            return None;
        }
        Some(suite)
    }

    fn unpack(&self) -> Result<(), String> {
        let tests = self.tests();
        fs_err::create_dir_all(&self.folder).map_err(|error| error.to_string())?;
        // Two tests of this process may come here at once.
        let lock =
            fs_err::File::create(self.folder.join("lock")).map_err(|error| error.to_string())?;
        lock.file().lock().map_err(|error| error.to_string())?;
        if !self.folder.join("complete").is_file() {
            let mut pip = self.venv.command("python");
            pip.args(["-m", "pip", "download", "--quiet", "--no-deps"]);
            pip.args([
                "--disable-pip-version-check",
                "--no-binary=coverage",
                "coverage==7.17.3",
                "-d",
            ]);
            succeed(pip.arg(&self.folder))?;
            let archive = self.folder.join("coverage-7.17.3.tar.gz");
            let mut tar = Command::new("tar");
            tar.arg("-xzf").arg(archive).arg("-C").arg(&self.folder);
            succeed(&mut tar)?;
            let source = self.folder.join("coverage-7.17.3");
            let mut copy = Command::new("cp");
            // The package beside the tests would be imported in place of the installed one.
            copy.arg("-r").arg(source.join("tests"));
            fs_err::create_dir_all(&tests).map_err(|error| error.to_string())?;
            succeed(copy.arg(&tests))?;
            let mut archives = self.venv.command("python");
            archives
                .args(["-c", MAKE_ARCHIVES])
                .arg(tests.join("tests"));
            succeed(archives.arg(source.join("coverage")))?;
            fs_err::write(self.folder.join("complete"), "").map_err(|error| error.to_string())?;
        }
        // The archive's own settings are for another version of pytest.
        let settings = "[pytest]\npython_classes = *Test\n";
        fs_err::write(tests.join("pytest.ini"), settings).map_err(|error| error.to_string())?;
        fs_err::write(tests.join("swath_conformance.py"), PLUGIN).map_err(|error| error.to_string())
    }

    /// The tests' own folders are in it; recorded command lines are repeated in them.
    pub(super) fn temporary(&self) -> PathBuf {
        self.folder.join("temporary")
    }

    fn tests(&self) -> PathBuf {
        self.folder.join("suite")
    }

    /// A folder with a program of the name `coverage` in it.
    fn program(&self, name: &str, target: &Path) -> PathBuf {
        let folder = self.folder.join(name);
        let link = folder.join("coverage");
        fs_err::create_dir_all(&folder).unwrap();
        let _ = fs_err::remove_file(&link);
        fs_err::os::unix::fs::symlink(target, link).unwrap();
        folder
    }

    /// swath under the name `coverage`.
    pub(super) fn swath(&self) -> PathBuf {
        let folder = self.program("swath", Path::new(env!("CARGO_BIN_EXE_swath")));
        folder.join("coverage")
    }

    /// Runs the tests with coverage.py, once, and records.
    pub(super) fn baseline(&self) -> Baseline {
        let (notes, store) = (self.folder.join("baseline"), self.folder.join("store"));
        let lock = fs_err::File::create(self.folder.join("baseline.lock")).unwrap();
        lock.file().lock().unwrap();
        let complete = self.folder.join("baseline.complete");
        if fs_err::read_to_string(&complete).is_ok_and(|text| text == PLUGIN) {
            return baseline(&notes, store);
        }
        let recorder = self.folder.join("recorder/coverage");
        fs_err::create_dir_all(recorder.parent().unwrap()).unwrap();
        let script = format!(
            "#!/bin/sh\nexec {} -S {} \"$@\"\n",
            self.venv.python().display(),
            self.tests().join("swath_conformance.py").display()
        );
        let _ = fs_err::remove_file(&recorder);
        fs_err::write(&recorder, script).unwrap();
        make_executable(&recorder);
        let _ = fs_err::remove_dir_all(&store);
        fs_err::create_dir_all(&store).unwrap();
        let mut command = self.pytest(recorder.parent().unwrap(), &notes, &self.temporary());
        command.env("SWATH_CONFORMANCE_STORE", &store);
        command.env("SWATH_CONFORMANCE_TEMPORARY", self.temporary());
        command.env("SWATH_CONFORMANCE_REAL", self.venv.bin("coverage"));
        command.args(FILES.map(|name| format!("tests/test_{name}.py")));
        command.stdout(Stdio::null()).status().unwrap();
        fs_err::write(complete, PLUGIN).unwrap();
        baseline(&notes, store)
    }

    /// Runs some tests with swath as the command: each name with whether it passed.
    pub(super) fn with_swath(&self, cases: &[String]) -> BTreeMap<String, bool> {
        let notes = self.folder.join("notes");
        let swath = self.swath();
        // Command lines that were recorded may be repeated in the other folder meanwhile.
        let temporary = self.folder.join("temporary-swath");
        let mut command = self.pytest(swath.parent().unwrap(), &notes, &temporary);
        command.args(cases).stdout(Stdio::null()).status().unwrap();
        outcomes(&notes)
    }

    fn pytest(&self, program: &Path, notes: &Path, temporary: &Path) -> Command {
        let _ = fs_err::remove_dir_all(notes);
        fs_err::create_dir_all(notes).unwrap();
        let mut command = self.venv.command("python");
        let path = command_path(&command);
        let folders = [program.to_owned()]
            .into_iter()
            .chain(std::env::split_paths(&path));
        let path = std::env::join_paths(folders).unwrap();
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("COVERAGE_") || name == "COLUMNS" {
                command.env_remove(name);
            }
        }
        command
            .current_dir(self.tests())
            .env("PATH", path)
            .env("SWATH_CONFORMANCE_NOTES", notes)
            .env("COVERAGE_TEST_NO_NETWORK", "1")
            .args(["-m", "pytest", "-q", "-n", "2", "--dist=loadgroup"])
            .args(["-p", "swath_conformance", "-p", "no:legacypath"])
            .arg(format!("--basetemp={}", temporary.display()));
        command
    }
}

/// The `PATH` that a command is to have.
fn command_path(command: &Command) -> std::ffi::OsString {
    let own = command.get_envs().find(|(name, _)| *name == "PATH");
    let own = own.and_then(|(_, value)| value).map(ToOwned::to_owned);
    own.or_else(|| std::env::var_os("PATH")).unwrap_or_default()
}

fn make_executable(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    fs_err::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

fn succeed(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&output.stderr);
    Err(text.lines().last().unwrap_or("no words").to_owned())
}

fn baseline(notes: &Path, store: PathBuf) -> Baseline {
    let passed = outcomes(notes);
    let mut cases: Vec<String> = noted::<String>(notes, "uses-");
    cases.retain(|name| passed.get(name) == Some(&true));
    cases.sort();
    cases.dedup();
    Baseline { cases, store }
}

/// Each test that ran, and whether it passed.
fn outcomes(notes: &Path) -> BTreeMap<String, bool> {
    let mut outcomes = BTreeMap::new();
    for (name, outcome, when) in noted::<(String, String, String)>(notes, "outcomes-") {
        let passed = outcomes.entry(name).or_insert(true);
        *passed &= outcome == "passed" && when == "call";
    }
    outcomes
}

fn noted<T: serde::de::DeserializeOwned>(notes: &Path, prefix: &str) -> Vec<T> {
    let mut all = Vec::new();
    for entry in fs_err::read_dir(notes).unwrap() {
        let entry = entry.unwrap();
        if entry.file_name().to_string_lossy().starts_with(prefix) {
            let text = fs_err::read_to_string(entry.path()).unwrap();
            all.extend(
                text.lines()
                    .map(|line| serde_json::from_str::<T>(line).unwrap()),
            );
        }
    }
    all
}
