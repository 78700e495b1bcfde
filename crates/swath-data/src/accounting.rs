//! What swath knows beyond coverage.py's data: processes, what each touched, hashes, run facts.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rustc_hash::FxHashMap;
use swath_model::{AgentState, Completeness, Ending, PythonRelease, Role, SourceHash};

use crate::{Attribution, Labels, Parts};

/// One text that a measured path had in one Python.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileFacts {
    /// The content that ran, where it could be read.
    pub hash: Option<SourceHash>,
    /// Whether there was no such file where it ran: the program made the code itself.
    pub is_absent: bool,
    /// The Python that ran it.
    pub python: Option<PythonRelease>,
}

/// One process of a run, as the accounting shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProcessRecord {
    /// The random id of the process's hit store, in hexadecimal; unique across machines.
    pub id: String,
    /// The run it belongs to.
    pub run: String,
    /// Its process id.
    pub pid: u32,
    /// The process id of its parent.
    pub parent_pid: u32,
    /// The id of the process that it was forked from without an exec.
    pub fork_parent: Option<String>,
    /// The declared service that it belongs to.
    pub service: Option<String>,
    /// Its role, where that is known.
    pub role: Option<Role>,
    /// Whether its hits are part of the data.
    pub counted: bool,
    /// Its command line, without secrets.
    pub command: Vec<String>,
    /// The program that ran.
    pub executable: String,
    /// Its Python.
    pub python: Option<PythonRelease>,
    /// Whether the agent measured it.
    pub state: AgentState,
    /// When it started, in nanoseconds since 1970.
    pub started: i64,
    /// How it ended, where that is known.
    pub ended: Option<Ending>,
    /// Hits that found no room.
    pub dropped: u64,
    /// The measured files that it ran lines of itself. Processes that ran the same have them in common.
    pub touched: Arc<BTreeSet<String>>,
}

/// Facts about one run, in the order in which they were stated.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunRecord {
    /// A random id.
    pub id: String,
    /// Pairs of key and value; a key may come more than once. `docs/reference/data-tables.md`
    /// lists the keys.
    pub facts: Vec<(String, String)>,
}

impl RunRecord {
    /// The values of `key`, in order.
    pub fn values<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a str> + 'a {
        self.facts
            .iter()
            .filter(move |(name, _)| name == key)
            .map(|(_, value)| value.as_str())
    }
}

/// Everything that swath's own tables hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Accounting {
    /// The runs that went into the data.
    pub runs: Vec<RunRecord>,
    /// Their processes.
    pub processes: Vec<ProcessRecord>,
    /// The texts and Pythons that each measured path had.
    pub files: BTreeMap<String, BTreeSet<FileFacts>>,
    /// What was combined under labels.
    pub labels: Labels,
    /// What the processes of each service ran.
    pub services: Parts,
    /// Tests and endpoints.
    pub attribution: Attribution,
}

impl Accounting {
    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.is_foreign() && self.labels.is_empty() && self.attribution.is_empty()
    }

    /// Whether swath recorded nothing of the data: coverage.py wrote it, with labels or without.
    pub fn is_foreign(&self) -> bool {
        self.runs.is_empty() && self.processes.is_empty() && self.files.is_empty()
    }

    /// Whether everything that counts was recorded, as far as the runs could say: unknown without any.
    /// What was derived is no better than the data of swath's that it was held against.
    pub fn completeness(&self) -> Completeness {
        if !self.runs.iter().any(RunRecord::is_run) {
            return Completeness::Unknown;
        }
        let runs = self.runs.iter().filter(|run| run.is_run());
        let runs = runs.map(|run| match run.completeness() {
            Completeness::Unknown => Completeness::Incomplete,
            known => known,
        });
        let against = self.runs.iter().flat_map(RunRecord::against);
        let against = against.map(|(completeness, _)| match completeness {
            Completeness::Incomplete | Completeness::Partial => Completeness::Incomplete,
            Completeness::Complete | Completeness::Unknown => Completeness::Complete,
        });
        runs.chain(against).max().unwrap_or(Completeness::Unknown)
    }

    /// Adds the runs that are not known yet.
    pub fn add_runs(&mut self, runs: impl IntoIterator<Item = RunRecord>) {
        for run in runs {
            if !self.runs.iter().any(|known| known.id == run.id) {
                self.runs.push(run);
            }
        }
    }

    /// Takes in another accounting, with its paths mapped. Runs and processes that are here
    /// already (the same data combined twice) stay once.
    pub fn merge(&mut self, other: &Accounting, mut map_path: impl FnMut(&str) -> String) {
        self.add_runs(other.runs.iter().cloned());
        let known: BTreeSet<String> = self.processes.iter().map(|p| p.id.clone()).collect();
        let mut mapped: FxHashMap<*const BTreeSet<String>, Arc<BTreeSet<String>>> =
            FxHashMap::default();
        for process in &other.processes {
            if known.contains(&process.id) {
                continue;
            }
            let touched = mapped.entry(Arc::as_ptr(&process.touched));
            let touched = touched.or_insert_with(|| {
                Arc::new(process.touched.iter().map(|path| map_path(path)).collect())
            });
            self.processes.push(ProcessRecord {
                touched: Arc::clone(touched),
                ..process.clone()
            });
        }
        for (path, facts) in &other.files {
            self.files
                .entry(map_path(path))
                .or_default()
                .extend(facts.iter().copied());
        }
        self.attribution.merge(&other.attribution, &mut map_path);
        self.services.merge(&other.services, &mut map_path);
        self.labels.merge(&other.labels, map_path);
    }

    /// The distinct contents that ran under `path`.
    pub fn hashes(&self, path: &str) -> BTreeSet<SourceHash> {
        self.files
            .get(path)
            .into_iter()
            .flatten()
            .filter_map(|facts| facts.hash)
            .collect()
    }

    /// Whether swath itself recorded `path`. Of a file that somebody else recorded, `combine` may have written down the
    /// Python alone.
    pub fn was_recorded(&self, path: &str) -> bool {
        self.files.get(path).is_some_and(|facts| {
            let of_swath = |facts: &FileFacts| {
                facts.hash.is_some() || facts.python.is_none_or(|python| !python.is_said())
            };
            facts.is_empty() || facts.iter().any(of_swath)
        })
    }

    /// Whether `path` is no file: wherever it ran, the program had made the code itself.
    pub fn was_made(&self, path: &str) -> bool {
        let facts = self.files.get(path);
        facts.is_some_and(|facts| !facts.is_empty() && facts.iter().all(|facts| facts.is_absent))
    }

    /// The newest Python that ran `path`.
    pub fn python(&self, path: &str) -> Option<PythonRelease> {
        self.files
            .get(path)?
            .iter()
            .filter_map(|facts| facts.python)
            .max()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merging_the_same_accounting_twice_changes_nothing() {
        let mut one = Accounting::default();
        one.processes.push(ProcessRecord {
            id: "aa".to_owned(),
            touched: Arc::new(["/srv/a.py".to_owned()].into()),
            ..ProcessRecord::default()
        });
        one.runs.push(RunRecord {
            id: "r".to_owned(),
            facts: vec![("complete".to_owned(), "1".to_owned())],
        });
        let mut all = Accounting::default();
        all.merge(&one, |path| path.replace("/srv", "/here"));
        let once = all.clone();
        all.merge(&one, |path| path.replace("/srv", "/here"));
        assert_eq!(all, once);
        assert!(all.processes[0].touched.contains("/here/a.py"));
    }
}
