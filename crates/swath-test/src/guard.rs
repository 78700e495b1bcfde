//! A process that ends with its test, and all it started with it.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};

use rustix::process::{Pid, kill_process, kill_process_group};

/// A signal, for [`Guard::signal`].
pub use rustix::process::Signal;

/// A child in a process group of its own; dropping it kills the whole group.
#[derive(Debug)]
pub struct Guard {
    child: Child,
    status: Option<ExitStatus>,
}

impl Guard {
    /// Starts `command` as the leader of a new process group.
    pub fn spawn(command: &mut Command) -> io::Result<Self> {
        let child = command.process_group(0).spawn()?;
        Ok(Self {
            child,
            status: None,
        })
    }

    /// The process id, which is the group's id too.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The child itself, for its pipes.
    pub fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// Sends `signal` to the process alone; does nothing when it has been waited for.
    pub fn signal(&self, signal: Signal) {
        if self.status.is_none() {
            // It may have ended a moment ago.
            let _ = kill_process(self.pid(), signal);
        }
    }

    /// Sends `signal` to every process of the group.
    pub fn signal_group(&self, signal: Signal) {
        // A group whose last member has gone needs no signal.
        let _ = kill_process_group(self.pid(), signal);
    }

    /// The exit status, if the process has ended.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        if self.status.is_none() {
            self.status = self.child.try_wait().ok().flatten();
        }
        self.status
    }

    /// Waits until the process ends, at most `limit`.
    pub fn wait(&mut self, limit: Duration) -> Option<ExitStatus> {
        let start = Instant::now();
        loop {
            if let Some(status) = self.ended() {
                return Some(status);
            }
            if start.elapsed() >= limit {
                return None;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Whether a process of the group is still there (the leader counts until it is waited for).
    pub fn group_lives(&self) -> bool {
        rustix::process::test_kill_process_group(self.pid()).is_ok()
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.signal_group(Signal::KILL);
        let _ = self.child.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Guard {
        Guard::spawn(Command::new("sh").args(["-c", script])).unwrap()
    }

    #[test]
    fn a_drop_ends_the_whole_group() {
        let guard = shell("sleep 100 & sleep 100");
        let pid = guard.pid();
        assert!(guard.group_lives());
        drop(guard);
        crate::wait_until(Duration::from_secs(5), "the group's end", || {
            rustix::process::test_kill_process_group(pid).is_err()
        });
    }

    #[test]
    fn a_wait_has_a_limit() {
        let mut guard = shell("trap 'exit 3' TERM; sleep 100 & wait");
        assert!(guard.wait(Duration::from_millis(300)).is_none());
        guard.signal(Signal::TERM);
        assert_eq!(
            guard
                .wait(Duration::from_secs(5))
                .and_then(|status| status.code()),
            Some(3)
        );
    }
}
