//! The tests, and a page for each: what it reached, what it called, how it ended.

use std::fmt::Write as _;

use swath_coverage::{CallsReport, TestReport};

use super::escape::push_text;
use super::figures::{grouped, plural};
use super::layout::{Place, page, push_lead};
use super::site::Site;
use crate::attribution::{
    call_text, has_labels, labels, outcomes, statuses_text, summary_of_tests, tests_without_lines,
};

/// So many ranges of lines are named of a file.
const MOST_RANGES: usize = 60;
/// So many tests that reached nothing are named.
const MOST_NAMED: usize = 200;

/// The page of all tests.
pub(super) fn render(site: &Site<'_>) -> String {
    let report = &site.attribution;
    let mut main = String::from("<h1>Tests</h1>\n");
    push_lead(&mut main, &summary_of_tests(report, grouped));
    push_without_lines(&mut main, site);
    let has_labels = has_labels(report);
    main.push_str(
        "<div class=scroll><table class=\"files flat holes calls\">\n<thead><tr><th scope=col>Test",
    );
    main.push_str(if has_labels {
        "<th scope=col>Label"
    } else {
        ""
    });
    main.push_str("<th scope=col>Outcome<th scope=col class=n>Lines<th scope=col class=n>Unique<th scope=col class=n>Endpoints\n<tbody>\n");
    for (test, name) in report.tests.iter().zip(&site.test_pages) {
        let _ = write!(main, "<tr><th scope=row><a href=\"{name}\">");
        push_text(&mut main, &test.name);
        main.push_str("</a><td class=t>");
        if has_labels {
            push_text(&mut main, &labels(test));
            main.push_str("<td class=t>");
        }
        push_outcome(&mut main, test);
        let _ = writeln!(
            main,
            "<td>{}<td>{}<td>{}",
            test.lines,
            test.lines_alone,
            test.endpoints.len()
        );
    }
    main.push_str("</table></div>\n");
    page(site, Place::Tests, "Tests", &main)
}

fn push_without_lines(out: &mut String, site: &Site<'_>) {
    let without: Vec<_> = tests_without_lines(&site.attribution).collect();
    if without.is_empty() {
        return;
    }
    let _ = write!(
        out,
        "<p>{} reached no line of any service: ",
        plural(without.len(), "test")
    );
    for (index, (place, test)) in without.iter().take(MOST_NAMED).enumerate() {
        let name = &site.test_pages[*place];
        let separator = if index == 0 { "" } else { ", " };
        let _ = write!(out, "{separator}<a href=\"{name}\">");
        push_text(out, &test.name);
        out.push_str("</a>");
    }
    if without.len() > MOST_NAMED {
        let _ = write!(out, " and {} more", without.len() - MOST_NAMED);
    }
    out.push_str(".</p>\n");
}

/// The word, and a glyph for what is no success.
fn push_outcome(out: &mut String, test: &TestReport) {
    let is_failure = |outcome: &String| matches!(outcome.as_str(), "failed" | "error");
    if test.outcomes.iter().any(is_failure) {
        out.push_str("✗ ");
    }
    push_text(out, &outcomes(test));
}

/// The page of a test, by its place.
pub(super) fn render_test(site: &Site<'_>, place: usize) -> String {
    let mut main = String::new();
    push_test(&mut main, site, place);
    page(
        site,
        Place::Below,
        &site.attribution.tests[place].name,
        &main,
    )
}

/// Appends what stands in `main` of the page of a test.
pub(super) fn push_test(out: &mut String, site: &Site<'_>, place: usize) {
    let test = &site.attribution.tests[place];
    out.push_str("<h1>");
    push_text(out, &test.name);
    out.push_str("</h1>\n<p class=lead>");
    if !test.labels.is_empty() {
        out.push_str("Label: ");
        push_text(out, &labels(test));
        out.push_str(". ");
    }
    out.push_str("Outcome: ");
    push_outcome(out, test);
    let _ = writeln!(
        out,
        ". It reached {}{}. <a href=\"../tests.html\">All tests</a></p>",
        plural(test.lines, "line"),
        match test.lines_alone {
            0 => String::new(),
            lines => format!(", {} of them no other test did", grouped(lines)),
        }
    );
    push_endpoints(out, site, test);
    if test.files.is_empty() {
        out.push_str("<p>It reached no line of any service.</p>\n");
        return;
    }
    out.push_str("<h2>Reached</h2>\n<div class=scroll><table class=\"files flat holes\">\n<thead><tr><th scope=col>File<th scope=col>Which lines<th scope=col class=n>Lines\n<tbody>\n");
    for (file, lines) in &test.files {
        out.push_str("<tr><th scope=row>");
        let page = site.page_of(*file);
        if let Some(page) = page {
            let _ = write!(out, "<a href=\"../{page}\">");
        }
        push_text(out, &site.report.files[*file].name);
        out.push_str(if page.is_some() { "</a><td>" } else { "<td>" });
        let all = site.report.files[*file].ranges_of(lines);
        for (index, (first, last)) in all.iter().take(MOST_RANGES).enumerate() {
            let separator = if index == 0 { "" } else { ", " };
            let range = if first == last {
                first.to_string()
            } else {
                format!("{first}–{last}")
            };
            let _ = match page {
                Some(page) => write!(out, "{separator}<a href=\"../{page}#L{first}\">{range}</a>"),
                None => write!(out, "{separator}{range}"),
            };
        }
        if all.len() > MOST_RANGES {
            let _ = write!(out, " and {} more", all.len() - MOST_RANGES);
        }
        let _ = writeln!(out, "<td>{}", lines.len());
    }
    out.push_str("</table></div>\n");
}

fn push_endpoints(out: &mut String, site: &Site<'_>, test: &TestReport) {
    if test.endpoints.is_empty() {
        return;
    }
    out.push_str("<h2>Called</h2>\n<ul>\n");
    // In the order in which they were called, as far as it is known.
    let mut called: Vec<_> = test.endpoints.iter().collect();
    called.sort_by_key(|(_, calls)| (!calls.is_of_setup, !calls.is_of_body));
    for (place, calls) in called {
        let endpoint = &site.attribution.endpoints[*place].endpoint;
        let _ = write!(out, "<li><a href=\"../endpoints.html#e{place}\"><code>");
        push_text(out, &call_text(endpoint));
        out.push_str("</code></a>");
        if !endpoint.service.is_empty() {
            out.push_str(" of ");
            push_text(out, &endpoint.service);
        }
        let _ = writeln!(
            out,
            ": {}{}",
            statuses_text(&calls.statuses),
            phases_text(calls)
        );
    }
    out.push_str("</ul>\n");
}

/// Which fixtures called, if it was not the test alone.
fn phases_text(calls: &CallsReport) -> String {
    let phases = [
        (calls.is_of_setup, "setup"),
        (calls.is_of_body, "test"),
        (calls.is_of_teardown, "teardown"),
    ];
    let phases = phases.iter().filter(|(is_of, _)| *is_of);
    let names: Vec<&str> = phases.map(|(_, name)| *name).collect();
    match names.as_slice() {
        ["test"] => String::new(),
        names => format!(" <small>{}</small>", names.join(", ")),
    }
}
