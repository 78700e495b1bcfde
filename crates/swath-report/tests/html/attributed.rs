//! Pages and tables of tests and endpoints.

use std::collections::BTreeSet;

use swath_coverage::AttributionReport;
use swath_data::{Endpoint, LineSet};
use swath_report::{AttributionRows, Description, Promised, Promises, render_attribution};

use crate::model::{Project, page};

/// The shop: a test that failed, one that passed, one that reached nothing; an endpoint that is
/// called, one that is not.
pub(crate) fn attributed() -> Project {
    let mut project = Project::shop();
    let app = project.directory().absolute("shop/app.py");
    let attribution = &mut project.data.accounting.attribution;
    attribution.add_test("test_price", Some("failed"));
    attribution.add_test("test_tax", Some("passed"));
    attribution.add_test("test_idle|setup", None);
    attribution.add_test("test_idle|run", Some("passed"));
    attribution.add_test("test_later|run", Some("skipped"));
    let endpoint = |method: &str, route: &str| Endpoint {
        service: "web".to_owned(),
        route: route.to_owned(),
        method: method.to_owned(),
    };
    let price = endpoint("GET", "/price/{item}");
    attribution.add_call(&price, "test_price", Some(200));
    attribution.add_call(&price, "test_tax", Some(404));
    attribution.add_call(&price, "", Some(200));
    let lines: LineSet = [6, 7, 10, 12].into_iter().collect();
    let facts = attribution.endpoint(price);
    facts.lines.insert(app.into(), lines);
    facts.is_offered = true;
    let icon = endpoint("GET", "/favicon.ico");
    attribution.add_call(&icon, "test_idle|setup", Some(404));
    // A route for any method has been called by any but those that frameworks add.
    attribution.endpoint(endpoint("*", "/any")).is_offered = true;
    attribution.add_call(&endpoint("POST", "/any"), "", Some(204));
    attribution.endpoint(endpoint("PUT", "/z")).is_offered = true;
    project
}

fn description() -> Description {
    let promised = |method: &str, path: &str, statuses: &[&str]| Promised {
        path: path.to_owned(),
        method: method.to_owned(),
        statuses: statuses.iter().map(|&status| status.to_owned()).collect(),
        bases: BTreeSet::new(),
    };
    Description {
        name: "api.yaml".to_owned(),
        operations: vec![
            promised("GET", "/price/{name}", &["200", "422"]),
            promised("DELETE", "/price/{name}", &["204"]),
        ],
    }
}

fn text(rows: AttributionRows, markdown: bool) -> String {
    let project = attributed();
    let report = project.report();
    let found = AttributionReport::new(&project.data, &report, None);
    let promises = Promises::new(&description(), &found);
    let promises = (rows == AttributionRows::Endpoints).then_some(&promises);
    render_attribution(&found, rows, promises, markdown)
}

#[test]
fn tests_are_a_table() {
    assert_eq!(
        text(AttributionRows::Tests, false),
        "\
Test         Outcome   Lines   Unique   Endpoints
-------------------------------------------------
test_idle    passed        0        0   GET /favicon.ico
test_later   skipped       0        0   –
test_price   failed        6        0   GET /price/{item}
test_tax     passed       10        4   GET /price/{item}
-------------------------------------------------
TOTAL                     10        4

1 test reached no line of any service:
  test_idle

4 tests reached 10 of 13 lines, 4 of them by one test only.
"
    );
}

#[test]
fn what_is_uncalled_is_not_known_of_a_service_that_says_no_routes() {
    let mut project = attributed();
    let attribution = &mut project.data.accounting.attribution;
    let job = Endpoint {
        service: "worker".to_owned(),
        route: "/job".to_owned(),
        method: "POST".to_owned(),
    };
    attribution.add_call(&job, "test_price", Some(200));
    let report = project.report();
    let found = AttributionReport::new(&project.data, &report, None);
    assert_eq!(found.without_routes, ["worker"]);
    let text = render_attribution(&found, AttributionRows::Endpoints, None, false);
    assert!(
        text.contains(
            "4 endpoints, 1 never called; worker does not say which routes it has, so others may be uncalled."
        ),
        "{text}"
    );
}

#[test]
fn endpoints_are_a_table_those_that_were_never_called_first() {
    assert_eq!(
        text(AttributionRows::Endpoints, false),
        "\
Endpoint            Service   Statuses       Tests   Lines
----------------------------------------------------------
PUT /z              web       never called       0       0
POST /any           web       204                0       0
GET /price/{item}   web       200, 404           2       3

Other requests, for which the service declares no route:
  GET /favicon.ico (web): 404

3 endpoints, 1 never called.

api.yaml promises what no service serves:
  DELETE /price/{name}

api.yaml promises statuses that were never answered:
  GET /price/{name}: 422
"
    );
    let markdown = text(AttributionRows::Endpoints, true);
    assert!(
        markdown.starts_with("| Endpoint | Service | Statuses | Tests | Lines |\n"),
        "{markdown}"
    );
}

#[test]
fn tests_and_endpoints_have_pages() {
    let pages = attributed().pages(|options| {
        options.show_contexts = true;
        options.description = Some(description());
    });
    let tests = page(&pages, "tests.html");
    assert!(
        tests.contains("4 tests reached 10 of 13 lines, 4 of them by one test only."),
        "{tests}"
    );
    assert!(tests.contains("1 test reached no line of any service: <a href=\"t/test_idle-"));
    assert!(tests.contains("✗ failed"));
    let index = page(&pages, "index.html");
    let link =
        "<a href=\"endpoints.html\">Endpoints</a></strong>: 3 endpoints, 1 never called.</p>";
    assert!(index.contains(link), "{index}");
    let endpoints = page(&pages, "endpoints.html");
    let place = |text: &str| {
        endpoints
            .find(text)
            .unwrap_or_else(|| panic!("{endpoints}"))
    };
    assert!(place("PUT /z") < place("<code>GET /price/{item}"));
    place("✗ never called");
    place("<details><summary>2 tests</summary><ul><li><a href=\"t/test_price-");
    place("<li id=e3 tabindex=-1><code>GET /favicon.ico</code> of web: 404 <small>1 test</small>");
    place("<li><code>DELETE /price/{name}");
    place("<li><code>GET /price/{name}</code>: 422");
    let test = page(&pages, "t/test_tax-");
    assert!(
        test.contains("endpoints.html#e2\"><code>GET /price/{item}</code></a> of web: 404\n"),
        "{test}"
    );
    assert!(test.contains("<a href=\"../f/shop-store-py-"), "{test}");
    // The lines of a file lead to the tests.
    let app = page(&pages, "f/shop-app-py");
    assert!(!app.contains("(no context)"), "{app}");
    assert!(app.contains("<a href=\"../t/test_price-"), "{app}");
    let idle = page(&pages, "t/test_idle-");
    assert!(idle.contains("It reached no line of any service."));
    assert!(
        idle.contains("/favicon.ico</code></a> of web: 404 <small>setup</small>"),
        "{idle}"
    );
    let single = attributed().pages(|options| options.single_file = true);
    assert!(page(&single, "index.html").contains("id=\"page:t/test_tax-"));
}

#[test]
fn data_without_tests_has_no_pages_of_them() {
    let pages = Project::shop().pages(|_| ());
    let is_about_tests = |name: &str| name.starts_with("t/") || name.starts_with("tests");
    assert!(!pages.iter().any(|piece| is_about_tests(&piece.name)));
    assert!(!page(&pages, "index.html").contains("endpoints.html"));
}
