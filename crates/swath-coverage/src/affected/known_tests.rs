//! The tests that the data knows, by the contexts of what they ran.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashMap;
use swath_data::{ContextId, CoverageData, phase_of, test_of};

use super::test_id::TestId;
use super::{file_name, module_name};
use crate::attribution_report::test_contexts;

/// The tests, in the order of their names.
#[derive(Debug, Default)]
pub(super) struct KnownTests {
    pub(super) ids: Vec<TestId>,
    /// Tests of which nobody knows what they reach: they ran no line, or did not pass.
    pub(super) obscure: BTreeSet<usize>,
    by_context: FxHashMap<ContextId, TestPhase>,
    /// Those with a path in their names, by the name of the file.
    by_file: FxHashMap<String, Vec<usize>>,
    /// The others.
    dotted: Vec<usize>,
    /// The tests that called each service.
    by_service: BTreeMap<String, BTreeSet<usize>>,
}

/// A test, and whether its set-up is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct TestPhase {
    pub(super) test: usize,
    pub(super) is_setup: bool,
}

impl KnownTests {
    pub(super) fn new(data: &CoverageData) -> Self {
        let contexts = test_contexts(data);
        let labels: BTreeSet<&str> = data.contexts().map(|(_, name)| name).collect();
        let names: BTreeSet<&str> = contexts
            .keys()
            .map(|context| without_label(test_of(context), &labels))
            .collect();
        let places: BTreeMap<&str, usize> = names.iter().copied().zip(0..).collect();
        let place_of = |context: &str| {
            places
                .get(without_label(test_of(context), &labels))
                .copied()
        };
        let mut known = Self {
            ids: names.iter().map(|name| TestId::parse(name)).collect(),
            ..Self::default()
        };
        for (place, id) in known.ids.iter().enumerate() {
            match id.path() {
                Some(path) => {
                    let name = file_name(path).to_owned();
                    known.by_file.entry(name).or_default().push(place);
                }
                None => known.dotted.push(place),
            }
        }
        for (id, name) in data.contexts() {
            if contexts.contains_key(name)
                && let Some(test) = place_of(name)
            {
                let is_setup = phase_of(name) == Some("setup");
                known.by_context.insert(id, TestPhase { test, is_setup });
            }
        }
        known.obscure = known.silent(data);
        for (context, outcomes) in &contexts {
            let is_sure = |outcome: &String| outcome == "passed" || outcome == "xfailed";
            if let (Some(outcomes), Some(test)) = (outcomes, place_of(context))
                && !outcomes.iter().all(is_sure)
            {
                known.obscure.insert(test);
            }
        }
        for (endpoint, facts) in data.accounting.attribution.endpoints() {
            let called = facts.calls.iter();
            let tests = called.filter_map(|call| place_of(&call.test));
            let known = known.by_service.entry(endpoint.service.clone());
            known.or_default().extend(tests);
        }
        known
    }

    /// The tests without any line.
    fn silent(&self, data: &CoverageData) -> BTreeSet<usize> {
        let mut silent: BTreeSet<usize> = (0..self.ids.len()).collect();
        for (_, file) in data.files() {
            let lines = file.lines_by_context();
            let lines = lines.filter(|(_, lines)| !lines.is_empty());
            let arcs = file.arcs_by_context();
            let arcs = arcs.filter(|(_, arcs)| !arcs.is_empty());
            let ids = lines.map(|(id, _)| id).chain(arcs.map(|(id, _)| id));
            for id in ids {
                if let Some(phase) = self.by_context.get(&id) {
                    silent.remove(&phase.test);
                }
            }
            if silent.is_empty() {
                break;
            }
        }
        silent
    }

    /// The tests in a file, by its path from the top of the checkout.
    pub(super) fn in_file(&self, path: &str) -> BTreeSet<usize> {
        let named = self.by_file.get(file_name(path)).into_iter().flatten();
        let stem = module_name(path);
        let dotted = self.dotted.iter();
        let dotted = dotted.filter(|&&test| self.ids[test].name.contains(stem));
        let candidates = named.chain(dotted).copied();
        candidates
            .filter(|&test| self.ids[test].is_in(path))
            .collect()
    }

    /// The test that a context is of.
    pub(super) fn of_context(&self, id: ContextId) -> Option<TestPhase> {
        self.by_context.get(&id).copied()
    }

    /// The tests that called a service, if that is known.
    pub(super) fn of_service(&self, service: &str) -> Option<&BTreeSet<usize>> {
        self.by_service
            .get(service)
            .filter(|tests| !tests.is_empty())
    }
}

/// A name without the context of the whole run, which is one of the data as well.
fn without_label<'a>(name: &'a str, labels: &BTreeSet<&str>) -> &'a str {
    let mut places = name.match_indices('|').map(|(place, _)| place);
    let label = places.find(|&place| place > 0 && labels.contains(&name[..place]));
    label.map_or(name, |place| &name[place + 1..])
}
