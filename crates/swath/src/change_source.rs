//! Which change is meant, and which files of the data it is about.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use swath_changes::{
    Baseline, ChangeKind, ChangedFile, Comparison, GitChanges, GitError, PatchError, Repository,
    SubmoduleGap, parse_patch,
};
use swath_coverage::{ChangeReport, LeftOutReason, Report};
use swath_data::{CoverageData, SourceHash};
use swath_model::{Message, printable};
use swath_pattern::Directory;
use swath_run::Settings;

use crate::arguments::ChangeArguments;

/// Why nobody knows what changed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ChangeError {
    #[error(transparent)]
    Git(#[from] GitError),
    #[error("the patch `{name}` cannot be read: {source}")]
    PatchNotRead {
        name: String,
        source: std::io::Error,
    },
    #[error("`{name}` is not a patch: {error}")]
    NotAPatch { name: String, error: PatchError },
}

impl ChangeError {
    /// What people are told.
    pub(crate) fn message(&self) -> Message {
        let (code, hint) = match self {
            Self::Git(error) => return error.message(),
            Self::PatchNotRead { .. } => ("patch-not-read", None),
            Self::NotAPatch { .. } => (
                "bad-patch",
                Some("a unified diff is meant, as `git diff` or `diff -u` prints it".to_owned()),
            ),
        };
        Message::error(code, self.to_string()).hint(hint)
    }
}

/// What of a whole report a change wrote.
pub(crate) fn changes_since(
    wanted: &ChangeArguments,
    report: &Report,
    data: &CoverageData,
    settings: &Settings,
) -> Result<ChangeReport, ChangeError> {
    let directory = &settings.directory;
    let change = ChangeSource::find(wanted, Path::new(directory.path()))?;
    let matched = change.matched(data, directory);
    let data_file = settings.data_file();
    let data = (data, data_file.as_path());
    Ok(matched.report(report.clone(), change.comparison, data, directory))
}

/// A change.
pub(crate) struct ChangeSource {
    pub(crate) comparison: Comparison,
    /// What git warned of.
    pub(crate) warnings: Vec<String>,
    files: Vec<ChangedFile>,
    gaps: Vec<SubmoduleGap>,
    /// The folders that paths may start from.
    roots: Vec<PathBuf>,
    repository: Option<Repository>,
}

/// The files of a change as the data knows them.
#[derive(Default)]
pub(crate) struct MatchedChange {
    /// By their paths in the data.
    pub(crate) known: BTreeMap<String, ChangedFile>,
    /// Those that cannot count.
    pub(crate) left_out: Vec<(String, LeftOutReason)>,
}

/// The changed files that were written after the data, which does not say which text of them ran.
fn newer_files(
    changes: &ChangeReport,
    data: &CoverageData,
    data_file: &Path,
    directory: &Directory,
) -> Vec<String> {
    let written = |path: &Path| fs_err::metadata(path).and_then(|file| file.modified()).ok();
    let Some(recorded) = written(data_file) else {
        return Vec::new();
    };
    let files = changes.files.iter();
    let unknown = files.filter(|file| data.accounting.hashes(&file.file.recorded).is_empty());
    let newer = unknown.filter(|file| {
        let path = directory.absolute(&file.file.path);
        written(Path::new(&path)).is_some_and(|time| time > recorded)
    });
    newer.map(|file| file.change.path.clone()).collect()
}

impl MatchedChange {
    /// What of a report on the data of a file these files are.
    pub(crate) fn report(
        self,
        report: Report,
        comparison: Comparison,
        (data, data_file): (&CoverageData, &Path),
        directory: &Directory,
    ) -> ChangeReport {
        let mut changes = ChangeReport::new(report, self.known, comparison);
        changes.newer = newer_files(&changes, data, data_file, directory);
        for (path, reason) in self.left_out {
            changes.leave_out(path, reason);
        }
        changes
    }
}

impl ChangeSource {
    /// Finds out what changed.
    pub(crate) fn find(wanted: &ChangeArguments, folder: &Path) -> Result<Self, ChangeError> {
        match &wanted.patch {
            Some(patch) => Self::of_patch(patch, folder),
            None => Self::of_git(wanted, folder),
        }
    }

    fn of_git(wanted: &ChangeArguments, folder: &Path) -> Result<Self, ChangeError> {
        let repository = Repository::find(folder)?;
        let since = wanted.since.as_deref();
        let baseline: Baseline = match since.filter(|_| wanted.no_merge_base) {
            Some(revision) => repository.revision(revision)?,
            None => repository.merge_base(since)?,
        };
        let GitChanges {
            files,
            gaps,
            warnings,
        } = repository.changes_since(&baseline.commit)?;
        Ok(Self {
            comparison: Comparison::Revision(baseline),
            warnings,
            files,
            gaps,
            roots: vec![repository.top().to_owned()],
            repository: Some(repository),
        })
    }

    fn of_patch(path: &Path, folder: &Path) -> Result<Self, ChangeError> {
        let name = printable(&path.to_string_lossy()).into_owned();
        let read = if path == Path::new("-") {
            let mut text = Vec::new();
            let mut input = std::io::stdin().lock();
            input.read_to_end(&mut text).map(|_| text)
        } else {
            fs_err::read(folder.join(path))
        };
        let text = match read {
            Ok(text) => text,
            Err(source) => return Err(ChangeError::PatchNotRead { name, source }),
        };
        let files = match parse_patch(&text) {
            Ok(files) => files,
            Err(error) => return Err(ChangeError::NotAPatch { name, error }),
        };
        // Without git, a patch is as good.
        let repository = Repository::find(folder).ok();
        let top = repository.as_ref().map(|found| found.top().to_owned());
        let mut roots: Vec<PathBuf> = top.into_iter().collect();
        if !roots.iter().any(|root| root == folder) {
            roots.push(folder.to_owned());
        }
        Ok(Self {
            comparison: Comparison::Patch(name),
            warnings: Vec::new(),
            files,
            gaps: Vec::new(),
            roots,
            repository,
        })
    }

    /// The texts that have these hashes, as far as git has them: a text that it lacks is named later.
    pub(crate) fn texts(&self, hashes: &[SourceHash]) -> BTreeMap<SourceHash, Vec<u8>> {
        let texts = self.repository.as_ref().map(|git| git.texts(hashes));
        let texts = texts.and_then(Result::ok).unwrap_or_default();
        let known = hashes.iter().zip(texts);
        known
            .filter_map(|(&hash, text)| Some((hash, text?)))
            .collect()
    }

    /// Finds the changed files in the data.
    pub(crate) fn matched(&self, data: &CoverageData, directory: &Directory) -> MatchedChange {
        let recorded = RecordedPaths::new(data, directory);
        let mut matched = MatchedChange::default();
        for gap in &self.gaps {
            let complaint = gap.reason.clone();
            let reason = LeftOutReason::Submodule { complaint };
            matched.left_out.push((gap.path.clone(), reason));
        }
        for file in &self.files {
            if file.kind == ChangeKind::Deleted {
                continue;
            }
            let places = || {
                let candidates = file.candidates();
                candidates.flat_map(|path| self.roots.iter().map(move |root| root.join(path)))
            };
            let found = places().find_map(|place| Some((recorded.key(&place)?, place)));
            match found {
                Some((key, place)) => match self.differing_line(file, &place) {
                    Some(line) => {
                        let reason = LeftOutReason::PatchDiffers { line };
                        matched.left_out.push((file.path.clone(), reason));
                    }
                    None => {
                        matched.known.insert(key, file.clone());
                    }
                },
                None if is_worth_naming(file, directory, places()) => {
                    let reason = LeftOutReason::NotMeasured;
                    matched.left_out.push((file.path.clone(), reason));
                }
                None => {}
            }
        }
        matched
    }

    /// A patch may be of another text than the one that is here.
    fn differing_line(&self, file: &ChangedFile, place: &Path) -> Option<u32> {
        if !matches!(self.comparison, Comparison::Patch(_)) {
            return None;
        }
        let text = swath_checkout::read_source(place).unwrap_or_default();
        file.text.first_difference(&text)
    }
}

/// Python that is not in the data could have been; what lies elsewhere is another project's.
fn is_worth_naming(
    file: &ChangedFile,
    directory: &Directory,
    mut places: impl Iterator<Item = PathBuf>,
) -> bool {
    let is_python = [".py", ".pyw"]
        .iter()
        .any(|ending| file.path.ends_with(ending));
    let below = |place: PathBuf| place.starts_with(directory.path()) && place.is_file();
    is_python && !file.lines.is_empty() && places.any(below)
}

/// The files of the data by where they are here.
struct RecordedPaths<'a> {
    by_path: BTreeMap<String, &'a str>,
    directory: &'a Directory,
}

impl<'a> RecordedPaths<'a> {
    fn new(data: &'a CoverageData, directory: &'a Directory) -> Self {
        let paths = data
            .files()
            .map(|(path, _)| (directory.absolute(path), path));
        Self {
            by_path: paths.collect(),
            directory,
        }
    }

    /// The path in the data of a file that is here.
    fn key(&self, place: &Path) -> Option<String> {
        let place = place.to_str()?;
        let found = self.by_path.get(place);
        let found = found.or_else(|| self.by_path.get(&self.directory.absolute(place)));
        found.map(|&key| key.to_owned())
    }
}
