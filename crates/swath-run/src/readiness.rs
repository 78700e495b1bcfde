//! A service is waited for until it is ready: until its own server answers, not another one that
//! listens there.

use std::time::{Duration, Instant};

use swath_checkout::{all_pids, arguments_of};
use swath_config::Ready;
use swath_data::without_secrets;
use swath_model::{Ending, Finding};

use crate::command_line::base_name;
use crate::error::RunError;
use crate::event::RunEvent;
use crate::orchestra::Orchestra;
use crate::proc_file::{sockets_of, user_name};
use crate::process_table::Member;
use crate::ready::{Probe, address_of, answering_address};
use crate::socket_owner::{Listener, listeners_at};

/// Between two looks at who listens.
const PAUSE: Duration = Duration::from_millis(200);
/// Programs that open a port for somebody else: an engine, for a container.
const FORWARDERS: [&str; 9] = [
    "docker-proxy",
    "dockerd",
    "containerd-shim",
    "rootlesskit",
    "rootlessport",
    "slirp4netns",
    "pasta",
    "conmon",
    "podman",
];
/// Programs that have an engine start a container.
const ENGINE_CLIENTS: [&str; 5] = ["docker", "docker-compose", "podman", "nerdctl", "compose"];

/// Who answered a readiness check.
#[derive(Debug, PartialEq, Eq)]
enum Answerer {
    /// The service itself, or a container that it started.
    Own,
    /// That cannot be seen.
    Unknown(String),
    /// Another process.
    Another(String),
}

impl Orchestra<'_> {
    pub(crate) fn wait_until_ready(&mut self, index: usize) -> Result<(), RunError> {
        let Some(ready) = self.services[index].spec.ready.clone() else {
            return Ok(());
        };
        let mut probe = self.probe(index, &ready)?;
        let mut looked: Option<Instant> = None;
        let mut is_ready = false;
        let mut stranger = None;
        loop {
            // Readiness first: a service may answer and end on purpose.
            is_ready |= probe.is_ready();
            self.tick();
            if is_ready && looked.is_none_or(|at| at.elapsed() >= PAUSE) {
                match self.answerer(index, &ready) {
                    Answerer::Own => return Ok(()),
                    Answerer::Unknown(why) => {
                        let service = self.services[index].spec.name.clone();
                        self.findings
                            .push(Finding::ReadinessUnchecked { service, why });
                        return Ok(());
                    }
                    Answerer::Another(who) => {
                        tracing::debug!("{who} answers");
                        stranger = Some(who);
                        looked = Some(Instant::now());
                        is_ready = false;
                        probe = self.probe(index, &ready)?;
                    }
                }
            }
            if self.has_ended(index) {
                return Err(self.exited(index, stranger));
            }
            if self.interruption.is_some() {
                return Err(RunError::InterruptedBeforeTests);
            }
            let service = &self.services[index];
            let elapsed = service.started.elapsed();
            if elapsed >= service.spec.ready_timeout {
                let last = stranger.map_or_else(
                    || probe.last_attempt().to_owned(),
                    |who| format!("{who} answers there, which is not part of the service"),
                );
                return Err(RunError::NotReady {
                    service: service.spec.name.clone(),
                    waited: service.spec.ready_timeout,
                    last_attempt: format!("`{}`: {last}", address_of(&ready)),
                    last_output: service.last_output(),
                    log: service.log.clone(),
                });
            }
            self.observer.event(RunEvent::Waiting {
                service: &service.spec.name,
                elapsed,
            });
        }
    }

    fn probe(&self, index: usize, ready: &Ready) -> Result<Probe, RunError> {
        Probe::start(ready, &self.services[index].log).map_err(|source| RunError::System {
            what: "a thread could not be started",
            source,
        })
    }

    fn exited(&self, index: usize, stranger: Option<String>) -> RunError {
        let service = &self.services[index];
        let ending = self.reaper.ending_of_pid(service.root.key.pid);
        RunError::ServiceExited {
            service: service.spec.name.clone(),
            how: ending.map(Ending::describe).unwrap_or_default(),
            stranger,
            last_output: service.last_output(),
            log: service.log.clone(),
        }
    }

    /// Whose socket the answer came from.
    fn answerer(&mut self, index: usize, ready: &Ready) -> Answerer {
        if matches!(ready, Ready::Log(_)) {
            return Answerer::Own;
        }
        let members = self.living(index).members;
        if let Some(why) = self.watch.table().blind() {
            return Answerer::Unknown(why.to_owned());
        }
        let Some(address) = answering_address(ready) else {
            return Answerer::Unknown("it took no second connection".to_owned());
        };
        let by_engine = members.iter().any(is_engine_client);
        match judge(&listeners_at(address), &members) {
            Answerer::Unknown(_) if by_engine => Answerer::Own,
            Answerer::Another(who) if by_engine && is_forwarder(&who) => Answerer::Own,
            answerer => answerer,
        }
    }
}

/// Whether a process has an engine start containers, whose ports the engine opens.
fn is_engine_client(member: &Member) -> bool {
    let words = member.arguments.iter().take(2);
    words
        .map(|word| base_name(word))
        .any(|name| ENGINE_CLIENTS.contains(&name))
}

fn is_forwarder(who: &str) -> bool {
    FORWARDERS.iter().any(|name| who.contains(name))
}

fn judge(listeners: &[Listener], members: &[Member]) -> Answerer {
    if listeners.is_empty() {
        return Answerer::Unknown("nothing listens there in this network namespace".to_owned());
    }
    let mut hidden = false;
    let mut own = Vec::new();
    for member in members {
        match sockets_of(member.key.pid) {
            Some(sockets) => own.extend(sockets),
            None => hidden = true,
        }
    }
    let strangers: Vec<&Listener> = listeners
        .iter()
        .filter(|listener| !own.contains(&listener.inode))
        .collect();
    let Some(stranger) = strangers.first() else {
        return Answerer::Own;
    };
    match holder_of(stranger) {
        Some(who) => Answerer::Another(who),
        // The service's own process may be one that cannot be looked at.
        None if hidden => Answerer::Unknown(format!(
            "the listening process runs as {}",
            user_name(stranger.user)
        )),
        None => Answerer::Another(format!("a process of {}", user_name(stranger.user))),
    }
}

/// The process that has a socket open, for people.
fn holder_of(listener: &Listener) -> Option<String> {
    let holds =
        |pid: &u32| sockets_of(*pid).is_some_and(|sockets| sockets.contains(&listener.inode));
    let pid = all_pids().into_iter().find(holds)?;
    let command = without_secrets(&arguments_of(pid)).join(" ");
    Some(format!("`{command}` (pid {pid})"))
}

/// Who listens where a service is to answer, if that can be seen.
pub(crate) fn owner_for_people(ready: &Ready) -> Option<String> {
    let listeners = listeners_at(answering_address(ready)?);
    let first = listeners.first()?;
    Some(holder_of(first).unwrap_or_else(|| format!("a process of {}", user_name(first.user))))
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;
    use crate::process_table::ProcessKey;

    fn member(pid: u32) -> Member {
        Member {
            key: ProcessKey::of(pid),
            parent: None,
            in_group: true,
            arguments: vec!["python".to_owned()],
        }
    }

    #[test]
    fn a_server_of_the_service_is_told_from_another() {
        let server = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = server.local_addr().unwrap();
        let ready = Ready::Tcp("127.0.0.1".to_owned(), address.port());
        let listeners = listeners_at(answering_address(&ready).unwrap());
        let own = std::process::id();
        assert_eq!(judge(&listeners, &[member(own)]), Answerer::Own);
        let Answerer::Another(who) = judge(&listeners, &[]) else {
            panic!("it listens in this process");
        };
        assert!(who.ends_with(&format!("(pid {own})")), "{who}");
        assert_eq!(owner_for_people(&ready), Some(who));
        let unknown = judge(&[], &[member(own)]);
        assert!(matches!(unknown, Answerer::Unknown(_)));
    }

    #[test]
    fn the_address_of_a_url_is_the_one_that_answers() {
        let server = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = server.local_addr().unwrap();
        let url = format!("http://localhost:{}/health?x=1", address.port());
        assert_eq!(answering_address(&Ready::Http(url)), Some(address));
    }

    #[test]
    fn a_port_that_an_engine_opens_is_known() {
        assert!(is_forwarder("`/usr/bin/docker-proxy -proto tcp` (pid 7)"));
        assert!(!is_forwarder("`python -m http.server` (pid 7)"));
        let mut client = member(1);
        client.arguments = ["/usr/bin/docker", "run", "web"]
            .map(str::to_owned)
            .to_vec();
        assert!(is_engine_client(&client) && !is_engine_client(&member(1)));
    }
}
