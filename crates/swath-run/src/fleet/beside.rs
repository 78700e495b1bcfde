//! A fleet that serves while the tests of a run are running here: its pods are waited for before, watched
//! meanwhile, and gathered in the end.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use swath_fleet::{Fleet, ObjectStore, RunLocation};
use swath_model::{Finding, Orchestrator};

use super::engine::FleetEngine;
use super::engine_watch::{FleetWatch, Watched};
use super::seen::SeenInstance;
use super::{ExpectedInstances, GatherError, LOOK, Pods, patiently};
use crate::container::account::ContainerRun;
use crate::error::RunError;
use crate::event::{Observer, RunEvent};
use crate::signals::Waiting;

/// So long, the first word of a pod that ran may take to reach the store.
const FIRST_WORD: Duration = Duration::from_secs(10);

/// The fleet that a run tests. Credentials for its store are those of this process's environment.
#[derive(Debug, Clone)]
pub struct FleetRequest {
    /// The run in the object store; `None` where the pods say where they ship to.
    pub store: Option<RunLocation>,
    /// How many instances of services there are at least.
    pub expected: ExpectedInstances,
    /// What runs the services, and is watched; `None` where the store alone says what there is.
    pub engine: Option<FleetEngine>,
    /// How long they may take to be ready.
    pub ready_timeout: Duration,
}

/// A fleet that is tested.
#[derive(Debug)]
pub(crate) struct FleetBeside {
    fleet: Fleet,
    run: RunLocation,
    expected: ExpectedInstances,
    watch: Option<FleetWatch>,
}

impl FleetBeside {
    /// Waits until the pods are ready, and makes sure that what they record can be fetched later.
    pub(crate) fn begin(
        request: &FleetRequest,
        observer: &mut dyn Observer,
    ) -> Result<FleetBeside, RunError> {
        let begun = Instant::now();
        let watch = request.engine.as_ref().map(FleetWatch::begin);
        let mut stores = BTreeSet::new();
        let mut waiting = None;
        if let Some(watch) = &watch {
            let waiting = waiting.insert(Waiting::install().map_err(|source| {
                let what = "signals cannot be received";
                RunError::System { what, source }
            })?);
            let name = request.engine.as_ref().map(ToString::to_string);
            let instance = watch.orchestrator().instance();
            let service = format!("the {instance}s of {}", name.unwrap_or_default());
            let mut pause = |time: Duration| {
                let elapsed = begun.elapsed();
                observer.event(RunEvent::Waiting {
                    service: &service,
                    elapsed,
                });
                waiting.wait(time)
            };
            let ready = watch.wait_until_ready(request.ready_timeout, &mut pause)?;
            observer.event(RunEvent::PodsReady {
                orchestrator: watch.orchestrator(),
                pods: ready.instances,
                elapsed: begun.elapsed(),
            });
            stores = ready.stores;
        }
        let run = match (&request.store, stores.len()) {
            (Some(run), _) => run.clone(),
            (None, 1) => stores.into_iter().collect::<String>().parse()?,
            (None, _) => {
                let orchestrator = watch.as_ref().map(FleetWatch::orchestrator);
                return Err(RunError::NoStore {
                    orchestrator: orchestrator.unwrap_or_default(),
                    stores: stores.into_iter().collect(),
                });
            }
        };
        let store = ObjectStore::open(&run, &|name| std::env::var(name).ok())?;
        let fleet = Fleet::new(store);
        // Before the tests, not after them, it is known whether the store can be read.
        patiently(|| fleet.list())?;
        // From the first wait on, a signal only says that one came.
        if waiting.is_some_and(|mut waiting| waiting.wait(Duration::ZERO)) {
            return Err(RunError::InterruptedBeforeTests);
        }
        Ok(FleetBeside {
            fleet,
            run,
            expected: request.expected.clone(),
            watch,
        })
    }

    /// Fetches what the pods recorded; whatever is missing of it is a finding.
    pub(crate) fn finish(
        self,
        observer: &mut dyn Observer,
        containers: &mut ContainerRun,
        findings: &mut Vec<Finding>,
    ) {
        let run = self.run.to_string();
        observer.event(RunEvent::Gathering { from: &run });
        let orchestrator = self.watch.as_ref().map(FleetWatch::orchestrator);
        let orchestrator = orchestrator.unwrap_or_default();
        let watched = self.watch.map(FleetWatch::finish).unwrap_or_default();
        let ran: BTreeSet<&String> = (watched.instances.iter())
            .filter_map(|(uid, pod)| pod.has_run.then_some(uid))
            .collect();
        wait_for_first_words(&self.fleet, &ran);
        let mut pods = Pods::default();
        let mut silent = Vec::new();
        match pods.fetch_all(&self.fleet, &run) {
            Err(error) if ran.is_empty() || !matches!(error, GatherError::Empty { .. }) => {
                let what = error.to_string();
                findings.push(Finding::FleetNotGathered { run, what });
            }
            // Of a store that answers it is known which pods it lacks.
            _ => {
                let missing = watched
                    .instances
                    .iter()
                    .filter(|(uid, _)| ran.contains(uid) && !pods.uids.contains(*uid));
                silent.extend(missing.map(|(_, pod)| pod.to_string()));
            }
        }
        let (theirs, found) = pods.finish(&self.expected);
        containers.extend(theirs);
        findings.extend(found);
        findings.extend(of_watch(orchestrator, &watched, silent));
    }
}

/// A pod that ran may not have said so yet.
fn wait_for_first_words(fleet: &Fleet, ran: &BTreeSet<&String>) {
    let begun = Instant::now();
    while begun.elapsed() < FIRST_WORD {
        let Ok(listing) = fleet.list() else {
            return;
        };
        let known: BTreeSet<&String> = listing.pods.iter().map(|pod| &pod.uid).collect();
        if ran.is_subset(&known) {
            return;
        }
        std::thread::sleep(LOOK);
    }
}

/// What the engine knows of instances that the store does not.
fn of_watch(orchestrator: Orchestrator, watched: &Watched, silent: Vec<String>) -> Vec<Finding> {
    let mut findings = Vec::new();
    if !silent.is_empty() {
        findings.push(Finding::PodsSilent {
            orchestrator,
            pods: silent,
        });
    }
    let never_ran = watched.instances.values().filter(|pod| !pod.has_run);
    for pod in never_ran.map(SeenInstance::to_string) {
        tracing::debug!("nothing measured of {pod} has run");
    }
    if let Some(what) = &watched.problem {
        findings.push(Finding::PodsNotWatched {
            orchestrator,
            what: what.clone(),
        });
    }
    findings
}
