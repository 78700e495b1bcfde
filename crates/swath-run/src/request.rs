//! What the caller asks of a run.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use swath_config::{Ready, Service};
use swath_docker::Endpoint;

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
    /// The Compose project to bring up before the tests.
    pub compose: Option<ComposeRequest>,
    /// The folder in which everything starts.
    pub folder: PathBuf,
    /// What the agent is to measure.
    pub scope: Scope,
}

/// A Compose project that a run brings up and takes down.
#[derive(Debug, Clone)]
pub struct ComposeRequest {
    /// Compose itself: `docker compose` or `docker-compose`.
    pub command: Vec<String>,
    /// Its files, as for `-f`.
    pub files: Vec<PathBuf>,
    /// Its name; `None` leaves it to Compose.
    pub project_name: Option<String>,
    /// The file for `--env-file`.
    pub env_file: Option<PathBuf>,
    /// The profiles to activate.
    pub profiles: Vec<String>,
    /// The service that runs the tests; it is not brought up with the others.
    pub test_service: Option<String>,
    /// Build images first.
    pub build: bool,
    /// Leave it running in the end.
    pub keep_up: bool,
    /// The services that get the agent; none named means all.
    pub measured: Vec<String>,
    /// When a service is ready, where the caller says so.
    pub ready: BTreeMap<String, Ready>,
    /// How long to wait until all are ready.
    pub ready_timeout: Duration,
    /// How long a container may take to stop; `None` leaves it to Compose.
    pub stop_timeout: Option<Duration>,
    /// The engine; known once the proxy has been started.
    pub endpoint: Option<Endpoint>,
}

/// The name of a signal number, `signal` for one without a common name.
pub fn signal_name(number: i32) -> &'static str {
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
