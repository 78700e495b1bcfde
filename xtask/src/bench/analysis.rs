//! `cargo xtask bench analysis`: a standard library analysed completely, beside coverage.py.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result, ensure};
use clap::Args;
use swath_test::{Requirements, python, venv};

use super::median::median;
use super::section;
use crate::cargo::{cargo, run as run_cargo, target_folder};

/// coverage.py's side; it leaves out its own start.
const THEIRS: &str = include_str!("analysis.py");
/// Runs a program on its own standard input; prints the CPU seconds, its start included.
const MEASURE: &str = "\
import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(0, used.ru_utime + used.ru_stime)
";
/// So many times less CPU time than coverage.py.
const MUST: f64 = 40.0;
const AIM: f64 = 60.0;

/// What `cargo xtask bench analysis` is told.
#[derive(Args)]
pub(super) struct Options {
    /// How many times each is measured, in turn
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
}

/// Measures both in turn, and writes their section of the page.
pub(super) fn run(options: &Options) -> Result<ExitCode> {
    let python = python(3, 13).context("no CPython 3.13 found")?;
    let venv = venv(python, &Requirements::new(["coverage==7.17.3"]))
        .context("coverage.py cannot be installed")?;
    let ours = build_example()?;
    let files = standard_library(&venv.python())?;
    let mut pairs = Vec::new();
    for _ in 0..options.rounds {
        let mut command = Command::new(venv.python());
        command.args(["-W", "ignore", "-c", THEIRS]);
        let theirs = cpu_seconds(command, &files)?;
        let mut command = Command::new(venv.python());
        command.args(["-c", MEASURE]).arg(&ours);
        // Threads that wait for each other are no part of the work.
        command.env("RAYON_NUM_THREADS", "1");
        let ours = cpu_seconds(command, &files)?;
        println!(
            "bench: coverage.py {theirs:.2} s, swath {ours:.3} s, {:.1} times less",
            theirs / ours
        );
        pairs.push((theirs, ours));
    }
    let count = files.lines().count();
    section::put("analysis", &render(&pairs, count))?;
    println!("docs/benchmarks.md is written");
    Ok(ExitCode::SUCCESS)
}

fn build_example() -> Result<PathBuf> {
    run_cargo(&mut cargo([
        "build",
        "--release",
        "--package=swath-analysis",
        "--example=analyze",
    ]))?;
    Ok(target_folder()?.join("release/examples/analyze"))
}

/// The sources of the standard library, one a line.
fn standard_library(python: &Path) -> Result<String> {
    let output = Command::new(python)
        .args(["-I", "-c", "import os; print(os.path.dirname(os.__file__))"])
        .output()?;
    let root = PathBuf::from(String::from_utf8(output.stdout)?.trim());
    ensure!(root.is_dir(), "no standard library at {}", root.display());
    let mut files: Vec<String> = walkdir::WalkDir::new(root)
        .into_iter()
        .filter_entry(|entry| entry.file_name() != "site-packages")
        .filter_map(Result::ok)
        .filter(|entry| entry.path().extension().is_some_and(|it| it == "py"))
        .map(|entry| entry.path().display().to_string())
        .collect();
    files.sort();
    Ok(files.join("\n"))
}

/// Runs a program that reads the list of files, and takes the CPU seconds from what it prints.
fn cpu_seconds(mut command: Command, files: &str) -> Result<f64> {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut input = child.stdin.take().context("standard input is a pipe")?;
    input.write_all(files.as_bytes())?;
    drop(input);
    let output = child.wait_with_output()?;
    ensure!(output.status.success(), "{command:?} failed");
    let text = String::from_utf8(output.stdout)?;
    let seconds = text.split_whitespace().nth(1);
    seconds
        .context("no CPU seconds")?
        .parse()
        .context("no CPU seconds")
}

fn render(pairs: &[(f64, f64)], count: usize) -> String {
    let middle = |values: Vec<f64>| median(values).unwrap_or(f64::NAN);
    let (theirs, ours) = (
        middle(pairs.iter().map(|pair| pair.0).collect()),
        middle(pairs.iter().map(|pair| pair.1).collect()),
    );
    let factor = middle(pairs.iter().map(|(theirs, ours)| theirs / ours).collect());
    let verdict = match factor {
        _ if factor >= AIM => "aim met",
        _ if factor >= MUST => "must met",
        _ => "**not met**",
    };
    format!(
        "\
## Analysis of sources

CPU time of statements, exclusions, arcs, exit counts and regions of CPython 3.13's standard library, {count} files,
beside coverage.py 7.17.3's, by `cargo xtask bench analysis`, which wrote this section; do not edit. Both run in turn;
a figure is the median of the rounds, the factor that of the rounds' factors. coverage.py's start is not counted.

| coverage.py | swath | times less | must | aim | | rounds |
|---|---|---|---|---|---|---|
| {theirs:.2} s | {ours:.2} s | {factor:.0} | {MUST:.0} | {AIM:.0} | {verdict} | {} |
",
        pairs.len()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_factor_is_the_median_of_the_rounds() {
        let text = render(&[(50.0, 1.0), (61.0, 1.0), (90.0, 1.0)], 7);
        assert!(text.contains("| 61.00 s | 1.00 s | 61 | 40 | 60 | aim met | 3 |"));
        assert!(render(&[(45.0, 1.0)], 7).contains("| must met | 1 |"));
        assert!(render(&[(39.0, 1.0)], 7).contains("**not met**"));
    }
}
