//! Who ran some lines of a file, and who loaded it.

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;
use swath_data::{ContextId, CoverageData, LineSet, ProcessRecord};
use swath_model::Role;

use super::known_tests::{KnownTests, TestPhase};
use super::outline_change::Span;

/// Who ran some lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Reached {
    pub(super) tests: BTreeSet<TestPhase>,
    /// Whether anybody ran them who is no test that is known.
    pub(super) by_others: bool,
}

impl Reached {
    pub(super) fn is_empty(&self) -> bool {
        self.tests.is_empty() && !self.by_others
    }

    /// Whether no more tests than these ran them, and any did.
    pub(super) fn is_by_few(&self, most: usize) -> bool {
        let tests: BTreeSet<usize> = self.tests.iter().map(|phase| phase.test).collect();
        (1..=most).contains(&tests.len())
    }
}

/// What each context ran of a file.
pub(super) struct FileReach<'a> {
    known: &'a KnownTests,
    /// Many contexts ran the same.
    lines: Vec<LineSet>,
    contexts: Vec<(ContextId, usize)>,
}

impl<'a> FileReach<'a> {
    pub(super) fn new(data: &CoverageData, key: &str, known: &'a KnownTests) -> Self {
        let mut reach = Self {
            known,
            lines: Vec::new(),
            contexts: Vec::new(),
        };
        let Some(file) = data.file(key) else {
            return reach;
        };
        if data.has_arcs() {
            let mut places = FxHashMap::default();
            for (id, arcs) in file.arcs_by_context() {
                let place = *places.entry(std::ptr::from_ref(arcs)).or_insert_with(|| {
                    let ends = arcs.iter().flat_map(|(from, to)| [from, to]);
                    let lines = ends.filter(|&line| line > 0);
                    let lines = lines.filter_map(|line| u32::try_from(line).ok());
                    reach.lines.push(lines.collect());
                    reach.lines.len() - 1
                });
                reach.contexts.push((id, place));
            }
        } else {
            let mut places = FxHashMap::default();
            for (id, lines) in file.lines_by_context() {
                let place = *places.entry(std::ptr::from_ref(lines)).or_insert_with(|| {
                    reach.lines.push(lines.clone());
                    reach.lines.len() - 1
                });
                reach.contexts.push((id, place));
            }
        }
        reach
    }

    /// Who ran any line of these.
    pub(super) fn of(&self, spans: &[Span]) -> Reached {
        let hit: Vec<bool> = (self.lines.iter())
            .map(|lines| spans.iter().any(|span| lines.contains_any(span.0, span.1)))
            .collect();
        let mut reached = Reached::default();
        for (id, _) in self.contexts.iter().filter(|(_, place)| hit[*place]) {
            match self.known.of_context(*id) {
                Some(phase) => {
                    reached.tests.insert(phase);
                }
                None => reached.by_others = true,
            }
        }
        reached
    }
}

/// The tests for which a file was loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Loaded {
    /// Any of them: nobody knows which.
    ByAny,
    /// Those that called the services which loaded it.
    By(BTreeSet<usize>),
}

/// Who loaded a file: of services, who called them, and whoever ran a line of it.
pub(super) fn loaded(data: &CoverageData, key: &str, known: &KnownTests) -> Loaded {
    let reached = FileReach::new(data, key, known).of(&[(1, u32::MAX)]);
    let mut tests: BTreeSet<usize> = reached.tests.iter().map(|phase| phase.test).collect();
    let mut is_known = false;
    for process in processes_of(data, key) {
        let service = process.service.as_deref().filter(|name| !name.is_empty());
        let service = service.filter(|_| process.role == Some(Role::Service) && process.counted);
        let Some(called) = service.and_then(|service| known.of_service(service)) else {
            return Loaded::ByAny;
        };
        tests.extend(called);
        is_known = true;
    }
    if is_known {
        Loaded::By(tests)
    } else {
        Loaded::ByAny
    }
}

/// The processes that ran lines of a file themselves.
fn processes_of<'a>(
    data: &'a CoverageData,
    key: &'a str,
) -> impl Iterator<Item = &'a ProcessRecord> {
    let processes = data.accounting.processes.iter();
    processes.filter(move |process| process.touched.contains(key))
}

/// Whether a process ran a file whose lines are not in the data.
pub(super) fn ran_uncounted(data: &CoverageData, key: &str) -> bool {
    processes_of(data, key).any(|process| !process.counted)
}

/// Whether any process ran a file.
pub(super) fn ran(data: &CoverageData, key: &str) -> bool {
    data.file(key).is_some() || processes_of(data, key).next().is_some()
}

/// How many processes ran a file: each of them may do once what serves all that follow.
pub(super) fn process_count(data: &CoverageData, key: &str) -> usize {
    processes_of(data, key).count().max(1)
}

/// How many processes may each have set up what several tests share.
pub(super) fn test_processes(data: &CoverageData) -> usize {
    let processes = data.accounting.processes.iter();
    let of_tests = processes.filter(|process| process.role == Some(Role::Tests));
    of_tests.count().max(1)
}
