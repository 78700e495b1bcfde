//! Tasks of pools of processes: each runs for the test that submitted it, and fails as it does without swath.

use std::collections::BTreeSet;

use swath_test::{Python, Requirements, Scale, newest_python, pythons, scale, venv};

use crate::stage::Stage;

const PYTEST: &str = "python -m pytest -q --tb=short -p no:cacheprovider --rootdir .";
const METHODS: [&str; 3] = ["fork", "spawn", "forkserver"];

/// The oldest Python and the newest; all of them when everything is proved.
fn pythons_here(test: &str) -> Vec<&'static Python> {
    if pythons().is_empty() {
        swath_test::skip(test, "no CPython 3.8 or newer");
    }
    if scale() == Scale::Whole {
        return pythons().iter().collect();
    }
    let mut chosen: Vec<_> = pythons().iter().take(1).chain(newest_python()).collect();
    chosen.dedup();
    chosen
}

/// A stage on each of these Pythons.
fn stages(test: &str, packages: Requirements) -> impl Iterator<Item = (&'static Python, Stage)> {
    let pythons = pythons_here(test).into_iter();
    pythons.filter_map(move |python| Some((python, Stage::new(venv(python, &packages)?))))
}

#[test]
fn a_task_runs_for_the_test_that_submitted_it() {
    let test = "a_task_runs_for_the_test_that_submitted_it";
    for (python, stage) in stages(test, Requirements::from(["pytest"])) {
        let ran = ran(&stage, test, "test_pools.py -k not(errors)");
        assert_eq!(ran, expected(), "{}: {}", python.tag(), stage.output(test));
    }
}

/// What ran in a suite that passes, and for which of its tests.
fn ran(stage: &Stage, name: &str, suite: &str) -> BTreeSet<String> {
    let mut command = stage.command(name, "suites", &format!("{PYTEST} {suite}"));
    let passed = stage.run(name, &mut command);
    assert!(passed, "{}", stage.output(name));
    let log = stage.log(name);
    log.assert_balanced(name);
    let test = |context: &[String]| match context.get(1).and_then(|name| name.split_once("::")) {
        Some((_, test)) => test.to_owned(),
        None => "-".to_owned(),
    };
    let ran = log.ran().into_iter();
    ran.map(|(place, context)| format!("{place}: {}", test(&context)))
        .collect()
}

#[test]
fn a_task_of_loky_runs_for_the_test_that_submitted_it() {
    let test = "a_task_of_loky_runs_for_the_test_that_submitted_it";
    for (python, stage) in stages(test, Requirements::from(["joblib", "loky", "pytest"])) {
        let expected: BTreeSet<String> = [1, 2]
            .iter()
            .flat_map(|number| {
                [
                    format!("loky {number}: test_loky[{number}]|run"),
                    format!("loky {number} fails: test_loky[{number}]|run"),
                    format!("joblib {number}: test_joblib[{number}]|run"),
                ]
            })
            .collect();
        let ran = ran(&stage, test, "test_loky.py");
        assert_eq!(ran, expected, "{}: {}", python.tag(), stage.output(test));
    }
}

/// What ran, and for which test.
fn expected() -> BTreeSet<String> {
    let executor = [
        "submit",
        "map",
        "argument unpickled",
        "argument",
        "in a process",
        "in a pool",
    ];
    let pool = [
        "apply",
        "apply_async",
        "map",
        "starmap",
        "imap",
        "chunk",
        "argument unpickled",
        "argument",
        "thread",
    ];
    let mut expected = BTreeSet::new();
    for method in METHODS {
        // Whoever made the worker: it outlives what it was made in.
        expected.insert(format!("initializer of {method}: -"));
        for number in [1, 2] {
            for (kind, places) in [("executor", &executor[..]), ("pool", &pool[..])] {
                for place in places {
                    expected.insert(format!(
                        "{kind} {number} {place}: test_{kind}[{method}-{number}]|run"
                    ));
                }
            }
        }
    }
    expected
}

#[test]
fn a_task_fails_as_it_does_without_swath() {
    let test = "a_task_fails_as_it_does_without_swath";
    for (python, stage) in stages(test, Requirements::from(["pytest"])) {
        let words = format!("{PYTEST} test_pools.py -k errors");
        let errors = |name: &str, without: &str| {
            let mut command = stage.command(name, "suites", &words);
            command.env("STAND_IN_WITHOUT", without);
            let passed = stage.run(name, &mut command);
            assert!(passed, "{}: {}", python.tag(), stage.output(name));
            stage.log(name).texts("error")
        };
        let with = errors("with", "");
        assert_eq!(with.len(), 8 * METHODS.len(), "{with:?}");
        assert_eq!(with, errors("without", "1"), "{}", python.tag());
    }
}
