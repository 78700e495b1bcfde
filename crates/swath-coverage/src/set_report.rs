//! Two bodies of data side by side: what both reached, what only one of them did, what neither did.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::AddAssign;

use swath_analysis::LineSet;

use crate::line_ranges::format_missing;
use crate::{FileReport, Report};

/// Who reached something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reached {
    /// Both.
    Both,
    /// Only the first.
    First,
    /// Only the second.
    Second,
    /// Neither.
    Neither,
}

impl Reached {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 4] = [Self::Both, Self::First, Self::Second, Self::Neither];

    fn of(first: bool, second: bool) -> Self {
        match (first, second) {
            (true, true) => Self::Both,
            (true, false) => Self::First,
            (false, true) => Self::Second,
            (false, false) => Self::Neither,
        }
    }
}

/// How many of something each reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SetCounts([usize; 4]);

impl SetCounts {
    /// How many of them.
    pub fn of(&self, reached: Reached) -> usize {
        self.0[reached as usize]
    }

    /// All together.
    pub fn all(&self) -> usize {
        self.0.iter().sum()
    }

    fn count(&mut self, reached: Reached) {
        self.0[reached as usize] += 1;
    }
}

impl AddAssign for SetCounts {
    fn add_assign(&mut self, other: Self) {
        for (mine, theirs) in self.0.iter_mut().zip(other.0) {
            *mine += theirs;
        }
    }
}

/// Statements, branches and functions, by who reached them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SetNumbers {
    /// Statements.
    pub lines: SetCounts,
    /// Exits of lines that have more than one.
    pub branches: SetCounts,
    /// Functions of which any statement ran.
    pub functions: SetCounts,
}

impl AddAssign for SetNumbers {
    fn add_assign(&mut self, other: Self) {
        self.lines += other.lines;
        self.branches += other.branches;
        self.functions += other.functions;
    }
}

/// A line and one of its exits: a line number, negative if it leaves the code object.
pub type Exit = (u32, i32);

/// One file in both bodies of data.
#[derive(Clone, Debug, Default)]
pub struct FileSets {
    /// Its name in reports.
    pub name: String,
    /// What it counts.
    pub numbers: SetNumbers,
    statements: LineSet,
    lines: BTreeMap<Reached, LineSet>,
    branches: BTreeMap<Reached, Vec<Exit>>,
    functions: BTreeMap<Reached, Vec<String>>,
}

/// A file that is not compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UncomparedFile {
    /// Its name in reports.
    pub name: String,
    /// Why.
    pub reason: NotCompared,
}

/// Why a file is not compared: what one of the two ran of it is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotCompared {
    /// Its text is not the one of which the first, the second, or both have data.
    Stale([bool; 2]),
    /// It cannot be analyzed.
    NotAnalyzed {
        /// What is in the way.
        problem: String,
    },
}

impl NotCompared {
    /// A stable name for programs.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Stale(_) => "source-changed",
            Self::NotAnalyzed { .. } => "not-analyzed",
        }
    }

    /// In words, with what the two are called.
    pub fn describe(&self, [first, second]: &[String; 2]) -> String {
        match self {
            Self::Stale([true, true]) => "changed after both were recorded".to_owned(),
            Self::Stale([is_first, _]) => {
                let name = if *is_first { first } else { second };
                format!("changed after {name} was recorded")
            }
            Self::NotAnalyzed { problem } => problem.clone(),
        }
    }
}

/// Two bodies of data side by side.
#[derive(Clone, Debug, Default)]
pub struct SetReport {
    /// What they are called.
    pub names: [String; 2],
    /// The files of either, by their names.
    pub files: Vec<FileSets>,
    /// All files together.
    pub totals: SetNumbers,
    /// Whether both have branches.
    pub has_arcs: bool,
    /// The files that are not compared, by their names.
    pub left_out: Vec<UncomparedFile>,
}

/// What is not known of a file in either.
fn left_out(reports: [&Report; 2]) -> BTreeMap<String, NotCompared> {
    let mut left_out = BTreeMap::new();
    for (index, report) in reports.into_iter().enumerate() {
        for file in &report.unanalyzed {
            let problem = file.problem.clone();
            left_out.insert(file.name.clone(), NotCompared::NotAnalyzed { problem });
        }
        for file in &report.stale {
            let reason = left_out.entry(file.name.clone());
            let reason = reason.or_insert(NotCompared::Stale([false; 2]));
            if let NotCompared::Stale(who) = reason {
                who[index] = true;
            }
        }
    }
    left_out
}

impl SetReport {
    /// Compares two models; both must hold details. A file of which one of them does not know what
    /// ran is left out.
    pub fn new(names: [String; 2], first: &Report, second: &Report) -> Self {
        let has_arcs = first.has_arcs && second.has_arcs;
        let left_out = left_out([first, second]);
        let mut whole = Self {
            names,
            has_arcs,
            ..Self::default()
        };
        let known = |file: &&FileReport| !left_out.contains_key(&file.name);
        let others = second.files.iter().filter(known);
        let mut others: BTreeMap<&str, &FileReport> =
            others.map(|file| (file.name.as_str(), file)).collect();
        for file in first.files.iter().filter(known) {
            let other = others.remove(file.name.as_str());
            let sets = FileSets::new(Some(file), other, has_arcs);
            whole.files.push(sets);
        }
        for other in others.into_values() {
            let sets = FileSets::new(None, Some(other), has_arcs);
            whole.files.push(sets);
        }
        let left_out = left_out.into_iter();
        whole.left_out = left_out
            .map(|(name, reason)| UncomparedFile { name, reason })
            .collect();
        whole.files.sort_by(|one, other| one.name.cmp(&other.name));
        for file in &whole.files {
            whole.totals += file.numbers;
        }
        whole
    }
}

impl FileSets {
    fn new(first: Option<&FileReport>, second: Option<&FileReport>, has_arcs: bool) -> Self {
        // What can run is the same for both: one source, one set of rules.
        let Some(either) = first.or(second) else {
            return Self::default();
        };
        let ran = |file: Option<&FileReport>, line: u32| {
            file.is_some_and(|file| file.executed.contains(line))
        };
        let mut sets = Self {
            name: either.name.clone(),
            statements: either.statements.clone(),
            ..Self::default()
        };
        for line in either.statements.iter() {
            let reached = Reached::of(ran(first, line), ran(second, line));
            sets.numbers.lines.count(reached);
            sets.lines.entry(reached).or_default().insert(line);
        }
        if has_arcs {
            sets.count_branches(either, first, second);
        }
        for function in &either.regions.functions {
            let statements = either.statements.intersection(&function.lines);
            if statements.is_empty() {
                continue;
            }
            let any = |file| statements.iter().any(|line| ran(file, line));
            let reached = Reached::of(any(first), any(second));
            sets.numbers.functions.count(reached);
            let functions = sets.functions.entry(reached).or_default();
            functions.push(function.name.clone());
        }
        sets
    }

    fn count_branches(
        &mut self,
        either: &FileReport,
        first: Option<&FileReport>,
        second: Option<&FileReport>,
    ) {
        let [first, second] = [first, second].map(|file| {
            let branches = file.and_then(|file| file.branches.as_deref());
            let exits = branches.map(crate::Branches::executed_exits);
            exits.unwrap_or_default()
        });
        let Some(branches) = &either.branches else {
            return;
        };
        let of = |exits: &BTreeMap<u32, Vec<i32>>, (line, exit): Exit| {
            exits.get(&line).is_some_and(|exits| exits.contains(&exit))
        };
        // Every exit that counts is missing in the one, or was taken in it.
        let missing = branches.missing_exits.iter();
        let missing =
            missing.flat_map(|(&line, exits)| exits.iter().map(move |&exit| (line, exit)));
        let taken = branches.executed_exits();
        let taken = taken
            .iter()
            .flat_map(|(&line, exits)| exits.iter().map(move |&exit| (line, exit)));
        let all: BTreeSet<Exit> = missing.chain(taken).collect();
        for exit in all {
            let reached = Reached::of(of(&first, exit), of(&second, exit));
            self.numbers.branches.count(reached);
            self.branches.entry(reached).or_default().push(exit);
        }
    }

    /// The statements that these reached.
    pub fn lines(&self, reached: Reached) -> LineSet {
        self.lines.get(&reached).cloned().unwrap_or_default()
    }

    /// The same as reports list lines: `1-2, 5-11`.
    pub fn lines_text(&self, reached: Reached) -> String {
        format_missing(&self.statements, &self.lines(reached), &BTreeMap::new())
    }

    /// The exits that these took.
    pub fn branches(&self, reached: Reached) -> &[Exit] {
        self.branches.get(&reached).map_or(&[], Vec::as_slice)
    }

    /// The functions that these ran.
    pub fn functions(&self, reached: Reached) -> &[String] {
        self.functions.get(&reached).map_or(&[], Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use swath_analysis::{ExclusionRules, PythonVersion, analyze};
    use swath_data::SourceHash;

    use super::*;
    use crate::StaleFile;

    const SOURCE: &str =
        "def f(a):\n    if a:\n        return 1\n    return 2\ndef g():\n    pass\nf(1)\n";

    fn report(lines: &[u32], arcs: &[(i32, i32)]) -> Report {
        let analysis = analyze(
            SOURCE.as_bytes(),
            PythonVersion::new(3, 12),
            &ExclusionRules::default(),
        );
        let arcs = (!arcs.is_empty()).then(|| arcs.iter().copied());
        let file = FileReport {
            name: "a.py".to_owned(),
            ..FileReport::new(analysis, lines.iter().copied(), arcs)
        };
        Report {
            has_arcs: file.branches.is_some(),
            totals: file.numbers,
            files: vec![file],
            ..Report::default()
        }
    }

    fn counts(counts: SetCounts) -> [usize; 4] {
        Reached::ALL.map(|reached| counts.of(reached))
    }

    #[test]
    fn everything_is_in_one_of_four_sets() {
        let first = report(
            &[1, 2, 3, 5, 7],
            &[(-1, 1), (1, 5), (5, 7), (7, -1), (2, 3), (3, -1)],
        );
        let second = report(
            &[1, 2, 4, 5, 7],
            &[(-1, 1), (1, 5), (5, 7), (7, -1), (2, 4), (4, -1)],
        );
        let sets = SetReport::new(["a".to_owned(), "b".to_owned()], &first, &second);
        assert_eq!(counts(sets.totals.lines), [4, 1, 1, 1]);
        assert_eq!(sets.totals.lines.all(), first.totals.statements);
        assert_eq!(counts(sets.totals.branches), [0, 1, 1, 0]);
        assert_eq!(sets.totals.branches.all(), first.totals.branches);
        assert_eq!(counts(sets.totals.functions), [1, 0, 0, 1]);
        let file = &sets.files[0];
        assert_eq!(file.lines_text(Reached::First), "3");
        assert_eq!(file.branches(Reached::Second), [(2, 4)]);
        assert_eq!(file.functions(Reached::Neither), ["g"]);
    }

    #[test]
    fn a_file_of_which_one_ran_another_text_is_left_out_and_named() {
        let first = report(&[1, 5, 7], &[]);
        let mut second = report(&[1, 5, 7], &[]);
        second.files.clear();
        second.stale.push(StaleFile {
            path: "a.py".to_owned(),
            recorded: "a.py".to_owned(),
            name: "a.py".to_owned(),
            measured: BTreeSet::new(),
            here: SourceHash::of(b""),
            lines: 1,
            not_followed: None,
        });
        let names = ["system".to_owned(), "unit".to_owned()];
        let sets = SetReport::new(names, &first, &second);
        assert!(sets.files.is_empty() && sets.totals == SetNumbers::default());
        let [left_out] = &sets.left_out[..] else {
            panic!("{:?}", sets.left_out)
        };
        assert_eq!(left_out.name, "a.py");
        assert_eq!(
            left_out.reason.describe(&sets.names),
            "changed after unit was recorded"
        );
    }

    #[test]
    fn a_file_that_one_does_not_know_was_not_reached_by_it() {
        let first = report(&[1, 5, 7], &[]);
        let sets = SetReport::new(Default::default(), &Report::default(), &first);
        assert_eq!(counts(sets.totals.lines), [0, 0, 3, 4]);
        assert!(!sets.has_arcs);
    }
}
