//! The files of a change, with their texts, as `swath affected` asks for them.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use swath_changes::{ChangeKind, ChangedFile, SubmoduleGap};
use swath_checkout::is_source;
use swath_coverage::{
    ChangedSource, MeasuredTexts, RecordedPackages, TextBefore, touch_unexecuted,
};
use swath_data::{CoverageData, SourceHash};
use swath_pattern::Directory;
use swath_run::Settings;

use super::{ChangeSource, RecordedPaths};

/// The changed files, and the texts of them that were measured.
pub(crate) struct Changed {
    pub(crate) sources: Vec<ChangedSource>,
    pub(crate) measured: MeasuredTexts,
}

impl ChangeSource {
    /// The changed files with their texts, those that changed since the data was recorded among
    /// them.
    pub(crate) fn sources(&self, data: &CoverageData, settings: &Settings) -> Changed {
        let recorded = RecordedPaths::new(data, &settings.directory);
        let gathering = Gathering {
            change: self,
            recorded: &recorded,
            scope: Scope::new(settings),
            data_file: settings.data_file(),
        };
        let mut sources: Vec<ChangedSource> = Vec::new();
        for file in &self.files {
            sources.extend(gathering.of_file(file));
        }
        let known: BTreeSet<&str> = sources
            .iter()
            .filter_map(|source| source.recorded.as_deref())
            .collect();
        let since = gathering.since_measured(data, &known);
        sources.extend(since);
        let mut hashes = BTreeSet::new();
        let mut texts: BTreeMap<SourceHash, Vec<u8>> = BTreeMap::new();
        for source in &sources {
            let key = source.recorded.as_deref().unwrap_or_default();
            let mut measured = data.accounting.hashes(key);
            if let Some(here) = &source.after {
                measured.remove(&SourceHash::of(here));
            }
            // The text before the change is often the one that ran: git need not be asked for it.
            if let (TextBefore::Text(before), false) = (&source.before, measured.is_empty()) {
                let hash = SourceHash::of(before);
                if measured.remove(&hash) {
                    texts.insert(hash, before.clone());
                }
            }
            hashes.append(&mut measured);
        }
        let hashes: Vec<SourceHash> = hashes.into_iter().collect();
        let mut measured = self.texts(&hashes);
        measured.texts.append(&mut texts);
        Changed { sources, measured }
    }

    /// The top of the checkout.
    pub(crate) fn top(&self) -> &Path {
        self.roots.first().map_or(Path::new("/"), PathBuf::as_path)
    }

    /// Submodules that git could not look into.
    pub(crate) fn gaps(&self) -> &[SubmoduleGap] {
        &self.gaps
    }
}

struct Gathering<'a> {
    change: &'a ChangeSource,
    recorded: &'a RecordedPaths<'a>,
    scope: Scope<'a>,
    data_file: PathBuf,
}

impl Gathering<'_> {
    /// A file of the change; two where it has another name now.
    fn of_file(&self, file: &ChangedFile) -> Vec<ChangedSource> {
        match file.kind {
            ChangeKind::Renamed => {
                let before = file.before.as_deref().unwrap_or(&file.path);
                let (path, place) = self.place([before].into_iter());
                let gone = self.gone(path, &place, TextBefore::Unknown(String::new()));
                let (path, place) = self.place(file.candidates());
                vec![gone, self.here(path, &place, |_| TextBefore::Nothing)]
            }
            ChangeKind::Deleted => {
                let (path, place) = self.place(file.candidates());
                let before = file.text_before(b"").map_or_else(unknown, TextBefore::Text);
                vec![self.gone(path, &place, before)]
            }
            ChangeKind::Added | ChangeKind::Copied => {
                let (path, place) = self.place(file.candidates());
                if self.is_own(&place) {
                    return Vec::new();
                }
                vec![self.here(path, &place, |_| TextBefore::Nothing)]
            }
            ChangeKind::Modified => {
                let (path, place) = self.place(file.candidates());
                if self.is_own(&place) {
                    return Vec::new();
                }
                let before = |after: &[u8]| self.before(file, &place, after);
                vec![self.here(path, &place, before)]
            }
        }
    }

    fn before(&self, file: &ChangedFile, place: &Path, after: &[u8]) -> TextBefore {
        if let Some(line) = self.change.differing_line(file, place) {
            return TextBefore::Unknown(format!("line {line} here is not what the patch says"));
        }
        file.text_before(after)
            .map_or_else(unknown, TextBefore::Text)
    }

    /// Where a file of the change is, and which of the paths that may be meant it is.
    fn place<'p>(&self, paths: impl Iterator<Item = &'p str>) -> (&'p str, PathBuf) {
        let roots = &self.change.roots;
        let places = paths.flat_map(|path| roots.iter().map(move |root| (path, root.join(path))));
        let mut first = None;
        for (path, place) in places {
            if place.is_file() || self.recorded.key(&place).is_some() {
                return (path, place);
            }
            first.get_or_insert((path, place));
        }
        first.unwrap_or_default()
    }

    /// Whether a file is what swath or coverage.py wrote.
    fn is_own(&self, place: &Path) -> bool {
        let name = place.file_name().unwrap_or_default().to_string_lossy();
        name == ".coverage" || name.starts_with(".coverage.") || place == self.data_file
    }

    fn gone(&self, path: &str, place: &Path, before: TextBefore) -> ChangedSource {
        ChangedSource {
            path: path.to_owned(),
            recorded: self.recorded.key(place),
            before,
            after: None,
            is_in_scope: false,
        }
    }

    /// A file that is here; its text is of interest if it is Python.
    fn here(
        &self,
        path: &str,
        place: &Path,
        before: impl FnOnce(&[u8]) -> TextBefore,
    ) -> ChangedSource {
        let is_python = is_source(Path::new(path));
        let read = is_python.then(|| swath_checkout::read_source(place));
        let (before, after) = match read {
            None => (TextBefore::Unknown(String::new()), None),
            Some(Ok(text)) => (before(&text), Some(text)),
            Some(Err(error)) => {
                let why = format!("it cannot be read: {error}");
                (TextBefore::Unknown(why), Some(Vec::new()))
            }
        };
        ChangedSource {
            path: path.to_owned(),
            recorded: self.recorded.key(place),
            before,
            after,
            is_in_scope: is_python && self.scope.has(place),
        }
    }

    /// The measured files that have another text here, but for those that are `known`.
    fn since_measured(&self, data: &CoverageData, known: &BTreeSet<&str>) -> Vec<ChangedSource> {
        let mut found = Vec::new();
        for (key, _) in data.files().filter(|(key, _)| !known.contains(key)) {
            let hashes = data.accounting.hashes(key);
            if hashes.is_empty() {
                continue;
            }
            let place = PathBuf::from(self.scope.directory.absolute(key));
            let after = swath_checkout::read_source(&place).ok();
            let here = after.as_deref().map(SourceHash::of);
            if hashes.len() == 1 && hashes.first().copied() == here {
                continue;
            }
            let path = place.strip_prefix(self.change.top()).unwrap_or(&place);
            found.push(ChangedSource {
                path: path.to_string_lossy().into_owned(),
                recorded: Some(key.to_owned()),
                before: TextBefore::Measured,
                after,
                is_in_scope: true,
            });
        }
        found
    }
}

fn unknown() -> TextBefore {
    TextBefore::Unknown("the change does not show its text".to_owned())
}

/// The files that would be measured if they ran.
struct Scope<'a> {
    settings: &'a Settings,
    directory: &'a Directory,
    files: OnceCell<BTreeSet<String>>,
}

impl<'a> Scope<'a> {
    fn new(settings: &'a Settings) -> Self {
        Self {
            settings,
            directory: &settings.directory,
            files: OnceCell::new(),
        }
    }

    fn has(&self, place: &Path) -> bool {
        let files = self.files.get_or_init(|| {
            let mut none = CoverageData::default();
            let config = &self.settings.config;
            let nowhere = RecordedPackages::new();
            let touched = touch_unexecuted(&mut none, config, self.directory, &nowhere);
            let files = touched.map(|touched| touched.files).unwrap_or_default();
            let absolute = files.iter().map(|path| self.directory.absolute(path));
            absolute.collect()
        });
        place
            .to_str()
            .is_some_and(|place| files.contains(&self.directory.absolute(place)))
    }
}
