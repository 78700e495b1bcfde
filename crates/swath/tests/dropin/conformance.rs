//! coverage.py's own tests, with swath in place of its command; and the command lines that these
//! tests come to, once by coverage.py and once by swath.
//!
//! The tests come from coverage.py's source archive and stay under `target`.

mod outcome;
mod replay;
mod suite;

use std::collections::{BTreeMap, BTreeSet};

use swath_test::{Random, Scale, record_figure, scale, seed, skip};

use outcome::{Listed, by_class, class_of, failing_names};
use suite::Suite;

/// Tests of coverage.py's that run its command, and pass with coverage.py itself.
const CASES: &str = include_str!("conformance/cases.txt");

/// Those that say nothing about swath, or that it does not pass yet: `NAME: REASON` a line.
const LISTED: &str = include_str!("conformance/listed.txt");

/// How many of the tests a sample has.
const SAMPLE: usize = 16;

#[test]
fn conformance_of_the_command_line() {
    let Some(suite) = Suite::obtain("conformance_of_the_command_line") else {
        return;
    };
    let listed = Listed::parse(LISTED);
    let mut cases: Vec<String> = CASES.lines().map(str::to_owned).collect();
    if scale() == Scale::Sample {
        cases.retain(|name| !listed.has(name) && outcome::is_quick(name));
        cases = Random::new(seed()).sample(&cases, SAMPLE);
    } else {
        let baseline = suite.baseline();
        let found: BTreeSet<&str> = baseline.cases.iter().map(String::as_str).collect();
        let known: BTreeSet<&str> = CASES.lines().collect();
        let new: Vec<_> = found.difference(&known).collect();
        assert!(
            new.is_empty(),
            "conformance/cases.txt does not name these: {new:?}"
        );
        // Some depend on how quickly the machine answers.
        cases.retain(|name| found.contains(name.as_str()));
        for name in known.difference(&found) {
            skip(name, "coverage.py itself did not pass it this time");
        }
    }
    let outcomes = suite.with_swath(&cases);
    let failing = failing_names(&cases, &outcomes);
    for (class, (passed, counted, aside)) in by_class(&cases, &failing, &listed) {
        println!("{class}: {passed} of {counted} passed, {aside} do not apply");
        if scale() == Scale::Whole {
            let table = "Conformance: coverage.py's own tests of its command";
            record_figure(table, &class, "passed", passed.to_string());
            record_figure(table, &class, "applicable", counted.to_string());
            record_figure(table, &class, "do not apply", aside.to_string());
        }
    }
    let unexpected: Vec<&String> = failing.iter().filter(|name| !listed.has(name)).collect();
    let healed: Vec<&String> = cases
        .iter()
        .filter(|name| listed.has(name) && !failing.contains(*name))
        .collect();
    assert!(unexpected.is_empty(), "failed: {unexpected:#?}");
    assert!(healed.is_empty(), "listed and passed: {healed:#?}");
}

#[test]
fn conformance_of_recorded_reports() {
    let test = "conformance_of_recorded_reports";
    if scale() == Scale::Sample {
        // The recording takes as long as the whole of coverage.py's tests.
        return skip(test, "only with SWATH_PROVE=1");
    }
    let Some(suite) = Suite::obtain(test) else {
        return;
    };
    let baseline = suite.baseline();
    let mut figures: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    let mut failures = Vec::new();
    for case in replay::cases(&baseline.store) {
        let (passed, counted) = figures.entry(class_of(&case.test)).or_default();
        *counted += 1;
        match replay::differences(&suite, &case) {
            differences if differences.is_empty() => *passed += 1,
            differences => failures.push((case.name(), differences.join("\n"))),
        }
    }
    for (class, (passed, counted)) in figures {
        println!("{class}: {passed} of {counted} equal");
        let table = "Conformance: command lines recorded from coverage.py's tests";
        record_figure(table, &class, "equal", passed.to_string());
        record_figure(table, &class, "recorded", counted.to_string());
    }
    let listed = Listed::parse(LISTED);
    let names: BTreeSet<&str> = failures.iter().map(|(name, _)| name.as_str()).collect();
    let unexpected: Vec<&str> = failures
        .iter()
        .filter(|(name, _)| !listed.has(name))
        .map(|(_, text)| text.as_str())
        .collect();
    let healed: Vec<&str> = listed
        .recorded()
        .filter(|name| !names.contains(name))
        .collect();
    assert!(unexpected.is_empty(), "{}", unexpected.join("\n\n"));
    assert!(healed.is_empty(), "listed and equal: {healed:#?}");
}
