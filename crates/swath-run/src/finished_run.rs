//! What a run gives to whoever asked for it.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use swath_coverage::Report;
use swath_data::CoverageData;
use swath_model::{Finding, Message, NothingMeasured, TestsResult, Verdict};

use crate::account::Account;
use crate::data_file::SavedData;
use crate::error::RunError;
use crate::leftover::combine_command;
use crate::orchestra::{Interruption, TestEnd};
use crate::report::ReportError;
use crate::settings::Settings;

/// A run that has ended, with everything that is known of it. Nothing of it runs any more.
#[derive(Debug)]
pub struct FinishedRun {
    /// Every process of the run.
    pub account: Account,
    /// What there is to know before the number is trusted, in the order in which to say it.
    pub findings: Vec<Finding>,
    /// Whether the number can be trusted; of a run without a report, what would be said of it.
    pub verdict: Verdict,
    /// What came of the tests.
    pub tests: TestsResult,
    /// How the test command ended, if it was started.
    pub test_end: Option<TestEnd>,
    /// Whether there is a number to report: the tests were started, or were none of this run's.
    pub is_reported: bool,
    /// Why the run failed, if it did.
    pub failure: Option<RunError>,
    /// Whether the user stopped it.
    pub interruption: Option<Interruption>,
    /// Why nothing counts, if nothing does.
    pub nothing_measured: Option<NothingMeasured>,
    /// The settings that held in the end.
    pub settings: Settings,
    /// The lines of the processes that count, and the files under `source` that nobody ran.
    pub data: CoverageData,
    /// Where the data was saved; nothing where there was none, or it was not to be saved.
    pub saved: Option<SavedData>,
    /// Where the data of a run is whose tests were not started: it replaces no data file.
    pub kept: Option<SavedData>,
    /// Why the data could not be saved: then what was recorded is kept.
    pub not_saved: Option<NotSaved>,
    /// The analyzed data.
    pub report: Result<Report, ReportError>,
    /// The files that any process ran lines of.
    pub files: BTreeSet<PathBuf>,
    /// Whether any process that counts ran a file in scope, be it an empty one.
    pub touched_anything: bool,
    /// The folder that keeps the logs and the account of the last ten runs.
    pub history: PathBuf,
    /// From the call to the start of the first service or of the tests.
    pub time_before: Duration,
    /// From the end of the last service until the data was saved and analyzed.
    pub time_after: Duration,
}

/// Data that could not be saved where it was to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotSaved {
    /// Why.
    pub error: String,
    /// The folder that keeps the hit stores; nothing where an object store does.
    pub kept: Option<PathBuf>,
}

impl NotSaved {
    /// What is said of it, with the command that brings the data back.
    pub fn message(&self) -> Message {
        let message = Message::error("data-not-saved", self.error.clone());
        match &self.kept {
            Some(kept) => message
                .note(format!("the hit stores are kept in {}", kept.display()))
                .hint(combine_command(kept)),
            None => message
                .note("the object store keeps what was recorded")
                .hint("name another file with `--data-file`, and gather again".to_owned()),
        }
    }
}

impl FinishedRun {
    /// The exit code of the tests, where they ended with one that is not 0.
    pub fn tests_exit_code(&self) -> Option<i32> {
        let code = self.test_end?.ending.exit_code()?;
        (code != 0).then_some(code)
    }

    /// Whether everything that counts is in the number.
    pub fn is_complete(&self) -> bool {
        self.verdict.completeness == swath_model::Completeness::Complete
    }
}
