//! The files of the Pythons that processes of a run may start, watched by the kernel, so that a
//! start is noticed when it happens. A Python without the agent can be over in 8 ms.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use fs_err as fs;
use swath_agent::Machine;
use swath_checkout::OpenedFiles;

use crate::command_line::is_python_name;

/// A folder with more in it holds other things.
const MOST_INSTALLATIONS: usize = 200;

/// By their real paths.
#[derive(Debug, Default)]
pub(crate) struct InterpreterFiles(BTreeSet<PathBuf>);

impl InterpreterFiles {
    /// Watches those that a search path holds and those of the environments in a project, with those
    /// that are installed beside them; and the agent in its folder, which every measured Python
    /// opens, wherever that is installed.
    pub(crate) fn find(
        &mut self,
        path: &OsStr,
        project: &Path,
        agent: &Path,
        opened: &mut OpenedFiles,
    ) {
        for machine in Machine::with_agent() {
            self.watch(&agent.join(machine.file_name()), opened);
        }
        let in_path = std::env::split_paths(path).flat_map(|folder| pythons_in(&folder));
        for program in in_path.chain(pythons_of_installations_in(project)) {
            self.add(&program, opened);
        }
    }

    /// Watches one more, and those beside it.
    pub(crate) fn add(&mut self, program: &Path, opened: &mut OpenedFiles) {
        let Some(real) = self.watch(program, opened) else {
            return;
        };
        // Of `versions/3.12.1/bin/python3.12`, what is in `versions`.
        for folder in real.ancestors().skip(3).take(1) {
            for other in pythons_of_installations_in(folder) {
                self.watch(&other, opened);
            }
        }
    }

    /// Its real path, if it was not watched before.
    fn watch(&mut self, program: &Path, opened: &mut OpenedFiles) -> Option<PathBuf> {
        let real = fs::canonicalize(program).ok()?;
        if self.0.contains(&real) || !opened.watch(&real) {
            return None;
        }
        self.0.insert(real.clone());
        Some(real)
    }
}

/// What is called a Python in a folder.
fn pythons_in(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .filter(|entry| entry.file_name().to_str().is_some_and(is_python_name))
        .map(|entry| entry.path())
        .collect()
}

/// The Pythons of what is installed side by side in a folder: versions of pyenv and uv, environments
/// of conda, a project's own.
fn pythons_of_installations_in(folder: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .take(MOST_INSTALLATIONS)
        .flat_map(|entry| pythons_in(&entry.path().join("bin")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_installed_side_by_side_are_watched_each_once() {
        let folder = tempfile::tempdir().unwrap();
        let program = |version: &str, name: &str| {
            let bin = folder.path().join("versions").join(version).join("bin");
            fs::create_dir_all(&bin).unwrap();
            bin.join(name)
        };
        let first = program("3.98", "python3.98");
        fs::copy("/bin/true", &first).unwrap();
        fs::copy("/bin/true", program("3.99", "python3.99")).unwrap();
        std::os::unix::fs::symlink(&first, program("3.98", "python3")).unwrap();
        let environment = folder.path().join("project/.venv/bin");
        fs::create_dir_all(&environment).unwrap();
        std::os::unix::fs::symlink(&first, environment.join("python")).unwrap();
        let project = folder.path().join("project");
        let (mut files, mut opened) = (InterpreterFiles::default(), OpenedFiles::new().unwrap());
        files.find(OsStr::new(""), &project, &project, &mut opened);
        files.add(&folder.path().join("gone"), &mut opened);
        assert_eq!(files.0.len(), 2, "{files:?}");
    }
}
