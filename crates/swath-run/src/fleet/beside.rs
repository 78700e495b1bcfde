//! A fleet that serves while the tests of a run are running here: its pods are waited for before, watched
//! meanwhile, and gathered in the end.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use swath_docker::{ShippedTask, ShippedTasks, Shipping};
use swath_fleet::{Fleet, ObjectStore, RunLocation, StoreError};
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
/// In so long, whoever ships has looked for what is new, and sent it.
const A_ROUND: Duration = Duration::from_secs(5);

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
        let expected = Some(&self.expected);
        let (theirs, silent) = fetch(&self.fleet, &run, &watched, expected, findings);
        containers.extend(theirs);
        findings.extend(of_watch(orchestrator, &watched, silent));
    }
}

/// Fetches what the pods recorded, and the names of those that ran and of which the store has nothing.
/// Without `expected`, there may have been none.
fn fetch(
    fleet: &Fleet,
    run: &str,
    watched: &Watched,
    expected: Option<&ExpectedInstances>,
    findings: &mut Vec<Finding>,
) -> (ContainerRun, Vec<String>) {
    let ran: BTreeSet<&String> = (watched.instances.iter())
        .filter_map(|(uid, pod)| pod.has_run.then_some(uid))
        .collect();
    if expected.is_none() && ran.is_empty() {
        wait_for_any_word(fleet);
    }
    wait_for_first_words(fleet, &ran);
    let mut pods = Pods::default();
    let mut silent = Vec::new();
    match pods.fetch_all(fleet, run) {
        Err(GatherError::Empty { .. }) if expected.is_none() && ran.is_empty() => {}
        Err(error) if ran.is_empty() || !matches!(error, GatherError::Empty { .. }) => {
            let (run, what) = (run.to_owned(), error.to_string());
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
    let none = ExpectedInstances::new();
    let (theirs, found) = pods.finish(expected.unwrap_or(&none));
    findings.extend(found);
    (theirs, silent)
}

/// Makes sure, before the tests, that what tasks of services ship can be fetched from there.
pub(crate) fn check_shipping_store(shipping: &Shipping, run: &str) -> Result<(), RunError> {
    let address = shipping.address(run);
    let location = address.parse();
    let store = location.and_then(|location: RunLocation| {
        ObjectStore::open(&location, &|name| std::env::var(name).ok())
    });
    // A store may be down for a moment; a right or a folder that is missing now is missing then.
    let tried = store.and_then(|store| {
        patiently(|| match store.probe() {
            Err(error) if error.is_forbidden() || error.is_nowhere() => Ok(Err(error)),
            other => other.map(Ok),
        })?
    });
    tried.map_err(|source| RunError::ShippingStore {
        store: shipping.store.clone(),
        source,
    })
}

/// Fetches what the tasks of services recorded that the tests themselves made, on whatever node, and
/// ends the service that shipped it.
pub(crate) fn fetch_shipped(
    mut shipped: ShippedTasks,
    observer: &mut dyn Observer,
    containers: &mut ContainerRun,
    findings: &mut Vec<Finding>,
) {
    let run = shipped.address.clone();
    observer.event(RunEvent::Gathering { from: &run });
    let tasks = std::mem::take(&mut shipped.tasks).into_iter();
    let watched = Watched {
        instances: tasks.map(|(id, task)| (id, seen(task))).collect(),
        problem: shipped.problem.take(),
    };
    let store = run.parse().map_err(|error: StoreError| error.to_string());
    let store = store.and_then(|location| {
        ObjectStore::open(&location, &|name| std::env::var(name).ok())
            .map_err(|error| error.to_string())
    });
    let mut silent = Vec::new();
    match store {
        Ok(store) => {
            let fleet = Fleet::new(store);
            // A task may have come and gone between two questions: the store says what there is.
            let (mut theirs, missing) = fetch(&fleet, &run, &watched, None, findings);
            silent = missing;
            for record in &mut theirs.records {
                if let Some(known) = shipped.services.get(record.service()) {
                    record.place = known.place.clone();
                    record.image.clone_from(&known.image);
                    record.part_of.clone_from(&known.part_of);
                }
            }
            containers.extend(theirs);
        }
        Err(what) => findings.push(Finding::FleetNotGathered { run, what }),
    }
    findings.extend(of_watch(Orchestrator::Swarm, &watched, silent));
    shipped.remove();
}

fn seen(task: ShippedTask) -> SeenInstance {
    SeenInstance {
        name: task.name,
        has_run: task.has_run,
        is_settled: true,
        trouble: task.trouble,
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

/// A task of which nobody was told is known once the next round of its node is shipped.
fn wait_for_any_word(fleet: &Fleet) {
    let begun = Instant::now();
    while begun.elapsed() < A_ROUND && fleet.list().is_ok_and(|listing| listing.pods.is_empty()) {
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
