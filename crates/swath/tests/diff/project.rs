//! A repository with a program in it, measured.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use swath_test::{
    Finished, GitRepository, Venv, coverage_requirements, finish, newest_python, venv,
};

/// A repository, and the environment that measures what is in it.
pub(crate) struct Project {
    pub(crate) repository: GitRepository,
    venv: Venv,
}

impl Project {
    /// An empty one, with coverage.py and `more` in its environment; none, with a named skip,
    /// where something of that is not to be had.
    pub(crate) fn new(test: &str, more: &[&str]) -> Option<Self> {
        Self::in_repository(test, more, GitRepository::new)
    }

    /// The same in a repository of another kind.
    pub(crate) fn in_repository(
        test: &str,
        more: &[&str],
        made: impl FnOnce(&str) -> Option<GitRepository>,
    ) -> Option<Self> {
        let Some(python) = newest_python() else {
            swath_test::skip(test, "no CPython 3.8 or newer");
            return None;
        };
        let requirements = coverage_requirements().with(more.iter().copied());
        Some(Self {
            venv: venv(python, &requirements)?,
            repository: made(test)?,
        })
    }

    pub(crate) fn folder(&self) -> &Path {
        self.repository.folder()
    }

    /// The interpreter of the environment.
    pub(crate) fn python(&self) -> PathBuf {
        self.venv.python()
    }

    /// A program in the repository's folder, as in the activated environment.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = self.repository.command(program);
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if [
                "PYTHON",
                "COVERAGE",
                "SWATH_",
                "VIRTUAL_ENV",
                "GITHUB_",
                "CI_",
            ]
            .iter()
            .any(|prefix| text.starts_with(prefix))
            {
                command.env_remove(&name);
            }
        }
        let old = std::env::var_os("PATH").unwrap_or_default();
        let folders = [self.venv.bin("")].into_iter();
        let path = std::env::join_paths(folders.chain(std::env::split_paths(&old))).unwrap();
        command
            .env("PATH", path)
            .env("VIRTUAL_ENV", self.venv.folder())
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdin(Stdio::null());
        command
    }

    /// Measures a program with coverage.py.
    pub(crate) fn measure(&self, words: &[&str]) {
        let mut command = self.command(self.venv.python());
        command.args(["-m", "coverage", "run"]).args(words);
        let done = finish(command);
        assert_eq!(done.code, 0, "{done:?}");
    }

    /// Measures a program with swath, which notes the texts that ran.
    pub(crate) fn measure_with_swath(&self, words: &[&str]) {
        let mut command = self.swath_command(&["run"]);
        command.args(words);
        let done = finish(command);
        assert_eq!(done.code, 0, "{done:?}");
    }

    /// swath, in the repository's folder.
    pub(crate) fn swath_command(&self, words: &[&str]) -> Command {
        let mut swath = self.command(env!("CARGO_BIN_EXE_swath"));
        swath.args(words);
        swath
    }

    /// Runs swath in the repository's folder.
    pub(crate) fn swath(&self, words: &[&str]) -> Finished {
        finish(self.swath_command(words))
    }
}
