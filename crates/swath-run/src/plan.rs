//! What a run starts: services and tests, from the command line and from `swath.toml`.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use swath_config::{
    EnvFileError, FleetSettings, Ready, ReadyError, Service, ShippingSettings, StopSignal,
    SwathConfig, SwathConfigError, parse_duration, read_env_file,
};
use swath_model::{Counted, Finding, Message};

use crate::compose::request::{self as compose_request, ComposeOptions};
use crate::request::ComposeRequest;

/// The services of a run and its tests.
#[derive(Debug)]
pub struct Plan {
    /// The services to start.
    pub services: Vec<Service>,
    /// The Compose project to bring up.
    pub compose: Option<ComposeRequest>,
    /// The command that runs the tests.
    pub command: Vec<OsString>,
    /// Services of the file that are not started, because the command is not the file's.
    pub left_out: Vec<String>,
    /// What the file says of the result.
    pub wishes: FileWishes,
    /// What there is to say of the settings.
    pub findings: Vec<Finding>,
}

/// What the file of settings says of the result of a run, whatever the tests are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FileWishes {
    /// Whose lines are in the number.
    pub count: Option<Counted>,
    /// An incomplete number is an error.
    pub require_complete: bool,
    /// Record for which test and which request code runs.
    pub attribution: bool,
    /// The folder of the HTML report.
    pub html: Option<PathBuf>,
    /// The file of the accounting.
    pub json: Option<PathBuf>,
    /// The services that run elsewhere, if the tests are the file's.
    pub fleet: FleetSettings,
    /// What ships for services that the tests make.
    pub shipping: ShippingSettings,
}

/// What the command line says of services, as it was typed.
#[derive(Debug, Clone, Default)]
pub struct ServiceOptions {
    /// `--service`.
    pub service: Vec<String>,
    /// `--ready`.
    pub ready: Vec<String>,
    /// `--ready-timeout`.
    pub ready_timeout: Option<String>,
    /// `--stop-signal`.
    pub stop_signal: Option<String>,
    /// `--stop-timeout`.
    pub stop_timeout: Option<String>,
    /// `--env-file`.
    pub env_file: Option<PathBuf>,
    /// `--services`: those of the file are started before a command of one's own, too.
    pub file_services: bool,
}

/// Joins the command line with the file: the command after `--` replaces that of the file, and so
/// do services of the command line. The file's services belong to the file's own tests: before
/// another command they are started only when they are asked for.
///
/// # Errors
/// When something was asked for that cannot be.
pub fn plan(
    arguments: &ServiceOptions,
    compose: &ComposeOptions,
    command: &[OsString],
    folder: &Path,
) -> Result<Plan, PlanError> {
    let (file, findings) = load_settings(folder)?;
    let mut left_out = Vec::new();
    let is_files_own =
        command.is_empty() && arguments.service.is_empty() && compose.files.is_empty();
    let file_project = if is_files_own || arguments.file_services {
        file.compose.as_ref()
    } else {
        left_out.extend(
            file.compose
                .iter()
                .map(|_| "the Compose project".to_owned()),
        );
        None
    };
    let with_compose = !compose.files.is_empty() || file_project.is_some();
    let mut services = if !arguments.service.is_empty() {
        arguments
            .service
            .iter()
            .enumerate()
            .map(|(index, text)| parse_service(text, index))
            .collect::<Result<_, _>>()?
    } else if is_files_own || arguments.file_services {
        file.services
    } else {
        left_out.extend(file.services.into_iter().map(|service| service.name));
        Vec::new()
    };
    let mut project_ready: BTreeMap<String, Ready> = file_project
        .into_iter()
        .flat_map(|project| project.ready.iter().cloned())
        .collect();
    for text in &arguments.ready {
        let (name, address) = split_name(text);
        let ready = Ready::parse(address)?;
        if let Some(name) = name
            .filter(|name| with_compose && services.iter().all(|service| service.name != **name))
        {
            project_ready.insert(name.to_owned(), ready_in_project(ready, text)?);
            continue;
        }
        let started_by_flag = left_out
            .iter()
            .any(|left_out| name.is_none_or(|name| name == left_out));
        let service = service_named(&mut services, name, text, started_by_flag)?;
        service.ready = Some(ready);
    }
    let fleet = if is_files_own || arguments.file_services {
        file.fleet
    } else {
        left_out.extend((!file.fleet.is_empty()).then(|| "the fleet".to_owned()));
        FleetSettings::default()
    };
    for service in &mut services {
        override_service(service, arguments)?;
        read_environment(service, folder)?;
    }
    let compose = compose_request::request(
        compose,
        file_project,
        file.compose.is_some(),
        project_ready,
        folder,
    )?;
    let command = if let Some((compose, service)) = compose
        .as_ref()
        .and_then(|compose| Some((compose, compose.test_service.as_ref()?)))
    {
        let terminal = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
        compose.test_command(service, terminal, command)
    } else if command.is_empty() {
        let test = file.test.iter().flatten();
        test.map(OsString::from).collect()
    } else {
        command.to_vec()
    };
    if command.is_empty() {
        return Err(PlanError::NoCommand {
            settings: file.file,
            folder: folder.to_owned(),
        });
    }
    Ok(Plan {
        services,
        compose,
        command,
        left_out,
        wishes: FileWishes {
            count: file.count,
            require_complete: file.require_complete,
            attribution: file.attribution,
            html: file.html,
            json: file.json,
            fleet,
            shipping: file.shipping,
        },
        findings,
    })
}

/// The settings of the nearest file. Its services start in its folder.
fn load_settings(folder: &Path) -> Result<(SwathConfig, Vec<Finding>), SwathConfigError> {
    let mut settings = SwathConfig::load(folder)?;
    let mut findings = Vec::new();
    if let (Some(used), Some(unused)) = (&settings.file, &settings.unused) {
        findings.push(Finding::SettingsUnused {
            used: used.display().to_string(),
            unused: unused.display().to_string(),
        });
    }
    let place = settings.file.as_deref().and_then(Path::parent);
    if let Some(place) = place.filter(|place| *place != folder) {
        for service in &mut settings.services {
            service.directory.get_or_insert_with(|| place.to_owned());
        }
    }
    Ok((settings, findings))
}

/// `[NAME=]COMMAND`: without a name it is called `service`, `service-2` …
fn parse_service(text: &str, index: usize) -> Result<Service, PlanError> {
    let (name, command) = split_name(text);
    let name = match (name, index) {
        (Some(name), _) => name.to_owned(),
        (None, 0) => "service".to_owned(),
        (None, index) => format!("service-{}", index + 1),
    };
    let words = shell_words::split(command).unwrap_or_default();
    if words.is_empty() {
        return Err(PlanError::BadCommand {
            command: command.to_owned(),
        });
    }
    Ok(Service::new(name, words))
}

/// The part before the first `=`, if it can be a service's name.
fn split_name(text: &str) -> (Option<&str>, &str) {
    match text.split_once('=') {
        Some((name, rest)) if Service::is_name(name) => (Some(name), rest),
        _ => (None, text),
    }
}

fn service_named<'a>(
    services: &'a mut [Service],
    name: Option<&str>,
    text: &str,
    started_by_flag: bool,
) -> Result<&'a mut Service, PlanError> {
    let known = services
        .iter()
        .map(|service| service.name.clone())
        .collect();
    let found = match name {
        Some(name) => services.iter_mut().find(|service| service.name == name),
        None if services.len() == 1 => services.first_mut(),
        None => None,
    };
    found.ok_or_else(|| PlanError::ReadyWithoutService {
        ready: text.to_owned(),
        name: name.map(str::to_owned),
        known,
        started_by_flag,
    })
}

fn override_service(service: &mut Service, arguments: &ServiceOptions) -> Result<(), PlanError> {
    if let Some(text) = &arguments.ready_timeout {
        service.ready_timeout = duration("--ready-timeout", text)?;
    }
    if let Some(text) = &arguments.stop_timeout {
        service.stop_timeout = duration("--stop-timeout", text)?;
    }
    if let Some(text) = &arguments.stop_signal {
        service.stop_signal = StopSignal::parse(text).ok_or_else(|| PlanError::BadSignal {
            signal: text.clone(),
        })?;
    }
    if let Some(file) = &arguments.env_file {
        service.env_files = vec![file.clone()];
    }
    Ok(())
}

/// Of a project's services no log is at hand.
fn ready_in_project(ready: Ready, text: &str) -> Result<Ready, PlanError> {
    match ready {
        Ready::Log(_) => Err(PlanError::ReadyByLogInProject {
            ready: text.to_owned(),
        }),
        other => Ok(other),
    }
}

/// The duration that an option asks for.
///
/// # Errors
/// Where its text is none.
pub fn duration(option: &'static str, text: &str) -> Result<Duration, PlanError> {
    parse_duration(text).ok_or_else(|| PlanError::BadDuration {
        option,
        text: text.to_owned(),
    })
}

/// Puts the variables of a service's files before its own.
fn read_environment(service: &mut Service, folder: &Path) -> Result<(), PlanError> {
    let mut environment = Vec::new();
    for file in std::mem::take(&mut service.env_files) {
        environment.extend(read_env_file(&folder.join(file))?);
    }
    environment.append(&mut service.environment);
    service.environment = environment;
    Ok(())
}

/// Why a run cannot be planned.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// swath.toml cannot be read or understood.
    #[error(transparent)]
    Config(#[from] SwathConfigError),
    /// A `ready` address is none.
    #[error(transparent)]
    Ready(#[from] ReadyError),
    /// An env file cannot be read or understood.
    #[error(transparent)]
    EnvFile(#[from] EnvFileError),
    /// A command cannot be split into words.
    #[error("`{command}` is not a valid command: a word or a closing quote is missing")]
    BadCommand {
        /// The command as it was typed.
        command: String,
    },
    /// There is nothing to run.
    #[error("there is no test command")]
    NoCommand {
        /// The file of settings, which names none.
        settings: Option<PathBuf>,
        /// The folder in which settings were looked for first.
        folder: PathBuf,
    },
    /// `--ready` names no service, or not which.
    #[error("{}", ready_without_service(ready, name.as_deref()))]
    ReadyWithoutService {
        /// The value of `--ready`.
        ready: String,
        /// The service that it names.
        name: Option<String>,
        /// The services that there are.
        known: Vec<String>,
        /// `--services` would start it.
        started_by_flag: bool,
    },
    /// `--ready NAME=log:` for a service of a Compose project.
    #[error("`--ready {ready}` asks for the log of a Compose service, which swath does not read")]
    ReadyByLogInProject {
        /// The value of `--ready`.
        ready: String,
    },
    /// A duration that is none.
    #[error("`{option} {text}` is not a valid duration")]
    BadDuration {
        /// The option.
        option: &'static str,
        /// Its value.
        text: String,
    },
    /// A signal that stops nothing.
    #[error("`--stop-signal {signal}` is not a signal that stops a service")]
    BadSignal {
        /// The signal as it was typed.
        signal: String,
    },
    /// A compose file that does not exist.
    #[error("the compose file `{}` does not exist", file.display())]
    ComposeFileNotFound {
        /// The file.
        file: PathBuf,
    },
    /// An option of a Compose project, and no project.
    #[error("`{option}` is about a Compose project, and there is none")]
    NoProject {
        /// The option.
        option: &'static str,
        /// `--services` would bring up the project of the settings.
        is_left_out: bool,
    },
    /// A Compose project with `--no-docker`.
    #[error("a Compose project needs containers, and `--no-docker` leaves them out")]
    ContainersLeftOut,
    /// Compose was not found.
    #[error("neither `docker compose` nor `docker-compose` answers")]
    NoCompose,
}

fn ready_without_service(ready: &str, name: Option<&str>) -> String {
    match name {
        Some(name) => format!("`--ready {ready}` names the service `{name}`, which does not exist"),
        None => format!("`--ready {ready}` does not say for which service"),
    }
}

impl PlanError {
    /// What people are told.
    pub fn message(&self) -> Message {
        let (code, notes, hint) = match self {
            PlanError::Config(error) => (error.code(), vec![], error.hint()),
            PlanError::Ready(error) => (error.code(), vec![], error.hint()),
            PlanError::EnvFile(error) => (error.code(), vec![], error.hint()),
            PlanError::BadCommand { .. } => ("bad-command", vec![], None),
            PlanError::NoCommand { settings, folder } => (
                "no-command",
                vec![match settings {
                    Some(file) => {
                        format!("`{}` has no `test`, and no `--` names one", file.display())
                    }
                    None => format!(
                        "neither `{}` nor a folder above it has a swath.toml, and no `--` names one",
                        folder.display()
                    ),
                }],
                Some("swath run -- pytest tests/system".to_owned()),
            ),
            PlanError::ReadyWithoutService {
                known,
                started_by_flag,
                ..
            } => {
                let note = match known.as_slice() {
                    [] => "there is no service".to_owned(),
                    known => format!("the services are {}", known.join(", ")),
                };
                let hint = if *started_by_flag {
                    "add `--services`, which starts the services of swath.toml"
                } else {
                    "write `--ready NAME=ADDRESS`"
                };
                ("ready-without-service", vec![note], Some(hint.to_owned()))
            }
            PlanError::ReadyByLogInProject { .. } => (
                "bad-ready",
                vec![],
                Some(
                    "http://HOST:PORT/PATH, tcp:HOST:PORT, or a health check in the compose file"
                        .to_owned(),
                ),
            ),
            PlanError::BadDuration { .. } => (
                "bad-duration",
                vec![],
                Some("write a number and a unit: `500ms`, `60s`, `2m`".to_owned()),
            ),
            PlanError::BadSignal { .. } => (
                "bad-signal",
                vec![],
                Some("TERM, INT, QUIT, HUP, USR1, USR2 and KILL are".to_owned()),
            ),
            PlanError::ComposeFileNotFound { .. } => (
                "compose-file-not-found",
                vec![],
                Some("give its path from this folder".to_owned()),
            ),
            PlanError::NoProject { is_left_out, .. } => {
                let hint = if *is_left_out {
                    "add `--services`, which brings up the project of swath.toml"
                } else {
                    "name its file with `--compose`, or as `compose` in swath.toml"
                };
                ("no-project", vec![], Some(hint.to_owned()))
            }
            PlanError::ContainersLeftOut => ("no-engine", vec![], None),
            PlanError::NoCompose => (
                "no-compose",
                vec![],
                Some("install Compose, or name it with `--compose-command`".to_owned()),
            ),
        };
        Message::error(code, self.to_string())
            .notes(notes)
            .hint(hint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_may_have_a_name() {
        let service = parse_service("web=gunicorn --bind=x 'app:f()'", 0).unwrap();
        assert_eq!((service.name.as_str(), service.command.len()), ("web", 3));
        let service = parse_service("./serve.sh --port=1", 1).unwrap();
        assert_eq!(
            (service.name.as_str(), service.command.len()),
            ("service-2", 2)
        );
        assert!(parse_service("web='", 0).is_err());
    }

    #[test]
    fn a_ready_address_may_hold_an_equals_sign() {
        assert_eq!(split_name("http://x/?a=b"), (None, "http://x/?a=b"));
        assert_eq!(
            split_name("web=http://x/?a=b"),
            (Some("web"), "http://x/?a=b")
        );
    }

    #[test]
    fn a_ready_address_needs_its_service() {
        let mut services = vec![Service::new("a", vec![]), Service::new("b", vec![])];
        assert!(service_named(&mut services, None, "tcp:x:1", false).is_err());
        assert!(service_named(&mut services, Some("c"), "c=tcp:x:1", false).is_err());
        assert_eq!(
            service_named(&mut services, Some("b"), "b=tcp:x:1", false)
                .unwrap()
                .name,
            "b"
        );
    }
}
