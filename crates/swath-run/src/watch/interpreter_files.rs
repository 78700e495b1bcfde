//! The files of the Pythons that processes of a run may start, watched by the kernel, so that a
//! start is noticed when it happens. A Python without the agent can be over in 8 ms.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use fs_err as fs;
use rustix::fs::inotify::{self, CreateFlags, Reader, WatchFlags};
use swath_agent::Machine;

use crate::command_line::is_python_name;

/// More of them are not watched: a user may have 128 watches where the system is frugal, and other
/// programs want some.
const MOST: usize = 64;
/// A folder with more in it holds other things.
const MOST_INSTALLATIONS: usize = 200;

/// A Python's file is opened when it is executed, whoever does so and in whatever way. That tells
/// when to look at the processes, not whose it is.
#[derive(Debug)]
pub(crate) struct InterpreterFiles {
    inotify: OwnedFd,
    /// By their real paths.
    watched: BTreeSet<PathBuf>,
}

impl InterpreterFiles {
    /// Those that a search path holds and those of the environments in a project, with those that
    /// are installed beside them; and the agent in its folder, which every measured Python opens,
    /// wherever that is installed. Nothing where the kernel watches no files for this user.
    pub(crate) fn find(path: &OsStr, project: &Path, agent: &Path) -> Option<InterpreterFiles> {
        let inotify = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK);
        let inotify = inotify
            .inspect_err(|error| tracing::debug!("starts of Pythons are not noticed: {error}"))
            .ok()?;
        let mut files = InterpreterFiles {
            inotify,
            watched: BTreeSet::new(),
        };
        for machine in Machine::with_agent() {
            files.watch(&agent.join(machine.file_name()));
        }
        let in_path = std::env::split_paths(path).flat_map(|folder| pythons_in(&folder));
        for program in in_path.chain(pythons_of_installations_in(project)) {
            files.add(&program);
        }
        Some(files)
    }

    /// Watches one more, and those beside it.
    pub(crate) fn add(&mut self, program: &Path) {
        let Some(real) = self.watch(program) else {
            return;
        };
        // Of `versions/3.12.1/bin/python3.12`, what is in `versions`.
        for folder in real.ancestors().skip(3).take(1) {
            for other in pythons_of_installations_in(folder) {
                self.watch(&other);
            }
        }
    }

    /// Its real path, if it was not watched before.
    fn watch(&mut self, program: &Path) -> Option<PathBuf> {
        let real = fs::canonicalize(program).ok()?;
        if self.watched.len() >= MOST || self.watched.contains(&real) {
            return None;
        }
        inotify::add_watch(&self.inotify, &real, WatchFlags::OPEN).ok()?;
        self.watched.insert(real.clone());
        Some(real)
    }

    /// What becomes readable when one of them is started.
    pub(crate) fn started(&self) -> BorrowedFd<'_> {
        self.inotify.as_fd()
    }

    /// Takes the starts that were noticed.
    pub(crate) fn take_starts(&self) {
        let mut buffer = [MaybeUninit::uninit(); 4096];
        let mut events = Reader::new(&self.inotify, &mut buffer);
        while events.next().is_ok() {}
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
    use std::process::Command;
    use std::time::Duration;

    use rustix::event::{PollFd, PollFlags, Timespec, poll};

    use super::*;

    fn is_ready(files: &InterpreterFiles, limit: Duration) -> bool {
        let limit = Timespec::try_from(limit).unwrap();
        let started = files.started();
        poll(&mut [PollFd::new(&started, PollFlags::IN)], Some(&limit)).unwrap() > 0
    }

    /// Starts a program by another one. Where a copy was just made, a child of another test can have it
    /// open for a moment, and the system refuses to execute it.
    fn start(program: &Path) {
        swath_test::wait_until(Duration::from_secs(20), "the program starts", || {
            let status = Command::new("env").arg("-i").arg(program).status();
            status.is_ok_and(|status| status.success())
        });
    }

    #[test]
    fn a_start_is_noticed_and_other_programs_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let copy = |name: &str| {
            let program = folder.path().join(name);
            fs::copy("/bin/true", &program).unwrap();
            program
        };
        let (python, other) = (copy("python3.99"), copy("pythonic"));
        let files = InterpreterFiles::find(folder.path().as_os_str(), folder.path(), folder.path());
        let files = files.unwrap();
        start(&other);
        assert!(!is_ready(&files, Duration::ZERO), "another program");
        start(&python);
        assert!(is_ready(&files, Duration::from_secs(10)));
        files.take_starts();
        assert!(!is_ready(&files, Duration::ZERO), "they were taken");
    }

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
        let files = InterpreterFiles::find(OsStr::new(""), &project, &project);
        let mut files = files.unwrap();
        files.add(&folder.path().join("gone"));
        assert_eq!(files.watched.len(), 2, "{:?}", files.watched);
    }
}
