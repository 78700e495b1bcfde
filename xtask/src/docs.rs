//! `cargo xtask docs`: the documentation as a site.

use std::path::PathBuf;
use std::process::{Command, ExitCode};

use anyhow::Result;
use swath_test::{target_dir, workspace_root};

use crate::cargo::{cargo, run as run_shown};

/// The program that makes the site, and the version with which the site was looked at.
const MDBOOK: &str = "mdbook";
const VERSION: &str = "0.5.4";

/// Makes the site under `target/docs`; installs what makes it under `target/tools` if it is not there.
pub(crate) fn run() -> Result<ExitCode> {
    run_shown(
        Command::new(mdbook()?)
            .arg("build")
            .arg(workspace_root().join("docs")),
    )?;
    println!(
        "{} is written",
        target_dir().join("docs/index.html").display()
    );
    Ok(ExitCode::SUCCESS)
}

fn mdbook() -> Result<PathBuf> {
    let is_there = Command::new(MDBOOK).arg("--version").output().is_ok();
    if is_there {
        return Ok(PathBuf::from(MDBOOK));
    }
    let tools = target_dir().join("tools");
    let program = tools.join("bin").join(MDBOOK);
    if !program.exists() {
        let mut install = cargo(["install", "--locked", "--version", VERSION, MDBOOK]);
        install.args(["--no-default-features", "--features", "search"]);
        run_shown(install.arg("--root").arg(&tools))?;
    }
    Ok(program)
}
