//! Collects the exit statuses of what swath started and of what was orphaned to it.

use std::collections::BTreeMap;
use std::io;

use rustix::process::{Pid, WaitOptions, WaitStatus, set_child_subreaper, waitpid};

use swath_model::Ending;

use crate::watch::{children_of, read_stat};

/// A process for as long as the machine is up: its pid may be used again, but not with the same
/// start time (in clock ticks since boot, field 22 of `/proc/PID/stat`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ProcessKey {
    pub(crate) pid: u32,
    pub(crate) start_ticks: u64,
}

/// Makes this process the one that orphans of its descendants are handed to, and reaps them.
#[derive(Debug, Default)]
pub(crate) struct Reaper {
    endings: BTreeMap<ProcessKey, Ending>,
    latest: BTreeMap<u32, ProcessKey>,
}

impl Reaper {
    /// Becomes a sub-reaper: a daemon's status, too, comes here.
    pub(crate) fn install() -> io::Result<Reaper> {
        set_child_subreaper(Some(rustix::process::getpid()))?;
        Ok(Reaper::default())
    }

    /// Takes the status of every child that has ended since the last call.
    pub(crate) fn collect(&mut self) {
        for pid in children_of(std::process::id()) {
            let Some(stat) = read_stat(pid) else { continue };
            if stat.state != b'Z' {
                continue;
            }
            let Some(raw) = i32::try_from(pid).ok().and_then(Pid::from_raw) else {
                continue;
            };
            if let Ok(Some((_, status))) = waitpid(Some(raw), WaitOptions::NOHANG) {
                let key = ProcessKey {
                    pid,
                    start_ticks: stat.start_ticks,
                };
                self.endings.insert(key, ending_of(status));
                self.latest.insert(pid, key);
            }
        }
    }

    /// How the process ended that last had this pid; `None` while it runs.
    pub(crate) fn ending_of_pid(&self, pid: u32) -> Option<Ending> {
        self.latest
            .get(&pid)
            .and_then(|key| self.endings.get(key))
            .copied()
    }

    /// All statuses collected.
    pub(crate) fn into_endings(self) -> BTreeMap<ProcessKey, Ending> {
        self.endings
    }
}

fn ending_of(status: WaitStatus) -> Ending {
    match (status.exit_status(), status.terminating_signal()) {
        (Some(code), _) => Ending::Exited(code),
        (None, Some(signal)) => Ending::Signalled(signal),
        (None, None) => Ending::Abruptly,
    }
}
