//! The Compose project of a run, from the command line.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use swath_config::{ComposeProject, Ready, Service};

use crate::plan::{PlanError, duration};
use crate::request::ComposeRequest;

/// What the command line says of a Compose project, as it was typed.
#[derive(Debug, Clone)]
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

impl Default for ComposeOptions {
    fn default() -> Self {
        Self {
            files: Vec::new(),
            test_service: None,
            keep_up: false,
            build: true,
            profiles: Vec::new(),
            project_name: None,
            measured: Vec::new(),
            command: None,
            env_file: None,
            ready_timeout: None,
            stop_timeout: None,
            containers: true,
        }
    }
}

/// The project that the options ask for, or else that of the file of settings. What the options say of it wins.
/// `is_left_out` says whether that file has one which is not for this run.
pub(crate) fn request(
    options: &ComposeOptions,
    file: Option<&ComposeProject>,
    is_left_out: bool,
    ready: BTreeMap<String, Ready>,
    folder: &Path,
) -> Result<Option<ComposeRequest>, PlanError> {
    let named = ComposeProject {
        files: options.files.clone(),
        ..ComposeProject::default()
    };
    let project = match file {
        Some(file) if options.files.is_empty() => file,
        _ if options.files.is_empty() => {
            return match options.given_without_project() {
                Some(option) => Err(PlanError::NoProject {
                    option,
                    is_left_out,
                }),
                None => Ok(None),
            };
        }
        _ => &named,
    };
    if let Some(file) = project
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
    let either =
        |given: &[String], file: &[String]| if given.is_empty() { file } else { given }.to_vec();
    let env_file = options.env_file.as_ref().or(project.env_file.as_ref());
    let test_service = options.test_service.as_ref();
    let name = options.project_name.as_ref().or(project.name.as_ref());
    Ok(Some(ComposeRequest {
        command: command(options.command.as_deref())?,
        files: project.files.clone(),
        project_name: name.cloned(),
        env_file: env_file.cloned(),
        profiles: either(&options.profiles, &project.profiles),
        test_service: test_service.or(project.test_service.as_ref()).cloned(),
        build: options.build,
        keep_up: options.keep_up,
        measured: either(&options.measured, &project.measured),
        ready,
        ready_timeout: given("--ready-timeout", &options.ready_timeout)?
            .or(project.ready_timeout)
            .unwrap_or(Service::READY_TIMEOUT),
        stop_timeout: given("--stop-timeout", &options.stop_timeout)?.or(project.stop_timeout),
        endpoint: None,
    }))
}

impl ComposeOptions {
    /// An option that was given and that only a Compose project gives a sense.
    #[must_use]
    pub fn given_without_project(&self) -> Option<&'static str> {
        let given = [
            (self.test_service.is_some(), "--test-service"),
            (self.keep_up, "--keep-up"),
            (!self.build, "--no-build"),
            (!self.profiles.is_empty(), "--profile"),
            (self.project_name.is_some(), "--project-name"),
            (!self.measured.is_empty(), "--measure"),
            (self.command.is_some(), "--compose-command"),
        ];
        let mut given = given.iter().filter(|(is_given, _)| *is_given);
        given.next().map(|(_, option)| *option)
    }
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
