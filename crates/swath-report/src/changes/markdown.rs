//! The changed lines as a comment for a pull request: never longer than a forge takes.

use std::fmt::Write as _;

use swath_coverage::{ChangeReport, FileChange};
use swath_model::{Verdict, neutralize_control};

use super::excerpt::excerpts;
use super::words::{nothing, predicate, remarks, shares, span};
use super::{ChangeSources, SourceLinks, text};
use crate::markdown::{escape_markdown, linked};
use crate::{TextError, TextOptions, verdict_markdown};

/// GitHub refuses a comment with more characters. There are never more characters than bytes.
pub(crate) const LONGEST: usize = 65_536;
/// So much is kept for what ends a comment.
const END: usize = 1_024;
/// The table and the remarks have this much of it at most.
const LONGEST_TABLE: usize = 24_000;
/// Lines around what the change left untested.
const AROUND: u32 = 2;
/// A longer line of a source is cut.
const LONGEST_LINE: usize = 400;

/// Renders what changed as Markdown: the share, the table, the lines that no test reached, and the
/// verdict.
pub fn render_change_markdown(
    report: &ChangeReport,
    options: &TextOptions,
    verdict: &Verdict,
    source_of: &ChangeSources<'_>,
    link_of: &SourceLinks<'_>,
) -> Result<String, TextError> {
    let mut out = String::new();
    push_changes(&mut out, report, options)?;
    let mut last = String::from("\n");
    push_within(&mut last, &verdict_markdown(verdict), END - 2);
    last.push('\n');
    push_untested(&mut out, report, (source_of, link_of), LONGEST - END);
    out.push_str(&last);
    Ok(out)
}

/// The share, the table and the remarks.
pub(crate) fn push_changes(
    out: &mut String,
    report: &ChangeReport,
    options: &TextOptions,
) -> Result<(), TextError> {
    let precision = usize::try_from(options.precision).unwrap_or(0).min(9);
    let comparison = neutralize_control(&report.comparison.to_string());
    let mut since = String::new();
    push_within(&mut since, &escape_markdown(&comparison), 400);
    if report.files.is_empty() {
        let text = nothing(report);
        let _ = writeln!(out, "**{text}**\n\nChanges {since}.");
    } else {
        let _ = writeln!(
            out,
            "**{}%** of what changed is covered: {}.\n\nChanges {since}.\n",
            report.totals.shown_percent(precision),
            shares(&report.totals, "changed line"),
        );
        let table = text::table(
            report,
            &TextOptions {
                format: Some("markdown".to_owned()),
                ..options.clone()
            },
        )?;
        push_lines(out, table.lines(), LONGEST_TABLE, "files");
    }
    let remarks = remarks(report);
    if !remarks.is_empty() {
        out.push('\n');
        let remarks = remarks.iter();
        let items: Vec<String> = remarks
            .map(|remark| format!("- {}", escape_markdown(remark)))
            .collect();
        let items = items.iter().map(String::as_str);
        push_lines(out, items, LONGEST_TABLE / 2, "remarks");
    }
    Ok(())
}

/// Appends lines as long as they fit into `room` bytes, and says how many did not. The last line,
/// a table's total, is always there.
fn push_lines<'a>(
    out: &mut String,
    lines: impl DoubleEndedIterator<Item = &'a str>,
    room: usize,
    things: &str,
) {
    let mut lines = lines;
    let last = lines.next_back().unwrap_or_default();
    let end = out.len() + room.saturating_sub(last.len().min(room / 2));
    let mut left_out = 0;
    for line in lines {
        if left_out > 0 || out.len() + line.len() + 1 > end {
            left_out += 1;
        } else {
            out.push_str(line);
            out.push('\n');
        }
    }
    push_within(out, last, room / 2);
    out.push('\n');
    if left_out > 0 {
        let _ = writeln!(out, "\n{left_out} more {things} are not shown.");
    }
}

/// Appends as much of a text as fits into `room` bytes.
pub(crate) fn push_within(out: &mut String, text: &str, room: usize) {
    if text.len() <= room {
        out.push_str(text);
        return;
    }
    out.push_str(&text[..text.floor_char_boundary(room.saturating_sub('…'.len_utf8()))]);
    out.push('…');
}

/// The lines that no test reached, folded, as far as they fit below `longest` bytes.
pub(crate) fn push_untested(
    out: &mut String,
    report: &ChangeReport,
    (source_of, link_of): (&ChangeSources<'_>, &SourceLinks<'_>),
    longest: usize,
) {
    const BEGIN: &str = "\n<details><summary>Changed lines that no test reached</summary>\n";
    const OVER: &str = "\n</details>\n";
    let mut blocks = String::new();
    let mut left_out = 0;
    let room = longest.saturating_sub(out.len() + BEGIN.len() + OVER.len() + 64);
    for file in &report.files {
        let parts = file.untested();
        if parts.is_empty() {
            continue;
        }
        let source = source_of(file).unwrap_or_default();
        let lines: Vec<&str> = source.split('\n').collect();
        let count = u32::try_from(lines.len()).unwrap_or(u32::MAX);
        for excerpt in excerpts(&parts, AROUND, count) {
            let mut block = String::new();
            let _ = write!(block, "\n`{}`", code(&file.change.path));
            for part in &excerpt.parts {
                let lines = linked(&span(part), link_of(&file.file, part.first, part.last));
                let rest = escape_markdown(&predicate(file, part));
                let _ = write!(block, "\n- {lines} {rest}");
            }
            block.push('\n');
            push_code(&mut block, file, &lines, excerpt.lines);
            if left_out == 0 && blocks.len() + block.len() <= room {
                blocks.push_str(&block);
            } else {
                left_out += excerpt.parts.len();
            }
        }
    }
    if blocks.is_empty() && left_out == 0 {
        return;
    }
    out.push_str(BEGIN);
    out.push_str(&blocks);
    if left_out > 0 {
        let _ = writeln!(out, "\n{left_out} more places are not shown.");
    }
    out.push_str(OVER);
}

/// A path between backquotes.
fn code(path: &str) -> String {
    neutralize_control(path).replace('`', "'")
}

/// Lines as a block of a diff: what no test reached is red.
fn push_code(
    out: &mut String,
    file: &FileChange,
    lines: &[&str],
    shown: std::ops::RangeInclusive<u32>,
) {
    let text: Vec<(u32, String)> = shown
        .filter_map(|number| {
            let line = lines.get(number as usize - 1)?;
            let mut text = String::new();
            push_within(&mut text, &tame(line), LONGEST_LINE);
            Some((number, text))
        })
        .collect();
    // A fence is longer than any in the text.
    let longest = text.iter().map(|(_, line)| longest_run(line)).max();
    let fence = "`".repeat(longest.unwrap_or(0).max(2) + 1);
    let missing = file.missing();
    let _ = writeln!(out, "{fence}diff");
    let mut is_missing = false;
    for (number, line) in text {
        if file.file.statements.contains(number) {
            is_missing = missing.contains(number);
        } else if !in_statement(file, number) {
            is_missing = false;
        }
        let mark = if is_missing { '-' } else { ' ' };
        let _ = writeln!(out, "{mark}{number:>5} {line}");
    }
    let _ = writeln!(out, "{fence}");
}

/// Whether a line goes on with a statement that began above it.
fn in_statement(file: &FileChange, line: u32) -> bool {
    let spans = &file.file.multiline;
    let after = spans.partition_point(|span| span.0 <= line);
    after > 0 && spans[after - 1].1 >= line
}

fn tame(line: &str) -> String {
    neutralize_control(&line.replace('\t', "    "))
}

/// How many backquotes follow each other at most.
fn longest_run(line: &str) -> usize {
    let runs = line.split(|character| character != '`');
    runs.map(str::len).max().unwrap_or(0)
}
