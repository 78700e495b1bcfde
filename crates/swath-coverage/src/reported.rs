//! Files that plugins of coverage.py measured: templates and other sources that are not Python. What can run in them,
//! only the plugin knows.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use swath_analysis::{Arc, LineSet};
use swath_data::CoverageData;

use crate::FileReport;
use crate::file_report::Branches;
use crate::model::{ModelError, ModelOptions, chosen_files, measured_arcs, recorded_key};

/// A file that a plugin measured, with what ran of it: the question to the plugin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TracedFile {
    /// Its path in the data.
    #[serde(rename = "path")]
    pub recorded: String,
    /// The plugin.
    pub tracer: String,
    /// The lines that ran.
    pub lines: Vec<u32>,
    /// The arcs that ran, in branch data.
    pub arcs: Option<Vec<Arc>>,
}

/// What the plugin says of a file: the answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct ReportedFile {
    /// Why it says nothing.
    pub problem: Option<String>,
    /// The lines that count.
    pub statements: Vec<u32>,
    /// Those that are excluded.
    pub excluded: Vec<u32>,
    /// Those that ran.
    pub executed: Vec<u32>,
    /// The arcs that can be taken.
    pub possible_arcs: Vec<Arc>,
    /// Those that were.
    pub executed_arcs: Vec<Arc>,
    /// How many ways lead on from a line.
    pub exit_counts: Vec<(u32, u32)>,
    /// Lines whose branches are partial on purpose.
    pub no_branch: Vec<u32>,
    /// The text.
    pub source: String,
}

/// The files of a report that plugins measured.
pub fn traced_files(
    data: &CoverageData,
    options: &ModelOptions<'_>,
) -> Result<Vec<TracedFile>, ModelError> {
    if data
        .files()
        .all(|(_, file)| tracer_of(file.tracer.as_deref()).is_none())
    {
        return Ok(Vec::new());
    }
    let files = chosen_files(data, options)?;
    let mut traced = Vec::new();
    for file in &files {
        let key = recorded_key(file, options);
        let Some(tracer) = data
            .file(&key)
            .and_then(|file| tracer_of(file.tracer.as_deref()))
        else {
            continue;
        };
        let lines = data
            .lines(&key, options.contexts.as_ref())
            .unwrap_or_default();
        traced.push(TracedFile {
            tracer: tracer.to_owned(),
            lines: lines.iter().collect(),
            arcs: data.has_arcs().then(|| measured_arcs(data, options, &key)),
            recorded: key,
        });
    }
    Ok(traced)
}

/// The name of a plugin; empty is no plugin.
pub(crate) fn tracer_of(tracer: Option<&str>) -> Option<&str> {
    tracer.filter(|tracer| !tracer.is_empty())
}

impl ReportedFile {
    /// The file as reports show it, but for its names.
    pub(crate) fn file_report(&self, has_arcs: bool, details: bool) -> FileReport {
        let set = |lines: &[u32]| lines.iter().copied().collect::<LineSet>();
        let (statements, excluded) = (set(&self.statements), set(&self.excluded));
        let branches = has_arcs.then(|| {
            Box::new(Branches::of_parts(
                self.possible_arcs.iter().copied().collect(),
                self.executed_arcs.iter().copied().collect::<BTreeSet<_>>(),
                self.exit_counts.iter().copied().collect(),
                set(&self.no_branch),
                &excluded,
            ))
        });
        let executed = set(&self.executed).intersection(&statements);
        FileReport {
            by_plugin: true,
            source: if details {
                self.source.clone()
            } else {
                String::new()
            },
            ..FileReport::of_parts(statements, excluded, executed, branches)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Numbers;

    #[test]
    fn what_a_plugin_says_is_counted() {
        let reported = ReportedFile {
            statements: vec![1, 2, 4],
            excluded: vec![3],
            executed: vec![1, 3, 9],
            possible_arcs: vec![(1, 2), (1, 4)],
            executed_arcs: vec![(1, 2)],
            exit_counts: vec![(1, 2)],
            ..ReportedFile::default()
        };
        let expected = Numbers {
            files: 1,
            statements: 3,
            excluded: 1,
            missing: 2,
            ..Numbers::default()
        };
        assert_eq!(reported.file_report(false, false).numbers, expected);
        let numbers = reported.file_report(true, false).numbers;
        assert_eq!((numbers.branches, numbers.partial_branches), (2, 1));
    }
}
