//! Tests and endpoints: a table of what each reached, for terminals and as Markdown.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use swath_coverage::{AttributionReport, EndpointReport, TestReport};
use swath_data::Endpoint;
use swath_model::{count, neutralize_control};

use crate::markdown::escape_markdown;
use crate::plain_table::PlainTable;
use crate::text::push_line;
use crate::{Promised, Promises};

/// A cell names no more than so many endpoints.
const MOST_NAMED: usize = 4;

/// What the rows of the table are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttributionRows {
    /// Tests.
    Tests,
    /// Endpoints of services.
    Endpoints,
}

/// Renders a row for each test or endpoint, and what there is to say of all of them below.
pub fn render_attribution(
    report: &AttributionReport,
    rows: AttributionRows,
    promises: Option<&Promises>,
    markdown: bool,
) -> String {
    let (table, mut remarks) = match rows {
        AttributionRows::Tests => (table_of_tests(report), remarks_on_tests(report)),
        AttributionRows::Endpoints => (table_of_endpoints(report), remarks_on_endpoints(report)),
    };
    remarks.extend(promises.into_iter().flat_map(remarks_on_promises));
    let mut out = if markdown {
        table.markdown()
    } else {
        table.text()
    };
    for Remark { text, items } in remarks {
        out.push('\n');
        let shown = |text: &str| {
            let text = neutralize_control(text);
            if markdown {
                escape_markdown(&text)
            } else {
                text
            }
        };
        push_line(&mut out, &shown(&text));
        if markdown && !items.is_empty() {
            out.push('\n');
        }
        for item in &items {
            let bullet = if markdown { "- " } else { "  " };
            push_line(&mut out, &format!("{bullet}{}", shown(item)));
        }
    }
    out
}

/// A sentence, and what it is about.
struct Remark {
    text: String,
    items: Vec<String>,
}

fn table_of_tests(report: &AttributionReport) -> PlainTable {
    let has_labels = has_labels(report);
    let mut heads = vec!["Test"];
    heads.extend(has_labels.then_some("Label"));
    heads.extend(["Outcome", "Lines", "Unique", "Endpoints"]);
    let mut rows = vec![heads.into_iter().map(str::to_owned).collect()];
    for test in &report.tests {
        let mut row = vec![neutralize_control(&test.name)];
        row.extend(has_labels.then(|| neutralize_control(&labels(test))));
        row.extend([
            neutralize_control(&outcomes(test)),
            test.lines.to_string(),
            test.lines_alone.to_string(),
            neutralize_control(&endpoints_of(report, test)),
        ]);
        rows.push(row);
    }
    let numbers = 2 + usize::from(has_labels);
    let mut total = vec!["TOTAL".to_owned()];
    total.resize(numbers, String::new());
    total.extend([
        report.lines.to_string(),
        report.lines_of_one_test.to_string(),
    ]);
    PlainTable {
        rows,
        ends: vec![total],
        numbers: numbers..numbers + 2,
    }
}

/// Whether any test came in under a label.
pub(crate) fn has_labels(report: &AttributionReport) -> bool {
    report.tests.iter().any(|test| !test.labels.is_empty())
}

/// The labels of a test, or that it came in under none.
pub(crate) fn labels(test: &TestReport) -> String {
    if test.labels.is_empty() {
        return "–".to_owned();
    }
    let labels: Vec<&str> = test.labels.iter().map(String::as_str).collect();
    labels.join(", ")
}

/// How a test ended, in words.
pub(crate) fn outcomes(test: &TestReport) -> String {
    if test.outcomes.is_empty() {
        return "–".to_owned();
    }
    let outcomes: Vec<&str> = test.outcomes.iter().map(String::as_str).collect();
    outcomes.join(", ")
}

fn endpoints_of(report: &AttributionReport, test: &TestReport) -> String {
    // What fixtures call is the same for many tests: it comes last.
    let mut called: Vec<_> = test.endpoints.iter().collect();
    called.sort_by_key(|(_, calls)| !calls.is_of_body);
    let called: Vec<&Endpoint> = called
        .iter()
        .map(|(place, _)| &report.endpoints[**place].endpoint)
        .collect();
    let named = called.iter().take(MOST_NAMED);
    let mut text = named
        .map(|one| call_text(one))
        .collect::<Vec<_>>()
        .join(", ");
    if called.len() > MOST_NAMED {
        let _ = write!(text, " and {} more", called.len() - MOST_NAMED);
    }
    if text.is_empty() {
        "–".to_owned()
    } else {
        text
    }
}

/// `GET /points/{id}`.
pub(crate) fn call_text(endpoint: &Endpoint) -> String {
    format!("{} {}", endpoint.method, endpoint.route)
}

/// Statuses, or that there is none.
pub(crate) fn statuses_text(statuses: &BTreeSet<u16>) -> String {
    if statuses.is_empty() {
        return "–".to_owned();
    }
    let statuses: Vec<String> = statuses.iter().map(u16::to_string).collect();
    statuses.join(", ")
}

fn remarks_on_tests(report: &AttributionReport) -> Vec<Remark> {
    let mut remarks = Vec::new();
    let without = tests_without_lines(report);
    let items: Vec<String> = without.map(|(_, test)| test.name.clone()).collect();
    if !items.is_empty() {
        remarks.push(Remark {
            text: format!(
                "{} reached no line of any service:",
                count(items.len(), "test")
            ),
            items,
        });
    }
    remarks.push(Remark {
        text: summary_of_tests(report, |number| number.to_string()),
        items: Vec::new(),
    });
    remarks
}

/// The tests that ran and reached nothing, with their places.
pub(crate) fn tests_without_lines(
    report: &AttributionReport,
) -> impl Iterator<Item = (usize, &TestReport)> {
    let tests = report.tests.iter().enumerate();
    tests.filter(|(_, test)| test.lines == 0 && !test.is_skipped())
}

/// What all tests together reached, and why that is less than the number of the report.
pub(crate) fn summary_of_tests(report: &AttributionReport, number: fn(usize) -> String) -> String {
    let mut text = format!(
        "{} reached {} of {}, {} of them by one test only",
        count(report.tests.len(), "test"),
        number(report.lines),
        count(report.statements, "line"),
        number(report.lines_of_one_test)
    );
    let more = report.executed.saturating_sub(report.lines);
    if more > 0 {
        let _ = write!(
            text,
            "; {} more ran at start-up or for no test",
            number(more)
        );
    }
    text.push('.');
    text
}

/// How many endpoints there are, and how many nobody called.
pub(crate) fn summary_of_endpoints(report: &AttributionReport) -> String {
    let routed = report.routed();
    let never = routed.iter().filter(|one| !one.is_called).count();
    let mut text = count(routed.len(), "endpoint");
    let unsaid: Vec<&str> = report.without_routes.iter().map(String::as_str).collect();
    match never {
        0 if !unsaid.is_empty() => {}
        0 => text.push_str(", none left uncalled"),
        never => {
            let _ = write!(text, ", {never} never called");
        }
    }
    // Of calls without a service nobody knows whose they were.
    let (say, they) = match unsaid.as_slice() {
        [] => return text + ".",
        [""] => ("the service does not say", "it has"),
        [_] => ("does not say", "it has"),
        _ => ("do not say", "they have"),
    };
    let named = unsaid.iter().filter(|service| !service.is_empty());
    let named: Vec<String> = named.map(|service| neutralize_control(service)).collect();
    let space = if named.is_empty() { "" } else { " " };
    let _ = write!(
        text,
        "; {}{space}{say} which routes {they}, so others may be uncalled.",
        named.join(", ")
    );
    text
}

fn table_of_endpoints(report: &AttributionReport) -> PlainTable {
    let has_services = report
        .endpoints
        .iter()
        .any(|one| !one.endpoint.service.is_empty());
    let mut heads = vec!["Endpoint"];
    heads.extend(has_services.then_some("Service"));
    heads.extend(["Statuses", "Tests", "Lines"]);
    let mut rows = vec![heads.into_iter().map(str::to_owned).collect()];
    for one in report.routed() {
        let mut row = vec![neutralize_control(&call_text(&one.endpoint))];
        row.extend(has_services.then(|| neutralize_control(&one.endpoint.service)));
        row.extend([
            answer(one),
            one.tests.len().to_string(),
            one.lines.to_string(),
        ]);
        rows.push(row);
    }
    let numbers = 2 + usize::from(has_services);
    PlainTable {
        rows,
        ends: Vec::new(),
        numbers: numbers..numbers + 2,
    }
}

/// What an endpoint answered, or that nobody called it.
pub(crate) fn answer(endpoint: &EndpointReport) -> String {
    if endpoint.is_called {
        statuses_text(&endpoint.statuses)
    } else {
        "never called".to_owned()
    }
}

fn remarks_on_endpoints(report: &AttributionReport) -> Vec<Remark> {
    let mut remarks = Vec::new();
    let others = report.others();
    if !others.is_empty() {
        let items = others.iter().map(|one| {
            let service = match one.endpoint.service.as_str() {
                "" => String::new(),
                service => format!(" ({service})"),
            };
            format!("{}{service}: {}", call_text(&one.endpoint), answer(one))
        });
        remarks.push(Remark {
            text: "Other requests, for which the service declares no route:".to_owned(),
            items: items.collect(),
        });
    }
    remarks.push(Remark {
        text: summary_of_endpoints(report),
        items: Vec::new(),
    });
    remarks
}

fn remarks_on_promises(promises: &Promises) -> Vec<Remark> {
    let call = |promised: &Promised| format!("{} {}", promised.method, promised.path);
    let mut remarks = Vec::new();
    if !promises.not_served.is_empty() {
        remarks.push(Remark {
            text: format!("{} promises what no service serves:", promises.name),
            items: promises.not_served.iter().map(call).collect(),
        });
    }
    if !promises.never_answered.is_empty() {
        let items = promises
            .never_answered
            .iter()
            .map(|(promised, statuses)| format!("{}: {}", call(promised), statuses.join(", ")));
        remarks.push(Remark {
            text: format!(
                "{} promises statuses that were never answered:",
                promises.name
            ),
            items: items.collect(),
        });
    }
    if remarks.is_empty() {
        remarks.push(Remark {
            text: format!("Everything that {} promises was answered.", promises.name),
            items: Vec::new(),
        });
    }
    remarks
}
