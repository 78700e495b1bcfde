//! The endpoints of services: what they answered, which tests called them, what ran for them. Those
//! that were never called come first.

use std::fmt::Write as _;

use swath_coverage::EndpointReport;

use super::escape::push_text;
use super::figures::plural;
use super::layout::{Place, page, push_lead};
use super::site::Site;
use crate::attribution::{answer, call_text, summary_of_endpoints};
use crate::{Promised, Promises};

/// A cell names no more than so many.
const MOST_NAMED: usize = 200;

pub(super) fn render(site: &Site<'_>) -> String {
    let report = &site.attribution;
    let mut main = String::from("<h1>Endpoints</h1>\n");
    push_lead(&mut main, &summary_of_endpoints(report));
    if let Some(description) = &site.options.description {
        push_promises(&mut main, &Promises::new(description, report));
    }
    main.push_str("<div class=scroll><table class=\"files flat holes calls\">\n<thead><tr><th scope=col>Endpoint<th scope=col>Service<th scope=col>Statuses<th scope=col>Tests<th scope=col>Files<th scope=col class=n>Lines\n<tbody>\n");
    for (place, endpoint) in report.routed().iter().enumerate() {
        push_row(&mut main, site, place, endpoint);
    }
    main.push_str("</table></div>\n");
    push_others(&mut main, site);
    page(site, Place::Endpoints, "Endpoints", &main)
}

/// The requests that are for no endpoint.
fn push_others(out: &mut String, site: &Site<'_>) {
    let report = &site.attribution;
    if report.others().is_empty() {
        return;
    }
    out.push_str("<h2>Other requests</h2>\n<p>The service declares no route for them.</p>\n<ul>\n");
    for (place, one) in (report.routed().len()..).zip(report.others()) {
        let _ = write!(out, "<li id=e{place} tabindex=-1><code>");
        push_text(out, &call_text(&one.endpoint));
        out.push_str("</code>");
        if !one.endpoint.service.is_empty() {
            out.push_str(" of ");
            push_text(out, &one.endpoint.service);
        }
        let _ = writeln!(
            out,
            ": {} <small>{}</small>",
            answer(one),
            plural(one.tests.len(), "test")
        );
    }
    out.push_str("</ul>\n");
}

fn push_row(out: &mut String, site: &Site<'_>, place: usize, one: &EndpointReport) {
    let _ = write!(out, "<tr id=e{place} tabindex=-1><th scope=row><code>");
    push_text(out, &call_text(&one.endpoint));
    out.push_str("</code><td class=t>");
    push_text(out, &one.endpoint.service);
    out.push_str("<td class=t>");
    if !one.is_called {
        out.push_str("✗ ");
    }
    push_text(out, &answer(one));
    out.push_str("<td class=t>");
    let tests = one.tests.iter().map(|test| {
        let name = site.attribution.tests[*test].name.as_str();
        (name, site.test_pages.get(*test).map(String::as_str))
    });
    push_links(out, "test", tests);
    out.push_str("<td class=t>");
    let files = one.files.iter().map(|(file, _)| {
        let name = site.report.files[*file].name.as_str();
        (name, site.page_of(*file))
    });
    push_links(out, "file", files);
    let _ = writeln!(out, "<td>{}", one.lines);
}

/// How many there are, and folded below their names, each a link if it has a page.
fn push_links<'a>(
    out: &mut String,
    thing: &str,
    named: impl ExactSizeIterator<Item = (&'a str, Option<&'a str>)>,
) {
    let count = named.len();
    if count == 0 {
        out.push('–');
        return;
    }
    let summary = plural(count, thing);
    let _ = write!(out, "<details><summary>{summary}</summary><ul>");
    for (name, page) in named.take(MOST_NAMED) {
        out.push_str("<li>");
        if let Some(page) = page {
            let _ = write!(out, "<a href=\"{page}\">");
        }
        push_text(out, name);
        if page.is_some() {
            out.push_str("</a>");
        }
    }
    if count > MOST_NAMED {
        let _ = write!(out, "<li>and {} more", count - MOST_NAMED);
    }
    out.push_str("</ul></details>");
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
