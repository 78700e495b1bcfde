//! What a data file keeps of the origin of what was combined into it: lines and arcs by label.

use std::collections::BTreeMap;

use crate::{ArcSet, CoverageData, LineSet};

/// What data of one label holds of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LabelledFile {
    /// The lines; empty in branch data, where the arcs say them.
    pub lines: LineSet,
    /// The arcs.
    pub arcs: ArcSet,
}

/// What each label holds, by file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Labels {
    labels: BTreeMap<String, BTreeMap<String, LabelledFile>>,
}

impl Labels {
    /// Whether there is no label.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// The labels.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.labels.keys().map(String::as_str)
    }

    /// Every file of every label, in the order of their names.
    pub fn files(&self) -> impl Iterator<Item = (&str, &str, &LabelledFile)> {
        self.labels.iter().flat_map(|(label, files)| {
            let files = files.iter();
            files.map(move |(path, file)| (label.as_str(), path.as_str(), file))
        })
    }

    /// The files of a label.
    pub(crate) fn files_of(&self, label: &str) -> Option<&BTreeMap<String, LabelledFile>> {
        self.labels.get(label)
    }

    /// Adds lines and arcs to a label.
    pub fn add(&mut self, label: &str, path: &str, more: &LabelledFile) {
        let files = self.labels.entry(label.to_owned()).or_default();
        let file = files.entry(path.to_owned()).or_default();
        file.lines.union_with(&more.lines);
        file.arcs.union_with(&more.arcs);
    }

    /// Adds all that data holds to a label, with its paths mapped.
    pub(crate) fn add_data(
        &mut self,
        label: &str,
        data: &CoverageData,
        mut map_path: impl FnMut(&str) -> String,
    ) {
        self.labels.entry(label.to_owned()).or_default();
        for (path, _) in data.files() {
            let arcs = data.arcs(path, None).unwrap_or_default();
            let lines = if data.has_arcs() {
                LineSet::new()
            } else {
                data.lines(path, None).unwrap_or_default()
            };
            self.add(label, &map_path(path), &LabelledFile { lines, arcs });
        }
    }

    /// Takes in other labels, with their paths mapped.
    pub(crate) fn merge(&mut self, other: &Labels, mut map_path: impl FnMut(&str) -> String) {
        for (label, path, file) in other.files() {
            self.add(label, &map_path(path), file);
        }
    }
}

impl CoverageData {
    /// What came in under a label, as data of its own: all files are in it, and the texts that are
    /// known of them. `None` if there is no such label.
    #[must_use]
    pub fn labelled(&self, label: &str) -> Option<CoverageData> {
        let files = self.accounting.labels.files_of(label)?;
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
        Some(data)
    }
}
