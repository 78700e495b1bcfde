//! What `swath doctor` looks at: each check is a sentence, and a remedy where something is wrong.

use std::ffi::OsString;
use std::net::{TcpStream, ToSocketAddrs as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;
use swath_analysis::{MEASURED_MINORS, PythonVersion};
use swath_checkout::check_writable;
use swath_config::{Ready, Service, SwathConfig};
use swath_model::Message;
use swath_run::{
    Plan, PluginChoice, RunKind, RunRequest, ServiceOptions, Settings, SettingsOverrides,
    leftovers, plan,
};

use crate::engine::Engine;
use crate::interpreter::{environment_interpreter, find_on_path, is_program, version_of};

/// The program that shows whether the agent works.
const PROBE: &str = "probed = 1\n";

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum State {
    Good,
    /// Nothing is wrong, and this should be known.
    Note,
    Bad,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Check {
    /// Its name.
    #[serde(rename = "check")]
    pub(crate) name: &'static str,
    pub(crate) state: State,
    /// How it is.
    pub(crate) text: String,
    /// What to do about it.
    pub(crate) remedy: Option<String>,
}

fn check(name: &'static str, state: State, text: impl Into<String>) -> Check {
    Check {
        name,
        state,
        text: text.into(),
        remedy: None,
    }
}

fn good(what: &'static str, text: impl Into<String>) -> Check {
    check(what, State::Good, text)
}

fn bad(what: &'static str, text: impl Into<String>, remedy: impl Into<String>) -> Check {
    Check {
        remedy: Some(remedy.into()),
        ..check(what, State::Bad, text)
    }
}

fn of_message(what: &'static str, message: &Message) -> Check {
    Check {
        remedy: message.hint.clone(),
        ..check(what, State::Bad, message.plain())
    }
}

/// Looks at everything that a run in `folder` needs.
pub(crate) fn checkup(folder: &Path) -> Vec<Check> {
    let interpreter = environment_interpreter();
    let mut checks = vec![python(interpreter.as_deref())];
    if let Some(interpreter) = &interpreter {
        checks.push(agent(interpreter));
    }
    checks.extend(own_settings(folder));
    checks.extend(coverage_settings(folder, interpreter.as_ref()));
    checks.push(engine());
    checks.extend(left_behind(folder));
    checks
}

fn python(interpreter: Option<&Path>) -> Check {
    const WHAT: &str = "python";
    let Some(interpreter) = interpreter else {
        let text = "no Python on PATH, and no environment is active";
        return bad(WHAT, text, "activate the environment that runs the tests");
    };
    let shown = interpreter.display();
    match version_of(interpreter) {
        Some(version) if version.major == 3 && MEASURED_MINORS.contains(&version.minor) => {
            good(WHAT, format!("Python {version}, `{shown}`"))
        }
        Some(version) => bad(
            WHAT,
            format!("Python {version}, `{shown}`, is none that swath measures"),
            format!(
                "use CPython {} to {}",
                PythonVersion::new(3, *MEASURED_MINORS.start()),
                PythonVersion::new(3, *MEASURED_MINORS.end())
            ),
        ),
        None => bad(
            WHAT,
            format!("`{shown}` does not say its version"),
            format!("{shown} --version"),
        ),
    }
}

/// Measures a program of one line, from the private folder to the data.
fn agent(interpreter: &Path) -> Check {
    const WHAT: &str = "agent";
    match probe(interpreter) {
        Ok(None) => good(WHAT, "it loads, and records what runs"),
        Ok(Some(message)) => of_message(WHAT, &message),
        Err(problem) => bad(WHAT, problem, "set TMPDIR to a folder that can be written"),
    }
}

fn probe(interpreter: &Path) -> Result<Option<Message>, String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let folder = fs_err::canonicalize(folder.path())
        .map(|path| (folder, path))
        .map_err(|error| error.to_string())?;
    let (_kept, folder) = folder;
    let program = folder.join("probe.py");
    fs_err::write(&program, PROBE).map_err(|error| error.to_string())?;
    let settings = Settings::load(Some(""), &folder).map_err(|error| error.to_string())?;
    let command = vec![interpreter.into(), program.into()];
    let request = RunRequest {
        // Whatever the environment says: the user's own data stays as it is.
        data_file: folder.join(".coverage"),
        ..RunRequest::of(RunKind::Program, command, folder, settings)
    };
    let run = match swath_run::run(&request, &mut ()) {
        Ok(run) => run,
        Err(error) => return Ok(Some(error.message())),
    };
    if run.touched_anything {
        return Ok(None);
    }
    let mut messages = run.findings.iter().map(swath_model::Finding::message);
    let error = run.failure.as_ref().map(swath_run::RunError::message);
    match error.or_else(|| messages.next()) {
        Some(message) => Ok(Some(message)),
        None => Err("it recorded nothing of a program of one line".to_owned()),
    }
}

fn own_settings(folder: &Path) -> Vec<Check> {
    const WHAT: &str = "swath.toml";
    let planned = plan(
        &ServiceOptions::default(),
        &swath_run::ComposeOptions::default(),
        &[],
        folder,
    );
    let file = SwathConfig::find(folder);
    let Plan {
        services,
        command,
        findings,
        ..
    } = match planned {
        Ok(plan) => plan,
        Err(swath_run::PlanError::NoCommand { .. }) => {
            let text = match &file {
                Some(file) => format!("`{}` has no `test`", file.display()),
                None => "there is none, here or in a folder above".to_owned(),
            };
            return vec![Check {
                remedy: Some(
                    "`swath init` writes one; `swath run -- COMMAND` names the tests each time"
                        .to_owned(),
                ),
                ..check(WHAT, State::Note, text)
            }];
        }
        Err(error) => return vec![of_message(WHAT, &error.message())],
    };
    let mut checks: Vec<Check> = findings
        .iter()
        .map(|finding| of_message(WHAT, &finding.message()))
        .collect();
    if checks.is_empty() {
        let file = file
            .map(|file| file.display().to_string())
            .unwrap_or_default();
        let names: Vec<&str> = services
            .iter()
            .map(|service| service.name.as_str())
            .collect();
        let services = match names.as_slice() {
            [] => "no services".to_owned(),
            names => format!("services {}", names.join(", ")),
        };
        checks.push(good(WHAT, format!("`{file}`, {services}")));
    }
    let place = folder.to_owned();
    checks.push(found("tests", &command, &place));
    for service in &services {
        let words: Vec<OsString> = service.command.iter().map(OsString::from).collect();
        let place = service.directory.clone().unwrap_or_else(|| place.clone());
        checks.push(found("service", &words, &place));
        checks.extend(address(service));
    }
    checks
}

/// Whether a command is there, and lets the agent in.
fn found(what: &'static str, command: &[OsString], place: &Path) -> Check {
    let words: Vec<String> = command
        .iter()
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    let line = shell_words::join(&words);
    let Some(first) = words.first() else {
        return bad(what, "there is no command", "swath run -- COMMAND");
    };
    let is_there = if first.contains('/') {
        is_program(&place.join(first))
    } else {
        find_on_path(first.as_ref()).is_some()
    };
    if !is_there {
        let text = format!("`{first}` of `{line}` was not found");
        return bad(
            what,
            text,
            "activate the environment that holds it, or give its path",
        );
    }
    match closed_way(&words) {
        Some((word, remedy)) => {
            let text = format!("`{word}` of `{line}` keeps the agent out");
            bad(what, text, remedy)
        }
        None => good(what, format!("`{line}`")),
    }
}

/// A word of a command that takes the agent's variables away, and what helps.
fn closed_way(words: &[String]) -> Option<(&str, &'static str)> {
    let name = |word: &str| word.rsplit('/').next().unwrap_or(word).to_owned();
    let (first, rest) = words.split_first()?;
    let options: Vec<&String> = rest
        .iter()
        .take_while(|word| word.starts_with('-'))
        .collect();
    let has = |wanted: &[&str]| {
        let mut options = options.iter();
        options.any(|option| wanted.contains(&option.as_str()))
    };
    let program = name(first);
    match program.as_str() {
        "sudo" if !has(&["-E", "--preserve-env"]) => Some((
            first,
            "`sudo --preserve-env=PYTHONPATH`, or start it as the user that runs swath",
        )),
        "env" if has(&["-i", "-", "--ignore-environment"]) => {
            Some((first, "leave `-i` out, or pass PYTHONPATH on"))
        }
        "tox" => Some((first, "`pass_env = PYTHONPATH` in the tox settings")),
        python if python.starts_with("python") && has(&["-I", "-E", "-S"]) => {
            Some((first, "start it without `-I`, `-E` and `-S`"))
        }
        _ => None,
    }
}

/// Whether the address of a service is free.
fn address(service: &Service) -> Option<Check> {
    const WHAT: &str = "address";
    let (host, port) = match service.ready.as_ref()? {
        Ready::Http(url) => {
            let rest = url.strip_prefix("http://")?;
            let authority = rest.split(['/', '?', '#']).next()?;
            let (host, port) = authority.rsplit_once(':').unwrap_or((authority, "80"));
            (host.to_owned(), port.parse().ok()?)
        }
        Ready::Tcp(host, port) => (host.clone(), *port),
        Ready::Log(_) => return None,
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let answers = (host, port)
        .to_socket_addrs()
        .ok()?
        .any(|address| TcpStream::connect_timeout(&address, Duration::from_secs(1)).is_ok());
    let name = &service.name;
    Some(if answers {
        bad(
            WHAT,
            format!("{host}:{port} of `{name}` answers already"),
            format!("stop what listens there: ss -ltnp 'sport = :{port}'"),
        )
    } else {
        good(WHAT, format!("{host}:{port} of `{name}` is free"))
    })
}

fn coverage_settings(folder: &Path, interpreter: Option<&PathBuf>) -> Vec<Check> {
    const WHAT: &str = "settings";
    let mut settings = match Settings::load(None, folder) {
        Ok(settings) => settings,
        Err(error) => {
            let message = Message::error(error.code(), error.to_string()).hint(error.hint());
            return vec![of_message(WHAT, &message)];
        }
    };
    let overrides = SettingsOverrides {
        plugins: PluginChoice {
            interpreter: interpreter.cloned(),
            ..PluginChoice::default()
        },
        ..SettingsOverrides::default()
    };
    overrides.apply(&mut settings);
    let mut checks = vec![match &settings.config.config_file {
        Some(file) => good(WHAT, format!("coverage.py's, from `{file}`")),
        None => check(WHAT, State::Note, "no file of coverage.py's settings here"),
    }];
    let findings = settings.findings().into_iter();
    let findings = findings.chain(settings.plugins.finding());
    checks.extend(findings.map(|finding| of_message(WHAT, &finding.message())));
    checks.push(source(&settings));
    checks.push(data_file(&settings.data_file()));
    for variable in ["COVERAGE_PROCESS_START", "COVERAGE_PROCESS_CONFIG"] {
        if std::env::var_os(variable).is_some_and(|value| !value.is_empty()) {
            let text = format!("`{variable}` is set: coverage.py measures as well");
            checks.push(check("environment", State::Note, text));
        }
    }
    checks
}

fn source(settings: &Settings) -> Check {
    const WHAT: &str = "source";
    let scope = match settings.scope() {
        Ok(scope) => scope,
        Err(error) => return of_message(WHAT, &error.message()),
    };
    if !settings.names_source() {
        return Check {
            remedy: Some("`source = .` under `[run]` in .coveragerc counts all of it".to_owned()),
            ..check(
                WHAT,
                State::Note,
                "not set: modules that nobody imports do not count",
            )
        };
    }
    let folders = scope
        .source_folders
        .iter()
        .map(|folder| folder.display().to_string());
    let names: Vec<String> = folders
        .chain(scope.source_packages.iter().cloned())
        .map(|name| format!("`{name}`"))
        .collect();
    match names.as_slice() {
        [] => good(WHAT, "what `include` says"),
        names => good(WHAT, names.join(", ")),
    }
}

fn data_file(path: &Path) -> Check {
    const WHAT: &str = "data";
    match check_writable(path) {
        Ok(()) => good(WHAT, format!("`{}` can be written", path.display())),
        Err(error) => bad(
            WHAT,
            format!("`{}` cannot be written: {error}", path.display()),
            "`--data-file` names another place",
        ),
    }
}

fn engine() -> Check {
    const WHAT: &str = "containers";
    match Engine::find() {
        Engine::NoCommand => {
            let text = "no `docker` here: containers are not measured";
            check(WHAT, State::Note, text)
        }
        Engine::Answers(version) => good(WHAT, format!("Docker {version} answers")),
        Engine::Refuses(said) => {
            let text = format!("the engine cannot be used: {said}");
            Check {
                remedy: Some("`swath run --no-docker` leaves containers out".to_owned()),
                ..check(WHAT, State::Note, text)
            }
        }
        Engine::Silent(error) => bad(WHAT, error, "docker version"),
    }
}

fn left_behind(folder: &Path) -> Vec<Check> {
    leftovers(folder)
        .iter()
        .map(|leftover| of_message("leftovers", &leftover.finding().message()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_that_keep_the_agent_out_are_known() {
        for (line, closed) in [
            ("sudo gunicorn app", true),
            ("sudo -E gunicorn app", false),
            ("env -i python app.py", true),
            ("env A=1 python app.py", false),
            ("/usr/bin/python3 -I app.py", true),
            ("python3 app.py -I", false),
            ("tox -e py", true),
            ("pytest -q", false),
        ] {
            let words = shell_words::split(line).unwrap();
            assert_eq!(closed_way(&words).is_some(), closed, "{line}");
        }
    }
}
