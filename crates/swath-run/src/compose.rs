//! A Compose project that the run itself brings up, waits for, and takes down.

pub(crate) mod ready;
pub(crate) mod request;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::process::Signal;
use swath_docker::{ContainerState, EngineError, ProjectContainer, ProjectView};
use swath_model::Ending;

use crate::compose::ready::{Awaited, failed, health, is_ready};
use crate::error::{RunError, seconds};
use crate::event::RunEvent;
use crate::orchestra::Orchestra;
use crate::request::ComposeRequest;
use crate::service::{file_name, last_lines};
use crate::spawn::Spawn;

/// How many lines of a container's output are shown when it failed.
const SHOWN_LINES: usize = 12;
/// How many of them are kept in a log.
const KEPT_LINES: usize = 5000;

/// What is known of a project that has been, or is being, brought up.
pub(crate) struct ComposeProject {
    view: ProjectView,
    /// Its name, once it has a container.
    name: Option<String>,
    /// The volumes that were there before.
    volumes_before: BTreeSet<String>,
}

impl ComposeRequest {
    /// Compose with its files, its project and these words.
    fn words(&self, arguments: &[&str]) -> Vec<String> {
        let mut words = self.command.clone();
        let mut option = |name: &str, value: String| words.extend([name.to_owned(), value]);
        for file in &self.files {
            option("--file", file.display().to_string());
        }
        if let Some(name) = &self.project_name {
            option("--project-name", name.clone());
        }
        if let Some(file) = &self.env_file {
            option("--env-file", file.display().to_string());
        }
        for profile in &self.profiles {
            option("--profile", profile.clone());
        }
        words.extend(arguments.iter().map(|&word| word.to_owned()));
        words
    }

    /// The command that runs the tests in their own service.
    pub fn test_command(
        &self,
        service: &str,
        terminal: bool,
        command: &[OsString],
    ) -> Vec<OsString> {
        let mut arguments = vec!["run", "--rm"];
        if !terminal {
            arguments.push("-T");
        }
        arguments.push(service);
        let words = self.words(&arguments).into_iter().map(OsString::from);
        words.chain(command.iter().cloned()).collect()
    }

    /// That command for people: without the files and the project, which they know.
    pub(crate) fn shown_test_command(&self, words: &[String]) -> Option<Vec<String>> {
        let service = self.test_service.as_ref()?;
        // The first one after `run` and its options: COMMAND may hold the word as well.
        let run = self.words(&["run"]).len();
        let at = words.iter().skip(run).position(|word| word == service)? + run;
        let mut shown = self.command.clone();
        shown.push("run".to_owned());
        shown.extend(words.get(at..).unwrap_or_default().iter().cloned());
        Some(shown)
    }
}

impl Orchestra<'_> {
    /// Brings the project up and waits until all of it is ready.
    pub(crate) fn bring_up(&mut self) -> Result<(), RunError> {
        let Some(compose) = self.request.compose.clone() else {
            return Ok(());
        };
        let endpoint = compose.endpoint.clone().ok_or_else(|| RunError::NoEngine {
            what: "none can be used".to_owned(),
        })?;
        let view = ProjectView::new(endpoint);
        let services = self.services_of(&compose)?;
        let is_known =
            |name: &&String| services.contains(name) || compose.test_service.as_ref() == Some(name);
        if let Some(unknown) = compose.measured.iter().find(|name| !is_known(name)) {
            return Err(RunError::NoSuchComposeService {
                option: "--measure",
                service: unknown.clone(),
                known: services,
            });
        }
        let services = services
            .into_iter()
            .filter(|name| compose.test_service.as_ref() != Some(name))
            .collect::<Vec<_>>();
        self.refuse_if_up(&compose, &view)?;
        self.project = Some(ComposeProject {
            volumes_before: view.volumes().map_err(|error| engine_failed(&error))?,
            view: view.clone(),
            name: None,
        });
        self.observer.event(RunEvent::BringingUp {
            services: &services,
        });
        self.project_services.clone_from(&services);
        let started = Instant::now();
        if !services.is_empty() {
            self.up(&compose, &services, &view)?;
            self.wait_for_project(&compose, &view)?;
        }
        self.observer.event(RunEvent::Ready {
            services: services.len(),
            elapsed: started.elapsed(),
        });
        Ok(())
    }

    fn services_of(&mut self, compose: &ComposeRequest) -> Result<Vec<String>, RunError> {
        let (_, log) = self.compose(compose, &["config"], "config")?;
        let inactive = inactive_services(&log, &compose.profiles);
        let (_, log) = self.compose(compose, &["config", "--services"], "services")?;
        // Warnings about the file are sentences; a service's name has no blanks.
        let mut services = words_alone(&log);
        services.retain(|name| !inactive.contains(name));
        Ok(services)
    }

    /// A project that somebody else has up is left alone: its containers would be replaced.
    fn refuse_if_up(
        &mut self,
        compose: &ComposeRequest,
        view: &ProjectView,
    ) -> Result<(), RunError> {
        let containers = self.containers_of(compose, view)?;
        let foreign = containers
            .iter()
            .find(|one| one.state == ContainerState::Running && !one.carries_agent);
        // Beside a container of swath's, those without a Python are swath's as well.
        let own = containers.iter().any(|one| one.carries_agent);
        match foreign {
            Some(container) if !own => Err(RunError::ProjectIsUp {
                project: container.project.clone(),
                compose: compose.words(&[]).join(" "),
            }),
            _ => Ok(()),
        }
    }

    fn containers_of(
        &mut self,
        compose: &ComposeRequest,
        view: &ProjectView,
    ) -> Result<Vec<ProjectContainer>, RunError> {
        let known = self
            .project
            .as_ref()
            .and_then(|project| project.name.clone());
        let ids = if let Some(name) = known {
            view.ids(&name).map_err(|error| engine_failed(&error))?
        } else {
            let (_, log) = self.compose(compose, &["ps", "--all", "--quiet"], "ps")?;
            let mut words = words_alone(&log);
            words.retain(|word| word.len() >= 12 && word.bytes().all(|b| b.is_ascii_hexdigit()));
            words
        };
        view.containers(&ids).map_err(|error| engine_failed(&error))
    }

    fn up(
        &mut self,
        compose: &ComposeRequest,
        services: &[String],
        view: &ProjectView,
    ) -> Result<(), RunError> {
        let mut arguments = vec!["up", "--detach"];
        if compose.build {
            arguments.push("--build");
        }
        arguments.extend(services.iter().map(String::as_str));
        let result = self.compose(compose, &arguments, "up");
        let containers = self.containers_of(compose, view).unwrap_or_default();
        if let (Some(project), Some(container)) = (self.project.as_mut(), containers.first()) {
            project.name = Some(container.project.clone());
            if !compose.keep_up {
                self.history.note_project(&container.project);
            }
        }
        let Err(RunError::ComposeFailed {
            command,
            how,
            mut last_output,
            log,
        }) = result
        else {
            return result.map(|_| ());
        };
        let ended = containers
            .iter()
            .find(|one| matches!(one.state, ContainerState::Exited(code) if code != 0));
        if let Some(container) = ended {
            last_output.push(format!("last output of {}:", container.service));
            last_output.extend(view.last_output(&container.id, SHOWN_LINES));
        }
        Err(RunError::ComposeFailed {
            command,
            how,
            last_output,
            log,
        })
    }

    /// Waits until every container of the project is ready, and no longer than until one fails.
    fn wait_for_project(
        &mut self,
        compose: &ComposeRequest,
        view: &ProjectView,
    ) -> Result<(), RunError> {
        let begun = Instant::now();
        let mut awaited: BTreeMap<String, Vec<Awaited>> = BTreeMap::new();
        loop {
            let containers = self.containers_of(compose, view)?;
            let mut open = None;
            for container in &containers {
                if let Some(how) = failed(container) {
                    return Err(self.not_ready(container, view, how, None));
                }
                if !is_ready(container, compose, view, &mut awaited, begun.elapsed())? {
                    open = Some(container);
                }
            }
            let Some(open) = open else {
                return Ok(());
            };
            if self.interruption.is_some() {
                return Err(RunError::InterruptedBeforeTests);
            }
            if begun.elapsed() >= compose.ready_timeout {
                let how = format!(
                    "did not answer for {} and was given up",
                    seconds(begun.elapsed())
                );
                let attempts = awaited.get(&open.id).into_iter().flatten();
                let attempt = attempts
                    .map(|one| format!("{}: {}", one.what, one.probe.last_attempt()))
                    .next()
                    .unwrap_or_else(|| format!("its health check says `{}`", health(open)));
                return Err(self.not_ready(open, view, how, Some(attempt)));
            }
            self.observer.event(RunEvent::Waiting {
                service: &open.service,
                elapsed: begun.elapsed(),
            });
            let next = Instant::now() + ProjectView::PAUSE;
            while Instant::now() < next {
                self.tick();
            }
        }
    }

    /// Keeps what the container wrote: it is about to be removed.
    fn not_ready(
        &self,
        container: &ProjectContainer,
        view: &ProjectView,
        how: String,
        last_attempt: Option<String>,
    ) -> RunError {
        let output = view.last_output(&container.id, KEPT_LINES);
        let name = format!("container-{}.log", file_name(&container.service));
        let log = self.history.path().join(name);
        let written = fs_err::write(&log, output.join("\n") + "\n");
        let first = output.len().saturating_sub(SHOWN_LINES);
        RunError::ContainerNotReady {
            service: container.service.clone(),
            how,
            last_attempt,
            last_output: output.into_iter().skip(first).collect(),
            log: written.is_ok().then_some(log),
        }
    }

    /// Stops and removes what was brought up.
    pub(crate) fn take_down(&mut self) {
        let (Some(compose), Some(project)) = (self.request.compose.clone(), self.project.take())
        else {
            return;
        };
        let name = project
            .name
            .clone()
            .unwrap_or_else(|| "of Compose".to_owned());
        if compose.keep_up {
            self.observer.event(RunEvent::TakenDown {
                project: &name,
                elapsed: None,
            });
            return;
        }
        let begun = Instant::now();
        self.observer.event(RunEvent::Stopping { services: 1 });
        self.project = Some(project);
        let containers = self
            .containers_of(&compose, &self.view_of_project())
            .unwrap_or_default();
        let timeout = compose
            .stop_timeout
            .map(|limit| limit.as_secs().max(1).to_string());
        let mut arguments = vec!["down", "--remove-orphans"];
        if let Some(timeout) = &timeout {
            arguments.extend(["--timeout", timeout.as_str()]);
        }
        // A command that failed is named by what is left: the next run removes it by its label.
        if let Err(error) = self.compose(&compose, &arguments, "down") {
            tracing::warn!("{error}");
        }
        let Some(project) = self.project.take() else {
            return;
        };
        let mounted = containers.iter().flat_map(|container| &container.volumes);
        for volume in mounted.filter(|name| !project.volumes_before.contains(*name)) {
            if let Err(error) = project.view.remove_volume(volume) {
                tracing::debug!("a volume of the project stays: {error}");
            }
        }
        self.observer.event(RunEvent::TakenDown {
            project: &name,
            elapsed: Some(begun.elapsed()),
        });
    }

    fn view_of_project(&self) -> ProjectView {
        self.project
            .as_ref()
            .map(|project| project.view.clone())
            .expect("called while there is a project")
    }

    /// Runs Compose to its end; its output is in the log whose path it gives.
    fn compose(
        &mut self,
        compose: &ComposeRequest,
        arguments: &[&str],
        verb: &str,
    ) -> Result<(Ending, PathBuf), RunError> {
        let log = self.history.path().join(format!("compose-{verb}.log"));
        let file =
            swath_checkout::create_private_file(&log).map_err(|source| RunError::Folder {
                what: "a log",
                source,
            })?;
        let words = compose.words(arguments);
        let command = words.iter().map(OsString::from).collect::<Vec<_>>();
        let shown = format!("{} {}", compose.command.join(" "), arguments.join(" "));
        let pid = Spawn {
            command: &command,
            folder: &self.request.folder,
            environment: &self.request.environment,
            run_folder: self.folder,
            service: None,
            apart: true,
            log: Some(&file),
            death_signal: Signal::TERM,
        }
        .start()
        .map_err(|source| match source.kind() {
            std::io::ErrorKind::NotFound => RunError::CommandNotFound {
                command: words.first().cloned().unwrap_or_default(),
            },
            _ => RunError::CommandNotRunnable {
                command: shown.clone(),
                source,
            },
        })?;
        let ending = self.end_of_compose(pid, verb);
        if ending == Ending::Exited(0) {
            return Ok((ending, log));
        }
        if self.interruption.is_some() && verb != "down" {
            return Err(RunError::InterruptedBeforeTests);
        }
        Err(RunError::ComposeFailed {
            command: shown,
            how: ending.describe(),
            last_output: last_lines(&log),
            log,
        })
    }

    fn end_of_compose(&mut self, pid: u32, verb: &str) -> Ending {
        let begun = Instant::now();
        let mut told = false;
        let what = format!("compose {verb}");
        loop {
            if let Some(ending) = self.reaper.ending_of_pid(pid) {
                return ending;
            }
            self.tick();
            if self.interruption.is_some() && verb != "down" && !told {
                // It has a group of its own: the terminal's signal did not reach it.
                told = true;
                crate::stopping::send_to_group(pid, Signal::INT);
            }
            if begun.elapsed() > Duration::from_millis(500) {
                self.observer.event(RunEvent::Waiting {
                    service: &what,
                    elapsed: begun.elapsed(),
                });
            }
        }
    }
}

fn engine_failed(error: &EngineError) -> RunError {
    RunError::NoEngine {
        what: error.to_string(),
    }
}

/// The services that only another profile starts: Compose 1 lists them with the others, and starts
/// what is named whatever its profile is. The log holds the project as Compose itself writes it.
fn inactive_services(config: &Path, active: &[String]) -> BTreeSet<String> {
    let text = fs_err::read_to_string(config).unwrap_or_default();
    let from_environment = std::env::var("COMPOSE_PROFILES").unwrap_or_default();
    let is_active = |profile: &str| {
        active.iter().any(|name| name == profile)
            || from_environment.split(',').any(|name| name == profile)
    };
    let mut profiles: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let (mut in_services, mut service, mut in_profiles) = (false, None, false);
    for line in text.lines() {
        let word = line.trim();
        match line.len() - line.trim_start().len() {
            0 => in_services = word == "services:",
            2 if in_services => service = word.strip_suffix(':'),
            4 if !word.starts_with("- ") => in_profiles = word == "profiles:",
            _ => {}
        }
        let profile = word
            .strip_prefix("- ")
            .filter(|_| in_services && in_profiles);
        if let (Some(service), Some(profile)) = (service, profile) {
            profiles.entry(service).or_default().push(profile);
        }
    }
    profiles
        .into_iter()
        .filter(|(_, profiles)| !profiles.iter().any(|profile| is_active(profile)))
        .map(|(service, _)| service.to_owned())
        .collect()
}

/// The lines of a log that are one word.
fn words_alone(log: &Path) -> Vec<String> {
    let text = fs_err::read_to_string(log).unwrap_or_default();
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.contains(char::is_whitespace))
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> ComposeRequest {
        ComposeRequest {
            command: vec!["docker".to_owned(), "compose".to_owned()],
            files: vec![PathBuf::from("a.yml"), PathBuf::from("b.yml")],
            project_name: Some("shop".to_owned()),
            env_file: Some(PathBuf::from("test.env")),
            profiles: vec!["ci".to_owned()],
            test_service: None,
            build: true,
            keep_up: false,
            measured: Vec::new(),
            ready: BTreeMap::new(),
            ready_timeout: Duration::from_mins(1),
            stop_timeout: None,
            endpoint: None,
        }
    }

    #[test]
    fn the_tests_run_as_a_service_of_the_project() {
        let command = request().test_command("tests", false, &["pytest".into()]);
        let words = command
            .iter()
            .map(|word| word.to_string_lossy().into_owned());
        assert_eq!(
            words.collect::<Vec<_>>().join(" "),
            "docker compose --file a.yml --file b.yml --project-name shop --env-file test.env --profile ci run --rm -T tests pytest"
        );
        let command = request().test_command("tests", true, &[]);
        assert_eq!(command.last().unwrap(), "tests");
        assert!(!command.contains(&"-T".into()));
    }

    #[test]
    fn services_of_other_profiles_are_not_started() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        let text = "WARNING: a sentence\nservices:\n  db:\n    image: x\n    profiles:\n    - ci\n    - full\n  tests:\n    profiles:\n      - tests\n    volumes:\n      - a:/b\n  web:\n    image: x\nvolumes:\n  a: {}\n";
        fs_err::write(&log, text).unwrap();
        let inactive = inactive_services(&log, &["ci".to_owned()]);
        assert_eq!(inactive, BTreeSet::from(["tests".to_owned()]));
        assert_eq!(inactive_services(&log, &[]).len(), 2);
    }
}
