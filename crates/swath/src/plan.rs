//! What a run starts: services and tests, from the command line and from `swath.toml`.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::IsTerminal as _;
use std::path::Path;
use std::time::Duration;

use swath_config::{Ready, Service, StopSignal, SwathConfig, parse_duration, read_env_file};

use swath_run::ComposeRequest;

use crate::arguments::{RunArguments, ServiceArguments};
use crate::compose;
use crate::diagnostic::Diagnostic;

/// The services of a run and its tests.
pub(crate) struct Plan {
    pub(crate) services: Vec<Service>,
    pub(crate) compose: Option<ComposeRequest>,
    pub(crate) command: Vec<OsString>,
    /// Services of the file that are not started, because the command is not the file's.
    pub(crate) left_out: Vec<String>,
}

/// Joins the command line with the file: the command after `--` replaces that of the file, and so
/// do services of the command line. The file's services belong to the file's own tests: before
/// another command they are started only when they are asked for.
pub(crate) fn plan(
    run: &RunArguments,
    command: &[OsString],
    folder: &Path,
) -> Result<Plan, Diagnostic> {
    let arguments = &run.services;
    let with_compose = !run.compose.compose.is_empty();
    let file = load_settings(folder)?;
    let mut left_out = Vec::new();
    let mut services = if !arguments.service.is_empty() {
        arguments
            .service
            .iter()
            .enumerate()
            .map(|(index, text)| parse_service(text, index))
            .collect::<Result<_, _>>()?
    } else if (command.is_empty() && !with_compose) || arguments.services {
        file.services
    } else {
        left_out.extend(file.services.into_iter().map(|service| service.name));
        Vec::new()
    };
    let mut project_ready = BTreeMap::new();
    for text in &arguments.ready {
        let (name, address) = split_name(text);
        let ready = Ready::parse(address).map_err(|error| {
            Diagnostic::error(error.code(), error.to_string()).hint(error.hint())
        })?;
        if let Some(name) = name
            .filter(|name| with_compose && services.iter().all(|service| service.name != **name))
        {
            project_ready.insert(name.to_owned(), ready_in_project(ready, text)?);
            continue;
        }
        let service = service_named(&mut services, name, text).map_err(|error| {
            let started_by_flag = left_out
                .iter()
                .any(|left_out| name.is_none_or(|name| name == left_out));
            if started_by_flag {
                error.hint("add `--services`, which starts the services of swath.toml".to_owned())
            } else {
                error.hint("write `--ready NAME=ADDRESS`".to_owned())
            }
        })?;
        service.ready = Some(ready);
    }
    for service in &mut services {
        override_service(service, arguments)?;
        read_environment(service, folder)?;
    }
    let compose = compose::request(run, project_ready, folder)?;
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
        let looked = match &file.file {
            Some(file) => format!("`{}` has no `test`, and no `--` names one", file.display()),
            None => format!(
                "neither `{}` nor a folder above it has a swath.toml, and no `--` names one",
                folder.display()
            ),
        };
        return Err(Diagnostic::error("no-command", "there is no test command")
            .note(looked)
            .hint("swath run -- pytest tests/system".to_owned()));
    }
    Ok(Plan {
        services,
        compose,
        command,
        left_out,
    })
}

/// The settings of the nearest file. Its services start in its folder.
fn load_settings(folder: &Path) -> Result<SwathConfig, Diagnostic> {
    let mut settings = SwathConfig::load(folder)
        .map_err(|error| Diagnostic::error(error.code(), error.to_string()).hint(error.hint()))?;
    if let (Some(used), Some(unused)) = (&settings.file, &settings.unused) {
        let text = format!(
            "`[tool.swath]` in `{}` is not used: `{}` is there",
            unused.display(),
            used.display()
        );
        Diagnostic::warning("settings-unused", text)
            .hint("put all settings into one of the two files".to_owned())
            .print();
    }
    let place = settings.file.as_deref().and_then(Path::parent);
    if let Some(place) = place.filter(|place| *place != folder) {
        for service in &mut settings.services {
            service.directory.get_or_insert_with(|| place.to_owned());
        }
    }
    Ok(settings)
}

/// `[NAME=]COMMAND`: without a name it is called `service`, `service-2` …
fn parse_service(text: &str, index: usize) -> Result<Service, Diagnostic> {
    let (name, command) = split_name(text);
    let name = match (name, index) {
        (Some(name), _) => name.to_owned(),
        (None, 0) => "service".to_owned(),
        (None, index) => format!("service-{}", index + 1),
    };
    let words = shell_words::split(command).unwrap_or_default();
    if words.is_empty() {
        return Err(Diagnostic::error(
            "bad-command",
            format!("`{command}` is no command: a word or a closing quote is missing"),
        ));
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
) -> Result<&'a mut Service, Diagnostic> {
    let names = services
        .iter()
        .map(|service| service.name.clone())
        .collect::<Vec<_>>()
        .join(", ");
    let found = match name {
        Some(name) => services.iter_mut().find(|service| service.name == name),
        None if services.len() == 1 => services.first_mut(),
        None => None,
    };
    found.ok_or_else(|| {
        let message = match name {
            Some(name) => {
                format!("`--ready {text}` names the service `{name}`, which there is not")
            }
            None => format!("`--ready {text}` does not say for which service"),
        };
        let known = if names.is_empty() {
            "there is no service".to_owned()
        } else {
            format!("the services are {names}")
        };
        Diagnostic::error("ready-without-service", message).note(known)
    })
}

fn override_service(service: &mut Service, arguments: &ServiceArguments) -> Result<(), Diagnostic> {
    if let Some(text) = &arguments.ready_timeout {
        service.ready_timeout = duration("--ready-timeout", text)?;
    }
    if let Some(text) = &arguments.stop_timeout {
        service.stop_timeout = duration("--stop-timeout", text)?;
    }
    if let Some(text) = &arguments.stop_signal {
        service.stop_signal = StopSignal::parse(text).ok_or_else(|| {
            Diagnostic::error(
                "bad-signal",
                format!("`--stop-signal {text}` is no signal that stops a service"),
            )
            .hint("TERM, INT, QUIT, HUP, USR1, USR2 and KILL are".to_owned())
        })?;
    }
    if let Some(file) = &arguments.env_file {
        service.env_files = vec![file.clone()];
    }
    Ok(())
}

/// Of a project's services no log is at hand.
fn ready_in_project(ready: Ready, text: &str) -> Result<Ready, Diagnostic> {
    match ready {
        Ready::Log(_) => Err(Diagnostic::error(
            "bad-ready",
            format!("`--ready {text}` asks for the log of a Compose service, which is not read"),
        )
        .hint(
            "http://HOST:PORT/PATH, tcp:HOST:PORT, or a health check in the compose file"
                .to_owned(),
        )),
        other => Ok(other),
    }
}

pub(crate) fn duration(option: &str, text: &str) -> Result<Duration, Diagnostic> {
    parse_duration(text).ok_or_else(|| {
        Diagnostic::error(
            "bad-duration",
            format!("`{option} {text}` is not a valid duration"),
        )
        .hint("write a number and a unit: `500ms`, `60s`, `2m`".to_owned())
    })
}

/// Puts the variables of a service's files before its own.
fn read_environment(service: &mut Service, folder: &Path) -> Result<(), Diagnostic> {
    let mut environment = Vec::new();
    for file in std::mem::take(&mut service.env_files) {
        let variables = read_env_file(&folder.join(file)).map_err(|error| {
            Diagnostic::error(error.code(), error.to_string()).hint(error.hint())
        })?;
        environment.extend(variables);
    }
    environment.append(&mut service.environment);
    service.environment = environment;
    Ok(())
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
        assert!(service_named(&mut services, None, "tcp:x:1").is_err());
        assert!(service_named(&mut services, Some("c"), "c=tcp:x:1").is_err());
        assert_eq!(
            service_named(&mut services, Some("b"), "b=tcp:x:1")
                .unwrap()
                .name,
            "b"
        );
    }
}
