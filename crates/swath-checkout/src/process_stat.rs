//! What `/proc/PID/stat` says of a process: the one reader of that file.

use rustix::fs::{Mode, OFlags, open};
use rustix::io::read;

/// The fields of `/proc/PID/stat` that matter here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProcessStat {
    /// `R`, `S`, `Z` …
    pub state: u8,
    /// The parent's process id.
    pub parent: u32,
    /// The process group.
    pub group: u32,
    /// When the process was begun, in clock ticks since boot: field 22.
    pub start_ticks: u64,
    /// Where its stack begins, zero where that may not be known: field 28. Of what a process finds in
    /// its memory when it executes a program, the kernel puts this last.
    pub stack_at: u64,
    /// Where its command line is in its memory, which changes when it executes a program: field 48.
    /// Zero where that may not be known.
    pub arguments_at: u64,
}

impl ProcessStat {
    /// Reads it; `None` when the process is gone.
    pub fn read(pid: u32) -> Option<ProcessStat> {
        // The longest line has fifty-two numbers.
        let mut buffer = [0_u8; 1280];
        let path = format!("/proc/{pid}/stat");
        let file = open(path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()).ok()?;
        let length = read(&file, &mut buffer[..]).ok()?;
        ProcessStat::parse(buffer.get(..length)?)
    }

    /// Whether it has ended, and nobody has asked how.
    pub fn is_zombie(&self) -> bool {
        matches!(self.state, b'Z' | b'X')
    }

    fn parse(text: &[u8]) -> Option<ProcessStat> {
        // The second field, the name, may hold blanks and parentheses: the last `)` ends it.
        let end = text.iter().rposition(|&byte| byte == b')')?;
        let rest = std::str::from_utf8(text.get(end + 2..)?).ok()?;
        let mut fields = rest.split(' ');
        Some(ProcessStat {
            state: *fields.next()?.as_bytes().first()?,
            parent: fields.next()?.parse().ok()?,
            group: fields.next()?.parse().ok()?,
            start_ticks: fields.nth(16)?.parse().ok()?,
            stack_at: fields
                .nth(5)
                .and_then(|field| field.parse().ok())
                .unwrap_or(0),
            arguments_at: fields
                .nth(19)
                .and_then(|field| field.parse().ok())
                .unwrap_or(0),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_has_a_start_time_and_a_parent() {
        let stat = ProcessStat::read(std::process::id()).unwrap();
        assert!(stat.start_ticks > 0 && stat.arguments_at > 0 && !stat.is_zombie());
        assert_eq!(stat.parent, std::os::unix::process::parent_id());
        assert_eq!(ProcessStat::read(4_194_999), None);
    }

    #[test]
    fn a_name_may_hold_anything() {
        let numbers = (4..=52).map(|n| n.to_string()).collect::<Vec<_>>();
        let text = format!("7 (a) b) Z {}\n", numbers.join(" "));
        let stat = ProcessStat::parse(text.as_bytes()).unwrap();
        assert!(stat.is_zombie());
        assert_eq!((stat.parent, stat.group), (4, 5));
        assert_eq!((stat.start_ticks, stat.stack_at), (22, 28));
        assert_eq!(stat.arguments_at, 48);
        assert_eq!(ProcessStat::parse(b"7 (a"), None);
        assert_eq!(ProcessStat::parse(b"7 (a) Z 1"), None);
    }
}
