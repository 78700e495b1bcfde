//! Findings about the services of a Swarm that the tests make.

use super::Finding;
use crate::{Gap, GapKind, Message, count};

/// Why the tasks of a service do not carry the agent of a run.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum ServiceLeft {
    /// Its Swarm has more nodes than the one whose containers can be reached.
    SeveralNodes {
        /// How many.
        nodes: usize,
    },
    /// The engine did not have its image, so that nobody knew what is in it.
    NoImage {
        /// The image.
        image: String,
    },
    /// It was there before the run, and what changed it replaced no task.
    Before,
    /// Its stack file gave it the agent of another run.
    OtherRun {
        /// That run.
        run: String,
    },
    /// The agent could not be put into it.
    Failed {
        /// Why.
        what: String,
    },
}

pub(super) fn message(finding: &Finding) -> Option<Message> {
    let Finding::ServiceNotInjected { service, left } = finding else {
        return None;
    };
    let inject = "put the agent into its stack file with `swath swarm inject`, and test with `swath run --swarm STACK -- COMMAND`";
    let (why, hint) = match left {
        ServiceLeft::SeveralNodes { nodes } => (
            format!(
                "its Swarm has {}, and this run reaches one",
                count(*nodes, "node")
            ),
            format!("name what ships with `--swarm-image` and `--swarm-store`; or {inject}"),
        ),
        ServiceLeft::NoImage { image } => (
            format!("the engine did not have the image `{image}` when it was made"),
            format!("have it there before the run: `docker pull {image}`"),
        ),
        ServiceLeft::Before => (
            "it has tasks from before this run".to_owned(),
            format!(
                "let the test command create it, or replace its tasks: `docker service update --force {service}`"
            ),
        ),
        ServiceLeft::OtherRun { run } => (
            format!("it carries the agent of the run `{run}`, of which this run reads nothing"),
            "test it with `swath run --swarm STACK -- COMMAND`".to_owned(),
        ),
        ServiceLeft::Failed { what } => (what.clone(), inject.to_owned()),
    };
    let text = format!("the tasks of the service `{service}` were not measured: {why}");
    Some(Message::warning("service-not-injected", text).hint(hint))
}

pub(super) fn gap(finding: &Finding) -> Option<Gap> {
    match finding {
        Finding::ServiceNotInjected { .. } => Some(Gap::new(GapKind::Containers, 1)),
        _ => None,
    }
}
