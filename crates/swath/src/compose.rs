//! The Compose project of a run, from the command line.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use swath_config::Ready;
use swath_run::ComposeRequest;

use crate::arguments::RunArguments;
use crate::diagnostic::Diagnostic;
use crate::plan::duration;

/// How long all services of a project together may take to be ready.
const READY_TIMEOUT: Duration = Duration::from_mins(1);

/// What `--compose` and its companions ask for; nothing without `--compose`.
pub(crate) fn request(
    run: &RunArguments,
    ready: BTreeMap<String, Ready>,
    folder: &Path,
) -> Result<Option<ComposeRequest>, Diagnostic> {
    let (arguments, services) = (&run.compose, &run.services);
    if arguments.compose.is_empty() {
        return Ok(None);
    }
    for file in &arguments.compose {
        if !folder.join(file).is_file() {
            let message = format!("the compose file `{}` is not there", file.display());
            return Err(Diagnostic::error("compose-file-not-found", message)
                .hint("give its path from this folder".to_owned()));
        }
    }
    if services.no_docker {
        let message = "`--compose` needs containers, and `--no-docker` leaves them out";
        return Err(Diagnostic::error("no-engine", message));
    }
    let given = |option: &str, text: &Option<String>| {
        let text = text.as_deref();
        text.map(|text| duration(option, text)).transpose()
    };
    Ok(Some(ComposeRequest {
        command: command(arguments.compose_command.as_deref())?,
        files: arguments.compose.clone(),
        project_name: arguments.project_name.clone(),
        env_file: services.env_file.clone(),
        profiles: arguments.profile.clone(),
        test_service: arguments.test_service.clone(),
        build: !arguments.no_build,
        keep_up: arguments.keep_up,
        measured: arguments.measure.clone(),
        ready,
        ready_timeout: given("--ready-timeout", &services.ready_timeout)?.unwrap_or(READY_TIMEOUT),
        stop_timeout: given("--stop-timeout", &services.stop_timeout)?,
        endpoint: None,
    }))
}

/// The words that call Compose.
fn command(given: Option<&str>) -> Result<Vec<String>, Diagnostic> {
    if let Some(text) = given {
        let words = shell_words::split(text).unwrap_or_default();
        if words.is_empty() {
            let message = format!("`--compose-command {text}` is no command");
            return Err(Diagnostic::error("bad-command", message));
        }
        return Ok(words);
    }
    let candidates = [&["docker", "compose"][..], &["docker-compose"]];
    candidates
        .into_iter()
        .find(|words| answers(words))
        .map(|words| words.iter().map(|&word| word.to_owned()).collect())
        .ok_or_else(|| {
            let message = "neither `docker compose` nor `docker-compose` answers";
            Diagnostic::error("no-compose", message)
                .hint("install Compose, or name it by `--compose-command`".to_owned())
        })
}

fn answers(words: &[&str]) -> bool {
    let Some((program, arguments)) = words.split_first() else {
        return false;
    };
    Command::new(program)
        .args(arguments)
        .arg("version")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}
