//! What one command costs.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

/// Runs the rest of its arguments; prints the exit code, the CPU seconds and the largest memory
/// in MiB. A process of its own for each command, so that the figures are of that one alone.
const MEASURE: &str = "\
import resource, subprocess, sys
code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(code, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)
";

/// CPU seconds, user and system, and the largest memory in MiB.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Cost {
    pub(super) seconds: f64,
    pub(super) memory: f64,
}

/// Runs a program to its end in a folder.
pub(super) fn measure(
    python: &Path,
    program: &Path,
    words: &[String],
    folder: &Path,
) -> Result<Cost> {
    let mut command = Command::new(python);
    command
        .current_dir(folder)
        .args(["-I", "-c", MEASURE])
        .arg(program)
        .args(words);
    // As in the activated environment: data that does not say which Python recorded it is read by
    // the rules of the environment's.
    if let Some(environment) = python.parent().and_then(Path::parent) {
        command.env("VIRTUAL_ENV", environment);
    }
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("COVERAGE_") {
            command.env_remove(name);
        }
    }
    let output = command.output()?;
    let text = String::from_utf8(output.stdout)?;
    let figures: Vec<f64> = text
        .split_whitespace()
        .map(str::parse)
        .collect::<Result<_, _>>()
        .context("the measuring process gave no figures")?;
    let [code, seconds, memory] = figures[..] else {
        anyhow::bail!("the measuring process gave no figures");
    };
    ensure!(
        code == 0.0,
        "{} {} ended with {code}: {}",
        program.display(),
        words.join(" "),
        String::from_utf8_lossy(&output.stderr).trim()
    );
    Ok(Cost { seconds, memory })
}
