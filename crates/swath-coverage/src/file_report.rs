//! One file: what its analysis says can run, against what the data says ran.

use std::collections::{BTreeMap, BTreeSet};

use swath_analysis::{Analysis, Arc, LineSet, Regions, WayOut, describe_arc};

use crate::Numbers;
use crate::line_ranges::{format_missing, named_exits, ranges};

/// What ran of one file, and what did not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileReport {
    /// The file on this machine.
    pub path: String,
    /// Its path in the data.
    pub recorded: String,
    /// Its name in reports: relative to the current folder if it lies below it.
    pub name: String,
    /// What it counts.
    pub numbers: Numbers,
    /// The first lines of its statements.
    pub statements: LineSet,
    /// The lines that rules exclude.
    pub excluded: LineSet,
    /// The statements that ran.
    pub executed: LineSet,
    /// The statements that did not.
    pub missing: LineSet,
    /// Those of the missing statements that nobody can know of: their text changed after the data
    /// was recorded.
    pub unmeasured: LineSet,
    /// Its branches, in branch data. Boxed: line data of many files has none.
    pub branches: Option<Box<Branches>>,
    /// Its functions and classes, where details were asked for.
    pub regions: Regions,
    /// First and last line of each statement that has several.
    pub multiline: Vec<(u32, u32)>,
    /// Its decoded text, where details were asked for.
    pub source: String,
    /// Whether a plugin of coverage.py's reports it: it is no Python.
    pub by_plugin: bool,
}

/// The branches of a file. Exits are line numbers, negative ones leave the code object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Branches {
    /// The arcs that control can take.
    pub possible: BTreeSet<Arc>,
    /// The arcs that it took.
    pub executed: BTreeSet<Arc>,
    /// How many exits each line has.
    pub exit_counts: BTreeMap<u32, u32>,
    /// Lines whose branches are partial on purpose.
    pub no_branch: LineSet,
    /// The exits not taken of each line that has more than one.
    pub missing_exits: BTreeMap<u32, Vec<i32>>,
    /// How exits of lines that have more than one leave their code object, by arc; but for those
    /// through the end of a `with`.
    ways_out: Vec<(Arc, WayOut)>,
}

impl Branches {
    fn new(analysis: &Analysis, arcs: impl IntoIterator<Item = Arc>) -> Self {
        let executed = executed_arcs(analysis, arcs);
        let branches = Self::of_parts(
            analysis.arcs.iter().copied().collect(),
            executed,
            analysis.exit_counts.iter().copied().collect(),
            analysis.no_branch.clone(),
            &analysis.excluded,
        );
        Self {
            ways_out: analysis.ways_out.clone(),
            ..branches
        }
    }

    /// What an exit of a line that has more than one does, in coverage.py's words.
    pub fn describe(&self, line: u32, exit: i32) -> String {
        let line = i32::try_from(line).unwrap_or(i32::MAX);
        describe_arc(&self.ways_out, (line, exit))
    }

    pub(crate) fn of_parts(
        possible: BTreeSet<Arc>,
        executed: BTreeSet<Arc>,
        exit_counts: BTreeMap<u32, u32>,
        no_branch: LineSet,
        excluded: &LineSet,
    ) -> Self {
        let mut missing_exits: BTreeMap<u32, Vec<i32>> = BTreeMap::new();
        for &(from, to) in possible.difference(&executed) {
            let Ok(line) = u32::try_from(from) else {
                continue;
            };
            let leads_to_excluded = u32::try_from(to).is_ok_and(|to| excluded.contains(to));
            let branches = exit_counts.get(&line).is_some_and(|&count| count > 1);
            if branches && !leads_to_excluded && !no_branch.contains(line) {
                missing_exits.entry(line).or_default().push(to);
            }
        }
        Self {
            possible,
            executed,
            exit_counts,
            no_branch,
            missing_exits,
            ways_out: Vec::new(),
        }
    }

    /// Adds the exits of the lines that `counts` says.
    fn count(&self, numbers: &mut Numbers, missing: &LineSet, counts: impl Fn(u32) -> bool) {
        let lines = self.lines().filter(|(line, _)| counts(*line));
        numbers.branches += lines.map(|(_, exits)| exits as usize).sum::<usize>();
        let exits = self.missing_exits.iter();
        for (&line, exits) in exits.filter(|(line, _)| counts(**line)) {
            numbers.missing_branches += exits.len();
            if !missing.contains(line) {
                numbers.partial_branches += exits.len();
            }
        }
    }

    /// The lines that have more than one exit, with their numbers of exits.
    pub fn lines(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        let counts = self.exit_counts.iter().map(|(&line, &count)| (line, count));
        counts.filter(|(_, count)| *count > 1)
    }

    /// For each line with more than one exit: how many it has, and how many were taken.
    pub fn statistics(&self) -> BTreeMap<u32, (usize, usize)> {
        let taken = |(line, count): (u32, u32)| {
            let exits = count as usize;
            let missing = self.missing_exits.get(&line).map_or(0, Vec::len);
            (line, (exits, exits.saturating_sub(missing)))
        };
        self.lines().map(taken).collect()
    }

    /// The exits taken of each line that has more than one.
    pub fn executed_exits(&self) -> BTreeMap<u32, Vec<i32>> {
        let mut exits: BTreeMap<u32, Vec<i32>> = BTreeMap::new();
        for &(from, to) in self.executed.intersection(&self.possible) {
            if let Ok(line) = u32::try_from(from)
                && self.exit_counts.get(&line).is_some_and(|&count| count > 1)
            {
                exits.entry(line).or_default().push(to);
            }
        }
        exits
    }
}

/// The measured arcs in terms of first lines. A step from a line to itself, inside a statement of
/// several lines, counts as the only way on where there is only one.
fn executed_arcs(analysis: &Analysis, arcs: impl IntoIterator<Item = Arc>) -> BTreeSet<Arc> {
    let only_way_on = |from: i32| {
        let start = analysis.arcs.partition_point(|arc| arc.0 < from);
        match analysis.arcs[start..] {
            [one, next, ..] if one.0 == from && next.0 != from => Some(one.1),
            [one] if one.0 == from => Some(one.1),
            _ => None,
        }
    };
    let steps = analysis
        .translate_arcs(arcs)
        .into_iter()
        .filter_map(|(from, to)| {
            if from == to {
                only_way_on(from).map(|to| (from, to))
            } else {
                Some((from, to))
            }
        });
    analysis.translate_arcs(steps).into_iter().collect()
}

impl FileReport {
    /// Compares the analysis of a file with the lines, and in branch data the arcs, that ran.
    /// The names and the source are the caller's to fill in.
    pub fn new(
        analysis: Analysis,
        lines: impl IntoIterator<Item = u32>,
        arcs: Option<impl IntoIterator<Item = Arc>>,
    ) -> Self {
        let executed = analysis
            .translate_lines(lines)
            .intersection(&analysis.statements);
        let branches = arcs.map(|arcs| Box::new(Branches::new(&analysis, arcs)));
        Self {
            regions: analysis.regions,
            multiline: analysis.multiline,
            ..Self::of_parts(analysis.statements, analysis.excluded, executed, branches)
        }
    }

    pub(crate) fn of_parts(
        statements: LineSet,
        excluded: LineSet,
        executed: LineSet,
        branches: Option<Box<Branches>>,
    ) -> Self {
        let missing = statements.difference(&executed);
        let mut numbers = Numbers {
            files: 1,
            statements: statements.len(),
            excluded: excluded.len(),
            missing: missing.len(),
            ..Numbers::default()
        };
        if let Some(branches) = &branches {
            branches.count(&mut numbers, &missing, |_| true);
        }
        Self {
            numbers,
            statements,
            excluded,
            executed,
            missing,
            branches,
            ..Self::default()
        }
    }

    /// What some of its statements count, with the branches that leave them.
    pub(crate) fn numbers_of(&self, statements: &LineSet) -> Numbers {
        let missing = self.missing.intersection(statements);
        let mut numbers = Numbers {
            files: 1,
            statements: statements.len(),
            missing: missing.len(),
            ..Numbers::default()
        };
        if let Some(branches) = &self.branches {
            branches.count(&mut numbers, &missing, |line| statements.contains(line));
        }
        numbers
    }

    /// The exits not taken of lines that ran, but for those to missing lines: these are named
    /// themselves.
    pub fn named_exits(&self) -> BTreeMap<u32, Vec<i32>> {
        let branches = self.branches.as_ref();
        branches.map_or_else(BTreeMap::new, |branches| {
            named_exits(&branches.missing_exits, &self.missing)
        })
    }

    /// The executed statements that recorded lines are of.
    pub fn executed_of(&self, lines: impl Iterator<Item = u32>) -> LineSet {
        let first_line = |line: u32| {
            let after = self.multiline.partition_point(|&(first, _)| first <= line);
            let before = after
                .checked_sub(1)
                .and_then(|place| self.multiline.get(place));
            before.map_or(
                line,
                |&(first, last)| if line <= last { first } else { line },
            )
        };
        let statements = lines.map(first_line);
        statements
            .filter(|line| self.executed.contains(*line))
            .collect()
    }

    /// Runs of these statements, with no other statement in between: first and last line of each.
    pub fn ranges_of(&self, lines: &LineSet) -> Vec<(u32, u32)> {
        ranges(&self.statements, lines)
    }

    /// The last line of the statement that begins at `first`.
    pub fn last_line_of(&self, first: u32) -> u32 {
        let found = self.multiline.binary_search_by_key(&first, |span| span.0);
        found.map_or(first, |index| self.multiline[index].1)
    }

    /// The missing lines and branches as reports list them: `1-2, 5-11, 36->38, 40->exit`.
    pub fn missing_text(&self) -> String {
        let none = BTreeMap::new();
        let exits = self
            .branches
            .as_ref()
            .map_or(&none, |branches| &branches.missing_exits);
        format_missing(&self.statements, &self.missing, exits)
    }

    /// The missing lines as ranges, each from its first to its last statement.
    pub fn missing_ranges(&self) -> Vec<(u32, u32)> {
        ranges(&self.statements, &self.missing)
    }

    /// The missing lines alone.
    pub fn missing_lines_text(&self) -> String {
        format_missing(&self.statements, &self.missing, &BTreeMap::new())
    }

    /// The same file, as far as it lies in `lines`: a function's or a class's share.
    #[must_use]
    pub fn narrowed(&self, lines: &LineSet) -> Self {
        // What is counted of a branch belongs to the line that it leaves.
        let first = lines.iter().next().unwrap_or(0);
        let last = lines.iter().last().unwrap_or(0);
        let some = |arcs: &BTreeSet<Arc>| -> BTreeSet<Arc> {
            let signed = |line: u32| i32::try_from(line).unwrap_or(i32::MAX);
            arcs.range((signed(first), i32::MIN)..=(signed(last), i32::MAX))
                .copied()
                .filter(|&(from, _)| u32::try_from(from).is_ok_and(|from| lines.contains(from)))
                .collect()
        };
        let excluded = self.excluded.intersection(lines);
        let branches = self.branches.as_ref().map(|all| {
            let counts = all.exit_counts.range(first..=last);
            let counts = counts.map(|(&line, &count)| (line, count));
            Box::new(Branches::of_parts(
                some(&all.possible),
                some(&all.executed),
                counts.filter(|(line, _)| lines.contains(*line)).collect(),
                all.no_branch.intersection(lines),
                &excluded,
            ))
        });
        Self::of_parts(
            self.statements.intersection(lines),
            excluded,
            self.executed.intersection(lines),
            branches,
        )
    }
}

#[cfg(test)]
mod tests {
    use swath_analysis::{ExclusionRules, PythonVersion, analyze};

    use super::*;

    fn report(source: &str, lines: &[u32], arcs: Option<&[Arc]>) -> FileReport {
        let analysis = analyze(
            source.as_bytes(),
            PythonVersion::new(3, 12),
            &ExclusionRules::default(),
        );
        assert_eq!(analysis.problem, None);
        let arcs = arcs.map(|arcs| arcs.iter().copied());
        FileReport::new(analysis, lines.iter().copied(), arcs)
    }

    const SOURCE: &str =
        "import a\nif a.b:\n    a.c(\n        1,\n    )\nelse:\n    a.d()\nprint()\n";

    #[test]
    fn lines_count_for_the_statement_they_are_in() {
        let file = report(SOURCE, &[1, 2, 4, 8], None);
        assert_eq!(file.missing_text(), "7");
        assert_eq!((file.numbers.statements, file.numbers.missing), (5, 1));
        assert_eq!(file.numbers.branches, 0);
    }

    #[test]
    fn an_exit_not_taken_is_partial() {
        let arcs = [(-1, 1), (1, 2), (2, 3), (3, 4), (4, 3), (3, 8), (8, -1)];
        let lines = [1, 2, 3, 4, 8];
        let file = report(SOURCE, &lines, Some(&arcs));
        let numbers = file.numbers;
        assert_eq!(
            (
                numbers.branches,
                numbers.partial_branches,
                numbers.missing_branches
            ),
            (2, 1, 1)
        );
        // The other end did not run: the line says it already.
        assert_eq!(file.missing_text(), "7");
        let branches = file.branches.unwrap();
        assert_eq!(branches.statistics(), [(2, (2, 1))].into());
        assert_eq!(branches.executed_exits(), [(2, vec![3])].into());
    }

    #[test]
    fn a_part_has_its_own_numbers() {
        let file = report(SOURCE, &[1, 2], Some(&[(1, 2)]));
        let part = file.narrowed(&[2, 3].into_iter().collect());
        assert_eq!(
            (
                part.numbers.statements,
                part.numbers.missing,
                part.numbers.missing_branches
            ),
            (2, 1, 2)
        );
    }
}
