//! Who ran each line: every distinct set of contexts once, and for each line which set it is.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashMap;
use swath_data::{ContextId, CoverageData, phase_of, test_of};

/// The contexts of one file's lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LineContexts {
    /// The contexts that ran any line, by name.
    pub names: Vec<String>,
    /// The distinct sets of contexts, as places in [`LineContexts::names`], in order.
    pub sets: Vec<Vec<u32>>,
    by_line: FxHashMap<u32, u32>,
}

impl LineContexts {
    /// The contexts of the lines of a file, among `chosen` if there is a choice.
    ///
    /// Lines are told apart context by context, so the work is that of the hits, however many
    /// contexts a line has.
    pub fn of_file(data: &CoverageData, path: &str, chosen: Option<&BTreeSet<ContextId>>) -> Self {
        let Some(file) = data.file(path) else {
            return Self::default();
        };
        let wanted = |id: ContextId| chosen.is_none_or(|chosen| chosen.contains(&id));
        let mut hits: Vec<(&str, Vec<u32>)> = Vec::new();
        if data.has_arcs() {
            for (id, arcs) in file.arcs_by_context().filter(|(id, _)| wanted(*id)) {
                let ends = arcs.iter().flat_map(|(from, to)| [from, to]);
                let mut lines: Vec<u32> = ends
                    .filter(|&line| line > 0)
                    .filter_map(|line| u32::try_from(line).ok())
                    .collect();
                lines.sort_unstable();
                lines.dedup();
                hits.push((data.context_name(id), lines));
            }
        } else {
            for (id, lines) in file.lines_by_context().filter(|(id, _)| wanted(*id)) {
                hits.push((data.context_name(id), lines.iter().collect()));
            }
        }
        hits.sort_unstable();
        Self::of_hits(&hits)
    }

    fn of_hits(hits: &[(&str, Vec<u32>)]) -> Self {
        // A set is a node: the set before, and the context added to it. Node 0 is the empty set.
        let mut nodes: Vec<(u32, u32)> = vec![(0, 0)];
        let mut of_line: FxHashMap<u32, u32> = FxHashMap::default();
        for (context, (_, lines)) in (0..).zip(hits) {
            let mut children: FxHashMap<u32, u32> = FxHashMap::default();
            for &line in lines {
                let node = of_line.entry(line).or_insert(0);
                let next = u32::try_from(nodes.len()).unwrap_or(u32::MAX);
                let child = *children.entry(*node).or_insert(next);
                if child == next {
                    nodes.push((*node, context));
                }
                *node = child;
            }
        }
        let mut used: Vec<(u32, u32)> = of_line.iter().map(|(&line, &node)| (line, node)).collect();
        used.sort_unstable();
        let mut found = Self {
            names: hits.iter().map(|(name, _)| (*name).to_owned()).collect(),
            ..Self::default()
        };
        let mut set_of_node: FxHashMap<u32, u32> = FxHashMap::default();
        for (line, node) in used {
            let next = u32::try_from(found.sets.len()).unwrap_or(u32::MAX);
            let set = *set_of_node.entry(node).or_insert(next);
            if set == next {
                found.sets.push(members(&nodes, node));
            }
            found.by_line.insert(line, set);
        }
        found
    }

    /// The same for contexts of tests alone, with the phases of a test as one. What only the fixtures of a test ran has their
    /// phases in parentheses behind its name.
    #[must_use]
    pub fn by_test(&self, is_test: impl Fn(&str) -> bool) -> Self {
        let mut of_test: BTreeMap<&str, u32> = BTreeMap::new();
        for name in self.names.iter().filter(|name| is_test(name)) {
            of_test.entry(test_of(name)).or_default();
        }
        for (number, place) in (0..).zip(of_test.values_mut()) {
            *place = number;
        }
        let whole: Vec<Option<(u32, u8)>> = (self.names.iter())
            .map(|name| Some((*of_test.get(test_of(name))?, phase_bit(name))))
            .collect();
        let mut sets: Vec<Vec<(u32, u8)>> = Vec::with_capacity(self.sets.len());
        let mut used: BTreeSet<(u32, u8)> = BTreeSet::new();
        for set in &self.sets {
            let mut tests: Vec<(u32, u8)> = set
                .iter()
                .filter_map(|&name| whole[name as usize])
                .collect();
            tests.sort_unstable();
            tests.dedup_by(|next, one| {
                let is_same = next.0 == one.0;
                one.1 |= if is_same { next.1 } else { 0 };
                is_same
            });
            for (_, phases) in &mut tests {
                if *phases & BODY != 0 {
                    *phases = BODY;
                }
            }
            used.extend(&tests);
            sets.push(tests);
        }
        let tests: Vec<&str> = of_test.into_keys().collect();
        let places: BTreeMap<(u32, u8), u32> = used.iter().copied().zip(0..).collect();
        let mut found = Self {
            names: (used.iter())
                .map(|(test, phases)| format!("{}{}", tests[*test as usize], label(*phases)))
                .collect(),
            ..Self::default()
        };
        // Sets that differ in phases alone are the same now.
        let mut known: FxHashMap<Vec<u32>, u32> = FxHashMap::default();
        let mut new_set: Vec<Option<u32>> = Vec::with_capacity(sets.len());
        for set in sets {
            if set.is_empty() {
                new_set.push(None);
                continue;
            }
            let set: Vec<u32> = set.iter().map(|test| places[test]).collect();
            let next = u32::try_from(found.sets.len()).unwrap_or(u32::MAX);
            let place = *known.entry(set.clone()).or_insert(next);
            if place == next {
                found.sets.push(set);
            }
            new_set.push(Some(place));
        }
        let lines = self.by_line.iter();
        found.by_line = lines
            .filter_map(|(&line, &set)| Some((line, new_set[set as usize]?)))
            .collect();
        found
    }

    /// The place of a line's set in [`LineContexts::sets`].
    pub fn set(&self, line: u32) -> Option<usize> {
        self.by_line.get(&line).map(|&set| set as usize)
    }
}

const SETUP: u8 = 1;
const BODY: u8 = 2;
const TEARDOWN: u8 = 4;

fn phase_bit(context: &str) -> u8 {
    match phase_of(context) {
        Some("setup") => SETUP,
        Some("teardown") => TEARDOWN,
        _ => BODY,
    }
}

fn label(phases: u8) -> &'static str {
    match phases {
        SETUP => " (setup)",
        TEARDOWN => " (teardown)",
        BODY => "",
        _ => " (setup, teardown)",
    }
}

fn members(nodes: &[(u32, u32)], node: u32) -> Vec<u32> {
    let mut members = Vec::new();
    let mut at = node;
    while at != 0 {
        let (before, context) = nodes[at as usize];
        members.push(context);
        at = before;
    }
    members.reverse();
    members
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_with_the_same_contexts_share_a_set() {
        let found =
            LineContexts::of_hits(&[("a", vec![1, 2, 3]), ("b", vec![2, 3]), ("c", vec![1, 9])]);
        assert_eq!(found.sets, [vec![0, 2], vec![0, 1], vec![2]]);
        let sets: Vec<_> = [1, 2, 3, 9, 4].map(|line| found.set(line)).into();
        assert_eq!(sets, [Some(0), Some(1), Some(1), Some(2), None]);
    }

    #[test]
    fn phases_of_a_test_are_one() {
        let found = LineContexts::of_hits(&[
            ("(start-up)", vec![1]),
            ("a|run", vec![2, 3]),
            ("a|setup", vec![2, 4, 5]),
            ("a|teardown", vec![5]),
            ("b|run", vec![2, 3]),
        ]);
        let found = found.by_test(|name| name != "(start-up)");
        let names = ["a", "a (setup)", "a (setup, teardown)", "b"];
        let mut sorted = found.names.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, names);
        let named = |line| {
            let set = &found.sets[found.set(line).unwrap()];
            let names = set.iter().map(|&name| found.names[name as usize].as_str());
            names.collect::<Vec<_>>()
        };
        assert_eq!(found.set(1), None);
        assert_eq!(named(2), ["a", "b"]);
        assert_eq!(found.set(2), found.set(3));
        assert_eq!(named(4), ["a (setup)"]);
        assert_eq!(named(5), ["a (setup, teardown)"]);
    }

    #[test]
    fn many_contexts_are_no_more_than_their_hits() {
        let hits: Vec<(String, Vec<u32>)> = (0..2000u32)
            .map(|context| (format!("test_{context:04}"), (1..=500).collect()))
            .collect();
        let hits: Vec<(&str, Vec<u32>)> = hits
            .iter()
            .map(|(name, lines)| (name.as_str(), lines.clone()))
            .collect();
        let found = LineContexts::of_hits(&hits);
        assert_eq!((found.sets.len(), found.sets[0].len()), (1, 2000));
    }
}
