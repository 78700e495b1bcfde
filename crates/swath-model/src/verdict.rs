//! Whether a number can be trusted, in one word and its reasons.

use std::fmt;

use crate::{Ending, Gap, GapKind, count};

/// Whether the number is whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Completeness {
    /// Everything that counts is in it.
    Complete,
    /// Something that counts is missing.
    Incomplete,
    /// The run was cut short.
    Partial,
    /// Nobody accounted for what ran.
    Unknown,
}

impl Completeness {
    /// The words of all verdicts.
    pub fn names() -> [&'static str; 4] {
        [
            Completeness::Complete,
            Completeness::Incomplete,
            Completeness::Partial,
            Completeness::Unknown,
        ]
        .map(Completeness::name)
    }

    /// The verdict that has this word; unknown for any other.
    pub fn named(name: &str) -> Completeness {
        [
            Completeness::Complete,
            Completeness::Incomplete,
            Completeness::Partial,
        ]
        .into_iter()
        .find(|one| one.name() == name)
        .unwrap_or(Completeness::Unknown)
    }

    /// The word of the verdict.
    pub fn name(self) -> &'static str {
        match self {
            Completeness::Complete => "Complete",
            Completeness::Incomplete => "Incomplete",
            Completeness::Partial => "Partial",
            Completeness::Unknown => "Unknown",
        }
    }

    /// The one that a data file keeps as this word.
    pub fn recorded(word: &str) -> Completeness {
        match word {
            "Complete" => Completeness::Complete,
            "Incomplete" => Completeness::Incomplete,
            "Partial" => Completeness::Partial,
            _ => Completeness::Unknown,
        }
    }
}

/// What came of the tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TestsResult {
    /// They passed: the command exited with 0.
    Passed,
    /// They failed.
    Failed(Ending),
    /// The runner found no test to run.
    NoneRan(Ending),
    /// They were not started.
    NotStarted,
    /// The command was a program of the user's own, or nobody noted it.
    Unknown,
}

impl TestsResult {
    /// What makes the number say less than it seems to; nothing where the tests passed.
    pub fn doubt(self) -> Option<String> {
        match self {
            TestsResult::Passed | TestsResult::Unknown => None,
            TestsResult::Failed(Ending::Exited(code)) => {
                Some(format!("the tests failed (exit {code})"))
            }
            TestsResult::Failed(ending) => {
                Some(format!("the tests failed ({})", ending.describe()))
            }
            TestsResult::NoneRan(_) => Some("no test ran".to_owned()),
            TestsResult::NotStarted => Some("the tests were not started".to_owned()),
        }
    }

    /// The words of all results.
    pub fn names() -> [&'static str; 5] {
        [
            TestsResult::Passed,
            TestsResult::Failed(Ending::Cleanly),
            TestsResult::NoneRan(Ending::Cleanly),
            TestsResult::NotStarted,
            TestsResult::Unknown,
        ]
        .map(TestsResult::name)
    }

    /// The word under which data files and `--json` keep it.
    pub fn name(self) -> &'static str {
        match self {
            TestsResult::Passed => "passed",
            TestsResult::Failed(_) => "failed",
            TestsResult::NoneRan(_) => "none-ran",
            TestsResult::NotStarted => "not-started",
            TestsResult::Unknown => "unknown",
        }
    }

    /// How the test command ended, where it ended.
    pub fn ending(self) -> Option<Ending> {
        match self {
            TestsResult::Passed => Some(Ending::Exited(0)),
            TestsResult::Failed(ending) | TestsResult::NoneRan(ending) => Some(ending),
            TestsResult::NotStarted | TestsResult::Unknown => None,
        }
    }

    /// The result that a data file keeps as this word; the number behind it is the exit code, or
    /// minus the signal.
    pub fn recorded(text: &str) -> TestsResult {
        let (name, status) = text.split_once(' ').unwrap_or((text, ""));
        let ending = match status.parse::<i32>() {
            Ok(signal) if signal < 0 => Ending::Signalled(signal.saturating_neg()),
            Ok(code) => Ending::Exited(code),
            Err(_) => Ending::Abruptly,
        };
        match name {
            "passed" => TestsResult::Passed,
            "failed" => TestsResult::Failed(ending),
            "none-ran" => TestsResult::NoneRan(ending),
            "not-started" => TestsResult::NotStarted,
            _ => TestsResult::Unknown,
        }
    }

    /// What a data file keeps.
    pub fn record(self) -> String {
        match self.ending().and_then(Ending::status) {
            Some(status) => format!("{} {status}", self.name()),
            None => self.name().to_owned(),
        }
    }
}

/// Whether a number can be trusted. One is made for each report, from the data and its model, by
/// one function; everything that shows it shows the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The word.
    pub completeness: Completeness,
    /// What is missing, one entry for each kind.
    pub gaps: Vec<Gap>,
    /// What else makes the number say less than it seems to: failed tests, data from elsewhere.
    pub doubts: Vec<String>,
    /// How many Python processes were measured.
    pub measured: usize,
    /// How many were seen.
    pub seen: usize,
}

impl Verdict {
    /// Whether the number is vouched for: complete, and from tests that passed.
    pub fn is_sound(&self) -> bool {
        self.completeness == Completeness::Complete && self.doubts.is_empty()
    }

    /// The verdict without its word: `4 of 4 Python processes measured; the tests failed (exit 1)`.
    pub fn reasons(&self) -> String {
        let mut text = match self.completeness {
            Completeness::Unknown => "this data was not recorded by swath".to_owned(),
            _ => format!(
                "{} of {} measured",
                self.measured,
                count(self.seen, "Python process")
            ),
        };
        // The count of processes says already how many were not measured.
        let said = |gap: &&Gap| gap.kind != GapKind::Processes;
        let gaps = self.gaps.iter().filter(said).map(Gap::to_string);
        for part in gaps.chain(self.doubts.iter().cloned()) {
            text.push_str("; ");
            text.push_str(&part);
        }
        text
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{}: {}",
            self.completeness.name(),
            self.reasons()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_is_one_line_with_its_reasons() {
        let verdict = Verdict {
            completeness: Completeness::Incomplete,
            gaps: vec![
                Gap::new(GapKind::Processes, 1),
                Gap::new(GapKind::ChangedFiles, 2),
            ],
            doubts: vec!["the tests failed (exit 1)".to_owned()],
            measured: 3,
            seen: 4,
        };
        assert_eq!(
            verdict.to_string(),
            "Incomplete: 3 of 4 Python processes measured; \
             2 files left out, changed since they ran; the tests failed (exit 1)"
        );
        assert!(!verdict.is_sound());
    }

    #[test]
    fn what_came_of_the_tests_reads_back() {
        for result in [
            TestsResult::Passed,
            TestsResult::Failed(Ending::Exited(2)),
            TestsResult::Failed(Ending::Signalled(9)),
            TestsResult::NoneRan(Ending::Exited(5)),
            TestsResult::NotStarted,
            TestsResult::Unknown,
        ] {
            assert_eq!(TestsResult::recorded(&result.record()), result);
        }
    }
}
