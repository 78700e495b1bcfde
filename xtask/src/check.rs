//! `cargo xtask check`: all that needs no test run.

use std::process::ExitCode;

use anyhow::Result;

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

/// Runs every check to its end, so that one call shows all there is to mend.
pub(crate) fn run() -> ExitCode {
    let mut failed = Vec::new();
    for (name, check) in CHECKS {
        if let Err(error) = check() {
            eprintln!("error: {error:#}");
            failed.push(name);
        }
    }
    if failed.is_empty() {
        println!("check: {} passed", CHECKS.map(|(name, _)| name).join(", "));
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
