//! What runs the services of a fleet: it is asked by its own command, with the rights and the
//! configuration of whoever started swath, as Compose is.

use std::fmt;
use std::process::{Command, Stdio};
use std::time::Duration;

use swath_checkout::{Answer, AskError, ask_program};
use swath_model::Orchestrator;

use super::cluster::Cluster;
use super::engine_watch::Shared;
use super::seen::Now;
use super::stack::Stack;
use crate::error::RunError;
use crate::process_table::ASKING_VARIABLE;

/// So long a command may take that asks an engine.
const LIMIT: Duration = Duration::from_secs(30);

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

/// Asks by a command, which says something or ends within a limit of time.
pub(super) fn ask(command: &mut Command) -> Result<Answer, String> {
    ask_within(command, LIMIT)
}

fn ask_within(command: &mut Command, limit: Duration) -> Result<Answer, String> {
    ask_program(command, &[], limit).map_err(|error| match error {
        AskError::NotStarted { source, .. } => format!("could not be run: {source}"),
        AskError::TooSlow { limit, .. } => format!("did not answer within {} s", limit.as_secs()),
        AskError::TooLong { .. } => "said more than anybody can use".to_owned(),
    })
}

/// What a command answers that does not fail.
pub(super) fn answer(command: &mut Command) -> Result<Vec<u8>, String> {
    let answer = ask(command)?;
    if answer.code == Some(0) {
        Ok(answer.stdout)
    } else {
        Err(said(&answer.stderr))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_engine_that_does_not_answer_is_not_waited_for() {
        let limit = Duration::from_millis(100);
        let problem = ask_within(asking("sleep").arg("1000"), limit).unwrap_err();
        assert_eq!(problem, "did not answer within 0 s");
        let problem = answer(&mut asking("false")).unwrap_err();
        assert_eq!(problem, "failed and said nothing");
    }
}
