//! What the caller asks of a run.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use rustix::process::Signal;

use crate::ready::Ready;

/// One run, completely described: nothing is read from the environment or a file later.
#[derive(Debug, Clone)]
pub struct RunRequest {
    /// The services to start, in this order; may be empty.
    pub services: Vec<ServiceSpec>,
    /// The command that runs the tests (or the program itself): never empty.
    pub command: Vec<OsString>,
    /// Variables to set for `command`, besides the agent's own.
    pub environment: Vec<(String, String)>,
    /// The command is a program of the user's own, not a test run: it alone decides what Ctrl-C
    /// means, and is never killed.
    pub command_decides: bool,
    /// The folder in which everything starts.
    pub folder: PathBuf,
    /// What the agent is to measure.
    pub scope: Scope,
}

/// One service of a run.
#[derive(Debug, Clone)]
pub struct ServiceSpec {
    /// The name under which it is reported.
    pub name: String,
    /// Program and arguments: never empty. No shell runs it.
    pub command: Vec<String>,
    /// When it counts as ready; `None`: as soon as it has been started.
    pub ready: Option<Ready>,
    /// How long to wait for `ready`.
    pub ready_timeout: Duration,
    /// What is sent to the started process to stop it.
    pub stop_signal: StopSignal,
    /// How long the whole process group may take to end after `stop_signal`.
    pub stop_timeout: Duration,
    /// Variables to set for it, besides the agent's own.
    pub environment: Vec<(String, String)>,
}

/// A signal that stops a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StopSignal(pub(crate) Signal);

impl StopSignal {
    /// The default: `SIGTERM`.
    pub const TERM: StopSignal = StopSignal(Signal::TERM);

    /// Reads `TERM`, `SIGTERM` or `15`; `None` for what is no signal that a service can be stopped with.
    pub fn parse(text: &str) -> Option<StopSignal> {
        let name = text.trim().to_ascii_uppercase();
        let name = name.strip_prefix("SIG").unwrap_or(&name);
        let signal = match name {
            "TERM" | "15" => Signal::TERM,
            "INT" | "2" => Signal::INT,
            "QUIT" | "3" => Signal::QUIT,
            "HUP" | "1" => Signal::HUP,
            "USR1" | "10" => Signal::USR1,
            "USR2" | "12" => Signal::USR2,
            "KILL" | "9" => Signal::KILL,
            _ => return None,
        };
        Some(StopSignal(signal))
    }

    /// The name with its prefix: `SIGTERM`.
    pub fn name(self) -> &'static str {
        signal_name(self.0.as_raw())
    }
}

/// The name of a signal number, `signal` for one without a common name.
pub(crate) fn signal_name(number: i32) -> &'static str {
    match number {
        1 => "SIGHUP",
        2 => "SIGINT",
        3 => "SIGQUIT",
        4 => "SIGILL",
        6 => "SIGABRT",
        7 => "SIGBUS",
        8 => "SIGFPE",
        9 => "SIGKILL",
        10 => "SIGUSR1",
        11 => "SIGSEGV",
        12 => "SIGUSR2",
        13 => "SIGPIPE",
        14 => "SIGALRM",
        15 => "SIGTERM",
        24 => "SIGXCPU",
        _ => "signal",
    }
}

/// What the agent measures, in the terms of coverage.py's settings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scope {
    /// Folders given as `source`: absolute, canonical.
    pub source_folders: Vec<PathBuf>,
    /// Importable names given as `source` or `source_pkgs`.
    pub source_packages: Vec<String>,
    /// `include` globs, made absolute as coverage.py does.
    pub include: Vec<String>,
    /// `omit` globs, made absolute as coverage.py does.
    pub omit: Vec<String>,
    /// Whether the standard library is measured too.
    pub cover_pylib: bool,
    /// Whether branches are recorded.
    pub branch: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stop_signals_are_read_with_and_without_prefix() {
        for text in ["INT", "sigint", "2", " SIGINT "] {
            assert_eq!(StopSignal::parse(text).map(StopSignal::name), Some("SIGINT"), "{text}");
        }
        assert_eq!(StopSignal::parse("SIGNAL"), None);
        assert_eq!(StopSignal::parse(""), None);
    }
}
