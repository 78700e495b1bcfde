//! Gates: what a report is held against, and what is said of those that do not pass. One place for
//! `run`, `report` and `diff`.

use std::path::{Path, PathBuf};

use swath_config::{
    CoverageConfig, EndpointGates, EndpointRule, GateSetting, GateSettingError, GateSubject,
    Ratchet, SaidGate, SwathConfig, SwathConfigError,
};
use swath_coverage::{
    AttributionReport, ChangeReport, Gate, GateError, GateFailure, ModelOptions, Numbers, Report,
    ServiceGap, exclusion_rules, judge_endpoints, judge_ratchet, may_have_services,
    service_numbers,
};
use swath_data::{CoverageData, Endpoint};
use swath_history::{Entry, StoreError};
use swath_model::{Message, join_and};
use swath_pattern::GlobError;
use swath_report::{Description, Promised, Promises};
use swath_run::Settings;

use crate::baseline::{history_file, last_run, refused};
use crate::commands::api_description::read_description;
use crate::diagnostic::Show as _;
use crate::reporting::ReportError;

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
    #[error("{}", .0.text)]
    Description(Message),
    #[error(transparent)]
    NotAnalyzed(#[from] ReportError),
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
                    "--gate NAME=MIN, where NAME is {}, service:NAME or a pattern such as 'src/api/*'; or --gate not-below=BRANCH, {}",
                    GateSubject::NAMES.join(", "),
                    EndpointRule::ALL.map(EndpointRule::name).join(", ")
                ))
            }
            Self::Glob(error) => Message::error(error.code(), error.to_string()),
            Self::History(error) => refused(error),
            Self::Description(message) => message.clone(),
            Self::NotAnalyzed(_) => Message::error("report-failed", self.to_string()),
        }
    }
}

/// What gates are held against.
#[derive(Clone, Copy)]
pub(crate) struct Judged<'a> {
    /// All that was measured.
    pub(crate) report: &'a Report,
    /// What of it changed, if that is known.
    pub(crate) changes: Option<&'a ChangeReport>,
    /// What the report was made of.
    pub(crate) data: &'a CoverageData,
    /// The settings by which it was made.
    pub(crate) settings: &'a Settings,
}

impl Judged<'_> {
    fn numbers_of(&self, service: &str) -> Result<Result<Numbers, ServiceGap>, ReportError> {
        let Settings {
            config, directory, ..
        } = self.settings;
        let rules = exclusion_rules(config)?;
        let options = ModelOptions::from_config(config, &rules, self.data, directory)?;
        Ok(service_numbers(self.data, service, self.report, &options)?)
    }
}

/// The gates that hold besides `fail_under`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Gates {
    settings: Vec<GateSetting>,
    /// What must hold of endpoints.
    endpoints: EndpointGates,
    /// The description whose operations are routes, too.
    description: Option<Description>,
    /// The services whose gates the command line asks for, and whether it asks for those of endpoints:
    /// they are about this data, and those of the file about all data of a project.
    said: (Vec<GateSubject>, bool),
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
            endpoints: config.endpoint_gates,
            ratchet: config.ratchet,
            ..Self::default()
        };
        for text in said {
            match SaidGate::parse(text)? {
                SaidGate::NotBelow(branch) => {
                    let tolerance = config.tolerance;
                    gates.ratchet = Some(Ratchet { branch, tolerance });
                }
                SaidGate::Endpoints(rule, holds) => {
                    gates.endpoints.set(rule, holds);
                    gates.said.1 |= holds;
                }
                SaidGate::Share(said) => {
                    gates.said.0.push(said.subject.clone());
                    gates.set(said.subject, said.minimum);
                }
            }
        }
        if gates.endpoints.every_route_called
            && let Some(path) = &gates.endpoints.openapi
        {
            let description = read_description(path).map_err(GatesError::Description)?;
            gates.description = Some(description);
        }
        Ok(gates)
    }

    /// Has the operations of a description be routes, too.
    pub(crate) fn describe(&mut self, description: Description) {
        self.description = Some(description);
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
        self.settings.is_empty() && self.ratchet.is_none() && !self.ask_for_endpoints()
    }

    /// Whether one is about endpoints.
    pub(crate) fn ask_for_endpoints(&self) -> bool {
        self.endpoints.is_any()
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

    /// Holds a report, what of it changed, and its data against each. Gives those that do not pass.
    pub(crate) fn judge(&self, judged: Judged<'_>) -> Result<Vec<GateFailure>, GatesError> {
        let Judged {
            report,
            changes,
            settings,
            ..
        } = judged;
        let precision = usize::try_from(settings.config.precision).unwrap_or(0);
        let mut failures = Vec::new();
        let (left_out, without_endpoints) = self.left_out(judged.data);
        for setting in &self.settings {
            if left_out.contains(&&setting.subject) {
                continue;
            }
            let gate = Gate::of_setting(setting, precision)?;
            let failure = match &setting.subject {
                GateSubject::Changed => changes.and_then(|changes| gate.judge_changes(changes)),
                GateSubject::Service(name) => gate.judge_service(name, judged.numbers_of(name)?),
                _ => gate.judge_report(report, &settings.directory)?,
            };
            failures.extend(failure);
        }
        if !without_endpoints {
            failures.extend(self.judge_endpoints(judged));
        }
        failures.extend(self.judge_ratchet(report, precision)?);
        Ok(failures)
    }

    /// The services whose gates in the file are not about this data, and whether those of endpoints are
    /// not: it has no services, and none is missing. Which they are is said.
    fn left_out(&self, data: &CoverageData) -> (Vec<&GateSubject>, bool) {
        let (said, said_endpoints) = &self.said;
        let subjects = self.settings.iter().map(|gate| &gate.subject);
        let of_file = subjects.filter(|subject| !said.contains(subject));
        let of_services = |subject: &&GateSubject| matches!(subject, GateSubject::Service(_));
        let services: Vec<&GateSubject> = of_file.filter(of_services).collect();
        let endpoints = self.ask_for_endpoints() && !said_endpoints;
        if (services.is_empty() && !endpoints) || may_have_services(data) {
            return (Vec::new(), false);
        }
        let names = services.iter().map(ToString::to_string);
        let names: Vec<String> = names.chain(endpoints.then(|| "endpoints".into())).collect();
        let (gates, were) = match names.len() {
            1 => ("gate", "was"),
            _ => ("gates", "were"),
        };
        let text = format!(
            "the data has no services: the {gates} of {} {were} not applied",
            join_and(&names)
        );
        let hint = "a gate that `--gate` names applies to any data".to_owned();
        Message::warning("gate-not-applied", text)
            .hint(hint)
            .print();
        (services, endpoints)
    }

    fn judge_endpoints(&self, judged: Judged<'_>) -> Vec<GateFailure> {
        let Judged { report, data, .. } = judged;
        let description = self.description.as_ref();
        let description = description.filter(|_| self.endpoints.every_route_called);
        let promised = description.map(|description| {
            let found = AttributionReport::new(data, report, None);
            let promises = Promises::new(description, &found).not_served.into_iter();
            let endpoint = |promised: Promised| Endpoint {
                service: String::new(),
                route: promised.path,
                method: promised.method,
            };
            promises.map(endpoint).collect::<Vec<_>>()
        });
        judge_endpoints(data, &self.endpoints, promised.as_deref())
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
