//! The analysis of every standard library found, compared with coverage.py's.

use std::path::PathBuf;

use anyhow::Result;
use rayon::prelude::*;
use swath_analysis::ExclusionRules;
use swath_test::{Python, Random, python, record_figure, scale, seed, skip};

use crate::oracle::{KnownMismatches, Oracle, difference};

fn compare_on(major: u8, minor: u8) -> Result<()> {
    let Some(python) = python(major, minor) else {
        skip(&format!("the standard library of {major}.{minor}"), "no such Python");
        return Ok(());
    };
    compare(python)
}

fn compare(python: &Python) -> Result<()> {
    let Some(oracle) = Oracle::new(python) else { return Ok(()) };
    let (root, all) = oracle.standard_library()?;
    let files = scale().pick(Random::new(seed()).sample(&all, 120), all);
    let dumps = oracle.dump(&files, Some("stdlib"))?;
    let rules = ExclusionRules::default();
    let relative = |path: &PathBuf| path.strip_prefix(&root).unwrap_or(path).display().to_string();
    let found: Vec<(String, Option<String>)> = dumps
        .par_iter()
        .filter(|dump| dump.failure.is_none())
        .map(|dump| Ok((relative(&dump.path), difference(dump, oracle.version(), &rules)?)))
        .collect::<Result<_>>()?;
    let checked: Vec<String> = found.iter().map(|(file, _)| file.clone()).collect();
    let differences: Vec<(String, String)> =
        found.into_iter().filter_map(|(file, difference)| Some((file, difference?))).collect();
    let figure = format!("{} of {} files equal", checked.len() - differences.len(), checked.len());
    record_figure("Analysis against coverage.py", "standard library", &python.tag(), figure);
    KnownMismatches::read()?.judge(&python.tag(), &checked, &differences)
}

#[test]
fn python_3_8_is_equal() -> Result<()> {
    compare_on(3, 8)
}

#[test]
fn python_3_9_is_equal() -> Result<()> {
    compare_on(3, 9)
}

#[test]
fn python_3_10_is_equal() -> Result<()> {
    compare_on(3, 10)
}

#[test]
fn python_3_11_is_equal() -> Result<()> {
    compare_on(3, 11)
}

#[test]
fn python_3_12_is_equal() -> Result<()> {
    compare_on(3, 12)
}

#[test]
fn python_3_13_is_equal() -> Result<()> {
    compare_on(3, 13)
}

#[test]
fn python_3_14_is_equal() -> Result<()> {
    compare_on(3, 14)
}

#[test]
fn python_3_15_is_equal() -> Result<()> {
    compare_on(3, 15)
}
