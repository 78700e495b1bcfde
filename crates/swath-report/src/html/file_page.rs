//! The page of one file.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use swath_coverage::{FileReport, LineContexts};
use swath_data::test_of;

use super::bottom;
use super::escape::{push_attribute, push_text};
use super::figures::{cover, plural, push_bar, share};
use super::holes_page::push_complexity;
use super::layout::{Place, push_page};
use super::lines::{Hole, Lines, function_of};
use super::site::{FilePage, Site};
use super::source_table::{SourceTable, hole_link, range};
use crate::hole_ranking::function_name;

/// A list of functions or holes that is longer is folded.
const MOST_UNFOLDED: usize = 10;

/// The page at a place of the site.
pub(super) fn render(site: &Site<'_>, index: usize) -> String {
    let file = &site.pages[index];
    let mut out = String::new();
    push_page(&mut out, site, Place::Below, &file.file.name, |out| {
        push_main(out, site, index);
    });
    out
}

/// Appends what stands in `main`.
pub(super) fn push_main(out: &mut String, site: &Site<'_>, index: usize) {
    let this = &site.pages[index];
    let file = this.file;
    let text = (site.source_of)(file);
    let source = text.as_deref().unwrap_or_default();
    let count = source.bytes().filter(|&byte| byte == b'\n').count();
    let lines = Lines::new(file, count);
    out.reserve(source.len() + count * 72 + 4096);
    push_header(out, site, index);
    push_outline(out, site, this);
    push_holes(out, this, &lines);
    push_map(out, &lines, count);
    if text.is_none() {
        out.push_str("<p class=lead>The source is gone since it was analysed.</p>\n");
    }
    let rules = site.options.exclusions.of_text(source, &file.excluded);
    let contexts = contexts(site, file);
    let table = SourceTable {
        file,
        source,
        lines: &lines,
        contexts: &contexts,
        rules: &rules,
        anchors: &anchors(this),
        changed: site.options.changed.get(&file.recorded),
        show_source: !site.options.no_source,
    };
    table.push(out);
    bottom::push_processes(out, site, this);
    bottom::push_contexts(out, site, &contexts);
}

/// Who ran each line: tests, where the data knows them.
fn contexts(site: &Site<'_>, file: &FileReport) -> LineContexts {
    if !site.options.show_contexts {
        return LineContexts::default();
    }
    let contexts = LineContexts::of_file(site.data, &file.recorded, site.options.contexts.as_ref());
    if site.has_tests() {
        contexts.by_test(|name| site.test_page(test_of(name)).is_some())
    } else {
        contexts
    }
}

/// The names of functions by line: of several definitions of one name, the first.
fn anchors<'a>(page: &FilePage<'a>) -> Vec<(u32, &'a str)> {
    let mut names = BTreeSet::new();
    let functions = page.functions.iter().filter(|function| function.start > 0);
    let mut anchors: Vec<(u32, &str)> = functions
        .filter(|function| names.insert(function.name))
        .map(|function| (function.start, function.name))
        .collect();
    anchors.sort_unstable();
    anchors.dedup_by_key(|anchor| anchor.0);
    anchors
}

fn push_header(out: &mut String, site: &Site<'_>, index: usize) {
    let this = &site.pages[index];
    let numbers = &this.file.numbers;
    out.push_str("<div class=bar><h1>");
    push_text(out, &this.file.name);
    let _ = write!(
        out,
        " <span class=total>{}</span></h1>\n<ul class=counts>",
        cover(numbers, site.options.precision)
    );
    for (class, glyph, count, word) in [
        ("m", '✗', numbers.missing, "missed"),
        (
            "p",
            '◐',
            super::lines::partial_lines(this.file).len(),
            "partial",
        ),
        ("r", '✓', numbers.executed(), "run"),
        ("x", '–', numbers.excluded, "excluded"),
    ] {
        if count == 0 && matches!(class, "p" | "x") {
            continue;
        }
        let _ = write!(out, "<li class={class}>{glyph} {count} {word}");
    }
    out.push_str("</ul>\n");
    let before = site.pages[..index]
        .iter()
        .rev()
        .find(|page| page.has_holes());
    let after = site.pages[index + 1..].iter().find(|page| page.has_holes());
    if before.is_some() || after.is_some() {
        out.push_str("<nav class=turn aria-label=\"Files with holes\">");
        push_turn(out, before, "prev", "← previous");
        push_turn(out, after, "next", "next →");
        out.push_str("</nav>");
    }
    out.push_str("</div>\n");
}

fn push_turn(out: &mut String, page: Option<&FilePage<'_>>, rel: &str, text: &str) {
    if let Some(page) = page {
        let _ = write!(out, "<a rel={rel} href=\"../{}\" title=\"", page.name);
        push_attribute(out, &page.file.name);
        let _ = write!(out, "\">{text}</a> ");
    }
}

fn push_outline(out: &mut String, site: &Site<'_>, this: &FilePage<'_>) {
    let count = this
        .functions
        .iter()
        .filter(|function| function.start > 0)
        .count();
    if count == 0 {
        return;
    }
    let open = if count <= MOST_UNFOLDED { " open" } else { "" };
    let _ = write!(
        out,
        "<details class=outline{open}><summary>{}</summary><div class=scroll><table class=\"files flat\">\n<thead><tr><th scope=col>Function<th scope=col class=n>Coverage<th scope=col class=n>Lines<th scope=col class=n>Missed",
        plural(count, "function")
    );
    if site.report.has_arcs {
        out.push_str("<th scope=col class=n>Partial");
    }
    out.push_str("<th scope=col class=n>Complexity\n<tbody>\n");
    for function in &this.functions {
        let line = if function.start > 0 {
            function.start
        } else {
            1
        };
        let _ = write!(out, "<tr><th scope=row><a href=#L{line}>");
        push_text(out, function_name(function));
        let whole = function.statements + function.branches;
        let executed = whole - function.missing - function.missing_branches;
        let _ = write!(
            out,
            "</a><td>{}",
            share(executed, whole, site.options.precision)
        );
        push_bar(out, executed, whole);
        let _ = write!(out, "<td>{}<td>{}", function.statements, function.missing);
        if site.report.has_arcs {
            let _ = write!(out, "<td>{}", function.partial);
        }
        push_complexity(out, function);
        out.push('\n');
    }
    out.push_str("</table></div></details>\n");
}

fn push_holes(out: &mut String, this: &FilePage<'_>, lines: &Lines) {
    let holes = &lines.holes;
    if holes.is_empty() {
        out.push_str("<p class=lead>✓ Nothing was missed.</p>\n");
        return;
    }
    let open = if holes.len() <= MOST_UNFOLDED {
        " open"
    } else {
        ""
    };
    let _ = writeln!(
        out,
        "<details class=outline{open}><summary>{}</summary><ol class=holelist>",
        plural(holes.len(), "hole")
    );
    for (number, hole) in (1..).zip(holes) {
        let what = match *hole {
            Hole::Missed { first, last } => range(first, last),
            Hole::Partial { line } => format!("line {line}, partial"),
        };
        let _ = write!(
            out,
            "<li><a href=\"{}\">{what}</a>",
            hole_link(number, *hole)
        );
        if let Some(function) = function_of(&this.file.regions.functions, hole.first()) {
            out.push_str(" in ");
            push_text(out, &function.name);
        }
        out.push('\n');
    }
    out.push_str("</ol></details>\n");
}

/// The whole file at a glance: the holes, at the window's edge.
fn push_map(out: &mut String, lines: &Lines, count: usize) {
    if lines.holes.is_empty() {
        return;
    }
    let _ = write!(
        out,
        "<svg class=map viewBox=\"0 0 1 {}\" preserveAspectRatio=none aria-hidden=true focusable=false>",
        count.max(1)
    );
    for hole in &lines.holes {
        let (class, first, last) = match *hole {
            Hole::Missed { first, last } => ("", first, last),
            Hole::Partial { line } => (" class=p", line, line),
        };
        let _ = write!(
            out,
            "<rect{class} y={} width=1 height={}></rect>",
            first - 1,
            last + 1 - first
        );
    }
    out.push_str("</svg>\n");
}
