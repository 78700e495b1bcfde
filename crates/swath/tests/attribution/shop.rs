//! Two services, one of which calls the other, under tests that run at the same time.

use swath_test::{
    Python, Random, Requirements, Scale, free_port, scale, seed, venv, workspace_root,
};

use crate::project::{Project, Sampled, pythons_for};
use crate::reached::{Reached, assert_as_alone, assert_same};

/// What the services and their tests need.
fn requirements() -> Requirements {
    Requirements::from([
        "fastapi",
        "flask",
        "gunicorn",
        "pytest",
        "pytest-xdist",
        "uvicorn",
    ])
}

/// Flask under gunicorn, which asks `FastAPI` under uvicorn.
pub(crate) struct Shop {
    pub(crate) project: Project,
    python: &'static Python,
    branch: bool,
    workers: u8,
    ports: [u16; 2],
}

impl Shop {
    /// `None`, and a named skip, where its packages cannot be had.
    pub(crate) fn new(python: &'static Python, branch: bool, workers: u8) -> Option<Self> {
        let project = Project::new(venv(python, &requirements())?);
        let from = workspace_root().join("crates/swath/tests/attribution/shop");
        for entry in fs_err::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            if entry
                .path()
                .extension()
                .is_some_and(|extension| extension == "py")
            {
                fs_err::copy(entry.path(), project.folder().join(entry.file_name())).unwrap();
            }
        }
        Some(Self {
            project,
            python,
            branch,
            workers,
            ports: [free_port(), free_port()],
        })
    }

    /// Runs a command against the services; nothing may be unmeasured.
    pub(crate) fn run(
        &self,
        options: &[&str],
        variables: &[(&str, &str)],
        command: &str,
    ) -> Reached {
        let [shop, stock] = self.ports;
        let workers = self.workers;
        let services = [
            format!(
                "--service=shop=gunicorn --bind=127.0.0.1:{shop} --workers={workers} --threads=8 shop:app"
            ),
            format!("--ready=shop=tcp:127.0.0.1:{shop}"),
            format!("--service=stock=uvicorn --port {stock} --log-level warning stock:app"),
            format!("--ready=stock=tcp:127.0.0.1:{stock}"),
        ];
        let mut arguments = vec!["run", "--source=."];
        arguments.extend(services.iter().map(String::as_str));
        arguments.extend(self.branch.then_some("--branch"));
        arguments.extend(options);
        arguments.push("--");
        arguments.extend(command.split_whitespace());
        let addresses = self.ports.map(|port| format!("http://127.0.0.1:{port}"));
        let mut variables = variables.to_vec();
        variables.extend([("SHOP", addresses[0].as_str()), ("STOCK", &addresses[1])]);
        let (printed, reached) = self.project.measured(&variables, &arguments);
        let name = self.name();
        assert!(
            printed.stderr.contains("Complete "),
            "{name}: {}",
            printed.stderr
        );
        reached
    }

    pub(crate) fn name(&self) -> String {
        let kind = if self.branch { "branches" } else { "lines" };
        format!("{} {kind}", self.python.tag())
    }

    /// What the services run without any test.
    pub(crate) fn start(&self) -> Reached {
        self.run(&[], &[], "true")
    }

    /// Each of these tests has what a run of it alone records.
    pub(crate) fn check(
        &self,
        tests: &[String],
        many: &Reached,
        start: &Reached,
        alone: impl Fn(&str) -> String,
    ) {
        for test in tests {
            let alone = self.run(&[], &[], &alone(test));
            let name = format!("{test} on {}", self.name());
            assert_as_alone(&name, &many.of(test), &alone, start);
        }
    }
}

/// Some of the tests, or all when everything is proved.
pub(crate) fn sample(tests: &[String], few: usize) -> Vec<String> {
    match scale() {
        Scale::Whole => tests.to_vec(),
        Scale::Sample => Random::new(seed()).sample(tests, few),
    }
}

pub(crate) const PYTEST: &str = "python -m pytest -q -p no:cacheprovider";

/// The names of the tests of `test_shop.py`.
fn tests() -> Vec<String> {
    let each = |name: &str, numbers: &[u8]| -> Vec<String> {
        let name = |number: &u8| format!("test_shop.py::test_{name}[{number}]");
        numbers.iter().map(name).collect()
    };
    let mut tests = each("price", &[1, 2, 3, 4, 5, 6]);
    tests.extend(each("stock", &[1, 2, 3, 4, 5]));
    tests.extend(each("order", &[1, 2, 3, 5, 7]));
    tests.extend(each("lines", &[0, 1, 2]));
    tests.extend(["known", "unknown", "nothing"].map(|name| format!("test_shop.py::test_{name}")));
    tests
}

/// Shops for the Pythons that a test is tried on.
fn shops(test: &str, branch: bool, sampled: Sampled) -> impl Iterator<Item = Shop> {
    let pythons = pythons_for(test, sampled).into_iter();
    pythons.filter_map(move |python| Shop::new(python, branch, 2))
}

#[test]
fn branches_of_each_test_are_what_it_runs_alone() {
    for shop in shops(
        "branches_of_each_test_are_what_it_runs_alone",
        true,
        Sampled::Both,
    ) {
        let start = shop.start();
        check_crowd(&shop, &start);
        check_pytest(&shop, &start);
    }
}

#[test]
fn lines_of_each_test_are_what_it_runs_alone() {
    for shop in shops(
        "lines_of_each_test_are_what_it_runs_alone",
        false,
        Sampled::Newest,
    ) {
        let start = shop.start();
        check_crowd(&shop, &start);
        if scale() == Scale::Whole {
            check_pytest(&shop, &start);
        }
    }
}

/// Twenty tests at once, in threads, that name themselves; the services have run much of it when they started.
fn check_crowd(shop: &Shop, start: &Reached) {
    let numbers: Vec<String> = (1..=20).map(|number: u8| number.to_string()).collect();
    let command = format!("python crowd.py {}", numbers.join(" "));
    let many = shop.run(&["--attribution"], &[("WARM", "1")], &command);
    let tests: Vec<String> = numbers
        .iter()
        .map(|number| format!("crowd {number}"))
        .collect();
    let mut names: Vec<&str> = tests.iter().map(String::as_str).collect();
    names.push("(start-up)");
    names.sort_unstable();
    assert_eq!(many.names(), names, "{}", shop.name());
    // What a pool ran for a request is the endpoint's; none is called for it.
    let endpoints = shop.project.report(&["--by", "endpoint"]);
    let spread = "GET /spread/<int:number> | shop | 200 | 20";
    assert!(
        cells(&endpoints, 4).iter().any(|row| row == spread) && !endpoints.contains("/spread/{n}"),
        "{}: {endpoints}",
        shop.name()
    );
    shop.check(&sample(&tests, 2), &many, start, |test| {
        format!("python crowd.py {}", test.rsplit(' ').next().unwrap())
    });
}

/// pytest's tests in many processes, some with threads.
fn check_pytest(shop: &Shop, start: &Reached) {
    let command = format!("{PYTEST} -n {} test_shop.py", scale().pick(3, 20));
    let without = shop.run(&[], &[], &command);
    let total = shop.project.report(&["-m"]);
    let many = shop.run(&["--attribution"], &[], &command);
    assert_eq!(shop.project.report(&["-m"]), total, "{}", shop.name());
    assert_same(&shop.name(), many.all(), without.all());
    assert_same(&shop.name(), &many.of("(start-up)"), start.all());
    check_reports(shop);
    shop.check(&sample(&tests(), 2), &many, start, |test| {
        format!("{PYTEST} {test}")
    });
}

/// The cells of a table, without the columns at the end that are numbers.
fn cells(table: &str, columns: usize) -> Vec<String> {
    let rows = table
        .lines()
        .skip(2)
        .take_while(|row| !row.is_empty() && !row.starts_with("---"));
    let words = rows.map(|row| {
        row.split("  ")
            .map(str::trim)
            .filter(|cell| !cell.is_empty())
    });
    words
        .map(|row| row.take(columns).collect::<Vec<_>>().join(" | "))
        .collect()
}

fn check_reports(shop: &Shop) {
    let endpoints = shop.project.report(&["--by", "endpoint"]);
    assert_eq!(
        cells(&endpoints, 4),
        [
            "POST /die | shop | never called | 0",
            "GET /hang | shop | never called | 0",
            "DELETE /orders/<int:number> | shop | never called | 0",
            "GET /spread/<int:number> | shop | never called | 0",
            "GET /shelves | stock | never called | 0",
            "GET /lines/<int:number> | shop | 200 | 4",
            "POST /orders | shop | 201, 500 | 5",
            "GET /prices/<int:number> | shop | 200 | 7",
            "GET /search | shop | 200 | 1",
            "GET /stock/<int:number> | shop | 200, 404 | 7",
            "GET /reserved/{number} | stock | 200 | 4",
            "GET /stock/{number} | stock | 200 | 6",
        ],
        "{}: {endpoints}",
        shop.name()
    );
    assert!(
        endpoints.contains("GET /nowhere (shop): 404"),
        "{endpoints}"
    );
    let by_test = shop.project.report(&["--by", "test"]);
    let mut names = tests();
    names.sort();
    let rows = cells(&by_test, 1);
    assert_eq!(rows, names, "{}: {by_test}", shop.name());
    assert!(
        by_test.contains("1 test reached no line of any service:\n  test_shop.py::test_nothing\n"),
        "{by_test}"
    );
    let order = by_test
        .lines()
        .find(|row| row.starts_with("test_shop.py::test_order[1]"));
    let order = order.unwrap_or_default();
    assert!(
        order.contains("   passed  ") && order.ends_with("POST /orders, GET /reserved/{number}"),
        "{by_test}"
    );
}
