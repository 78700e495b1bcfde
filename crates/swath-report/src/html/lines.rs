//! What became of each line, and where the holes are.

use std::collections::BTreeMap;

use swath_analysis::Region;
use swath_coverage::FileReport;

/// What became of a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum State {
    /// Nothing can run here.
    #[default]
    None,
    Run,
    Missed,
    Partial,
    Excluded,
}

/// Lines without a gap in which nothing ran that could, or a line that was left in some ways only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hole {
    Missed { first: u32, last: u32 },
    Partial { line: u32 },
}

impl Hole {
    pub(super) fn first(self) -> u32 {
        match self {
            Self::Missed { first, .. } => first,
            Self::Partial { line } => line,
        }
    }
}

/// Every line of a file.
pub(super) struct Lines {
    states: Vec<State>,
    pub(super) holes: Vec<Hole>,
}

impl Lines {
    /// The lines of a file that has `count` of them.
    pub(super) fn new(file: &FileReport, count: usize) -> Self {
        let mut states = vec![State::None; count + 1];
        let mut set = |line: u32, state: State| {
            if let Some(slot) = states.get_mut(line as usize) {
                *slot = state;
            }
        };
        file.excluded
            .iter()
            .for_each(|line| set(line, State::Excluded));
        file.executed.iter().for_each(|line| set(line, State::Run));
        file.missing
            .iter()
            .for_each(|line| set(line, State::Missed));
        for line in partial_lines(file).keys() {
            set(*line, State::Partial);
        }
        // The other lines of a statement are as its first one; only that is left in some ways.
        for &(first, last) in &file.multiline {
            let state = match states.get(first as usize) {
                Some(State::Partial) => State::Run,
                Some(state) => *state,
                None => continue,
            };
            for line in first + 1..=last {
                if let Some(slot @ State::None) = states.get_mut(line as usize) {
                    *slot = state;
                }
            }
        }
        let holes = holes(file);
        Self { states, holes }
    }

    pub(super) fn state(&self, line: u32) -> State {
        self.states
            .get(line as usize)
            .copied()
            .unwrap_or(State::None)
    }
}

/// The lines that ran and were not left in every way that they can be, with the exits not taken.
pub(super) fn partial_lines(file: &FileReport) -> BTreeMap<u32, &[i32]> {
    let exits = file.branches.iter().flat_map(|b| &b.missing_exits);
    exits
        .filter(|(line, _)| file.executed.contains(**line))
        .map(|(&line, exits)| (line, exits.as_slice()))
        .collect()
}

fn holes(file: &FileReport) -> Vec<Hole> {
    let partial = partial_lines(file);
    let mut holes: Vec<Hole> = Vec::new();
    let mut open = false;
    for line in file.statements.iter() {
        if file.missing.contains(line) {
            match holes.last_mut() {
                Some(Hole::Missed { last, .. }) if open => *last = file.last_line_of(line),
                _ => holes.push(Hole::Missed {
                    first: line,
                    last: file.last_line_of(line),
                }),
            }
            open = true;
        } else {
            open = false;
            if partial.contains_key(&line) {
                holes.push(Hole::Partial { line });
            }
        }
    }
    holes
}

/// A function and what ran of it.
pub(crate) struct FunctionFigures<'a> {
    pub(crate) name: &'a str,
    /// The line of its `def`.
    pub(crate) start: u32,
    /// One more than its decisions; 0 if it is not known.
    pub(crate) complexity: u32,
    pub(crate) statements: usize,
    pub(crate) missing: usize,
    /// Exits of lines that have more than one, and those not taken.
    pub(crate) branches: usize,
    pub(crate) missing_branches: usize,
    /// Lines that were not left in every way that they can be.
    pub(crate) partial: usize,
    /// The first line of it that is a hole.
    pub(crate) first_hole: Option<u32>,
}

impl FunctionFigures<'_> {
    /// Its missed lines times its complexity: how much can go wrong in what nobody tried.
    pub(crate) fn risk(&self) -> usize {
        self.missing * self.complexity as usize
    }
}

/// The functions of a file, and at the end, if it holds anything, the code outside of them.
pub(crate) fn function_figures(file: &FileReport) -> Vec<FunctionFigures<'_>> {
    let partial = partial_lines(file);
    let mut rest = file.statements.clone();
    let mut figures = Vec::with_capacity(file.regions.functions.len() + 1);
    for region in &file.regions.functions {
        rest.subtract(&region.lines);
        let statements = file.statements.intersection(&region.lines);
        figures.push(figures_of(
            file,
            &partial,
            Code {
                name: &region.name,
                start: region.start,
                complexity: region.complexity,
            },
            &statements,
        ));
    }
    if !rest.is_empty() {
        let outside = Code {
            name: "",
            start: 0,
            complexity: file.regions.outside_complexity,
        };
        figures.push(figures_of(file, &partial, outside, &rest));
    }
    figures
}

/// A function, or the code outside of them, before anything of it is counted.
#[derive(Clone, Copy)]
struct Code<'a> {
    name: &'a str,
    start: u32,
    complexity: u32,
}

fn figures_of<'a>(
    file: &FileReport,
    partial: &BTreeMap<u32, &[i32]>,
    code: Code<'a>,
    statements: &swath_analysis::LineSet,
) -> FunctionFigures<'a> {
    let mut figures = FunctionFigures {
        name: code.name,
        start: code.start,
        complexity: code.complexity,
        statements: statements.len(),
        missing: 0,
        branches: 0,
        missing_branches: 0,
        partial: 0,
        first_hole: None,
    };
    for line in statements.iter() {
        let missed = file.missing.contains(line);
        figures.missing += usize::from(missed);
        if let Some(branches) = &file.branches {
            let count = branches.exit_counts.get(&line).copied().unwrap_or(0);
            if count > 1 {
                figures.branches += count as usize;
                let missing = branches.missing_exits.get(&line);
                figures.missing_branches += missing.map_or(0, Vec::len);
            }
        }
        let is_partial = partial.contains_key(&line);
        figures.partial += usize::from(is_partial);
        if (missed || is_partial) && figures.first_hole.is_none() {
            figures.first_hole = Some(line);
        }
    }
    figures
}

/// The innermost function whose lines hold a line, among regions that begin in order.
pub(super) fn function_of(regions: &[Region], line: u32) -> Option<&Region> {
    let after = regions.partition_point(|region| region.start <= line);
    regions[..after]
        .iter()
        .rev()
        .find(|region| region.lines.contains(line))
}

#[cfg(test)]
mod tests {
    use swath_analysis::{ExclusionRules, PythonVersion, analyze};

    use super::*;

    fn file(source: &str, lines: &[u32]) -> FileReport {
        let version = PythonVersion::new(3, 12);
        let analysis = analyze(source.as_bytes(), version, &ExclusionRules::default());
        assert_eq!(analysis.problem, None);
        FileReport::new(analysis, lines.iter().copied(), None::<[(i32, i32); 0]>)
    }

    #[test]
    fn holes_run_on_over_lines_without_statements() {
        let file = file("a()\n\n# why\nb(\n  1,\n)\n\nc()\nd()\n", &[1, 9]);
        let lines = Lines::new(&file, 9);
        assert_eq!(lines.holes, [Hole::Missed { first: 4, last: 8 }]);
        assert_eq!(lines.state(5), State::Missed);
        assert_eq!(lines.state(7), State::None);
        assert_eq!(lines.state(900), State::None);
    }

    #[test]
    fn functions_have_their_own_lines() {
        let source = "def f():\n    a()\n    def g():\n        b()\n    return g\nf()\n";
        let file = file(source, &[1, 2, 3, 5, 6]);
        let figures = function_figures(&file);
        let facts: Vec<_> = figures
            .iter()
            .map(|f| (f.name, f.statements, f.missing, f.first_hole))
            .collect();
        assert_eq!(
            facts,
            [("f", 3, 0, None), ("f.g", 1, 1, Some(4)), ("", 2, 0, None)]
        );
        let function = function_of(&file.regions.functions, 4);
        assert_eq!(function.map(|region| region.name.as_str()), Some("f.g"));
    }
}
