//! From data and settings to an analyzed report.

use swath_coverage::{ModelError, ModelOptions, Report, build_report, exclusion_rules};
use swath_data::{ContextError, CoverageData};
use swath_pattern::RegexError;

use crate::settings::Settings;

/// Why there is no report, in coverage.py's words.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The data and the sources do not make one.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// An expression of `contexts` is none.
    #[error(transparent)]
    Contexts(#[from] ContextError),
    /// An exclusion is no regular expression.
    #[error("Invalid [report].exclude_lines value: {0}")]
    Rules(#[from] RegexError),
}

impl ReportError {
    /// Whether there is nothing to report, which is no fault of the settings.
    pub fn is_no_data(&self) -> bool {
        matches!(self, ReportError::Model(ModelError::NoData))
    }
}

/// Analyzes the data of a run; `details` keeps in the model what pages need.
pub(crate) fn analyze(
    data: &CoverageData,
    settings: &Settings,
    details: bool,
) -> Result<Report, ReportError> {
    let rules = exclusion_rules(&settings.config)?;
    let mut options =
        ModelOptions::from_config(&settings.config, &rules, data, &settings.directory)?;
    options.details = details;
    options.without_sources = true;
    Ok(build_report(data, &options)?)
}
