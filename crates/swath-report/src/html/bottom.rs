//! Under the source: which processes ran the file, and which contexts ran which lines.

use std::fmt::Write as _;

use swath_coverage::LineContexts;

use super::escape::push_text;
use super::site::{FilePage, Site, service_name};

/// A set with no more contexts than this names them, if there are not too many sets.
const MOST_NAMED: usize = 20;
const MOST_NAMED_SETS: usize = 300;
/// So many ranges of numbers of contexts are listed for a larger set.
const MOST_RANGES: usize = 40;

/// The processes that ran lines of the file.
pub(super) fn push_processes(out: &mut String, site: &Site<'_>, page: &FilePage<'_>) {
    if !site.has_services() {
        return;
    }
    out.push_str("<section class=ran aria-labelledby=ran><h2 id=ran>Run by</h2>\n");
    if page.processes.is_empty() {
        out.push_str("<p>No measured process ran this file.</p></section>\n");
        return;
    }
    out.push_str("<ul>\n");
    for process in page
        .processes
        .iter()
        .filter_map(|&index| site.data.accounting.processes.get(index))
    {
        out.push_str("<li>");
        push_text(out, service_name(process));
        let _ = write!(out, " <small>{}", process.pid);
        if let Some(python) = process.python {
            let _ = write!(out, ", Python {python}");
        }
        if !process.counted {
            out.push_str(", not in the number");
        }
        out.push_str("</small>\n");
    }
    out.push_str("</ul></section>\n");
}

/// Every set of contexts that ran a line, once.
pub(super) fn push_contexts(out: &mut String, site: &Site<'_>, contexts: &LineContexts) {
    if contexts.sets.is_empty() {
        return;
    }
    let named = contexts.sets.len() <= MOST_NAMED_SETS;
    out.push_str("<section class=ran aria-labelledby=who><h2 id=who>Who ran which line</h2>\n<p>The number beside a line is how many ");
    out.push_str(if site.has_tests() {
        "tests ran it, and leads to their names. A line that ran and has none ran at start-up or for no test."
    } else {
        "ran it, and leads to their names."
    });
    out.push_str("</p>\n<ul class=sets>\n");
    for (number, set) in contexts.sets.iter().enumerate() {
        let _ = write!(out, "<li id=w{number} tabindex=-1>{}: ", set.len());
        if named && set.len() <= MOST_NAMED {
            for (index, &context) in set.iter().enumerate() {
                if index > 0 {
                    out.push_str(", ");
                }
                push_context(out, site, &contexts.names[context as usize]);
            }
        } else {
            push_ranges(out, set);
        }
        out.push('\n');
    }
    let all_named = named && contexts.sets.iter().all(|set| set.len() <= MOST_NAMED);
    out.push_str("</ul>\n");
    if !all_named {
        let _ = writeln!(
            out,
            "<details><summary>All {} by number</summary><ol>",
            contexts.names.len()
        );
        for name in &contexts.names {
            out.push_str("<li>");
            push_context(out, site, name);
            out.push('\n');
        }
        out.push_str("</ol></details>\n");
    }
    out.push_str("</section>\n");
}

fn push_context(out: &mut String, site: &Site<'_>, name: &str) {
    if name.is_empty() {
        out.push_str("(no context)");
    } else if let Some(page) = site.test_page(name) {
        let _ = write!(out, "<a href=\"../{page}\">");
        push_text(out, name);
        out.push_str("</a>");
    } else {
        push_text(out, name);
    }
}

/// Numbers of contexts, from 1, as ranges.
fn push_ranges(out: &mut String, set: &[u32]) {
    out.push_str("numbers ");
    let mut ranges = set.chunk_by(|a, b| a + 1 == *b);
    for (index, range) in ranges.by_ref().take(MOST_RANGES).enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        let (first, last) = (range[0] + 1, range[range.len() - 1] + 1);
        let _ = if first == last {
            write!(out, "{first}")
        } else {
            write!(out, "{first}–{last}")
        };
    }
    let more: usize = ranges.map(<[u32]>::len).sum();
    if more > 0 {
        let _ = write!(out, " and {more} more");
    }
    out.push_str(" of the list below");
}
