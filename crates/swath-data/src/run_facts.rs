//! What a data file says about a run: the keys and values of `swath_run`, in one place.
//!
//! `docs/reference/data-tables.md` describes them. What is read back comes from a file that anybody
//! may have written: a value that makes no sense is left out, and nothing here is shown unfiltered.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use swath_model::{Completeness, Finding, Gap, TestsResult};

use crate::{Derivation, RunRecord};

const COMPLETE: &str = "complete";
const PARTIAL: &str = "partial";
const SEEN: &str = "seen";
const TESTS: &str = "tests";
const COMMAND: &str = "command";
const STARTED: &str = "started";
const SERVICE: &str = "service";
const READY: &str = "ready";
const FINDING: &str = "finding";
const FOREIGN: &str = "foreign-lines";
const DERIVED: &str = "derived";
const AGAINST: &str = "against";

/// A finding as a data file keeps it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RecordedFinding {
    /// The stable name; `docs/messages.md` has them all.
    pub code: String,
    /// What happened.
    pub text: String,
    /// Evidence, a line each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// What is missing from the number for this reason: a kind of gap and a number.
    #[serde(rename = "gap", default, skip_serializing_if = "Option::is_none")]
    pub gap_record: Option<String>,
}

impl RecordedFinding {
    /// What is missing from the number for this reason, if anything is.
    pub fn gap(&self) -> Option<Gap> {
        self.gap_record.as_deref()?.parse().ok()
    }
}

impl From<&Finding> for RecordedFinding {
    fn from(finding: &Finding) -> RecordedFinding {
        let message = finding.message();
        RecordedFinding {
            code: message.code.to_owned(),
            text: message.text,
            notes: message.notes,
            hint: message.hint,
            gap_record: finding.gap().map(Gap::record),
        }
    }
}

/// What is known of a run when its data is saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunFacts {
    /// Whether it was cut short.
    pub partial: bool,
    /// How many Python processes were seen, measured or not.
    pub seen: usize,
    /// What came of the tests.
    pub tests: TestsResult,
    /// The command that ran them, secrets masked, for people.
    pub command: String,
    /// When it began, in nanoseconds since 1970.
    pub started: i64,
    /// The services that it was asked to start and to measure.
    pub services: Vec<String>,
    /// The paths that readiness checks asked for over HTTP.
    pub ready_paths: Vec<String>,
    /// What there is to know about it.
    pub findings: Vec<RecordedFinding>,
}

impl RunFacts {
    /// The run as the data file keeps it, under a random id.
    pub fn into_record(self, id: String) -> RunRecord {
        let complete = !self.partial && self.findings.iter().all(|one| one.gap_record.is_none());
        let mut facts = vec![(COMPLETE.to_owned(), u8::from(complete).to_string())];
        if self.partial {
            facts.push((PARTIAL.to_owned(), "1".to_owned()));
        }
        facts.push((SEEN.to_owned(), self.seen.to_string()));
        facts.push((TESTS.to_owned(), self.tests.record()));
        facts.push((COMMAND.to_owned(), self.command));
        facts.push((STARTED.to_owned(), self.started.to_string()));
        facts.extend(
            self.services
                .into_iter()
                .map(|name| (SERVICE.to_owned(), name)),
        );
        facts.extend(
            self.ready_paths
                .into_iter()
                .map(|path| (READY.to_owned(), path)),
        );
        for finding in &self.findings {
            // A struct of texts always has a form in JSON.
            if let Ok(text) = serde_json::to_string(finding) {
                facts.push((FINDING.to_owned(), text));
            }
        }
        RunRecord { id, facts }
    }
}

impl RunRecord {
    /// The stand-in for data of another tool that was combined in: `lines` come from there only.
    pub fn foreign(id: String, lines: u64) -> RunRecord {
        RunRecord {
            id,
            facts: vec![(FOREIGN.to_owned(), lines.to_string())],
        }
    }

    /// How many lines come from data of another tool only, where this stands for such data.
    pub fn foreign_lines(&self) -> Option<u64> {
        self.values(FOREIGN).next()?.parse().ok()
    }

    /// What was derived from data that was held against other data: how, and the other files with what
    /// was known of them.
    pub fn derived(
        id: String,
        derivation: Derivation,
        against: &[(Completeness, &str)],
    ) -> RunRecord {
        let mut facts = vec![(DERIVED.to_owned(), derivation.name().to_owned())];
        for (completeness, name) in against {
            facts.push((
                AGAINST.to_owned(),
                format!("{} {name}", completeness.name()),
            ));
        }
        RunRecord { id, facts }
    }

    /// How the data was derived, where this stands for that.
    pub fn derivation(&self) -> Option<Derivation> {
        let said = self.values(DERIVED).next()?;
        Derivation::ALL.into_iter().find(|one| one.name() == said)
    }

    /// The data files that it was derived from besides the first, with what was known of them.
    pub fn against(&self) -> impl Iterator<Item = (Completeness, &str)> {
        self.values(AGAINST).map(|text| {
            let (word, name) = text.split_once(' ').unwrap_or((text, ""));
            (Completeness::recorded(word), name)
        })
    }

    /// Whether this is a run, and stands for nothing else.
    pub fn is_run(&self) -> bool {
        self.values(FOREIGN).next().is_none() && self.values(DERIVED).next().is_none()
    }

    /// Whether the run says that everything that counts is in the data; unknown for one that was
    /// killed before it could account for its processes.
    pub fn completeness(&self) -> Completeness {
        if self.values(PARTIAL).any(|value| value == "1") {
            return Completeness::Partial;
        }
        match self.values(COMPLETE).next() {
            Some("1") => Completeness::Complete,
            Some("0") => Completeness::Incomplete,
            _ => Completeness::Unknown,
        }
    }

    /// How many Python processes were seen.
    pub fn seen(&self) -> Option<usize> {
        self.values(SEEN).next()?.parse().ok()
    }

    /// What came of the tests.
    pub fn tests(&self) -> TestsResult {
        let said = self.values(TESTS).next();
        said.map_or(TestsResult::Unknown, TestsResult::recorded)
    }

    /// The command that ran the tests.
    pub fn command(&self) -> Option<&str> {
        self.values(COMMAND).next().filter(|text| !text.is_empty())
    }

    /// When the run began, in nanoseconds since 1970.
    pub fn started(&self) -> Option<i64> {
        self.values(STARTED).next()?.parse().ok()
    }

    /// The services that the run was asked to start and to measure.
    pub fn services(&self) -> impl Iterator<Item = &str> {
        self.values(SERVICE)
    }

    /// The paths that readiness checks asked for over HTTP.
    pub fn ready_paths(&self) -> impl Iterator<Item = &str> {
        self.values(READY)
    }

    /// What there is to know about the run.
    pub fn findings(&self) -> impl Iterator<Item = RecordedFinding> + '_ {
        self.values(FINDING)
            .filter_map(|text| serde_json::from_str(text).ok())
    }
}

#[cfg(test)]
mod tests {
    use swath_model::GapKind;

    use super::*;

    fn facts(findings: &[Finding]) -> RunFacts {
        RunFacts {
            partial: false,
            seen: 4,
            tests: TestsResult::Passed,
            command: "pytest -q".to_owned(),
            started: 7,
            services: vec!["web".to_owned(), "worker".to_owned()],
            ready_paths: vec!["/ready".to_owned()],
            findings: findings.iter().map(RecordedFinding::from).collect(),
        }
    }

    #[test]
    fn what_a_run_says_reads_back() {
        let missing = Finding::PathsUnmapped {
            paths: vec!["/srv/a.py".to_owned(), "/srv/b.py".to_owned()],
        };
        let run = facts(&[Finding::NoService, missing]).into_record("a".to_owned());
        assert_eq!(run.completeness(), Completeness::Incomplete);
        assert_eq!((run.seen(), run.started()), (Some(4), Some(7)));
        assert_eq!(run.services().collect::<Vec<_>>(), ["web", "worker"]);
        assert_eq!(run.ready_paths().collect::<Vec<_>>(), ["/ready"]);
        assert_eq!(run.tests(), TestsResult::Passed);
        assert_eq!(run.command(), Some("pytest -q"));
        let gaps: Vec<_> = run.findings().map(|one| one.gap()).collect();
        assert_eq!(gaps, [None, Some(Gap::new(GapKind::UnmappedFiles, 2))]);
        let whole = facts(&[Finding::NoService]).into_record("b".to_owned());
        assert_eq!(whole.completeness(), Completeness::Complete);
    }

    #[test]
    fn values_that_make_no_sense_are_left_out() {
        let run = RunRecord {
            id: "x".to_owned(),
            facts: [("complete", "yes"), ("seen", "-3"), ("finding", "{")]
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .to_vec(),
        };
        assert_eq!(run.completeness(), Completeness::Unknown);
        assert_eq!(run.seen(), None);
        assert_eq!(run.findings().count(), 0);
    }
}
