//! The model: recorded data times analysis gives files, lines, totals and gates.
//!
//! This crate reads sources, and nothing else; it knows no formats.
//!
//! ```
//! use swath_config::CoverageConfig;
//! use swath_coverage::{ModelOptions, build_report, exclusion_rules};
//! use swath_data::{CoverageData, Mode};
//! use swath_pattern::Directory;
//!
//! let folder = tempfile::tempdir().unwrap();
//! let directory = Directory::new(folder.path());
//! std::fs::write(folder.path().join("shop.py"), "import os\nif os.name == 'cp/m':\n    print()\n").unwrap();
//! let mut data = CoverageData::new(Mode::Lines);
//! let context = data.intern_context("");
//! data.add_lines(&directory.absolute("shop.py"), context, &[1, 2].into_iter().collect());
//!
//! let config = CoverageConfig::default();
//! let rules = exclusion_rules(&config).unwrap();
//! let options = ModelOptions::from_config(&config, &rules, &data, &directory).unwrap();
//! let report = build_report(&data, &options).unwrap();
//! assert_eq!(report.files[0].missing_text(), "3");
//! assert_eq!(report.totals.shown_percent(0), "67");
//! ```

mod affected;
mod analysis_check;
mod attribution_report;
mod change_report;
mod endpoint_gate;
mod exclusion_reasons;
mod file_report;
mod followed;
mod gate;
mod gate_failure;
mod line_contexts;
mod line_ranges;
mod model;
mod numbers;
mod reported;
mod routes;
mod rules_of_python;
mod service_report;
mod set_report;
mod trust;
mod unexecuted;

pub use affected::{
    AffectedQuestion, AffectedTests, Cause, ChangedSource, FileEffect, TextBefore, names_tests,
};
pub use analysis_check::{AnalysisDifference, check_analysis};
pub use attribution_report::{
    AttributionReport, CallsReport, EndpointReport, ReachedFile, TestReport,
};
pub use change_report::{
    ChangeReport, FileChange, LeftOutFile, LeftOutReason, Untested, UntestedPart,
};
pub use endpoint_gate::judge_endpoints;
pub use exclusion_reasons::ExclusionReasons;
pub use file_report::{Branches, FileReport};
pub use followed::{MeasuredTexts, NotFollowed};
pub use gate::{Gate, GateError, judge_ratchet};
pub use gate_failure::GateFailure;
pub use line_contexts::LineContexts;
pub use model::{
    ModelError, ModelOptions, ModelWarning, Report, StaleFile, UnanalyzedFile, build_report,
    chosen_contexts, exclusion_rules, read_source,
};
pub use numbers::{Numbers, display_percent};
pub use reported::{ReportedFile, TracedFile, traced_files};
pub use service_report::{ServiceGap, may_have_services, service_numbers};
pub use set_report::{
    Exit, FileSets, NotCompared, Reached, SetCounts, SetNumbers, SetReport, UncomparedFile,
};
pub use trust::{file_findings, findings, verdict};
pub use unexecuted::{
    RecordedPackages, SourceError, Touched, existing_sources, recorded_packages, touch_unexecuted,
};
