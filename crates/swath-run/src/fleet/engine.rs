//! What runs the services of a fleet: it is asked by its own command, with the rights and the
//! configuration of whoever started swath, as Compose is.

use std::fmt;
use std::process::{Command, Stdio};

use swath_model::Orchestrator;

use super::cluster::Cluster;
use super::engine_watch::Shared;
use super::seen::Now;
use super::stack::Stack;
use crate::error::RunError;
use crate::process_table::ASKING_VARIABLE;

/// What runs the services that a run is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FleetEngine {
    /// Pods of a Kubernetes cluster.
    Kubernetes(Cluster),
    /// The stack of a Swarm.
    Swarm(Stack),
}

impl FleetEngine {
    /// Whose words help.
    pub(super) fn orchestrator(&self) -> Orchestrator {
        match self {
            FleetEngine::Kubernetes(_) => Orchestrator::Kubernetes,
            FleetEngine::Swarm(_) => Orchestrator::Swarm,
        }
    }

    /// What there is now.
    pub(super) fn now(&self) -> Result<Now, RunError> {
        match self {
            FleetEngine::Kubernetes(cluster) => cluster.now(),
            FleetEngine::Swarm(stack) => stack.now(),
        }
    }

    /// Follows what it tells until it ends, or the watch is over; how much it told.
    pub(super) fn follow(&self, shared: &Shared) -> Result<usize, String> {
        match self {
            FleetEngine::Kubernetes(cluster) => cluster.follow(shared),
            FleetEngine::Swarm(stack) => stack.follow(shared),
        }
    }
}

impl fmt::Display for FleetEngine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FleetEngine::Kubernetes(cluster) => cluster.fmt(formatter),
            FleetEngine::Swarm(stack) => stack.fmt(formatter),
        }
    }
}

/// The command of an engine. What it starts is not part of the run.
pub(super) fn asking(program: &str) -> Command {
    let mut command = Command::new(program);
    command.stdin(Stdio::null()).env(ASKING_VARIABLE, "1");
    command
}

/// What a command answers.
pub(super) fn answer(command: &mut Command) -> Result<Vec<u8>, String> {
    let output = command.output();
    let output = output.map_err(|error| format!("could not be run: {error}"))?;
    if output.status.success() {
        Ok(output.stdout)
    } else {
        Err(said(&output.stderr))
    }
}

/// The last line that a command wrote, which says what was wrong.
pub(super) fn said(stderr: &[u8]) -> String {
    let text = String::from_utf8_lossy(stderr);
    let last = text.trim().lines().next_back().unwrap_or_default();
    match last {
        "" => "failed and said nothing".to_owned(),
        last => format!("said: {last}"),
    }
}
