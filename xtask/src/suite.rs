//! `cargo xtask test` and `cargo xtask prove`: what the tests need, the tests, and their count.

use std::io::{BufRead, BufReader, IsTerminal};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use anyhow::{Context, Result};
use clap::Args;
use swath_test::{Scale, Skip, read_skips, skip_file, target_dir};

use crate::cargo::cargo;
use crate::proofs;

/// The variable by which the test harness is told how many tests run at a time.
const TEST_THREADS: &str = "RUST_TEST_THREADS";
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
        prepare(&skips, scale)?;
    }
    let (count, success) = run_cargo(options, scale, &skips)?;
    let skips = read_skips(&skips);
    println!();
    for skip in &skips {
        println!("skipped: {}: {}", skip.test, skip.missing);
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

/// Makes the interpreters and the Composes that can be made; environments are made by the tests
/// that need them.
fn prepare(skips: &Path, scale: Scale) -> Result<()> {
    swath_test::forget_failures();
    // To build a Python takes longer than most of the tests; one that is there is used.
    let builds = matches!(scale, Scale::Whole).then_some("free-threaded");
    for verb in ["rootfs", "compose"].into_iter().chain(builds) {
        // A process of its own: interpreters are looked for once in each.
        let status = Command::new(std::env::current_exe()?)
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

fn run_cargo(options: &Options, scale: Scale, skips: &Path) -> Result<(Count, bool)> {
    let mut command = cargo(["test", "--no-fail-fast"]);
    if options.packages.is_empty() {
        command.arg("--workspace");
    }
    for package in &options.packages {
        command.args(["--package", package]);
    }
    if options.fast {
        command.args(["--lib", "--bins", "--test=messages"]);
    }
    if let Some(filter) = &options.filter {
        command.args(["--", filter]);
    }
    command.env(skip_file(), skips).stdout(Stdio::piped());
    if std::env::var_os(TEST_THREADS).is_none()
        && let Ok(cores) = std::thread::available_parallelism()
    {
        command.env(TEST_THREADS, (cores.get() + WAITING).to_string());
    }
    if std::io::stdout().is_terminal() {
        command.env("CARGO_TERM_COLOR", "always");
    }
    if scale == Scale::Whole {
        command.env("SWATH_PROVE", "1");
    }
    let mut child = command.spawn().context("cannot start cargo")?;
    let mut count = Count::default();
    let output = child.stdout.take().context("cargo has no output")?;
    for line in BufReader::new(output).split(b'\n') {
        let line = String::from_utf8_lossy(&line?).into_owned();
        println!("{line}");
        count_line(&mut count, &line);
    }
    let success = child.wait()?.success();
    Ok((count, success))
}

/// Takes what one line of the test harness says into account.
fn count_line(count: &mut Count, line: &str) {
    if let Some(name) = line
        .strip_prefix("test ")
        .and_then(|rest| rest.strip_suffix(" ... FAILED"))
    {
        count.failures.push(name.to_owned());
    }
    let Some(rest) = line.strip_prefix("test result: ") else {
        return;
    };
    let words: Vec<&str> = rest
        .split([' ', ';', '.'])
        .filter(|word| !word.is_empty())
        .collect();
    for pair in words.windows(2) {
        if let Ok(number) = pair[0].parse::<usize>() {
            match pair[1] {
                "passed" => count.passed += number,
                "failed" => count.failed += number,
                "ignored" => count.ignored += number,
                _ => {}
            }
        }
    }
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
    fn results_of_several_binaries_add_up() {
        let mut count = Count::default();
        for line in [
            "running 3 tests",
            "test arcs::tests::loops ... ok",
            "test arcs::tests::branches ... FAILED",
            "test result: FAILED. 2 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s",
            "test result: ok. 5 passed; 0 failed; 1 ignored; 0 measured; 7 filtered out; finished in 1.23s",
        ] {
            count_line(&mut count, line);
        }
        let failures = vec!["arcs::tests::branches".to_owned()];
        assert_eq!(
            count,
            Count {
                passed: 7,
                failed: 1,
                ignored: 1,
                failures
            }
        );
    }

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
