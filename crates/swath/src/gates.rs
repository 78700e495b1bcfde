//! Gates: what a report is held against, and what is said of those that do not pass. One place for
//! `run`, `report` and `diff`.

use std::path::Path;

use swath_config::{
    CoverageConfig, GateSetting, GateSettingError, GateSubject, SwathConfig, SwathConfigError,
};
use swath_coverage::{ChangeReport, Gate, GateError, GateFailure, Report};
use swath_model::Message;
use swath_pattern::{Directory, GlobError};

use crate::diagnostic::Show as _;

/// Holds a total against `fail_under`: `None` if it passes, else what coverage.py says.
pub(crate) fn judge_total(
    config: &CoverageConfig,
    total: f64,
) -> Result<Option<String>, GateError> {
    let precision = usize::try_from(config.precision).unwrap_or(0);
    Ok(Gate::new(config.fail_under, precision)?.failure(total))
}

/// Gates that cannot be judged.
#[derive(Debug, thiserror::Error)]
pub(crate) enum GatesError {
    #[error(transparent)]
    File(#[from] SwathConfigError),
    #[error(transparent)]
    Said(#[from] GateSettingError),
    #[error(transparent)]
    Minimum(#[from] GateError),
    #[error(transparent)]
    Glob(#[from] GlobError),
}

impl GatesError {
    /// Whether the command line is wrong.
    pub(crate) fn is_usage(&self) -> bool {
        matches!(self, Self::Said(_) | Self::Minimum(_))
    }

    /// What people are told.
    pub(crate) fn message(&self) -> Message {
        match self {
            Self::File(error) => Message::error(error.code(), error.to_string()).hint(error.hint()),
            Self::Said(_) | Self::Minimum(_) => {
                Message::error("bad-gate", self.to_string()).hint(format!(
                    "--gate NAME=MIN, where NAME is {} or a pattern such as 'src/api/*'",
                    GateSubject::NAMES.join(", ")
                ))
            }
            Self::Glob(error) => Message::error(error.code(), error.to_string()),
        }
    }
}

/// The gates that hold besides `fail_under`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Gates(Vec<GateSetting>);

impl Gates {
    /// Those of the settings, and those of the command line: of two with one subject, the latter.
    pub(crate) fn load(folder: &Path, said: &[String]) -> Result<Self, GatesError> {
        let mut gates = Self(SwathConfig::load(folder)?.gates);
        for text in said {
            let said = GateSetting::parse(text)?;
            gates.set(said.subject, said.minimum);
        }
        Ok(gates)
    }

    /// Sets a gate, in place of the one that is there.
    pub(crate) fn set(&mut self, subject: GateSubject, minimum: f64) {
        self.0.retain(|gate| gate.subject != subject);
        self.0.push(GateSetting { subject, minimum });
    }

    /// Adds a gate beside the one that is there: both must pass.
    pub(crate) fn add(&mut self, subject: GateSubject, minimum: f64) {
        let setting = GateSetting { subject, minimum };
        if !self.0.contains(&setting) {
            self.0.push(setting);
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether one is about what changed.
    pub(crate) fn ask_for_changes(&self) -> bool {
        self.0
            .iter()
            .any(|gate| gate.subject == GateSubject::Changed)
    }

    /// Whether one is about more than what changed.
    pub(crate) fn ask_for_all(&self) -> bool {
        self.0
            .iter()
            .any(|gate| gate.subject != GateSubject::Changed)
    }

    /// Holds a report, and what of it changed, against each. Gives those that do not pass.
    pub(crate) fn judge(
        &self,
        report: &Report,
        changes: Option<&ChangeReport>,
        directory: &Directory,
        precision: i64,
    ) -> Result<Vec<GateFailure>, GatesError> {
        let precision = usize::try_from(precision).unwrap_or(0);
        let mut failures = Vec::new();
        for setting in &self.0 {
            let gate = Gate::of_setting(setting, precision)?;
            let failure = match setting.subject {
                GateSubject::Changed => changes.and_then(|changes| gate.judge_changes(changes)),
                _ => gate.judge_report(report, directory)?,
            };
            failures.extend(failure);
        }
        Ok(failures)
    }
}

/// Says which gates did not pass, one message each; gives whether all did.
pub(crate) fn all_passed(failures: &[GateFailure]) -> bool {
    for failure in failures {
        failure.message().print();
    }
    failures.is_empty()
}
