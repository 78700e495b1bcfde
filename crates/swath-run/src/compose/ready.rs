//! When a container of a Compose project is ready, and when it will never be.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use swath_config::Ready;
use swath_docker::{ContainerState, ProjectContainer, ProjectView};

use crate::error::RunError;
use crate::ready::{Probe, address_of};
use crate::request::ComposeRequest;

/// An image's `EXPOSE` promises nothing: a port that is not published is waited for no longer.
const EXPOSED_ONLY: Duration = Duration::from_secs(10);

/// One thing that shows that a container is ready.
pub(crate) struct Awaited {
    pub(crate) probe: Probe,
    pub(crate) what: String,
    /// After that it is not waited for any longer.
    at_most: Option<Duration>,
}

/// Why a container will not become ready.
pub(crate) fn failed(container: &ProjectContainer) -> Option<String> {
    match container.state {
        ContainerState::Exited(code) if code != 0 => Some(format!("exited with code {code}")),
        _ if health(container) == "unhealthy" => {
            let said = match container.health_output.as_str() {
                "" => String::new(),
                said => format!(" (its health check says: {said})"),
            };
            Some(format!("became unhealthy{said}"))
        }
        _ => None,
    }
}

pub(crate) fn health(container: &ProjectContainer) -> &str {
    container.health.as_deref().unwrap_or_default()
}

/// The caller's own condition, else the health check, else an answer of a published port, else a
/// connection inside the network.
pub(crate) fn is_ready(
    container: &ProjectContainer,
    compose: &ComposeRequest,
    view: &ProjectView,
    awaited: &mut BTreeMap<String, Vec<Awaited>>,
    elapsed: Duration,
) -> Result<bool, RunError> {
    match container.state {
        ContainerState::Waiting => return Ok(false),
        // A task that is done, such as a migration.
        ContainerState::Exited(_) => return Ok(true),
        ContainerState::Running => {}
    }
    let own = compose.ready.get(&container.service);
    if own.is_none() && container.health.is_some() {
        return Ok(health(container) == "healthy");
    }
    if !awaited.contains_key(&container.id) {
        let probes = probes(container, own, view).map_err(|source| RunError::System {
            what: "a thread could not be started",
            source,
        })?;
        awaited.insert(container.id.clone(), probes);
    }
    let probes = awaited.entry(container.id.clone()).or_default();
    probes.retain_mut(|one| {
        let given_up = one.at_most.is_some_and(|limit| elapsed >= limit);
        !one.probe.is_ready() && !given_up
    });
    Ok(probes.is_empty())
}

fn probes(
    container: &ProjectContainer,
    own: Option<&Ready>,
    view: &ProjectView,
) -> std::io::Result<Vec<Awaited>> {
    let no_log = Path::new("/dev/null");
    if let Some(ready) = own {
        return Ok(vec![Awaited {
            probe: Probe::start(ready, no_log)?,
            what: address_of(ready),
            at_most: None,
        }]);
    }
    if container.carries_agent && !container.published.is_empty() {
        return container
            .published
            .iter()
            .map(|(host, port)| {
                Ok(Awaited {
                    probe: Probe::any_answer(host, *port)?,
                    what: format!("http://{host}:{port}/"),
                    at_most: None,
                })
            })
            .collect();
    }
    // Networks of containers can be reached on the engine's own machine only.
    let inside = if view.is_local() {
        &container.inside[..]
    } else {
        &[]
    };
    let published = !container.published.is_empty();
    inside
        .iter()
        .map(|(host, port)| {
            let ready = Ready::Tcp(host.clone(), *port);
            Ok(Awaited {
                probe: Probe::start(&ready, no_log)?,
                what: address_of(&ready),
                at_most: (!published).then_some(EXPOSED_ONLY),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_container_that_ended_badly_or_is_unhealthy_is_not_waited_for() {
        let container = |state, health: Option<&str>| ProjectContainer {
            id: "1".to_owned(),
            service: "web".to_owned(),
            project: "shop".to_owned(),
            state,
            health: health.map(str::to_owned),
            health_output: "refused".to_owned(),
            carries_agent: true,
            published: Vec::new(),
            inside: Vec::new(),
            volumes: Vec::new(),
        };
        let running = ContainerState::Running;
        assert_eq!(failed(&container(running, None)), None);
        assert_eq!(failed(&container(running, Some("starting"))), None);
        let unhealthy = failed(&container(running, Some("unhealthy"))).unwrap();
        assert_eq!(
            unhealthy,
            "became unhealthy (its health check says: refused)"
        );
        assert_eq!(failed(&container(ContainerState::Exited(0), None)), None);
        let exited = failed(&container(ContainerState::Exited(3), None)).unwrap();
        assert_eq!(exited, "exited with code 3");
    }
}
