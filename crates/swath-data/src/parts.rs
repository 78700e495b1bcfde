//! Parts of data that have names: what each of them holds, by file. What came in under a label is
//! one, and what the processes of a service ran.

use std::collections::{BTreeMap, BTreeSet};

use crate::{ArcSet, ContextId, CoverageData, LineSet};

/// What a part holds of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FilePart {
    /// The lines; empty in branch data, where the arcs say them.
    pub lines: LineSet,
    /// The arcs.
    pub arcs: ArcSet,
}

/// Parts by name, and what each holds by file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parts {
    parts: BTreeMap<String, BTreeMap<String, FilePart>>,
}

impl Parts {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// Their names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.parts.keys().map(String::as_str)
    }

    /// Every file of every part, in the order of their names.
    pub fn files(&self) -> impl Iterator<Item = (&str, &str, &FilePart)> {
        self.parts.iter().flat_map(|(name, files)| {
            let files = files.iter();
            files.map(move |(path, file)| (name.as_str(), path.as_str(), file))
        })
    }

    /// The files of a part.
    pub fn files_of(&self, name: &str) -> Option<&BTreeMap<String, FilePart>> {
        self.parts.get(name)
    }

    /// Makes a part known, be it that it holds nothing.
    pub(crate) fn touch(&mut self, name: &str) {
        self.parts.entry(name.to_owned()).or_default();
    }

    /// Adds lines and arcs to a part.
    pub fn add(&mut self, name: &str, path: &str, more: &FilePart) {
        let files = self.parts.entry(name.to_owned()).or_default();
        let file = files.entry(path.to_owned()).or_default();
        file.lines.union_with(&more.lines);
        file.arcs.union_with(&more.arcs);
    }

    /// Takes in other parts, with their paths mapped.
    pub(crate) fn merge(&mut self, other: &Self, mut map_path: impl FnMut(&str) -> String) {
        for name in other.names() {
            self.touch(name);
        }
        for (name, path, file) in other.files() {
            self.add(name, &map_path(path), file);
        }
    }

    /// Keeps what is left in data.
    pub(crate) fn keep_left_in(&mut self, data: &CoverageData) {
        for (path, file) in self.parts.values_mut().flatten() {
            file.keep_of(data, path, None);
        }
    }
}

impl FilePart {
    fn keep_of(&mut self, data: &CoverageData, path: &str, chosen: Option<&BTreeSet<ContextId>>) {
        let lines = data.lines(path, chosen).unwrap_or_default();
        self.keep(&lines, &data.arcs(path, chosen).unwrap_or_default());
    }

    fn keep(&mut self, lines: &LineSet, arcs: &ArcSet) {
        self.lines = self.lines.intersection(lines);
        let ends = self.arcs.iter().flat_map(|(from, to)| [from, to]);
        let mine: LineSet = ends.filter_map(|end| u32::try_from(end).ok()).collect();
        let is_mine = |&(from, to): &(i32, i32)| {
            // A line that several reached by other arcs is left as an arc to itself.
            let is_line = from == to && u32::try_from(to).is_ok_and(|line| mine.contains(line));
            is_line || self.arcs.contains((from, to))
        };
        self.arcs = arcs.iter().filter(is_mine).collect();
    }
}

impl CoverageData {
    /// What the processes of a service ran, as data of its own; of what ran in `chosen` contexts, if
    /// there is a choice. `None` if the data does not say it.
    #[must_use]
    pub fn served_by(
        &self,
        service: &str,
        chosen: Option<&BTreeSet<ContextId>>,
    ) -> Option<CoverageData> {
        let files = self.accounting.services.files_of(service)?;
        if chosen.is_none() {
            return Some(self.part(files));
        }
        let mut files = files.clone();
        for (path, file) in &mut files {
            file.keep_of(self, path, chosen);
        }
        Some(self.part(&files))
    }

    pub(crate) fn part(&self, files: &BTreeMap<String, FilePart>) -> CoverageData {
        let mut data = CoverageData::new(self.mode());
        let context = data.intern_context("");
        for (path, file) in self.files() {
            data.touch(path).tracer.clone_from(&file.tracer);
        }
        for (path, file) in files {
            if self.has_arcs() {
                data.add_arcs(path, context, &file.arcs);
            } else {
                data.add_lines(path, context, &file.lines);
            }
        }
        data.accounting.files.clone_from(&self.accounting.files);
        data
    }
}

#[cfg(test)]
mod tests {
    use swath_model::Arc;

    use super::*;

    #[test]
    fn what_is_left_of_a_part_is_what_it_held_and_the_data_still_holds() {
        let part = |lines: &[u32], arcs: &[Arc]| FilePart {
            lines: lines.iter().copied().collect(),
            arcs: arcs.iter().copied().collect(),
        };
        let mut file = part(&[1, 2, 3], &[(-1, 1), (1, 2), (2, 3)]);
        let left = part(&[2, 3, 4], &[(1, 2), (3, 3), (4, 4), (3, 4)]);
        file.keep(&left.lines, &left.arcs);
        assert_eq!(file, part(&[2, 3], &[(1, 2), (3, 3)]));
    }
}
