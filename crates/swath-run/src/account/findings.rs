//! What the account of a run's processes says about its number.

use std::collections::BTreeMap;

use swath_config::Service;
use swath_data::StoredProcess;
use swath_model::{Counted, Ending, Finding, NotMeasured, ProcessName, Role};

use crate::account::{Account, ProcessAccount};
use crate::request::{RunKind, RunRequest};

/// Everything about processes that the reader must know before trusting the number.
pub(crate) fn of_account(
    account: &Account,
    processes: &[StoredProcess],
    request: &RunRequest,
    tests_ran: bool,
) -> Vec<Finding> {
    let mut found = not_measured(&account.not_measured);
    for process in &account.processes {
        found.extend(of_process(process));
    }
    found.extend(still_running(account, request));
    // Where no test ran, nobody asked a service for anything.
    if tests_ran {
        found.extend(no_service(account, processes, request));
    }
    found
}

fn not_measured(all: &[NotMeasured]) -> Vec<Finding> {
    let mut by_reason: BTreeMap<_, Vec<NotMeasured>> = BTreeMap::new();
    for process in all {
        let same = by_reason.entry(process.reason).or_default();
        same.push(process.clone());
    }
    by_reason
        .into_iter()
        .map(|(reason, processes)| Finding::NotMeasured { reason, processes })
        .collect()
}

fn of_process(process: &ProcessAccount) -> Vec<Finding> {
    let mut found = Vec::new();
    if !process.is_measured() {
        found.push(Finding::AgentFailed {
            process: name(process),
            state: process.agent.clone(),
            detail: process.agent_detail.clone(),
        });
    }
    if process.dropped > 0 {
        found.push(Finding::NoRoom {
            process: name(process),
            records: process.dropped,
            why: process.no_room,
        });
    }
    found
}

/// Processes of this host that count and go on: what they run from now on is in no number. That a
/// container goes on is what `--keep-up` and detached containers are for.
fn still_running(account: &Account, request: &RunRequest) -> Option<Finding> {
    if request.kind == RunKind::Program {
        return None;
    }
    let processes: Vec<ProcessName> = account
        .processes
        .iter()
        .filter(|process| process.counted && process.container.is_none())
        .filter(|process| process.ending == Ending::StillRunning)
        .map(name)
        .collect();
    (!processes.is_empty()).then_some(Finding::StillRunning { processes })
}

/// Without a service the lines of the tests themselves count; with none declared that is for the
/// user to know, and with one it is wrong.
fn no_service(
    account: &Account,
    processes: &[StoredProcess],
    request: &RunRequest,
) -> Vec<Finding> {
    if account.service_found || request.counted == Counted::All {
        return Vec::new();
    }
    if !request.services.is_empty() {
        let services = request.services.iter();
        let not_measured = |service: &Service| Finding::ServiceNotMeasured {
            service: service.name.clone(),
        };
        return services.map(not_measured).collect();
    }
    let tests_count = account
        .processes
        .iter()
        .any(|process| process.counted && process.role == Role::Tests);
    let has_runner = processes
        .iter()
        .any(|process| crate::command_line::is_test_runner(&process.command));
    let is_told = tests_count && has_runner && request.counted == Counted::Services;
    is_told.then_some(Finding::NoService).into_iter().collect()
}

fn name(process: &ProcessAccount) -> ProcessName {
    ProcessName {
        pid: process.pid,
        command: process.command.clone(),
    }
}
