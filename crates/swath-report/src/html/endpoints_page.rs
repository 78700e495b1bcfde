//! The endpoints of services: what they answered, which tests called them, what ran for them. Those
//! that were never called come first.

use std::fmt::Write as _;

use swath_coverage::EndpointReport;

use super::escape::push_text;
use super::figures::plural;
use super::layout::{Place, page};
use super::site::Site;
use crate::attribution::{answer, call_text};
use crate::{Promised, Promises};

/// A cell names so many tests, and so many files.
const MOST_NAMED: usize = 12;

pub(super) fn render(site: &Site<'_>) -> String {
    let report = &site.attribution;
    let never = report.endpoints.iter().filter(|one| !one.is_called).count();
    let mut main = String::from("<h1>Endpoints</h1>\n");
    let _ = writeln!(
        main,
        "<p class=lead>{}, {never} of them never called.</p>",
        plural(report.endpoints.len(), "endpoint")
    );
    if let Some(description) = &site.options.description {
        push_promises(&mut main, &Promises::new(description, report));
    }
    main.push_str("<div class=scroll><table class=\"files flat runs\">\n<thead><tr><th scope=col>Endpoint<th scope=col>Service<th scope=col>Answered<th scope=col>Tests<th scope=col>Code<th scope=col class=n>Lines\n<tbody>\n");
    for (place, endpoint) in report.endpoints.iter().enumerate() {
        push_row(&mut main, site, place, endpoint);
    }
    main.push_str("</table></div>\n");
    page(site, Place::Endpoints, "Endpoints", &main)
}

fn push_row(out: &mut String, site: &Site<'_>, place: usize, one: &EndpointReport) {
    let _ = write!(out, "<tr id=e{place} tabindex=-1><th scope=row><code>");
    push_text(out, &call_text(&one.endpoint));
    out.push_str("</code><td>");
    push_text(out, &one.endpoint.service);
    out.push_str("<td>");
    if !one.is_called {
        out.push_str("✗ ");
    }
    push_text(out, &answer(one));
    let _ = write!(out, "<td>{}", one.tests.len());
    push_links(
        out,
        one.tests.iter().map(|test| {
            let name = site.attribution.tests[*test].name.as_str();
            (name, site.test_pages.get(*test).map(String::as_str))
        }),
    );
    let _ = write!(out, "<td>{}", plural(one.files.len(), "file"));
    push_links(
        out,
        one.files.iter().map(|(file, _)| {
            let name = site.report.files[*file].name.as_str();
            (name, site.page_of(*file))
        }),
    );
    let _ = writeln!(out, "<td>{}", one.lines);
}

/// The first few names, each a link if it has a page.
fn push_links<'a>(out: &mut String, named: impl Iterator<Item = (&'a str, Option<&'a str>)>) {
    let mut separator = ": ";
    let mut more = 0;
    for (index, (name, page)) in named.enumerate() {
        if index >= MOST_NAMED {
            more += 1;
            continue;
        }
        out.push_str(separator);
        separator = ", ";
        if let Some(page) = page {
            let _ = write!(out, "<a href=\"{page}\">");
        }
        push_text(out, name);
        if page.is_some() {
            out.push_str("</a>");
        }
    }
    if more > 0 {
        let _ = write!(out, " and {more} more");
    }
}

fn push_promises(out: &mut String, promises: &Promises) {
    out.push_str("<h2>Promised by ");
    push_text(out, &promises.name);
    out.push_str("</h2>\n");
    if promises.not_served.is_empty() && promises.never_answered.is_empty() {
        out.push_str("<p>Everything that it promises was answered.</p>\n");
    }
    let push_call = |out: &mut String, one: &Promised| {
        out.push_str("<li><code>");
        push_text(out, &format!("{} {}", one.method, one.path));
        out.push_str("</code>");
    };
    if !promises.not_served.is_empty() {
        out.push_str("<p>✗ No service serves:</p>\n<ul>\n");
        for one in &promises.not_served {
            push_call(out, one);
            out.push('\n');
        }
        out.push_str("</ul>\n");
    }
    if !promises.never_answered.is_empty() {
        out.push_str("<p>✗ Statuses that were never answered:</p>\n<ul>\n");
        for (one, statuses) in &promises.never_answered {
            push_call(out, one);
            out.push_str(": ");
            push_text(out, &statuses.join(", "));
            out.push('\n');
        }
        out.push_str("</ul>\n");
    }
    out.push_str("<h2>Served</h2>\n");
}
