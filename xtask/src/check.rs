//! `cargo xtask check`: all that needs no test run.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;

use crate::cargo::{self, cargo};
use crate::{generate, tidy};

/// A check's name and what it does.
type Check = (&'static str, fn() -> Result<()>);

const CHECKS: [Check; 4] = [
    ("fmt", format),
    ("clippy", clippy),
    ("tidy", tidy::run),
    ("gen", generate::check),
];

/// What `cargo xtask check` is told.
#[derive(Args)]
pub(crate) struct Options {
    /// Only these checks; all when none is named
    #[arg(value_parser = CHECKS.map(|(name, _)| name))]
    names: Vec<String>,
}

/// Runs every check to its end, so that one call shows all there is to mend.
pub(crate) fn run(options: &Options) -> ExitCode {
    let mut failed = Vec::new();
    let chosen = |(name, _): &Check| {
        options.names.is_empty() || options.names.iter().any(|other| other == name)
    };
    let checks: Vec<Check> = CHECKS.into_iter().filter(chosen).collect();
    for (name, check) in &checks {
        if let Err(error) = check() {
            eprintln!("error: {error:#}");
            failed.push(*name);
        }
    }
    if failed.is_empty() {
        let names: Vec<&str> = checks.iter().map(|(name, _)| *name).collect();
        println!("check: {} passed", names.join(", "));
        return ExitCode::SUCCESS;
    }
    println!("check: {} failed", failed.join(", "));
    ExitCode::FAILURE
}

fn format() -> Result<()> {
    cargo::run(&mut cargo(["fmt", "--all", "--check"]))
}

fn clippy() -> Result<()> {
    cargo::run(&mut cargo([
        "clippy",
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ]))
}
