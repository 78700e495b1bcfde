//! A run whose services ran in a fleet: its evidence comes from an object store. From there on it is a
//! run of containers.

pub(crate) mod beside;
mod cluster;
mod engine;
mod engine_watch;
mod pod_volume;
mod seen;
mod stack;
mod task_agent;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use fs_err as fs;
use swath_data::{Gathered, read_hit_stores};
use swath_docker::{ContainerPlace, ContainerRecord, ServicePart, Variables};
use swath_fleet::{
    Engine, FetchedContainer, FetchedPod, Fleet, FleetPod, Goodbye, PodDocument, PodState,
    StoreError,
};
use swath_model::{Finding, Message, Orchestrator};

pub use beside::FleetRequest;
pub use cluster::Cluster;
pub use engine::FleetEngine;
pub use pod_volume::{PodContainer, PodVolume, PodVolumeError, own_packages};
pub use stack::Stack;
pub(crate) use task_agent::task_files;
pub use task_agent::{TaskAgent, TaskFile};

use crate::container::account::ContainerRun;
use crate::data_file::Fingerprint;
use crate::error::RunError;
use crate::finish::finish_measurement;
use crate::finished_run::FinishedRun;
use crate::history::RunHistory;
use crate::measurement::{Measurement, nanoseconds_now};
use crate::orchestra::RunOutcome;
use crate::preflight::check_outputs;
use crate::request::RunRequest;

/// So many pods are fetched at once: each waits for the store most of the time.
const AT_ONCE: usize = 16;
/// So many pods are fetched before they are read, in their order.
const CHUNK: usize = 64;
/// How often the store is asked whether pods have sent the rest.
const LOOK: Duration = Duration::from_secs(1);
/// A store that does not answer is asked again after these times.
const AGAIN_AFTER: [Duration; 3] = [
    Duration::from_millis(300),
    Duration::from_secs(2),
    Duration::from_secs(8),
];
/// No text of a store is shown longer, in characters.
const LONGEST_NAME: usize = 253;

/// Why a run could not be gathered.
#[derive(Debug, thiserror::Error)]
pub enum GatherError {
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It holds nothing of the run.
    #[error("the object store holds no pod of the run `{run}`")]
    Empty {
        /// The run's address.
        run: String,
    },
    /// What comes of it cannot be written.
    #[error(transparent)]
    Run(Box<RunError>),
}

impl From<RunError> for GatherError {
    fn from(error: RunError) -> GatherError {
        GatherError::Run(Box::new(error))
    }
}

impl GatherError {
    /// What people are told.
    pub fn message(&self) -> Message {
        match self {
            GatherError::Store(error) => error.message(),
            GatherError::Empty { .. } => Message::error("fleet-empty", self.to_string()).hint(
                "name the run as `swath ship --to` does; pods send their first word when they start"
                    .to_owned(),
            ),
            GatherError::Run(error) => error.message(),
        }
    }
}

/// How many instances of services there are at least, by the services' names.
pub type ExpectedInstances = BTreeMap<String, usize>;

/// Fetches what the pods of a run recorded, and finishes as a run of containers does. `run` is the
/// run's address, for people. A pod that never sent a word is known by `expected` alone.
///
/// # Errors
/// When nothing could be gathered. Whatever is missing of single pods is in the result.
pub fn gather(
    request: &RunRequest,
    fleet: &Fleet,
    run: &str,
    expected: &ExpectedInstances,
) -> Result<FinishedRun, GatherError> {
    let begun = Instant::now();
    let started = nanoseconds_now();
    request.settings.scope().map_err(RunError::from)?;
    check_outputs(request)?;
    let data_file_before = Fingerprint::of(&request.data_file);
    let mut pods = Pods::default();
    pods.fetch_all(fleet, run)?;
    let (containers, findings) = pods.finish(expected);
    let history = RunHistory::create()?;
    let measurement = Measurement {
        outcome: RunOutcome::of_nothing(),
        processes: Vec::new(),
        containers,
        folder: None,
        history,
        data_file_before,
        begun,
        started,
        findings,
    };
    tracing::debug!("the fleet took {:.3} s", begun.elapsed().as_secs_f64());
    Ok(finish_measurement(request, measurement))
}

/// What is known of the pods so far.
#[derive(Debug, Default)]
struct Pods {
    run: ContainerRun,
    /// What runs them: of the last one that was taken.
    orchestrator: Orchestrator,
    /// Of each record: the pod's namespace, what it is a replica of, whether others are beside it.
    origins: Vec<Origin>,
    findings: Vec<Finding>,
    lost: Vec<(String, Duration)>,
    cut_short: Vec<(String, usize)>,
    names: BTreeSet<String>,
    /// Those that the store names, whatever became of them.
    uids: BTreeSet<String>,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Clone)]
struct Origin {
    orchestrator: Orchestrator,
    namespace: String,
    workload: String,
    container: String,
    is_alone: bool,
}

impl Pods {
    fn fetch_all(&mut self, fleet: &Fleet, run: &str) -> Result<(), GatherError> {
        let listing = patiently(|| fleet.list())?;
        self.uids = listing.pods.iter().map(|pod| pod.uid.clone()).collect();
        if listing.pods.is_empty() {
            return Err(GatherError::Empty {
                run: run.to_owned(),
            });
        }
        if listing.is_cut {
            self.findings.push(Finding::FleetCut);
        }
        tracing::debug!(
            "{} pods, {} other objects",
            listing.pods.len(),
            listing.others
        );
        let folder = tempfile::Builder::new()
            .prefix("swath-gather-")
            .tempdir()
            .map_err(|source| RunError::Folder {
                what: "the folder for hit stores",
                source,
            })?;
        let folder = folder.path();
        let mut running = Vec::new();
        for chunk in listing.pods.chunks(CHUNK) {
            let fetched = in_parallel(chunk, |pod| {
                let (document, state) = patiently(|| fleet.describe(pod))?;
                if state == PodState::Running {
                    return Ok(None);
                }
                fetch(fleet, pod, &document, state, folder).map(Some)
            });
            for (pod, fetched) in chunk.iter().zip(fetched) {
                match fetched {
                    // By one thread: memory that many have taken in turn is not given back.
                    Ok(Some(copied)) => self.take(copied.read()),
                    Ok(None) => running.push(pod.clone()),
                    Err(error) => self.note_unknown(pod, error)?,
                }
            }
        }
        // What these had recorded by now is sent, or it is missing.
        for chunk in running.chunks(CHUNK) {
            let described = patiently(|| fleet.wait_for(chunk, &mut || std::thread::sleep(LOOK)))?;
            let pods: Vec<_> = chunk.iter().zip(described).collect();
            let fetched = in_parallel(&pods, |(pod, (document, state))| {
                fetch(fleet, pod, document, *state, folder)
            });
            for (pod, fetched) in chunk.iter().zip(fetched) {
                match fetched {
                    Ok(copied) => self.take(copied.read()),
                    Err(error) => self.note_unknown(pod, error)?,
                }
            }
        }
        Ok(())
    }

    /// What is wrong with one pod is said of it; what is wrong with the store is of all.
    fn note_unknown(&mut self, pod: &FleetPod, error: StoreError) -> Result<(), StoreError> {
        let StoreError::Damaged { .. } = error else {
            return Err(error);
        };
        self.findings.push(Finding::PodUnknown {
            pod: format!("{}/{}", pod.namespace, pod.uid),
            problem: error.to_string(),
        });
        Ok(())
    }

    fn take(&mut self, pod: ReadPod) {
        let document = &pod.fetched.document;
        self.orchestrator = match document.engine {
            Engine::Kubernetes => Orchestrator::Kubernetes,
            Engine::Swarm => Orchestrator::Swarm,
        };
        let mut name = short(&document.name);
        if name.is_empty() {
            name.clone_from(&document.uid);
        }
        // A pod that replaced another one may have its name.
        if !self.names.insert(name.clone()) {
            name = format!("{name} ({})", document.uid);
            self.names.insert(name.clone());
        }
        match pod.state {
            PodState::Lost(silent) => self.lost.push((name.clone(), silent)),
            PodState::Ended(Goodbye { open }) if open > 0 => {
                self.cut_short.push((name.clone(), open));
            }
            PodState::Ended(_) | PodState::Running => {}
        }
        let is_alone = pod.fetched.containers.len() == 1;
        if pod.fetched.containers.is_empty() {
            self.findings.push(Finding::PodUnknown {
                pod: name.clone(),
                problem: "it names no measured container".to_owned(),
            });
        }
        let workload = short(&document.workload);
        for (container, stores) in pod.fetched.containers.iter().zip(pod.stores) {
            let origin = Origin {
                orchestrator: self.orchestrator,
                namespace: document.namespace.clone(),
                workload: if workload.is_empty() {
                    name.clone()
                } else {
                    workload.clone()
                },
                container: container.document.name.clone(),
                is_alone,
            };
            let own_name = if is_alone {
                name.clone()
            } else {
                format!("{name}/{}", container.document.name)
            };
            for problem in &container.damaged {
                self.findings.push(Finding::HitStoreUnreadable {
                    error: format!("{own_name}: {problem}"),
                });
            }
            let mut record = record_of(document, container, own_name);
            record.running = pod.state == PodState::Running;
            self.run.add(record, stores);
            self.origins.push(origin);
        }
    }

    /// Names the services, now that all are known, and says what is missing.
    fn finish(mut self, expected: &ExpectedInstances) -> (ContainerRun, Vec<Finding>) {
        let services = Services::of(&self.origins);
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        for origin in &self.origins {
            // Each of a pod's containers is a service of its own.
            *seen.entry(services.name(origin)).or_default() += 1;
        }
        for (service, &expected) in expected {
            let seen = seen.get(service).copied().unwrap_or_default();
            if seen < expected {
                self.findings.push(Finding::InstancesMissing {
                    orchestrator: self.orchestrator,
                    service: service.clone(),
                    seen,
                    expected,
                });
            }
        }
        for (record, origin) in self.run.records.iter_mut().zip(&self.origins) {
            record.part_of = Some(ServicePart {
                orchestrator: origin.orchestrator,
                service: services.name(origin),
                compose: None,
            });
        }
        if let Some(&(_, silent)) = self.lost.first() {
            let pods = self.lost.into_iter().map(|(pod, _)| pod).collect();
            self.findings.push(Finding::PodsLost {
                orchestrator: self.orchestrator,
                pods,
                silent,
            });
        }
        if !self.cut_short.is_empty() {
            let processes = self.cut_short.iter().map(|(_, open)| *open);
            let processes = processes.fold(0, usize::saturating_add);
            let pods = self.cut_short.into_iter().map(|(pod, _)| pod).collect();
            self.findings.push(Finding::PodsCutShort {
                orchestrator: self.orchestrator,
                pods,
                processes,
            });
        }
        let unreadable = self.run.unreadable.iter();
        self.findings
            .extend(unreadable.map(|store| Finding::HitStoreUnreadable {
                error: store.error.to_string(),
            }));
        (self.run, self.findings)
    }
}

/// What services are called: as the workloads are, as far as that tells them apart.
struct Services {
    /// The kinds and namespaces that have a workload of a name.
    named: BTreeMap<String, BTreeSet<(String, String)>>,
    /// Workloads with several measured containers.
    shared: BTreeSet<(String, String)>,
}

impl Services {
    fn of(origins: &[Origin]) -> Services {
        let mut services = Services {
            named: BTreeMap::new(),
            shared: BTreeSet::new(),
        };
        for origin in origins {
            let key = (origin.namespace.clone(), origin.workload.clone());
            if !origin.is_alone {
                services.shared.insert(key.clone());
            }
            let named = services
                .named
                .entry(last_part(&origin.workload))
                .or_default();
            named.insert(key);
        }
        services
    }

    fn name(&self, origin: &Origin) -> String {
        let short = last_part(&origin.workload);
        let is_only = self.named.get(&short).is_none_or(|all| all.len() == 1);
        let name = if is_only {
            short
        } else {
            format!("{}/{}", origin.namespace, origin.workload)
        };
        let key = (origin.namespace.clone(), origin.workload.clone());
        if self.shared.contains(&key) {
            format!("{name}/{}", origin.container)
        } else {
            name
        }
    }
}

/// The name in `Deployment/web`.
fn last_part(workload: &str) -> String {
    workload.rsplit('/').next().unwrap_or(workload).to_owned()
}

fn short(text: &str) -> String {
    text.chars().take(LONGEST_NAME).collect()
}

/// What is known of a container, in the words of a run.
fn record_of(pod: &PodDocument, container: &FetchedContainer, name: String) -> ContainerRecord {
    let document = &container.document;
    let id = format!("{}/{}/{}", pod.namespace, pod.uid, document.name);
    let mut record = ContainerRecord::elsewhere(id, name, short(&document.image));
    // Arguments alone are those of the image's own program, which is not known.
    if !document.command.is_empty() {
        record.command = document
            .command
            .iter()
            .chain(&document.args)
            .cloned()
            .collect();
    }
    let folder = document
        .working_folder
        .clone()
        .unwrap_or_else(|| "/".to_owned());
    record.place = ContainerPlace::declared(Variables(document.environment.clone()), folder);
    record.data.clone_from(&container.data);
    record.problem.clone_from(&container.problem);
    record
}

/// A pod whose hit stores are in a folder here, until they are read.
struct CopiedPod {
    fetched: FetchedPod,
    state: PodState,
    folder: PathBuf,
}

/// A pod, read.
struct ReadPod {
    fetched: FetchedPod,
    state: PodState,
    /// What its containers recorded, in their order.
    stores: Vec<Gathered>,
}

/// Fetches a pod.
fn fetch(
    fleet: &Fleet,
    pod: &FleetPod,
    document: &PodDocument,
    state: PodState,
    folder: &Path,
) -> Result<CopiedPod, StoreError> {
    let folder = folder.join(format!("{}.{}", pod.namespace, pod.uid));
    let fetched = patiently(|| {
        // What an earlier try left is not added to.
        let _ = fs::remove_dir_all(&folder);
        fleet.fetch(pod, document.clone(), &folder)
    })?;
    Ok(CopiedPod {
        fetched,
        state,
        folder,
    })
}

impl CopiedPod {
    /// Reads what the pod recorded, and removes the copies.
    fn read(mut self) -> ReadPod {
        let mut stores = Vec::new();
        for container in &mut self.fetched.containers {
            stores.push(match read_hit_stores(&container.data) {
                Ok(gathered) => gathered,
                Err(error) => {
                    container.problem.get_or_insert_with(|| error.to_string());
                    Gathered::default()
                }
            });
        }
        // What stays is removed with the folder of all.
        let _ = fs::remove_dir_all(&self.folder);
        ReadPod {
            fetched: self.fetched,
            state: self.state,
            stores,
        }
    }
}

/// Asks a store that may be down for a moment.
fn patiently<T>(ask: impl Fn() -> Result<T, StoreError>) -> Result<T, StoreError> {
    for delay in AGAIN_AFTER {
        match ask() {
            Err(error) if error.is_passing() => {
                tracing::debug!("asked again in {delay:?}: {error}");
                std::thread::sleep(delay);
            }
            answer => return answer,
        }
    }
    ask()
}

/// Does one thing with each, several at once; the results are in their order. After an error of the
/// store itself the rest is not begun.
fn in_parallel<T: Sync, R: Send>(
    all: &[T],
    work: impl Fn(&T) -> Result<R, StoreError> + Sync,
) -> Vec<Result<R, StoreError>> {
    let next = AtomicUsize::new(0);
    let failed = AtomicBool::new(false);
    let results: Mutex<Vec<(usize, Result<R, StoreError>)>> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE.min(all.len()) {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(one) = all.get(index).filter(|_| !failed.load(Ordering::Relaxed))
                    else {
                        return;
                    };
                    let result = work(one);
                    let is_of_store = matches!(&result, Err(error) if !matches!(error, StoreError::Damaged { .. }));
                    failed.fetch_or(is_of_store, Ordering::Relaxed);
                    let mut results = results.lock().unwrap_or_else(PoisonError::into_inner);
                    results.push((index, result));
                }
            });
        }
    });
    let mut results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    // The error of the store is the one that is told: it ends everything.
    results.sort_by_key(|(index, result)| (!is_fatal(result), *index));
    if results.first().is_some_and(|(_, result)| !is_fatal(result)) {
        results.sort_by_key(|(index, _)| *index);
    }
    results.into_iter().map(|(_, result)| result).collect()
}

fn is_fatal<R>(result: &Result<R, StoreError>) -> bool {
    matches!(result, Err(error) if !matches!(error, StoreError::Damaged { .. }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(namespace: &str, workload: &str, container: &str, is_alone: bool) -> Origin {
        Origin {
            orchestrator: Orchestrator::Kubernetes,
            namespace: namespace.to_owned(),
            workload: workload.to_owned(),
            container: container.to_owned(),
            is_alone,
        }
    }

    #[test]
    fn a_service_is_called_as_its_workload_as_far_as_that_tells_it_apart() {
        let origins = [
            origin("shop", "Deployment/web", "app", true),
            origin("shop", "Deployment/web", "app", true),
            origin("shop", "Deployment/api", "app", false),
            origin("shop", "CronJob/clean", "app", true),
            origin("other", "CronJob/clean", "app", true),
        ];
        let services = Services::of(&origins);
        let names: Vec<String> = origins.iter().map(|one| services.name(one)).collect();
        assert_eq!(
            names,
            [
                "web",
                "web",
                "api/app",
                "shop/CronJob/clean",
                "other/CronJob/clean"
            ]
        );
    }

    #[test]
    fn results_are_in_order_and_an_error_of_the_store_comes_first() {
        let all: Vec<usize> = (0..100).collect();
        let doubled = in_parallel(&all, |one| Ok(one * 2));
        let doubled: Vec<usize> = doubled.into_iter().map(Result::unwrap).collect();
        assert_eq!(doubled, all.iter().map(|one| one * 2).collect::<Vec<_>>());
        let fails = in_parallel(&all, |&one| {
            let problem = "x".to_owned();
            match one {
                7 => Err(StoreError::Credentials {
                    problem,
                    is_passing: false,
                }),
                3 => Err(StoreError::Damaged {
                    key: "k".to_owned(),
                    problem,
                }),
                _ => Ok(one),
            }
        });
        assert!(is_fatal(&fails[0]));
    }
}
