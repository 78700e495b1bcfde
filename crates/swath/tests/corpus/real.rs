//! Test suites of packages from the package index, run by coverage.py and by swath: the same tests
//! pass, and the same lines and branches ran.

use std::collections::BTreeSet;

use swath_test::{Scale, coverage_requirements, python, record_figure, scale, skip, venv};

use suite::suites;
use totals::Totals;

mod suite;
mod totals;

/// What all suites run with.
const PYTEST: [&str; 2] = ["pytest==8.4.2", "pytest-asyncio==0.26.0"];
const TABLE: &str = "Test suites of packages run by coverage.py and swath";

#[test]
fn the_list_of_suites_is_long_enough() {
    let suites = suites();
    assert!(suites.len() >= 30, "{} suites", suites.len());
    let asynchronous = suites.iter().filter(|suite| suite.asyncio).count();
    assert!(asynchronous >= 10, "{asynchronous} asynchronous ones");
    let packages: BTreeSet<&str> = suites.iter().map(|suite| suite.package.as_str()).collect();
    assert_eq!(packages.len(), suites.len(), "a package is there twice");
}

#[test]
fn test_suites_of_packages_on_3_10() {
    check_all("test_suites_of_packages_on_3_10", 10);
}

#[test]
fn test_suites_of_packages_on_3_11() {
    check_all("test_suites_of_packages_on_3_11", 11);
}

#[test]
fn test_suites_of_packages_on_3_12() {
    check_all("test_suites_of_packages_on_3_12", 12);
}

#[test]
fn test_suites_of_packages_on_3_13() {
    check_all("test_suites_of_packages_on_3_13", 13);
}

#[test]
fn test_suites_of_packages_on_3_14() {
    check_all("test_suites_of_packages_on_3_14", 14);
}

/// All suites on one Python; in a sample the first one alone, on 3.12.
///
/// `SWATH_SUITES=flask,h11` keeps those alone.
fn check_all(test: &str, minor: u8) {
    let whole = scale() == Scale::Whole;
    if !whole && minor != 12 {
        return skip(test, "only with SWATH_PROVE=1");
    }
    let Some(python) = python(3, minor) else {
        return skip(test, &format!("CPython 3.{minor}"));
    };
    let mut suites = suites();
    if !whole {
        suites.truncate(1);
    }
    let tag = python.tag();
    suites.retain(|suite| match suite.not_on.get(&tag) {
        Some(reason) => {
            record_figure(TABLE, &suite.package, &tag, format!("not run: {reason}"));
            false
        }
        None => true,
    });
    let packages = suites.iter().map(|suite| suite.package.clone());
    let required = suites.iter().flat_map(|suite| suite.requires.clone());
    let requirements = coverage_requirements()
        .with(PYTEST)
        .with(packages)
        .with(required);
    let Some(venv) = venv(python, &requirements) else {
        return;
    };
    let wanted = std::env::var("SWATH_SUITES").ok();
    if let Some(wanted) = &wanted {
        suites.retain(|suite| wanted.split(',').any(|name| suite.name() == name));
    }
    let mut complaints = Vec::new();
    let mut all = Totals::default();
    for suite in &suites {
        match suite.compare(python, &venv) {
            Ok(Some(totals)) => {
                record_figure(TABLE, &suite.package, &tag, totals.to_string());
                if suite.asyncio {
                    record_figure(TABLE, &suite.package, "asynchronous", "yes");
                }
                all.add(&totals);
            }
            Ok(None) => skip(&format!("{test} of {}", suite.package), "no sources"),
            Err(complaint) => {
                record_figure(TABLE, &suite.package, &tag, "differs");
                complaints.push(format!("{}: {complaint}", suite.package));
            }
        }
    }
    if whole && wanted.is_none() {
        let suites = format!("{} of {} equal: {all}", all.suites, suites.len());
        record_figure(TABLE, "all suites", &tag, suites);
    }
    assert!(
        complaints.is_empty(),
        "{} of {} suites differ on {tag}:\n{}",
        complaints.len(),
        suites.len(),
        complaints.join("\n")
    );
}
