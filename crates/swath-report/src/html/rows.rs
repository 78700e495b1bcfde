//! The table of files and folders: its head, its rows, its sum.

use std::fmt::Write as _;

use swath_coverage::Numbers;

use super::escape::push_text;
use super::figures::{count, cover, push_bar, share};
use super::site::{FilePage, Site};

/// Deeper folders are no further to the right.
const DEEPEST: usize = 12;

/// Opens the table, with `first` over the names and the sum of everything.
pub(super) fn push_head(out: &mut String, site: &Site<'_>, kind: &str, first: &str) {
    let _ = write!(
        out,
        "<div class=scroll><table class=\"files {kind}\">\n<thead><tr><th scope=col>{first}<th scope=col class=n>Coverage<th scope=col class=n>Lines<th scope=col class=n aria-sort=descending>Missed"
    );
    if site.report.has_arcs {
        out.push_str("<th scope=col class=n>Branches<th scope=col class=n>Partial");
    }
    if site.has_services() {
        out.push_str("<th scope=col>Run by");
    }
    out.push_str("\n<tbody class=sum>");
    push_row_start(out, "", site.totals());
    out.push_str("Total");
    push_numbers(out, site, site.totals());
    if site.has_services() {
        out.push_str("<td>");
    }
    out.push_str("\n<tbody>\n");
}

/// Closes the table.
pub(super) fn push_end(out: &mut String) {
    out.push_str("</table></div>\n");
}

fn push_row_start(out: &mut String, class: &str, numbers: &Numbers) {
    out.push_str("<tr");
    if !class.is_empty() {
        let _ = write!(out, " class=\"{class}\"");
    }
    let _ = write!(
        out,
        " data-n={},{},{},{},{}><th scope=row>",
        numbers.statements,
        numbers.missing,
        numbers.branches,
        numbers.missing_branches,
        numbers.partial_branches
    );
}

/// A file's row.
pub(super) fn push_file(
    out: &mut String,
    site: &Site<'_>,
    page: &FilePage<'_>,
    name: &str,
    depth: Option<usize>,
    up: &str,
) {
    let numbers = &page.file.numbers;
    let class = depth.map_or_else(String::new, |depth| format!("d{}", depth.min(DEEPEST)));
    push_row_start(out, &class, numbers);
    let _ = write!(out, "<a href=\"{up}{}\">", page.name);
    push_text(out, name);
    out.push_str("</a>");
    push_numbers(out, site, numbers);
    if site.has_services() {
        out.push_str("<td class=t>");
        push_text(out, &site.services(&page.processes).join(", "));
    }
    out.push('\n');
}

/// A folder's row.
pub(super) fn push_folder(
    out: &mut String,
    site: &Site<'_>,
    name: &str,
    link: Option<&str>,
    numbers: &Numbers,
    depth: usize,
) {
    let class = format!("f d{}", depth.min(DEEPEST));
    push_row_start(out, &class, numbers);
    if let Some(link) = link {
        let _ = write!(out, "<a href=\"{link}\">");
    }
    push_text(out, name);
    out.push('/');
    if link.is_some() {
        out.push_str("</a>");
    }
    push_numbers(out, site, numbers);
    if site.has_services() {
        out.push_str("<td>");
    }
    out.push('\n');
}

fn push_numbers(out: &mut String, site: &Site<'_>, numbers: &Numbers) {
    let precision = site.options.precision;
    let whole = numbers.statements + numbers.branches;
    let _ = write!(out, "<td>{}", cover(numbers, precision));
    push_bar(out, numbers.executed() + numbers.executed_branches(), whole);
    let (lines, missing) = (
        numbers.statements,
        count(numbers.missing, numbers.statements),
    );
    let _ = write!(out, "<td>{lines}<td>{missing}");
    if site.report.has_arcs {
        let branches = share(numbers.executed_branches(), numbers.branches, precision);
        let _ = write!(
            out,
            "<td>{branches}<td>{}",
            count(numbers.partial_branches, numbers.branches)
        );
    }
}
