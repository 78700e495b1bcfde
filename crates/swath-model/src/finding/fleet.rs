//! Findings about the pods of a fleet, and the object store that holds what they recorded.

use std::time::Duration;

use super::{Finding, NAMED};
use crate::{Gap, GapKind, Message, Orchestrator, count};

pub(super) fn message(finding: &Finding) -> Option<Message> {
    Some(match finding {
        Finding::PodsLost {
            orchestrator,
            pods,
            silent,
        } => lost(*orchestrator, pods, *silent),
        Finding::PodsCutShort {
            orchestrator,
            pods,
            processes,
        } => {
            let text = format!(
                "{} of {} still ran when the shipping ended: what they ran after that is missing",
                count(*processes, "process"),
                count(pods.len(), orchestrator.instance())
            );
            named(Message::warning("pods-cut-short", text), pods).hint(
                match orchestrator {
                    Orchestrator::Kubernetes => "give `swath ship --grace` as long as the pod's `terminationGracePeriodSeconds`, less two seconds",
                    _ => "scale the services to 0 before the stack is removed",
                }
                .to_owned(),
            )
        }
        Finding::InstancesMissing {
            orchestrator,
            service,
            seen,
            expected,
        } => Message::warning(
            "instances-missing",
            format!("{seen} of at least {expected} instances of service `{service}` are in the object store"),
        )
        .hint(
            match orchestrator {
                Orchestrator::Kubernetes => {
                    "`kubectl get pods` shows those whose container `swath-ship` did not start"
                }
                _ => "`docker stack ps STACK` shows whether `swath-ship` runs on every node",
            }
            .to_owned(),
        ),
        Finding::PodUnknown { pod, problem } => Message::warning(
            "pod-unknown",
            format!("the object store names the pod `{pod}`, and nothing is known of it"),
        )
        .note(problem.clone()),
        Finding::FleetCut => Message::warning(
            "fleet-cut",
            "the object store has more objects of this run than swath takes",
        )
        .hint("give each run a prefix of its own".to_owned()),
        Finding::FleetNotGathered { run, what } => Message::warning(
            "fleet-not-gathered",
            "what the services recorded could not be fetched from the object store",
        )
        .note(what.clone())
        .hint(format!(
            "it is still there: `swath gather --append {run}` adds it"
        )),
        Finding::PodsSilent { orchestrator, pods } => silent(*orchestrator, pods),
        Finding::PodsNotWatched { orchestrator, what } => Message::warning(
            "pods-not-watched",
            match orchestrator {
                Orchestrator::Kubernetes => {
                    "the pods of the cluster were not seen all the time: some may be missing"
                }
                _ => "the tasks of the stack were not seen all the time: some may be missing",
            },
        )
        .note(what.clone()),
        _ => return None,
    })
}

pub(super) fn gap(finding: &Finding) -> Option<Gap> {
    let number = match finding {
        Finding::PodsLost { pods, .. }
        | Finding::PodsCutShort { pods, .. }
        | Finding::PodsSilent { pods, .. } => pods.len(),
        Finding::InstancesMissing { seen, expected, .. } => expected.saturating_sub(*seen),
        Finding::PodUnknown { .. }
        | Finding::FleetCut
        | Finding::FleetNotGathered { .. }
        | Finding::PodsNotWatched { .. } => 1,
        _ => return None,
    };
    Some(Gap::new(GapKind::Pods, number))
}

fn lost(orchestrator: Orchestrator, pods: &[String], silent: Duration) -> Message {
    let silent = silent.as_secs();
    let instance = orchestrator.instance();
    let text = match pods {
        [pod] => format!(
            "nothing was heard of the {instance} `{pod}` for {silent} s, and it said no goodbye: what it ran after that is missing"
        ),
        more => format!(
            "nothing was heard of {} for {silent} s or more, and they said no goodbye: what they ran after that is missing",
            count(more.len(), instance)
        ),
    };
    let look = looking(orchestrator);
    named(Message::warning("pods-lost", text), pods).hint(format!(
        "see how it ended: `{look}`; then run the tests again"
    ))
}

fn silent(orchestrator: Orchestrator, pods: &[String]) -> Message {
    let instance = orchestrator.instance();
    let text = match pods {
        [pod] => format!("the {instance} `{pod}` ran, and the object store has nothing of it"),
        more => format!(
            "{} ran, and the object store has nothing of them",
            count(more.len(), instance)
        ),
    };
    named(Message::warning("pods-silent", text), pods).hint(
        match orchestrator {
            Orchestrator::Kubernetes => "kubectl logs NAME --container swath-ship",
            _ => "docker service logs STACK_swath-ship",
        }
        .to_owned(),
    )
}

/// The command that says how an instance ended.
fn looking(orchestrator: Orchestrator) -> &'static str {
    match orchestrator {
        Orchestrator::Kubernetes => "kubectl describe pod NAME",
        _ => "docker stack ps --no-trunc STACK",
    }
}

/// Names the first pods, where the text does not.
fn named(mut message: Message, pods: &[String]) -> Message {
    if let [_, _, ..] = pods {
        for pod in pods.iter().take(NAMED) {
            message = message.note(format!("`{pod}`"));
        }
    }
    match pods.len().checked_sub(NAMED) {
        Some(more @ 1..) => message.note(format!("and {more} more")),
        _ => message,
    }
}
