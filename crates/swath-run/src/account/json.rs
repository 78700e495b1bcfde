//! The account of a run as JSON. Its types are its definition: `docs/reference/accounting.md` and
//! the schema beside it are made from them.

use schemars::{JsonSchema, Schema};
use serde::Serialize;
use swath_data::RecordedFinding;
use swath_model::{Completeness, Ending, Gap, GapKind, Message, NotMeasured, TestsResult};

use crate::account::ProcessAccount;
use crate::container::account::ContainerAccount;
use crate::finished_run::FinishedRun;

/// The layout of the object.
const FORMAT: u32 = 2;

/// The accounting of a run, as `swath run --json FILE` writes it, whatever became of the run.
#[derive(Serialize, JsonSchema)]
#[schemars(title = "The accounting of a run")]
struct AccountDocument<'a> {
    /// The layout: 2. Later versions of swath add keys and change none.
    format: u32,
    /// Whether everything that counts is in the number: the verdict's word is `complete`.
    complete: bool,
    /// Whether the user or a failing service cut the run short.
    partial: bool,
    /// Why swath itself failed; absent otherwise. A run that could not take place has nothing else.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ErrorDocument<'a>>,
    #[serde(flatten)]
    run: Option<RunDocument<'a>>,
}

/// What there is to say of a run that took place.
#[derive(Serialize, JsonSchema)]
struct RunDocument<'a> {
    /// Whether the number can be trusted.
    verdict: VerdictDocument<'a>,
    /// What came of the tests.
    #[schemars(extend("enum" = TestsResult::names()))]
    tests_result: &'a str,
    /// How the test command ended; absent if it was not started.
    #[serde(skip_serializing_if = "Option::is_none")]
    tests: Option<Ending>,
    /// What there is to know about the run.
    findings: Vec<RecordedFinding>,
    /// Whether a service was found; if none was, and none was declared, the tests' own lines count.
    service_found: bool,
    /// Every process that carried the agent, in order of start.
    processes: &'a [ProcessAccount],
    /// Every Python that was seen and not measured.
    not_measured: &'a [NotMeasured],
    /// Every container that was created with the agent.
    containers: &'a [ContainerAccount],
    /// The totals of the report; absent without data.
    #[serde(skip_serializing_if = "Option::is_none")]
    totals: Option<TotalsDocument>,
    /// The path of the data file; absent without data.
    #[serde(skip_serializing_if = "Option::is_none")]
    data_file: Option<String>,
}

/// Whether the number can be trusted, and why not.
#[derive(Serialize, JsonSchema)]
struct VerdictDocument<'a> {
    /// In one word.
    #[schemars(extend("enum" = Completeness::names().map(str::to_lowercase)))]
    word: String,
    /// What is missing from the number.
    gaps: Vec<GapDocument>,
    /// What makes the number say less than it seems to: failed tests, data of other tools.
    doubts: &'a [String],
    /// The line on the terminal.
    text: String,
}

/// Something that is missing from the number.
#[derive(Serialize, JsonSchema)]
struct GapDocument {
    /// What kind of thing.
    #[schemars(extend("enum" = GapKind::names()))]
    kind: &'static str,
    /// How many of them.
    number: usize,
}

/// Why swath failed.
#[derive(Serialize, JsonSchema)]
struct ErrorDocument<'a> {
    /// The stable name; `docs/messages.md` has them all.
    code: &'a str,
    /// What happened.
    text: &'a str,
    /// Evidence, a line each.
    notes: &'a [String],
    /// What to do about it.
    hint: Option<&'a str>,
}

/// The totals of the report.
#[derive(Serialize, JsonSchema)]
struct TotalsDocument {
    /// Lines that can run.
    statements: usize,
    /// Lines that can run and did not.
    missing: usize,
    /// Lines that the settings leave out.
    excluded: usize,
    /// Ways that branches have; 0 where branches were not measured.
    branches: usize,
    /// What the report's last line says, unrounded.
    percent: f64,
}

/// The account of a run that has ended; `error` is why the command will fail, if it will.
pub fn account_json(run: &FinishedRun, error: Option<&Message>) -> String {
    let document = AccountDocument {
        format: FORMAT,
        complete: run.is_complete(),
        partial: run.account.partial,
        error: error.map(ErrorDocument::of),
        run: Some(RunDocument::of(run)),
    };
    text(&document)
}

/// The account of a run that did not take place.
pub fn error_account_json(error: &Message) -> String {
    let document = AccountDocument {
        format: FORMAT,
        complete: false,
        partial: true,
        error: Some(ErrorDocument::of(error)),
        run: None,
    };
    text(&document)
}

/// The JSON schema of both.
pub fn account_schema() -> Schema {
    schemars::schema_for!(AccountDocument<'_>)
}

fn text(document: &AccountDocument<'_>) -> String {
    // Its keys are strings and its values know how they are written, so there is nothing to fail.
    let text = serde_json::to_string_pretty(document).unwrap_or_default();
    text + "\n"
}

impl<'a> RunDocument<'a> {
    fn of(run: &'a FinishedRun) -> Self {
        let account = &run.account;
        Self {
            verdict: VerdictDocument {
                word: run.verdict.completeness.name().to_lowercase(),
                gaps: run
                    .verdict
                    .gaps
                    .iter()
                    .copied()
                    .map(GapDocument::of)
                    .collect(),
                doubts: &run.verdict.doubts,
                text: run.verdict.to_string(),
            },
            tests_result: run.tests.name(),
            tests: run.test_end.as_ref().map(|test| test.ending),
            findings: run.findings.iter().map(RecordedFinding::from).collect(),
            service_found: account.service_found,
            processes: &account.processes,
            not_measured: &account.not_measured,
            containers: &account.containers,
            totals: run.report.as_ref().ok().map(TotalsDocument::of),
            data_file: (run.saved.as_ref()).map(|saved| saved.path.to_string_lossy().into_owned()),
        }
    }
}

impl GapDocument {
    fn of(gap: Gap) -> Self {
        Self {
            kind: gap.kind.name(),
            number: gap.number,
        }
    }
}

impl<'a> ErrorDocument<'a> {
    fn of(error: &'a Message) -> Self {
        Self {
            code: error.code,
            text: &error.text,
            notes: &error.notes,
            hint: error.hint.as_deref(),
        }
    }
}

impl TotalsDocument {
    fn of(report: &swath_coverage::Report) -> Self {
        let totals = &report.totals;
        Self {
            statements: totals.statements,
            missing: totals.missing,
            excluded: totals.excluded,
            branches: totals.branches,
            percent: totals.percent(),
        }
    }
}

/// Keeps a copy in the run's history: a run that cannot be looked up later is no worse for it.
pub(crate) fn keep(run: &FinishedRun) {
    let text = account_json(run, None);
    let path = run.history.join("account.json");
    if let Err(error) = swath_checkout::write_private_file(&path, text.as_bytes()) {
        tracing::debug!("the account is not kept: {error}");
    }
}
