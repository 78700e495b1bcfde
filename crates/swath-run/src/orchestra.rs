//! The order of a run: services up, tests, services down.

use std::collections::BTreeMap;
use std::io;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use swath_config::StopSignal;
use swath_data::without_secrets;
use swath_model::{Ending, Finding};

use crate::command_line::is_shell;
use crate::compose::ComposeProject;
use crate::error::RunError;
use crate::event::{Observer, RunEvent};
use crate::history::RunHistory;
use crate::ready::{Probe, address_of, answers_already};
use crate::reaper::{ProcessKey, Reaper};
use crate::request::{RunKind, RunRequest};
use crate::run_folder::RunFolder;
use crate::service::RunningService;
use crate::signals::StopRequests;
use crate::spawn::Spawn;
use crate::watch::{self, Sightings, Watch};

/// How often the run looks at what has happened.
const TICK: Duration = Duration::from_millis(8);
/// How long tests that were asked to stop may take before they are killed.
const TEST_GRACE: Duration = Duration::from_secs(15);
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
    /// When the first service, or the tests, were about to be started.
    pub started_at: Instant,
    /// When the last service had ended.
    pub ended_at: Instant,
    pub(crate) endings: BTreeMap<ProcessKey, Ending>,
    pub(crate) sightings: Sightings,
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
    let watch = Watch::start(folder.agent().to_string_lossy().into_owned())
        .map_err(system("a thread could not be started"))?;
    let mut orchestra = Orchestra {
        request,
        folder,
        history,
        observer,
        reaper: Reaper::install().map_err(system("orphans could not be adopted"))?,
        requests: StopRequests::install().map_err(system("signals could not be received"))?,
        services: Vec::new(),
        findings: Vec::new(),
        project: None,
        test_pid: None,
        interruption: None,
        patience: match request.kind {
            RunKind::Program => Patience::Unlimited,
            RunKind::SystemTest => Patience::Limited,
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
    let Orchestra {
        reaper,
        findings,
        interruption,
        started_at,
        ..
    } = orchestra;
    Ok(RunOutcome {
        test,
        failure,
        interruption,
        findings,
        started_at,
        ended_at: Instant::now(),
        sightings: watch.finish(),
        endings: reaper.into_endings(),
    })
}

pub(crate) struct Orchestra<'a> {
    pub(crate) request: &'a RunRequest,
    pub(crate) folder: &'a RunFolder,
    pub(crate) history: &'a RunHistory,
    pub(crate) observer: &'a mut dyn Observer,
    pub(crate) reaper: Reaper,
    requests: StopRequests,
    services: Vec<RunningService>,
    pub(crate) findings: Vec<Finding>,
    pub(crate) project: Option<ComposeProject>,
    test_pid: Option<u32>,
    pub(crate) interruption: Option<Interruption>,
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
            self.services.push(service);
            self.wait_until_ready(self.services.len() - 1)?;
        }
        let event = RunEvent::Ready {
            services: self.services.len(),
            elapsed: started.elapsed(),
        };
        self.observer.event(event);
        Ok(())
    }

    fn wait_until_ready(&mut self, index: usize) -> Result<(), RunError> {
        let Some(ready) = self.services[index].spec.ready.clone() else {
            return Ok(());
        };
        let mut probe =
            Probe::start(&ready, &self.services[index].log).map_err(|source| RunError::System {
                what: "a thread could not be started",
                source,
            })?;
        loop {
            // Readiness first: a service may answer and end on purpose.
            let is_ready = probe.is_ready();
            self.tick();
            let service = &self.services[index];
            if let Some(ending) = self.reaper.ending_of_pid(service.pid) {
                return Err(RunError::ServiceExited {
                    service: service.spec.name.clone(),
                    how: ending.describe(),
                    last_output: service.last_output(),
                    log: service.log.clone(),
                });
            }
            if is_ready {
                return Ok(());
            }
            if self.interruption.is_some() {
                return Err(RunError::InterruptedBeforeTests);
            }
            let elapsed = service.started.elapsed();
            if elapsed >= service.spec.ready_timeout {
                return Err(RunError::NotReady {
                    service: service.spec.name.clone(),
                    waited: service.spec.ready_timeout,
                    last_attempt: format!("`{}`: {}", address_of(&ready), probe.last_attempt()),
                    last_output: service.last_output(),
                    log: service.log.clone(),
                });
            }
            self.observer.event(RunEvent::Waiting {
                service: &service.spec.name,
                elapsed,
            });
        }
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
        self.test_pid = Some(pid);
        let mut asked: Option<Instant> = None;
        loop {
            if let Some(ending) = self.reaper.ending_of_pid(pid) {
                self.observer.event(RunEvent::TestsEnded);
                return Ok(TestEnd {
                    ending,
                    elapsed: started.elapsed(),
                });
            }
            self.tick();
            self.tell_ended_services();
            if self.interruption.is_some() && self.patience == Patience::Limited {
                let since = asked.get_or_insert_with(Instant::now).elapsed();
                if since >= TEST_GRACE {
                    send(pid, Signal::KILL);
                }
            }
        }
    }

    fn tell_ended_services(&mut self) {
        for service in &mut self.services {
            if service.end_told {
                continue;
            }
            if let Some(ending) = self.reaper.ending_of_pid(service.pid) {
                service.end_told = true;
                let how = ending.describe();
                self.observer.event(RunEvent::ServiceEnded {
                    service: &service.spec.name,
                    how: &how,
                });
                self.findings.push(Finding::ServiceEnded {
                    service: service.spec.name.clone(),
                    how,
                    last_output: service.last_output(),
                    log: Some(service.log.display().to_string()),
                });
            }
        }
    }

    /// Stops the services, the last one first.
    fn stop_services(&mut self) {
        self.reaper.collect();
        let running = self
            .services
            .iter()
            .filter(|service| !service.living().is_empty())
            .count();
        if running == 0 {
            return;
        }
        self.observer
            .event(RunEvent::Stopping { services: running });
        for index in (0..self.services.len()).rev() {
            self.stop_service(index);
        }
    }

    fn stop_service(&mut self, index: usize) {
        let (pid, signal, limit) = {
            let service = &self.services[index];
            (
                service.pid,
                named_signal(service.spec.stop_signal),
                service.spec.stop_timeout,
            )
        };
        let begun = Instant::now();
        if self.reaper.ending_of_pid(pid).is_none() {
            send(pid, signal);
        } else {
            // The process that was started is gone: its workers are told directly.
            send_to_group(pid, signal);
        }
        loop {
            let living = self.services[index].living();
            if living.is_empty() {
                break;
            }
            let killed = self
                .interruption
                .is_some_and(|interruption| interruption.killed);
            if killed || begun.elapsed() >= limit {
                self.kill_service(index, &living, begun.elapsed());
                break;
            }
            self.tick();
        }
        let name = &self.services[index].spec.name;
        self.observer.event(RunEvent::Stopped {
            service: name,
            elapsed: begun.elapsed(),
        });
    }

    fn kill_service(&mut self, index: usize, living: &[u32], waited: Duration) {
        let service = &self.services[index];
        let arguments = watch::arguments_of(service.pid);
        let first = living
            .first()
            .map(|&pid| watch::arguments_of(pid))
            .unwrap_or_default();
        let shown = if arguments.is_empty() {
            &first
        } else {
            &arguments
        };
        let command = without_secrets(shown).join(" ");
        let shell = shown.first().is_some_and(|program| is_shell(program));
        send_to_group(service.pid, Signal::KILL);
        for &pid in living {
            send(pid, Signal::KILL);
        }
        self.observer.event(RunEvent::Killed {
            service: &service.spec.name,
            signal: service.spec.stop_signal,
            waited,
            command: &command,
            shell,
        });
        let limit = Instant::now() + Duration::from_secs(5);
        while !self.services[index].living().is_empty() && Instant::now() < limit {
            self.reaper.collect();
            std::thread::sleep(TICK);
        }
    }

    /// Gives what the tests left running a moment to end; what stays is named in the accounting.
    fn settle(&mut self) {
        let limit = Instant::now() + SETTLE;
        loop {
            self.reaper.collect();
            if watch::descendants_of(std::process::id()).is_empty() || Instant::now() >= limit {
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
            let again = self.interruption.is_some();
            self.interruption = Some(Interruption {
                signal: request.signal,
                killed: again && self.patience == Patience::Limited,
            });
            self.observer.event(RunEvent::Interrupted);
            let Some(pid) = self
                .test_pid
                .filter(|&pid| self.reaper.ending_of_pid(pid).is_none())
            else {
                continue;
            };
            if again && self.patience == Patience::Limited {
                send(pid, Signal::KILL);
            } else if !request.from_terminal {
                // The terminal sends Ctrl-C to the tests itself.
                if let Some(signal) = Signal::from_named_raw(request.signal) {
                    send(pid, signal);
                }
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

/// Sends a signal; that the process is gone meanwhile is no error.
fn send(pid: u32, signal: Signal) {
    if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
        let _ = kill_process(pid, signal);
    }
}

fn named_signal(signal: StopSignal) -> Signal {
    Signal::from_named_raw(signal.number()).unwrap_or(Signal::TERM)
}

pub(crate) fn send_to_group(pid: u32, signal: Signal) {
    if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
        let _ = kill_process_group(pid, signal);
    }
}
