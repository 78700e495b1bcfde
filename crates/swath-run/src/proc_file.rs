//! What `/proc` shows of processes, read with as few system calls as it takes. A process may be
//! gone, or somebody else's, at any moment: then there is nothing to read.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use fs_err as fs;
use swath_checkout::{ProcessStat, all_pids};

/// The children of all threads of this process, where the kernel lists them.
pub(crate) fn children() -> Vec<u32> {
    let Ok(tasks) = std::fs::read_dir("/proc/self/task") else {
        return Vec::new();
    };
    let mut children = Vec::new();
    for task in tasks.flatten() {
        let text = fs::read_to_string(task.path().join("children")).unwrap_or_default();
        children.extend(
            text.split_ascii_whitespace()
                .filter_map(|pid| pid.parse::<u32>().ok()),
        );
    }
    children
}

/// Why `/proc` cannot show the processes of a run, if it cannot: it is not mounted, or is that of
/// another pid namespace, or hides this user's own.
pub(crate) fn unusable() -> Option<String> {
    let own = std::process::id();
    let shown = std::fs::read_link("/proc/self").ok();
    match shown {
        None => Some("`/proc` does not show this process".to_owned()),
        Some(link) if link != Path::new(&own.to_string()) => {
            Some("`/proc` is that of another pid namespace".to_owned())
        }
        Some(_) if ProcessStat::read(own).is_none() || !all_pids().contains(&own) => {
            Some("`/proc` does not show this process".to_owned())
        }
        Some(_) => None,
    }
}

/// The program that a process executes.
pub(crate) fn executable_of(pid: u32) -> Option<String> {
    let path = fs::read_link(format!("/proc/{pid}/exe")).ok()?;
    Some(path.to_string_lossy().into_owned())
}

/// Whether a program has Python in it although its name does not say so.
pub(crate) fn maps_libpython(pid: u32) -> bool {
    fs::read_to_string(format!("/proc/{pid}/maps")).is_ok_and(|maps| maps.contains("/libpython"))
}

/// Who a process is: its user, and its numbers in the pid namespaces that it is in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Identity {
    /// Its effective user.
    pub(crate) user: Option<u32>,
    /// Its pids inside the namespaces below this one, the innermost last.
    pub(crate) inner_pids: Vec<u32>,
}

impl Identity {
    pub(crate) fn read(pid: u32) -> Identity {
        let text = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        Identity::parse(&text)
    }

    fn parse(text: &str) -> Identity {
        let field = |name| text.lines().find_map(|line| line.strip_prefix(name));
        let numbers = |text: &str| {
            text.split_whitespace()
                .filter_map(|number| number.parse().ok())
                .collect::<Vec<u32>>()
        };
        Identity {
            user: field("Uid:").and_then(|users| numbers(users).get(1).copied()),
            inner_pids: field("NSpid:")
                .map(|pids| numbers(pids).into_iter().skip(1).collect())
                .unwrap_or_default(),
        }
    }
}

/// The name of a user, or its number.
pub(crate) fn user_name(user: u32) -> String {
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let name = users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(user)).then(|| name.to_owned())
    });
    name.unwrap_or_else(|| format!("user {user}"))
}

/// The inodes of the sockets that a process has open; `None` where they may not be looked at.
pub(crate) fn sockets_of(pid: u32) -> Option<BTreeSet<u64>> {
    let entries = std::fs::read_dir(format!("/proc/{pid}/fd")).ok()?;
    let inode = |path: PathBuf| {
        let target = std::fs::read_link(path).ok()?;
        let inode = target.to_str()?.strip_prefix("socket:[")?;
        inode.strip_suffix(']')?.parse().ok()
    };
    Some(
        entries
            .flatten()
            .filter_map(|entry| inode(entry.path()))
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_shown() {
        assert_eq!(unusable(), None);
        let own = Identity::read(std::process::id());
        assert_eq!(own.user, Some(rustix::process::geteuid().as_raw()));
    }

    #[test]
    fn a_process_in_a_namespace_has_more_than_one_number() {
        let text = "Name:\tpython\nUid:\t0\t1000\t0\t0\nNSpid:\t4711\t12\t1\n";
        let identity = Identity::parse(text);
        assert_eq!(identity.user, Some(1000));
        assert_eq!(identity.inner_pids, [12, 1]);
        assert_eq!(Identity::parse("NSpid:\t7\n").inner_pids, [0_u32; 0]);
    }

    #[test]
    fn root_has_a_name() {
        assert_eq!(user_name(0), "root");
        assert_eq!(user_name(4_294_000_000), "user 4294000000");
    }
}
