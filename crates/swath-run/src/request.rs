//! What the caller asks of a run.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use swath_agent::Inject;
use swath_config::{Ready, Service};
use swath_docker::Endpoint;
use swath_model::Counted;

use crate::fleet::FleetRequest;
use crate::settings::{Settings, SettingsOverrides};

pub use swath_docker::Shipping;

/// One run, completely described: nothing is read from the environment or a file later.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a choice of its own")]
pub struct RunRequest {
    /// The services to start, in this order; may be empty. Of their variables only `environment`
    /// counts: the files in `env_files` have been read into it.
    pub services: Vec<Service>,
    /// The command that runs the tests (or the program itself, or what gathers): never empty.
    pub command: Vec<OsString>,
    /// Variables to set for `command`, besides the agent's own.
    pub environment: Vec<(String, String)>,
    /// Whether the command is a test run, or a program of the user's own.
    pub kind: RunKind,
    /// What the command starts in containers is measured as well.
    pub containers: bool,
    /// How the agent gets into processes of this host; `None` leaves it to swath.
    pub inject: Option<Inject>,
    /// The Compose project to bring up before the tests.
    pub compose: Option<ComposeRequest>,
    /// The fleet whose services are tested.
    pub fleet: Option<FleetRequest>,
    /// What ships for services that the command makes on a Swarm of several nodes.
    pub shipping: Option<Shipping>,
    /// The folder in which everything starts.
    pub folder: PathBuf,
    /// The settings in force here, the command line taken in.
    pub settings: Settings,
    /// What the command line says: it also wins over the files of other places.
    pub overrides: SettingsOverrides,
    /// The command line named the configuration file: no place has another one.
    pub rcfile_named: bool,
    /// Whose lines are in the number.
    pub counted: Counted,
    /// Where the data goes; absolute.
    pub data_file: PathBuf,
    /// Add to the data file instead of replacing it.
    pub append: bool,
    /// Replace the data file even by data in which nothing is, as coverage.py does: no later report is then about an
    /// earlier run.
    pub replaces_by_nothing: bool,
    /// Record for which test and which request code runs.
    pub attribution: bool,
    /// Keep in the report what pages need: functions, classes, and the places of the sources.
    pub details: bool,
    /// What else will be written, and has to be possible before anything starts.
    pub outputs: Vec<Output>,
}

impl RunRequest {
    /// A run of this command and of nothing beside it: everything counts, and the data goes where
    /// the settings say.
    pub fn of(kind: RunKind, command: Vec<OsString>, folder: PathBuf, settings: Settings) -> Self {
        Self {
            services: Vec::new(),
            command,
            environment: Vec::new(),
            kind,
            containers: false,
            inject: None,
            compose: None,
            fleet: None,
            shipping: None,
            folder,
            data_file: settings.data_file(),
            settings,
            overrides: SettingsOverrides::default(),
            rcfile_named: false,
            counted: Counted::All,
            append: false,
            replaces_by_nothing: false,
            attribution: false,
            details: false,
            outputs: Vec::new(),
        }
    }
}

/// What kind of command a run is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunKind {
    /// Tests against services: reported on, accounted for, and killed when they do not end.
    SystemTest,
    /// One program, as by `coverage run`: it alone decides what Ctrl-C means, and is never killed.
    Program,
    /// What others recorded, and an object store holds: nothing is started.
    Gathered,
}

/// Something that is written at the end of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// The option that asks for it.
    pub option: &'static str,
    /// The file, or the folder of files.
    pub path: PathBuf,
    /// Whether it is a folder, made where there is none.
    pub is_folder: bool,
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
    /// Whether what functions of tests run is recorded as theirs: `dynamic_context = test_function`.
    pub test_functions: bool,
}
