//! The end of a system-test run: what was gathered, the report, the account.

use std::path::Path;

use serde_json::json;
use swath_coverage::{AnalysisDifference, Report};
use swath_model::Finding;
use swath_run::Account;

use crate::diagnostic::Diagnostic;
use crate::measurement::Measurement;

/// How many stale or unmapped files are named.
const NAMED: usize = 5;

/// What the report leaves out, as messages.
pub(crate) fn left_out(report: &Report) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for stale in report.stale.iter().take(NAMED) {
        let measured = stale
            .measured
            .iter()
            .map(|hash| short(&hash.to_string()))
            .collect::<Vec<_>>()
            .join(", ");
        found.push(
            Diagnostic::warning(
                "source-changed",
                format!("`{}` is not the file that was measured", stale.name),
            )
            .note(format!(
                "measured {measured}, here {}; its {} lines are left out of the total",
                short(&stale.here.to_string()),
                stale.lines
            ))
            .hint("run again without changing it meanwhile".to_owned()),
        );
    }
    if let Some(first) = report.unmapped.first() {
        found.push(
            Diagnostic::warning(
                "paths-unmapped",
                format!(
                    "{} measured files have no source here",
                    report.unmapped.len()
                ),
            )
            .note(format!("for example `{first}`"))
            .hint(
                "map them under `[paths]` in .coveragerc, or leave them out by `omit`".to_owned(),
            ),
        );
    }
    if !report.unproved.is_empty() {
        let paths = report.unproved.clone();
        let message = Finding::SourceUnproved { paths }.message();
        found.push(
            Diagnostic::warning(message.code, message.text)
                .notes(message.notes)
                .hint(message.hint),
        );
    }
    found
}

/// Files of whose statements an interpreter says otherwise, as messages.
pub(crate) fn differences(differences: &[AnalysisDifference]) -> Vec<Diagnostic> {
    differences
        .iter()
        .take(NAMED)
        .map(|difference| {
            let lines = difference
                .lines
                .iter()
                .take(NAMED)
                .map(u32::to_string)
                .collect::<Vec<_>>()
                .join(", ");
            Diagnostic::warning(
                "analysis-differs",
                format!(
                    "CPython {} has code in `{}` where the analysis sees no statement",
                    difference.python, difference.name
                ),
            )
            .note(format!("lines {lines}"))
            .hint("this is a fault of swath's: report it with the file".to_owned())
        })
        .collect()
}

fn short(hash: &str) -> String {
    hash.chars().take(8).collect()
}

/// The account as JSON; `docs/reference/accounting.md` describes it.
pub(crate) fn account_json(
    measurement: &Measurement,
    report: Option<&Report>,
    data_file: Option<&Path>,
) -> String {
    let account: &Account = &measurement.account;
    let mut value = json!({
        "format": 1,
        "complete": account.is_complete(),
        "partial": account.partial,
        "service_found": account.service_found,
        "processes": account.processes,
        "not_measured": account.not_measured,
        "containers": account.containers,
    });
    let fields = value.as_object_mut();
    if let Some(fields) = fields {
        if let Some(report) = report {
            let totals = &report.totals;
            fields.insert(
                "totals".to_owned(),
                json!({
                    "statements": totals.statements,
                    "missing": totals.missing,
                    "excluded": totals.excluded,
                    "branches": totals.branches,
                    "percent": totals.percent(),
                }),
            );
        }
        if let Some(path) = data_file {
            fields.insert("data_file".to_owned(), json!(path.to_string_lossy()));
        }
        if let Some(test) = &measurement.outcome.test {
            fields.insert("tests".to_owned(), json!(test.ending));
        }
    }
    format!("{value:#}\n")
}
