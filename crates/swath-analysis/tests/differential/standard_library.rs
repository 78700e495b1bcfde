//! The analysis of every standard library found, compared with coverage.py's.

use anyhow::Result;
use swath_test::{Build, Python, Random, python, python_build, scale, seed, skip};

use crate::oracle::{Oracle, compare_files};

fn compare_on(major: u8, minor: u8) -> Result<()> {
    let Some(python) = python(major, minor) else {
        skip(
            &format!("the standard library of {major}.{minor}"),
            "no such Python",
        );
        return Ok(());
    };
    compare(python)
}

fn compare(python: &Python) -> Result<()> {
    let Some(oracle) = Oracle::new(python) else {
        return Ok(());
    };
    let (root, all) = oracle.standard_library()?;
    let files = scale().pick(Random::new(seed()).sample(&all, 80), all);
    compare_files(&oracle, "standard library", &root, &files)
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

/// A build for debugging, which is also of an early release: 3.11.2.
#[test]
fn an_early_release_of_3_11_is_equal() -> Result<()> {
    let Some(python) = python_build(3, 11, Build::Debug) else {
        skip(
            "an_early_release_of_3_11_is_equal",
            "`cargo xtask built-pythons`",
        );
        return Ok(());
    };
    compare(python)
}
