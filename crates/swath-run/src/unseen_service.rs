//! Declared services that are Pythons and of which nothing was seen: they were too short for a look
//! at `/proc`, and swath knows all the same that it started them.

use swath_config::Service;
use swath_data::{Spawn, without_secrets};
use swath_model::{NotMeasured, NotMeasuredReason};

use crate::account::Account;
use crate::not_measured::{isolation, python_arguments};
use crate::request::RunRequest;

/// The services of a run that left neither a store nor a sighting.
pub(crate) fn unseen_services(request: &RunRequest, account: &Account) -> Vec<NotMeasured> {
    // An agent that failed leaves no name of its service: it may be that of any.
    let is_unclear = account
        .processes
        .iter()
        .any(|process| !process.is_measured() && process.service.is_none());
    if is_unclear {
        return Vec::new();
    }
    let services = request.services.iter();
    services
        .filter_map(|service| unseen(service, request, account))
        .collect()
}

fn unseen(service: &Service, request: &RunRequest, account: &Account) -> Option<NotMeasured> {
    let is_seen = account
        .processes
        .iter()
        .any(|process| process.service.as_deref() == Some(service.name.as_str()));
    if is_seen {
        return None;
    }
    let folder = service.directory.as_deref().unwrap_or(&request.folder);
    let started = Spawn {
        how: String::new(),
        executable: String::new(),
        command: service.command.clone(),
        has_agent_on_path: false,
        has_agent_preloaded: false,
        is_of_itself: false,
    };
    let arguments = python_arguments(&started, folder, &request.folder)?;
    let reason = isolation(&arguments).unwrap_or(NotMeasuredReason::EndedTooSoon);
    let command = without_secrets(&arguments);
    let own = command.get(1..).unwrap_or_default();
    let is_named = account
        .not_measured
        .iter()
        .any(|known| known.command.ends_with(own));
    (!is_named).then(|| NotMeasured {
        pid: None,
        command,
        reason,
        evidence: Some(format!("it is the service `{}`", service.name)),
        container: None,
    })
}
