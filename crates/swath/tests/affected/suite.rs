//! Tests that are run under changed code: those of `examples/xy`, and those of a package.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde::Deserialize;
use swath_test::{Example, GitRepository, Guard, Signal, Venv, temp_dir, unpack_sources};
use tempfile::TempDir;

/// How long one run of the tests may take: changed code may loop for ever.
const LIMIT: Duration = Duration::from_mins(1);
/// How long a service may take until it answers.
const READY: Duration = Duration::from_secs(20);

/// How each test ended, in all its phases.
pub(crate) type Outcomes = BTreeMap<String, String>;

/// A change of one line.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Mutation {
    pub(crate) file: PathBuf,
    pub(crate) line: usize,
    pub(crate) done: String,
    text: String,
}

impl std::fmt::Display for Mutation {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            file,
            line,
            done,
            text,
        } = self;
        write!(
            formatter,
            "{}:{line} ({done}): {}",
            file.display(),
            text.trim()
        )
    }
}

/// A file with another line, until this goes.
pub(crate) struct Mutated {
    file: PathBuf,
    text: String,
}

impl Mutated {
    pub(crate) fn new(mutation: &Mutation) -> Self {
        let file = mutation.file.clone();
        let text = fs_err::read_to_string(&file).unwrap();
        let lines = text.split('\n').enumerate();
        let lines = lines.map(|(place, line)| {
            if place + 1 == mutation.line {
                mutation.text.as_str()
            } else {
                line
            }
        });
        fs_err::write(&file, lines.collect::<Vec<_>>().join("\n")).unwrap();
        Self { file, text }
    }
}

impl Drop for Mutated {
    fn drop(&mut self) {
        let _ = fs_err::write(&self.file, &self.text);
    }
}

/// Tests, the code that they test, and data of a run of them.
pub(crate) trait Suite {
    fn name(&self) -> &'static str;

    /// Runs all tests, or these.
    fn run(&self, tests: &[String]) -> Outcomes;

    fn folder(&self) -> &Path;

    fn venv(&self) -> &Venv;

    /// The files of which lines are changed.
    fn sources(&self) -> Vec<PathBuf>;

    /// swath in its folder and environment.
    fn swath(&self, words: &[&str]) -> Command;
}

/// All changes of one line of a suite's sources.
pub(crate) fn mutations(suite: &dyn Suite) -> Vec<Mutation> {
    let mut command = suite.venv().command("python");
    command
        .args(["-c", include_str!("mutations.py")])
        .args(suite.sources());
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The tests that swath selects.
pub(crate) fn selected(suite: &dyn Suite) -> BTreeSet<String> {
    let output = suite
        .swath(&["affected", "--since", "HEAD"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    // All are selected of data that is not complete: nothing would be proved.
    assert!(!said.contains("not complete"), "{said}");
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(str::to_owned).collect()
}

/// Records what the tests reach, and commits the sources.
fn record(suite: &dyn Suite, words: &[&str]) {
    let repository = GitRepository::at(suite.folder());
    repository.git(["init", "--quiet", "--initial-branch=main"]);
    repository.write(
        ".gitignore",
        "__pycache__\n.coverage*\n*.sqlite*\n*.egg-info\n.testmondata*\n.pytest_cache\n",
    );
    repository.commit();
    let output = suite.swath(words).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{said}\n{}",
        String::from_utf8_lossy(&output.stdout)
    );
}

/// A place for what tests write about themselves.
struct Notes {
    folder: TempDir,
}

impl Notes {
    fn new() -> Self {
        let folder = temp_dir();
        fs_err::write(
            folder.path().join("outcomes.py"),
            include_str!("outcomes.py"),
        )
        .unwrap();
        Self { folder }
    }

    /// Runs pytest, for so long, and reads how the tests ended.
    fn run(&self, mut pytest: Command, python_path: &str) -> Outcomes {
        let file = self.folder.path().join("outcomes");
        let _ = fs_err::remove_file(&file);
        let folder = self.folder.path().to_str().unwrap();
        pytest
            .env("PYTHONPATH", format!("{folder}:{python_path}"))
            .env("OUTCOMES", &file)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let mut guard = Guard::spawn(&mut pytest).unwrap();
        let ended = guard.wait(LIMIT);
        drop(guard);
        let text = fs_err::read_to_string(&file).unwrap_or_default();
        let mut outcomes = Outcomes::new();
        for line in text.lines() {
            let mut words = line.rsplitn(3, '\t');
            let (outcome, phase, test) = (words.next(), words.next(), words.next());
            let known = outcomes.entry(test.unwrap().to_owned()).or_default();
            known.extend([phase.unwrap(), " ", outcome.unwrap(), "; "]);
        }
        if ended.is_none() {
            outcomes.insert(TIMEOUT.to_owned(), String::new());
        }
        outcomes
    }
}

/// Stands among the outcomes of tests that did not end in time.
pub(crate) const TIMEOUT: &str = "(timeout)";

/// `examples/xy`: a service with two workers, and tests that call it.
pub(crate) struct Xy {
    example: Example,
    notes: Notes,
}

impl Xy {
    pub(crate) fn new(example: Example) -> Self {
        let suite = Self {
            example,
            notes: Notes::new(),
        };
        record(&suite, &["run", "--attribution"]);
        suite
    }

    fn pytest(&self, tests: &[String]) -> Command {
        let example = &self.example;
        let mut command = example.command(example.venv().bin("python"));
        command.args([
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "-p",
            "outcomes",
        ]);
        if tests.is_empty() {
            command.arg("test/system");
        }
        command.args(tests);
        command
    }
}

impl Suite for Xy {
    fn name(&self) -> &'static str {
        "examples/xy"
    }

    fn run(&self, tests: &[String]) -> Outcomes {
        let mut service = self.example.service();
        service
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let mut service = Guard::spawn(&mut service).unwrap();
        let start = Instant::now();
        while !self.example.is_ready() {
            if service.ended().is_some() || start.elapsed() > READY {
                return Outcomes::new();
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let outcomes = self.notes.run(self.pytest(tests), "");
        service.signal(Signal::INT);
        service.wait(READY);
        outcomes
    }

    fn folder(&self) -> &Path {
        self.example.folder()
    }

    fn venv(&self) -> &Venv {
        self.example.venv()
    }

    fn sources(&self) -> Vec<PathBuf> {
        sources(&self.folder().join("source/xy"))
    }

    fn swath(&self, words: &[&str]) -> Command {
        let mut command = self.example.command(env!("CARGO_BIN_EXE_swath"));
        clean(&mut command);
        command.args(words);
        command
    }
}

/// A package whose tests run in one process.
pub(crate) struct Package {
    pub(crate) name: &'static str,
    /// The folder of its code.
    pub(crate) source: &'static str,
    pub(crate) tests: &'static [&'static str],
    folder: TempDir,
    venv: Venv,
    notes: Notes,
}

impl Package {
    /// A package from its sources; else why it cannot be had.
    pub(crate) fn new(
        name: &'static str,
        (source, tests): (&'static str, &'static [&'static str]),
        venv: Venv,
    ) -> Result<Self, String> {
        let folder = temp_dir();
        unpack_sources(name, folder.path())?;
        let suite = Self {
            name,
            source,
            tests,
            folder,
            venv,
            notes: Notes::new(),
        };
        let from = format!("--source={source}");
        let words = [
            "run",
            "--attribution",
            "--count=all",
            &from,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
        ];
        record(&suite, &[words.as_slice(), tests].concat());
        Ok(suite)
    }

    fn import_path(&self) -> String {
        let source = self.folder().join(self.source);
        source.parent().unwrap().to_str().unwrap().to_owned()
    }

    fn pytest(&self, words: &[&str]) -> Command {
        let mut command = self.venv.command("python");
        clean(&mut command);
        command.args(["-m", "pytest", "-q"]).args(words);
        command
            .current_dir(self.folder())
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("PYTHONPATH", self.import_path());
        command
    }

    /// pytest under pytest-testmon, which needs the core of coverage.py that says for each test what
    /// ran: from Python 3.14 on it is not the default.
    fn testmon(&self, words: &[&str]) -> Command {
        let mut command = self.pytest(&[&["--testmon"], words, self.tests].concat());
        command.env("COVERAGE_CORE", "ctrace");
        command
    }

    /// Has pytest-testmon record what the tests run.
    pub(crate) fn record_with_testmon(&self) {
        let output = self.testmon(&[]).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{said}");
    }

    /// The tests that pytest-testmon selects; none where it cannot tell, as what it collects breaks.
    pub(crate) fn selected_by_testmon(&self) -> Option<BTreeSet<String>> {
        let words = ["--testmon-nocollect", "--collect-only"];
        let output = self.testmon(&words).output().unwrap();
        // 5: no test is selected.
        if !matches!(output.status.code(), Some(0 | 5)) {
            return None;
        }
        let text = String::from_utf8_lossy(&output.stdout);
        let tests = text.lines().filter(|line| line.contains("::"));
        Some(tests.map(str::to_owned).collect())
    }
}

impl Suite for Package {
    fn name(&self) -> &'static str {
        self.name
    }

    fn run(&self, tests: &[String]) -> Outcomes {
        let mut command = self.pytest(&["-p", "no:cacheprovider", "-p", "outcomes"]);
        if tests.is_empty() {
            command.args(self.tests);
        }
        command.args(tests);
        self.notes.run(command, &self.import_path())
    }

    fn folder(&self) -> &Path {
        self.folder.path()
    }

    fn venv(&self) -> &Venv {
        &self.venv
    }

    fn sources(&self) -> Vec<PathBuf> {
        sources(&self.folder().join(self.source))
    }

    fn swath(&self, words: &[&str]) -> Command {
        let environment = self.venv.command("python");
        let mut command = Command::new(env!("CARGO_BIN_EXE_swath"));
        let path = environment.get_envs().find(|(name, _)| *name == "PATH");
        command.env("PATH", path.and_then(|(_, path)| path).unwrap());
        clean(&mut command);
        command.args(words);
        command
            .current_dir(self.folder())
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("PYTHONPATH", self.import_path());
        command
    }
}

/// Without what the tests of swath run under.
fn clean(command: &mut Command) {
    for name in [
        "COVERAGE_FILE",
        "COVERAGE_RCFILE",
        "PYTEST_ADDOPTS",
        "PYTEST_CURRENT_TEST",
    ] {
        command.env_remove(name);
    }
    command.env("NO_COLOR", "1").stdin(Stdio::null());
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = walkdir::WalkDir::new(folder)
        .sort_by_file_name()
        .into_iter();
    let paths = entries.map(|entry| entry.unwrap().into_path());
    let is_python = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "py");
    paths.filter(is_python).collect()
}
