//! What a data file keeps of the origin of what was combined into it: lines, arcs and contexts by
//! label.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::{ArcSet, ContextId, CoverageData, FilePart, LineSet, Parts};

/// What each label holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Labels {
    parts: Parts,
    contexts: BTreeMap<String, BTreeSet<String>>,
}

impl Labels {
    /// Whether there is no label.
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// The labels.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.parts.names()
    }

    /// Their lines and arcs.
    pub fn parts(&self) -> &Parts {
        &self.parts
    }

    /// Every context of every label.
    pub fn contexts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.contexts.iter().flat_map(|(label, contexts)| {
            let contexts = contexts.iter();
            contexts.map(move |context| (label.as_str(), context.as_str()))
        })
    }

    /// The labels whose data has a context.
    pub fn of_context<'a>(&'a self, context: &'a str) -> impl Iterator<Item = &'a str> {
        let having = self.contexts.iter();
        let having = having.filter(move |(_, contexts)| contexts.contains(context));
        having.map(|(label, _)| label.as_str())
    }

    pub(crate) fn add_part(&mut self, label: &str, path: &str, part: &FilePart) {
        self.parts.add(label, path, part);
    }

    pub(crate) fn add_context(&mut self, label: &str, context: &str) {
        let contexts = self.contexts.entry(label.to_owned()).or_default();
        contexts.insert(context.to_owned());
    }

    /// Adds all that data holds to a label, with its paths mapped.
    pub(crate) fn add_data(
        &mut self,
        label: &str,
        data: &CoverageData,
        mut map_path: impl FnMut(&str) -> String,
    ) {
        self.parts.touch(label);
        for (path, _) in data.files() {
            let arcs = data.arcs(path, None).unwrap_or_default();
            let lines = if data.has_arcs() {
                LineSet::new()
            } else {
                data.lines(path, None).unwrap_or_default()
            };
            self.add_part(label, &map_path(path), &FilePart { lines, arcs });
        }
        // A test that reached nothing has no lines in any context.
        let tests = data.accounting.attribution.tests().map(|(test, _)| test);
        for context in data.contexts().map(|(_, name)| name).chain(tests) {
            self.add_context(label, context);
        }
    }

    /// Takes in other labels, with their paths mapped.
    pub(crate) fn merge(&mut self, other: &Self, map_path: impl FnMut(&str) -> String) {
        self.parts.merge(&other.parts, map_path);
        for (label, context) in other.contexts() {
            self.add_context(label, context);
        }
    }

    /// Keeps what is left in data.
    pub(crate) fn keep_left_in(&mut self, data: &CoverageData) {
        self.parts.keep_left_in(data);
    }
}

impl CoverageData {
    /// What came in under a label, as data of its own, in its contexts: all files are in it, and the
    /// texts that are known of them. `None` if there is no such label.
    ///
    /// What a context of several labels holds is told apart by what the labels hold: a line that a
    /// label reached in another context only, and another label in this one, is in both.
    #[must_use]
    pub fn labelled(&self, label: &str) -> Option<CoverageData> {
        let labels = &self.accounting.labels;
        let files = labels.parts.files_of(label)?;
        let mut data = self.part(files);
        let Some(names) = labels.contexts.get(label) else {
            return Some(data);
        };
        let all = self.contexts();
        let chosen = all.filter(|(_, name)| names.contains(*name));
        let ids: FxHashMap<ContextId, ContextId> = chosen
            .map(|(id, name)| (id, data.intern_context(name)))
            .collect();
        for (path, part) in files {
            let (Some(all), own) = (self.file(path), data.touch(path)) else {
                continue;
            };
            let within = |lines: &LineSet| lines.intersection(&part.lines);
            let lines = shared(all.lines_by_context(), &ids, within, LineSet::is_empty);
            let within = |arcs: &ArcSet| {
                let arcs = arcs.iter().filter(|arc| part.arcs.contains(*arc));
                arcs.collect()
            };
            let arcs = shared(all.arcs_by_context(), &ids, within, ArcSet::is_empty);
            if !lines.is_empty() {
                own.lines = lines.into_iter().collect();
            }
            if !arcs.is_empty() {
                own.arcs = arcs.into_iter().collect();
            }
        }
        Some(data)
    }
}

/// What each of these contexts has, narrowed; what contexts have in common stays so.
fn shared<'a, T: 'a>(
    all: impl Iterator<Item = (ContextId, &'a T)>,
    ids: &FxHashMap<ContextId, ContextId>,
    within: impl Fn(&T) -> T,
    is_empty: impl Fn(&T) -> bool,
) -> Vec<(ContextId, Arc<T>)> {
    let mut known: FxHashMap<*const T, Arc<T>> = FxHashMap::default();
    let narrowed = all.filter_map(|(context, set)| {
        let id = *ids.get(&context)?;
        let narrowed = known.entry(set).or_insert_with(|| Arc::new(within(set)));
        Some((id, Arc::clone(narrowed)))
    });
    narrowed.filter(|(_, set)| !is_empty(set)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Mode;

    #[test]
    fn a_label_has_its_contexts_and_no_line_of_another() {
        let of = |rows: &[(&str, &[u32])]| {
            let mut data = CoverageData::new(Mode::Lines);
            for (context, lines) in rows {
                let context = data.intern_context(context);
                data.add_lines("a.py", context, &lines.iter().copied().collect());
            }
            data
        };
        let system = of(&[("", &[1, 2]), ("sum|run", &[3, 4])]);
        let unit = of(&[("", &[1]), ("empty|run", &[2, 3]), ("sum|run", &[5])]);
        let alone = [("system", 4), ("system", 2), ("unit", 5)];
        let mut all = CoverageData::default();
        for (label, data) in [("system", &system), ("unit", &unit)] {
            all.update(data, ("", ""), str::to_owned).unwrap();
            all.accounting.labels.add_data(label, data, str::to_owned);
        }
        assert_eq!(all.labelled("gone"), None);
        let labels = &all.accounting.labels;
        let having: Vec<&str> = labels.of_context("sum|run").collect();
        assert_eq!(having, ["system", "unit"]);
        for (label, data) in [("system", &system), ("unit", &unit)] {
            let back = all.labelled(label).unwrap();
            assert_eq!(back.lines("a.py", None), data.lines("a.py", None));
            for (_, line) in alone.iter().filter(|(one, _)| *one == label) {
                let contexts = |data: &CoverageData| {
                    let by_line = data.contexts_by_line("a.py", None);
                    by_line[line]
                        .iter()
                        .map(ToString::to_string)
                        .collect::<Vec<_>>()
                };
                assert_eq!(contexts(&back), contexts(data), "{label} {line}");
            }
        }
    }
}
