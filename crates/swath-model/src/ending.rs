//! How a process ended.

use schemars::JsonSchema;
use serde::Serialize;

use crate::signal_name;

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "how", content = "value", rename_all = "kebab-case")]
pub enum Ending {
    /// With this exit code; known for what swath started or adopted.
    Exited(i32),
    /// By this signal; known for what swath started or adopted.
    Signalled(i32),
    /// Its interpreter was finalized.
    Cleanly,
    /// Killed, crashed, or by `os._exit`.
    Abruptly,
    /// It became another program.
    ReplacedByExec,
    /// It has not ended.
    StillRunning,
}

impl Ending {
    /// In words, to follow the name of the process.
    pub fn describe(self) -> String {
        match self {
            Ending::Exited(code) => format!("exited with code {code}"),
            Ending::Signalled(signal) => {
                format!("was ended by {} (signal {signal})", signal_name(signal))
            }
            Ending::Cleanly => "ended cleanly".to_owned(),
            Ending::Abruptly => "ended abruptly".to_owned(),
            Ending::ReplacedByExec => "became another program".to_owned(),
            Ending::StillRunning => "is still running".to_owned(),
        }
    }

    /// The exit code as a shell gives it: 128 + signal for a signal.
    pub fn exit_code(self) -> Option<i32> {
        match self {
            Ending::Exited(code) => Some(code),
            Ending::Signalled(signal) => Some(128 + signal),
            _ => None,
        }
    }

    /// The word under which data files keep it.
    pub fn name(self) -> &'static str {
        match self {
            Ending::Cleanly | Ending::Exited(_) => "cleanly",
            Ending::Abruptly | Ending::Signalled(_) => "abruptly",
            Ending::ReplacedByExec => "exec",
            Ending::StillRunning => "running",
        }
    }

    /// The status beside that word: the exit code, or minus the signal.
    pub fn status(self) -> Option<i32> {
        match self {
            Ending::Exited(code) => Some(code),
            Ending::Signalled(signal) => Some(-signal),
            _ => None,
        }
    }

    /// The ending that a data file keeps as this word and status; `None` for one that nobody knows.
    pub fn recorded(name: &str, status: Option<i32>) -> Option<Ending> {
        match (name, status) {
            ("cleanly", Some(code)) => Some(Ending::Exited(code)),
            ("abruptly", Some(signal)) => Some(Ending::Signalled(signal.saturating_neg())),
            ("cleanly", None) => Some(Ending::Cleanly),
            ("abruptly", None) => Some(Ending::Abruptly),
            ("exec", _) => Some(Ending::ReplacedByExec),
            ("running", _) => Some(Ending::StillRunning),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_data_file_keeps_reads_back() {
        for ending in [
            Ending::Exited(3),
            Ending::Signalled(9),
            Ending::Cleanly,
            Ending::Abruptly,
            Ending::ReplacedByExec,
            Ending::StillRunning,
        ] {
            assert_eq!(
                Ending::recorded(ending.name(), ending.status()),
                Some(ending)
            );
        }
        assert_eq!(Ending::recorded("unknown", None), None);
    }
}
