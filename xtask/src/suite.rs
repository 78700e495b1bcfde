//! `cargo xtask test` and `cargo xtask prove`: what the tests need, the tests, and their count.

mod libtest;
mod nextest;

use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use anyhow::{Context, Result};
use clap::Args;
use swath_test::{Scale, Skip, read_skips, skip_file, target_dir};

use crate::proofs;

/// So many tests more than there are cores: about a third of their time they wait, for servers to be
/// ready, for processes to end, for limits to pass.
const WAITING: usize = 1;

/// What both commands are told.
#[derive(Args)]
pub(crate) struct Options {
    /// Only the tests of this package; may be given several times
    #[arg(short, long = "package", value_name = "NAME")]
    packages: Vec<String>,
    /// Only unit tests and those of the messages: what can be told without running a system
    #[arg(long)]
    fast: bool,
    /// Only tests whose names contain this
    filter: Option<String>,
}

/// What came out of the tests.
#[derive(Debug, Default, PartialEq, Eq)]
struct Count {
    passed: usize,
    failed: usize,
    ignored: usize,
    failures: Vec<String>,
    /// Those that failed and passed at the second try.
    flaky: Vec<String>,
}

impl Count {
    fn add(&mut self, more: Count) {
        self.passed += more.passed;
        self.failed += more.failed;
        self.ignored += more.ignored;
        self.failures.extend(more.failures);
        self.flaky.extend(more.flaky);
    }
}

/// `cargo xtask test`.
pub(crate) fn test(options: &Options) -> Result<ExitCode> {
    let (line, success) = run(options, Scale::Sample)?;
    println!("{line}");
    Ok(if success {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// `cargo xtask prove`.
pub(crate) fn prove(options: &Options) -> Result<ExitCode> {
    proofs::forget()?;
    let (line, success) = run(options, Scale::Whole)?;
    for path in proofs::write_own_pages()? {
        println!("{path} is written");
    }
    if options.packages.is_empty() && options.filter.is_none() {
        proofs::write(&line)?;
        println!("docs/proofs.md is written");
    } else {
        proofs::update()?;
        println!("docs/proofs.md has the figures of these tests");
    }
    println!("{line}");
    Ok(if success {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Prepares, runs and counts; the last line to print, and whether all is well.
fn run(options: &Options, scale: Scale) -> Result<(String, bool)> {
    let start = Instant::now();
    let skips = target_dir().join("skips.jsonl");
    fs_err::create_dir_all(target_dir())?;
    let _ = fs_err::remove_file(&skips);
    if !options.fast {
        prepare_beside_build(options, &skips, scale)?;
    }
    let (count, success) = run_tests(options, &skips, scale)?;
    let skips = read_skips(&skips);
    println!();
    for skip in &skips {
        println!("skipped: {}: {}", skip.test, skip.missing);
    }
    for name in &count.flaky {
        println!("flaky: {name}: passed at the second try");
    }
    for name in &count.failures {
        println!("failed: {name}");
    }
    if !success && count.failed == 0 {
        println!("failed: the tests could not be built or ended early; see above");
    }
    println!("{} s", start.elapsed().as_secs());
    Ok((conclusion(&count, &skips), success))
}

/// Builds the tests while what they need is fetched. What cannot be built is said when they are to run.
fn prepare_beside_build(options: &Options, skips: &Path, scale: Scale) -> Result<()> {
    let mut build = if nextest::is_there() {
        nextest::command(options)
    } else {
        libtest::command(options)
    };
    let mut build = build
        .arg("--no-run")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .context("cannot start cargo")?;
    let prepared = prepare(skips, scale);
    build.wait()?;
    prepared
}

/// Runs the tests: what came out, and whether all is well.
fn run_tests(options: &Options, skips: &Path, scale: Scale) -> Result<(Count, bool)> {
    let told = |mut command: Command| {
        command.env(skip_file(), skips);
        if scale == Scale::Whole {
            command.env("SWATH_PROVE", "1");
        }
        command
    };
    if !nextest::is_there() {
        return libtest::run(options, told(libtest::command(options)));
    }
    let (mut count, success) = nextest::run(options, scale, told(nextest::command(options)))?;
    if options.fast || !options.packages.is_empty() {
        return Ok((count, success));
    }
    let (documents, are_well) = libtest::run(options, told(libtest::documents(options)))?;
    count.add(documents);
    Ok((count, success && are_well))
}

/// Names what is to be tested.
fn shape(command: &mut Command, options: &Options) {
    if options.packages.is_empty() {
        command.arg("--workspace");
    }
    for package in &options.packages {
        command.args(["--package", package]);
    }
    if options.fast {
        command.args(["--lib", "--bins"]);
        if options.packages.is_empty() || options.packages.iter().any(|name| name == "swath") {
            command.arg("--test=messages");
        }
    }
}

/// How many tests run at a time, unless this variable says so.
fn at_a_time(variable: &str) -> Option<String> {
    if std::env::var_os(variable).is_some() {
        return None;
    }
    let cores = std::thread::available_parallelism().ok()?;
    Some((cores.get() + WAITING).to_string())
}

/// Makes the interpreters and the Composes that can be made; environments are made by the tests
/// that need them.
fn prepare(skips: &Path, scale: Scale) -> Result<()> {
    swath_test::forget_failures();
    // To build a Python takes longer than most of the tests; one that is there is used.
    let builds = matches!(scale, Scale::Whole).then_some("built-pythons");
    for verb in ["rootfs", "compose"].into_iter().chain(builds) {
        // A process of its own: interpreters are looked for once in each. Not by its path: the build
        // beside may have put another file there, since what is built with the workspace can differ.
        let status = Command::new("/proc/self/exe")
            .arg(verb)
            .env(skip_file(), skips)
            .status()
            .with_context(|| format!("cannot start cargo xtask {verb}"))?;
        if !status.success() {
            println!("`cargo xtask {verb}` failed");
        }
    }
    Ok(())
}

/// The plain last line. A test that skipped itself as a whole is not counted as passed.
fn conclusion(count: &Count, skips: &[Skip]) -> String {
    let whole = skips
        .iter()
        .filter(|skip| skip.harness.rsplit("::").next() == Some(skip.test.as_str()))
        .count();
    let passed = count.passed.saturating_sub(whole);
    let skipped = skips.len() + count.ignored;
    format!(
        "{passed} passed, {} failed, {skipped} skipped",
        count.failed
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_skipped_test_did_not_pass() {
        let count = Count {
            passed: 7,
            ..Count::default()
        };
        let skip = |test: &str, harness: &str| Skip {
            test: test.into(),
            missing: "tea".into(),
            harness: harness.into(),
        };
        let skips = [
            skip("whole", "a::tests::whole"),
            skip("matrix on 3.15", "b::matrix"),
        ];
        assert_eq!(conclusion(&count, &skips), "6 passed, 0 failed, 2 skipped");
    }
}
