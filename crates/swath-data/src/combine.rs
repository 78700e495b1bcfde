//! Combining data files, and the hit stores of a run that was killed, into one data file.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::hash::Hasher as _;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use rustc_hash::{FxHashMap, FxHasher};
use swath_checkout::{Checkout, Links, PlaceMap, open_regular, read_regular, source_exists};
use swath_model::SourceHash;
use swath_pattern::PathAliases;

use crate::data_file::{LONGEST_IN_MEMORY, read_accounting_of, read_file_names, read_with_sqlite};
use crate::merge::Merger;
use crate::page_file::PageFile;
use crate::parallel_name::hash_in_name;
use crate::plain_data::PlainData;
use crate::sqlite_pages::{NotPlain, Pages, Plain};

use crate::{
    CoverageData, DataError, Labels, ProcessNote, Provenance, RunRecord, StoredProcess,
    is_hit_store_name, read_data_file, read_hit_stores, to_coverage_data, write_data_file,
};

/// What to combine.
pub struct Combine<'a> {
    /// The data file to write.
    pub output: &'a Path,
    /// Data files, hit stores and folders of both; none means the folder of `output`.
    pub inputs: &'a [PathBuf],
    /// More inputs, each with a label under which what it holds can be asked for later.
    pub labelled: &'a [(String, PathBuf)],
    /// Keep what `output` holds already.
    pub append: bool,
    /// Leave the inputs on disk.
    pub keep: bool,
    /// The rules of `[paths]`.
    pub aliases: PathAliases,
    /// The folder in which files are looked for that ran in another place: hit stores of a
    /// container name its paths.
    pub checkout: Option<&'a Path>,
    /// What is known about the processes of a folder of hit stores, in their order.
    pub notes: &'a dyn Fn(&[StoredProcess]) -> Vec<ProcessNote>,
    /// Is told how many of how many files are done.
    pub progress: &'a dyn Fn(usize, usize),
}

/// What was combined.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Combined {
    /// Files whose data is in the output.
    pub combined: usize,
    /// Files left out because another one holds the same data.
    pub skipped: usize,
    /// Files that could not be used; they are left as they are.
    pub errored: usize,
    /// What to warn about, in coverage.py's words.
    pub warnings: Vec<String>,
}

impl fmt::Display for Combined {
    /// The message that coverage.py prints.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = |count: usize| if count == 1 { "file" } else { "files" };
        write!(
            formatter,
            "Combined {} {}",
            self.combined,
            plural(self.combined)
        )?;
        if self.skipped > 0 {
            write!(formatter, ", skipped {}", self.skipped)?;
        }
        if self.errored > 0 {
            write!(
                formatter,
                ", {} {} errored",
                self.errored,
                plural(self.errored)
            )?;
        }
        Ok(())
    }
}

/// Why nothing was combined; then nothing on disk has changed.
#[derive(Debug, thiserror::Error)]
pub enum CombineError {
    /// There is no input.
    #[error("No data to combine")]
    NoData,
    /// No input could be used. The warnings say why.
    #[error("No usable data files")]
    NoUsableData(Vec<String>),
    /// A named input is not there.
    #[error("Couldn't combine from non-existent path '{}'", path.display())]
    NoSuchPath {
        /// The input as it was named.
        path: PathBuf,
    },
    /// A labelled input is not a data file, or holds others.
    #[error("Couldn't label the hit stores of '{}': combine them first", path.display())]
    LabelledStores {
        /// The input as it was named.
        path: PathBuf,
    },
    /// Inputs contradict each other, or the output could not be written.
    #[error(transparent)]
    Data(#[from] DataError),
}

/// Combines the inputs into the output. Inputs are deleted only after the output is on disk; on an
/// error everything is left as it was.
///
/// The merged data stays in memory until the process ends: this is for a command that ends soon.
pub fn combine(request: Combine<'_>) -> Result<Combined, CombineError> {
    let output = std::path::absolute(request.output).map_err(DataError::from)?;
    let labels = labels_of(&output, request.labelled)?;
    let (mut files, stores) = if labels.is_empty() || !request.inputs.is_empty() {
        inputs(&output, request.inputs)?
    } else {
        Default::default()
    };
    let more: Vec<PathBuf> = labels
        .keys()
        .filter(|file| !files.contains(file))
        .cloned()
        .collect();
    files.extend(more);
    if files.is_empty() && stores.is_empty() {
        return Err(CombineError::NoData);
    }
    let earlier = (request.append && output.exists()).then(|| output.clone());
    let data = match &earlier {
        Some(earlier) => read_data_file(earlier)?,
        None => CoverageData::default(),
    };
    let mut work = Work {
        merger: Merger::new(data),
        output_name: output.display().to_string(),
        aliases: request.aliases,
        mapped: FxHashMap::default(),
        hashes: BTreeSet::new(),
        contents: FxHashMap::default(),
        buffer: Vec::new(),
        done: Vec::new(),
        labels: Labels::default(),
        recorded: Vec::new(),
        foreign: Vec::new(),
        provenance: Provenance::default(),
        summary: Combined::default(),
    };
    for (number, file) in files.iter().enumerate() {
        (request.progress)(number, files.len());
        if let Some(labels) = labels.get(file) {
            work.take_file(file)?;
            work.take_labels(file, labels)?;
        } else if *file != output {
            work.take_file(file)?;
        }
    }
    for (folder, chosen) in stores {
        work.take_stores(&folder, &chosen, request.checkout, request.notes)?;
    }
    if work.summary.combined == 0 {
        return Err(CombineError::NoUsableData(work.summary.warnings));
    }
    let foreign = work.foreign_runs(earlier.as_deref())?;
    let mut data = work.merger.finish();
    data.accounting.add_runs(foreign);
    data.accounting.labels.merge(&work.labels, str::to_owned);
    write_data_file(&data, &output)?;
    // A command that combines ends soon after. To give back each of the many small sets costs as
    // much as a fourth of all that was done for them.
    std::mem::forget(data);
    let mut summary = work.summary;
    if !request.keep {
        for file in work.done.iter().filter(|file| **file != output) {
            if let Err(error) = fs_err::remove_file(file) {
                summary.warnings.push(error.to_string());
            }
        }
    }
    Ok(summary)
}

/// The files that hold the store of a process.
fn files_of(process: &StoredProcess) -> impl Iterator<Item = &PathBuf> {
    std::iter::once(&process.store).chain(&process.continued)
}

/// Folders of hit stores, with the chosen files in them; none chosen means all.
type Stores = BTreeMap<PathBuf, BTreeSet<PathBuf>>;

/// The labels of each labelled data file.
fn labels_of<'a>(
    output: &Path,
    labelled: &'a [(String, PathBuf)],
) -> Result<BTreeMap<PathBuf, BTreeSet<&'a str>>, CombineError> {
    let mut labels: BTreeMap<PathBuf, BTreeSet<&str>> = BTreeMap::new();
    for (label, path) in labelled {
        let (files, stores) = inputs(output, std::slice::from_ref(path))?;
        if !stores.is_empty() {
            return Err(CombineError::LabelledStores { path: path.clone() });
        }
        for file in files {
            labels.entry(file).or_default().insert(label);
        }
    }
    Ok(labels)
}

fn inputs(output: &Path, named: &[PathBuf]) -> Result<(Vec<PathBuf>, Stores), CombineError> {
    let folder = output.parent().unwrap_or(Path::new("/")).to_path_buf();
    let base = output.file_name().unwrap_or_default().to_owned();
    let mut files = Vec::new();
    let mut stores = Stores::new();
    let (is_default, named) = match named {
        [] => (true, std::slice::from_ref(&folder)),
        _ => (false, named),
    };
    for path in named {
        let absolute = std::path::absolute(path).map_err(DataError::from)?;
        if absolute.is_dir() {
            files.extend(
                parallel_files(&absolute, base.as_encoded_bytes()).map_err(DataError::from)?,
            );
            // A run's folder keeps its hit stores in `data`; where nobody named a folder, the
            // project's own `data` is not meant.
            let places = if is_default {
                vec![]
            } else {
                vec![absolute.join("data"), absolute]
            };
            for place in places {
                if holds_hit_stores(&place) {
                    stores.entry(place).or_default();
                }
            }
        } else if !absolute.exists() {
            return Err(CombineError::NoSuchPath { path: path.clone() });
        } else if is_hit_store_name(&absolute) {
            let folder = absolute.parent().unwrap_or(Path::new("/")).to_path_buf();
            stores.entry(folder).or_default().insert(absolute);
        } else {
            files.push(absolute);
        }
    }
    files.retain(|file| !file.as_os_str().as_encoded_bytes().ends_with(b"-journal"));
    files.sort();
    Ok((files, stores))
}

/// The files of a folder that are named like the data file with a dot and more.
fn parallel_files(folder: &Path, base: &[u8]) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs_err::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let rest = name.as_encoded_bytes().strip_prefix(base);
        if rest.is_some_and(|rest| rest.starts_with(b".")) {
            files.push(entry.path());
        }
    }
    Ok(files)
}

fn holds_hit_stores(folder: &Path) -> bool {
    let Ok(mut entries) = fs_err::read_dir(folder) else {
        return false;
    };
    entries.any(|entry| entry.is_ok_and(|entry| is_hit_store_name(&entry.path())))
}

/// What an input holds, as far as it is read yet.
enum Content<'a> {
    Bytes(&'a [u8]),
    /// Its pages are read when they are asked for.
    Pages(PageFile),
    /// SQLite may try.
    Unread,
}

impl<'a> Content<'a> {
    /// An input that is longer, in bytes, is read page by page.
    const LONG: u64 = 1 << 20;

    fn read(path: &Path, buffer: &'a mut Vec<u8>) -> Self {
        let Ok(file) = open_regular(path, Links::Follow) else {
            return Self::Unread;
        };
        let length = file.metadata().map_or(u64::MAX, |metadata| metadata.len());
        if length > LONGEST_IN_MEMORY {
            return Self::Unread;
        }
        // The file itself, as its wrapper clears the buffer first.
        let (file, _) = file.into_parts();
        // Without a hash in its name, its bytes say whether it came before.
        if length > Self::LONG && hash_in_name(path).is_some() {
            return PageFile::new(file).map_or(Self::Unread, Self::Pages);
        }
        buffer.clear();
        match file.take(LONGEST_IN_MEMORY).read_to_end(buffer) {
            Ok(_) => Self::Bytes(buffer),
            Err(_) => Self::Unread,
        }
    }

    fn pages(&self) -> Plain<Pages<'_>> {
        match self {
            Self::Bytes(bytes) => Pages::new(bytes),
            Self::Pages(file) => Pages::of_file(file),
            Self::Unread => Err(NotPlain),
        }
    }
}

struct Work {
    merger: Merger,
    output_name: String,
    aliases: PathAliases,
    mapped: FxHashMap<String, String>,
    /// The hashes that names of inputs stated.
    hashes: BTreeSet<String>,
    /// The inputs without such a name, by length and a quick hash of their content.
    contents: FxHashMap<(usize, u64), Vec<PathBuf>>,
    buffer: Vec<u8>,
    /// The inputs whose data is in `data`.
    done: Vec<PathBuf>,
    /// What the labelled ones among them hold.
    labels: Labels,
    /// The data files among them that swath recorded.
    recorded: Vec<PathBuf>,
    /// Those that it did not.
    foreign: Vec<PathBuf>,
    /// Where the lines of what is no data file come from.
    provenance: Provenance,
    summary: Combined,
}

impl Work {
    fn take_file(&mut self, file: &Path) -> Result<(), DataError> {
        let mut buffer = std::mem::take(&mut self.buffer);
        let result = self.take_content(file, &Content::read(file, &mut buffer));
        self.buffer = buffer;
        result
    }

    fn take_content(&mut self, file: &Path, content: &Content<'_>) -> Result<(), DataError> {
        let known = match (hash_in_name(file), content) {
            (Some(hash), _) => !self.hashes.insert(hash.to_owned()),
            (None, Content::Bytes(content)) => self.is_known_content(file, content),
            (None, Content::Pages(_) | Content::Unread) => false,
        };
        if known && self.take_file_names(file).is_ok() {
            self.summary.skipped += 1;
            self.done.push(file.to_path_buf());
            return Ok(());
        }
        let name = file.display().to_string();
        let (aliases, mapped) = (&mut self.aliases, &mut self.mapped);
        let mut map = |path: &str| map_once(aliases, mapped, path);
        let pages = content.pages().ok();
        let plain = pages.and_then(|pages| PlainData::read(&pages).ok());
        let usable = match plain {
            Some(plain) => {
                self.merger
                    .update_plain(&plain, (&self.output_name, &name), &mut map)?;
                let mut kind = &mut self.foreign;
                if plain.has_accounting {
                    let accounting = read_accounting_of(file)?;
                    self.merger.merge_accounting(&accounting, &mut map);
                    if !accounting.is_foreign() {
                        kind = &mut self.recorded;
                    }
                }
                kind.push(file.to_path_buf());
                Ok(())
            }
            None => match read_with_sqlite(file) {
                Ok(other) => {
                    self.merger
                        .update(&other, (&self.output_name, &name), &mut map)?;
                    let kind = if other.accounting.is_foreign() {
                        &mut self.foreign
                    } else {
                        &mut self.recorded
                    };
                    kind.push(file.to_path_buf());
                    Ok(())
                }
                Err(error) => Err(error),
            },
        };
        match usable {
            Ok(()) => {
                self.summary.combined += 1;
                self.done.push(file.to_path_buf());
            }
            Err(error) => {
                self.summary.errored += 1;
                self.summary.warnings.push(error.to_string());
            }
        }
        Ok(())
    }

    /// Keeps what a file holds under its labels, if it could be used.
    fn take_labels(&mut self, file: &Path, labels: &BTreeSet<&str>) -> Result<(), DataError> {
        if self.done.last().is_none_or(|done| done != file) {
            return Ok(());
        }
        let data = read_data_file(file)?;
        let (aliases, mapped) = (&mut self.aliases, &mut self.mapped);
        for label in labels {
            self.labels.add_data(label, &data, |path| {
                map_once(aliases, mapped, path).replace('\\', "/")
            });
        }
        Ok(())
    }

    /// What the inputs that swath did not record add to those that it did. The inputs are read once
    /// more for it, and only where there are both.
    fn foreign_runs(&mut self, earlier: Option<&Path>) -> Result<Vec<RunRecord>, DataError> {
        let mut provenance = std::mem::take(&mut self.provenance);
        if !self.merger.is_recorded() {
            return Ok(Vec::new());
        }
        let earlier_is_foreign = match earlier {
            Some(earlier) => read_accounting_of(earlier)?.is_foreign(),
            None => false,
        };
        if self.foreign.is_empty() && !earlier_is_foreign {
            return Ok(Vec::new());
        }
        if let Some(earlier) = earlier {
            provenance.take(&read_data_file(earlier)?, str::to_owned);
        }
        for file in self.recorded.iter().chain(&self.foreign) {
            let (aliases, mapped) = (&mut self.aliases, &mut self.mapped);
            let data = read_data_file(file)?;
            provenance.take(&data, |path| map_once(aliases, mapped, path));
        }
        Ok(provenance.foreign_runs())
    }

    /// Whether an input before this one had the same bytes.
    fn is_known_content(&mut self, file: &Path, content: &[u8]) -> bool {
        let mut hasher = FxHasher::default();
        hasher.write(content);
        let known = self
            .contents
            .entry((content.len(), hasher.finish()))
            .or_default();
        if known.iter().any(|other| {
            read_regular(other, Links::Follow, LONGEST_IN_MEMORY)
                .is_ok_and(|other| other == content)
        }) {
            return true;
        }
        known.push(file.to_path_buf());
        false
    }

    /// The hash in a name does not cover the files without any data: they must not get lost.
    fn take_file_names(&mut self, file: &Path) -> Result<(), DataError> {
        for path in read_file_names(file)? {
            let (aliases, mapped) = (&mut self.aliases, &mut self.mapped);
            self.merger
                .touch(&path, |path| map_once(aliases, mapped, path));
        }
        Ok(())
    }

    fn take_stores(
        &mut self,
        folder: &Path,
        chosen: &BTreeSet<PathBuf>,
        checkout: Option<&Path>,
        notes: &dyn Fn(&[StoredProcess]) -> Vec<ProcessNote>,
    ) -> Result<(), DataError> {
        let mut gathered = read_hit_stores(folder)?;
        // A file may hold stores of several processes: it stays unless all of them are taken.
        let mut staying: BTreeSet<PathBuf> = gathered
            .unreadable
            .iter()
            .map(|store| store.path.clone())
            .collect();
        if !chosen.is_empty() {
            let (taken, others): (Vec<_>, Vec<_>) = gathered
                .processes
                .into_iter()
                .partition(|process| files_of(process).any(|file| chosen.contains(file)));
            staying.extend(others.iter().flat_map(files_of).cloned());
            gathered.processes = taken;
            gathered
                .unreadable
                .retain(|store| chosen.contains(&store.path));
            gathered.unused.retain(|file| chosen.contains(file));
        }
        for store in &gathered.unreadable {
            self.summary.errored += 1;
            self.summary.warnings.push(store.error.to_string());
        }
        if gathered.processes.is_empty() {
            return Ok(());
        }
        if let Some(checkout) = checkout {
            self.learn_folders(checkout, &gathered.processes);
        }
        // The run is gone, and with it what else there was to say about it.
        let first = gathered.processes.first().map(|process| process.id.clone());
        let run = RunRecord {
            id: first.unwrap_or_default(),
            facts: vec![("complete".to_owned(), "unknown".to_owned())],
        };
        let mut notes = notes(&gathered.processes).into_iter();
        let other = to_coverage_data(&gathered.processes, run, "", |_| {
            notes.next().unwrap_or_default()
        });
        let (aliases, mapped) = (&mut self.aliases, &mut self.mapped);
        self.provenance
            .take(&other, |path| map_once(aliases, mapped, path));
        self.merge(&other, &folder.display().to_string())?;
        self.summary.combined += gathered.processes.len();
        let mut files: BTreeSet<PathBuf> = gathered.unused.into_iter().collect();
        files.extend(gathered.processes.iter().flat_map(files_of).cloned());
        self.done.extend(files.difference(&staying).cloned());
        Ok(())
    }

    /// Learns where the folders lie here whose files ran in another place.
    fn learn_folders(&mut self, checkout: &Path, processes: &[StoredProcess]) {
        let files = processes.iter().flat_map(|process| &process.files);
        let foreign: BTreeSet<(&str, Option<SourceHash>)> = files
            .map(|file| (file.path.as_str(), file.hash))
            .collect::<BTreeSet<_>>()
            .into_iter()
            .filter(|(path, _)| !source_exists(path))
            .collect();
        if foreign.is_empty() {
            return;
        }
        let checkout = Checkout::new(checkout);
        let mut paths = PlaceMap::new(&checkout, self.aliases.clone(), None);
        paths.learn(foreign.iter().copied());
        let folder = |path: &str| path.rsplit_once('/').map(|(folder, _)| folder.to_owned());
        let mut known = BTreeSet::new();
        for (path, hash) in foreign {
            let mapped = paths.map(path, hash);
            let Some(here) = mapped.path() else {
                continue;
            };
            if let (Some(there), Some(here)) = (folder(path), folder(here))
                && known.insert((there.clone(), here.clone()))
            {
                // A folder with characters that patterns use keeps its own name.
                let _ = self.aliases.add(&there, &here);
            }
        }
    }

    fn merge(&mut self, other: &CoverageData, name: &str) -> Result<(), DataError> {
        let (aliases, mapped) = (&mut self.aliases, &mut self.mapped);
        let map = |path: &str| map_once(aliases, mapped, path);
        self.merger.update(other, (&self.output_name, name), map)
    }
}

/// Maps each distinct path once: it takes looks at the disk.
fn map_once(
    aliases: &mut PathAliases,
    mapped: &mut FxHashMap<String, String>,
    path: &str,
) -> String {
    if let Some(known) = mapped.get(path) {
        return known.clone();
    }
    let new = aliases.map(path, &source_exists);
    mapped.insert(path.to_owned(), new.clone());
    new
}
