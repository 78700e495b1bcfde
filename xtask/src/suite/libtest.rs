//! The tests under cargo's own harness: one program after the other.

use std::io::{BufRead as _, BufReader, IsTerminal as _};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use super::{Count, Options, at_a_time, shape};
use crate::cargo::cargo;

/// The variable by which the harness is told how many tests run at a time.
const TEST_THREADS: &str = "RUST_TEST_THREADS";

/// What runs the tests.
pub(super) fn command(options: &Options) -> Command {
    let mut command = cargo(["test", "--no-fail-fast"]);
    shape(&mut command, options);
    command
}

/// The tests in documents, which nextest leaves out.
pub(super) fn documents(options: &Options) -> Command {
    let mut command = command(options);
    command.args(["--doc", "--quiet"]);
    command
}

/// Runs the tests and counts; whether all is well.
pub(super) fn run(options: &Options, mut command: Command) -> Result<(Count, bool)> {
    if let Some(filter) = &options.filter {
        command.args(["--", filter]);
    }
    command.stdout(Stdio::piped());
    if let Some(count) = at_a_time(TEST_THREADS) {
        command.env(TEST_THREADS, count);
    }
    if std::io::stdout().is_terminal() {
        command.env("CARGO_TERM_COLOR", "always");
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
                failures,
                ..Count::default()
            }
        );
    }
}
