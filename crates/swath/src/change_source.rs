//! Which change is meant, and which files of the data it is about.

mod affecting;

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use swath_changes::{
    Baseline, Blanks, ChangeKind, ChangedFile, Comparison, GitChanges, GitError, PatchError,
    Repository, SubmoduleGap, parse_patch,
};
use swath_coverage::{
    ChangeReport, LeftOutReason, MeasuredTexts, ModelOptions, Report, exclusion_rules,
};
use swath_data::{CoverageData, SourceHash};
use swath_model::{Message, printable};
use swath_pattern::Directory;
use swath_run::Settings;

pub(crate) use affecting::Changed;

use crate::arguments::ChangeArguments;
use crate::diagnostic::Show as _;
use crate::reporting::ReportError;

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
    #[error("the patch `{name}` is larger than {} MB", MOST_PATCH >> 20)]
    PatchTooLong { name: String },
    #[error("`{name}` is not a patch: {error}")]
    NotAPatch { name: String, error: PatchError },
    #[error("{0}")]
    NotFollowed(#[from] ReportError),
    #[error("there is no file `{name}`")]
    NoFile { name: String },
}

/// The most that a patch may hold: as much as git may say.
const MOST_PATCH: u64 = 512 << 20;

impl ChangeError {
    /// What people are told.
    pub(crate) fn message(&self) -> Message {
        let (code, hint) = match self {
            Self::Git(error) => return error.message(),
            Self::PatchNotRead { .. } | Self::PatchTooLong { .. } => ("patch-not-read", None),
            Self::NotFollowed(_) => ("report-failed", None),
            Self::NoFile { .. } => (
                "no-such-file",
                Some("paths start from the current folder; of what is gone `--since` knows".to_owned()),
            ),
            Self::NotAPatch {
                error: PatchError::FileTwice { .. },
                ..
            } => (
                "bad-patch",
                Some(
                    "one patch is meant, not a series: `git diff BASE HEAD`, not `git format-patch`"
                        .to_owned(),
                ),
            ),
            Self::NotAPatch {
                error: PatchError::Colored,
                ..
            } => ("bad-patch", Some("git diff --no-color".to_owned())),
            Self::NotAPatch { .. } => (
                "bad-patch",
                Some("a unified diff is meant, as `git diff` or `diff -u` prints it".to_owned()),
            ),
        };
        Message::error(code, self.to_string()).hint(hint)
    }
}

/// What of a whole report a change wrote. Changed files with another text than the one that ran are
/// followed to it, as `diff` does.
pub(crate) fn changes_since(
    wanted: &ChangeArguments,
    report: &Report,
    data: &CoverageData,
    settings: &Settings,
) -> Result<ChangeReport, ChangeError> {
    let directory = &settings.directory;
    let change = ChangeSource::find(wanted, Path::new(directory.path()))?;
    change.say_warnings();
    let matched = change.matched(data, directory);
    let report = change.followed(matched.narrowed(report), data, settings)?;
    let data_file = settings.data_file();
    let data = (data, data_file.as_path());
    Ok(matched.report(report, change.comparison, data, directory))
}

/// A change.
pub(crate) struct ChangeSource {
    pub(crate) comparison: Comparison,
    /// What git warned of.
    warnings: Vec<String>,
    files: Vec<ChangedFile>,
    gaps: Vec<SubmoduleGap>,
    /// The folders that paths may start from.
    roots: Vec<PathBuf>,
    /// Where texts are to be had, or why nowhere.
    repositories: Result<Vec<Repository>, GitError>,
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
    /// What a report says of these files alone.
    fn narrowed(&self, report: &Report) -> Report {
        let is_known = |recorded: &String| self.known.contains_key(recorded);
        let files = report.files.iter().filter(|file| is_known(&file.recorded));
        let stale = report.stale.iter().filter(|file| is_known(&file.recorded));
        let unanalyzed = report.unanalyzed.iter();
        let unanalyzed = unanalyzed.filter(|file| is_known(&file.recorded));
        Report {
            files: files.cloned().collect(),
            stale: stale.cloned().collect(),
            unanalyzed: unanalyzed.cloned().collect(),
            has_arcs: report.has_arcs,
            ..Report::default()
        }
    }

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
            None => Self::of_git(wanted, folder, Blanks::Ignored),
        }
    }

    /// Finds out what changed, down to blanks: the files themselves, if any are named.
    pub(crate) fn find_exactly(
        wanted: &ChangeArguments,
        files: &[PathBuf],
        folder: &Path,
    ) -> Result<Self, ChangeError> {
        match &wanted.patch {
            Some(patch) => Self::of_patch(patch, folder),
            None if files.is_empty() => Self::of_git(wanted, folder, Blanks::Counted),
            None => Self::of_files(files, folder),
        }
    }

    fn of_files(files: &[PathBuf], folder: &Path) -> Result<Self, ChangeError> {
        let repository = Repository::find(folder);
        let top = repository
            .as_ref()
            .map_or(folder, Repository::top)
            .to_owned();
        let whole = |path: &PathBuf| {
            let place = folder.join(path);
            let name = printable(&path.to_string_lossy()).into_owned();
            // Without `..` and links, as the data has it.
            let place = fs_err::canonicalize(&place)
                .ok()
                .filter(|place| place.is_file());
            let place = place.ok_or(ChangeError::NoFile { name })?;
            let path = place.strip_prefix(&top).unwrap_or(&place);
            Ok(ChangedFile::whole(path.to_string_lossy().into_owned()))
        };
        Ok(Self {
            comparison: Comparison::Files,
            warnings: Vec::new(),
            files: files
                .iter()
                .map(whole)
                .collect::<Result<_, ChangeError>>()?,
            gaps: Vec::new(),
            roots: vec![top],
            repositories: repository.map(|found| vec![found]),
        })
    }

    fn of_git(
        wanted: &ChangeArguments,
        folder: &Path,
        blanks: Blanks,
    ) -> Result<Self, ChangeError> {
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
            submodules,
        } = repository.changes_since(&baseline.commit, blanks)?;
        Ok(Self {
            comparison: Comparison::Revision(baseline),
            warnings,
            files,
            gaps,
            roots: vec![repository.top().to_owned()],
            repositories: Ok([vec![repository], submodules].concat()),
        })
    }

    fn of_patch(path: &Path, folder: &Path) -> Result<Self, ChangeError> {
        let name = printable(&path.to_string_lossy()).into_owned();
        let read = if path == Path::new("-") {
            read_patch(std::io::stdin().lock(), MOST_PATCH)
        } else {
            // Pipes of a shell are files, too.
            let file = fs_err::File::open(folder.join(path));
            file.and_then(|file| {
                let is_longer = file.metadata()?.len() > MOST_PATCH;
                if is_longer {
                    Ok(None)
                } else {
                    read_patch(file, MOST_PATCH)
                }
            })
        };
        let text = match read {
            Ok(Some(text)) => text,
            Ok(None) => return Err(ChangeError::PatchTooLong { name }),
            Err(source) => return Err(ChangeError::PatchNotRead { name, source }),
        };
        let files = match parse_patch(&text) {
            Ok(files) => files,
            Err(error) => return Err(ChangeError::NotAPatch { name, error }),
        };
        // Without git, a patch is as good.
        let repository = Repository::find(folder);
        let top = repository.as_ref().ok();
        let top = top.map(|found| found.top().to_owned());
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
            repositories: repository.map(|found| vec![found]),
        })
    }

    /// Says what git warned of.
    pub(crate) fn say_warnings(&self) {
        for warning in &self.warnings {
            let text = format!("git says: {warning}");
            Message::warning("git-warned", text).print();
        }
    }

    /// The texts that have these hashes, as far as git has them, and why it lacks the others.
    pub(crate) fn texts(&self, hashes: &[SourceHash]) -> MeasuredTexts {
        let mut found = MeasuredTexts::default();
        let repositories = match &self.repositories {
            Ok(repositories) => repositories,
            Err(error) => {
                found.missing = format!("git cannot give the text that was measured: {error}");
                return found;
            }
        };
        "git does not have the text that was measured".clone_into(&mut found.missing);
        for repository in repositories {
            match repository.texts(hashes) {
                Ok(texts) => {
                    let texts = hashes.iter().zip(texts);
                    let texts = texts.filter_map(|(&hash, text)| Some((hash, text?)));
                    found.texts.extend(texts);
                }
                Err(error) => {
                    found.missing = format!("git cannot give the text that was measured: {error}");
                }
            }
        }
        found
    }

    /// A report with its stale files followed to the texts that are here.
    fn followed(
        &self,
        mut report: Report,
        data: &CoverageData,
        settings: &Settings,
    ) -> Result<Report, ReportError> {
        if report.stale.is_empty() {
            return Ok(report);
        }
        let config = &settings.config;
        let rules = exclusion_rules(config)?;
        let options = ModelOptions::from_config(config, &rules, data, &settings.directory)?;
        let texts = self.texts(&report.texts_to_follow());
        report.follow(data, &options, &texts);
        Ok(report)
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
        // Of a file that has no changed line nothing is to be known.
        if !matches!(self.comparison, Comparison::Patch(_)) || file.lines.is_empty() {
            return None;
        }
        let text = swath_checkout::read_source(place).unwrap_or_default();
        file.text.first_difference(&text)
    }
}

/// Reads a patch of no more than `most` bytes; nothing if it is longer.
fn read_patch(input: impl Read, most: u64) -> std::io::Result<Option<Vec<u8>>> {
    let mut text = Vec::new();
    input.take(most.saturating_add(1)).read_to_end(&mut text)?;
    let is_whole = u64::try_from(text.len()).is_ok_and(|length| length <= most);
    Ok(is_whole.then_some(text))
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
    // A name that is not UTF-8 is known by what stands for it: the disk has no such file.
    let is_name = !file.path.contains(char::REPLACEMENT_CHARACTER);
    let below =
        |place: PathBuf| place.starts_with(directory.path()) && (place.is_file() || !is_name);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patch_without_an_end_is_not_read_to_it() {
        let read = |most| read_patch(std::io::repeat(b'+').take(9), most).unwrap();
        assert_eq!(read(9).map(|text| text.len()), Some(9));
        assert_eq!(read(8), None);
    }
}
