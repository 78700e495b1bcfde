//! Accounts for every process of a run: measured, or named with the reason why not.

pub(crate) mod findings;
pub(crate) mod json;

use std::collections::BTreeSet;
use std::path::Path;

use schemars::JsonSchema;
use serde::Serialize;
use swath_data::{StoreEnding, StoredProcess, without_secrets};
use swath_model::{AgentState, Counted, Ending, NoRoom, NotMeasured, Role};

use crate::kinship::Kinship;
use crate::not_measured::{Evidence, find_not_measured};
use crate::orchestra::RunOutcome;
use crate::process_table::{ProcessKey, Sighting};
use crate::request::Scope;
use crate::role::{Cast, roles_of_container};

/// One Python process that carried the agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ProcessAccount {
    /// The id of its hit store, in hexadecimal.
    pub id: String,
    /// Its process id; in a container, or in a pid namespace, the one that it has there.
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
    /// The container in which it ran; none for this host.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container: Option<String>,
    /// Its command line, secrets masked.
    pub command: Vec<String>,
    /// Its interpreter.
    pub interpreter: String,
    /// The interpreter's version.
    pub python: String,
    /// `measured`, or the slug of what kept the agent from it.
    pub agent: AgentState,
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
#[derive(Debug, Clone, Default)]
pub struct Account {
    /// Every process that carried the agent, in order of start.
    pub processes: Vec<ProcessAccount>,
    /// Every Python that was seen and not measured.
    pub not_measured: Vec<NotMeasured>,
    /// Every container that was created with the agent.
    pub containers: Vec<crate::ContainerAccount>,
    /// Whether a service was found; if none was, everything counts.
    pub service_found: bool,
    /// The run was cut short: by the user, or by a service that failed.
    pub partial: bool,
}

impl Account {
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
    /// Whether the agent worked in it.
    pub fn is_measured(&self) -> bool {
        self.agent.is_measured()
    }
}

/// What an account depends on besides the evidence.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Judged<'a> {
    /// Whose lines are asked for.
    pub(crate) counted: Counted,
    /// Whether the run itself was told which services there are.
    pub(crate) declared: bool,
    /// Where the run's commands were started.
    pub(crate) folder: &'a Path,
    /// What is measured here.
    pub(crate) scope: &'a Scope,
}

/// Joins what the agents recorded with what was seen and reaped. `processes` are those of the
/// run's hit stores.
///
/// Without a service the lines of the tests count, unless a service was declared: then they would
/// stand for lines that nobody measured.
pub(crate) fn account_for_processes(
    processes: &[StoredProcess],
    outcome: &RunOutcome,
    judged: &Judged<'_>,
) -> Account {
    account_for_places(processes, &[], outcome, judged)
}

/// The same with the processes of other places, each with process ids of its own: of them nothing
/// was seen or reaped here.
pub(crate) fn account_for_places(
    host: &[StoredProcess],
    others: &[Vec<StoredProcess>],
    outcome: &RunOutcome,
    judged: &Judged<'_>,
) -> Account {
    let kin = Kinship::of(host, &outcome.sightings, &outcome.endings);
    let mut processes = Vec::new();
    for (index, (process, role)) in host
        .iter()
        .zip(roles_of_host(host, &kin, outcome))
        .enumerate()
    {
        processes.push((process, role, kin.key(index)));
    }
    for place in others {
        let roles = roles_of_container(place);
        processes.extend(place.iter().zip(roles).map(|(one, role)| (one, role, None)));
    }
    let service_found = processes.iter().any(|(_, role, _)| *role == Role::Service);
    let counted = judged.counted;
    let counts = |role| match (counted, role) {
        (Counted::All, _) | (Counted::Services, Role::Service) | (Counted::Tests, Role::Tests) => {
            true
        }
        (Counted::Services, Role::Tests) => !service_found && !judged.declared,
        (_, Role::Tool) | (Counted::Tests, Role::Service) => false,
    };
    let mut accounts = processes
        .into_iter()
        .map(|(process, role, key)| account_for(process, role, counts(role), key, outcome))
        .collect::<Vec<_>>();
    accounts.sort_by_key(|account| (account.started, account.pid));
    let evidence = Evidence {
        processes: host,
        kin: &kin,
        sightings: &outcome.sightings,
        folder: judged.folder,
        agent: &outcome.agent,
        scope: judged.scope,
    };
    Account {
        processes: accounts,
        not_measured: find_not_measured(&evidence),
        containers: Vec::new(),
        service_found,
        partial: outcome.interruption.is_some() || outcome.failure.is_some(),
    }
}

fn roles_of_host(host: &[StoredProcess], kin: &Kinship, outcome: &RunOutcome) -> Vec<Role> {
    let is_command = |store: usize| {
        // Without `/proc` nobody has a start time.
        let bare = |key: ProcessKey| key.start_ticks == 0 && key.pid == host[store].pid;
        match kin.key(store) {
            Some(key) => outcome.test_key == Some(key),
            None => outcome.test_key.is_some_and(bare),
        }
    };
    // What a container in the foreground recorded was gathered into another folder.
    let is_elsewhere = |store: usize| host[store].store.parent() != Some(outcome.data.as_path());
    let cast = Cast {
        processes: host,
        kin,
        is_command: &is_command,
        is_beside_tests: &is_elsewhere,
    };
    cast.roles(|process| process.service.is_some())
}

/// `key` is the process as it was seen here.
fn account_for(
    process: &StoredProcess,
    role: Role,
    counted: bool,
    key: Option<ProcessKey>,
    outcome: &RunOutcome,
) -> ProcessAccount {
    let sighting = key.and_then(|key| outcome.sightings.get(&key));
    // An agent that could not start left nothing but its reason: what was seen says the rest.
    let seen = sighting.map_or((&[][..], ""), |sighting| {
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
        container: None,
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
        agent: AgentState::named(&process.state),
        agent_detail: process
            .notes
            .last()
            .map(|note| note.text.clone())
            .filter(|text| !text.is_empty()),
        files: process.touched_files(),
        dropped: process.dropped,
        no_room: process.no_room,
        ending: ending_of(process, key, sighting, outcome),
        started: process.started,
    }
}

fn ending_of(
    process: &StoredProcess,
    key: Option<ProcessKey>,
    sighting: Option<&Sighting>,
    outcome: &RunOutcome,
) -> Ending {
    if process.closed == StoreEnding::Exec {
        return Ending::ReplacedByExec;
    }
    if let Some(&ending) = key.and_then(|key| outcome.endings.get(&key)) {
        return ending;
    }
    if sighting.is_some_and(|sighting| sighting.running) {
        return Ending::StillRunning;
    }
    match process.closed {
        StoreEnding::Clean => Ending::Cleanly,
        StoreEnding::Open | StoreEnding::Exec => Ending::Abruptly,
    }
}
