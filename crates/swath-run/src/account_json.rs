//! The account of a run as JSON; `docs/reference/accounting.md` describes it.

use serde_json::{Value, json};
use swath_coverage::Report;
use swath_data::RecordedFinding;
use swath_model::{Gap, Message};

use crate::finished_run::FinishedRun;

/// The layout of the object. Later versions add keys and change none.
const FORMAT: u32 = 2;

/// The account of a run that has ended; `error` is why the command will fail, if it will.
pub fn account_json(run: &FinishedRun, error: Option<&Message>) -> String {
    let account = &run.account;
    let findings: Vec<RecordedFinding> = run.findings.iter().map(RecordedFinding::from).collect();
    let mut value = json!({
        "format": FORMAT,
        "complete": run.is_complete(),
        "partial": account.partial,
        "verdict": {
            "word": run.verdict.completeness.name().to_lowercase(),
            "gaps": run.verdict.gaps.iter().map(|gap| gap_json(*gap)).collect::<Value>(),
            "doubts": run.verdict.doubts,
            "text": run.verdict.to_string(),
        },
        "tests_result": run.tests.name(),
        "findings": findings,
        "service_found": account.service_found,
        "processes": account.processes,
        "not_measured": account.not_measured,
        "containers": account.containers,
    });
    if let Some(fields) = value.as_object_mut() {
        if let Ok(report) = &run.report {
            fields.insert("totals".to_owned(), totals(report));
        }
        if let Some(saved) = &run.saved {
            fields.insert("data_file".to_owned(), json!(saved.path.to_string_lossy()));
        }
        if let Some(test) = &run.test_end {
            fields.insert("tests".to_owned(), json!(test.ending));
        }
        if let Some(error) = error {
            fields.insert("error".to_owned(), error_json(error));
        }
    }
    format!("{value:#}\n")
}

/// The account of a run that did not take place.
pub fn error_account_json(error: &Message) -> String {
    let value = json!({
        "format": FORMAT,
        "complete": false,
        "partial": true,
        "error": error_json(error),
    });
    format!("{value:#}\n")
}

fn error_json(error: &Message) -> Value {
    json!({
        "code": error.code,
        "text": error.text,
        "notes": error.notes,
        "hint": error.hint,
    })
}

fn gap_json(gap: Gap) -> Value {
    json!({ "kind": gap.kind.name(), "number": gap.number })
}

fn totals(report: &Report) -> Value {
    let totals = &report.totals;
    json!({
        "statements": totals.statements,
        "missing": totals.missing,
        "excluded": totals.excluded,
        "branches": totals.branches,
        "percent": totals.percent(),
    })
}

/// Keeps a copy in the run's history: a run that cannot be looked up later is no worse for it.
pub(crate) fn keep(run: &FinishedRun) {
    let text = account_json(run, None);
    let path = run.history.join("account.json");
    if let Err(error) = swath_checkout::write_private_file(&path, text.as_bytes()) {
        tracing::debug!("the account is not kept: {error}");
    }
}
