//! Findings about the pods of a fleet, and the object store that holds what they recorded.

use super::{Finding, NAMED};
use crate::{Gap, GapKind, Message, count};

pub(super) fn message(finding: &Finding) -> Option<Message> {
    Some(match finding {
        Finding::PodsLost { pods, silent } => {
            let silent = silent.as_secs();
            let text = match pods.as_slice() {
                [pod] => format!(
                    "nothing was heard of the pod `{pod}` for {silent} s, and it said no goodbye: what it ran after that is missing"
                ),
                more => format!(
                    "nothing was heard of {} for {silent} s or more, and they said no goodbye: what they ran after that is missing",
                    count(more.len(), "pod")
                ),
            };
            named(Message::warning("pods-lost", text), pods).hint(
                "see how it ended: `kubectl describe pod NAME`; then run the tests again"
                    .to_owned(),
            )
        }
        Finding::PodsCutShort { pods, processes } => {
            let text = format!(
                "{} of {} still ran when the shipping ended: what they ran after that is missing",
                count(*processes, "process"),
                count(pods.len(), "pod")
            );
            named(Message::warning("pods-cut-short", text), pods).hint(
                "give `swath ship --grace` as long as the pod's `terminationGracePeriodSeconds`, less two seconds"
                    .to_owned(),
            )
        }
        Finding::InstancesMissing {
            service,
            seen,
            expected,
        } => Message::warning(
            "instances-missing",
            format!("{seen} of at least {expected} instances of service `{service}` are in the object store"),
        )
        .hint(
            "`kubectl get pods` shows those whose container `swath-ship` did not start".to_owned(),
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
        Finding::PodsSilent { pods } => {
            let text = match pods.as_slice() {
                [pod] => format!("the pod `{pod}` ran, and the object store has nothing of it"),
                more => format!(
                    "{} ran, and the object store has nothing of them",
                    count(more.len(), "pod")
                ),
            };
            named(Message::warning("pods-silent", text), pods)
                .hint("kubectl logs NAME --container swath-ship".to_owned())
        }
        Finding::PodsNotWatched { what } => Message::warning(
            "pods-not-watched",
            "the pods of the cluster were not seen all the time: some may be missing",
        )
        .note(what.clone()),
        _ => return None,
    })
}

pub(super) fn gap(finding: &Finding) -> Option<Gap> {
    let number = match finding {
        Finding::PodsLost { pods, .. }
        | Finding::PodsCutShort { pods, .. }
        | Finding::PodsSilent { pods } => pods.len(),
        Finding::InstancesMissing { seen, expected, .. } => expected.saturating_sub(*seen),
        Finding::PodUnknown { .. }
        | Finding::FleetCut
        | Finding::FleetNotGathered { .. }
        | Finding::PodsNotWatched { .. } => 1,
        _ => return None,
    };
    Some(Gap::new(GapKind::Pods, number))
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
