//! What there is to know about the containers of a run.

use std::collections::{BTreeMap, BTreeSet};

use swath_data::SourceHash;
use swath_docker::ContainerNote;
use swath_model::{Finding, FirstProcess, signal_name};

use crate::container::account::{ContainerAccount, ContainerEnd};

/// What the proxy noticed.
pub(crate) fn of_notes(notes: &[ContainerNote]) -> Vec<Finding> {
    notes.iter().filter_map(of_note).collect()
}

fn of_note(note: &ContainerNote) -> Option<Finding> {
    Some(match note.clone() {
        ContainerNote::NotInjected { container } => Finding::ContainerNotInjected { container },
        ContainerNote::ServiceNotInjected { service, left } => {
            Finding::ServiceNotInjected { service, left }
        }
        ContainerNote::EngineSocket { container } => Finding::EngineSocket { container },
        ContainerNote::AroundProxy { command } => Finding::EngineBypassed { command },
        ContainerNote::OtherPlatform { image, platform } => {
            Finding::ContainerPlatform { image, platform }
        }
        ContainerNote::EngineUnusable { what } => Finding::EngineUnusable { what },
        ContainerNote::Failed { what } => Finding::ContainersNotMeasured { what },
        ContainerNote::EngineSilent {
            endpoint,
            request,
            waited,
        } => Finding::EngineSilent {
            endpoint,
            request,
            waited,
        },
        ContainerNote::TraceInImage { image } => Finding::TraceInImage { image },
        ContainerNote::VolumeStays { .. } => return None,
    })
}

/// That sources which only containers hold were fetched from them.
pub(crate) fn of_fetched(sources: &BTreeMap<(String, SourceHash), String>) -> Option<Finding> {
    let ((there, _), here) = sources.first_key_value()?;
    Some(Finding::SourceFetched {
        files: sources.len(),
        there: there.clone(),
        here: here.clone(),
    })
}

/// What the containers' ends say about their set-up. Replicas of a service have one set-up, of which
/// it is said once.
pub(crate) fn of_containers(containers: &[ContainerAccount]) -> Vec<Finding> {
    let mut told = BTreeSet::new();
    let mut found = Vec::new();
    for container in containers {
        for finding in of_container(container) {
            let is_of_setup = !matches!(finding, Finding::ContainerNotGathered { .. });
            let code = finding.message().code.to_owned();
            if !is_of_setup || told.insert((container.service.clone(), code)) {
                found.push(finding);
            }
        }
    }
    found
}

fn of_container(container: &ContainerAccount) -> Vec<Finding> {
    let mut found = Vec::new();
    let (name, service) = (&container.name, &container.service);
    if let Some(problem) = &container.problem {
        found.push(Finding::ContainerNotGathered {
            container: name.clone(),
            problem: problem.clone(),
        });
    }
    if container.ends.iter().any(|end| end.out_of_memory) {
        found.push(Finding::ContainerOutOfMemory {
            container: name.clone(),
            service: service.clone(),
            orchestrator: container.orchestrator,
        });
    }
    let ignored = container.ends.iter().find_map(ContainerEnd::ignored_signal);
    if let Some(signal) = ignored {
        let first = if container.starts_with_shell() {
            FirstProcess::Shell
        } else if container.starts_with_bare_python() {
            FirstProcess::BarePython
        } else {
            FirstProcess::Other
        };
        found.push(Finding::ContainerSignalSwallowed {
            container: name.clone(),
            service: service.clone(),
            signal: signal_name(i32::try_from(signal).unwrap_or(0)).to_owned(),
            command: container.command.join(" "),
            first,
            orchestrator: container.orchestrator,
        });
    }
    found
}
