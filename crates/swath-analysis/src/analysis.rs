//! The analysis of one source: everything that is known about its lines without running it.

use ruff_python_ast::ModModule;
use ruff_python_parser::Parsed;
use swath_model::{Arc, PythonVersion};

use crate::LineSet;
use crate::arcs::{ModuleArcs, WayOut, find_arcs, has_old_arcs};
use crate::codegen::executable_lines;
use crate::exclusions::{Definitions, exclude_suites, matching_lines};
use crate::logical_lines::LogicalLines;
use crate::problem::{Problem, ProblemKind};
use crate::regions::{Regions, find_regions};
use crate::rules::{ExclusionRules, Needles};
use crate::source::decode_source;
use crate::syntax::{rules_minor, with_module};

/// What is known about the lines of a source. With a problem, everything else is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Analysis {
    /// The first lines of the statements that count.
    pub statements: LineSet,
    /// The excluded lines.
    pub excluded: LineSet,
    /// First and last line of each statement that has several, in order.
    pub multiline: Vec<(u32, u32)>,
    /// The lines whose branches are partial on purpose. Empty when only lines were asked for.
    pub no_branch: LineSet,
    /// The arcs that control can take, sorted. Empty when only lines were asked for.
    pub arcs: Vec<Arc>,
    /// How many arcs leave each line, in the order of the lines; excluded lines count on neither end.
    pub exit_counts: Vec<(u32, u32)>,
    /// How the arcs that leave a code object do so, by arc: of lines with several arcs, but for those
    /// through the end of a `with`.
    pub ways_out: Vec<(Arc, WayOut)>,
    /// The functions and classes. Empty when only lines were asked for.
    pub regions: Regions,
    /// Why there is no analysis.
    pub problem: Option<Problem>,
    with_jumps: Vec<(Arc, Option<Arc>)>,
}

/// Analyses a source completely.
#[must_use]
pub fn analyze(source: &[u8], version: PythonVersion, rules: &ExclusionRules) -> Analysis {
    decode_source(source).map_or_else(Analysis::of_problem, |text| {
        analyze_text(&text, version, rules)
    })
}

/// Analyses a decoded source completely.
#[must_use]
pub fn analyze_text(text: &str, version: PythonVersion, rules: &ExclusionRules) -> Analysis {
    let walk = |parsed: &Parsed<ModModule>| {
        let read = ReadSource::new(text, parsed, rules);
        let (mut analysis, _) = read.whole(rules_minor(version), rules)?;
        analysis.multiline = read.lines.into_spans();
        Ok(analysis)
    };
    with_module(text, version, walk).unwrap_or_else(Analysis::of_problem)
}

/// Analyses a decoded source, completely if `branches` are asked for, and says whether it may count
/// otherwise on one of `others`: have other statements there, or other branches. It reads the source once.
/// Where it says so, [`analyze_text`] knows for sure: that Python may not take the source at all.
#[must_use]
pub fn analyze_text_among(
    text: &str,
    version: PythonVersion,
    others: &[PythonVersion],
    rules: &ExclusionRules,
    branches: bool,
) -> (Analysis, bool) {
    let minor = rules_minor(version);
    let walk = |parsed: &Parsed<ModModule>| {
        let read = ReadSource::new(text, parsed, rules);
        let (mut analysis, executable) = if branches {
            read.whole(minor, rules)?
        } else {
            read.statements(minor)?
        };
        let mut others = others.iter().map(|other| rules_minor(*other));
        let may_differ = others.any(|other| {
            // What cannot be analyzed for a Python says nothing of it.
            let Ok((found, lines)) = read.statements(other) else {
                return false;
            };
            if found.statements != analysis.statements {
                return true;
            }
            let have_same_arcs = has_old_arcs(other) == has_old_arcs(minor)
                && lines == executable
                && found.excluded == analysis.excluded;
            branches && !have_same_arcs && {
                let arcs = read.arcs(&lines, other).arcs;
                count_exits(&arcs, &found.excluded) != analysis.exit_counts
            }
        });
        analysis.multiline = read.lines.into_spans();
        Ok((analysis, may_differ))
    };
    with_module(text, version, walk)
        .unwrap_or_else(|problem| (Analysis::of_problem(problem), false))
}

/// Analyses only the statements, exclusions and multi-line statements of a source, which is cheaper.
#[must_use]
pub fn analyze_lines(source: &[u8], version: PythonVersion, rules: &ExclusionRules) -> Analysis {
    decode_source(source).map_or_else(Analysis::of_problem, |text| {
        analyze_text_lines(&text, version, rules)
    })
}

/// Analyses only the statements, exclusions and multi-line statements of a decoded source.
#[must_use]
pub fn analyze_text_lines(text: &str, version: PythonVersion, rules: &ExclusionRules) -> Analysis {
    let walk = |parsed: &Parsed<ModModule>| {
        let read = ReadSource::new(text, parsed, rules);
        let (mut analysis, _) = read.statements(rules_minor(version))?;
        analysis.multiline = read.lines.into_spans();
        Ok(analysis)
    };
    with_module(text, version, walk).unwrap_or_else(Analysis::of_problem)
}

/// Analyses a decoded source but for its arcs and what concerns them: statements and regions.
#[must_use]
pub fn analyze_text_regions(
    text: &str,
    version: PythonVersion,
    rules: &ExclusionRules,
) -> Analysis {
    let walk = |parsed: &Parsed<ModModule>| {
        let read = ReadSource::new(text, parsed, rules);
        let (mut analysis, _) = read.statements(rules_minor(version))?;
        analysis.regions = find_regions(parsed.suite(), &read.lines);
        analysis.multiline = read.lines.into_spans();
        Ok(analysis)
    };
    with_module(text, version, walk).unwrap_or_else(Analysis::of_problem)
}

impl Analysis {
    fn of_problem(problem: Problem) -> Self {
        Self {
            problem: Some(problem),
            ..Self::default()
        }
    }

    /// What an arc of a line with several does, in coverage.py's words.
    #[must_use]
    pub fn describe(&self, arc: Arc) -> String {
        describe_arc(&self.ways_out, arc)
    }

    /// The first line of the statement that a line belongs to; the line itself if it belongs to none with several.
    #[must_use]
    pub fn first_line(&self, line: u32) -> u32 {
        let after = self.multiline.partition_point(|&(first, _)| first <= line);
        match after
            .checked_sub(1)
            .and_then(|index| self.multiline.get(index))
        {
            Some(&(first, last)) if line <= last => first,
            _ => line,
        }
    }

    /// Measured lines as first lines of their statements.
    #[must_use]
    pub fn translate_lines(&self, lines: impl IntoIterator<Item = u32>) -> LineSet {
        lines
            .into_iter()
            .map(|line| self.first_line(line))
            .collect()
    }

    /// Measured arcs in terms of first lines, with the ways out of `with`s hidden; sorted, each once.
    #[must_use]
    pub fn translate_arcs(&self, arcs: impl IntoIterator<Item = Arc>) -> Vec<Arc> {
        let mut translated: Vec<Arc> = arcs
            .into_iter()
            .filter_map(|arc| {
                match self
                    .with_jumps
                    .binary_search_by_key(&arc, |&(jump, _)| jump)
                {
                    Ok(index) => self.with_jumps[index].1,
                    Err(_) => Some(arc),
                }
            })
            .map(|(from, to)| (self.first_signed_line(from), self.first_signed_line(to)))
            .collect();
        translated.sort_unstable();
        translated.dedup();
        translated
    }

    /// The first line of an end of an arc; the exit of a code object keeps its sign.
    fn first_signed_line(&self, line: i32) -> i32 {
        let first = i32::try_from(self.first_line(line.unsigned_abs())).unwrap_or(i32::MAX);
        if line < 0 { -first } else { first }
    }
}

/// What an arc of a line with several does, in coverage.py's words; `ways_out` are those of its
/// source.
#[must_use]
pub fn describe_arc(ways_out: &[(Arc, WayOut)], arc: Arc) -> String {
    if arc.1 >= 0 {
        return format!("jump to line {}", arc.1);
    }
    match ways_out.binary_search_by_key(&arc, |(arc, _)| *arc) {
        Ok(index) => ways_out[index].1.to_string(),
        // The end of a `with` hides what comes behind it.
        Err(_) => "jump to the function exit".to_owned(),
    }
}

/// A source as it is read, whichever Python runs it.
struct ReadSource<'p, 's> {
    parsed: &'p Parsed<ModModule>,
    lines: LogicalLines<'s>,
    present: Needles,
    /// The lines that match what excludes.
    matching: LineSet,
}

impl<'p, 's> ReadSource<'p, 's> {
    fn new(text: &'s str, parsed: &'p Parsed<ModModule>, rules: &ExclusionRules) -> Self {
        let present = Needles::find(text);
        let lines = LogicalLines::new(text, parsed.tokens());
        let matching = rules.exclude.as_ref();
        let matching = matching.map(|regex| matching_lines(regex, &lines, present));
        Self {
            parsed,
            matching: matching.unwrap_or_default(),
            lines,
            present,
        }
    }

    /// Everything but the spans of multi-line statements, and the logical lines with bytecode.
    fn whole(&self, minor: u8, rules: &ExclusionRules) -> Result<(Analysis, LineSet), Problem> {
        let (mut analysis, executable) = self.statements(minor)?;
        analysis.no_branch = matching_lines(&rules.no_branch, &self.lines, self.present);
        let ModuleArcs {
            arcs,
            with_jumps,
            ways_out,
        } = self.arcs(&executable, minor);
        analysis.exit_counts = count_exits(&arcs, &analysis.excluded);
        analysis.arcs = arcs;
        analysis.with_jumps = with_jumps;
        analysis.ways_out = ways_out;
        analysis.regions = find_regions(self.parsed.suite(), &self.lines);
        Ok((analysis, executable))
    }

    fn arcs(&self, executable: &LineSet, minor: u8) -> ModuleArcs {
        find_arcs(self.parsed.suite(), &self.lines, executable, minor)
    }

    /// Statements and exclusions, and the logical lines with bytecode.
    fn statements(&self, minor: u8) -> Result<(Analysis, LineSet), Problem> {
        let (body, tokens) = (self.parsed.suite(), self.parsed.tokens());
        let lines = &self.lines;
        let mut excluded = self.matching.clone();
        let has_token = exclude_suites(&mut excluded, tokens, lines, minor);
        let mut excluded: LineSet = excluded.iter().map(|line| lines.first_line(line)).collect();
        let executable = if has_token {
            let too_large = |_| {
                Problem::new(
                    ProblemKind::TooComplex,
                    "the code is too deeply nested to be compiled",
                    1,
                    0,
                )
            };
            executable_lines(body, minor, lines).map_err(too_large)?
        } else {
            LineSet::new()
        };
        let mut docstrings = LineSet::new();
        let mut definitions = Definitions {
            lines,
            executable: &executable,
            excluded: &mut excluded,
            docstrings: &mut docstrings,
        };
        definitions.docstring(body);
        definitions.suite(body);
        let mut statements = executable.clone();
        statements.subtract(&excluded);
        statements.subtract(&docstrings);
        let analysis = Analysis {
            statements,
            excluded,
            ..Analysis::default()
        };
        Ok((analysis, executable))
    }
}

fn count_exits(arcs: &[Arc], excluded: &LineSet) -> Vec<(u32, u32)> {
    let mut counts: Vec<(u32, u32)> = Vec::new();
    for &(from, to) in arcs {
        let Ok(from) = u32::try_from(from) else {
            continue;
        };
        if excluded.contains(from) || u32::try_from(to).is_ok_and(|to| excluded.contains(to)) {
            continue;
        }
        match counts.last_mut() {
            Some((line, count)) if *line == from => *count += 1,
            _ => counts.push((from, 1)),
        }
    }
    counts
}
