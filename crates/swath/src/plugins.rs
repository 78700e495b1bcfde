//! Plugins of coverage.py: they run where they live, in the coverage.py of the environment's Python.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value, json};
use swath_config::CoverageConfig;
use swath_coverage::{ReportedFile, TracedFile};

use crate::diagnostic::Diagnostic;
use crate::interpreter::environment_interpreter;
use crate::progress::count;
use crate::python_question::{QuestionError, ask};

/// What is asked, and how the plugins are loaded.
const SCRIPT: &str = include_str!("../../../python/plugins.py");

/// How long the plugins may take for what they do.
const PATIENCE: Duration = Duration::from_mins(2);

/// How many lines of a Python's last words are shown.
const LAST_WORDS: usize = 3;

/// How plugins are to be treated.
#[derive(Debug, Clone, Default)]
pub(crate) struct PluginChoice {
    /// The Python to ask; the environment's without it.
    pub(crate) interpreter: Option<PathBuf>,
    /// What stands first on the Python's path; the current folder without it.
    pub(crate) path: Option<PathBuf>,
    /// Whether the command line says to go on without them.
    pub(crate) left_out: bool,
}

/// The plugins of the settings, and what came of asking them.
#[derive(Debug, Default)]
pub(crate) struct Plugins {
    names: Vec<String>,
    state: State,
    /// What was asked, to ask more.
    question: Option<Question>,
}

#[derive(Debug, Default)]
enum State {
    /// None are configured.
    #[default]
    None,
    LeftOut,
    Loaded(Found),
    Failed(PluginError),
}

#[derive(Debug)]
struct Question {
    interpreter: PathBuf,
    settings: Value,
    path: Option<PathBuf>,
}

/// Why the plugins have no effect.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PluginError {
    #[error("there is no Python here to load them")]
    NoPython,
    #[error(transparent)]
    NotAsked(#[from] QuestionError),
    #[error("`{interpreter}` has no coverage.py")]
    NoCoverage { interpreter: String },
    #[error("{reason}")]
    NotLoaded { reason: String },
    #[error("`{interpreter}` failed: {words}")]
    Unreadable { interpreter: String, words: String },
    #[error("what they make of the settings cannot be used: {reason}")]
    BadSettings { reason: String },
}

/// What loading the plugins gave.
#[derive(Debug, Default, Deserialize)]
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
    pub(crate) fn apply(config: &mut CoverageConfig, choice: PluginChoice) -> Self {
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
        let Some(interpreter) = choice.interpreter.or_else(environment_interpreter) else {
            return Self {
                names,
                state: State::Failed(PluginError::NoPython),
                question: None,
            };
        };
        let question = Question {
            interpreter,
            settings: config.to_attributes(),
            path: choice.path,
        };
        let found = question.ask(None).and_then(|found| {
            config
                .take_attributes(&found.changed)
                .map_err(|reason| PluginError::BadSettings { reason })?;
            Ok(found)
        });
        Self {
            names,
            state: found.map_or_else(State::Failed, State::Loaded),
            question: Some(question),
        }
    }

    /// Why the settings that come of the plugins are not in force, if they are not.
    pub(crate) fn error(&self) -> Option<&PluginError> {
        match &self.state {
            State::Failed(error) => Some(error),
            _ => None,
        }
    }

    /// The names in the settings.
    pub(crate) fn names(&self) -> String {
        self.names.join(", ")
    }

    /// The plugins that measure files which are not Python.
    pub(crate) fn file_tracers(&self) -> &[String] {
        match &self.state {
            State::Loaded(found) => &found.file_tracers,
            _ => &[],
        }
    }

    /// That plugins have no effect.
    pub(crate) fn without_effect(&self) -> Option<Diagnostic> {
        let names = self.names();
        match &self.state {
            State::None | State::Loaded(_) => None,
            State::LeftOut => {
                let text =
                    format!("the plugins {names} have no effect: `--no-plugins` leaves them out");
                Some(Diagnostic::warning("plugins-without-effect", text))
            }
            State::Failed(error) => {
                let text = format!("the plugins {names} could not be loaded: {error}");
                Some(
                    Diagnostic::error("plugins-not-loaded", text)
                        .note("settings and gates that come of them are not in force")
                        .hint(
                            "`--python` names the Python that has them and coverage.py; `--no-plugins` goes on without them"
                                .to_owned(),
                        ),
                )
            }
        }
    }

    /// What plugins would do during a run, and cannot.
    pub(crate) fn not_at_runs(&self) -> Vec<Diagnostic> {
        let State::Loaded(found) = &self.state else {
            return Vec::new();
        };
        let tracers = found.file_tracers.iter().map(|name| {
            let text = format!(
                "`{name}` measures files that are not Python, and swath records none of them"
            );
            Diagnostic::warning("plugin-files-not-measured", text).hint(
                "the files are missing from the number; measure them by coverage.py itself"
                    .to_owned(),
            )
        });
        let contexts = found.context_switchers.iter().map(|name| {
            let text = format!("`{name}` names contexts while the program runs, and all that is recorded gets one context");
            Diagnostic::warning("dynamic-context-without-effect", text)
        });
        tracers.chain(contexts).collect()
    }

    /// What the plugins say of the files that they measured: one answer for each file, in order.
    pub(crate) fn report(&self, files: &[TracedFile]) -> Result<Vec<ReportedFile>, PluginError> {
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

/// That files which plugins measured are not in the report.
pub(crate) fn unreported(problems: &[(String, String)]) -> Option<Diagnostic> {
    let (first, reason) = problems.first()?;
    let were = if problems.len() == 1 { "is" } else { "are" };
    let text = format!(
        "{} that a plugin measured {were} left out, `{first}` first: {reason}",
        count(problems.len(), "file")
    );
    Some(
        Diagnostic::error("plugin-files-left-out", text).hint(
            "configure the plugin, and name the Python that has it and coverage.py by `--python`"
                .to_owned(),
        ),
    )
}

/// The folder that stands first on the path of a Python that runs `program`.
pub(crate) fn first_on_path(program: &Path) -> Option<PathBuf> {
    let real = fs_err::canonicalize(program).ok()?;
    if real.is_dir() {
        return Some(real);
    }
    real.parent().map(Path::to_owned)
}
