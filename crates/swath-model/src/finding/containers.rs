//! Findings about containers and their engine.

use super::{Finding, FirstProcess};
use crate::{Gap, GapKind, Message, Orchestrator, count};

pub(super) fn message(finding: &Finding) -> Option<Message> {
    Some(match finding {
        Finding::ContainerNotInjected { container } => Message::warning(
            "container-not-injected",
            format!("the container `{container}` was created before this run and was not measured"),
        )
        .hint(
            "let the test command create it: `docker compose up --force-recreate`, or `down` first"
                .to_owned(),
        ),
        Finding::ContainersRanBefore { containers } => {
            let (names, were) = match containers.as_slice() {
                [one] => (
                    format!("the container {one} of this folder's Compose project"),
                    "was",
                ),
                more => (
                    format!(
                        "the containers {} of this folder's Compose project",
                        more.join(", ")
                    ),
                    "were",
                ),
            };
            Message::warning(
                "container-not-injected",
                format!("{names} {were} started before this run and not measured"),
            )
            .hint(
                "let the test command bring them up, or swath: `swath run --compose FILE -- COMMAND`"
                    .to_owned(),
            )
        }
        Finding::ContainerSilent {
            container,
            evidence,
            reason,
        } => {
            let text = match reason {
                Some(reason) => {
                    format!("nothing was measured in the container `{container}`: {reason}")
                }
                None => format!(
                    "the container `{container}` was given the agent, and nothing of it was measured"
                ),
            };
            Message::warning("container-silent", text)
                .notes(evidence.clone())
                .hint(match reason {
                    Some(reason) => reason.remedy(),
                    None => "if it runs Python, check that its entry script keeps PYTHONPATH; else leave it out with `--measure`",
                }.to_owned())
        }
        Finding::ContainerPlatform { image, platform } => Message::warning(
            "container-platform",
            format!("containers of `{image}` were not measured: it is made for {platform}"),
        )
        .hint(
            "build it for linux/amd64, or install swath from its wheel, which measures linux/arm64 as well"
                .to_owned(),
        ),
        Finding::ContainerNotGathered { container, problem } => Message::warning(
            "container-not-gathered",
            format!("what the container `{container}` recorded could not be gathered"),
        )
        .note(problem.clone()),
        Finding::ContainerOutOfMemory {
            container,
            service,
            orchestrator,
        } => Message::warning(
            "out-of-memory",
            format!("the container `{container}` ran out of memory; its data was kept"),
        )
        .hint(orchestrator.memory_advice(service)),
        Finding::ContainerSignalSwallowed {
            container,
            service,
            signal,
            command,
            first,
            orchestrator,
        } => signal_swallowed(container, service, signal, command, *first, *orchestrator),
        Finding::SourceFetched { files, there, here } => {
            let (files, are) = match files {
                1 => ("one file".to_owned(), "is"),
                more => (count(*more, "file"), "are"),
            };
            Message::warning(
                "source-fetched",
                format!("{files} of the containers {are} not in this checkout: the text was fetched from there"),
            )
            .note(format!("`{there}`, now {here}"))
            .hint("if it does not belong to the number, leave it out with `omit`, or name what does with `source`".to_owned())
        }
        other => return of_engine(other),
    })
}

/// What there is to say about the engine, and about what the tests made in it.
fn of_engine(finding: &Finding) -> Option<Message> {
    Some(match finding {
        Finding::EngineSocket { container } => Message::warning(
            "engine-socket",
            format!("the container `{container}` has the engine's own socket: what it starts is not measured"),
        )
        .hint("start those containers from the test command itself".to_owned()),
        Finding::EngineBypassed { command } => Message::warning(
            "engine-bypassed",
            format!("`{command}` names an engine of its own: what it started was not measured"),
        )
        .hint("leave the option out, and choose the context before swath starts: `docker context use NAME`".to_owned()),
        Finding::EngineUnusable { what } | Finding::ContainersNotMeasured { what } => {
            Message::warning("containers-not-measured", what.clone())
        }
        Finding::EngineSilent {
            endpoint,
            request,
            waited,
        } => Message::warning(
            "engine-silent",
            format!(
                "the Docker engine at `{endpoint}` did not answer {request} within {} s and was not asked again",
                waited.as_secs()
            ),
        )
        .hint("see whether `docker version` answers; `--no-docker` leaves containers out".to_owned()),
        Finding::TraceInImage { image } => Message::warning(
            "trace-in-image",
            format!("the image `{image}`, which the tests made of a container, keeps the names of what swath added, without values"),
        )
        .note("this engine does not let an image be described anew"),
        _ => return None,
    })
}

pub(super) fn gap(finding: &Finding) -> Option<Gap> {
    let kind = match finding {
        Finding::ContainerNotInjected { .. }
        | Finding::ContainerSilent { .. }
        | Finding::ContainerPlatform { .. }
        | Finding::ContainersNotMeasured { .. }
        | Finding::ContainerNotGathered { .. } => GapKind::Containers,
        Finding::ContainersRanBefore { containers } => {
            return Some(Gap::new(GapKind::Containers, containers.len()));
        }
        Finding::EngineBypassed { .. } => GapKind::Commands,
        _ => return None,
    };
    Some(Gap::new(kind, 1))
}

fn signal_swallowed(
    container: &str,
    service: &str,
    signal: &str,
    command: &str,
    first: FirstProcess,
    orchestrator: Orchestrator,
) -> Message {
    let message = Message::warning(
        "signal-swallowed",
        format!(
            "the container `{container}` did not end at {signal} and was killed; its data was kept"
        ),
    );
    match first {
        FirstProcess::Shell => message
            .note(format!("its first process is `{command}`, and a shell passes no signals on"))
            .hint("start the service with `exec` in that script".to_owned()),
        FirstProcess::BarePython => message
            .note(format!(
                "its first process is `{command}`, and a first process that handles no signal ignores it"
            ))
            .hint(orchestrator.init_advice(service)),
        FirstProcess::Other => message
            .note(format!("its first process is `{command}`"))
            .hint(orchestrator.time_advice(service)),
    }
}
