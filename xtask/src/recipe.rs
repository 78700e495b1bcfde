//! `cargo xtask recipe`: the oracle of the example, checked for being one.

use std::process::ExitCode;

use anyhow::{Result, ensure};
use clap::Args;
use swath_test::{Example, measure_by_hand, pythons};

/// What `cargo xtask recipe` is told.
#[derive(Args)]
pub(crate) struct Options {
    /// How often to measure on each Python
    #[arg(long, default_value_t = 3)]
    rounds: usize,
}

/// Measures the example by hand `rounds` times on each Python; the lines must stay the same.
pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    for python in pythons() {
        let mut first = None;
        for round in 1..=options.rounds {
            let Some(example) = Example::copy(python) else {
                break;
            };
            let lines = measure_by_hand(&example, "")?;
            let count = |which: fn(&swath_test::FileLines) -> usize| -> usize {
                lines.values().map(which).sum()
            };
            let statements = count(|file| file.statements.len());
            let missing = count(|file| file.missing.len());
            println!(
                "{:5} round {round}: {statements} statements, {missing} missing",
                python.tag()
            );
            let expected = first.get_or_insert_with(|| lines.clone());
            ensure!(
                *expected == lines,
                "the lines on {} differ from round 1",
                python.tag()
            );
        }
    }
    Ok(ExitCode::SUCCESS)
}
