//! Executes a run and gathers what it left: the evidence, not yet judged.

use std::path::Path;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use swath_data::{StoredProcess, read_hit_stores};
use swath_model::{Finding, SourceHash};

use crate::agent_settings;
use crate::container::account::ContainerRun;
use crate::container::{Containers, name_of_run, nodes_of_swarm};
use crate::data_file::Fingerprint;
use crate::error::RunError;
use crate::event::{Observer, RunEvent};
use crate::fleet::beside::{FleetBeside, check_shipping_store, fetch_shipped};
use crate::history::RunHistory;
use crate::installed_copy::OwnPackages;
use crate::orchestra::{RunOutcome, execute};
use crate::preflight::check_outputs;
use crate::request::{RunKind, RunRequest};
use crate::run_folder::RunFolder;

/// What a run left. Hit stores on this machine are removed with this value unless they are to be kept.
#[derive(Debug)]
pub(crate) struct Measurement {
    pub(crate) outcome: RunOutcome,
    /// The processes of this host.
    pub(crate) processes: Vec<StoredProcess>,
    pub(crate) containers: ContainerRun,
    /// Where the hit stores are; nothing where they stay elsewhere, whatever becomes of the data.
    pub(crate) folder: Option<RunFolder>,
    pub(crate) history: RunHistory,
    pub(crate) data_file_before: Fingerprint,
    pub(crate) begun: Instant,
    /// When it began, in nanoseconds since 1970.
    pub(crate) started: i64,
    pub(crate) findings: Vec<Finding>,
}

impl Measurement {
    /// Notes that the run is over. Where an engine still holds what a container recorded, it is not:
    /// the folder stays, and the next run fetches the rest into it and names it.
    pub(crate) fn end(&mut self) {
        match &mut self.folder {
            Some(folder) if self.containers.is_ungathered() => {
                folder.keep();
                self.history.mark_ungathered();
            }
            _ => self.history.mark_ended(),
        }
    }
}

/// Tries what can be tried before, executes the request, and gathers what it left.
pub(crate) fn measure(
    request: &RunRequest,
    observer: &mut dyn Observer,
) -> Result<Measurement, RunError> {
    let begun = Instant::now();
    let started = nanoseconds_now();
    let scope = request.settings.scope()?;
    check_outputs(request)?;
    let data_file_before = Fingerprint::of(&request.data_file);
    let history = RunHistory::create()?;
    observer.event(RunEvent::Begun {
        history: history.path(),
    });
    // A program of the user's own is measured as coverage.py measures it.
    let own_packages = match request.kind {
        RunKind::SystemTest => OwnPackages::of(&scope, &request.folder),
        RunKind::Program | RunKind::Gathered => OwnPackages::default(),
    };
    let folder = RunFolder::create(
        &agent_settings::on_host(request.attribution, &scope, &own_packages),
        request.inject,
    )?;
    history.mark_active(folder.path(), &request.folder);
    tracing::debug!(
        "swath {} runs in {}, with its agent in {}",
        env!("CARGO_PKG_VERSION"),
        request.folder.display(),
        folder.agent().display()
    );
    let fleet = match &request.fleet {
        Some(fleet) => {
            Some(FleetBeside::begin(fleet, observer).inspect_err(|_| history.mark_ended())?)
        }
        None => None,
    };
    try_shipping(request, &folder, &history).inspect_err(|_| history.mark_ended())?;
    let mut request = request.clone();
    let containers = Containers::start(&mut request, &scope, &folder, &history);
    if let Some(what) = containers.problem().filter(|_| request.compose.is_some()) {
        history.mark_ended();
        return Err(RunError::NoEngine {
            what: what.to_owned(),
        });
    }
    let outcome = execute(&request, &folder, &history, observer);
    let ended = Instant::now();
    let mut containers = containers.finish();
    tracing::debug!("the containers took {:.3} s", ended.elapsed().as_secs_f64());
    let outcome = match outcome {
        Ok(outcome) => outcome,
        Err(error) => {
            if let Some(shipped) = containers.shipped.take() {
                shipped.remove();
            }
            history.mark_ended();
            return Err(error);
        }
    };
    containers.note_bypasses(&outcome);
    let mut findings = Vec::new();
    if let Some(fleet) = fleet {
        fleet.finish(observer, &mut containers, &mut findings);
    }
    if let Some(shipped) = containers.shipped.take() {
        fetch_shipped(shipped, observer, &mut containers, &mut findings);
    }
    let mut gathered = read_hit_stores(&folder.data()).unwrap_or_else(|error| {
        let error = if folder.path().exists() {
            format!("the hit stores could not be read: {error}")
        } else {
            format!(
                "the run's folder `{}` was removed while the run went on, with what it recorded",
                folder.path().display()
            )
        };
        findings.push(Finding::HitStoreUnreadable { error });
        swath_data::Gathered::default()
    });
    tracing::debug!(
        "{} of {} processes that were seen left a hit store here",
        gathered.processes.len(),
        outcome.sightings.len()
    );
    own_packages.take_home(&scope, &mut gathered.processes);
    if request.kind == RunKind::Program {
        hash_archived(&mut gathered.processes);
    }
    let unreadable = gathered.unreadable.iter().chain(&containers.unreadable);
    findings.extend(unreadable.map(|store| Finding::HitStoreUnreadable {
        error: store.error.to_string(),
    }));
    Ok(Measurement {
        outcome,
        processes: gathered.processes,
        containers,
        folder: Some(folder),
        history,
        data_file_before,
        begun,
        started,
        findings,
    })
}

/// Makes sure that what services ship could be fetched, and notes where that would be.
fn try_shipping(
    request: &RunRequest,
    folder: &RunFolder,
    history: &RunHistory,
) -> Result<(), RunError> {
    // On one node, or on none, nothing is shipped.
    if let Some(shipping) = request.shipping.as_ref().filter(|_| request.containers)
        && nodes_of_swarm() > 1
    {
        let run = name_of_run(folder);
        check_shipping_store(shipping, &run)?;
        history.note_shipping(&shipping.address(&run));
    }
    Ok(())
}

/// The agent reads no archives. What a program of the user's own ran from one is what is there now.
fn hash_archived(processes: &mut [StoredProcess]) {
    for file in processes.iter_mut().flat_map(|process| &mut process.files) {
        let path = Path::new(&file.path);
        if file.hash.is_none() && !path.exists() {
            let source = swath_checkout::read_source(path).ok();
            let hash = source.map(|source| SourceHash::of(&source));
            Arc::make_mut(file).hash = hash;
        }
    }
}

pub(crate) fn nanoseconds_now() -> i64 {
    SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .ok()
        .and_then(|since| i64::try_from(since.as_nanos()).ok())
        .unwrap_or(0)
}
