//! What a change wrote, and what of it ran.

use std::collections::BTreeMap;

use swath_analysis::LineSet;
use swath_changes::{ChangedFile, Comparison};

use crate::line_ranges::{format_missing, named_exits};
use crate::{FileReport, NotFollowed, Numbers, Report, UnanalyzedFile};

/// The changed files that the data knows.
#[derive(Clone, Debug)]
pub struct ChangeReport {
    /// What is compared with what.
    pub comparison: Comparison,
    /// The files that have changed statements, in the order of the report.
    pub files: Vec<FileChange>,
    /// What their changed statements count together.
    pub totals: Numbers,
    /// Whether there are branches.
    pub has_arcs: bool,
    /// How many of the changed statements changed again after the data was recorded: they count as
    /// missing.
    pub unmeasured: usize,
    /// The changed files of which nobody knows what ran, in the order of their paths.
    pub left_out: Vec<LeftOutFile>,
    /// Paths of files that are newer than the data, which does not say which text of them ran: that
    /// of today is taken for it. Only the disk knows: it is for the caller to fill in.
    pub newer: Vec<String>,
}

/// One file, with what the change wrote in it.
#[derive(Clone, Debug)]
pub struct FileChange {
    /// What changed.
    pub change: ChangedFile,
    /// The whole file.
    pub file: FileReport,
    /// The first lines of the changed statements: any of their lines was written by the change.
    pub statements: LineSet,
    /// What they count.
    pub numbers: Numbers,
}

/// A changed file that does not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOutFile {
    /// Its path, as in [`ChangedFile::path`].
    pub path: String,
    /// Why.
    pub reason: LeftOutReason,
}

/// Why a changed file does not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LeftOutReason {
    /// Nothing was measured under its path.
    NotMeasured,
    /// The settings leave it out: `omit`, `include`, or it is no Python.
    NotReported,
    /// It is not the text that was measured.
    Stale {
        /// Why what ran could not be found in the text that is here.
        why: Option<NotFollowed>,
    },
    /// It cannot be analyzed.
    NotAnalyzed {
        /// What is in the way.
        problem: String,
    },
    /// The patch is not that of the file that is here.
    PatchDiffers {
        /// The first line that is not as the patch has it.
        line: u32,
    },
    /// A submodule that git cannot look into.
    Submodule {
        /// What git said.
        complaint: String,
    },
}

impl LeftOutReason {
    /// A stable name for programs.
    pub fn name(&self) -> &'static str {
        match self {
            Self::NotMeasured => "not-measured",
            Self::NotReported => "not-reported",
            Self::Stale { .. } => "source-changed",
            Self::NotAnalyzed { .. } => "not-analyzed",
            Self::PatchDiffers { .. } => "patch-differs",
            Self::Submodule { .. } => "submodule",
        }
    }
}

impl std::fmt::Display for LeftOutReason {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotMeasured => formatter.write_str("not in the data"),
            Self::NotReported => formatter.write_str("in the data, but left out of reports"),
            Self::Stale { why: None } => formatter.write_str("changed after the data was recorded"),
            Self::Stale { why: Some(why) } => {
                write!(formatter, "changed after the data was recorded, and {why}")
            }
            Self::NotAnalyzed { problem } => {
                write!(formatter, "in the data, but cannot be analyzed: {problem}")
            }
            Self::PatchDiffers { line } => {
                write!(formatter, "line {line} here is not what the patch says")
            }
            Self::Submodule { complaint } => formatter.write_str(complaint),
        }
    }
}

/// Changed lines next to each other that no test is known to have reached, or a line that was not
/// left in every way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UntestedPart {
    /// Its first line.
    pub first: u32,
    /// Its last line.
    pub last: u32,
    /// What is missing.
    pub what: Untested,
}

/// What is missing of changed lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Untested {
    /// They did not run.
    NotRun,
    /// They changed after the data was recorded.
    NotMeasured,
    /// The line ran, and these exits were not taken: line numbers, negative ones leave the code
    /// object.
    Exits(Vec<i32>),
}

impl Untested {
    /// A stable name for programs.
    pub fn name(&self) -> &'static str {
        match self {
            Self::NotRun => "not-run",
            Self::NotMeasured => "not-measured",
            Self::Exits(_) => "partial",
        }
    }
}

impl ChangeReport {
    /// Holds what changed against the model; `changes` are by the paths in the data.
    pub fn new(
        report: Report,
        mut changes: BTreeMap<String, ChangedFile>,
        comparison: Comparison,
    ) -> Self {
        let mut whole = Self {
            comparison,
            files: Vec::new(),
            totals: Numbers::default(),
            has_arcs: report.has_arcs,
            unmeasured: 0,
            left_out: Vec::new(),
            newer: Vec::new(),
        };
        // Of a file that only has another name, or fewer lines, nothing is to be known.
        changes.retain(|_, change| !change.lines.is_empty());
        for stale in report.stale {
            if let Some(change) = changes.remove(&stale.recorded) {
                let why = stale.not_followed;
                whole.leave_out(change.path, LeftOutReason::Stale { why });
            }
        }
        for UnanalyzedFile {
            recorded, problem, ..
        } in report.unanalyzed
        {
            if let Some(change) = changes.remove(&recorded) {
                whole.leave_out(change.path, LeftOutReason::NotAnalyzed { problem });
            }
        }
        for file in report.files {
            let Some(change) = changes.remove(&file.recorded) else {
                continue;
            };
            let file = FileChange::new(change, file);
            if file.numbers.statements > 0 {
                whole.totals += file.numbers;
                whole.unmeasured += file.unmeasured().len();
                whole.files.push(file);
            }
        }
        for (_, change) in changes {
            whole.leave_out(change.path, LeftOutReason::NotReported);
        }
        whole
    }

    /// How many changed files were measured, or may have been, and cannot be judged all the same.
    pub fn not_judged(&self) -> usize {
        let unknown = |file: &&LeftOutFile| match file.reason {
            LeftOutReason::NotMeasured | LeftOutReason::NotReported => false,
            LeftOutReason::Stale { .. }
            | LeftOutReason::NotAnalyzed { .. }
            | LeftOutReason::PatchDiffers { .. }
            | LeftOutReason::Submodule { .. } => true,
        };
        self.left_out.iter().filter(unknown).count()
    }

    /// Notes that a changed file does not count.
    pub fn leave_out(&mut self, path: String, reason: LeftOutReason) {
        let file = LeftOutFile { path, reason };
        let place = self
            .left_out
            .partition_point(|other| other.path < file.path);
        self.left_out.insert(place, file);
    }
}

impl FileChange {
    fn new(change: ChangedFile, file: FileReport) -> Self {
        let is_changed = |line: &u32| change.lines.contains_any(*line, file.last_line_of(*line));
        let statements: LineSet = file.statements.iter().filter(is_changed).collect();
        Self {
            numbers: file.numbers_of(&statements),
            change,
            file,
            statements,
        }
    }

    /// The changed statements that did not run.
    pub fn missing(&self) -> LineSet {
        self.file.missing.intersection(&self.statements)
    }

    /// Those of them that changed after the data was recorded.
    pub fn unmeasured(&self) -> LineSet {
        self.file.unmeasured.intersection(&self.statements)
    }

    /// The exits not taken of changed lines that ran.
    pub fn missing_exits(&self) -> BTreeMap<u32, Vec<i32>> {
        let branches = self.file.branches.iter();
        let exits = branches.flat_map(|branches| &branches.missing_exits);
        exits
            .filter(|(line, _)| {
                self.statements.contains(**line) && !self.file.missing.contains(**line)
            })
            .map(|(&line, exits)| (line, exits.clone()))
            .collect()
    }

    /// The changed lines and branches that are missing, as reports list them.
    pub fn missing_text(&self) -> String {
        format_missing(
            &self.file.statements,
            &self.missing(),
            &self.missing_exits(),
        )
    }

    /// What the change left untested, in the order of the lines. An exit to a line that is named
    /// itself is not named again.
    pub fn untested(&self) -> Vec<UntestedPart> {
        let (missing, unmeasured) = (self.missing(), self.unmeasured());
        let exits = named_exits(&self.missing_exits(), &missing);
        let mut parts: Vec<UntestedPart> = Vec::new();
        let mut is_open = false;
        for line in self.file.statements.iter() {
            let what = if unmeasured.contains(line) {
                Untested::NotMeasured
            } else if missing.contains(line) {
                Untested::NotRun
            } else if let Some(exits) = exits.get(&line) {
                Untested::Exits(exits.clone())
            } else {
                is_open = false;
                continue;
            };
            let last = self.file.last_line_of(line);
            let goes_on = is_open && !matches!(what, Untested::Exits(_));
            match parts.last_mut().filter(|part| goes_on && part.what == what) {
                Some(part) => part.last = last,
                None => parts.push(UntestedPart {
                    first: line,
                    last,
                    what,
                }),
            }
            is_open = true;
        }
        parts
    }
}

#[cfg(test)]
mod tests {
    use swath_analysis::{ExclusionRules, PythonVersion, analyze};
    use swath_changes::parse_patch;
    use swath_data::SourceHash;

    use super::*;
    use crate::StaleFile;

    const SOURCE: &str = "\
import os
def f(a):
    if a:
        return os.path.join(
            a,
        )
    if not a:  # changed
        return 1
    return 2
f(1)
";

    fn report(lines: &[u32], arcs: Option<&[(i32, i32)]>, changed: &[u32]) -> ChangeReport {
        let analysis = analyze(
            SOURCE.as_bytes(),
            PythonVersion::new(3, 12),
            &ExclusionRules::default(),
        );
        assert_eq!(analysis.problem, None);
        let arcs = arcs.map(|arcs| arcs.iter().copied());
        let file = FileReport {
            recorded: "a.py".to_owned(),
            ..FileReport::new(analysis, lines.iter().copied(), arcs)
        };
        let report = Report {
            has_arcs: file.branches.is_some(),
            totals: file.numbers,
            files: vec![file],
            ..Report::default()
        };
        let changes = BTreeMap::from([change("a.py", changed)]);
        ChangeReport::new(report, changes, Comparison::Patch("x".to_owned()))
    }

    #[test]
    fn a_change_of_all_lines_counts_what_the_file_counts() {
        let arcs = [(-1, 1), (1, 2), (2, 10), (10, -1), (-2, 3), (3, 4), (4, -2)];
        let all: Vec<u32> = (1..=10).collect();
        let report = report(&[1, 2, 3, 4, 10], Some(&arcs), &all);
        let file = &report.files[0];
        assert_eq!(report.totals, file.file.numbers);
        assert_eq!(file.missing_text(), file.file.missing_text());
        assert!(report.totals.missing > 0 && report.totals.partial_branches > 0);
    }

    #[test]
    fn a_change_inside_a_statement_changes_the_statement() {
        let report = report(&[1, 2, 10], None, &[5, 8]);
        let file = &report.files[0];
        assert_eq!(file.statements.iter().collect::<Vec<_>>(), [4, 8]);
        assert_eq!((file.numbers.statements, file.numbers.missing), (2, 2));
        // Line 7 is missing as well, and not of this change.
        assert_eq!(file.missing_text(), "4, 8");
        let spans: Vec<_> = file.untested().iter().map(|p| (p.first, p.last)).collect();
        assert_eq!(spans, [(4, 6), (8, 8)]);
    }

    fn change(path: &str, lines: &[u32]) -> (String, ChangedFile) {
        let mut change = parse_patch(b"--- a/a.py\n+++ b/a.py\n@@ -1 +1 @@\n-a\n+b\n").unwrap();
        let mut change = change.remove(0);
        path.clone_into(&mut change.path);
        change.lines = lines.iter().copied().collect();
        (path.to_owned(), change)
    }

    fn stale(path: &str, not_followed: Option<NotFollowed>) -> StaleFile {
        StaleFile {
            path: path.to_owned(),
            recorded: path.to_owned(),
            name: path.to_owned(),
            measured: std::collections::BTreeSet::new(),
            here: SourceHash::of(b""),
            lines: 1,
            not_followed,
        }
    }

    #[test]
    fn what_cannot_be_judged_is_named_with_its_reason() {
        let why = |text: &str| Some(NotFollowed::NoText(text.to_owned()));
        let report = Report {
            stale: vec![
                stale("a.py", why("git does not have the text that was measured")),
                stale("b.py", Some(NotFollowed::ManyTexts(2))),
                // Nothing of it was written: it is not to be judged.
                stale("c.py", None),
            ],
            unanalyzed: vec![UnanalyzedFile {
                recorded: "d.py".to_owned(),
                name: "d.py".to_owned(),
                problem: "Couldn't parse it".to_owned(),
            }],
            ..Report::default()
        };
        let changes = [("a.py", &[1][..]), ("b.py", &[1]), ("c.py", &[])];
        let more = [
            ("d.py", &[1][..]),
            ("omitted.py", &[1]),
            ("renamed.py", &[]),
        ];
        let changes = changes.iter().chain(&more);
        let changes = changes.map(|(path, lines)| change(path, lines)).collect();
        let report = ChangeReport::new(report, changes, Comparison::Patch("x".to_owned()));
        let shown: Vec<String> = report
            .left_out
            .iter()
            .map(|file| format!("{} {}: {}", file.path, file.reason.name(), file.reason))
            .collect();
        assert_eq!(
            shown,
            [
                "a.py source-changed: changed after the data was recorded, and git does not have the text that was measured",
                "b.py source-changed: changed after the data was recorded, and the data holds 2 texts of it",
                "d.py not-analyzed: in the data, but cannot be analyzed: Couldn't parse it",
                "omitted.py not-reported: in the data, but left out of reports",
            ]
        );
        assert_eq!(report.not_judged(), 3);
    }

    #[test]
    fn branches_are_those_of_changed_lines() {
        let arcs = [(-1, 1), (1, 2), (2, 10), (10, -1), (-2, 3), (3, 4), (4, -2)];
        let of_if = report(&[1, 2, 3, 4, 10], Some(&arcs), &[3]);
        let file = &of_if.files[0];
        assert_eq!(
            (file.numbers.branches, file.numbers.partial_branches),
            (2, 1)
        );
        assert_eq!(file.untested()[0].what, Untested::Exits(vec![7]));
        let other = report(&[1, 2, 3, 4, 10], Some(&arcs), &[1]);
        assert_eq!(other.totals.branches, 0);
        assert!(other.files[0].untested().is_empty());
    }

    #[test]
    fn lines_that_cannot_run_make_no_file() {
        let report = report(&[1], None, &[7]);
        assert_eq!(report.files[0].statements.len(), 1);
        let comment = self::report(&[1], None, &[]);
        assert!(comment.files.is_empty() && comment.left_out.is_empty());
    }
}
