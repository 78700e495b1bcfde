//! Gates: what a report is held against, and what is said of those that do not pass. One place for
//! `run`, `report` and `diff`.

use std::path::{Path, PathBuf};

use swath_config::{
    CoverageConfig, GateSetting, GateSettingError, GateSubject, Ratchet, SwathConfig,
    SwathConfigError,
};
use swath_coverage::{ChangeReport, Gate, GateError, GateFailure, Report, judge_ratchet};
use swath_history::{Entry, StoreError};
use swath_model::Message;
use swath_pattern::{Directory, GlobError};

use crate::baseline::{history_file, last_run, refused};
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
    #[error(transparent)]
    History(#[from] StoreError),
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
            Self::History(error) => refused(error),
        }
    }
}

/// The gates that hold besides `fail_under`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Gates {
    settings: Vec<GateSetting>,
    /// The run of another time that the total is held against.
    ratchet: Option<Ratchet>,
    /// The file of the history, which has that run.
    history: PathBuf,
}

impl Gates {
    /// Those of the settings, and those of the command line: of two with one subject, the latter.
    pub(crate) fn load(folder: &Path, said: &[String]) -> Result<Self, GatesError> {
        let config = SwathConfig::load(folder)?;
        let mut gates = Self {
            history: history_file(&config, folder),
            settings: config.gates,
            ratchet: config.ratchet,
        };
        for text in said {
            if let Some(branch) = text.strip_prefix("not-below=") {
                let tolerance = config.tolerance;
                let branch = branch.to_owned();
                gates.ratchet = Some(Ratchet { branch, tolerance });
                continue;
            }
            let said = GateSetting::parse(text)?;
            gates.set(said.subject, said.minimum);
        }
        Ok(gates)
    }

    /// Sets a gate, in place of the one that is there.
    pub(crate) fn set(&mut self, subject: GateSubject, minimum: f64) {
        self.settings.retain(|gate| gate.subject != subject);
        self.settings.push(GateSetting { subject, minimum });
    }

    /// Adds a gate beside the one that is there: both must pass.
    pub(crate) fn add(&mut self, subject: GateSubject, minimum: f64) {
        let setting = GateSetting { subject, minimum };
        if !self.settings.contains(&setting) {
            self.settings.push(setting);
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.settings.is_empty() && self.ratchet.is_none()
    }

    /// Whether one is about what changed.
    pub(crate) fn ask_for_changes(&self) -> bool {
        self.settings
            .iter()
            .any(|gate| gate.subject == GateSubject::Changed)
    }

    /// Whether one is about more than what changed.
    pub(crate) fn ask_for_all(&self) -> bool {
        let is_about_more = |gate: &GateSetting| gate.subject != GateSubject::Changed;
        self.ratchet.is_some() || self.settings.iter().any(is_about_more)
    }

    /// The last run of a branch, or of the one that the total is held against.
    pub(crate) fn last_run(&self, branch: &str) -> Result<Option<Entry>, GatesError> {
        let held = self.ratchet.as_ref().map(|ratchet| ratchet.branch.as_str());
        Ok(last_run(&self.history, held.unwrap_or(branch))?)
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
        for setting in &self.settings {
            let gate = Gate::of_setting(setting, precision)?;
            let failure = match setting.subject {
                GateSubject::Changed => changes.and_then(|changes| gate.judge_changes(changes)),
                _ => gate.judge_report(report, directory)?,
            };
            failures.extend(failure);
        }
        failures.extend(self.judge_ratchet(report, precision)?);
        Ok(failures)
    }

    /// Holds the total against the run of another time. That there is none is said, and passes: a
    /// history begins with nothing, and a cache may be lost.
    fn judge_ratchet(
        &self,
        report: &Report,
        precision: usize,
    ) -> Result<Option<GateFailure>, GatesError> {
        let Some(ratchet) = &self.ratchet else {
            return Ok(None);
        };
        let Some(before) = last_run(&self.history, &ratchet.branch)? else {
            let text = format!(
                "the total is held against nothing: `{}` has no run of `{}`",
                self.history.display(),
                ratchet.branch
            );
            let hint = "`swath history add` keeps a run, after the gates were held".to_owned();
            Message::warning("no-history", text).hint(hint).print();
            return Ok(None);
        };
        let (now, before) = (&report.totals, before.totals());
        Ok(judge_ratchet(now, &before, ratchet, precision))
    }
}

/// Says which gates did not pass, one message each; gives whether all did.
pub(crate) fn all_passed(failures: &[GateFailure]) -> bool {
    for failure in failures {
        failure.message().print();
    }
    failures.is_empty()
}
