//! Collects the exit statuses of what swath started and of what was orphaned to it.

use std::collections::BTreeMap;
use std::io;

use rustix::process::{
    Pid, WaitId, WaitIdOptions, WaitOptions, WaitStatus, set_child_subreaper, wait, waitid, waitpid,
};

use swath_checkout::{ProcessStat, all_pids, is_asked};
use swath_model::Ending;

use crate::proc_file::children;
use crate::process_table::ProcessKey;

/// Makes this process the one that orphans of its descendants are handed to, and reaps them.
#[derive(Debug, Default)]
pub(crate) struct Reaper {
    endings: BTreeMap<ProcessKey, Ending>,
    latest: BTreeMap<u32, ProcessKey>,
}

/// Becomes a sub-reaper: a daemon's status, too, comes here.
pub(crate) fn adopt_orphans() -> io::Result<()> {
    Ok(set_child_subreaper(Some(rustix::process::getpid()))?)
}

impl Reaper {
    /// Takes the status of every child that has ended since the last call. That one has ended the
    /// kernel says itself: it is seen without `/proc`, too.
    pub(crate) fn collect(&mut self) {
        let look = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        while let Ok(Some(_)) = waitid(WaitId::All, look) {
            let ended = ended_children();
            let own: Vec<ProcessKey> = reapable(&ended).collect();
            for key in &own {
                self.take(Pid::from_raw(key.pid.cast_signed()), Some(*key));
            }
            let is_over = if ended.is_empty() {
                !self.take(None, None)
            } else {
                own.is_empty()
            };
            if is_over {
                return;
            }
        }
    }

    /// Takes a status; the key says whose that is.
    fn take(&mut self, child: Option<Pid>, key: Option<ProcessKey>) -> bool {
        let answer = match child {
            Some(pid) => waitpid(Some(pid), WaitOptions::NOHANG),
            None => wait(WaitOptions::NOHANG),
        };
        let Ok(Some((pid, status))) = answer else {
            return false;
        };
        let pid = pid.as_raw_nonzero().get().cast_unsigned();
        let unknown = ProcessKey {
            pid,
            start_ticks: 0,
        };
        let key = key.unwrap_or(unknown);
        self.endings.insert(key, ending_of(status));
        self.latest.insert(pid, key);
        true
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

/// Those whose status nobody else waits for: who asked a program something takes it there.
fn reapable(ended: &[ProcessKey]) -> impl Iterator<Item = ProcessKey> {
    ended.iter().copied().filter(|key| !is_asked(key.pid))
}

/// The children that wait for their status to be taken: as long as they do, their numbers are
/// their own.
fn ended_children() -> Vec<ProcessKey> {
    let own = std::process::id();
    let ended = |pid: u32| {
        let stat = ProcessStat::read(pid)?;
        (stat.parent == own && stat.is_zombie()).then_some(ProcessKey {
            pid,
            start_ticks: stat.start_ticks,
        })
    };
    let listed: Vec<ProcessKey> = children().into_iter().filter_map(ended).collect();
    if listed.is_empty() {
        // Not every kernel lists children.
        return all_pids().into_iter().filter_map(ended).collect();
    }
    listed
}

#[cfg(test)]
mod tests {
    use std::process::Command;
    use std::time::Duration;

    use super::*;

    #[test]
    #[expect(clippy::zombie_processes, reason = "the reaper takes its status")]
    fn a_child_is_reaped_with_and_without_its_key() {
        let mut reaper = Reaper::default();
        let child = Command::new("sh").args(["-c", "exit 3"]).spawn().unwrap();
        let key = ProcessKey::of(child.id());
        let mut status = None;
        swath_test::wait_until(Duration::from_secs(20), "the child has ended", || {
            status = ended_children().into_iter().find(|ended| *ended == key);
            status.is_some()
        });
        let pid = Pid::from_raw(child.id().cast_signed());
        assert!(reaper.take(pid, status));
        assert_eq!(reaper.ending_of_pid(child.id()), Some(Ending::Exited(3)));
        assert!(!reaper.take(pid, None), "its status is taken");
        assert_eq!(reaper.into_endings().get(&key), Some(&Ending::Exited(3)));
    }

    #[test]
    fn the_status_of_a_program_that_is_asked_is_left_to_who_asked() {
        let folder = swath_test::temp_dir();
        let program = folder.path().join("swathasked");
        swath_test::write_file(&program, "#!/bin/sh\nexit 3\n");
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs_err::set_permissions(&program, mode).unwrap();
        let asking = std::thread::spawn(move || {
            let limit = Duration::from_secs(20);
            let ask = |_| swath_checkout::ask_program(&mut Command::new(&program), &[], limit);
            (0..50)
                .map(ask)
                .all(|answer| answer.unwrap().code == Some(3))
        });
        // Children of other tests are left alone.
        let is_it = |key: &ProcessKey| {
            let name = fs_err::read_to_string(format!("/proc/{}/comm", key.pid));
            name.is_ok_and(|name| name.trim() == "swathasked")
        };
        let mut reaper = Reaper::default();
        while !asking.is_finished() {
            let ended: Vec<ProcessKey> = ended_children().into_iter().filter(is_it).collect();
            for key in reapable(&ended) {
                reaper.take(Pid::from_raw(key.pid.cast_signed()), Some(key));
            }
        }
        assert!(asking.join().unwrap());
    }
}
