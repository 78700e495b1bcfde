//! Programs that only compute: CPU seconds of the workload, or of the start for an empty one.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use swath_test::{Python, Venv, temp_dir, workspace_root};

use super::tool::Tool;
use super::{Samples, Workload};

const COLD_FUNCTIONS: usize = 3_000;
/// A tool that takes so many times as long as the program alone is slow: it would take most of the time of
/// a bench, to say it more exactly than anybody asks.
const SLOW: f64 = 20.0;
const ROUNDS_OF_SLOW: u32 = 3;

/// Runs the workload once unmeasured and then `rounds` times under each tool, the tools in turn.
pub(super) fn measure(
    python: &Python,
    swath: &Path,
    workload: Workload,
    rounds: u32,
) -> Result<Samples> {
    let folder = temp_dir();
    lay_out(folder.path())?;
    let mut tools: Vec<(Tool, Venv)> = Tool::ALL
        .iter()
        .filter_map(|tool| Some((*tool, tool.venv(python)?)))
        .collect();
    let run = |tool: Tool, venv: &Venv| {
        let mut command = tool.command(venv, swath, folder.path(), workload.name());
        if workload == Workload::Cold {
            command.env("PYTHONDONTWRITEBYTECODE", "1");
        }
        cpu_seconds(&mut command, workload == Workload::StartUp)
    };
    // The first run writes the byte code; a tool that cannot run here drops out.
    let mut first = BTreeMap::new();
    tools.retain(|(tool, venv)| match run(*tool, venv) {
        Ok(seconds) => {
            first.insert(*tool, seconds);
            true
        }
        Err(error) => {
            println!("  without {}: {error:#}", tool.title());
            false
        }
    });
    let slow = first
        .get(&Tool::Nothing)
        .map_or(f64::MAX, |none| none * SLOW);
    let mut samples = Samples::new();
    for round in 0..rounds {
        for (tool, venv) in &tools {
            if round < ROUNDS_OF_SLOW || first.get(tool).is_none_or(|seconds| *seconds < slow) {
                samples.entry(*tool).or_default().push(run(*tool, venv)?);
            }
        }
    }
    Ok(samples)
}

/// Copies the workloads and writes the one that is too dull to keep.
fn lay_out(folder: &Path) -> Result<()> {
    for entry in fs_err::read_dir(workspace_root().join("xtask/workloads"))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "py") {
            fs_err::copy(&path, folder.join(path.file_name().unwrap_or_default()))?;
        }
    }
    let functions = cold_functions();
    fs_err::write(folder.join("cold.py"), &functions)?;
    fs_err::write(folder.join("cached.py"), &functions)?;
    Ok(())
}

/// A module of many functions of several lines, each of which is called once.
fn cold_functions() -> String {
    let mut text = String::new();
    for number in 0..COLD_FUNCTIONS {
        let _ = write!(
            text,
            "def function_{number}(value):\n    total = value + {number}\n    \
             if total % 2:\n        total += 1\n    else:\n        total -= 1\n    \
             items = [total, value]\n    for item in items:\n        total += item\n    \
             return total\n\n\n"
        );
    }
    text += "def run():\n    total = 0\n";
    for number in 0..COLD_FUNCTIONS {
        let _ = writeln!(text, "    total += function_{number}({number})");
    }
    text + "    return total\n"
}

fn cpu_seconds(command: &mut Command, whole_process: bool) -> Result<f64> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .context("cannot start the program")?;
    let text = String::from_utf8_lossy(&output.stdout);
    let problem = String::from_utf8_lossy(&output.stderr);
    let last = problem.lines().last().unwrap_or("no message");
    ensure!(
        output.status.success(),
        "ended with {}: {last}",
        output.status
    );
    parse_seconds(&text, whole_process).with_context(|| format!("no CPU time in {text:?}"))
}

fn parse_seconds(text: &str, whole_process: bool) -> Option<f64> {
    let line = text.lines().find_map(|line| line.strip_prefix("cpu "))?;
    line.split_whitespace()
        .nth(usize::from(whole_process))?
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::parse_seconds;

    #[test]
    fn the_driver_says_both_times() {
        let text = "noise\ncpu 0.25 0.31\nmore noise\n";
        assert_eq!(parse_seconds(text, false), Some(0.25));
        assert_eq!(parse_seconds(text, true), Some(0.31));
        assert_eq!(parse_seconds("cpu", false), None);
    }
}
