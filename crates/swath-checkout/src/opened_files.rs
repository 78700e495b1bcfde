//! Files that the kernel watches, so that it is noticed when somebody opens them. A program's file is
//! opened when it is executed, whoever does so and in whatever way. That tells when to look at the
//! processes, not whose it is.

use std::collections::BTreeSet;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use rustix::fs::inotify::{self, CreateFlags, ReadFlags, Reader, WatchFlags};

/// More of them are not watched: a user may have 128 watches where the system is frugal, and other
/// programs want some.
const MOST: usize = 64;

/// The watched files of one watcher.
#[derive(Debug)]
pub struct OpenedFiles {
    inotify: OwnedFd,
    /// By what the kernel calls them: a file has one watch, whatever path leads to it.
    watched: BTreeSet<i32>,
}

impl OpenedFiles {
    /// None yet. Nothing where the kernel watches no files for this user.
    pub fn new() -> Option<OpenedFiles> {
        let inotify = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK);
        let inotify = inotify
            .inspect_err(|error| tracing::debug!("starts of programs are not noticed: {error}"))
            .ok()?;
        Some(OpenedFiles {
            inotify,
            watched: BTreeSet::new(),
        })
    }

    /// Watches one more; whether it is new.
    pub fn watch(&mut self, path: &Path) -> bool {
        if self.watched.len() >= MOST {
            return false;
        }
        let watch = inotify::add_watch(&self.inotify, path, WatchFlags::OPEN);
        watch.is_ok_and(|watch| self.watched.insert(watch))
    }

    /// Takes what was noticed, and gives the room of files that are gone to others.
    pub fn take(&mut self) {
        let mut buffer = [MaybeUninit::uninit(); 4096];
        let mut events = Reader::new(&self.inotify, &mut buffer);
        while let Ok(event) = events.next() {
            if event.events().contains(ReadFlags::IGNORED) {
                self.watched.remove(&event.wd());
            }
        }
    }
}

/// Readable when one of them was opened.
impl AsFd for OpenedFiles {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.inotify.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;
    use std::time::Duration;

    use fs_err as fs;
    use rustix::event::{PollFd, PollFlags, Timespec, poll};

    use super::*;

    fn is_noticed(files: &OpenedFiles, limit: Duration) -> bool {
        let limit = Timespec::try_from(limit).unwrap();
        poll(&mut [PollFd::new(files, PollFlags::IN)], Some(&limit)).unwrap() > 0
    }

    #[test]
    fn a_program_is_opened_when_it_is_executed() {
        let folder = tempfile::tempdir().unwrap();
        let [program, other] = ["python3.99", "pythonic"].map(|name| {
            let path = folder.path().join(name);
            fs::copy("/bin/true", &path).unwrap();
            path
        });
        // Where a copy was just made, a child of another test can have it open for a moment, and the
        // system refuses to execute it.
        let start = |program: &Path| {
            swath_test::wait_until(Duration::from_secs(20), "the program starts", || {
                let status = Command::new("env").arg("-i").arg(program).status();
                status.is_ok_and(|status| status.success())
            });
        };
        let mut files = OpenedFiles::new().unwrap();
        assert!(files.watch(&program));
        start(&other);
        assert!(!is_noticed(&files, Duration::ZERO), "another program");
        start(&program);
        assert!(is_noticed(&files, Duration::from_secs(10)));
    }

    #[test]
    fn that_one_is_opened_is_noticed_until_it_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let [path, other, link] = ["a", "b", "c"].map(|name| folder.path().join(name));
        fs::write(&path, "").unwrap();
        fs::write(&other, "").unwrap();
        std::os::unix::fs::symlink(&path, &link).unwrap();
        let mut files = OpenedFiles::new().unwrap();
        assert!(files.watch(&path));
        assert!(!files.watch(&link), "it is the same file");
        fs::read(&other).unwrap();
        assert!(!is_noticed(&files, Duration::ZERO));
        fs::read(&path).unwrap();
        assert!(is_noticed(&files, Duration::from_secs(10)));
        files.take();
        assert!(!is_noticed(&files, Duration::ZERO), "it was taken");
        fs::remove_file(&path).unwrap();
        assert!(is_noticed(&files, Duration::from_secs(10)));
        files.take();
        assert!(files.watched.is_empty());
    }
}
