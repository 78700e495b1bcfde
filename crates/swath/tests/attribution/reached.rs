//! What ran for each test, as a data file has it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use swath_analysis::{Arc, ExclusionRules, PythonVersion, analyze};
use swath_data::{ArcSet, CoverageData, LineSet, read_data_file, test_of};

/// A line, or an arc, of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    Line(u32),
    Arc(i32, i32),
}

/// Places by the path of their file in the project.
pub(crate) type Places = BTreeSet<(String, Place)>;

/// What a run recorded.
pub(crate) struct Reached {
    pub(crate) data: CoverageData,
    /// By test: the phases of one together.
    tests: BTreeMap<String, Places>,
    all: Places,
}

impl Reached {
    /// Before 3.12, arcs that the source does not have, which exceptions make, are left out: they are seen only as
    /// long as the code has something else left to see, so they depend on the order. No report counts them. From 3.14
    /// on, lines that are new one after the other are taken for arcs, as coverage.py does: lines are compared there, and
    /// reports.
    pub(crate) fn read(file: &Path, project: &Path, version: (u8, u8)) -> Self {
        let data = read_data_file(file).unwrap_or_else(|error| panic!("{error}"));
        let mut tests: BTreeMap<String, Places> = BTreeMap::new();
        let root = format!("{}/", project.display());
        for (path, _) in data.files() {
            let name = path.strip_prefix(&root).unwrap_or(path);
            let source = fs_err::read(path).unwrap();
            let python = PythonVersion::new(version.0, version.1);
            let analysis = analyze(&source, python, &ExclusionRules::default());
            let counts = |arc: Arc| {
                let arcs = analysis.translate_arcs([arc]);
                version < (3, 14)
                    && (version >= (3, 12)
                        || arc.0 < 0
                        || arcs.iter().any(|arc| analysis.arcs.contains(arc)))
            };
            for (id, context) in data.contexts() {
                let chosen = BTreeSet::from([id]);
                let places = tests.entry(test_of(context).to_owned()).or_default();
                for line in data
                    .lines(path, Some(&chosen))
                    .iter()
                    .flat_map(LineSet::iter)
                {
                    places.insert((name.to_owned(), Place::Line(line)));
                }
                for arc in data.arcs(path, Some(&chosen)).iter().flat_map(ArcSet::iter) {
                    if counts(arc) {
                        places.insert((name.to_owned(), Place::Arc(arc.0, arc.1)));
                    }
                }
            }
        }
        let all = tests.values().flatten().cloned().collect();
        Self { data, tests, all }
    }

    /// What ran for a test.
    pub(crate) fn of(&self, test: &str) -> Places {
        self.tests.get(test).cloned().unwrap_or_default()
    }

    /// What ran at all.
    pub(crate) fn all(&self) -> &Places {
        &self.all
    }

    /// The names of the contexts for which anything ran, those of tests without their phases.
    pub(crate) fn names(&self) -> Vec<&str> {
        let named = self.tests.iter().filter(|(_, places)| !places.is_empty());
        named.map(|(name, _)| name.as_str()).collect()
    }
}

/// What ran for a test in a run of many is what a run of this test alone records, apart from what the start runs.
pub(crate) fn assert_as_alone(test: &str, many: &Places, alone: &Reached, start: &Reached) {
    assert_same(test, &(many - &start.all), &(&alone.all - &start.all));
}

/// Nothing is missing and nothing is there besides.
pub(crate) fn assert_same(name: &str, found: &Places, expected: &Places) {
    let (missing, extra) = (expected - found, found - expected);
    assert!(
        missing.is_empty() && extra.is_empty(),
        "{name}\nmissing: {missing:?}\nextra: {extra:?}"
    );
}
