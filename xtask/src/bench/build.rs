//! `cargo xtask bench build`: what the first build of a clean clone costs, beside that of an earlier
//! revision.

use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};
use clap::Args;
use swath_test::{newest_python, temp_dir, workspace_root};

use super::cost::{self, Cost};
use super::section;
use crate::cargo::quiet;

/// What `cargo demo` compiles: itself, and the command.
const BUILDS: [&[&str]; 2] = [
    &["build", "--quiet", "--locked", "--package", "xtask"],
    &["build", "--quiet", "--locked", "--package", "swath"],
];

/// What `cargo xtask bench build` is told.
#[derive(Args)]
pub(super) struct Options {
    /// The earlier revision, in git's words
    #[arg(long, value_name = "REVISION")]
    against: String,
}

/// Builds both from nothing, and writes the section of the page.
pub(super) fn run(options: &Options) -> Result<ExitCode> {
    let python = newest_python().context("no CPython from 3.8 found")?;
    let before = first_build(&python.path, &options.against)?;
    let now = first_build(&python.path, "HEAD")?;
    let text = format!(
        "## The first build\n\n\
         CPU time of what `cargo demo` compiles in a clean clone, crates from a cache; written by \
         `cargo xtask bench build --against {revision}`.\n\n\
         | | before (`{revision}`) | now | share |\n|---|---|---|---|\n\
         | CPU | {:.0} s | {:.0} s | {:.0} % |\n\
         | crates | {} | {} | |\n",
        before.cost.seconds,
        now.cost.seconds,
        100.0 * now.cost.seconds / before.cost.seconds,
        before.crates,
        now.crates,
        revision = options.against,
    );
    println!("{text}");
    section::put("build", &text)?;
    Ok(ExitCode::SUCCESS)
}

struct FirstBuild {
    cost: Cost,
    /// Packages that are compiled, those of the workspace included.
    crates: usize,
}

/// Compiles a revision in a folder of its own.
fn first_build(python: &Path, revision: &str) -> Result<FirstBuild> {
    let folder = temp_dir();
    let sources = folder.path().join("sources");
    let mut clone = Command::new("git");
    clone.args(["clone", "--quiet", "--shared"]);
    quiet(clone.arg(workspace_root()).arg(&sources))?;
    let mut checkout = Command::new("git");
    checkout.args(["checkout", "--quiet", "--detach", revision]);
    quiet(checkout.current_dir(&sources))?;
    quiet(Command::new("cargo").arg("fetch").current_dir(&sources))?;
    let target = format!("--target-dir={}", folder.path().join("target").display());
    let mut cost = Cost {
        seconds: 0.0,
        memory: 0.0,
    };
    for words in BUILDS {
        let mut words: Vec<String> = words.iter().map(ToString::to_string).collect();
        words.push(target.clone());
        let one = cost::measure(python, Path::new("cargo"), &words, &sources)?;
        cost.seconds += one.seconds;
        cost.memory = cost.memory.max(one.memory);
    }
    Ok(FirstBuild {
        cost,
        crates: crates(&sources)?,
    })
}

fn crates(sources: &Path) -> Result<usize> {
    let mut tree = Command::new("cargo");
    tree.args(["tree", "--locked", "--package", "xtask", "--prefix", "none"]);
    tree.args(["--edges", "normal,build", "--no-dedupe"]);
    let output = tree.current_dir(sources).output()?;
    let text = String::from_utf8(output.stdout)?;
    let names = text.lines().filter_map(|line| {
        let mut words = line.split(' ');
        Some((words.next()?, words.next()?))
    });
    Ok(names.collect::<std::collections::BTreeSet<_>>().len())
}
