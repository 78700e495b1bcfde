//! One line is changed: no test that is not selected ends otherwise than before.

use std::collections::BTreeSet;

use swath_test::{
    Example, Random, Requirements, newest_python, record_figure, scale, seed, skip, venv,
};

use crate::suite::{Mutated, Mutation, Outcomes, Package, Suite, TIMEOUT, Xy, mutations, selected};

/// httpbin's tests, without two that wait for seconds.
const HTTPBIN_TESTS: [&str; 3] = [
    "tests/test_httpbin.py",
    "--deselect=tests/test_httpbin.py::HttpbinTestCase::test_drip",
    "--deselect=tests/test_httpbin.py::HttpbinTestCase::test_drip_with_custom_code",
];

/// How many tests were selected, after how many changes.
#[derive(Clone, Copy, Debug, Default)]
struct Selected {
    changes: usize,
    tests: usize,
}

impl Selected {
    fn add(&mut self, tests: usize) {
        self.changes += 1;
        self.tests += tests;
    }

    /// The mean share, of so many tests.
    fn share(self, all: usize) -> String {
        let whole = (self.changes * all).max(1);
        format!("{} %", (self.tests * 200 / whole).div_ceil(2))
    }
}

/// What came of many changes.
#[derive(Debug, Default)]
struct Tally {
    /// How many tests there are.
    tests: usize,
    all: Selected,
    /// Of changes after which not all tests were selected.
    narrow: Selected,
    /// Changes after which some test ended otherwise, as far as that was looked at.
    noticed: usize,
    /// Tests that ended otherwise after others had failed, and as before without them.
    cascades: usize,
    missed: Vec<String>,
    testmon: Selected,
    /// Changes after which a test ended otherwise that pytest-testmon does not select.
    testmon_missed: usize,
}

impl Tally {
    fn record(&self, suite: &str) {
        let cell = |column: &str, value: String| {
            record_figure("Tests that a change can affect", suite, column, value);
        };
        let Self { all, narrow, .. } = self;
        cell("changes of one line", all.changes.to_string());
        cell("with a test missing", self.missed.len().to_string());
        cell("tests selected", all.share(self.tests));
        let narrow = format!("{}: {}", narrow.changes, narrow.share(self.tests));
        cell("where not all are selected", narrow);
        cell("noticed by a test", self.noticed.to_string());
        cell("noticed only after another test", self.cascades.to_string());
        if self.testmon.changes > 0 {
            cell(
                "pytest-testmon: tests selected",
                self.testmon.share(self.tests),
            );
            let missed = self.testmon_missed.to_string();
            cell("pytest-testmon: with a test missing", missed);
        }
    }
}

/// Whether a test is among those that are selected: with its parameters, or without.
fn is_selected(test: &str, selected: &BTreeSet<String>) -> bool {
    let base = test.split_once('[').map_or(test, |(base, _)| base);
    let file = test.split_once("::").map_or(test, |(file, _)| file);
    [test, base, file]
        .iter()
        .any(|name| selected.contains(*name))
}

/// The tests that end otherwise.
fn changed(before: &Outcomes, after: &Outcomes) -> BTreeSet<String> {
    let differs = |test: &&String| before.get(*test) != after.get(*test);
    before.keys().filter(differs).cloned().collect()
}

type Testmon<'a> = &'a dyn Fn() -> Option<BTreeSet<String>>;

fn check(
    (suite, testmon): (&dyn Suite, Option<Testmon<'_>>),
    mutation: &Mutation,
    before: &Outcomes,
    tally: &mut Tally,
) {
    let mutated = Mutated::new(mutation);
    let selected = selected(suite);
    let (in_it, others): (Vec<String>, Vec<String>) = before
        .keys()
        .cloned()
        .partition(|test| is_selected(test, &selected));
    tally.all.add(in_it.len());
    // Whoever asks in vain runs them all.
    let theirs =
        testmon.map(|testmon| testmon().unwrap_or_else(|| before.keys().cloned().collect()));
    if let Some(theirs) = &theirs {
        let selected = before.keys().filter(|test| is_selected(test, theirs));
        tally.testmon.add(selected.count());
    }
    if !others.is_empty() {
        tally.narrow.add(in_it.len());
    }
    // Nothing can be missing where all are selected.
    if others.is_empty() && theirs.is_none() {
        return;
    }
    let after = suite.run(&[]);
    let changed = changed(before, &after);
    if let Some(theirs) = &theirs {
        let is_missing = changed.iter().any(|test| !is_selected(test, theirs));
        tally.testmon_missed += usize::from(is_missing);
    }
    if others.is_empty() {
        return;
    }
    tally.noticed += usize::from(!changed.is_empty());
    let suspects = changed.iter().filter(|test| !is_selected(test, &selected));
    let suspects: Vec<String> = suspects.cloned().collect();
    if suspects.is_empty() {
        return;
    }
    // A test that failed may have left something behind, or the tests were stopped in one.
    let alone = suite.run(&suspects);
    let mut missed = self::changed(before, &alone);
    missed.retain(|test| suspects.contains(test));
    tally.cascades += suspects.len() - missed.len();
    drop(mutated);
    if !missed.is_empty() {
        tally.missed.push(format!("{mutation}: {missed:?}"));
    }
}

/// Whether a line runs once in each worker, for the first test that needs it, and serves all others:
/// such lines are always tried.
fn is_done_once(mutation: &Mutation) -> bool {
    mutation.file.ends_with("source/xy/journal.py") && mutation.line > 17
}

fn prove(suite: &dyn Suite, testmon: Option<Testmon<'_>>, count: usize) {
    let before = suite.run(&[]);
    assert!(
        before.len() > 20 && !before.contains_key(TIMEOUT),
        "{before:?}"
    );
    if scale().pick(false, true) {
        let again = suite.run(&[]);
        assert_eq!(before, again, "{}", suite.name());
    }
    let all = mutations(suite);
    let (once, all): (Vec<Mutation>, Vec<Mutation>) = all.into_iter().partition(is_done_once);
    let mut random = Random::new(seed());
    let mut sample = random.sample(&once, scale().pick(1, once.len()));
    sample.extend(random.sample(&all, count));
    assert!(sample.len() >= count.min(all.len()));
    let mut tally = Tally {
        tests: before.len(),
        ..Tally::default()
    };
    for mutation in &sample {
        check((suite, testmon), mutation, &before, &mut tally);
    }
    assert!(
        tally.missed.is_empty(),
        "{}: {:#?}",
        suite.name(),
        tally.missed
    );
    assert!(tally.noticed > 0, "{tally:?}");
    tally.record(suite.name());
}

#[test]
fn no_test_of_a_service_is_missing() {
    const TEST: &str = "no_test_of_a_service_is_missing";
    let Some(python) = newest_python() else {
        return skip(TEST, "no CPython 3.8 or newer");
    };
    if let Some(example) = Example::copy(python) {
        prove(&Xy::new(example), None, scale().pick(2, 200));
    }
}

#[test]
fn no_test_of_a_package_is_missing() {
    const TEST: &str = "no_test_of_a_package_is_missing";
    let Some(python) = newest_python() else {
        return skip(TEST, "no CPython 3.8 or newer");
    };
    let packages = Requirements::new([
        "brotlicffi",
        "decorator",
        "flask==3.1.3",
        "pytest",
        "pytest-testmon==2.2.0",
        "six",
        "werkzeug",
    ]);
    let Some(venv) = venv(python, &packages) else {
        return;
    };
    let suite = match Package::new("httpbin==0.10.4", ("httpbin", &HTTPBIN_TESTS), venv) {
        Ok(suite) => suite,
        Err(error) => return skip(TEST, &error),
    };
    // Beside the other tool only where its figures are for a page.
    let testmon = || suite.selected_by_testmon();
    let is_beside = scale().pick(false, true);
    if is_beside {
        suite.record_with_testmon();
    }
    let testmon = is_beside.then_some(&testmon as Testmon<'_>);
    prove(&suite, testmon, scale().pick(4, 210));
}
