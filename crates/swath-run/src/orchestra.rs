//! The order of a run: services up, tests, services down.

mod serve;

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use swath_data::without_secrets;
use swath_model::{Ending, Finding};

use crate::compose::ComposeProject;
use crate::error::RunError;
use crate::event::{Observer, RunEvent};
use crate::history::RunHistory;
use crate::process_table::{ProcessKey, ProcessTable, Sightings};
use crate::readiness::owner_for_people;
use crate::ready::{address_of, answers_already};
use crate::reaper::{Reaper, adopt_orphans};
use crate::request::{RunKind, RunRequest};
use crate::run_folder::RunFolder;
use crate::run_folder::packing::Packing;
use crate::service::RunningService;
use crate::signals::{StopRequest, StopRequests, after_the_run};
use crate::spawn::Spawn;
use crate::stopping::send;
use crate::watch::Watch;

pub use serve::serve;

/// How often the run looks at what has happened.
pub(crate) const TICK: Duration = Duration::from_millis(8);
/// How long tests that were asked to stop may take before they are killed.
const TEST_GRACE: Duration = Duration::from_secs(15);
/// How long tests that were killed may take to be gone.
const AFTER_KILL: Duration = Duration::from_secs(5);
/// So often SIGTERM is passed on to a program; after that it is killed.
const PATIENCE_OF_PROGRAMS: usize = 2;
const TERM: i32 = 15;
/// How long what the tests left running may take to end by itself.
const SETTLE: Duration = Duration::from_millis(800);

/// How the test command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TestEnd {
    /// Its ending.
    pub ending: Ending,
    /// How long it ran.
    pub elapsed: Duration,
}

/// The user stopped the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interruption {
    /// The signal's number.
    pub signal: i32,
    /// It was asked for twice: everything was killed.
    pub killed: bool,
}

/// Everything that came of a run; the hit stores are in the run's folder.
#[derive(Debug)]
pub(crate) struct RunOutcome {
    /// How the tests ended, if they were started.
    pub test: Option<TestEnd>,
    /// Why the run failed, if it did.
    pub failure: Option<RunError>,
    /// Whether the user stopped it.
    pub interruption: Option<Interruption>,
    /// What there is to know about the services.
    pub findings: Vec<Finding>,
    /// The services of the Compose project that was brought up, but for the one of the tests.
    pub project_services: Vec<String>,
    /// When the first service, or the tests, were about to be started.
    pub started_at: Instant,
    /// When the last service had ended.
    pub ended_at: Instant,
    pub(crate) endings: BTreeMap<ProcessKey, Ending>,
    pub(crate) sightings: Sightings,
    /// The process that was started as the tests.
    pub(crate) test_key: Option<ProcessKey>,
    /// Where the agent was, and where it recorded.
    pub(crate) agent: PathBuf,
    pub(crate) data: PathBuf,
}

impl RunOutcome {
    /// That of a run in which nothing was started here.
    pub(crate) fn of_nothing() -> RunOutcome {
        let now = Instant::now();
        RunOutcome {
            test: None,
            failure: None,
            interruption: None,
            findings: Vec::new(),
            started_at: now,
            ended_at: now,
            endings: BTreeMap::new(),
            sightings: Sightings::default(),
            test_key: None,
            agent: PathBuf::new(),
            data: PathBuf::new(),
            project_services: Vec::new(),
        }
    }
}

/// How patiently the command is treated when the user stops the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Patience {
    /// Tests: killed when they do not end in time.
    Limited,
    /// A program run as by `coverage run`: it decides itself what Ctrl-C means.
    Unlimited,
}

/// Executes a run. Call it on the main thread: the services are told to stop when the calling
/// thread dies.
///
/// # Errors
/// Only when nothing could be started; later failures are in the outcome, beside what was measured.
pub(crate) fn execute(
    request: &RunRequest,
    folder: &RunFolder,
    history: &RunHistory,
    observer: &mut dyn Observer,
) -> Result<RunOutcome, RunError> {
    let system = |what| move |source: io::Error| RunError::System { what, source };
    let mut findings = Vec::new();
    let adopted = adopt_orphans();
    let agent = folder.agent().to_string_lossy().into_owned();
    let table = ProcessTable::new(agent, adopted.is_ok());
    if let Err(error) = adopted {
        findings.push(Finding::SystemRefused {
            what: "processes that outlive the one that started them could not be adopted"
                .to_owned(),
            error: error.to_string(),
            consequence: "how they ended is not known".to_owned(),
        });
    }
    if let Some(why) = table.blind() {
        findings.push(Finding::ProcessesUnseen {
            why: why.to_owned(),
        });
    }
    let mut orchestra = Orchestra {
        request,
        folder,
        history,
        observer,
        reaper: Reaper::default(),
        watch: Watch::start(table, &request.folder, &folder.agent())
            .map_err(system("a thread could not be started"))?,
        packing: Packing::start(folder.data()).map_err(system("a thread could not be started"))?,
        requests: StopRequests::install().map_err(system("signals could not be received"))?,
        services: Vec::new(),
        findings,
        project: None,
        project_services: Vec::new(),
        test_key: None,
        interruption: None,
        requests_to_end: 0,
        patience: match request.kind {
            RunKind::Program => Patience::Unlimited,
            RunKind::SystemTest | RunKind::Gathered => Patience::Limited,
        },
        started_at: Instant::now(),
    };
    let result = orchestra.perform();
    orchestra.take_down();
    orchestra.stop_services();
    orchestra.settle();
    let (test, failure) = match result {
        Ok(test) => (test, None),
        Err(error) => (None, Some(error)),
    };
    after_the_run(orchestra.interruption.is_some());
    let Orchestra {
        reaper,
        watch,
        packing,
        findings,
        project_services,
        interruption,
        started_at,
        test_key,
        ..
    } = orchestra;
    packing.finish();
    Ok(RunOutcome {
        test,
        failure,
        interruption,
        findings,
        project_services,
        started_at,
        ended_at: Instant::now(),
        sightings: watch.finish(),
        endings: reaper.into_endings(),
        test_key,
        agent: folder.agent(),
        data: folder.data(),
    })
}

pub(crate) struct Orchestra<'a> {
    pub(crate) request: &'a RunRequest,
    pub(crate) folder: &'a RunFolder,
    pub(crate) history: &'a RunHistory,
    pub(crate) observer: &'a mut dyn Observer,
    pub(crate) reaper: Reaper,
    pub(crate) watch: Watch,
    packing: Packing,
    requests: StopRequests,
    pub(crate) services: Vec<RunningService>,
    pub(crate) findings: Vec<Finding>,
    pub(crate) project: Option<ComposeProject>,
    /// The services of that project, but for the one of the tests.
    pub(crate) project_services: Vec<String>,
    test_key: Option<ProcessKey>,
    pub(crate) interruption: Option<Interruption>,
    /// How often the user has sent SIGTERM.
    requests_to_end: usize,
    patience: Patience,
    started_at: Instant,
}

impl Orchestra<'_> {
    fn perform(&mut self) -> Result<Option<TestEnd>, RunError> {
        for spec in &self.request.services {
            if let Some(ready) = spec.ready.as_ref().filter(|ready| answers_already(ready)) {
                return Err(RunError::AddressInUse {
                    service: spec.name.clone(),
                    address: address_of(ready),
                    owner: owner_for_people(ready),
                });
            }
        }
        self.started_at = Instant::now();
        self.start_services()?;
        self.bring_up()?;
        self.run_tests().map(Some)
    }

    fn start_services(&mut self) -> Result<(), RunError> {
        if self.request.services.is_empty() {
            return Ok(());
        }
        let names = self
            .request
            .services
            .iter()
            .map(|spec| spec.name.clone())
            .collect::<Vec<_>>();
        self.observer.event(RunEvent::Starting { services: &names });
        let started = Instant::now();
        for spec in &self.request.services {
            let service = RunningService::start(
                spec,
                &self.request.folder,
                self.folder,
                self.history.path(),
            )?;
            tracing::debug!("service {} is process {}", spec.name, service.root.key.pid);
            self.services.push(service);
            self.wait_until_ready(self.services.len() - 1)?;
        }
        let elapsed = started.elapsed();
        let all = self.request.services.len();
        let checked = self
            .request
            .services
            .iter()
            .filter(|spec| spec.ready.is_some());
        let checked = checked.count();
        if checked > 0 {
            let services = checked;
            self.observer.event(RunEvent::Ready { services, elapsed });
        }
        if checked < all {
            let services = all - checked;
            self.observer.event(RunEvent::Started { services, elapsed });
        }
        Ok(())
    }

    fn run_tests(&mut self) -> Result<TestEnd, RunError> {
        let words = self
            .request
            .command
            .iter()
            .map(|word| word.to_string_lossy().into_owned())
            .collect::<Vec<_>>();
        let compose = self.request.compose.as_ref();
        let short = compose.and_then(|compose| compose.shown_test_command(&words));
        let shown = without_secrets(short.as_ref().unwrap_or(&words)).join(" ");
        self.observer.event(RunEvent::Running { command: &shown });
        let started = Instant::now();
        let pid = Spawn {
            command: &self.request.command,
            folder: &self.request.folder,
            environment: &self.request.environment,
            run_folder: self.folder,
            service: None,
            apart: false,
            log: None,
            death_signal: Signal::TERM,
        }
        .start()
        .map_err(|source| test_error(&words, source))?;
        self.test_key = Some(ProcessKey::of(pid));
        tracing::debug!("the tests are process {pid}");
        let mut asked: Option<Instant> = None;
        let ending = loop {
            if let Some(ending) = self.reaper.ending_of_pid(pid) {
                break ending;
            }
            self.tick();
            self.note_ended_services();
            if self.interruption.is_none() || self.patience == Patience::Unlimited {
                continue;
            }
            let since = asked.get_or_insert_with(Instant::now).elapsed();
            if since >= TEST_GRACE + AFTER_KILL {
                // Not even that ends it: it waits for a device. It is left alone.
                break Ending::StillRunning;
            }
            if since >= TEST_GRACE {
                self.kill_tests(pid);
            } else {
                self.observer.event(RunEvent::WaitingForTests {
                    elapsed: since,
                    limit: TEST_GRACE,
                });
            }
        };
        self.observer.event(RunEvent::TestsEnded);
        tracing::debug!("the tests' process {}", ending.describe());
        self.note_ended_services_at_last();
        Ok(TestEnd {
            ending,
            elapsed: started.elapsed(),
        })
    }

    /// Gives what the tests left running a moment to end; what stays is named in the accounting.
    fn settle(&mut self) {
        let limit = Instant::now() + SETTLE;
        loop {
            self.reaper.collect();
            let lives = {
                let mut table = self.watch.table();
                table.refresh();
                table.any_lives()
            };
            if !lives || Instant::now() >= limit {
                return;
            }
            std::thread::sleep(TICK);
        }
    }

    /// Lets a moment pass: collects statuses, receives requests to stop.
    pub(crate) fn tick(&mut self) {
        std::thread::sleep(TICK);
        self.reaper.collect();
        for request in self.requests.take() {
            self.interrupt(request);
        }
    }

    fn interrupt(&mut self, request: StopRequest) {
        tracing::debug!("signal {} was received", request.signal);
        let again = self.interruption.is_some();
        self.requests_to_end += usize::from(request.signal == TERM);
        // A program decides itself what Ctrl-C means; it is not asked to end for ever.
        let kill = match self.patience {
            Patience::Limited => again,
            Patience::Unlimited => self.requests_to_end > PATIENCE_OF_PROGRAMS,
        };
        self.interruption = Some(Interruption {
            signal: request.signal,
            killed: kill,
        });
        self.observer.event(RunEvent::Interrupted { again });
        let test = self.test_key.map(|key| key.pid);
        let Some(pid) = test.filter(|&pid| self.reaper.ending_of_pid(pid).is_none()) else {
            return;
        };
        if kill {
            self.kill_tests(pid);
        } else if !request.from_terminal {
            // The terminal sends Ctrl-C to the tests itself.
            if let Some(signal) = Signal::from_named_raw(request.signal) {
                send(pid, signal);
            }
        }
    }
}

fn test_error(words: &[String], source: io::Error) -> RunError {
    let command = words.first().cloned().unwrap_or_default();
    if source.kind() == io::ErrorKind::NotFound {
        RunError::CommandNotFound { command }
    } else {
        RunError::CommandNotRunnable { command, source }
    }
}
