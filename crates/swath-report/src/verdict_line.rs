//! The verdict as one line, to stand under a table.

use swath_model::{Verdict, neutralize_control};

use crate::markdown::escape_markdown;

/// The line under a table of text.
pub fn verdict_line(verdict: &Verdict) -> String {
    neutralize_control(&verdict.to_string())
}

/// The line under a table of Markdown.
pub fn verdict_markdown(verdict: &Verdict) -> String {
    let reasons = neutralize_control(&verdict.reasons());
    format!(
        "**{}**: {}",
        verdict.completeness.name(),
        escape_markdown(&reasons)
    )
}
