//! What there is to know about the containers of a run.

use std::collections::BTreeMap;

use swath_docker::ContainerNote;
use swath_model::{Finding, FirstProcess, signal_name};

use crate::container_account::{ContainerAccount, ContainerEnd};

/// What the proxy noticed.
pub(crate) fn of_notes(notes: &[ContainerNote]) -> Vec<Finding> {
    notes.iter().filter_map(of_note).collect()
}

fn of_note(note: &ContainerNote) -> Option<Finding> {
    Some(match note.clone() {
        ContainerNote::NotInjected { container } => Finding::ContainerNotInjected { container },
        ContainerNote::EngineSocket { container } => Finding::EngineSocket { container },
        ContainerNote::AroundProxy { command } => Finding::EngineBypassed { command },
        ContainerNote::OtherPlatform { image, platform } => {
            Finding::ContainerPlatform { image, platform }
        }
        ContainerNote::EngineUnusable { what } => Finding::EngineUnusable { what },
        ContainerNote::Failed { what } => Finding::ContainersNotMeasured { what },
        ContainerNote::VolumeStays { .. } => return None,
    })
}

/// That sources which only containers hold were fetched from them.
pub(crate) fn of_fetched(sources: &BTreeMap<String, String>) -> Option<Finding> {
    let (there, here) = sources.first_key_value()?;
    Some(Finding::SourceFetched {
        files: sources.len(),
        there: there.clone(),
        here: here.clone(),
    })
}

/// What a container's end says about its set-up.
pub(crate) fn of_container(container: &ContainerAccount) -> Vec<Finding> {
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
        });
    }
    found
}
