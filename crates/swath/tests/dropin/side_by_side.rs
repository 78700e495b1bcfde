//! One command line, run by coverage.py and by swath, in the same folder.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use fancy_regex::{Captures, Regex};
use swath_data::read_data_file;
use swath_test::{Requirements, Venv};

/// coverage.py 7.17.3 on the Python whose rules hold for data without accounting.
pub(crate) fn coverage_py(test: &str) -> Option<Venv> {
    let Some(python) = swath_test::python(3, 13) else {
        swath_test::skip(test, "CPython 3.13");
        return None;
    };
    swath_test::venv(python, &Requirements::new(["coverage==7.17.3"]))
}

/// A folder that is made anew for each program, always in the same place.
pub(crate) struct Stage {
    folder: tempfile::TempDir,
    venv: Venv,
}

/// What a program did.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    /// The files there are afterwards.
    files: BTreeMap<String, String>,
}

impl Stage {
    /// A stage with the test project on it, and nothing measured.
    pub(crate) fn new(test: &str) -> Option<Self> {
        let venv = coverage_py(test)?;
        let folder = swath_test::temp_dir();
        let stage = Self { folder, venv };
        fs_err::create_dir(stage.path("bin")).unwrap();
        fs_err::os::unix::fs::symlink(env!("CARGO_BIN_EXE_swath"), stage.path("bin/coverage"))
            .unwrap();
        for (name, source) in SOURCES {
            stage.write(name, source);
        }
        Some(stage)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().canonicalize().unwrap().join(name)
    }

    /// A file of the project.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.path("project").join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        swath_test::write_file(self.file(name), text);
    }

    /// The Python that coverage.py is installed for.
    pub(crate) fn python(&self) -> String {
        self.venv.python().to_string_lossy().into_owned()
    }

    /// Prepares the project with coverage.py itself.
    pub(crate) fn coverage(&self, words: &[&str]) {
        let outcome = self.run(&self.venv.bin("coverage"), words, &[]);
        assert_eq!(outcome.code, Some(0), "{words:?}: {outcome:?}");
    }

    fn run(&self, program: &Path, words: &[&str], environment: &[(&str, &str)]) -> Outcome {
        let mut command = Command::new(program);
        command.args(words).current_dir(self.path("project"));
        for (name, _) in std::env::vars_os() {
            let is_setting = name.to_string_lossy().starts_with("COVERAGE_");
            if is_setting || name == "COLUMNS" || name == "PYTHONWARNINGS" {
                command.env_remove(name);
            }
        }
        // Both are in coverage.py's environment: swath by its variable.
        command.env("VIRTUAL_ENV", self.venv.folder());
        command.envs(environment.iter().copied());
        Outcome::of(&command.output().unwrap(), &self.path("project"))
    }

    /// Runs a command line with both programs and compares everything.
    pub(crate) fn check(&self, words: &[&str]) -> Outcome {
        self.check_with(words, &[])
    }

    pub(crate) fn check_with(&self, words: &[&str], environment: &[(&str, &str)]) -> Outcome {
        let (ours, differences) = self.both(words, environment);
        assert!(differences.is_empty(), "{}", differences.join("\n"));
        ours
    }

    /// Checks command lines that are written with spaces between their words.
    pub(crate) fn check_all(&self, lines: &[&str]) {
        let mut differences = Vec::new();
        for line in lines {
            let words: Vec<&str> = line.split(' ').collect();
            differences.extend(self.both(&words, &[]).1);
        }
        assert!(differences.is_empty(), "{}", differences.join("\n"));
    }

    /// What swath did, and in what that was not what coverage.py did.
    pub(crate) fn both(
        &self,
        words: &[&str],
        environment: &[(&str, &str)],
    ) -> (Outcome, Vec<String>) {
        let (project, kept) = (self.path("project"), self.path("kept"));
        copy(&project, &kept);
        let theirs = self.run(&self.venv.bin("coverage"), words, environment);
        fs_err::remove_dir_all(&project).unwrap();
        copy(&kept, &project);
        let ours = self.run(&self.path("bin/coverage"), words, environment);
        fs_err::remove_dir_all(&project).unwrap();
        fs_err::rename(&kept, &project).unwrap();
        let line = format!("`coverage {}` {environment:?}", words.join(" "));
        let differences = compare(&line, &ours, &theirs);
        (ours, differences)
    }

    /// What a sequence of command lines prints with coverage.py, and with swath in its place; programs are run by the
    /// same Python.
    pub(crate) fn printed_by_both(&self, lines: &[&str]) -> [String; 2] {
        let (project, kept) = (self.path("project"), self.path("kept"));
        let path = std::env::var("PATH").unwrap_or_default();
        let path = format!("{}:{path}", self.venv.folder().join("bin").display());
        [self.venv.bin("coverage"), self.path("bin/coverage")].map(|program| {
            copy(&project, &kept);
            let mut printed = String::new();
            for line in lines {
                let words: Vec<&str> = line.split(' ').collect();
                let outcome = self.run(&program, &words, &[("PATH", &path)]);
                let _ = writeln!(
                    printed,
                    "{line}: {:?}\n{}{}",
                    outcome.code, outcome.stdout, outcome.stderr
                );
            }
            fs_err::remove_dir_all(&project).unwrap();
            fs_err::rename(&kept, &project).unwrap();
            printed
        })
    }

    /// Checks runs of programs, which both do with the same Python; data files count by name alone, without what
    /// differs from run to run.
    pub(crate) fn check_runs(&self, lines: &[&str]) {
        let mut differences = Vec::new();
        for line in lines {
            let (project, kept) = (self.path("project"), self.path("kept"));
            copy(&project, &kept);
            let words: Vec<&str> = line.split(' ').collect();
            let [theirs, ours] =
                [self.venv.bin("coverage"), self.path("bin/coverage")].map(|program| {
                    let mut outcome = self.run(&program, &words, &[]);
                    fs_err::remove_dir_all(&project).unwrap();
                    copy(&kept, &project);
                    outcome.forget_what_is_in_data_files();
                    outcome
                });
            fs_err::remove_dir_all(&kept).unwrap();
            differences.extend(compare(&format!("`coverage {line}`"), &ours, &theirs));
        }
        assert!(differences.is_empty(), "{}", differences.join("\n"));
    }

    /// Runs swath alone, as `coverage`.
    pub(crate) fn swath(&self, words: &[&str]) -> Outcome {
        self.run(&self.path("bin/coverage"), words, &[])
    }

    /// Runs swath alone, with these variables.
    pub(crate) fn swath_with(&self, words: &[&str], environment: &[(&str, &str)]) -> Outcome {
        self.run(Path::new(env!("CARGO_BIN_EXE_swath")), words, environment)
    }

    /// A link to swath in a folder that looks like this environment's.
    pub(crate) fn link_in(&self, venv: &Venv) -> PathBuf {
        let environment = self.path(&format!("environment-{}", venv.version().1));
        let programs = environment.join("bin");
        fs_err::create_dir_all(&programs).unwrap();
        fs_err::copy(
            venv.folder().join("pyvenv.cfg"),
            environment.join("pyvenv.cfg"),
        )
        .unwrap();
        fs_err::os::unix::fs::symlink(venv.python(), programs.join("python")).unwrap();
        let link = programs.join("coverage");
        fs_err::os::unix::fs::symlink(env!("CARGO_BIN_EXE_swath"), &link).unwrap();
        link
    }

    /// Runs a program with no environment active but what its path says.
    pub(crate) fn run_in(&self, program: &Path, words: &[&str]) -> Outcome {
        self.run(program, words, &[("VIRTUAL_ENV", "")])
    }

    /// Runs swath alone, under its own name.
    pub(crate) fn swath_as_swath(&self, words: &[&str]) -> Outcome {
        self.run(Path::new(env!("CARGO_BIN_EXE_swath")), words, &[])
    }
}

impl Outcome {
    /// What a program did that ran in a folder.
    pub(crate) fn of(output: &std::process::Output, folder: &Path) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self {
            code: output.status.code(),
            stdout: without_times(&text(&output.stdout)),
            stderr: without_places(&text(&output.stderr)),
            files: files_under(folder),
        }
    }

    /// Keeps the names of data files alone, and of parallel ones the part that names the machine.
    fn forget_what_is_in_data_files(&mut self) {
        let files = std::mem::take(&mut self.files);
        for (name, text) in files {
            if name.starts_with(".coverage") && !name.starts_with(".coveragerc") {
                let name = name.split_once(".pid").map_or(&*name, |(name, _)| name);
                self.files.insert(name.to_owned(), "data".to_owned());
            } else {
                self.files.insert(name, text);
            }
        }
    }

    /// Leaves out the data files of some content.
    pub(crate) fn forget_data_files(&mut self, of: impl Fn(&str) -> bool) {
        self.files
            .retain(|name, text| !(name.starts_with(".coverage") && of(text)));
    }
}

/// In what the two differ; `line` is the command line.
pub(crate) fn compare(line: &str, ours: &Outcome, theirs: &Outcome) -> Vec<String> {
    let mut differences = Vec::new();
    let mut compare = |what: &str, ours: &str, theirs: &str| {
        if ours != theirs {
            differences.push(format!(
                "{what} of {line}:\n--- swath\n{ours}\n--- coverage.py\n{theirs}"
            ));
        }
    };
    compare("standard error", &ours.stderr, &theirs.stderr);
    compare("standard output", &ours.stdout, &theirs.stdout);
    compare(
        "exit code",
        &format!("{:?}", ours.code),
        &format!("{:?}", theirs.code),
    );
    let names: BTreeSet<&String> = ours.files.keys().chain(theirs.files.keys()).collect();
    for name in names {
        let text = |outcome: &Outcome| {
            outcome
                .files
                .get(name)
                .map_or("no file", String::as_str)
                .to_owned()
        };
        compare(&format!("file {name}"), &text(ours), &text(theirs));
    }
    differences
}

const SOURCES: [(&str, &str); 6] = [
    (
        "main.py",
        "import sys\nfrom pkg import stock\nimport shop\n\nif len(sys.argv) > 1:\n    word = sys.argv[1]\nelse:\n    word = 'none'\n\nfor n in range(3):\n    stock.take(n, word)\nprint(shop.price(word))\n",
    ),
    (
        "shop.py",
        "class Shop:\n    tax = 2\n\n    def total(self, n):\n        if n > 10:\n            return n\n        return n * self.tax\n\n\ndef price(word):\n    if word == 'one':\n        return 1\n    elif word == 'two':\n        return Shop().total(2)\n    return 0\n\n\nif __name__ == '__main__':  # pragma: no cover\n    price('x')\n",
    ),
    ("pkg/__init__.py", ""),
    (
        "pkg/stock.py",
        "left = 5\n\n\ndef take(n, word):\n    global left\n    while n:\n        left -= 1\n        n -= 1\n        if left < 0:\n            break\n    return (\n        left,\n        word,\n    )\n",
    ),
    ("pkg/item10.py", "full = 1\n"),
    ("pkg/item9.py", "never = 1\nif never:\n    print(never)\n"),
];

/// Copies a folder.
pub(crate) fn copy(from: &Path, to: &Path) {
    fs_err::create_dir_all(to).unwrap();
    for entry in fs_err::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs_err::copy(entry.path(), target).unwrap();
        }
    }
}

/// The files of a folder: data files as what they hold, pages for browsers and byte code not at all.
fn files_under(folder: &Path) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    for entry in walkdir::WalkDir::new(folder) {
        let entry = entry.unwrap();
        let name = entry
            .path()
            .strip_prefix(folder)
            .unwrap()
            .to_string_lossy()
            .into_owned();
        if !entry.file_type().is_file()
            || name.starts_with("htmlcov")
            || name.contains("__pycache__")
        {
            continue;
        }
        let bytes = fs_err::read(entry.path()).unwrap();
        let text = if bytes.starts_with(b"SQLite format 3\0") {
            described(entry.path())
        } else {
            without_times(&String::from_utf8_lossy(&bytes))
        };
        files.insert(name, text);
    }
    files
}

/// What a data file holds, as text.
fn described(path: &Path) -> String {
    let data = match read_data_file(path) {
        Ok(data) => data,
        Err(error) => return error.to_string(),
    };
    let mut text = format!("branches {}\n", data.has_arcs());
    for (path, file) in data.files() {
        let _ = writeln!(text, "{path} {:?}", file.tracer);
        let mut rows: Vec<String> = Vec::new();
        for (context, lines) in file.lines_by_context() {
            let lines: Vec<u32> = lines.iter().collect();
            rows.push(format!("  {:?} {lines:?}", data.context_name(context)));
        }
        for (context, arcs) in file.arcs_by_context() {
            let arcs: Vec<_> = arcs.iter().collect();
            rows.push(format!("  {:?} {arcs:?}", data.context_name(context)));
        }
        rows.sort();
        text.push_str(&rows.join("\n"));
        text.push('\n');
    }
    text
}

/// The text without the moment it was made; contexts, which coverage.py has in no order, sorted.
fn without_times(text: &str) -> String {
    let timestamp = Regex::new(r#"("?timestamp"?[=:] ?)"[^"]*""#).unwrap();
    let text = timestamp.replace_all(text, "${1}\"now\"").into_owned();
    let object = Regex::new(r#""contexts": \{([^}]*)\}"#).unwrap();
    let entry = Regex::new(r#""(\d+)": \[([^\]]*)\]"#).unwrap();
    let sorted = |captures: &Captures<'_, str>| {
        let mut lines: BTreeMap<u32, Vec<&str>> = BTreeMap::new();
        for found in entry.captures_iter(captures.get(1).map_or("", |body| body.as_str())) {
            let found = found.unwrap();
            let mut names: Vec<&str> = found
                .get(2)
                .unwrap()
                .as_str()
                .split(',')
                .map(str::trim)
                .collect();
            names.sort_unstable();
            lines.insert(found[1].parse().unwrap(), names);
        }
        format!("\"contexts\": {lines:?}")
    };
    object.replace_all(&text, sorted).into_owned()
}

/// Warnings without the place in coverage.py's own code.
fn without_places(text: &str) -> String {
    let mut kept = String::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        match line.split_once(": CoverageWarning: ") {
            Some((_, warning)) => {
                let _ = writeln!(kept, "CoverageWarning: {warning}");
                lines.next_if(|line| line.starts_with("  "));
            }
            None => {
                let _ = writeln!(kept, "{line}");
            }
        }
    }
    kept
}
