//! Where combined lines come from: swath vouches only for what it recorded.

use std::collections::BTreeMap;

use swath_model::SourceHash;

use crate::{CoverageData, LineSet, RunRecord};

/// The lines of one input, by path.
type Lines = BTreeMap<String, LineSet>;

/// The inputs of a combination, told apart by whether swath recorded them.
#[derive(Default)]
pub struct Provenance {
    is_recorded: bool,
    recorded: Lines,
    foreign: Vec<Lines>,
}

impl Provenance {
    /// Takes note of an input, with its paths as they are in the combination.
    pub fn take(&mut self, input: &CoverageData, mut map_path: impl FnMut(&str) -> String) {
        let mut lines = Lines::new();
        for (path, _) in input.files() {
            if let Some(own) = input.lines(path, None) {
                lines.entry(map_path(path)).or_default().union_with(&own);
            }
        }
        if input.accounting.is_foreign() {
            self.foreign.push(lines);
            return;
        }
        self.is_recorded = true;
        for (path, own) in lines {
            self.recorded.entry(path).or_default().union_with(&own);
        }
    }

    /// A record for each input that swath did not record, with the number of lines that come from
    /// there only. Where swath recorded nothing there is nothing to tell apart.
    pub fn foreign_runs(self) -> Vec<RunRecord> {
        if !self.is_recorded {
            return Vec::new();
        }
        let mut known = self.recorded;
        let mut runs = Vec::new();
        for lines in self.foreign {
            let id = identity(&lines);
            let mut number = 0;
            for (path, own) in lines {
                let known = known.entry(path).or_default();
                number += own.iter().filter(|line| !known.contains(*line)).count();
                known.union_with(&own);
            }
            runs.push(RunRecord::foreign(
                id,
                u64::try_from(number).unwrap_or(u64::MAX),
            ));
        }
        runs
    }
}

/// The same data has the same id: combined twice it is named once.
fn identity(lines: &Lines) -> String {
    let mut text = String::new();
    for (path, lines) in lines {
        text.push_str(path);
        for line in lines.iter() {
            text.push('\0');
            text.push_str(&line.to_string());
        }
        text.push('\n');
    }
    SourceHash::of(text.as_bytes()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Mode;

    fn data(path: &str, lines: &[u32], recorded: bool) -> CoverageData {
        let mut data = CoverageData::new(Mode::Lines);
        let context = data.intern_context("");
        data.add_lines(path, context, &lines.iter().copied().collect());
        if recorded {
            data.accounting.runs.push(RunRecord::default());
        }
        data
    }

    #[test]
    fn lines_that_only_another_tool_has_are_counted() {
        let mut provenance = Provenance::default();
        let unit = data("/u/a.py", &[1, 2, 3], false);
        provenance.take(&unit, |path| path.replace("/u", "/p"));
        provenance.take(&data("/p/a.py", &[1], true), str::to_owned);
        provenance.take(&data("/p/a.py", &[3, 4], false), str::to_owned);
        let runs = provenance.foreign_runs();
        let lines: Vec<_> = runs.iter().map(RunRecord::foreign_lines).collect();
        assert_eq!(lines, [Some(2), Some(1)]);
        assert_ne!(runs[0].id, runs[1].id);
    }

    #[test]
    fn data_of_one_kind_needs_no_word() {
        for recorded in [true, false] {
            let mut provenance = Provenance::default();
            provenance.take(&data("/p/a.py", &[1], recorded), str::to_owned);
            assert_eq!(provenance.foreign_runs(), []);
        }
    }
}
