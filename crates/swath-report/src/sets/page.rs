//! Pages of two bodies of data side by side: the table of sets, and each source with two marks a line.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;

use swath_analysis::highlight;
use swath_coverage::{FileSets, Reached, SetCounts, SetReport};
use swath_model::neutralize_control;

use super::{title, who};
use crate::Piece;
use crate::html::{
    PageKind, PageNames, STYLE, piece, push_attribute, push_code, push_lone_end, push_lone_start,
    push_text,
};

/// What these pages have besides.
const COMPARE_STYLE: &str = include_str!("../../assets/compare.css");

/// Where the text of a file comes from; `None` if it cannot be had any more.
pub type SetSources<'a> = dyn Fn(&FileSets) -> Option<Cow<'a, str>> + 'a;

/// Renders the pages, and the style sheets beside them. Each piece is handed to `put` as soon as it
/// is made.
pub fn render_set_pages<E>(
    report: &SetReport,
    heading: &str,
    source_of: &SetSources<'_>,
    mut put: impl FnMut(Piece) -> Result<(), E>,
) -> Result<(), E> {
    put(piece("swath.css", STYLE.to_owned()))?;
    put(piece("compare.css", COMPARE_STYLE.to_owned()))?;
    let mut names = PageNames::default();
    let pages: Vec<String> = report
        .files
        .iter()
        .map(|file| names.name(PageKind::File, &file.name))
        .collect();
    put(piece("index.html", index(report, heading, &pages)))?;
    for (file, name) in report.files.iter().zip(&pages) {
        let source = source_of(file);
        put(piece(
            name,
            file_page(report, heading, file, source.as_deref()),
        ))?;
    }
    Ok(())
}

fn index(report: &SetReport, heading: &str, pages: &[String]) -> String {
    let mut out = String::new();
    let [first, second] = &report.names;
    push_lone_start(&mut out, "Comparison", heading, "", "compare");
    out.push_str("<h1>");
    push_text(&mut out, &format!("{first} and {second}"));
    out.push_str("</h1>\n<p class=lead>Lines by who reached them.</p>\n");
    push_table(&mut out, report, |out| {
        for (file, page) in report.files.iter().zip(pages) {
            out.push_str("<tr><th scope=row><a href=\"");
            push_attribute(out, page);
            out.push_str("\">");
            push_text(out, &neutralize_control(&file.name));
            out.push_str("</a>");
            push_counts(out, &file.numbers.lines);
        }
    });
    if !report.left_out.is_empty() {
        out.push_str("<section class=doubt aria-label=\"Left out\"><ul>\n");
        for file in &report.left_out {
            out.push_str("<li>");
            let reason = file.reason.describe(&report.names);
            push_text(
                &mut out,
                &neutralize_control(&format!("{}: {reason}", file.name)),
            );
            out.push('\n');
        }
        out.push_str("</ul></section>\n");
    }
    push_lone_end(&mut out);
    out
}

/// The table of sets: `push_rows` appends the rows above those of all lines, branches and functions.
fn push_table(out: &mut String, report: &SetReport, push_rows: impl FnOnce(&mut String)) {
    out.push_str("<div class=scroll tabindex=0 role=region aria-label=Files><table class=files>\n<thead><tr><th scope=col>Name<th scope=col class=n>All");
    for reached in Reached::ALL {
        out.push_str("<th scope=col class=n>");
        push_text(out, &title(report, reached));
    }
    out.push_str("\n<tbody>\n");
    push_rows(out);
    push_sums(out, report.has_arcs, &report.totals);
    out.push_str("</table></div>\n");
}

fn push_sums(out: &mut String, has_arcs: bool, numbers: &swath_coverage::SetNumbers) {
    for (name, counts, is_shown) in [
        ("Lines", &numbers.lines, true),
        ("Branches", &numbers.branches, has_arcs),
        ("Functions", &numbers.functions, true),
    ] {
        if is_shown {
            let _ = write!(out, "<tr class=sum><th scope=row>{name}");
            push_counts(out, counts);
        }
    }
}

fn push_counts(out: &mut String, counts: &SetCounts) {
    let _ = write!(out, "<td>{}", counts.all());
    for reached in Reached::ALL {
        let _ = write!(out, "<td>{}", counts.of(reached));
    }
    out.push('\n');
}

fn file_page(report: &SetReport, heading: &str, file: &FileSets, source: Option<&str>) -> String {
    let mut out = String::new();
    let name = neutralize_control(&file.name);
    push_lone_start(&mut out, &name, heading, "../", "compare");
    out.push_str("<p><a href=\"../index.html\">All files</a></p>\n<h1>");
    push_text(&mut out, &name);
    out.push_str("</h1>\n");
    let own = SetReport {
        names: report.names.clone(),
        has_arcs: report.has_arcs,
        totals: file.numbers,
        ..SetReport::default()
    };
    push_table(&mut out, &own, |_| ());
    push_functions(&mut out, report, file);
    match source {
        Some(source) => push_source(&mut out, report, file, source),
        None => out.push_str("<p>The source is gone.</p>\n"),
    }
    push_lone_end(&mut out);
    out
}

/// The functions that not both ran.
fn push_functions(out: &mut String, report: &SetReport, file: &FileSets) {
    let sets = [Reached::First, Reached::Second, Reached::Neither];
    let sets = sets.map(|reached| (reached, file.functions(reached)));
    if sets.iter().all(|(_, names)| names.is_empty()) {
        return;
    }
    out.push_str("<h2>Functions</h2>\n<dl>\n");
    for (reached, names) in sets.iter().filter(|(_, names)| !names.is_empty()) {
        out.push_str("<dt>");
        push_text(out, &title(report, *reached));
        out.push_str("<dd>");
        push_text(out, &names.join(", "));
        out.push('\n');
    }
    out.push_str("</dl>\n");
}

fn push_source(out: &mut String, report: &SetReport, file: &FileSets, source: &str) {
    let [first, second] = &report.names;
    out.push_str("<h2>Source</h2>\n<p>Each statement has two marks: the first says whether ");
    push_text(out, first);
    out.push_str(" reached it, the second whether ");
    push_text(out, second);
    out.push_str(" did.</p>\n<div class=scroll tabindex=0 role=region aria-label=Source><table class=src>\n<thead><tr><th scope=col>Line");
    for name in [first, second] {
        out.push_str("<th scope=col>");
        push_text(out, name);
    }
    out.push_str("<th scope=col>Source\n<tbody>\n");
    let mut lines: BTreeMap<u32, Reached> = BTreeMap::new();
    for reached in Reached::ALL {
        lines.extend(file.lines(reached).iter().map(|line| (line, reached)));
    }
    let shades = highlight(source);
    let mut shades = shades.as_slice();
    let mut start = 0;
    for (number, line) in (1u32..).zip(source.split_terminator('\n')) {
        let (class, marks) = match lines.get(&number) {
            None => ("", ["", ""]),
            Some(Reached::Both) => (" class=r", ["✓ reached", "✓ reached"]),
            Some(Reached::First) => (" class=p", ["✓ reached", "✗ missed"]),
            Some(Reached::Second) => (" class=p", ["✗ missed", "✓ reached"]),
            Some(Reached::Neither) => (" class=m", ["✗ missed", "✗ missed"]),
        };
        let [one, other] = marks;
        let _ = write!(
            out,
            "<tr id=L{number}{class}><th scope=row><a href=#L{number}>{number}</a><td>{one}<td>{other}<td>"
        );
        push_code(out, line, start, &mut shades);
        push_exits(out, report, file, number);
        if !out.ends_with("</small>") {
            out.push('\n');
        }
        start += line.len() + 1;
    }
    out.push_str("</table></div>\n");
}

/// The exits of a line that not both took.
fn push_exits(out: &mut String, report: &SetReport, file: &FileSets, line: u32) {
    for reached in [Reached::First, Reached::Second, Reached::Neither] {
        for (_, exit) in file
            .branches(reached)
            .iter()
            .filter(|(from, _)| *from == line)
        {
            let _ = write!(out, "<small>{line} → ");
            match u32::try_from(*exit) {
                Ok(to) => {
                    let _ = write!(out, "<a href=#L{to}>{to}</a>: ");
                }
                Err(_) => out.push_str("exit: "),
            }
            push_text(out, &who(report, reached));
            out.push_str("</small>");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use swath_analysis::{ExclusionRules, PythonVersion, analyze};
    use swath_coverage::{FileReport, Report};

    use super::*;

    const HOSTILE: &str = "</script><img src=x onerror=alert(1)>\"'&\u{202e}\u{1b}[2J\n.py";

    #[test]
    fn nothing_from_outside_is_markup() {
        let source = format!("def f(a):\n    return r'''{HOSTILE}'''\n# \u{202e}</td><script>\n");
        let analysis = analyze(
            source.as_bytes(),
            PythonVersion::new(3, 12),
            &ExclusionRules::default(),
        );
        let file = FileReport {
            name: HOSTILE.to_owned(),
            ..FileReport::new(analysis, [1], None::<[(i32, i32); 0]>)
        };
        let report = Report {
            files: vec![file],
            ..Report::default()
        };
        let names = [HOSTILE.to_owned(), format!("other {HOSTILE}")];
        let mut sets = SetReport::new(names, &report, &Report::default());
        sets.left_out.push(swath_coverage::UncomparedFile {
            name: HOSTILE.to_owned(),
            reason: swath_coverage::NotCompared::Stale([true, false]),
        });
        let mut pages = Vec::new();
        let put = |page: Piece| -> Result<(), Infallible> {
            pages.push(page);
            Ok(())
        };
        let source_of = |_: &FileSets| Some(Cow::Borrowed(source.as_str()));
        render_set_pages(&sets, HOSTILE, &source_of, put).unwrap();
        let pages = pages.iter().filter(|page| !page.name.contains(".css"));
        let mut count = 0;
        for page in pages {
            count += 1;
            assert!(!page.name.contains(['"', '<', '\n', '\u{202e}']));
            let text = std::str::from_utf8(&page.bytes).unwrap();
            for forbidden in ["<img", "<script", " style=", "\u{202e}", "\u{1b}", "\u{0}"] {
                assert!(!text.contains(forbidden), "{forbidden:?} in {text}");
            }
            assert!(text.contains("&lt;img src=x"));
        }
        assert_eq!(count, 2);
    }
}
