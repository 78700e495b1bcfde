//! What one data file said.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use sha1::{Digest as _, Sha1};
use swath_coverage::{FileReport, Numbers};
use swath_model::{Completeness, TestsResult};

/// What one data file said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The id of the commit whose work tree was measured, where that is known.
    pub commit: Option<String>,
    /// The branch that was measured, where that is known.
    pub branch: Option<String>,
    /// When the first run of the data began, in nanoseconds since 1970.
    pub time: i64,
    /// Whether the number is whole.
    pub verdict: Completeness,
    /// What came of the tests.
    pub tests: TestsResult,
    /// What the files of each folder count, without those of folders in it; `.` is where reports
    /// are made.
    pub folders: BTreeMap<String, Numbers>,
}

impl Default for Entry {
    fn default() -> Self {
        Self {
            commit: None,
            branch: None,
            time: 0,
            verdict: Completeness::Unknown,
            tests: TestsResult::Unknown,
            folders: BTreeMap::new(),
        }
    }
}

impl Entry {
    /// The numbers of the folders that these files lie in.
    pub fn folders_of(files: &[FileReport]) -> BTreeMap<String, Numbers> {
        let mut folders = BTreeMap::<String, Numbers>::new();
        for file in files {
            let folder = file.name.rsplit_once('/').map_or(".", |(folder, _)| folder);
            *folders.entry(folder.to_owned()).or_default() += file.numbers;
        }
        folders
    }

    /// What all folders count together.
    pub fn totals(&self) -> Numbers {
        self.folders.values().copied().sum()
    }

    /// What it is called in a store: a hash of everything that it says.
    pub(crate) fn id(&self) -> String {
        let mut said = String::new();
        let (commit, branch) = (&self.commit, &self.branch);
        let _ = write!(said, "{commit:?} {branch:?} {} ", self.time);
        let _ = write!(said, "{} {}", self.verdict.name(), self.tests.record());
        for (path, numbers) in &self.folders {
            let _ = write!(said, " {path:?} {:?}", counts(*numbers));
        }
        let hash = Sha1::digest(said.as_bytes());
        hash.iter().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    }
}

/// What numbers count: the column of a store, and where it is in them.
pub(crate) const COUNTS: [Count; 7] = [
    ("files", |numbers| &mut numbers.files),
    ("statements", |numbers| &mut numbers.statements),
    ("excluded", |numbers| &mut numbers.excluded),
    ("missing", |numbers| &mut numbers.missing),
    ("branches", |numbers| &mut numbers.branches),
    ("partial_branches", |numbers| &mut numbers.partial_branches),
    ("missing_branches", |numbers| &mut numbers.missing_branches),
];

type Count = (&'static str, fn(&mut Numbers) -> &mut usize);

/// What numbers count, in the order of [`COUNTS`].
pub(crate) fn counts(mut numbers: Numbers) -> [usize; COUNTS.len()] {
    COUNTS.map(|(_, of)| *of(&mut numbers))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_count_in_the_folder_they_lie_in() {
        let file = |name: &str, statements| FileReport {
            name: name.to_owned(),
            numbers: Numbers {
                files: 1,
                statements,
                ..Numbers::default()
            },
            ..FileReport::default()
        };
        let files = [
            file("run.py", 1),
            file("shop/cart.py", 2),
            file("shop/pay.py", 4),
            file("shop/api/points.py", 8),
        ];
        let folders = Entry::folders_of(&files);
        let counted: Vec<_> = folders
            .iter()
            .map(|(path, numbers)| (path.as_str(), numbers.files, numbers.statements))
            .collect();
        assert_eq!(counted, [(".", 1, 1), ("shop", 2, 6), ("shop/api", 1, 8)]);
        let entry = Entry {
            folders,
            ..Entry::default()
        };
        assert_eq!(entry.totals().statements, 15);
    }

    #[test]
    fn whatever_it_says_is_in_its_name() {
        let plain = Entry::default();
        let with = |change: fn(&mut Entry)| {
            let mut entry = Entry::default();
            change(&mut entry);
            entry.id()
        };
        let mut ids = vec![
            plain.id(),
            with(|entry| entry.commit = Some("None".to_owned())),
            with(|entry| entry.branch = Some("main".to_owned())),
            with(|entry| entry.time = 1),
            with(|entry| entry.verdict = Completeness::Complete),
            with(|entry| entry.tests = TestsResult::Passed),
            with(|entry| _ = entry.folders.insert(".".to_owned(), Numbers::default())),
        ];
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), 7);
        assert_eq!(plain.id(), Entry::default().id());
    }
}
