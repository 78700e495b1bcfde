//! Coverage data in memory: files, and for each context the lines or arcs that ran in them.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashMap;
use swath_model::Arc;
use swath_pattern::{PythonRegex, RegexError, python_repr};

use crate::context_map::ContextMap;
use crate::{Accounting, ArcSet, DataError, LineSet};

/// What a body of data says about itself: coverage.py's `has_arcs`, which may be absent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Nothing was recorded yet.
    #[default]
    Unknown,
    /// Lines.
    Lines,
    /// Arcs: branch coverage.
    Arcs,
}

/// A context's place in [`CoverageData::contexts`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ContextId(pub(crate) u32);

/// A regular expression for contexts that Python refuses.
#[derive(Debug, thiserror::Error)]
#[error("Invalid context regex {}: {problem}", python_repr(pattern))]
pub struct ContextError {
    pattern: String,
    problem: RegexError,
}

impl ContextId {
    fn index(self) -> usize {
        self.0 as usize
    }
}

/// What was recorded about one file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileData {
    /// The plugin that traced the file.
    pub tracer: Option<String>,
    pub(crate) lines: ContextMap<LineSet>,
    pub(crate) arcs: ContextMap<ArcSet>,
}

impl FileData {
    /// The recorded lines of each context.
    pub fn lines_by_context(&self) -> impl Iterator<Item = (ContextId, &LineSet)> {
        self.lines.iter()
    }

    /// The recorded arcs of each context.
    pub fn arcs_by_context(&self) -> impl Iterator<Item = (ContextId, &ArcSet)> {
        self.arcs.iter()
    }
}

/// Recorded coverage data.
#[derive(Clone, Debug, Default)]
pub struct CoverageData {
    mode: Mode,
    contexts: Vec<String>,
    context_ids: FxHashMap<String, ContextId>,
    pub(crate) files: BTreeMap<String, FileData>,
    /// What swath knows beyond coverage.py's data.
    pub accounting: Accounting,
}

impl CoverageData {
    /// Empty data of a kind.
    pub fn new(mode: Mode) -> Self {
        Self {
            mode,
            ..Self::default()
        }
    }

    /// What the data says it holds.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// Whether this is branch data.
    pub fn has_arcs(&self) -> bool {
        self.mode == Mode::Arcs
    }

    pub(crate) fn set_mode(&mut self, mode: Mode) {
        self.mode = mode;
    }

    /// Whether no file is in it.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// The context's id, made if need be. `""` is the context of data recorded without one.
    pub fn intern_context(&mut self, context: &str) -> ContextId {
        if let Some(&id) = self.context_ids.get(context) {
            return id;
        }
        let id = ContextId(u32::try_from(self.contexts.len()).unwrap_or(u32::MAX));
        self.contexts.push(context.to_owned());
        self.context_ids.insert(context.to_owned(), id);
        id
    }

    /// Every context with its id.
    pub fn contexts(&self) -> impl Iterator<Item = (ContextId, &str)> {
        (0..)
            .map(ContextId)
            .zip(self.contexts.iter().map(String::as_str))
    }

    /// A context's name.
    pub fn context_name(&self, context: ContextId) -> &str {
        self.contexts
            .get(context.index())
            .map_or("", String::as_str)
    }

    /// The contexts that any of these regular expressions finds something in.
    pub fn matching_contexts(
        &self,
        patterns: &[String],
    ) -> Result<BTreeSet<ContextId>, ContextError> {
        let mut regexes = Vec::with_capacity(patterns.len());
        for pattern in patterns {
            regexes.push(PythonRegex::new(pattern).map_err(|problem| ContextError {
                pattern: pattern.clone(),
                problem,
            })?);
        }
        let matches = |name: &str| regexes.iter().any(|regex| regex.is_match(name));
        let matching = self.contexts().filter(|(_, name)| matches(name));
        Ok(matching.map(|(id, _)| id).collect())
    }

    /// The measured files, sorted by path.
    pub fn files(&self) -> impl Iterator<Item = (&str, &FileData)> {
        self.files.iter().map(|(path, file)| (path.as_str(), file))
    }

    /// What was recorded about one file.
    pub fn file(&self, path: &str) -> Option<&FileData> {
        self.files.get(path)
    }

    /// Makes the file known, with nothing recorded if it was not.
    pub fn touch(&mut self, path: &str) -> &mut FileData {
        if !self.files.contains_key(path) {
            self.files.insert(path.to_owned(), FileData::default());
        }
        self.files.entry(path.to_owned()).or_default()
    }

    /// Adds lines that ran.
    pub fn add_lines(&mut self, path: &str, context: ContextId, lines: &LineSet) {
        self.touch(path)
            .lines
            .get_or_default(context)
            .union_with(lines);
    }

    /// Adds arcs that ran.
    pub fn add_arcs(&mut self, path: &str, context: ContextId, arcs: &ArcSet) {
        self.touch(path)
            .arcs
            .get_or_default(context)
            .union_with(arcs);
    }

    /// The lines that ran in a file, in all contexts or the chosen ones; `None` if the file was
    /// not measured. In branch data these are the ends of its arcs.
    pub fn lines(&self, path: &str, chosen: Option<&BTreeSet<ContextId>>) -> Option<LineSet> {
        let file = self.files.get(path)?;
        let mut lines = LineSet::new();
        if self.has_arcs() {
            let arcs = self.arcs(path, chosen)?;
            let ends = arcs.iter().flat_map(|(from, to)| [from, to]);
            lines.extend(
                ends.filter(|&line| line > 0)
                    .filter_map(|line| u32::try_from(line).ok()),
            );
        } else {
            for some in file.lines.distinct(|id| wanted(chosen, id)) {
                lines.union_with(some);
            }
        }
        Some(lines)
    }

    /// The arcs that ran in a file, in all contexts or the chosen ones.
    pub fn arcs(&self, path: &str, chosen: Option<&BTreeSet<ContextId>>) -> Option<ArcSet> {
        let file = self.files.get(path)?;
        let mut arcs = ArcSet::new();
        for some in file.arcs.distinct(|id| wanted(chosen, id)) {
            arcs.union_with(some);
        }
        Some(arcs)
    }

    /// Takes in other data, with its paths mapped; `names` are this data's file and the other's,
    /// for messages. On an error this data is as it was.
    pub fn update(
        &mut self,
        other: &CoverageData,
        names: (&str, &str),
        mut map_path: impl FnMut(&str) -> String,
    ) -> Result<(), DataError> {
        let has_arcs = other
            .files
            .values()
            .any(|file| file.arcs.iter().any(|(_, arcs)| !arcs.is_empty()));
        let has_lines = other.files.values().any(|file| !file.lines.is_empty());
        let mode = self.mode_after(other.mode, has_arcs, has_lines, names)?;
        let mut local_path = |path: &str| map_path(path).replace('\\', "/");
        let mapped: Vec<String> = other.files.keys().map(|path| local_path(path)).collect();
        self.check_tracers(other, &mapped)?;

        self.mode = mode;
        let contexts: Vec<ContextId> = other
            .contexts
            .iter()
            .map(|name| self.intern_context(name))
            .collect();
        for (path, theirs) in mapped.iter().zip(other.files.values()) {
            let mine = self.touch(path);
            if mine.tracer.is_none() {
                mine.tracer.clone_from(&theirs.tracer);
            }
            let lines = theirs.lines.shared();
            let lines = lines.map(|(context, lines)| (contexts[context.index()], lines));
            mine.lines.merge(lines, LineSet::union_with);
            let arcs = theirs.arcs.shared();
            let arcs = arcs.map(|(context, arcs)| (contexts[context.index()], arcs));
            mine.arcs.merge(arcs, ArcSet::union_with);
        }
        self.accounting.merge(&other.accounting, local_path);
        Ok(())
    }

    /// The same data under other paths, which are taken as they are.
    #[must_use]
    pub fn with_paths(mut self, mut map_path: impl FnMut(&str) -> String) -> CoverageData {
        for (path, theirs) in std::mem::take(&mut self.files) {
            let mine = self.touch(&map_path(&path));
            if mine.tracer.is_none() {
                mine.tracer = theirs.tracer;
            }
            mine.lines.merge(theirs.lines, LineSet::union_with);
            mine.arcs.merge(theirs.arcs, ArcSet::union_with);
        }
        let accounting = std::mem::take(&mut self.accounting);
        self.accounting.merge(&accounting, map_path);
        self
    }

    /// The mode after taking in other data. Rows count, not what the other says of itself, so a
    /// file of line data that has no rows leaves the choice open.
    pub(crate) fn mode_after(
        &self,
        declared: Mode,
        has_arcs: bool,
        has_lines: bool,
        names: (&str, &str),
    ) -> Result<Mode, DataError> {
        let (here, other) = (names.0.to_owned(), names.1.to_owned());
        match (self.mode, declared) {
            (Mode::Lines, Mode::Arcs) => return Err(DataError::BranchIntoLines { other, here }),
            (Mode::Arcs, Mode::Lines) => return Err(DataError::LinesIntoBranch { other, here }),
            _ => {}
        }
        let mixed = |added, existing| Err(DataError::MixedKinds { added, existing });
        let mut mode = self.mode;
        if has_arcs {
            if mode == Mode::Lines {
                return mixed("branch", "line");
            }
            mode = Mode::Arcs;
        }
        if has_lines {
            if mode == Mode::Arcs {
                return mixed("line", "branch");
            }
            mode = Mode::Lines;
        }
        Ok(mode)
    }

    fn check_tracers(&self, other: &CoverageData, mapped: &[String]) -> Result<(), DataError> {
        for (path, theirs) in mapped.iter().zip(other.files.values()) {
            let Some(mine) = self.files.get(path) else {
                continue;
            };
            let here = mine.tracer.clone().unwrap_or_default();
            let other = theirs.tracer.clone().unwrap_or_default();
            if here != other {
                return Err(DataError::TracerConflict {
                    path: path.clone(),
                    here,
                    other,
                });
            }
        }
        Ok(())
    }

    /// The contexts that ran each line of a file, for the reports that show them.
    pub fn contexts_by_line(
        &self,
        path: &str,
        chosen: Option<&BTreeSet<ContextId>>,
    ) -> BTreeMap<u32, BTreeSet<&str>> {
        let mut by_line: BTreeMap<u32, BTreeSet<&str>> = BTreeMap::new();
        let Some(file) = self.files.get(path) else {
            return by_line;
        };
        let mut note = |line: u32, context: ContextId| {
            by_line
                .entry(line)
                .or_default()
                .insert(self.context_name(context));
        };
        if self.has_arcs() {
            for (context, arcs) in file.arcs_by_context().filter(|(id, _)| wanted(chosen, *id)) {
                let ends = arcs.iter().flat_map(|(from, to): Arc| [from, to]);
                for line in ends
                    .filter(|&line| line > 0)
                    .filter_map(|line| u32::try_from(line).ok())
                {
                    note(line, context);
                }
            }
        } else {
            for (context, lines) in file
                .lines_by_context()
                .filter(|(id, _)| wanted(chosen, *id))
            {
                lines.iter().for_each(|line| note(line, context));
            }
        }
        by_line
    }
}

fn wanted(chosen: Option<&BTreeSet<ContextId>>, context: ContextId) -> bool {
    chosen.is_none_or(|chosen| chosen.contains(&context))
}

/// Equal when they say the same: ids of contexts do not matter.
impl PartialEq for CoverageData {
    fn eq(&self, other: &Self) -> bool {
        type Rows<'a, T> = BTreeMap<(&'a str, &'a str), &'a T>;
        fn lines(data: &CoverageData) -> Rows<'_, LineSet> {
            let rows = |(path, file)| {
                let file: &FileData = file;
                file.lines
                    .iter()
                    .map(move |(id, lines)| ((path, data.context_name(id)), lines))
            };
            data.files().flat_map(rows).collect()
        }
        fn arcs(data: &CoverageData) -> Rows<'_, ArcSet> {
            let rows = |(path, file)| {
                let file: &FileData = file;
                file.arcs
                    .iter()
                    .map(move |(id, arcs)| ((path, data.context_name(id)), arcs))
            };
            data.files().flat_map(rows).collect()
        }
        let tracers = |data: &CoverageData| -> Vec<(String, Option<String>)> {
            data.files()
                .map(|(path, file)| (path.to_owned(), file.tracer.clone()))
                .collect()
        };
        let contexts =
            |data: &CoverageData| -> BTreeSet<String> { data.contexts.iter().cloned().collect() };
        self.mode == other.mode
            && contexts(self) == contexts(other)
            && tracers(self) == tracers(other)
            && lines(self) == lines(other)
            && arcs(self) == arcs(other)
            && self.accounting == other.accounting
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line_data(path: &str, lines: &[u32]) -> CoverageData {
        let mut data = CoverageData::new(Mode::Lines);
        let context = data.intern_context("");
        data.add_lines(path, context, &lines.iter().copied().collect());
        data
    }

    fn arc_data(path: &str, arcs: &[Arc]) -> CoverageData {
        let mut data = CoverageData::new(Mode::Arcs);
        let context = data.intern_context("");
        data.add_arcs(path, context, &arcs.iter().copied().collect());
        data
    }

    fn combined(parts: &[&CoverageData]) -> Result<CoverageData, String> {
        let mut all = CoverageData::default();
        for part in parts {
            all.update(part, ("all", "part"), str::to_owned)
                .map_err(|error| error.to_string())?;
        }
        Ok(all)
    }

    #[test]
    fn update_keeps_the_lines_of_both() {
        let all = combined(&[&line_data("a.py", &[1, 2]), &line_data("a.py", &[2, 3])]).unwrap();
        assert_eq!(
            all.lines("a.py", None),
            Some([1, 2, 3].into_iter().collect())
        );
        assert_eq!(all.mode(), Mode::Lines);
        assert_eq!(all.lines("b.py", None), None);
    }

    #[test]
    fn lines_of_branch_data_are_the_positive_ends() {
        let all = arc_data("a.py", &[(-1, 1), (1, 4), (4, -1)]);
        assert_eq!(all.lines("a.py", None), Some([1, 4].into_iter().collect()));
    }

    #[test]
    fn lines_and_arcs_do_not_mix_in_either_order() {
        let lines = line_data("a.py", &[1]);
        let arcs = arc_data("a.py", &[(1, 2)]);
        assert_eq!(
            combined(&[&lines, &arcs]).unwrap_err(),
            "Can't combine branch coverage data with statement data: data file 'part' measured branch coverage, but data file 'all' didn't"
        );
        assert_eq!(
            combined(&[&arcs, &lines]).unwrap_err(),
            "Can't combine statement coverage data with branch data: data file 'part' didn't measure branch coverage, but data file 'all' did"
        );
    }

    #[test]
    fn line_data_without_rows_may_come_before_branches_and_not_after() {
        let mut empty = CoverageData::new(Mode::Lines);
        empty.touch("a.py");
        let arcs = arc_data("a.py", &[(1, 2)]);
        assert!(combined(&[&empty, &arcs]).unwrap().has_arcs());
        assert!(combined(&[&arcs, &empty]).is_err());
    }

    #[test]
    fn a_tracer_and_no_tracer_conflict_in_both_orders() {
        let plain = line_data("a.html", &[1]);
        let mut traced = line_data("a.html", &[1]);
        traced.touch("a.html").tracer = Some("django".to_owned());
        assert_eq!(
            combined(&[&plain, &traced]).unwrap_err(),
            "Conflicting file tracer name for 'a.html': '' vs 'django'"
        );
        assert_eq!(
            combined(&[&traced, &plain]).unwrap_err(),
            "Conflicting file tracer name for 'a.html': 'django' vs ''"
        );
    }

    #[test]
    fn contexts_are_chosen_by_search() {
        let mut data = CoverageData::new(Mode::Lines);
        for (line, name) in [(1, ""), (2, "test_one"), (3, "test_two|run")] {
            let context = data.intern_context(name);
            data.add_lines("x.py", context, &[line].into_iter().collect());
        }
        let chosen = data
            .matching_contexts(&["two".to_owned(), "^test_o".to_owned()])
            .unwrap();
        assert_eq!(
            data.lines("x.py", Some(&chosen)),
            Some([2, 3].into_iter().collect())
        );
        let error = data.matching_contexts(&["(".to_owned()]).unwrap_err();
        assert!(
            error.to_string().starts_with("Invalid context regex '(': "),
            "{error}"
        );
    }

    #[test]
    fn contexts_are_matched_by_name() {
        let mut one = CoverageData::new(Mode::Lines);
        let (b, a) = (one.intern_context("b"), one.intern_context("a"));
        one.add_lines("x.py", a, &[1].into_iter().collect());
        one.add_lines("x.py", b, &[2].into_iter().collect());
        let mut two = CoverageData::new(Mode::Lines);
        let a = two.intern_context("a");
        two.add_lines("x.py", a, &[3].into_iter().collect());
        let all = combined(&[&two, &one]).unwrap();
        let by_line = all.contexts_by_line("x.py", None);
        assert_eq!(by_line[&1], ["a"].into());
        assert_eq!(by_line[&2], ["b"].into());
        assert_eq!(by_line[&3], ["a"].into());
    }
}
