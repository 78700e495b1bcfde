//! `cargo xtask demo`: the example's system tests under swath, from nothing.

use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;
use swath_test::{Example, newest_python};

use crate::cargo::build_swath;

/// What `cargo xtask demo` is told.
#[derive(Args)]
pub(crate) struct Options {
    /// Build swath as it is shipped, which takes longer
    #[arg(long)]
    release: bool,
    /// The Python version to use, such as 3.12; the newest when not given
    #[arg(long, value_name = "VERSION")]
    python: Option<String>,
}

/// Builds, prepares and runs; ends as `swath run` ends.
pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    println!("building swath");
    let swath = build_swath(options.release)?;
    let python = match &options.python {
        Some(tag) => swath_test::pythons()
            .iter()
            .find(|python| python.tag() == *tag),
        None => newest_python(),
    };
    let python = python.context(
        "no CPython from 3.8 found in pyenv or on PATH (cargo xtask pythons lists what is there)",
    )?;
    println!("making a virtual environment of Python {}", python.tag());
    let example = Example::copy(python).context("the example's packages cannot be installed")?;
    println!("running `swath run` in a copy of examples/xy\n");
    let status = example
        .command(&swath)
        .arg("run")
        .status()
        .context("cannot start swath")?;
    let code = status
        .code()
        .and_then(|code| u8::try_from(code).ok())
        .unwrap_or(1);
    Ok(ExitCode::from(code))
}
