//! The Compose project of a run, from the command line.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use swath_config::Ready;

use crate::plan::{PlanError, duration};
use crate::request::ComposeRequest;

/// How long all services of a project together may take to be ready.
const READY_TIMEOUT: Duration = Duration::from_mins(1);

/// What the command line says of a Compose project, as it was typed.
#[derive(Debug, Clone, Default)]
pub struct ComposeOptions {
    /// `--compose`; none: there is no project.
    pub files: Vec<PathBuf>,
    /// `--test-service`.
    pub test_service: Option<String>,
    /// `--keep-up`.
    pub keep_up: bool,
    /// The opposite of `--no-build`.
    pub build: bool,
    /// `--profile`.
    pub profiles: Vec<String>,
    /// `--project-name`.
    pub project_name: Option<String>,
    /// `--measure`.
    pub measured: Vec<String>,
    /// `--compose-command`.
    pub command: Option<String>,
    /// `--env-file`.
    pub env_file: Option<PathBuf>,
    /// `--ready-timeout`.
    pub ready_timeout: Option<String>,
    /// `--stop-timeout`.
    pub stop_timeout: Option<String>,
    /// Containers are measured: the opposite of `--no-docker`.
    pub containers: bool,
}

/// The project that the options ask for; nothing without `--compose`.
pub(crate) fn request(
    options: &ComposeOptions,
    ready: BTreeMap<String, Ready>,
    folder: &Path,
) -> Result<Option<ComposeRequest>, PlanError> {
    if options.files.is_empty() {
        return Ok(None);
    }
    if let Some(file) = options
        .files
        .iter()
        .find(|file| !folder.join(file).is_file())
    {
        return Err(PlanError::ComposeFileNotFound { file: file.clone() });
    }
    if !options.containers {
        return Err(PlanError::ContainersLeftOut);
    }
    let given = |option: &'static str, text: &Option<String>| {
        let text = text.as_deref();
        text.map(|text| duration(option, text)).transpose()
    };
    Ok(Some(ComposeRequest {
        command: command(options.command.as_deref())?,
        files: options.files.clone(),
        project_name: options.project_name.clone(),
        env_file: options.env_file.clone(),
        profiles: options.profiles.clone(),
        test_service: options.test_service.clone(),
        build: options.build,
        keep_up: options.keep_up,
        measured: options.measured.clone(),
        ready,
        ready_timeout: given("--ready-timeout", &options.ready_timeout)?.unwrap_or(READY_TIMEOUT),
        stop_timeout: given("--stop-timeout", &options.stop_timeout)?,
        endpoint: None,
    }))
}

/// The words that call Compose.
fn command(given: Option<&str>) -> Result<Vec<String>, PlanError> {
    if let Some(text) = given {
        let words = shell_words::split(text).unwrap_or_default();
        if words.is_empty() {
            return Err(PlanError::BadCommand {
                command: format!("--compose-command {text}"),
            });
        }
        return Ok(words);
    }
    let candidates = [&["docker", "compose"][..], &["docker-compose"]];
    candidates
        .into_iter()
        .find(|words| answers(words))
        .map(|words| words.iter().map(|&word| word.to_owned()).collect())
        .ok_or(PlanError::NoCompose)
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
