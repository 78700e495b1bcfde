//! Which Python's rules hold for a file, and whether that matters.

use std::sync::atomic::{AtomicUsize, Ordering};

use swath_analysis::{Analysis, ExclusionRules, PythonVersion, analyze_text, analyze_text_lines};
use swath_data::{CoverageData, PythonRelease};

use crate::ModelOptions;

/// One Python of each kind: statements changed with 3.10, and with 3.14.
const KINDS: [PythonVersion; 3] = [
    PythonVersion::new(3, 9),
    PythonVersion::new(3, 13),
    PythonVersion::new(3, 14),
];

/// The Pythons of some data.
pub(crate) struct Rules {
    /// The Python for files of which the data does not say it.
    python: PythonVersion,
    /// Whether that is known, be it from other files of the data.
    is_known: bool,
    compare: bool,
    /// The place of the first file that counts otherwise on another Python, as far as was looked.
    first_undecided: AtomicUsize,
}

impl Rules {
    pub(crate) fn new(data: &CoverageData, options: &ModelOptions<'_>) -> Self {
        let processes = data.accounting.processes.iter();
        let newest = processes.filter_map(|process| process.python).max();
        let newest = newest.map(PythonRelease::version);
        let known = options.said_python.or(newest);
        Self {
            python: known.unwrap_or(options.python),
            is_known: known.is_some(),
            compare: options.compare_rules,
            first_undecided: AtomicUsize::new(usize::MAX),
        }
    }

    /// The Python that ran a file, as far as anybody knows.
    pub(crate) fn python_of(&self, data: &CoverageData, key: &str) -> PythonVersion {
        let python = data.accounting.python(key);
        python.map_or(self.python, PythonRelease::version)
    }

    /// Whether it is to be found out if the file counts otherwise on another Python. To find that
    /// costs as much as the report, and the first file that does is enough to say so.
    pub(crate) fn ask_for_comparison(&self, data: &CoverageData, key: &str, index: usize) -> bool {
        self.compare
            && !self.is_known
            && data.accounting.python(key).is_none()
            && index < self.first_undecided.load(Ordering::Relaxed)
    }

    /// The file at this place counts otherwise on another Python.
    pub(crate) fn note_undecided(&self, index: usize) {
        self.first_undecided.fetch_min(index, Ordering::Relaxed);
    }

    /// The place of the first file that counts otherwise on another Python, once all were looked at.
    pub(crate) fn first_undecided(&self) -> Option<usize> {
        let first = self.first_undecided.load(Ordering::Relaxed);
        (first != usize::MAX).then_some(first)
    }
}

/// A Python of each kind that `python` is not of.
pub(crate) fn other_kinds(python: PythonVersion) -> Vec<PythonVersion> {
    let kind = |python: PythonVersion| KINDS.iter().filter(|kind| **kind <= python).count();
    let own = kind(python).max(1);
    let others = KINDS.into_iter().filter(|other| kind(*other) != own);
    others.collect()
}

/// Whether a source has other statements, or other branches, on another Python.
pub(crate) fn other_rules_differ(
    text: &str,
    python: PythonVersion,
    rules: &ExclusionRules,
    analysis: &Analysis,
    branches: bool,
) -> bool {
    let differs = |other: PythonVersion| {
        let other = if branches {
            analyze_text(text, other, rules)
        } else {
            analyze_text_lines(text, other, rules)
        };
        other.problem.is_none()
            && (other.statements != analysis.statements
                || (branches && other.exit_counts != analysis.exit_counts))
    };
    other_kinds(python).into_iter().any(differs)
}

#[cfg(test)]
mod tests {
    use swath_analysis::analyze_text_among;

    use super::*;

    fn differ(text: &str, python: PythonVersion) -> bool {
        let rules = ExclusionRules::default();
        let analysis = analyze_text_lines(text, python, &rules);
        other_rules_differ(text, python, &rules, &analysis, false)
    }

    #[test]
    fn a_bare_annotation_is_a_statement_before_3_14_only() {
        let text = "class C:\n    x: int\n";
        assert!(differ(text, PythonVersion::new(3, 13)));
        assert!(differ(text, PythonVersion::new(3, 14)));
        assert!(!differ("class C:\n    x = 1\n", PythonVersion::new(3, 13)));
    }

    /// What is found in one reading of a source is what analyses for each Python find.
    #[test]
    fn one_reading_finds_every_difference() {
        let rules = ExclusionRules::default();
        let mut differing = 0;
        let mut check = |text: &str| {
            for python in [(3, 9), (3, 12), (3, 14)] {
                let python = PythonVersion::new(python.0, python.1);
                for branches in [false, true] {
                    let others = other_kinds(python);
                    let (found, may_differ) =
                        analyze_text_among(text, python, &others, &rules, branches);
                    let whole = if branches {
                        analyze_text(text, python, &rules)
                    } else {
                        analyze_text_lines(text, python, &rules)
                    };
                    assert_eq!(found, whole, "{text}");
                    let differs = whole.problem.is_none()
                        && other_rules_differ(text, python, &rules, &whole, branches);
                    assert!(may_differ || !differs, "{python} {text}");
                    differing += usize::from(differs);
                }
            }
        };
        for text in [
            "class C:\n    x: int\n",
            "for a in b:\n    try:\n        break\n    finally:\n        c()\n",
            "with a as b:\n    c()\n",
            "while 1:\n    if not ():\n        break\nelse:\n    a\n",
            "match a:\n    case _: pass\n",
            "def f(\n    a: int,\n    b=1,\n):\n    'doc'\n    return [\n        a\n    ]\n",
        ] {
            check(text);
        }
        let corpus = swath_test::workspace_root().join("crates/swath/tests/corpus/programs");
        for path in swath_checkout::importable_files(&corpus, true) {
            check(&fs_err::read_to_string(path).unwrap());
        }
        assert!(differing > 20, "{differing}");
    }

    #[test]
    fn what_other_pythons_cannot_read_says_nothing() {
        assert!(!differ(
            "match 1:\n    case 1: pass\n",
            PythonVersion::new(3, 13)
        ));
    }
}
