//! The services that a run starts.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use crate::ready::Ready;

/// The signal that asks a service to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StopSignal {
    name: &'static str,
    number: i32,
}

/// Signals that can sensibly end a process, by their numbers on Linux.
const SIGNALS: [StopSignal; 9] = [
    StopSignal {
        name: "HUP",
        number: 1,
    },
    StopSignal {
        name: "INT",
        number: 2,
    },
    StopSignal {
        name: "QUIT",
        number: 3,
    },
    StopSignal {
        name: "ABRT",
        number: 6,
    },
    StopSignal {
        name: "KILL",
        number: 9,
    },
    StopSignal {
        name: "USR1",
        number: 10,
    },
    StopSignal {
        name: "USR2",
        number: 12,
    },
    StopSignal {
        name: "TERM",
        number: 15,
    },
    StopSignal {
        name: "WINCH",
        number: 28,
    },
];

impl StopSignal {
    /// `SIGTERM`, the default.
    pub const TERM: Self = Self {
        name: "TERM",
        number: 15,
    };

    /// Reads a name, with or without `SIG`, in any case.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let name = text.to_ascii_uppercase();
        let name = name.strip_prefix("SIG").unwrap_or(&name);
        SIGNALS.into_iter().find(|signal| signal.name == name)
    }

    /// The signal of this number.
    pub(crate) fn numbered(number: i32) -> Option<Self> {
        SIGNALS.into_iter().find(|signal| signal.number == number)
    }

    /// The name without `SIG`.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.name
    }

    /// The number on Linux.
    #[must_use]
    pub fn number(self) -> i32 {
        self.number
    }

    /// All names, for messages.
    pub(crate) fn names() -> String {
        Self::all_names().join(", ")
    }

    /// All names.
    pub(crate) fn all_names() -> [&'static str; SIGNALS.len()] {
        SIGNALS.map(|signal| signal.name)
    }
}

impl fmt::Display for StopSignal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "SIG{}", self.name)
    }
}

/// A service: how it is started, seen to be ready, and stopped.
#[derive(Debug, Clone)]
pub struct Service {
    /// The name, fit for a file name.
    pub name: String,
    /// The program and its arguments.
    pub command: Vec<String>,
    /// How to see that it is ready; nothing is waited for without it.
    pub ready: Option<Ready>,
    /// How long it may take until it is ready.
    pub ready_timeout: Duration,
    /// The signal that asks it to stop.
    pub stop_signal: StopSignal,
    /// How long it may take to stop before it is killed.
    pub stop_timeout: Duration,
    /// Files of environment variables, a later one going before an earlier one.
    pub env_files: Vec<PathBuf>,
    /// Environment variables, going before those of the files.
    pub environment: Vec<(String, String)>,
    /// The directory it is started in; the run's own without it.
    pub directory: Option<PathBuf>,
}

impl Service {
    /// How long a service may take until it is ready, unless it says otherwise.
    pub const READY_TIMEOUT: Duration = Duration::from_mins(1);
    /// How long a service may take to stop, unless it says otherwise: longer than the 30 seconds that
    /// gunicorn gives its workers.
    pub const STOP_TIMEOUT: Duration = Duration::from_secs(45);

    /// A service with the defaults.
    pub fn new(name: impl Into<String>, command: Vec<String>) -> Self {
        Self {
            name: name.into(),
            command,
            ready: None,
            ready_timeout: Self::READY_TIMEOUT,
            stop_signal: StopSignal::TERM,
            stop_timeout: Self::STOP_TIMEOUT,
            env_files: Vec::new(),
            environment: Vec::new(),
            directory: None,
        }
    }

    /// Whether `name` can name a service: it becomes the name of a log file.
    #[must_use]
    pub fn is_name(name: &str) -> bool {
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let starts_well = |c: char| c.is_ascii_alphanumeric() || c == '_';
        name.starts_with(starts_well) && name.len() <= 64 && name.chars().all(fits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_are_known_by_their_names() {
        for text in ["INT", "SIGINT", "sigint", "int"] {
            assert_eq!(StopSignal::parse(text).unwrap().number(), 2);
        }
        assert_eq!(StopSignal::parse("SIGSTOP"), None);
        assert_eq!(StopSignal::parse("TERM"), Some(StopSignal::TERM));
        assert_eq!(StopSignal::TERM.to_string(), "SIGTERM");
    }

    #[test]
    fn names_of_services_fit_a_file_name() {
        for name in ["web", "web-1", "a.b_c", "9"] {
            assert!(Service::is_name(name), "{name}");
        }
        for name in ["", "../x", "a b", ".hidden", "-x", "é"] {
            assert!(!Service::is_name(name), "{name}");
        }
    }
}
