//! A folder in which swath runs.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use swath_test::{
    Guard, Python, Scale, Venv, newest_python, python, pythons, scale, skip, temp_dir,
};
use tempfile::TempDir;

use crate::reached::Reached;

/// How long one run of swath may take.
const LIMIT: Duration = Duration::from_mins(5);

/// What a command printed.
#[derive(Debug)]
pub(crate) struct Printed {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// A project, in which a Python of its own comes first on `PATH`.
pub(crate) struct Project {
    root: TempDir,
    environment: Venv,
}

impl Project {
    pub(crate) fn new(environment: Venv) -> Self {
        let root = temp_dir();
        for folder in ["project", "cache", "tmp"] {
            fs_err::create_dir(root.path().join(folder)).unwrap();
        }
        Self { root, environment }
    }

    pub(crate) fn folder(&self) -> PathBuf {
        self.root.path().join("project")
    }

    /// Runs swath to its end; what it wrote is read from files, which no process that outlives it keeps open.
    pub(crate) fn swath(&self, variables: &[(&str, &str)], arguments: &[&str]) -> Printed {
        let mut command = Command::new(env!("CARGO_BIN_EXE_swath"));
        let environment = self.environment.command("python");
        let path = environment.get_envs().find(|(name, _)| *name == "PATH");
        command.env("PATH", path.and_then(|(_, path)| path).unwrap());
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            let changes = [
                "PYTHON",
                "COVERAGE",
                "SWATH_",
                "XDG_",
                "VIRTUAL_ENV",
                "PYTEST",
            ];
            if changes.iter().any(|prefix| text.starts_with(prefix)) {
                command.env_remove(&name);
            }
        }
        let output = |name: &str| self.root.path().join(name);
        command
            .args(arguments)
            .envs(variables.iter().copied())
            .current_dir(self.folder())
            .env("XDG_CACHE_HOME", output("cache"))
            .env("TMPDIR", output("tmp"))
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("NO_COLOR", "1")
            .stdin(Stdio::null())
            .stdout(create(&output("stdout")))
            .stderr(create(&output("stderr")));
        let status = Guard::spawn(&mut command).unwrap().wait(LIMIT);
        let read = |name: &str| {
            let bytes = fs_err::read(output(name)).unwrap();
            String::from_utf8_lossy(&bytes).into_owned()
        };
        let (stdout, stderr) = (read("stdout"), read("stderr"));
        let status =
            status.unwrap_or_else(|| panic!("{arguments:?} does not end\n{stdout}\n{stderr}"));
        Printed {
            code: status.code(),
            stdout,
            stderr,
        }
    }

    /// Runs swath, which must succeed, and reads what it recorded.
    pub(crate) fn measured(
        &self,
        variables: &[(&str, &str)],
        arguments: &[&str],
    ) -> (Printed, Reached) {
        let data = self.folder().join(".coverage");
        if data.exists() {
            fs_err::remove_file(&data).unwrap();
        }
        let printed = self.swath(variables, arguments);
        assert_eq!(
            printed.code,
            Some(0),
            "{arguments:?}\n{}\n{}",
            printed.stdout,
            printed.stderr
        );
        (
            printed,
            Reached::read(&data, &self.folder(), self.environment.version()),
        )
    }

    /// What `swath report` prints of the last run.
    pub(crate) fn report(&self, options: &[&str]) -> String {
        let printed = self.swath(&[], &[&["report"], options].concat());
        assert_eq!(printed.code, Some(0), "{printed:?}");
        printed.stdout
    }
}

fn create(path: &Path) -> std::fs::File {
    fs_err::File::create(path).unwrap().into_file()
}

/// The Pythons that stand for the others unless everything is proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sampled {
    /// The newest, which has `sys.monitoring`.
    Newest,
    /// The newest that has not.
    Before,
    Both,
}

/// The Pythons that a test is tried on: all of them when everything is proved.
pub(crate) fn pythons_for(test: &str, sampled: Sampled) -> Vec<&'static Python> {
    if pythons().is_empty() {
        skip(test, "no CPython 3.8 or newer");
    }
    if scale() == Scale::Whole {
        return pythons().iter().collect();
    }
    let before = newest_without_monitoring().filter(|_| sampled != Sampled::Newest);
    let newest = newest_python().filter(|_| sampled != Sampled::Before);
    let mut chosen: Vec<_> = before.into_iter().chain(newest).collect();
    chosen.dedup();
    chosen
}

/// The newest Python that has no `sys.monitoring`.
pub(crate) fn newest_without_monitoring() -> Option<&'static Python> {
    (8..12).rev().find_map(|minor| python(3, minor))
}
