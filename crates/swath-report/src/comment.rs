//! One comment for a pull request: the total and whether it can be trusted, what changed, and where
//! the largest holes are. Never longer than a forge takes.

use std::fmt::Write as _;

use swath_coverage::{ChangeReport, FileReport, GateFailure, Report};
use swath_history::Entry;
use swath_model::{Verdict, neutralize_control};

use crate::changes::{
    ChangeSources, LONGEST, SourceLinks, push_changes, push_untested, push_within, shares,
};
use crate::hole_ranking::{RankedFile, function_name, never_ran, ranked};
use crate::html::{FunctionFigures, function_figures};
use crate::markdown::{escape_markdown, linked};
use crate::text::plural;
use crate::trend::points_since;
use crate::{TextError, TextOptions, verdict_markdown};

/// So many holes are named.
const MOST_HOLES: usize = 10;
/// So many files that never ran are named.
const MOST_UNUSED: usize = 5;
/// What has no bound of its own is cut to so many bytes.
const LONGEST_PART: usize = 1_000;
/// What is kept of a comment for the changed lines, if links leave that much.
const LEAST_UNTESTED: usize = 2_000;
/// So many gates are named.
const MOST_GATES: usize = 10;

/// What a comment is about.
#[derive(Clone, Copy)]
pub struct Comment<'a> {
    /// Everything; it must hold details.
    pub report: &'a Report,
    /// What changed.
    pub changes: &'a ChangeReport,
    /// Whether the numbers can be trusted.
    pub verdict: &'a Verdict,
    /// The run of another time that the total is compared with.
    pub before: Option<&'a Entry>,
    /// The gates that did not pass.
    pub failures: &'a [GateFailure],
    /// How the table is written.
    pub options: &'a TextOptions,
}

/// Renders the comment.
pub fn render_comment(
    comment: Comment<'_>,
    source_of: &ChangeSources<'_>,
    link_of: &SourceLinks<'_>,
) -> Result<String, TextError> {
    let mut out = String::new();
    push_total(&mut out, comment);
    out.push_str("\n### What changed\n\n");
    let options = TextOptions {
        show_missing: true,
        ..comment.options.clone()
    };
    push_changes(&mut out, comment.changes, &options)?;
    let mut holes = render_holes(comment.report, link_of);
    // Everything but links has a bound that leaves room for all of it.
    if out.len() + holes.len() + LEAST_UNTESTED > LONGEST {
        holes = render_holes(comment.report, &|_, _, _| None);
    }
    push_untested(
        &mut out,
        comment.changes,
        (source_of, link_of),
        LONGEST - holes.len(),
    );
    out.push_str(&holes);
    Ok(out)
}

fn push_total(out: &mut String, comment: Comment<'_>) {
    let Comment {
        report, options, ..
    } = comment;
    let numbers = &report.totals;
    let precision = usize::try_from(options.precision).unwrap_or(0).min(9);
    let _ = writeln!(
        out,
        "## Coverage: {}%\n\n{}.",
        numbers.shown_percent(precision),
        shares(numbers, "line")
    );
    if let Some(before) = comment.before {
        let since = escape_markdown(&points_since(numbers, before, precision));
        push_within(out, &format!("{since}."), LONGEST_PART);
        out.push('\n');
    }
    out.push('\n');
    for failure in comment.failures.iter().take(MOST_GATES) {
        out.push_str("- ✗ ");
        let text = neutralize_control(&failure.to_string());
        push_within(out, &escape_markdown(&text), LONGEST_PART);
        out.push('\n');
    }
    if comment.failures.len() > MOST_GATES {
        let more = comment.failures.len() - MOST_GATES;
        let _ = writeln!(out, "- ✗ {} more", plural(more, "gate"));
    }
    if !comment.failures.is_empty() {
        out.push('\n');
    }
    push_within(out, &verdict_markdown(comment.verdict), LONGEST_PART);
    out.push('\n');
}

/// A file of the report with its functions.
struct File<'a> {
    file: &'a FileReport,
    functions: Vec<FunctionFigures<'a>>,
}

impl RankedFile for File<'_> {
    fn file(&self) -> &FileReport {
        self.file
    }

    fn functions(&self) -> &[FunctionFigures<'_>] {
        &self.functions
    }
}

/// The files that never ran, and the functions with the most missed lines as a table; nothing where
/// nothing was missed.
fn render_holes(report: &Report, link_of: &SourceLinks<'_>) -> String {
    let files = report.files.iter().map(|file| File {
        file,
        functions: function_figures(file),
    });
    let files: Vec<File<'_>> = files.collect();
    let unused = never_ran(&files);
    let mut holes = ranked(&files);
    holes.retain(|(_, function)| function.missing > 0);
    if holes.is_empty() && unused.is_empty() {
        return String::new();
    }
    let mut out = String::from("\n### Largest holes\n\n");
    push_never_ran(&mut out, &unused);
    if holes.is_empty() {
        return out;
    }
    out.push_str("| Function | File | Missed lines |\n| --- | --- | ---: |\n");
    for (file, function) in holes.iter().take(MOST_HOLES) {
        out.push_str("| ");
        push_cell(&mut out, function_name(function));
        out.push_str(" | ");
        let line = function.first_hole.unwrap_or(1);
        let mut place = String::new();
        push_cell(&mut place, &file.file.name);
        let _ = write!(place, ":{line}");
        let place = linked(&place, link_of(file.file, line, line));
        let (missing, all) = (function.missing, function.statements);
        let _ = writeln!(out, "{place} | {missing} of {all} |");
    }
    out
}

/// Names the largest files of which nothing ran.
fn push_never_ran(out: &mut String, files: &[&File<'_>]) {
    if files.is_empty() {
        return;
    }
    let lines = files.iter().map(|file| file.file.numbers.missing).sum();
    let (count, lines) = (plural(files.len(), "file"), plural(lines, "line"));
    let _ = write!(out, "{count} never ran ({lines}): ");
    for (index, file) in files.iter().take(MOST_UNUSED).enumerate() {
        out.push_str(if index == 0 { "" } else { ", " });
        push_cell(out, &file.file.name);
    }
    if files.len() > MOST_UNUSED {
        let _ = write!(out, " and {} more", files.len() - MOST_UNUSED);
    }
    out.push_str(".\n\n");
}

fn push_cell(out: &mut String, text: &str) {
    let text = neutralize_control(text);
    push_within(out, &escape_markdown(&text), LONGEST_PART / 2);
}
