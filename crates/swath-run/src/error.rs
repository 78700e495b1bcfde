//! Why a run could not take place, or not end as asked.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use swath_data::DataError;
use swath_fleet::StoreError;
use swath_model::{Message, Orchestrator, count};

use crate::settings::SettingsError;

/// A run that failed for a reason of its own (the tests' result is none).
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The test command could not be found.
    #[error("command `{command}` was not found")]
    CommandNotFound {
        /// The program as it was given.
        command: String,
    },
    /// The test command could not be started.
    #[error("command `{command}` could not be run: {source}")]
    CommandNotRunnable {
        /// The program as it was given.
        command: String,
        /// What the system said.
        source: io::Error,
    },
    /// A service's command could not be found.
    #[error("the command of service `{service}`, `{command}`, was not found")]
    ServiceNotFound {
        /// The service.
        service: String,
        /// The program as it was given.
        command: String,
    },
    /// A service's command could not be started.
    #[error("service `{service}` could not be started: {source}")]
    ServiceNotRunnable {
        /// The service.
        service: String,
        /// What the system said.
        source: io::Error,
    },
    /// Something answers where the service will answer.
    #[error("`{address}` is already in use, before service `{service}` was started")]
    AddressInUse {
        /// The service.
        service: String,
        /// Its `ready` address.
        address: String,
        /// Who listens there, if that can be seen.
        owner: Option<String>,
    },
    /// A service ended before it was ready.
    #[error("service `{service}` {how} before it was ready")]
    ServiceExited {
        /// The service.
        service: String,
        /// How it ended, in words: `exited with code 1`.
        how: String,
        /// Who answered where it was to answer, if another process did.
        stranger: Option<String>,
        /// The last lines that it wrote.
        last_output: Vec<String>,
        /// Its log.
        log: PathBuf,
    },
    /// A service's `ready` did not come.
    #[error("service `{service}` was not ready after {}", seconds(*waited))]
    NotReady {
        /// The service.
        service: String,
        /// How long it was given.
        waited: Duration,
        /// What was asked, and what came last.
        last_attempt: String,
        /// The last lines that it wrote.
        last_output: Vec<String>,
        /// Its log.
        log: PathBuf,
    },
    /// The project cannot be brought up, because no engine can be used.
    #[error("`--compose` needs a Docker engine: {what}")]
    NoEngine {
        /// Why not, and what to do.
        what: String,
    },
    /// Compose itself failed.
    #[error("`{command}` {how}")]
    ComposeFailed {
        /// What was run.
        command: String,
        /// How it ended, in words.
        how: String,
        /// The last lines that it wrote, and those of a container that ended.
        last_output: Vec<String>,
        /// Its log.
        log: PathBuf,
    },
    /// The project runs already, and not by swath's doing.
    #[error("the Compose project `{project}` is up already")]
    ProjectIsUp {
        /// The project.
        project: String,
        /// Compose, as it was called.
        compose: String,
    },
    /// A service was named that the project does not have.
    #[error("`{option} {service}` names no service of the project")]
    NoSuchComposeService {
        /// The option.
        option: &'static str,
        /// What it names.
        service: String,
        /// The services that there are.
        known: Vec<String>,
    },
    /// A container of the project ended, or is unhealthy, before it was ready.
    #[error("service `{service}` {how} before it was ready")]
    ContainerNotReady {
        /// Its service.
        service: String,
        /// What became of it, in words.
        how: String,
        /// What was tried last, if anything was.
        last_attempt: Option<String>,
        /// The last lines that it wrote.
        last_output: Vec<String>,
        /// All of them, where they could be kept.
        log: Option<PathBuf>,
    },
    /// The user asked to stop before the tests had started.
    #[error("interrupted while the services were starting")]
    InterruptedBeforeTests,
    /// The run's folder or a log could not be made.
    #[error("{what} could not be made: {source}")]
    Folder {
        /// What it is for.
        what: &'static str,
        /// What the system said, with the path.
        source: io::Error,
    },
    /// The command of what runs a fleet has no answer.
    #[error("{}", unanswered(*orchestrator, what))]
    EngineCommand {
        /// What runs the fleet.
        orchestrator: Orchestrator,
        /// What came instead, in words.
        what: String,
    },
    /// No pod carries the agent.
    #[error("no {} of `{fleet}` carries swath's agent", orchestrator.instance())]
    NoPods {
        /// What runs the fleet.
        orchestrator: Orchestrator,
        /// The namespace and the selector, or the stack.
        fleet: String,
    },
    /// Pods that carry the agent are not ready.
    #[error("{} not ready after {}", are(pods.len(), orchestrator.instance()), seconds(*waited))]
    PodsNotReady {
        /// What runs the fleet.
        orchestrator: Orchestrator,
        /// Their names, with what is wrong with them.
        pods: Vec<String>,
        /// How long they were given.
        waited: Duration,
    },
    /// The pods do not say where they ship to, or say several.
    #[error("{}", no_store(*orchestrator, stores))]
    NoStore {
        /// What runs the fleet.
        orchestrator: Orchestrator,
        /// Where they ship to.
        stores: Vec<String>,
    },
    /// The object store of a fleet cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The object store that tasks of services would ship to cannot be used.
    #[error("`--swarm-store {store}` cannot be used: {source}")]
    ShippingStore {
        /// The store, without the run's folder.
        store: String,
        /// Why.
        source: StoreError,
    },
    /// The settings cannot hold.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The data file is not one that the run can add to.
    #[error(transparent)]
    NotAppendable(DataError),
    /// Something that the run is to write cannot be written.
    #[error("{what} cannot be written to `{}`: {source}", path.display())]
    OutputNotWritable {
        /// The option, or what it is.
        what: &'static str,
        /// Where it was to go.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The operating system refused something that a run needs.
    #[error("{what}: {source}")]
    System {
        /// What was asked.
        what: &'static str,
        /// What the system said.
        source: io::Error,
    },
}

impl RunError {
    /// What people are told.
    pub fn message(&self) -> Message {
        match self {
            RunError::Settings(error) => error.message(),
            RunError::Store(error) => error.message(),
            _ => Message::error(self.code(), self.to_string())
                .notes(self.notes())
                .hint(self.hint()),
        }
    }

    /// The stable name under which `docs/messages.md` lists the message.
    fn code(&self) -> &'static str {
        match self {
            RunError::CommandNotFound { .. } => "command-not-found",
            RunError::CommandNotRunnable { .. } => "command-not-runnable",
            RunError::ServiceNotFound { .. } => "service-not-found",
            RunError::ServiceNotRunnable { .. } => "service-not-runnable",
            RunError::AddressInUse { .. } => "address-in-use",
            RunError::ServiceExited { .. } => "service-exited",
            RunError::NotReady { .. } => "service-not-ready",
            RunError::NoEngine { .. } => "no-engine",
            RunError::ComposeFailed { .. } => "compose-failed",
            RunError::ProjectIsUp { .. } => "project-is-up",
            RunError::NoSuchComposeService { .. } => "no-such-compose-service",
            RunError::ContainerNotReady { .. } => "container-not-ready",
            RunError::InterruptedBeforeTests => "interrupted",
            RunError::Folder { .. } => "run-folder",
            RunError::EngineCommand { orchestrator, .. } => match orchestrator {
                Orchestrator::Kubernetes => "kubectl-failed",
                _ => "docker-failed",
            },
            RunError::NoPods { .. } => "no-pods",
            RunError::PodsNotReady { .. } => "pods-not-ready",
            RunError::NoStore { .. } => "no-store",
            RunError::Store(error) | RunError::ShippingStore { source: error, .. } => {
                error.message().code
            }
            RunError::Settings(error) => error.message().code,
            RunError::OutputNotWritable { .. } => "output-not-writable",
            RunError::NotAppendable(_) => "data-not-appended",
            RunError::System { .. } => "system",
        }
    }

    /// Evidence: what swath saw, a line each.
    fn notes(&self) -> Vec<String> {
        match self {
            RunError::AddressInUse { owner, .. } => owner
                .iter()
                .map(|owner| format!("{owner} listens there"))
                .collect(),
            RunError::ServiceExited {
                stranger,
                last_output,
                log,
                ..
            } => {
                let mut notes: Vec<String> = stranger
                    .iter()
                    .map(|who| format!("{who} answers at its `ready` address"))
                    .collect();
                notes.extend(output_notes(last_output, log));
                notes
            }
            RunError::ComposeFailed {
                last_output, log, ..
            } => output_notes(last_output, log),
            RunError::NotReady {
                last_attempt,
                last_output,
                log,
                ..
            } => {
                let mut notes = vec![format!("last attempt: {last_attempt}")];
                notes.extend(output_notes(last_output, log));
                notes
            }
            RunError::ContainerNotReady {
                last_attempt,
                last_output,
                ..
            } => {
                let attempt = last_attempt.as_ref();
                let mut notes = attempt
                    .map(|attempt| format!("last attempt: {attempt}"))
                    .into_iter()
                    .collect::<Vec<_>>();
                if last_output.is_empty() {
                    notes.push("it wrote nothing".to_owned());
                } else {
                    notes.push("last output:".to_owned());
                    notes.extend(last_output.iter().map(|line| format!("  {line}")));
                }
                notes
            }
            RunError::NoSuchComposeService { known, .. } => {
                vec![format!("the services are {}", known.join(", "))]
            }
            RunError::PodsNotReady { pods, .. } => pods
                .iter()
                .take(NAMED)
                .map(|pod| format!("`{pod}`"))
                .collect(),
            RunError::NoStore { stores, .. } => stores
                .iter()
                .take(NAMED)
                .map(|store| format!("`{store}`"))
                .collect(),
            _ => Vec::new(),
        }
    }

    /// What to do about it.
    fn hint(&self) -> Option<String> {
        match self {
            RunError::CommandNotFound { command } if command.contains(char::is_whitespace) => Some(
                "give the command and its arguments as words of their own, or run it by `sh -c '…'`"
                    .to_owned(),
            ),
            RunError::CommandNotFound { .. } | RunError::ServiceNotFound { .. } => Some(
                "activate the virtual environment that holds it, or give its path".to_owned(),
            ),
            RunError::AddressInUse { address, .. } => Some(format!(
                "stop what listens there (`{}` shows it), or give the service another port",
                listener_command(address)
            )),
            RunError::ServiceExited { log, .. } | RunError::ComposeFailed { log, .. } => {
                Some(format!("cat {}", log.display()))
            }
            RunError::NotAppendable(_) => Some(
                "leave `--append` out, or name another file with `--data-file`".to_owned(),
            ),
            RunError::OutputNotWritable { .. } => Some(
                "name a file in a folder that exists and that you can write to".to_owned(),
            ),
            RunError::NoEngine { .. } => Some("docker version".to_owned()),
            RunError::EngineCommand { orchestrator, .. } => Some(
                match orchestrator {
                    Orchestrator::Kubernetes => {
                        "`kubectl get pods` has to work with the configuration that is in force here"
                    }
                    _ => "`docker stack ps STACK` has to work here: a manager of the Swarm is asked",
                }
                .to_owned(),
            ),
            RunError::NoPods { orchestrator, .. } => Some(
                match orchestrator {
                    Orchestrator::Kubernetes => {
                        "`swath kubernetes inject` rewrites the manifests before they are applied"
                    }
                    _ => "`swath swarm inject` rewrites the stack file before it is deployed",
                }
                .to_owned(),
            ),
            RunError::PodsNotReady { orchestrator, .. } => Some(
                match orchestrator {
                    Orchestrator::Kubernetes => {
                        "`kubectl describe pod NAME` says what keeps it; `--ready-timeout` gives it longer"
                    }
                    _ => {
                        "`docker stack ps --no-trunc STACK` says what keeps it; `--ready-timeout` gives it longer"
                    }
                }
                .to_owned(),
            ),
            RunError::ShippingStore { source, .. } => Some(
                match source {
                    StoreError::Credentials { .. } => {
                        "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY for `swath run`, too: it fetches from there what was shipped"
                    }
                    error if error.is_forbidden() => {
                        "give `swath run` the right to list and to read there: it fetches what was shipped"
                    }
                    StoreError::Damaged { .. } => "name a store that keeps what it is given",
                    _ => "name a folder of a store that `swath run` and all nodes reach, with the same variables of the store (`AWS_ENDPOINT_URL`, …)",
                }
                .to_owned(),
            ),
            RunError::NoStore { orchestrator, .. } => Some(
                match orchestrator {
                    Orchestrator::Kubernetes => {
                        "name the run with `--fleet URL`, as `swath kubernetes inject --store` does"
                    }
                    _ => "name the run with `--fleet URL`, as `swath swarm inject --store` does",
                }
                .to_owned(),
            ),
            RunError::ProjectIsUp { compose, .. } => Some(format!(
                "`{compose} down`, or give this run's a name of its own by `--project-name`"
            )),
            RunError::ContainerNotReady {
                service,
                last_attempt: Some(_),
                ..
            } => Some(format!(
                "say what shows that it is ready, `--ready {service}=http://HOST:PORT/PATH` or a health check in the compose file, or raise `--ready-timeout`"
            )),
            RunError::ContainerNotReady { log, .. } => {
                log.as_ref().map(|log| format!("cat {}", log.display()))
            }
            RunError::NotReady { .. } => Some(
                "correct the `ready` address, or raise `ready-timeout` of the service".to_owned(),
            ),
            _ => None,
        }
    }
}

/// No more pods and stores are named.
const NAMED: usize = 10;

/// `1 pod is`, `2 pods are`.
fn are(number: usize, thing: &str) -> String {
    let verb = if number == 1 { "is" } else { "are" };
    format!("{} {verb}", count(number, thing))
}

fn unanswered(orchestrator: Orchestrator, what: &str) -> String {
    match orchestrator {
        Orchestrator::Kubernetes => format!("`kubectl get pods` {what}"),
        _ => format!("`docker stack ps` {what}"),
    }
}

fn no_store(orchestrator: Orchestrator, stores: &[String]) -> String {
    let instance = orchestrator.instance();
    if stores.is_empty() {
        format!("the {instance}s do not say where they ship what they record")
    } else {
        format!("the {instance}s ship to several runs")
    }
}

fn output_notes(last_output: &[String], log: &std::path::Path) -> Vec<String> {
    if last_output.is_empty() {
        return vec!["it wrote nothing".to_owned()];
    }
    let mut notes = vec![format!("last output, from {}:", log.display())];
    notes.extend(last_output.iter().map(|line| format!("  {line}")));
    notes
}

fn listener_command(address: &str) -> String {
    let port = address
        .rsplit(':')
        .next()
        .map(|rest| {
            rest.chars()
                .take_while(char::is_ascii_digit)
                .collect::<String>()
        })
        .filter(|digits| !digits.is_empty());
    match port {
        Some(port) => format!("ss -ltnp 'sport = :{port}'"),
        None => "ss -ltnp".to_owned(),
    }
}

/// A duration as people read it: `12.0 s`.
pub(crate) fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_of_an_address_is_named_in_the_hint() {
        assert_eq!(
            listener_command("http://127.0.0.1:8000/ready"),
            "ss -ltnp 'sport = :8000'"
        );
        assert_eq!(listener_command("http://web/ready"), "ss -ltnp");
    }
}
