//! The command line, as typed requests.

mod affected;
mod compare;
mod fleet;
mod history;
mod kubernetes;
mod prepare;
mod swarm;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use swath_model::Counted;
use swath_run::{
    ComposeOptions, FileWishes, Inject, PluginChoice, ServiceOptions, SettingsOverrides,
};

use swath_setup::CiService;

pub(crate) use affected::{AffectedArguments, AffectedFormat};
pub(crate) use compare::{CompareArguments, CompareFormat, DeriveArguments};
pub(crate) use fleet::{ClusterArguments, GatherArguments, ShipArguments};
pub(crate) use history::{
    HistoryAddArguments, HistoryArguments, HistoryShowArguments, HistoryVerb,
};

pub(crate) use kubernetes::{
    InjectionArguments, KubernetesArguments, KubernetesInjectArguments, KubernetesVerb,
    KubernetesWebhookArguments, KubernetesWebhookManifestsArguments,
};
pub(crate) use prepare::{FleetArguments, FleetVerb, PrepareArguments};
pub(crate) use swarm::{SwarmArguments, SwarmInjectArguments, SwarmVerb};

use crate::interpreter::environment_interpreter;
use crate::reporting::SessionOptions;

/// The whole command line.
#[derive(Debug, Parser)]
#[command(
    name = "swath",
    version,
    about = "Code coverage for system tests",
    long_about = "Tells which code of a running system its system tests covered: servers with \
                  several worker processes, driven over HTTP from somewhere else.",
    after_help = "Example: swath run --service 'gunicorn app:wsgi' --ready http://127.0.0.1:8000/ -- pytest"
)]
pub(crate) struct Cli {
    /// Colours in messages: auto, always or never.
    #[arg(long, global = true, value_enum, default_value_t = Colour::Auto, value_name = "WHEN", hide_possible_values = true, hide_short_help = true)]
    pub(crate) color: Colour,

    /// Show what swath does, as `SWATH_LOG=debug` does.
    #[arg(long, global = true, hide_short_help = true)]
    pub(crate) verbose: bool,

    #[command(subcommand)]
    pub(crate) verb: Verb,
}

/// A shell that completes command lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum CompletionShell {
    Bash,
    Zsh,
    Fish,
}

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Colour {
    Auto,
    Always,
    Never,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Run tests against services, or a program, and measure what they reach.
    Run(Box<RunArguments>),
    /// Report what was measured, as text.
    Report,
    /// Report what was measured, as pages for a browser.
    Html,
    /// Report what was measured, as XML in Cobertura's format.
    Xml,
    /// Report what was measured, as JSON.
    Json,
    /// Report what was measured, in LCOV's format.
    Lcov,
    /// Draw the total as a badge, an SVG picture.
    Badge,
    /// Copy the sources, each line with a mark.
    Annotate,
    /// Combine data files into one.
    Combine,
    /// Erase what was measured.
    Erase,
    /// Show the settings, the data, or what is made of a source.
    Debug,
    /// Look around, and write the settings and files that a run here still needs.
    Init(InitArguments),
    /// Report what of a change was measured: the lines that it wrote, and their branches.
    Diff(Box<DiffArguments>),
    /// Print the tests that a change can affect, to run them and no others.
    Affected(Box<AffectedArguments>),
    /// Compare two data files: what both reached, what only one of them did, what neither did.
    Compare(Box<CompareArguments>),
    /// Keep what runs reached, and show how it changed.
    History(Box<HistoryArguments>),
    /// Measure services in a Kubernetes cluster.
    Kubernetes(KubernetesArguments),
    /// Measure services in a Docker Swarm.
    Swarm(SwarmArguments),
    /// What runs in a fleet's own containers. Manifests with the agent call it.
    #[command(hide = true)]
    Fleet(FleetArguments),
    /// Write a data file of what all of several data files hold.
    #[command(
        override_usage = "swath intersect [OPTIONS] A B... --output FILE",
        after_help = "Example: swath intersect system.coverage unit.coverage -o both.coverage"
    )]
    Intersect(DeriveArguments),
    /// Write a data file of what the first of several data files holds and no other one does.
    #[command(
        override_usage = "swath subtract [OPTIONS] A B... --output FILE",
        after_help = "Example: swath subtract system.coverage unit.coverage -o only.coverage"
    )]
    Subtract(DeriveArguments),
    /// Send what the containers of a pod record to an object store, while they run.
    Ship(ShipArguments),
    /// Fetch what the pods of a run sent to an object store, and report it.
    Gather(Box<GatherArguments>),
    /// Look at what a run here would need, and say what is wrong.
    Doctor {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Explain a message by its name, such as `not-measured`: its cause, an example, what to do.
    Explain {
        /// The name in brackets.
        name: String,
    },
    /// Start the services of swath.toml, and stop them when the input ends. The pytest plugin calls it.
    #[command(hide = true)]
    Services,
    /// Name the test that runs from now on, in a run that records which test code runs for.
    ///
    /// For tests that cannot name themselves in the header `baggage`, and run one at a time. Services
    /// on this machine hear it; requests that name a test are that one's.
    #[command(
        after_help = "Example, in a script that `swath run --attribution` runs:\n  swath test-start 'checkout works'\n  curl --fail http://127.0.0.1:8000/checkout\n  swath test-end"
    )]
    TestStart {
        /// The test's name.
        name: String,
    },
    /// End the test that `swath test-start` named.
    TestEnd,
    /// Print the JSON schema of swath.toml, for editors.
    Schema,
    /// Print a script that completes the command line in a shell.
    Completions {
        /// bash, zsh or fish.
        #[arg(value_enum)]
        shell: CompletionShell,
    },
    /// Print a manual page, of the command or of a verb.
    Man {
        /// The verb.
        verb: Option<OsString>,
    },
}

/// `swath init`.
#[derive(Debug, Args)]
#[command(
    after_help = "Nothing is overwritten: files that are there get lines added, or stay as they are."
)]
pub(crate) struct InitArguments {
    /// Show what would be written, and write nothing.
    #[arg(long, conflicts_with = "yes")]
    pub(crate) dry_run: bool,
    /// Write without asking; needed where there is no terminal.
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// For whom a CI job is written: github, gitlab or none [default: whom the project uses].
    #[arg(long, value_enum, value_name = "SERVICE", hide_possible_values = true)]
    pub(crate) ci: Option<Ci>,
}

/// A service for which a CI job can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Ci {
    #[value(name = "github")]
    GitHub,
    #[value(name = "gitlab")]
    GitLab,
    None,
}

impl From<Ci> for CiService {
    fn from(ci: Ci) -> CiService {
        match ci {
            Ci::GitHub => CiService::GitHub,
            Ci::GitLab => CiService::GitLab,
            Ci::None => CiService::None,
        }
    }
}

/// Settings that coverage.py's `run` knows as well.
#[derive(Debug, Args)]
#[command(next_help_heading = "What is measured")]
pub(crate) struct MeasureArguments {
    /// Folders or packages to measure, separated by commas.
    #[arg(long, value_name = "SRC1,SRC2,...", value_delimiter = ',')]
    pub(crate) source: Option<Vec<String>>,
    /// Measure only files that match one of these patterns.
    #[arg(
        long,
        value_name = "PAT1,PAT2,...",
        value_delimiter = ',',
        hide_short_help = true
    )]
    pub(crate) include: Option<Vec<String>>,
    /// Leave out files that match one of these patterns.
    #[arg(
        long,
        value_name = "PAT1,PAT2,...",
        value_delimiter = ',',
        hide_short_help = true
    )]
    pub(crate) omit: Option<Vec<String>>,
    /// Measure branches as well as statements.
    #[arg(long)]
    pub(crate) branch: bool,
    /// Measure installed modules of the standard library, too.
    #[arg(short = 'L', long, hide_short_help = true)]
    pub(crate) pylib: bool,
    /// The configuration file [default: found as coverage.py does].
    #[arg(long, value_name = "RCFILE")]
    pub(crate) rcfile: Option<String>,
    /// Where the data is written [default: .coverage].
    #[arg(long, value_name = "DATAFILE", hide_short_help = true)]
    pub(crate) data_file: Option<String>,
}

/// What makes a system test of a run.
#[derive(Debug, Args)]
#[command(next_help_heading = "Services")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an option of its own"
)]
pub(crate) struct ServiceArguments {
    /// A service to start before the tests; may be repeated.
    #[arg(long, value_name = "[NAME=]COMMAND")]
    pub(crate) service: Vec<String>,
    /// When it is ready: http://HOST:PORT/, tcp:HOST:PORT, log:REGEX.
    #[arg(long, value_name = "[NAME=]ADDRESS")]
    pub(crate) ready: Vec<String>,
    /// How long to wait for that [default: 60s].
    #[arg(long, value_name = "DURATION", hide_short_help = true)]
    pub(crate) ready_timeout: Option<String>,
    /// The signal that stops a service [default: TERM].
    #[arg(long, value_name = "SIGNAL", hide_short_help = true)]
    pub(crate) stop_signal: Option<String>,
    /// How long a service may take to stop [default: 45s].
    #[arg(long, value_name = "DURATION", hide_short_help = true)]
    pub(crate) stop_timeout: Option<String>,
    /// Variables for every service: a file of KEY=VALUE lines; with `--compose`, Compose's own.
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    pub(crate) env_file: Option<PathBuf>,
    /// Start the services of swath.toml before COMMAND as well.
    #[arg(long, conflicts_with = "service")]
    pub(crate) services: bool,
    /// Whose lines are in the number: services, tests or all [default: services].
    #[arg(long, value_enum, value_name = "WHOSE", hide_possible_values = true)]
    pub(crate) count: Option<Count>,
    /// Leave out what the tests start in containers.
    #[arg(long, hide_short_help = true)]
    pub(crate) no_docker: bool,
    /// How the agent gets into Python: path (PYTHONPATH), preload (`LD_PRELOAD`) or both [default: both
    /// where that disturbs nothing].
    ///
    /// `LD_PRELOAD` also reaches Pythons that are started with -I, -E or -S, that get another
    /// PYTHONPATH, or in front of which a launcher puts a sitecustomize of its own. The loader adds
    /// the object to every program that is started, in containers, too; docs/guides/injection.md says what
    /// that can disturb.
    #[arg(
        long,
        value_enum,
        value_name = "HOW",
        hide_possible_values = true,
        hide_short_help = true
    )]
    pub(crate) inject: Option<InjectBy>,
    /// Exit with 3 unless everything that counts is in the number.
    #[arg(long, hide_short_help = true)]
    pub(crate) require_complete: bool,
    /// Record for which test and which request code runs.
    ///
    /// Tests written in Python name themselves in the requests that they send, by the member
    /// `swath.test` of the header `baggage`; servers read it there. docs/guides/attribution.md says
    /// which tests, clients and servers that holds for, and how others name their tests.
    #[arg(long)]
    pub(crate) attribution: bool,
    /// Write the accounting and the totals to a file, as JSON.
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
}

/// A Compose project that swath brings up.
#[derive(Debug, Args)]
#[command(next_help_heading = "Compose")]
pub(crate) struct ComposeArguments {
    /// Bring this Compose project up for the tests, then remove it.
    #[arg(long, value_name = "FILE")]
    pub(crate) compose: Vec<PathBuf>,
    /// Run the tests as this service, by COMMAND or by its own.
    #[arg(long, value_name = "SERVICE")]
    pub(crate) test_service: Option<String>,
    /// Leave the project running.
    #[arg(long, hide_short_help = true)]
    pub(crate) keep_up: bool,
    /// Do not build images first.
    #[arg(long, hide_short_help = true)]
    pub(crate) no_build: bool,
    /// A profile to activate; may be repeated.
    #[arg(long, value_name = "NAME", hide_short_help = true)]
    pub(crate) profile: Vec<String>,
    /// The project's name [default: Compose's].
    #[arg(long, value_name = "NAME", hide_short_help = true)]
    pub(crate) project_name: Option<String>,
    /// Measure only these services of the project.
    #[arg(
        long,
        value_name = "SERVICE1,SERVICE2,...",
        value_delimiter = ',',
        hide_short_help = true
    )]
    pub(crate) measure: Vec<String>,
    /// Compose itself [default: `docker compose`, else `docker-compose`].
    #[arg(long, value_name = "COMMAND", hide_short_help = true)]
    pub(crate) compose_command: Option<String>,
}

/// Whose lines count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Count {
    Services,
    Tests,
    All,
}

impl From<Counted> for Count {
    fn from(counted: Counted) -> Count {
        match counted {
            Counted::Services => Count::Services,
            Counted::Tests => Count::Tests,
            Counted::All => Count::All,
        }
    }
}

impl From<Count> for Counted {
    fn from(count: Count) -> Counted {
        match count {
            Count::Services => Counted::Services,
            Count::Tests => Counted::Tests,
            Count::All => Counted::All,
        }
    }
}

/// How the agent gets into processes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum InjectBy {
    Path,
    Preload,
    Both,
}

impl From<InjectBy> for Inject {
    fn from(by: InjectBy) -> Inject {
        match by {
            InjectBy::Path => Inject::Path,
            InjectBy::Preload => Inject::Preload,
            InjectBy::Both => Inject::Both,
        }
    }
}

/// Options of `swath run PROGRAM`, which behaves as `coverage run`.
#[derive(Debug, Args)]
#[command(next_help_heading = "Running a program (without `--`)")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an option of the command line"
)]
pub(crate) struct ProgramArguments {
    /// Run a module as `python -m` does.
    #[arg(short, long)]
    pub(crate) module: bool,
    /// Add to the data file instead of replacing it.
    #[arg(short, long, hide_short_help = true)]
    pub(crate) append: bool,
    /// Add machine, process and random parts to the data file's name.
    #[arg(short, long, hide_short_help = true)]
    pub(crate) parallel_mode: bool,
    /// The environment's Python: it runs the program, and loads plugins of coverage.py.
    #[arg(long, value_name = "PYTHON", hide_short_help = true)]
    pub(crate) python: Option<PathBuf>,
    /// Go on without the plugins that coverage.py's settings name.
    #[arg(long, hide_short_help = true)]
    pub(crate) no_plugins: bool,
    /// A label for what is recorded.
    #[arg(long, value_name = "LABEL", hide_short_help = true)]
    pub(crate) context: Option<String>,
    /// Accepted as coverage.py does; every kind of concurrency is measured without it.
    #[arg(long, value_name = "LIBS", hide = true)]
    pub(crate) concurrency: Option<String>,
    /// Accepted as coverage.py does; nothing is lost without it, and the signal does nothing else.
    #[arg(long, value_name = "SIGNAL", hide = true, value_parser = ["USR1", "USR2"])]
    pub(crate) save_signal: Option<String>,
    /// Accepted as coverage.py does; it has no slower, simpler tracer.
    #[arg(long, hide = true)]
    pub(crate) timid: bool,
    /// Whether swath was started as coverage.py.
    #[arg(skip)]
    pub(crate) as_coverage: bool,
    /// The folder of the program, which stands first on its Python's path.
    #[arg(skip)]
    pub(crate) program_folder: Option<PathBuf>,
}

/// `swath run`.
#[derive(Debug, Args)]
#[command(
    override_usage = "swath run [OPTIONS] [-- COMMAND...]\n       swath run [OPTIONS] PROGRAM [ARGUMENTS...]\n       swath run [OPTIONS] -m MODULE [ARGUMENTS...]",
    after_help = "`--help` shows all options.",
    after_long_help = "Examples:\n  swath run -- make test_system\n  swath run --service 'web=gunicorn -w2 app:wsgi' --ready http://127.0.0.1:8000/ -- pytest tests/system\n  swath run                       everything from swath.toml\n  swath run --services -- pytest -k one    its services, other tests\n  swath run --compose docker-compose.yml -- pytest tests/system\n  swath run --compose docker-compose.yml --test-service tests\n  swath run prog.py               one program, as `coverage run` does"
)]
pub(crate) struct RunArguments {
    #[command(flatten)]
    pub(crate) services: ServiceArguments,
    #[command(flatten)]
    pub(crate) compose: ComposeArguments,
    #[command(flatten)]
    pub(crate) cluster: ClusterArguments,
    #[command(flatten)]
    pub(crate) measure: MeasureArguments,
    #[command(flatten)]
    pub(crate) report: RunReportArguments,
    #[command(flatten)]
    pub(crate) program: ProgramArguments,
}

impl RunArguments {
    /// Takes in what the file of settings says where the command line says nothing.
    pub(crate) fn take_in(&mut self, wishes: &FileWishes) {
        let (services, report) = (&mut self.services, &mut self.report);
        services.require_complete |= wishes.require_complete;
        services.attribution |= wishes.attribution;
        if services.json.is_none() {
            services.json.clone_from(&wishes.json);
        }
        if report.html.is_none() {
            report.html.clone_from(&wishes.html);
        }
        if services.count.is_none() {
            services.count = wishes.count.map(Count::from);
        }
        self.cluster.file.clone_from(&wishes.fleet);
        self.cluster.take_in(&wishes.shipping);
    }

    /// What is said of services.
    pub(crate) fn service_options(&self) -> ServiceOptions {
        let services = &self.services;
        ServiceOptions {
            service: services.service.clone(),
            ready: services.ready.clone(),
            ready_timeout: services.ready_timeout.clone(),
            stop_signal: services.stop_signal.clone(),
            stop_timeout: services.stop_timeout.clone(),
            env_file: services.env_file.clone(),
            file_services: services.services,
        }
    }

    /// What is said of a Compose project.
    pub(crate) fn compose_options(&self) -> ComposeOptions {
        let (compose, services) = (&self.compose, &self.services);
        ComposeOptions {
            files: compose.compose.clone(),
            test_service: compose.test_service.clone(),
            keep_up: compose.keep_up,
            build: !compose.no_build,
            profiles: compose.profile.clone(),
            project_name: compose.project_name.clone(),
            measured: compose.measure.clone(),
            command: compose.compose_command.clone(),
            env_file: services.env_file.clone(),
            ready_timeout: services.ready_timeout.clone(),
            stop_timeout: services.stop_timeout.clone(),
            containers: !services.no_docker,
        }
    }

    /// What is said in place of the settings files.
    pub(crate) fn overrides(&self) -> SettingsOverrides {
        SettingsOverrides {
            context: self.program.context.clone(),
            plugins: PluginChoice {
                interpreter: self.program.python.clone().or_else(environment_interpreter),
                path: self.program.program_folder.clone(),
                left_out: self.program.no_plugins,
            },
            any_source: self.program.as_coverage,
            ..overrides(&self.measure, &self.report.shared)
        }
    }
}

/// What options that several verbs have say in place of the settings files.
fn overrides(measure: &MeasureArguments, report: &SharedReportArguments) -> SettingsOverrides {
    SettingsOverrides {
        source: measure.source.clone(),
        include: measure.include.clone(),
        omit: measure.omit.clone(),
        branch: measure.branch,
        cover_pylib: measure.pylib,
        data_file: measure.data_file.clone(),
        skip_covered: match (report.skip_covered, report.no_skip_covered) {
            (_, true) => Some(false),
            (true, false) => Some(true),
            (false, false) => None,
        },
        skip_empty: report.skip_empty,
        ignore_errors: report.ignore_errors,
        fail_under: report.fail_under,
        precision: report.precision,
        sort: report.sort.clone(),
        format: report.format.clone(),
        ..SettingsOverrides::default()
    }
}

/// The report at the end of a system-test run.
#[derive(Debug, Args)]
#[command(next_help_heading = "Report")]
pub(crate) struct RunReportArguments {
    /// Show the lines that were not run; on unless the report says otherwise.
    #[arg(long, hide = true)]
    pub(crate) show_missing: bool,
    /// Write the HTML report into a folder as well.
    #[arg(long, value_name = "DIR")]
    pub(crate) html: Option<PathBuf>,
    /// Gates besides `--fail-under`: total, lines, branches, changed, service:NAME or a pattern of paths;
    /// not-below=BRANCH; or every-route-called and no-server-errors, without a minimum.
    #[arg(
        long,
        value_name = "NAME=MIN,...",
        value_delimiter = ',',
        hide_short_help = true
    )]
    pub(crate) gate: Vec<String>,
    #[command(flatten)]
    pub(crate) shared: SharedReportArguments,
}

/// Options of reports, in `run` and in `report`.
#[derive(Debug, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an option of the command line"
)]
pub(crate) struct SharedReportArguments {
    /// Leave files with 100 % out of the table.
    #[arg(long, overrides_with = "no_skip_covered", hide_short_help = true)]
    pub(crate) skip_covered: bool,
    /// Show files with 100 %, whatever the configuration says.
    #[arg(long, hide_short_help = true)]
    pub(crate) no_skip_covered: bool,
    /// Leave out files without statements.
    #[arg(long, hide_short_help = true)]
    pub(crate) skip_empty: bool,
    /// Exit with 2 if the total is below MIN.
    #[arg(long, value_name = "MIN")]
    pub(crate) fail_under: Option<f64>,
    /// Digits after the decimal point of percentages.
    #[arg(long, value_name = "N", hide_short_help = true)]
    pub(crate) precision: Option<u32>,
    /// Sort by name, stmts, miss, branch, brpart or cover; `-` before it turns the order round.
    #[arg(
        long,
        value_name = "COLUMN",
        allow_hyphen_values = true,
        hide_short_help = true
    )]
    pub(crate) sort: Option<String>,
    /// text, markdown, total, or github: with annotations and a step summary.
    #[arg(long, value_name = "FORMAT", hide_short_help = true)]
    pub(crate) format: Option<String>,
    /// Go on when a source file cannot be read.
    #[arg(short, long, hide_short_help = true)]
    pub(crate) ignore_errors: bool,
}

/// Data that was measured.
#[derive(Debug, Args)]
#[command(next_help_heading = "Data")]
pub(crate) struct DataArguments {
    /// Read the data from this file [default: .coverage].
    #[arg(long, value_name = "INFILE")]
    pub(crate) data_file: Option<String>,
    #[command(flatten)]
    pub(crate) reading: ReadingArguments,
}

/// How data is read.
#[derive(Debug, Args)]
#[command(next_help_heading = "Data")]
pub(crate) struct ReadingArguments {
    /// Only files whose paths match one of these patterns.
    #[arg(long, value_name = "PAT1,PAT2,...", value_delimiter = ',')]
    pub(crate) include: Option<Vec<String>>,
    /// Leave out files whose paths match one of these patterns.
    #[arg(long, value_name = "PAT1,PAT2,...", value_delimiter = ',')]
    pub(crate) omit: Option<Vec<String>>,
    /// Only what ran in contexts that match one of these regular expressions.
    #[arg(
        long,
        value_name = "REGEX1,REGEX2,...",
        value_delimiter = ',',
        hide_short_help = true
    )]
    pub(crate) contexts: Option<Vec<String>>,
    /// The configuration file [default: found as coverage.py does].
    #[arg(long, value_name = "RCFILE", hide_short_help = true)]
    pub(crate) rcfile: Option<String>,
    /// The Python that recorded data which does not say it, as a version or a path.
    #[arg(long, value_name = "PYTHON", hide_short_help = true)]
    pub(crate) python: Option<String>,
    /// Go on without the plugins that the settings name.
    #[arg(long, hide_short_help = true)]
    pub(crate) no_plugins: bool,
    /// Go on when a source file cannot be read.
    #[arg(short, long, hide_short_help = true)]
    pub(crate) ignore_errors: bool,
    /// Digits after the decimal point of percentages.
    #[arg(long, value_name = "N", hide_short_help = true)]
    pub(crate) precision: Option<u32>,
}

/// What changed.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Change")]
pub(crate) struct ChangeArguments {
    /// Report what changed since the branch left REVISION [default: the default branch].
    #[arg(long, value_name = "REVISION", conflicts_with = "patch")]
    pub(crate) since: Option<String>,
    /// Compare with REVISION itself, not with where the branch left it.
    #[arg(long, requires = "since", hide_short_help = true)]
    pub(crate) no_merge_base: bool,
    /// Report what a patch changed; `-` reads it from standard input.
    #[arg(long, value_name = "FILE")]
    pub(crate) patch: Option<PathBuf>,
}

/// How a change is reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum DiffFormat {
    Text,
    Markdown,
    Json,
    Github,
    Gitlab,
}

/// `swath diff`.
#[derive(Debug, Args)]
#[command(
    after_help = "`--help` shows all options.",
    after_long_help = "Examples:\n  swath diff                         since the branch left the default branch\n  swath diff --since origin/release --fail-under 80\n  swath diff --since HEAD            what is not committed yet\n  git diff -U0 v1..v2 | swath diff --patch -\n  swath diff --format github         annotations of a pull request\n  swath diff --html untested         a page of what is left to test"
)]
pub(crate) struct DiffArguments {
    #[command(flatten)]
    pub(crate) change: ChangeArguments,
    #[command(flatten)]
    pub(crate) report: DiffReportArguments,
    #[command(flatten)]
    pub(crate) data: DataArguments,
}

/// The report of a change.
#[derive(Debug, Args)]
#[command(next_help_heading = "Report")]
pub(crate) struct DiffReportArguments {
    /// text, markdown, json, github (annotations) or gitlab (code quality).
    #[arg(long, value_enum, default_value_t = DiffFormat::Text, value_name = "FORMAT", hide_possible_values = true)]
    pub(crate) format: DiffFormat,
    /// Write the report to a file.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Write a page of what the change left untested into a folder as well.
    #[arg(long, value_name = "DIR")]
    pub(crate) html: Option<PathBuf>,
    /// Exit with 2 if less than MIN percent of the changed lines and branches is covered.
    #[arg(long, value_name = "MIN")]
    pub(crate) fail_under: Option<f64>,
    /// More gates: total, lines, branches, changed, service:NAME or a pattern of paths; not-below=BRANCH; or
    /// every-route-called and no-server-errors, without a minimum.
    #[arg(
        long,
        value_name = "NAME=MIN,...",
        value_delimiter = ',',
        hide_short_help = true
    )]
    pub(crate) gate: Vec<String>,
}

impl ReadingArguments {
    /// The same for a session.
    pub(crate) fn session(&self) -> SessionOptions {
        SessionOptions {
            rcfile: self.rcfile.clone(),
            include: self.include.clone(),
            omit: self.omit.clone(),
            contexts: self.contexts.clone(),
            python: self.python.clone(),
            precision: self.precision.map(i64::from),
            no_plugins: self.no_plugins,
            ignore_errors: self.ignore_errors,
            ..SessionOptions::default()
        }
    }
}

impl DataArguments {
    /// The same for a session.
    pub(crate) fn session(&self) -> SessionOptions {
        SessionOptions {
            data_file: self.data_file.clone(),
            ..self.reading.session()
        }
    }
}

/// What `swath run` is to start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    /// After `--`, or nothing at all: a test command.
    Tests(Vec<OsString>),
    /// Without `--`: a program or module and its arguments.
    Program(Vec<OsString>),
}
