//! The Python of the environment that swath was called in: it runs the program of `swath run PROGRAM`, its rules hold
//! for data of which nobody knows the Python, and it loads the plugins of coverage.py.

use std::ffi::{OsStr, OsString};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use swath_analysis::PythonVersion;
use swath_run::ask;

use crate::coverage_cli::is_coverage;

/// The names of a Python in a folder of programs, the preferred one first.
const NAMES: [&str; 2] = ["python", "python3"];

/// How long a Python may take to say its version.
const PATIENCE: Duration = Duration::from_secs(10);

/// The Python that was asked for, else the environment's; a bare name where there is none at all.
pub(crate) fn find_interpreter(asked: Option<&Path>) -> OsString {
    match asked {
        Some(asked) => asked.into(),
        None => environment_interpreter().map_or_else(|| "python3".into(), PathBuf::into_os_string),
    }
}

/// The environment's Python, as coverage.py would be run by it. Looked for once: names can be relative to the folder
/// that swath was started in, and swath may leave it.
pub(crate) fn environment_interpreter() -> Option<PathBuf> {
    static FOUND: OnceLock<Option<PathBuf>> = OnceLock::new();
    FOUND
        .get_or_init(|| Call::of_this_process().interpreter())
        .clone()
}

/// The version of a Python: from the name that its links lead to, or else by its own word.
pub(crate) fn version_of(interpreter: &Path) -> Option<PythonVersion> {
    let name = fs_err::canonicalize(interpreter).ok();
    let name = name.as_deref().and_then(Path::file_name);
    if let Some(version) = name
        .and_then(OsStr::to_str)
        .and_then(|name| name.strip_prefix("python"))
        .and_then(|version| version.parse().ok())
    {
        return Some(version);
    }
    let script = "import sys; print('%d.%d' % sys.version_info[:2])";
    let answer = ask(interpreter, &["-I", "-S", "-c", script], b"", PATIENCE).ok()?;
    String::from_utf8(answer.stdout).ok()?.trim().parse().ok()
}

/// How swath was called, as far as that says which environment is meant.
#[derive(Debug, Clone, Default)]
struct Call {
    /// The name it was called by.
    name: OsString,
    /// The file that runs, all links followed.
    program: Option<PathBuf>,
    /// The active virtual environment.
    virtual_env: Option<PathBuf>,
    /// Where programs are looked for.
    path: Vec<PathBuf>,
}

impl Call {
    fn of_this_process() -> Self {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let virtual_env = std::env::var_os("VIRTUAL_ENV").filter(|folder| !folder.is_empty());
        Self {
            name: std::env::args_os().next().unwrap_or_default(),
            program: std::env::current_exe().ok(),
            virtual_env: virtual_env.map(PathBuf::from),
            path: std::env::split_paths(&path).collect(),
        }
    }

    /// A command of an environment belongs to it, by whatever name and through whatever links it is called: the folder
    /// of the name comes before the folder of the file that the name leads to. `coverage` called by its path belongs
    /// to that folder even where it is no virtual environment, as a script of coverage.py's would.
    fn interpreter(&self) -> Option<PathBuf> {
        let called = self.called_from();
        let by_path = is_coverage(&self.name) && self.name.as_encoded_bytes().contains(&b'/');
        let first = called
            .as_deref()
            .filter(|folder| by_path || is_environment(folder));
        let active = self.virtual_env.as_ref().map(|folder| folder.join("bin"));
        let real = self.program.as_deref().and_then(Path::parent);
        let folders = [first, active.as_deref(), real, called.as_deref()];
        folders
            .into_iter()
            .flatten()
            .chain(self.path.iter().map(PathBuf::as_path))
            .find_map(python_in)
    }

    /// The folder of the name that swath was called by.
    fn called_from(&self) -> Option<PathBuf> {
        if self.name.as_encoded_bytes().contains(&b'/') {
            let name = std::path::absolute(&self.name).ok()?;
            return name.parent().map(Path::to_owned);
        }
        let holds = |folder: &&PathBuf| is_program(&folder.join(&self.name));
        self.path.iter().find(holds).cloned()
    }
}

fn is_environment(folder: &Path) -> bool {
    folder
        .parent()
        .is_some_and(|root| root.join("pyvenv.cfg").exists())
}

fn python_in(folder: &Path) -> Option<PathBuf> {
    let mut pythons = NAMES.iter().map(|name| folder.join(name));
    pythons.find(|path| is_program(path))
}

/// Whether there is a file that can be executed.
pub(crate) fn is_program(path: &Path) -> bool {
    fs_err::metadata(path)
        .is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}

/// The command of this name on `PATH`.
pub(crate) fn find_on_path(name: &OsStr) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut commands = std::env::split_paths(&path).map(|folder| folder.join(name));
    commands.find(|command| !name.is_empty() && is_program(command))
}

#[cfg(test)]
mod tests {
    use fs_err::os::unix::fs::symlink;

    use super::*;

    /// Environments `one` and `two`, and a folder of programs `usr` that belongs to neither.
    fn environments() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        for name in ["one", "two", "usr"] {
            let programs = root.join(name).join("bin");
            fs_err::create_dir_all(&programs).unwrap();
            for program in ["python", "swath"] {
                let path = programs.join(program);
                fs_err::write(&path, "").unwrap();
                let executable = std::fs::Permissions::from_mode(0o755);
                fs_err::set_permissions(&path, executable).unwrap();
            }
            symlink(root.join("usr/bin/swath"), programs.join("coverage")).unwrap();
            if name != "usr" {
                fs_err::write(root.join(name).join("pyvenv.cfg"), "").unwrap();
            }
        }
        (folder, root)
    }

    #[test]
    fn the_name_that_was_called_says_whose_python_it_is() {
        let (_folder, root) = environments();
        let found = |name: &str, active: Option<&str>, path: &[&str]| {
            let name = name
                .strip_prefix('/')
                .map_or_else(|| name.into(), |inside| root.join(inside).into_os_string());
            let call = Call {
                name,
                program: Some(root.join("usr/bin/swath")),
                virtual_env: active.map(|name| root.join(name)),
                path: path
                    .iter()
                    .map(|name| root.join(name).join("bin"))
                    .collect(),
            };
            let python = call.interpreter().unwrap();
            let python = python.strip_prefix(&root).unwrap().to_str().unwrap();
            python.strip_suffix("/bin/python").unwrap().to_owned()
        };
        for (name, active, path, expected) in [
            ("/one/bin/coverage", None, &["usr"][..], "one"),
            ("/one/bin/coverage", Some("two"), &["two"], "one"),
            ("/one/bin/swath", Some("two"), &["two"], "one"),
            ("coverage", None, &["two", "usr"], "two"),
            ("coverage", Some("one"), &["usr"], "one"),
            ("/usr/bin/coverage", Some("one"), &["one"], "usr"),
            ("/usr/bin/swath", Some("one"), &["one"], "one"),
            ("swath", None, &["one"], "one"),
            ("nothing", None, &["two"], "usr"),
        ] {
            assert_eq!(
                found(name, active, path),
                expected,
                "{name} {active:?} {path:?}"
            );
        }
    }

    #[test]
    fn links_say_the_version() {
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (
            folder.path().join("python3.9"),
            folder.path().join("python"),
        );
        fs_err::write(&real, "").unwrap();
        symlink(&real, &link).unwrap();
        assert_eq!(version_of(&link), Some(PythonVersion::new(3, 9)));
    }
}
