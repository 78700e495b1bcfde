//! What the system shows of processes that run, read with as few system calls as it takes. A process
//! may be gone, or somebody else's, at any moment: then there is nothing to read.

use std::mem::MaybeUninit;

use fs_err as fs;
use rustix::fs::{Mode, OFlags, RawDir, open};

use crate::ProcessStat;

/// The pids of all processes that `/proc` shows, in order.
pub fn all_pids() -> Vec<u32> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let Ok(folder) = open("/proc", flags, Mode::empty()) else {
        return Vec::new();
    };
    let mut buffer = [MaybeUninit::uninit(); 16 * 1024];
    let mut entries = RawDir::new(folder, &mut buffer);
    let mut pids = Vec::new();
    while let Some(Ok(entry)) = entries.next() {
        let name = entry.file_name().to_bytes();
        if name.first().is_some_and(u8::is_ascii_digit)
            && let Some(pid) = std::str::from_utf8(name).ok().and_then(|n| n.parse().ok())
        {
            pids.push(pid);
        }
    }
    pids.sort_unstable();
    pids
}

/// The arguments of a process; empty for one that is gone or a zombie.
pub fn arguments_of(pid: u32) -> Vec<String> {
    let bytes = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let text = bytes.strip_suffix(b"\0").unwrap_or(&bytes);
    if text.is_empty() {
        return Vec::new();
    }
    text.split(|&byte| byte == 0)
        .map(|word| String::from_utf8_lossy(word).into_owned())
        .collect()
}

/// The environment that a process was executed with, `NAME=VALUE` each ended by a zero byte;
/// `None` where it may not be read.
pub fn environment_of(pid: u32) -> Option<Vec<u8>> {
    fs::read(format!("/proc/{pid}/environ")).ok()
}

/// The value of a variable in an environment.
pub fn variable<'a>(environment: &'a [u8], name: &str) -> Option<&'a [u8]> {
    environment
        .split(|&byte| byte == 0)
        .find_map(|entry| entry.strip_prefix(name.as_bytes())?.strip_prefix(b"="))
}

/// The environment of a process, if it is there for certain: it is empty for a moment while a
/// process executes a program, and again when it has ended.
pub fn whole_environment_of(pid: u32) -> Option<Vec<u8>> {
    let environment = environment_of(pid)?;
    if !environment.is_empty() {
        return Some(environment);
    }
    let stat = ProcessStat::read(pid)?;
    if stat.is_zombie() || stat.stack_at == 0 {
        return None;
    }
    let again = environment_of(pid)?;
    (!again.is_empty() || !arguments_of(pid).is_empty()).then_some(again)
}

#[cfg(test)]
mod tests {
    use std::process::Command;
    use std::time::Duration;

    use super::*;

    #[test]
    fn this_process_is_shown_with_its_arguments() {
        assert!(all_pids().contains(&std::process::id()));
        assert!(!arguments_of(std::process::id()).is_empty());
    }

    #[test]
    fn an_environment_that_is_empty_is_told_from_one_that_is_not_there_yet() {
        let mut child = Command::new("sleep").arg("60").env_clear().spawn().unwrap();
        let pid = child.id();
        swath_test::wait_until(Duration::from_secs(20), "it is the program", || {
            arguments_of(pid)
                .first()
                .is_some_and(|word| word == "sleep")
        });
        assert_eq!(whole_environment_of(pid), Some(Vec::new()));
        child.kill().unwrap();
        swath_test::wait_until(Duration::from_secs(20), "it is a zombie", || {
            ProcessStat::read(pid).is_some_and(|stat| stat.is_zombie())
        });
        assert_eq!(whole_environment_of(pid), None);
        child.wait().unwrap();
        assert_eq!(whole_environment_of(pid), None);
    }

    #[test]
    fn a_variable_is_found_by_its_whole_name() {
        let environment = b"A=1\0PYTHONPATHS=/y\0PYTHONPATH=/x:/run/agent\0B=2";
        assert_eq!(
            variable(environment, "PYTHONPATH"),
            Some(&b"/x:/run/agent"[..])
        );
        assert_eq!(variable(environment, "PYTHON"), None);
    }
}
