//! Which process made something, so that it can be seen later whether that process is gone.

use std::fmt;
use std::str::FromStr;

use crate::process_stat::ProcessStat;

/// A process, for as long as its machine is up: boot, pid namespace, pid and start time.
///
/// ```
/// use swath_checkout::{Life, Owner};
///
/// let owner: Owner = Owner::this_process().to_string().parse().unwrap();
/// assert_eq!(owner.life(), Life::Alive);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// The id of the boot and the name of the pid namespace.
    machine: String,
    pid: u32,
    /// Field 22 of `/proc/PID/stat`.
    start_ticks: u64,
}

/// What can be said about a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    /// It runs.
    Alive,
    /// It was here and is no more.
    Gone,
    /// It is, or was, where nobody can look from here: in another pid namespace, on another
    /// machine, or before the last boot.
    Unknown,
}

impl Owner {
    /// This process.
    pub fn this_process() -> Self {
        let pid = std::process::id();
        Self {
            machine: this_machine(),
            pid,
            start_ticks: start_ticks(pid).unwrap_or(0),
        }
    }

    /// Whether the process is alive.
    pub fn life(&self) -> Life {
        if self.machine != this_machine() {
            Life::Unknown
        } else if start_ticks(self.pid) == Some(self.start_ticks) {
            Life::Alive
        } else {
            Life::Gone
        }
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{} {} {}",
            self.machine, self.pid, self.start_ticks
        )
    }
}

/// The text is not that of an owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoOwner;

impl FromStr for Owner {
    type Err = NoOwner;

    fn from_str(text: &str) -> Result<Self, NoOwner> {
        let mut parts = text.rsplitn(3, ' ');
        let mut next = || parts.next().ok_or(NoOwner);
        let (start_ticks, pid, machine) = (next()?, next()?, next()?);
        Ok(Self {
            machine: machine.to_owned(),
            pid: pid.parse().map_err(|_| NoOwner)?,
            start_ticks: start_ticks.parse().map_err(|_| NoOwner)?,
        })
    }
}

fn this_machine() -> String {
    let boot = fs_err::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    let namespace = fs_err::read_link("/proc/self/ns/pid").unwrap_or_default();
    format!("{} {}", boot.trim(), namespace.display())
}

/// When a process was begun; `None` when it is gone.
fn start_ticks(pid: u32) -> Option<u64> {
    ProcessStat::read(pid).map(|stat| stat.start_ticks)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn life(owner: &str) -> Option<Life> {
        owner.parse::<Owner>().ok().map(|owner| owner.life())
    }

    #[test]
    fn only_what_was_here_and_is_no_more_is_gone() {
        let this = Owner::this_process();
        assert_eq!(this.life(), Life::Alive);
        assert_eq!(this.to_string().parse(), Ok(this));
        let (machine, pid) = (this_machine(), std::process::id());
        let another_start = format!("{machine} {pid} 1");
        assert_eq!(life(&another_start), Some(Life::Gone));
        assert_eq!(life(&format!("{machine} 4194999 1")), Some(Life::Gone));
        let elsewhere = "other-boot pid:[1] 4194999 1";
        assert_eq!(life(elsewhere), Some(Life::Unknown));
        for no_owner in [
            "",
            "a b",
            "a b c",
            "m pid:[1] -1 5",
            "m 1 99999999999999999999999",
        ] {
            assert_eq!(life(no_owner), None, "{no_owner}");
        }
    }
}
