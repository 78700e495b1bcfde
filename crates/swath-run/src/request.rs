//! What the caller asks of a run.

use std::ffi::OsString;
use std::path::PathBuf;

use swath_config::Service;

/// One run, completely described: nothing is read from the environment or a file later.
#[derive(Debug, Clone)]
pub struct RunRequest {
    /// The services to start, in this order; may be empty. Of their variables only `environment`
    /// counts: the files in `env_files` have been read into it.
    pub services: Vec<Service>,
    /// The command that runs the tests (or the program itself): never empty.
    pub command: Vec<OsString>,
    /// Variables to set for `command`, besides the agent's own.
    pub environment: Vec<(String, String)>,
    /// The command is a program of the user's own, not a test run: it alone decides what Ctrl-C
    /// means, and is never killed.
    pub command_decides: bool,
    /// What the command starts in containers is measured as well.
    pub containers: bool,
    /// The folder in which everything starts.
    pub folder: PathBuf,
    /// What the agent is to measure.
    pub scope: Scope,
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
