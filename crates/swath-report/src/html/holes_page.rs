//! The to-do list: functions by what was missed in them.

use std::fmt::Write as _;

use super::escape::push_text;
use super::figures::{plural, push_bar, share};
use super::layout::{Place, page};
use super::lines::FunctionFigures;
use super::site::{FilePage, Site};
use crate::hole_ranking::{function_name, never_ran, ranked};

/// A list that nobody reads to its end needs no end.
const MOST: usize = 2000;

/// Names the first few files of which nothing ran, and says how many there are.
pub(super) fn push_never_ran(out: &mut String, files: &[&FilePage<'_>], named: usize) {
    if files.is_empty() {
        return;
    }
    let lines: usize = files.iter().map(|file| file.file.numbers.missing).sum();
    let _ = write!(
        out,
        "<p>{} never ran ({}): ",
        plural(files.len(), "file"),
        plural(lines, "line")
    );
    for (index, file) in files.iter().take(named).enumerate() {
        let separator = if index == 0 { "" } else { ", " };
        let _ = write!(out, "{separator}<a href=\"{}\">", file.name);
        push_text(out, &file.file.name);
        out.push_str("</a>");
    }
    if let Some(more) = files.len().checked_sub(named).filter(|&more| more > 0) {
        let _ = write!(out, " and {more} more");
    }
    out.push_str(".</p>\n");
}

pub(super) fn render(site: &Site<'_>) -> String {
    let holes = ranked(&site.pages);
    let unused = never_ran(&site.pages);
    let mut main = String::from("<h1>Holes</h1>\n");
    push_never_ran(&mut main, &unused, MOST);
    if holes.is_empty() && !unused.is_empty() {
        return page(site, Place::Holes, "Holes", &main);
    }
    if holes.is_empty() {
        main.push_str("<p class=lead>Nothing was missed.</p>\n");
        return page(site, Place::Holes, "Holes", &main);
    }
    let _ = writeln!(
        main,
        "<p class=lead>{} in which something was missed, the largest first.</p>",
        plural(holes.len(), "function")
    );
    main.push_str("<div class=scroll><table class=\"files flat holes\">\n<thead><tr><th scope=col>Function<th scope=col>File<th scope=col class=n>Coverage<th scope=col class=n>Lines<th scope=col class=n aria-sort=descending>Missed");
    if site.report.has_arcs {
        main.push_str("<th scope=col class=n>Partial");
    }
    main.push_str("<th scope=col class=n>Complexity<th scope=col class=n>Risk");
    main.push_str("\n<tbody>\n");
    for (file, function) in holes.iter().take(MOST) {
        push_row(&mut main, site, file, function);
    }
    main.push_str("</table></div>\n");
    if holes.len() > MOST {
        let _ = writeln!(
            main,
            "<p>{} with fewer missed lines are not listed.</p>",
            plural(holes.len() - MOST, "function")
        );
    }
    page(site, Place::Holes, "Holes", &main)
}

/// The cell of a function's complexity.
pub(super) fn push_complexity(out: &mut String, function: &FunctionFigures<'_>) {
    match function.complexity {
        0 => out.push_str("<td>–"),
        complexity => {
            let _ = write!(out, "<td>{complexity}");
        }
    }
}

fn push_row(
    out: &mut String,
    site: &Site<'_>,
    file: &FilePage<'_>,
    function: &FunctionFigures<'_>,
) {
    let line = function.first_hole.unwrap_or(1);
    let _ = write!(out, "<tr><th scope=row><a href=\"{}#L{line}\">", file.name);
    push_text(out, function_name(function));
    out.push_str("</a><td>");
    push_text(out, &file.file.name);
    let whole = function.statements + function.branches;
    let executed = whole - function.missing - function.missing_branches;
    let _ = write!(
        out,
        "<td>{}",
        share(executed, whole, site.options.precision)
    );
    push_bar(out, executed, whole);
    let _ = write!(out, "<td>{}<td>{}", function.statements, function.missing);
    if site.report.has_arcs {
        let _ = write!(out, "<td>{}", function.partial);
    }
    push_complexity(out, function);
    let _ = write!(out, "<td>{}", function.risk());
    out.push('\n');
}
