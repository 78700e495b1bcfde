//! Cargo, as the other commands call it.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use swath_test::workspace_root;

/// A cargo command in the root of the workspace.
pub(crate) fn cargo<S: Into<OsString>>(arguments: impl IntoIterator<Item = S>) -> Command {
    // `cargo xtask` names the cargo that runs it.
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    command
        .current_dir(workspace_root())
        .args(arguments.into_iter().map(Into::into));
    command
}

/// Where cargo keeps the sources of crates.
pub(crate) fn home() -> Result<PathBuf> {
    if let Some(home) = std::env::var_os("CARGO_HOME") {
        return Ok(home.into());
    }
    let home = std::env::home_dir().context("there is no home folder")?;
    Ok(home.join(".cargo"))
}

/// Runs a command whose output matters only when it fails.
pub(crate) fn quiet(command: &mut Command) -> Result<()> {
    let name = command.get_program().display().to_string();
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot start {name}"))?;
    let text = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{name} failed: {}", text.trim());
    Ok(())
}

/// Runs a command with its output shown; its failure is an error.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let name = command.get_program().display().to_string();
    let status = command
        .status()
        .with_context(|| format!("cannot start {name}"))?;
    if status.success() {
        return Ok(());
    }
    let arguments: Vec<_> = command
        .get_args()
        .map(|word| word.display().to_string())
        .collect();
    bail!("`{name} {}` failed with {status}", arguments.join(" "))
}

/// What `cargo metadata` says of the workspace and all it depends on.
pub(crate) fn metadata() -> Result<Value> {
    let output = cargo(["metadata", "--format-version=1", "--locked"]).output()?;
    if !output.status.success() {
        bail!(
            "cargo metadata failed: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    serde_json::from_slice(&output.stdout).context("cargo metadata wrote no JSON")
}

/// Where cargo builds.
pub(crate) fn target_folder() -> Result<PathBuf> {
    let folder = metadata()?["target_directory"].as_str().map(PathBuf::from);
    folder.context("cargo metadata names no target folder")
}

/// Builds the command itself and returns its path.
pub(crate) fn build_swath(release: bool) -> Result<PathBuf> {
    let mut arguments = vec!["build", "--package=swath", "--bin=swath"];
    if release {
        arguments.push("--release");
    }
    run(&mut cargo(arguments))?;
    Ok(target_folder()?
        .join(if release { "release" } else { "debug" })
        .join("swath"))
}
