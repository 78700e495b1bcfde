//! The tests under nextest: each in a process of its own, those of all crates beside each other, so that
//! none waits for the longest one of another crate.

use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use fs_err as fs;
use instant_xml::FromXml;
use swath_test::{Scale, tell_pythons};

use super::{Count, Options, at_a_time, shape};
use crate::cargo::{cargo, target_folder};

/// Whether it is installed.
pub(super) fn is_there() -> bool {
    let mut command = cargo(["nextest", "--version"]);
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

/// What runs the tests, but for those in documents.
pub(super) fn command(options: &Options) -> Command {
    let mut command = cargo(["nextest", "run"]);
    shape(&mut command, options);
    command
}

/// Runs the tests and counts; whether all is well.
pub(super) fn run(options: &Options, scale: Scale, mut command: Command) -> Result<(Count, bool)> {
    let profile = scale.pick("default", "prove");
    command.args(["--profile", profile, "--no-tests", "pass"]);
    if let Some(count) = at_a_time("NEXTEST_TEST_THREADS") {
        command.args(["--test-threads", &count]);
    }
    command.args(&options.filter);
    tell_pythons(&mut command);
    let report = target_folder()?.join("nextest").join(profile);
    let report = report.join("junit.xml");
    let _ = fs::remove_file(&report);
    let status = command.status().context("cannot start cargo")?;
    // Where there was no test there is no report.
    let count = match fs::read_to_string(&report) {
        Ok(text) => counted(&text).with_context(|| format!("{} is no report", report.display()))?,
        Err(_) => Count::default(),
    };
    Ok((count, status.success()))
}

#[derive(Debug, FromXml)]
#[xml(rename = "testsuites")]
struct Report {
    suites: Vec<Suite>,
}

#[derive(Debug, FromXml)]
#[xml(rename = "testsuite")]
struct Suite {
    tests: Vec<Test>,
}

#[derive(Debug, FromXml)]
#[xml(rename = "testcase")]
struct Test {
    #[xml(attribute)]
    name: String,
    /// The program, as nextest names it: `swath::cli`.
    #[xml(attribute, rename = "classname")]
    program: String,
    failures: Vec<Failure>,
    flaky: Vec<FlakyFailure>,
}

#[derive(Debug, FromXml)]
#[xml(rename = "failure")]
struct Failure {}

#[derive(Debug, FromXml)]
#[xml(rename = "flakyFailure")]
struct FlakyFailure {}

/// What a report of test cases says.
fn counted(text: &str) -> Result<Count> {
    let report: Report = instant_xml::from_str(text)?;
    let mut count = Count::default();
    for test in report.suites.iter().flat_map(|suite| &suite.tests) {
        let name = || format!("{} {}", test.program, test.name);
        if test.failures.is_empty() {
            count.passed += 1;
        } else {
            count.failed += 1;
            count.failures.push(name());
        }
        if !test.flaky.is_empty() {
            count.flaky.push(name());
        }
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_tells_what_passed_failed_and_passed_at_the_second_try() {
        let text = r#"<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="nextest-run" tests="3" failures="1" errors="0" uuid="1" timestamp="now" time="1.5">
    <testsuite name="swath::cli" tests="3" disabled="0" errors="0" failures="1">
        <testcase name="example::one" classname="swath::cli" timestamp="now" time="0.1">
        </testcase>
        <testcase name="example::two" classname="swath::cli" timestamp="now" time="0.1">
            <flakyFailure timestamp="now" time="0.1" message="m" type="test failure">words &amp; more<system-out>o</system-out></flakyFailure>
        </testcase>
        <testcase name="example::three" classname="swath::cli" timestamp="now" time="0.1">
            <failure message="m" type="test failure with exit code 101">words</failure>
            <rerunFailure timestamp="now" time="0.1" type="test failure">words</rerunFailure>
            <system-out>o</system-out>
        </testcase>
    </testsuite>
</testsuites>"#;
        let expected = Count {
            passed: 2,
            failed: 1,
            failures: vec!["swath::cli example::three".to_owned()],
            flaky: vec!["swath::cli example::two".to_owned()],
            ..Count::default()
        };
        assert_eq!(counted(text).unwrap(), expected);
    }
}
