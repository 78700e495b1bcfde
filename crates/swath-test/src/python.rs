//! The interpreters of this machine.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

/// How a CPython was configured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Build {
    /// As distributions build it.
    Ordinary,
    /// Without a GIL (`--disable-gil`).
    FreeThreaded,
    /// With assertions and checks of memory (`--with-pydebug`).
    Debug,
}

impl Build {
    /// What stands behind the version in the names of its programs.
    pub fn suffix(self) -> &'static str {
        match self {
            Self::Ordinary => "",
            Self::FreeThreaded => "t",
            Self::Debug => "d",
        }
    }
}

/// A CPython from 3.8.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Python {
    /// The executable.
    pub path: PathBuf,
    /// Major and minor version.
    pub version: (u8, u8),
    /// How it was configured.
    pub build: Build,
}

impl Python {
    /// The version in words: `3.12`, `3.13t` for a free-threaded build, `3.13d` for one for debugging.
    pub fn tag(&self) -> String {
        let (major, minor) = self.version;
        format!("{major}.{minor}{}", self.build.suffix())
    }

    /// Whether it has no GIL.
    pub fn is_free_threaded(&self) -> bool {
        self.build == Build::FreeThreaded
    }

    /// Whether swath measures it: not every build without a GIL.
    fn is_measured(&self) -> bool {
        !self.is_free_threaded() || FREE_THREADED.contains(&self.version)
    }

    /// A command that runs this interpreter without the caller's `PYTHON*` variables.
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.path);
        without_python_variables(&mut command);
        command
    }
}

/// Takes away the variables by which a caller's environment changes what a Python does.
pub(crate) fn without_python_variables(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("PYTHON") || text.starts_with("COVERAGE_") || text == "VIRTUAL_ENV" {
            command.env_remove(&name);
        }
    }
}

/// The ordinary CPythons from 3.8 found in pyenv, on `PATH` and in `target/rootfs`, oldest first,
/// one for each minor version.
///
/// `SWATH_PYTHONS=3.8,3.13t,3.13d` keeps those alone, which may be of other builds as well.
pub fn pythons() -> &'static [Python] {
    static FOUND: OnceLock<Vec<Python>> = OnceLock::new();
    FOUND.get_or_init(|| {
        let is_chosen = wanted().is_some();
        let all = builds().iter().cloned();
        all.filter(|python| is_chosen || python.build == Build::Ordinary)
            .collect()
    })
}

/// The ordinary CPythons, builds for debugging, and the free-threaded builds of those versions whose
/// builds without a GIL swath measures; of other versions, to try them, only where `SWATH_PYTHONS` names
/// them. Others than ordinary ones are found in `target/pythons` too.
pub fn builds() -> &'static [Python] {
    static FOUND: OnceLock<Vec<Python>> = OnceLock::new();
    FOUND.get_or_init(|| {
        let mut all = told().unwrap_or_else(|| find(&candidates()));
        if let Some(wanted) = wanted() {
            for tag in &wanted {
                let is_there = all.iter().any(|python| *tag == python.tag());
                assert!(is_there, "SWATH_PYTHONS: there is no Python {tag}");
            }
            all.retain(|python| wanted.contains(&python.tag()));
        } else {
            all.retain(Python::is_measured);
        }
        all
    })
}

/// The variable by which processes are told what was found: to ask all interpreters takes a second.
const FOUND_PYTHONS: &str = "SWATH_FOUND_PYTHONS";

/// Looks for the interpreters, and tells a command that runs tests, each of them in a process.
pub fn tell_pythons(command: &mut Command) {
    let found =
        serde_json::to_string(&find(&candidates())).expect("paths of interpreters are text");
    command.env(FOUND_PYTHONS, found);
}

/// What this process was told, if all of it is still there.
fn told() -> Option<Vec<Python>> {
    let text = std::env::var(FOUND_PYTHONS).ok()?;
    let found: Vec<Python> = serde_json::from_str(&text).ok()?;
    found
        .iter()
        .all(|python| python.path.is_file())
        .then_some(found)
}

/// Whether `SWATH_PYTHONS` names others than the interpreter of this tag.
pub fn is_left_out(tag: &str) -> bool {
    wanted().is_some_and(|wanted| wanted.iter().all(|it| it != tag))
}

/// The tags in `SWATH_PYTHONS`, if it is set.
fn wanted() -> Option<Vec<String>> {
    let list = std::env::var("SWATH_PYTHONS").ok()?;
    Some(list.split(',').map(str::to_owned).collect())
}

/// The build of one minor version, if there is one.
pub fn python_build(major: u8, minor: u8, build: Build) -> Option<&'static Python> {
    builds()
        .iter()
        .find(|python| python.build == build && python.version == (major, minor))
}

/// The ordinary interpreter of one minor version, if there is one.
pub fn python(major: u8, minor: u8) -> Option<&'static Python> {
    pythons()
        .iter()
        .find(|python| python.build == Build::Ordinary && python.version == (major, minor))
}

/// The newest interpreter, if there is any.
pub fn newest_python() -> Option<&'static Python> {
    pythons().last()
}

/// A user without rights, as `setpriv --reuid` takes it.
pub const NOBODY: &str = "65534";

/// A Python that every user may execute: the system's own. `None` where there is none, or where
/// this user cannot become another one.
pub fn python_of_everybody() -> Option<&'static Path> {
    static FOUND: OnceLock<Option<PathBuf>> = OnceLock::new();
    let found = FOUND.get_or_init(|| {
        let path = PathBuf::from("/usr/bin/python3");
        let status = Command::new("setpriv")
            .args(["--reuid", NOBODY, "--regid", NOBODY, "--clear-groups"])
            .arg(&path)
            .args(["-c", ""])
            .stderr(Stdio::null())
            .status();
        status.is_ok_and(|status| status.success()).then_some(path)
    });
    found.as_deref()
}

/// The interpreters among `candidates`; the first of a version and build stays.
fn find(candidates: &[PathBuf]) -> Vec<Python> {
    let mut found = BTreeMap::new();
    for path in candidates {
        if let Some(build) = probe(path) {
            found.entry(build).or_insert_with(|| path.clone());
        }
    }
    found
        .into_iter()
        .map(|((version, build), path)| Python {
            path,
            version,
            build,
        })
        .collect()
}

/// Where an interpreter may be, the preferred places first.
fn candidates() -> Vec<PathBuf> {
    let mut paths = Vec::new();
    let pyenv = std::env::var_os("PYENV_ROOT")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| Path::new(&home).join(".pyenv")));
    if let Some(pyenv) = pyenv {
        // Names sort by text: 3.10.13 comes before 3.8.18, but the newest patch of a minor
        // version comes last, so the order is turned round.
        for version in folders(&pyenv.join("versions")).into_iter().rev() {
            paths.extend(minor_names().map(|name| version.join("bin").join(name)));
        }
    }
    for folder in std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()) {
        paths.extend(minor_names().map(|name| folder.join(name)));
        paths.push(folder.join("python3"));
    }
    for root in folders(&crate::target_dir().join("rootfs")) {
        paths.extend(minor_names().map(|name| root.join("usr/bin").join(name)));
    }
    for root in folders(&crate::target_dir().join("pythons")) {
        paths.extend(minor_names().map(|name| root.join("bin").join(name)));
    }
    paths.retain(|path| path.is_file());
    paths
}

fn minor_names() -> impl Iterator<Item = String> {
    let builds = [Build::Ordinary, Build::FreeThreaded, Build::Debug];
    (8..30).flat_map(move |minor| builds.map(|build| format!("python3.{minor}{}", build.suffix())))
}

/// The folders in `path`, sorted by name.
fn folders(path: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs_err::read_dir(path) else {
        return Vec::new();
    };
    let mut folders: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    folders
}

const PROBE: &str = "\
import sys, sysconfig
print(sys.implementation.name, sys.version_info[0], sys.version_info[1],
      sysconfig.get_config_var('Py_GIL_DISABLED') or 0, sysconfig.get_config_var('Py_DEBUG') or 0)
";

/// The free-threaded builds that swath measures.
const FREE_THREADED: [(u8, u8); 1] = [(3, 13)];

/// The version and the build of the interpreter at `path`, if it is a CPython from 3.8.
fn probe(path: &Path) -> Option<((u8, u8), Build)> {
    let mut command = Command::new(path);
    without_python_variables(&mut command);
    let output = command
        .args(["-I", "-c", PROBE])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    parse_probe(&String::from_utf8_lossy(&output.stdout))
}

fn parse_probe(text: &str) -> Option<((u8, u8), Build)> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let ["cpython", major, minor, without_gil, for_debugging] = words[..] else {
        return None;
    };
    let version = (major.parse().ok()?, minor.parse().ok()?);
    let build = match (without_gil, for_debugging) {
        ("0", "0") => Build::Ordinary,
        ("1", "0") => Build::FreeThreaded,
        ("0", "1") => Build::Debug,
        _ => return None,
    };
    (version >= (3, 8)).then_some((version, build))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pythons_from_3_8_count() {
        for (text, version, build) in [
            ("cpython 3 12 0 0\n", (3, 12), Build::Ordinary),
            ("cpython 3 13 1 0\n", (3, 13), Build::FreeThreaded),
            ("cpython 3 14 1 0\n", (3, 14), Build::FreeThreaded),
            ("cpython 3 13 0 1\n", (3, 13), Build::Debug),
        ] {
            assert_eq!(parse_probe(text), Some((version, build)));
        }
        assert_eq!(parse_probe("cpython 3 13 1 1\n"), None);
        assert_eq!(parse_probe("cpython 3 7 0 0\n"), None);
        assert_eq!(parse_probe("pypy 3 10 0 0\n"), None);
        assert_eq!(parse_probe("pyenv: python3.9: command not found"), None);
    }

    #[test]
    fn each_version_is_found_once_and_runs() {
        let found = builds();
        if found.is_empty() {
            return crate::skip(
                "each_version_is_found_once_and_runs",
                "no CPython from 3.8 found",
            );
        }
        assert!(
            found
                .windows(2)
                .all(|pair| pair[0].tag() != pair[1].tag() && pair[0].version <= pair[1].version)
        );
        for python in found {
            let code = "import sys; print('%d.%d%s' % (*sys.version_info[:2], sys.abiflags))";
            let output = python.command().args(["-c", code]).output().unwrap();
            assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), python.tag());
        }
    }

    #[test]
    fn a_file_that_is_no_python_is_passed_over() {
        assert_eq!(find(&["/bin/true".into(), "/nowhere/python3".into()]), []);
    }
}
