//! `swath report --by`, of data that says which test and which endpoint ran what.

use std::path::Path;
use std::process::Command;

use swath_data::{CoverageData, Endpoint, Mode, RunRecord, read_data_file, write_data_file};
use swath_test::{Finished, finish};

/// A folder with a service's source, and a data file.
pub(crate) struct Sandbox {
    folder: tempfile::TempDir,
}

impl Sandbox {
    pub(crate) fn new(is_attributed: bool) -> Self {
        let folder = swath_test::temp_dir();
        let source = folder.path().join("shop.py");
        fs_err::write(
            &source,
            "def total(items):\n    if not items:\n        return 0\n    return sum(items)\n",
        )
        .unwrap();
        let path = source.to_str().unwrap().to_owned();
        let mut data = CoverageData::new(Mode::Lines);
        let mut add = |context: &str, lines: &[u32]| {
            let context = data.intern_context(context);
            data.add_lines(&path, context, &lines.iter().copied().collect());
        };
        add("", &[1]);
        if is_attributed {
            add("tests/test_shop.py::test_empty|run", &[2, 3]);
            add("tests/test_shop.py::test_sum|run", &[2, 4]);
            let known = &mut data.accounting.attribution;
            known.add_test("tests/test_shop.py::test_empty|run", Some("passed"));
            known.add_test("tests/test_shop.py::test_sum|run", Some("failed"));
            known.add_test("tests/test_shop.py::test_idle|run", Some("passed"));
            let endpoint = |method: &str, route: &str| Endpoint {
                service: "web".to_owned(),
                route: route.to_owned(),
                method: method.to_owned(),
            };
            let total = endpoint("GET", "/total/<int:id>");
            known.add_call(&total, "tests/test_shop.py::test_empty|run", Some(200));
            let facts = known.endpoint(total);
            facts.is_offered = true;
            let lines = facts.lines.entry(path.as_str().into()).or_default();
            lines.extend([2, 3]);
            known.endpoint(endpoint("DELETE", "/total")).is_offered = true;
        }
        data.accounting.runs.push(RunRecord {
            id: "5eed".to_owned(),
            facts: vec![("complete".to_owned(), "1".to_owned())],
        });
        write_data_file(&data, &folder.path().join(".coverage")).unwrap();
        Self { folder }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn swath(&self, words: &[&str]) -> Finished {
        let mut command = Command::new(env!("CARGO_BIN_EXE_swath"));
        command.args(words).current_dir(self.path());
        command
            .env_remove("COVERAGE_FILE")
            .env_remove("COVERAGE_RCFILE");
        finish(command)
    }

    /// What is printed, up to the verdict.
    fn report(&self, words: &[&str]) -> String {
        let done = self.swath(&[&["report"], words].concat());
        assert_eq!(done.code, 0, "{done:?}");
        let table = done
            .stdout
            .rsplit_once("\n\n")
            .map_or("", |(table, _)| table);
        format!("{table}\n")
    }
}

const TESTS: &str = "\
Test                             Outcome   Lines   Unique   Endpoints
---------------------------------------------------------------------
tests/test_shop.py::test_empty   passed        2        1   GET /total/<int:id>
tests/test_shop.py::test_idle    passed        0        0   –
tests/test_shop.py::test_sum     failed        2        1   –
---------------------------------------------------------------------
TOTAL                                          3        2

1 test reached no line of any service:
  tests/test_shop.py::test_idle

3 tests reached 3 of 4 lines, 2 of them by one test only; 1 more ran at start-up or for no test.
";

#[test]
fn tests_and_endpoints_are_rows() {
    let sandbox = Sandbox::new(true);
    assert_eq!(sandbox.report(&["--by", "test"]), TESTS);
    let endpoints = sandbox.report(&["--by=endpoint"]);
    assert_eq!(
        endpoints,
        "\
Endpoint              Service   Statuses       Tests   Lines
------------------------------------------------------------
DELETE /total         web       never called       0       0
GET /total/<int:id>   web       200                1       2

2 endpoints, 1 never called.
"
    );
    let markdown = sandbox.report(&["--by=test", "--format=markdown"]);
    assert!(
        markdown.starts_with("| Test | Outcome | Lines | Unique | Endpoints |\n"),
        "{markdown}"
    );
    // Among chosen contexts.
    let chosen = sandbox.report(&["--by=test", "--contexts=test_sum"]);
    assert!(
        chosen.contains("test_sum") && !chosen.contains("test_empty"),
        "{chosen}"
    );
}

#[test]
fn a_description_says_what_is_promised() {
    let sandbox = Sandbox::new(true);
    let yaml = "openapi: 3.0.0\npaths:\n  /total/{id}:\n    get:\n      responses: {200: {}, '404': {}}\n  /refund:\n    post:\n      responses: {'201': {}}\n";
    fs_err::write(sandbox.path().join("api.yaml"), yaml).unwrap();
    let text = sandbox.report(&["--openapi", "api.yaml"]);
    assert!(text.ends_with("api.yaml promises what no service serves:\n  POST /refund\n\napi.yaml promises statuses that were never answered:\n  GET /total/{id}: 404\n"), "{text}");
    let done = sandbox.swath(&["html", "-q", "--openapi", "api.yaml"]);
    assert_eq!(done.code, 0, "{done:?}");
    let page = fs_err::read_to_string(sandbox.path().join("htmlcov/endpoints.html")).unwrap();
    assert!(page.contains("<li><code>POST /refund</code>"), "{page}");
    assert!(sandbox.path().join("htmlcov/tests.html").exists());
    // Who ran a line is shown without being asked for.
    let files = fs_err::read_dir(sandbox.path().join("htmlcov/f")).unwrap();
    let file = files.flatten().next().unwrap().path();
    assert!(
        fs_err::read_to_string(file)
            .unwrap()
            .contains("Who ran which line")
    );
}

#[test]
fn what_cannot_be_said_is_refused() {
    let sandbox = Sandbox::new(false);
    let done = sandbox.swath(&["report", "--by", "test"]);
    assert_eq!((done.code, done.stdout.as_str()), (1, ""));
    assert_eq!(
        done.stderr,
        "error[no-attribution]: the data does not say which test ran what\n\nhint: swath run --attribution\n"
    );
    let path = sandbox.path().join(".coverage");
    let mut data = read_data_file(&path).unwrap();
    let served = data.accounting.attribution.endpoint(Endpoint::default());
    served.is_offered = true;
    write_data_file(&data, &path).unwrap();
    let done = sandbox.swath(&["report", "--by", "test"]);
    assert!(
        done.stderr.ends_with(
            "no test named itself in what it asked of the services\n\nhint: swath test-start NAME\n"
        ),
        "{done:?}"
    );
    fs_err::write(sandbox.path().join("api.yaml"), "a: b\n").unwrap();
    let done = sandbox.swath(&["report", "--openapi=api.yaml"]);
    assert!(
        done.stderr.starts_with(
            "error[bad-description]: `api.yaml` is not an OpenAPI description: it has no `paths`\n"
        ),
        "{done:?}"
    );
    for (words, said) in [
        (
            &["--by=test", "--format=total"][..],
            "`--by` has the formats text and markdown",
        ),
        (
            &["--by=test", "--openapi=api.yaml"],
            "`--openapi` is about endpoints",
        ),
        (
            &["--by=test", "--since=main", "--format=markdown"],
            "`--by` and `--since` do not go together",
        ),
    ] {
        let done = sandbox.swath(&[&["report"], words].concat());
        assert!(done.code == 1 && done.stderr.contains(said), "{done:?}");
    }
}

#[test]
fn tests_and_endpoints_stay_when_data_is_combined_and_derived() {
    let sandbox = Sandbox::new(true);
    let before = read_data_file(&sandbox.path().join(".coverage")).unwrap();
    let path = sandbox.path().join("shop.py").to_str().unwrap().to_owned();
    let done = sandbox.swath(&["combine", "--keep", "--data-file=all", ".coverage"]);
    assert_eq!(done.code, 0, "{done:?}");
    let done = sandbox.swath(&[
        "combine",
        "--append",
        "--keep",
        "--data-file=all",
        "--label=one=.coverage",
    ]);
    assert_eq!(done.code, 0, "{done:?}");
    let all = read_data_file(&sandbox.path().join("all")).unwrap();
    assert_eq!(all.accounting.attribution, before.accounting.attribution);
    assert_eq!(
        all.contexts_by_line(&path, None),
        before.contexts_by_line(&path, None)
    );

    let mut other = CoverageData::new(Mode::Lines);
    let context = other.intern_context("");
    other.add_lines(&path, context, &[3].into_iter().collect());
    write_data_file(&other, &sandbox.path().join("other")).unwrap();
    let done = sandbox.swath(&["subtract", ".coverage", "other", "-o", "rest"]);
    assert_eq!(done.code, 0, "{done:?}");
    let rest = read_data_file(&sandbox.path().join("rest")).unwrap();
    let endpoints: Vec<_> = rest.accounting.attribution.endpoints().collect();
    let lines: Vec<u32> = endpoints[1].1.lines[path.as_str()].iter().collect();
    assert_eq!((endpoints.len(), lines), (2, vec![2]));
    assert_eq!(rest.accounting.attribution.tests().count(), 3);
}

#[test]
fn tests_keep_the_labels_of_their_origin() {
    let sandbox = Sandbox::new(true);
    let path = sandbox.path().join("shop.py").to_str().unwrap().to_owned();
    let of = |rows: &[(&str, &[u32])]| {
        let mut data = CoverageData::new(Mode::Lines);
        for (context, lines) in rows {
            let context = data.intern_context(context);
            data.add_lines(&path, context, &lines.iter().copied().collect());
        }
        data
    };
    // As pytest-cov has it: the tests are contexts, and nothing else is known of them.
    let unit = of(&[("", &[1]), ("tests/unit.py::test_none|run", &[2, 3])]);
    write_data_file(&unit, &sandbox.path().join("unit.data")).unwrap();
    let done = sandbox.swath(&[
        "combine",
        "--keep",
        "--data-file=all",
        "--label=system=.coverage",
        "--label=unit=unit.data",
    ]);
    assert_eq!(done.code, 0, "{done:?}");
    let rows = |data: &str| {
        let table = sandbox.report(&["--by=test", &format!("--data-file={data}")]);
        let rows = table
            .lines()
            .skip(2)
            .take_while(|row| !row.starts_with("---"));
        let words = rows.map(|row| row.split_whitespace().take(5).collect::<Vec<_>>().join(" "));
        words.collect::<Vec<_>>()
    };
    let labelled = [
        "tests/test_shop.py::test_empty system passed 2 0",
        "tests/test_shop.py::test_idle system passed 0 0",
        "tests/test_shop.py::test_sum system failed 2 1",
        "tests/unit.py::test_none unit – 2 0",
    ];
    assert_eq!(rows("all"), labelled);
    pages_show_labels(&sandbox);
    // Chosen contexts are chosen in each label.
    let done = sandbox.swath(&[
        "compare",
        "--format=json",
        "--labels=system,unit",
        "--contexts=test_empty,test_none",
        "all",
    ]);
    let sets: serde_json::Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!(sets["totals"]["lines"]["both"], 2, "{done:?}");
    // They stay when the data is combined further and when less of it is left.
    let done = sandbox.swath(&["combine", "--keep", "--data-file=more", "all"]);
    assert_eq!(done.code, 0, "{done:?}");
    assert_eq!(rows("more"), labelled);
    write_data_file(&of(&[("", &[3])]), &sandbox.path().join("other")).unwrap();
    let done = sandbox.swath(&["subtract", "all", "other", "-o", "rest"]);
    assert_eq!(done.code, 0, "{done:?}");
    assert_eq!(rows("rest")[3], "tests/unit.py::test_none unit – 1 0");
    let rest = read_data_file(&sandbox.path().join("rest")).unwrap();
    let unit = rest.labelled("unit").unwrap();
    assert_eq!(unit.lines(&path, None), Some([1, 2].into_iter().collect()));
}

/// The pages of tests have labels where there are any, and no column for them where there are none.
fn pages_show_labels(sandbox: &Sandbox) {
    let page = |name: &str| {
        let path = sandbox.path().join("htmlcov").join(name);
        fs_err::read_to_string(path).unwrap()
    };
    let done = sandbox.swath(&["html", "-q", "--data-file=all"]);
    assert_eq!(done.code, 0, "{done:?}");
    let all = page("tests.html");
    assert!(all.contains("<th scope=col>Label<th"), "{all}");
    let row = |name: &str| {
        let rows = all.lines();
        rows.filter(|row| row.starts_with("<tr><th scope=row>"))
            .find(|row| row.contains(&format!(">{name}<")))
            .unwrap_or_default()
            .to_owned()
    };
    for (test, label, outcome) in [
        ("tests/test_shop.py::test_sum", "system", "✗ failed"),
        ("tests/unit.py::test_none", "unit", "–"),
    ] {
        let row = row(test);
        let cells = format!("<td class=t>{label}<td class=t>{outcome}<td>2<td>");
        assert!(row.contains(&cells), "{row}");
        let (_, link) = row.split_once("href=\"").unwrap();
        let own = page(link.split_once('"').unwrap().0);
        let lead = format!("<p class=lead>Label: {label}. Outcome: {outcome}. ");
        assert!(own.contains(&lead), "{own}");
    }
    let done = sandbox.swath(&["html", "-q"]);
    assert_eq!(done.code, 0, "{done:?}");
    assert!(!page("tests.html").contains("Label"));
}
