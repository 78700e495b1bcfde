//! `cargo xtask bench-html`: the CPU time of `swath html` beside that of `coverage html`.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, ensure};
use clap::Args;
use swath_test::{coverage_requirements, newest_python, temp_dir, venv};

use crate::cargo::build_swath;

/// Runs the rest of its arguments and prints the CPU seconds and the largest memory in MiB.
const MEASURE: &str = "\
import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)
";

/// What `cargo xtask bench-html` is told.
#[derive(Args)]
pub(crate) struct Options {
    /// The folder of sources that are reported; the standard library when not given
    #[arg(long, value_name = "FOLDER")]
    source: Option<PathBuf>,
    /// How many times each is measured, in turn
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Measure branches as well
    #[arg(long)]
    branch: bool,
    /// Measure this swath in place of building one
    #[arg(long, value_name = "FILE")]
    swath: Option<PathBuf>,
}

/// CPU seconds and MiB of one command.
struct Cost {
    seconds: f64,
    memory: f64,
}

/// Records once, then writes both reports in turn.
pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    let swath = match &options.swath {
        Some(path) => fs_err::canonicalize(path)?,
        None => build_swath(true)?,
    };
    let python = newest_python().context("no CPython from 3.8 found")?;
    let venv = venv(python, &coverage_requirements()).context("coverage.py cannot be installed")?;
    let coverage = venv.bin("coverage");
    let folder = temp_dir();
    let source = match &options.source {
        Some(path) => fs_err::canonicalize(path)?,
        None => standard_library(&venv.python())?,
    };
    let mut record = Command::new(&coverage);
    record.current_dir(folder.path()).args(["run", "--pylib"]);
    record.arg(format!("--source={}", source.display()));
    record.args(["--omit=*/test/*,*/site-packages/*,*/lib2to3/*"]);
    if options.branch {
        record.arg("--branch");
    }
    let status = record.args(["-m", "json.tool", "--help"]).status()?;
    ensure!(status.success(), "coverage run failed");

    let tools = [("coverage html", &coverage), ("swath html", &swath)];
    let mut costs: [Vec<Cost>; 2] = [Vec::new(), Vec::new()];
    for round in 0..options.rounds {
        for ((name, program), costs) in tools.iter().zip(&mut costs) {
            let target = folder
                .path()
                .join(format!("{}-{round}", name.replace(' ', "-")));
            let cost = measure(&venv.python(), program, folder.path(), &target)?;
            println!("{name}: {:.2} s, {:.0} MiB", cost.seconds, cost.memory);
            costs.push(cost);
        }
    }
    let [theirs, ours] = costs.map(|costs| median(costs.iter().map(|cost| cost.seconds).collect()));
    println!("swath html takes {:.1} times less CPU time", theirs / ours);
    Ok(ExitCode::SUCCESS)
}

fn standard_library(python: &Path) -> Result<PathBuf> {
    let output = Command::new(python)
        .args(["-c", "import os; print(os.path.dirname(os.__file__))"])
        .output()?;
    Ok(PathBuf::from(String::from_utf8(output.stdout)?.trim()))
}

fn measure(python: &Path, program: &Path, folder: &Path, target: &Path) -> Result<Cost> {
    let mut command = Command::new(python);
    command
        .current_dir(folder)
        .args(["-c", MEASURE])
        .arg(program);
    let output = command
        .args(["html", "-i", "-q", "-d"])
        .arg(target)
        .output()?;
    ensure!(
        target.join("index.html").exists(),
        "{} wrote no report",
        program.display()
    );
    let text = String::from_utf8(output.stdout)?;
    let mut numbers = text.split_whitespace().map(str::parse);
    let mut next = || numbers.next().context("no figures")?.context("no figures");
    Ok(Cost {
        seconds: next()?,
        memory: next()?,
    })
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
