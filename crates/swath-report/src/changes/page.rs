//! The page of what a change left untested.

use std::fmt::Write as _;

use swath_analysis::{Shaded, highlight};
use swath_coverage::{ChangeReport, FileChange, Untested, UntestedPart};
use swath_model::{Verdict, neutralize_control};

use super::ChangeSources;
use super::excerpt::{Excerpt, excerpts};
use super::words::{nothing, remarks, sentence, shares};
use crate::html::{
    CHANGES_STYLE, Piece, STYLE, cover, piece, push_bar, push_code, push_lone_end, push_lone_start,
    push_text,
};
use crate::text::plural;
use crate::verdict_line;

/// Lines around what the change left untested.
const AROUND: u32 = 3;

/// Renders the page, and the style sheets beside it: only what the change left untested, and in it
/// which lines the change wrote.
pub fn render_change_page(
    report: &ChangeReport,
    title: &str,
    precision: usize,
    verdict: &Verdict,
    source_of: &ChangeSources<'_>,
) -> Vec<Piece> {
    let mut out = String::new();
    push_lone_start(&mut out, "Untested changes", title, "", "changes");
    push_total(&mut out, report, precision);
    let _ = write!(
        out,
        "<section class=trust aria-label=Verdict><p class=verdict>"
    );
    push_text(&mut out, &verdict_line(verdict));
    out.push_str("</p></section>\n");
    push_remarks(&mut out, report);
    let untested: Vec<(&FileChange, Vec<UntestedPart>)> = report
        .files
        .iter()
        .map(|file| (file, file.untested()))
        .filter(|(_, parts)| !parts.is_empty())
        .collect();
    push_contents(&mut out, report, &untested);
    for (number, (file, parts)) in (1..).zip(&untested) {
        push_file(&mut out, number, file, parts, precision, source_of);
    }
    push_lone_end(&mut out);
    vec![
        piece("index.html", out),
        piece("swath.css", STYLE.to_owned()),
        piece("changes.css", CHANGES_STYLE.to_owned()),
    ]
}

fn push_total(out: &mut String, report: &ChangeReport, precision: usize) {
    let numbers = &report.totals;
    let _ = write!(
        out,
        "<h1><span class=total>{}</span> of what changed is covered</h1>\n<p class=lead>",
        cover(numbers, precision)
    );
    push_bar(
        out,
        numbers.executed() + numbers.executed_branches(),
        numbers.statements + numbers.branches,
    );
    let _ = write!(out, "{}. Changes ", shares(numbers, "changed line"));
    push_text(out, &neutralize_control(&report.comparison.to_string()));
    out.push_str(".</p>\n");
}

fn push_remarks(out: &mut String, report: &ChangeReport) {
    let remarks = remarks(report);
    if remarks.is_empty() {
        return;
    }
    out.push_str("<section class=doubt aria-label=Remarks><ul>\n");
    for remark in remarks {
        out.push_str("<li>");
        push_text(out, &remark);
        out.push('\n');
    }
    out.push_str("</ul></section>\n");
}

fn push_contents(
    out: &mut String,
    report: &ChangeReport,
    untested: &[(&FileChange, Vec<UntestedPart>)],
) {
    if untested.is_empty() {
        let text = if report.files.is_empty() {
            nothing(report)
        } else if report.not_judged() > 0 {
            "Every changed line and branch that can be judged was reached."
        } else {
            "✓ Every changed line and branch was reached."
        };
        let _ = writeln!(out, "<p class=lead>{text}</p>");
        return;
    }
    out.push_str("<nav aria-label=Files><ol class=worst>\n");
    for (number, (file, _)) in (1..).zip(untested) {
        let _ = write!(out, "<li><a href=#F{number}>");
        push_text(out, &file.change.path);
        let numbers = &file.numbers;
        let _ = write!(out, "</a>: {} missed", plural(numbers.missing, "line"));
        if numbers.partial_branches > 0 {
            let _ = write!(out, ", {} branches partial", numbers.partial_branches);
        }
        out.push('\n');
    }
    out.push_str("</ol></nav>\n");
}

fn push_file(
    out: &mut String,
    number: usize,
    file: &FileChange,
    parts: &[UntestedPart],
    precision: usize,
    source_of: &ChangeSources<'_>,
) {
    let _ = write!(out, "<section aria-labelledby=F{number}><h2 id=F{number}>");
    push_text(out, &file.change.path);
    let _ = write!(out, " <small>{}", cover(&file.numbers, precision));
    if let Some(before) = &file.change.before {
        let _ = write!(out, ", {} from ", file.change.kind.name());
        push_text(out, before);
    }
    out.push_str("</small></h2>\n");
    let source = source_of(file);
    let text = source.as_deref().unwrap_or_default();
    let lines = Lines::new(text);
    let count = u32::try_from(lines.starts.len()).unwrap_or(u32::MAX);
    for excerpt in excerpts(parts, AROUND, count) {
        push_excerpt(out, number, file, &lines, &excerpt);
    }
    out.push_str("</section>\n");
}

/// A text by its lines, with what its words are.
struct Lines<'a> {
    text: &'a str,
    /// Where each line begins.
    starts: Vec<usize>,
    shades: Vec<Shaded>,
}

impl<'a> Lines<'a> {
    fn new(text: &'a str) -> Self {
        let mut start = 0;
        let starts = text.split_terminator('\n').map(|line| {
            let this = start;
            start += line.len() + 1;
            this
        });
        Self {
            starts: starts.collect(),
            shades: highlight(text),
            text,
        }
    }

    fn push(&self, out: &mut String, number: u32) {
        let Some(&start) = self.starts.get(number as usize - 1) else {
            return;
        };
        let line = self.text[start..].split('\n').next().unwrap_or_default();
        let first = self.shades.partition_point(|shaded| shaded.end <= start);
        push_code(out, line, start, &mut &self.shades[first..]);
    }
}

fn push_excerpt(
    out: &mut String,
    number: usize,
    file: &FileChange,
    lines: &Lines<'_>,
    excerpt: &Excerpt<'_>,
) {
    out.push_str("<div class=scroll tabindex=0 role=region aria-label=Source><table class=\"src changes\">\n<thead><tr><th scope=col>Line<th scope=col>State<th scope=col>Source\n<tbody>\n");
    let mut parts = excerpt.parts.iter().peekable();
    let exits = file.missing_exits();
    for line in excerpt.lines.clone() {
        let part = excerpt
            .parts
            .iter()
            .find(|part| (part.first..=part.last).contains(&line));
        let (class, state) = match part.map(|part| &part.what) {
            Some(Untested::NotRun | Untested::NotMeasured) => ("m", "✗ missed"),
            Some(Untested::Exits(_)) => ("p", "◐ partial"),
            None if exits.contains_key(&line) => ("p", "◐ partial"),
            None if file.file.missing.contains(line) => ("m", "✗ missed"),
            None if file.file.executed.contains(line) => ("r", "✓ run"),
            None => ("", ""),
        };
        let (mark, word) = if file.change.lines.contains(line) {
            (" c", "<ins>+</ins>")
        } else {
            ("", "")
        };
        let _ = write!(
            out,
            "<tr id=F{number}L{line} class=\"{class}{mark}\"><th scope=row>{word}<a href=#F{number}L{line}>{line}</a><td>{state}<td>"
        );
        lines.push(out, line);
        if let Some(part) = parts.next_if(|part| part.first == line) {
            out.push_str("<small>");
            push_text(out, &sentence(file, part));
            out.push_str("</small>");
        } else {
            out.push('\n');
        }
    }
    out.push_str("</table></div>\n");
}

#[cfg(test)]
mod tests {
    use swath_changes::Comparison;
    use swath_coverage::{FileReport, LeftOutReason, Numbers, Report};
    use swath_data::CoverageData;

    use super::*;

    fn page(report: &ChangeReport) -> String {
        let verdict = swath_coverage::verdict(&CoverageData::default(), &Report::default());
        let pages = render_change_page(report, "", 0, &verdict, &|_| None);
        String::from_utf8(pages[0].bytes.clone()).unwrap()
    }

    #[test]
    fn what_could_not_be_judged_is_not_called_reached() {
        let patch = swath_changes::parse_patch(b"--- a.py\n+++ a.py\n@@ -1 +1 @@\n-a\n+b\n");
        let change = patch.unwrap().remove(0);
        let file = FileReport {
            recorded: "a.py".to_owned(),
            statements: [1].into_iter().collect(),
            executed: [1].into_iter().collect(),
            numbers: Numbers {
                statements: 1,
                ..Numbers::default()
            },
            ..FileReport::default()
        };
        let report = Report {
            files: vec![file],
            ..Report::default()
        };
        let name = || Comparison::Patch("x".to_owned());
        let mut whole = ChangeReport::new(report, [("a.py".to_owned(), change)].into(), name());
        assert!(page(&whole).contains("✓ Every changed line and branch was reached."));
        let mut nothing = ChangeReport::new(Report::default(), [].into(), name());
        assert!(page(&nothing).contains(">No changed line of a measured file can run.<"));
        for report in [&mut whole, &mut nothing] {
            let complaint = "no\nwork".to_owned();
            report.leave_out("lib".to_owned(), LeftOutReason::Submodule { complaint });
            let page = page(report);
            assert!(!page.contains('✓'), "{page}");
            assert!(page.contains("lib: no?work"), "{page}");
        }
        assert!(page(&whole).contains("that can be judged was reached."));
        assert!(page(&nothing).contains(">No changed line can be judged.<"));
    }
}
