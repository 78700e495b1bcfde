//! From data and settings to the text of a report, for `report` and for the end of a run.

use swath_config::CoverageConfig;
use swath_coverage::{
    Gate, GateError, ModelError, ModelOptions, Report, build_report, exclusion_rules,
};
use swath_data::{ContextError, CoverageData};
use swath_pattern::{Directory, RegexError};
use swath_report::{TextError, TextOptions, render_text};

use crate::arguments::SharedReportArguments;

/// Why there is no report, in coverage.py's words.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReportError {
    #[error(transparent)]
    Model(#[from] ModelError),
    #[error(transparent)]
    Text(#[from] TextError),
    #[error(transparent)]
    Gate(#[from] GateError),
    #[error(transparent)]
    Contexts(#[from] ContextError),
    #[error("Invalid [report].exclude_lines value: {0}")]
    Rules(#[from] RegexError),
}

impl ReportError {
    /// Whether there is nothing to report, which is no fault of the settings.
    pub(crate) fn is_no_data(&self) -> bool {
        matches!(
            self,
            ReportError::Model(ModelError::NoData) | ReportError::Text(TextError::NoData)
        )
    }
}

/// A report and whether its total passes.
pub(crate) struct Rendered {
    pub(crate) report: Report,
    pub(crate) text: String,
    /// What coverage.py prints after `Coverage failure: `.
    pub(crate) gate_failure: Option<String>,
}

/// Lets the options of a report override the configuration.
pub(crate) fn override_report(config: &mut CoverageConfig, arguments: &SharedReportArguments) {
    config.skip_covered |= arguments.skip_covered;
    if arguments.no_skip_covered {
        config.skip_covered = false;
    }
    config.skip_empty |= arguments.skip_empty;
    config.ignore_errors |= arguments.ignore_errors;
    if let Some(fail_under) = arguments.fail_under {
        config.fail_under = fail_under;
    }
    if let Some(precision) = arguments.precision {
        config.precision = i64::from(precision);
    }
    if let Some(sort) = &arguments.sort {
        config.sort = Some(sort.clone());
    }
    if let Some(format) = &arguments.format {
        config.format = Some(format.clone());
    }
}

/// Analyses the data and renders the text report; `files` narrows it to some of them.
pub(crate) fn render(
    data: &CoverageData,
    config: &CoverageConfig,
    directory: &Directory,
    files: &[String],
) -> Result<Rendered, ReportError> {
    let precision = usize::try_from(config.precision).unwrap_or(0);
    let gate = Gate::new(config.fail_under, precision)?;
    let rules = exclusion_rules(config)?;
    let mut options = ModelOptions::from_config(config, &rules, data, directory)?;
    options.files = files;
    let report = build_report(data, &options)?;
    let text = render_text(&report, &TextOptions::from_config(config))?;
    let gate_failure = if config.fail_under == 0.0 {
        None
    } else {
        gate.failure(report.totals.percent())
    };
    Ok(Rendered {
        report,
        text,
        gate_failure,
    })
}
