//! Virtual environments with the packages that a test needs, made once and kept.

use std::collections::HashMap;
use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::installer::install;
use crate::python::{Python, without_python_variables};

/// How long a failure is believed before another process tries again.
const FAILURE_LASTS: Duration = Duration::from_mins(10);

/// The packages of a virtual environment, as pip names them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Requirements(Vec<String>);

impl Requirements {
    /// These packages: `flask>=3`, `coverage==7.6.1; python_version < "3.9"`.
    pub fn new<S: Into<String>>(packages: impl IntoIterator<Item = S>) -> Self {
        let mut packages: Vec<String> = packages.into_iter().map(Into::into).collect();
        packages.sort();
        packages.dedup();
        Self(packages)
    }

    /// The packages that a `requirements.txt` lists, one a line.
    pub fn read(path: &Path) -> std::io::Result<Self> {
        let text = fs_err::read_to_string(path)?;
        let lines = text
            .lines()
            .map(|line| line.split(" #").next().unwrap_or("").trim());
        Ok(Self::new(
            lines.filter(|line| !line.is_empty() && !line.starts_with('#')),
        ))
    }

    /// These packages and `more`.
    #[must_use]
    pub fn with<S: Into<String>>(&self, more: impl IntoIterator<Item = S>) -> Self {
        Self::new(
            self.0
                .iter()
                .cloned()
                .chain(more.into_iter().map(Into::into)),
        )
    }

    /// The packages of both.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        self.with(other.0.iter().cloned())
    }
}

impl<const N: usize> From<[&str; N]> for Requirements {
    fn from(packages: [&str; N]) -> Self {
        Self::new(packages)
    }
}

/// A complete virtual environment.
#[derive(Clone, Debug)]
pub struct Venv {
    folder: PathBuf,
    version: (u8, u8),
}

impl Venv {
    /// Its folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Its interpreter.
    pub fn python(&self) -> PathBuf {
        self.bin("python")
    }

    /// The version of its interpreter.
    pub fn version(&self) -> (u8, u8) {
        self.version
    }

    /// One of its programs.
    pub fn bin(&self, name: &str) -> PathBuf {
        self.folder.join("bin").join(name)
    }

    /// A command that runs one of its programs as in the activated environment, without the
    /// caller's `PYTHON*` variables.
    pub fn command(&self, name: &str) -> Command {
        let mut command = Command::new(self.bin(name));
        without_python_variables(&mut command);
        let old = std::env::var_os("PATH").unwrap_or_default();
        let folders = [self.folder.join("bin")]
            .into_iter()
            .chain(std::env::split_paths(&old));
        if let Ok(path) = std::env::join_paths(folders) {
            command.env("PATH", path);
        }
        command.env("VIRTUAL_ENV", &self.folder);
        command
    }
}

/// The virtual environment of `python` with `requirements`, made when it is not there yet.
///
/// When it cannot be made, a named skip is recorded and there is none.
pub fn venv(python: &Python, requirements: &Requirements) -> Option<Venv> {
    static MADE: OnceLock<Mutex<HashMap<PathBuf, Option<Venv>>>> = OnceLock::new();
    let folder = folder(python, requirements);
    let made = MADE.get_or_init(Mutex::default);
    let mut made = made.lock().unwrap_or_else(PoisonError::into_inner);
    let venv = made
        .entry(folder.clone())
        .or_insert_with(|| {
            made_once(python, requirements, install)
                .map_err(|error| record_failure(python, requirements, &folder, &error))
                .ok()
        })
        .clone();
    drop(made);
    if venv.is_none() {
        let reason = fs_err::read_to_string(failure(&folder)).unwrap_or_default();
        let packages = requirements.0.join(", ");
        let test = std::thread::current().name().unwrap_or("a test").to_owned();
        let what = format!("{test} on {}", python.tag());
        crate::skip(
            &what,
            &format!("no environment with {packages}: {}", reason.trim()),
        );
    }
    venv
}

/// Forgets earlier failures, so that the next request for an environment tries again.
pub fn forget_failures() {
    let Ok(entries) = fs_err::read_dir(crate::target_dir().join("venvs")) else {
        return;
    };
    for path in entries.flatten().map(|entry| entry.path()) {
        if path
            .extension()
            .is_some_and(|extension| extension == "failed")
        {
            let _ = fs_err::remove_file(path);
        }
    }
}

fn folder(python: &Python, requirements: &Requirements) -> PathBuf {
    // The hasher has fixed keys; the interpreter counts, because a moved one breaks its venvs.
    let mut hasher = DefaultHasher::new();
    (requirements, &python.path).hash(&mut hasher);
    crate::target_dir()
        .join("venvs")
        .join(format!("{}-{:016x}", python.tag(), hasher.finish()))
}

fn beside(folder: &Path, suffix: &str) -> PathBuf {
    let mut name = folder.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn failure(folder: &Path) -> PathBuf {
    beside(folder, ".failed")
}

fn record_failure(
    python: &Python,
    requirements: &Requirements,
    folder: &Path,
    error: &anyhow::Error,
) {
    let text = format!("{error:#}\n");
    if fs_err::write(failure(folder), text).is_err() {
        crate::skip(
            &format!("{requirements:?} on {}", python.tag()),
            "target/venvs is not writable",
        );
    }
}

/// The environment of `python` with `requirements`: there already, or made now while other processes wait.
pub(crate) fn made_once(
    python: &Python,
    requirements: &Requirements,
    make: impl FnOnce(&Python, &[String], &Path) -> Result<()>,
) -> Result<Venv> {
    let folder = folder(python, requirements);
    let folder = folder.as_path();
    let venv = Venv {
        folder: folder.to_owned(),
        version: python.version,
    };
    // Scripts of an environment hold its path, so it is made in its place; this file, written
    // last, says that it is complete.
    let complete = folder.join("swath-complete");
    if complete.is_file() {
        return Ok(venv);
    }
    fs_err::create_dir_all(crate::target_dir().join("venvs"))?;
    let lock = File::create(beside(folder, ".lock"))?;
    lock.lock().context("cannot lock the environment's name")?;
    if complete.is_file() {
        return Ok(venv);
    }
    let failure = failure(folder);
    let age = fs_err::metadata(&failure)
        .and_then(|data| data.modified())
        .ok();
    if age.is_some_and(|time| time.elapsed().is_ok_and(|age| age < FAILURE_LASTS)) {
        bail!("{}", fs_err::read_to_string(&failure)?.trim());
    }
    let _ = fs_err::remove_dir_all(folder);
    make(python, &requirements.0, folder)?;
    let _ = fs_err::remove_file(&failure);
    fs_err::write(&complete, requirements.0.join("\n"))?;
    Ok(venv)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requirements_are_read_without_comments() {
        let folder = crate::temp_dir();
        let path = folder.path().join("requirements.txt");
        fs_err::write(&path, "# web\nflask>=3 # the framework\n\n  gunicorn\n").unwrap();
        let read = Requirements::read(&path).unwrap();
        assert_eq!(read, Requirements::from(["gunicorn", "flask>=3"]));
        assert_eq!(
            read.with(["coverage"]),
            Requirements::from(["coverage", "flask>=3", "gunicorn"])
        );
    }

    #[test]
    fn an_environment_is_made_once() {
        let Some(python) = crate::newest_python() else {
            return crate::skip("an_environment_is_made_once", "no CPython from 3.8 found");
        };
        let Some(venv) = venv(python, &Requirements::default()) else {
            return;
        };
        let code = "import sys; print(sys.prefix)";
        let output = venv.command("python").args(["-c", code]).output().unwrap();
        let prefix = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        assert_eq!(Path::new(&prefix), venv.folder());
        let marker = venv.folder().join("swath-complete");
        let before = fs_err::metadata(&marker).unwrap().modified().unwrap();
        made_once(python, &Requirements::default(), install).unwrap();
        assert_eq!(
            fs_err::metadata(&marker).unwrap().modified().unwrap(),
            before
        );
    }
}
