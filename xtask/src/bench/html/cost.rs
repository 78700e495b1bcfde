//! What writing a report costs.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

/// Runs the rest of its arguments and prints the CPU seconds and the largest memory in MiB.
const MEASURE: &str = "\
import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)
";

/// CPU seconds, user and system, and the largest memory in MiB.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Cost {
    pub(super) seconds: f64,
    pub(super) memory: f64,
}

/// Runs `html` of a program, into a folder that is not there.
pub(super) fn measure(
    python: &Path,
    program: &Path,
    folder: &Path,
    target: &Path,
    more: &[&str],
) -> Result<Cost> {
    let mut command = Command::new(python);
    command
        .current_dir(folder)
        .args(["-I", "-c", MEASURE])
        .arg(program)
        .args(["html", "-i", "-q", "-d"])
        .arg(target)
        .args(more);
    let text = String::from_utf8(command.output()?.stdout)?;
    let mut numbers = text.split_whitespace().map(str::parse);
    let mut next = || numbers.next().context("no figures")?.context("no figures");
    Ok(Cost {
        seconds: next()?,
        memory: next()?,
    })
}
