//! Plugins of coverage.py: they run where they live, in the coverage.py of the environment's Python.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value, json};
use swath_config::CoverageConfig;
use swath_coverage::{ReportedFile, TracedFile};
use swath_model::Finding;

use crate::python_question::{QuestionError, ask};

/// What is asked, and how the plugins are loaded.
const SCRIPT: &str = include_str!("../../../python/plugins.py");

/// How long the plugins may take for what they do.
const PATIENCE: Duration = Duration::from_mins(2);

/// How many lines of a Python's last words are shown.
const LAST_WORDS: usize = 3;

/// How plugins are to be treated.
#[derive(Debug, Clone, Default)]
pub struct PluginChoice {
    /// The Python to ask, if there is any.
    pub interpreter: Option<PathBuf>,
    /// What stands first on the Python's path; the current folder without it.
    pub path: Option<PathBuf>,
    /// Whether the command line says to go on without them.
    pub left_out: bool,
}

/// The plugins of the settings, and what came of asking them.
#[derive(Debug, Clone, Default)]
pub struct Plugins {
    names: Vec<String>,
    state: State,
    /// What was asked, to ask more.
    question: Option<Question>,
}

#[derive(Debug, Clone, Default)]
enum State {
    /// None are configured.
    #[default]
    None,
    LeftOut,
    Loaded(Found),
    Failed(Arc<PluginError>),
}

#[derive(Debug, Clone)]
struct Question {
    interpreter: PathBuf,
    settings: Value,
    path: Option<PathBuf>,
}

/// Why the plugins have no effect.
#[derive(Debug, thiserror::Error)]
pub enum PluginError {
    /// There is no Python at all.
    #[error("there is no Python here to load them")]
    NoPython,
    /// The Python did not answer.
    #[error(transparent)]
    NotAsked(#[from] QuestionError),
    /// The Python has no coverage.py.
    #[error("`{interpreter}` has no coverage.py")]
    NoCoverage {
        /// The Python.
        interpreter: String,
    },
    /// A plugin is not there, or fails.
    #[error("{reason}")]
    NotLoaded {
        /// What Python says.
        reason: String,
    },
    /// The answer is none.
    #[error("`{interpreter}` failed: {words}")]
    Unreadable {
        /// The Python.
        interpreter: String,
        /// Its last words.
        words: String,
    },
    /// The plugins make settings that there are not.
    #[error("what they make of the settings cannot be used: {reason}")]
    BadSettings {
        /// Why not.
        reason: String,
    },
}

/// What loading the plugins gave.
#[derive(Debug, Clone, Default, Deserialize)]
struct Found {
    #[serde(default)]
    no_coverage: bool,
    problem: Option<String>,
    #[serde(default)]
    changed: Map<String, Value>,
    /// Plugins that measure files of other kinds.
    #[serde(default)]
    file_tracers: Vec<String>,
    /// Plugins that name contexts while the program runs.
    #[serde(default)]
    context_switchers: Vec<String>,
    #[serde(default)]
    files: Vec<ReportedFile>,
}

impl Plugins {
    /// Has the configured plugins change the settings, as coverage.py does when it begins.
    pub fn apply(config: &mut CoverageConfig, choice: &PluginChoice) -> Self {
        let names = config.plugins.clone();
        if names.is_empty() {
            return Self::default();
        }
        if choice.left_out {
            return Self {
                names,
                state: State::LeftOut,
                question: None,
            };
        }
        let Some(interpreter) = choice.interpreter.clone() else {
            return Self {
                names,
                state: State::Failed(Arc::new(PluginError::NoPython)),
                question: None,
            };
        };
        let question = Question {
            interpreter,
            settings: config.to_attributes(),
            path: choice.path.clone(),
        };
        let found = question.ask(None).and_then(|found| {
            config
                .take_attributes(&found.changed)
                .map_err(|reason| PluginError::BadSettings { reason })?;
            Ok(found)
        });
        let state = match found {
            Ok(found) => State::Loaded(found),
            Err(error) => State::Failed(Arc::new(error)),
        };
        Self {
            names,
            state,
            question: Some(question),
        }
    }

    /// Why the settings that come of the plugins are not in force, if they are not.
    pub fn error(&self) -> Option<&PluginError> {
        match &self.state {
            State::Failed(error) => Some(error),
            _ => None,
        }
    }

    /// The names in the settings.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The plugins that measure files which are not Python.
    pub fn file_tracers(&self) -> &[String] {
        match &self.state {
            State::Loaded(found) => &found.file_tracers,
            _ => &[],
        }
    }

    /// That plugins have no effect on the settings.
    pub fn finding(&self) -> Option<Finding> {
        let plugins = self.names.clone();
        match &self.state {
            State::None | State::Loaded(_) => None,
            State::LeftOut => Some(Finding::PluginsWithoutEffect { plugins }),
            State::Failed(error) => Some(Finding::PluginsNotLoaded {
                plugins,
                reason: error.to_string(),
            }),
        }
    }

    /// What there is to know of the plugins after a run: what they could not do to the settings, and what they would
    /// have done in the program.
    pub fn findings_of_run(&self) -> Vec<Finding> {
        let mut found: Vec<Finding> = self.finding().into_iter().collect();
        if let State::Loaded(loaded) = &self.state {
            let tracers = loaded.file_tracers.iter().cloned();
            found.extend(tracers.map(|plugin| Finding::PluginFilesNotMeasured { plugin }));
            let contexts = loaded.context_switchers.iter().cloned();
            found.extend(contexts.map(|plugin| Finding::PluginContexts { plugin }));
        }
        found
    }

    /// What the plugins say of the files that they measured: one answer for each file, in order.
    pub fn report(&self, files: &[TracedFile]) -> Result<Vec<ReportedFile>, PluginError> {
        let Some(question) = self.question.as_ref().filter(|_| self.error().is_none()) else {
            let problem = |file: &TracedFile| ReportedFile {
                problem: Some(format!("no plugin `{}` is loaded", file.tracer)),
                ..ReportedFile::default()
            };
            return Ok(files.iter().map(problem).collect());
        };
        Ok(question.ask(Some(files))?.files)
    }
}

impl Question {
    fn ask(&self, files: Option<&[TracedFile]>) -> Result<Found, PluginError> {
        let mut question = json!({
            "settings": self.settings,
            "path": self.path.as_ref().map(|path| path.to_string_lossy()),
        });
        if let (Some(files), Some(question)) = (files, question.as_object_mut()) {
            question.insert("files".to_owned(), json!(files));
        }
        let text = question.to_string();
        let interpreter = || self.interpreter.display().to_string();
        let answer = ask(
            &self.interpreter,
            &["-c", SCRIPT],
            text.as_bytes(),
            PATIENCE,
        )?;
        let found: Found = serde_json::from_slice(&answer.stdout).map_err(|error| {
            let said = last_words(&answer.stderr);
            PluginError::Unreadable {
                interpreter: interpreter(),
                words: if said.is_empty() {
                    error.to_string()
                } else {
                    said
                },
            }
        })?;
        if found.no_coverage {
            return Err(PluginError::NoCoverage {
                interpreter: interpreter(),
            });
        }
        match &found.problem {
            Some(reason) => Err(PluginError::NotLoaded {
                reason: reason.clone(),
            }),
            None => Ok(found),
        }
    }
}

fn last_words(stderr: &[u8]) -> String {
    let text = String::from_utf8_lossy(stderr);
    let lines: Vec<&str> = text.lines().rev().take(LAST_WORDS).collect();
    lines.into_iter().rev().collect::<Vec<_>>().join(" / ")
}

/// The folder that stands first on the path of a Python that runs `program`.
pub fn first_on_path(program: &Path) -> Option<PathBuf> {
    let real = fs_err::canonicalize(program).ok()?;
    if real.is_dir() {
        return Some(real);
    }
    real.parent().map(Path::to_owned)
}
