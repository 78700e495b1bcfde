//! The changed lines as a table for the terminal.

use std::fmt::Write as _;

use swath_coverage::{ChangeReport, FileChange};
use swath_model::neutralize_control;

use super::words::{nothing, remarks};
use crate::text::{TableFile, render_table};
use crate::{TextError, TextOptions};

/// Remarks that are longer than this are counted.
const MOST_REMARKS: usize = 20;

/// Renders what changed as a table, with the remarks below it.
pub fn render_change_text(
    report: &ChangeReport,
    options: &TextOptions,
) -> Result<String, TextError> {
    let comparison = neutralize_control(&report.comparison.to_string());
    let mut out = format!("Changes {comparison}\n\n");
    if report.files.is_empty() {
        let _ = writeln!(out, "{}", nothing(report));
    } else {
        out.push_str(&table(report, options)?);
    }
    let remarks = remarks(report);
    if !remarks.is_empty() {
        out.push('\n');
    }
    for remark in remarks.iter().take(MOST_REMARKS) {
        let _ = writeln!(out, "{remark}");
    }
    if remarks.len() > MOST_REMARKS {
        let _ = writeln!(out, "and {} more", remarks.len() - MOST_REMARKS);
    }
    Ok(out)
}

/// The table alone.
pub(super) fn table(report: &ChangeReport, options: &TextOptions) -> Result<String, TextError> {
    let file = |file| TableFile {
        name: name(file),
        numbers: file.numbers,
        missing: Box::new(|| file.missing_text()),
    };
    let files = report.files.iter().map(file);
    render_table(files, report.totals, report.has_arcs, options)
}

fn name(file: &FileChange) -> &str {
    &file.file.name
}
