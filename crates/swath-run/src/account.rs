//! Accounts for every process of a run: measured, or named with the reason why not.

use std::collections::BTreeSet;
use std::path::Path;

use serde::Serialize;
use swath_data::{Ending as StoreEnding, StoredProcess, without_secrets};
use swath_model::NoRoom;

use crate::not_measured::{Evidence, find_not_measured};
use crate::orchestra::RunOutcome;
use crate::reaper::ProcessKey;
use crate::request::signal_name;
use crate::role::{Counted, Role, roles_of};
use crate::watch::{Sighting, Sightings};

pub use crate::not_measured::{NotMeasured, NotMeasuredReason};

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "how", content = "value", rename_all = "kebab-case")]
pub enum Ending {
    /// With this exit code; known for what swath started or adopted.
    Exited(i32),
    /// By this signal; known for what swath started or adopted.
    Signalled(i32),
    /// Its interpreter was finalised.
    Cleanly,
    /// Killed, crashed, or by `os._exit`.
    Abruptly,
    /// It became another program.
    ReplacedByExec,
    /// It has not ended.
    StillRunning,
}

impl Ending {
    /// In words, to follow the name of the process.
    pub fn describe(self) -> String {
        match self {
            Ending::Exited(code) => format!("exited with code {code}"),
            Ending::Signalled(signal) => {
                format!("was ended by {} (signal {signal})", signal_name(signal))
            }
            Ending::Cleanly => "ended cleanly".to_owned(),
            Ending::Abruptly => "ended abruptly".to_owned(),
            Ending::ReplacedByExec => "became another program".to_owned(),
            Ending::StillRunning => "is still running".to_owned(),
        }
    }

    /// The exit code as a shell gives it: 128 + signal for a signal.
    pub fn exit_code(self) -> Option<i32> {
        match self {
            Ending::Exited(code) => Some(code),
            Ending::Signalled(signal) => Some(128 + signal),
            _ => None,
        }
    }
}

/// One Python process that carried the agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProcessAccount {
    /// The id of its hit store, in hexadecimal.
    pub id: String,
    /// Its process id.
    pub pid: u32,
    /// Its parent's process id.
    pub parent_pid: u32,
    /// The id of the store of the process that it was forked from.
    pub fork_parent: Option<String>,
    /// What it is to the run.
    pub role: Role,
    /// Whether its lines are in the number.
    pub counted: bool,
    /// The declared service to which it belongs.
    pub service: Option<String>,
    /// Its command line, secrets masked.
    pub command: Vec<String>,
    /// Its interpreter.
    pub interpreter: String,
    /// The interpreter's version.
    pub python: String,
    /// `measured`, or the slug of what kept the agent from it.
    pub agent: String,
    /// What the agent says beyond the slug.
    pub agent_detail: Option<String>,
    /// How many files in scope it ran lines of.
    pub files: usize,
    /// Records for which there was no room.
    pub dropped: u64,
    /// Why, where there are any.
    #[serde(skip)]
    pub no_room: NoRoom,
    /// How it ended.
    pub ending: Ending,
    /// When it started, in nanoseconds since 1970.
    pub started: u64,
}

/// The accounting of a run.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Account {
    /// Every process that carried the agent, in order of start.
    pub processes: Vec<ProcessAccount>,
    /// Every Python that was seen and not measured.
    pub not_measured: Vec<NotMeasured>,
    /// Every container that was created with the agent.
    pub containers: Vec<crate::ContainerAccount>,
    /// Something of a container is missing.
    pub containers_incomplete: bool,
    /// Whether a service was found; if none was, everything counts.
    pub service_found: bool,
    /// The run was cut short: by the user, or by a service that failed.
    pub partial: bool,
}

impl Account {
    /// Whether the number can be trusted to be whole.
    pub fn is_complete(&self) -> bool {
        !self.partial
            && !self.containers_incomplete
            && self.not_measured.is_empty()
            && self
                .processes
                .iter()
                .all(|process| process.is_measured() && process.dropped == 0)
    }

    /// The ids of the hit stores whose lines are in the number.
    pub fn counted_ids(&self) -> BTreeSet<&str> {
        self.processes
            .iter()
            .filter(|process| process.counted)
            .map(|p| p.id.as_str())
            .collect()
    }
}

impl ProcessAccount {
    /// Whether the agent recorded something in it, if not everything.
    pub fn is_measured_in_part(&self) -> bool {
        swath_model::AgentState::named(&self.agent).is_measured_in_part()
    }

    /// Whether the agent worked in it.
    pub fn is_measured(&self) -> bool {
        self.agent == swath_data::MEASURED
    }
}

/// Joins what the agents recorded with what was seen and reaped. `processes` are those of the
/// run's hit stores, `counted` whose lines are asked for.
pub fn account_for_processes(
    processes: &[StoredProcess],
    outcome: &RunOutcome,
    counted: Counted,
    folder: &Path,
) -> Account {
    let roles = roles_of(processes);
    let service_found = roles.contains(&Role::Service);
    let counts = |role| match (counted, role) {
        (Counted::All, _) | (Counted::Services, Role::Service) | (Counted::Tests, Role::Tests) => {
            true
        }
        (Counted::Services, Role::Tests) => !service_found,
        (_, Role::Tool) | (Counted::Tests, Role::Service) => false,
    };
    let mut accounts = processes
        .iter()
        .zip(&roles)
        .map(|(process, &role)| account_for(process, role, counts(role), outcome))
        .collect::<Vec<_>>();
    accounts.sort_by_key(|account| (account.started, account.pid));
    let evidence = Evidence {
        processes,
        sightings: &outcome.sightings,
        folder,
    };
    Account {
        processes: accounts,
        not_measured: find_not_measured(&evidence),
        containers: Vec::new(),
        containers_incomplete: false,
        service_found,
        partial: outcome.interruption.is_some() || outcome.failure.is_some(),
    }
}

fn account_for(
    process: &StoredProcess,
    role: Role,
    counted: bool,
    outcome: &RunOutcome,
) -> ProcessAccount {
    // An agent that could not start left nothing but its reason: what was seen says the rest.
    let seen = outcome
        .sightings
        .values()
        .find(|sighting| sighting.key.pid == process.pid)
        .map_or((&[][..], ""), |sighting| {
            (sighting.arguments.as_slice(), sighting.executable.as_str())
        });
    ProcessAccount {
        id: process.id.clone(),
        pid: process.pid,
        parent_pid: process.parent_pid,
        fork_parent: process.fork_parent.clone(),
        role,
        counted,
        service: process.service.clone(),
        command: without_secrets(if process.command.is_empty() {
            seen.0
        } else {
            &process.command
        }),
        interpreter: if process.executable.is_empty() {
            seen.1.to_owned()
        } else {
            process.executable.clone()
        },
        python: process
            .python
            .map(|python| python.to_string())
            .unwrap_or_default(),
        agent: process.state.clone(),
        agent_detail: process
            .notes
            .last()
            .map(|note| note.text.clone())
            .filter(|text| !text.is_empty()),
        files: process.touched_files(),
        dropped: process.dropped,
        no_room: process.no_room,
        ending: ending_of(process, outcome),
        started: process.started,
    }
}

fn ending_of(process: &StoredProcess, outcome: &RunOutcome) -> Ending {
    let key = ProcessKey {
        pid: process.pid,
        start_ticks: process.start_ticks,
    };
    if process.closed == StoreEnding::Exec {
        return Ending::ReplacedByExec;
    }
    if let Some(&ending) = outcome.endings.get(&key) {
        return ending;
    }
    if is_running(&outcome.sightings, key) {
        return Ending::StillRunning;
    }
    match process.closed {
        StoreEnding::Clean => Ending::Cleanly,
        StoreEnding::Open | StoreEnding::Exec => Ending::Abruptly,
    }
}

fn is_running(sightings: &Sightings, key: ProcessKey) -> bool {
    sightings
        .get(&key)
        .is_some_and(|sighting: &Sighting| sighting.running)
}
