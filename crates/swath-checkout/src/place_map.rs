//! Where the files that ran in another place, such as a container, lie in this checkout.
//!
//! Every place has a map of its own: two of them may both call their folder `/app`.

use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use swath_model::SourceHash;
use swath_pattern::PathAliases;

use crate::regular_file::{Links, read_regular};
use crate::source_text::source_exists;
use crate::walk::Walk;

/// A source of the checkout that is longer, in bytes, is nobody's.
const LONGEST: u64 = 64 << 20;

/// The Python files of a checkout, found once for all places.
#[derive(Debug)]
pub struct Checkout {
    root: PathBuf,
    by_name: BTreeMap<String, Vec<Candidate>>,
}

#[derive(Debug)]
struct Candidate {
    path: String,
    hash: OnceCell<Option<SourceHash>>,
}

impl Checkout {
    /// Looks for the Python files below `root`; hidden folders and virtual environments are left out.
    pub fn new(root: &Path) -> Checkout {
        let mut checkout = Checkout {
            root: root.to_owned(),
            by_name: BTreeMap::new(),
        };
        for path in Walk::new(root).sources() {
            if let Some(path) = path.to_str() {
                let (name, path) = (name_of(path).to_owned(), path.to_owned());
                let hash = OnceCell::new();
                let candidates = checkout.by_name.entry(name).or_default();
                candidates.push(Candidate { path, hash });
            }
        }
        for candidates in checkout.by_name.values_mut() {
            candidates.sort_by(|a, b| (a.path.len(), &a.path).cmp(&(b.path.len(), &b.path)));
        }
        checkout
    }

    fn named_like(&self, path: &str) -> &[Candidate] {
        self.by_name.get(name_of(path)).map_or(&[], Vec::as_slice)
    }
}

impl Candidate {
    fn has_content(&self, hash: SourceHash) -> bool {
        let own = self.hash.get_or_init(|| {
            let read = read_regular(Path::new(&self.path), Links::Follow, LONGEST);
            read.ok().map(|bytes| SourceHash::of(&bytes))
        });
        *own == Some(hash)
    }

    fn lies_in(&self, folder: &str) -> bool {
        Path::new(&self.path).starts_with(folder)
    }
}

/// Where a file of a place lies here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mapped {
    /// There.
    Here(String),
    /// It can be each of these, and nothing decides.
    Ambiguous(Vec<String>),
    /// Nowhere.
    Nowhere,
}

impl Mapped {
    /// The path here, if there is one.
    pub fn path(&self) -> Option<&str> {
        match self {
            Mapped::Here(path) => Some(path),
            Mapped::Ambiguous(_) | Mapped::Nowhere => None,
        }
    }
}

/// The rules by which the files of one place are found: `[paths]` first, then the content, then what
/// the files with a known content say about the place's folders, then the longest common end of the
/// paths.
#[derive(Debug)]
pub struct PlaceMap<'c> {
    checkout: &'c Checkout,
    aliases: RefCell<PathAliases>,
    /// The folder here that the place was built from, where that is known.
    origin: Option<String>,
    /// Folders there that are folders here: mounted, not copied.
    mounted: Vec<(String, String)>,
    /// Folders there, and where they lie here; the longest first.
    folders: Vec<(String, String)>,
    /// Folders here that are other places'.
    foreign: Vec<String>,
}

impl<'c> PlaceMap<'c> {
    /// A map that knows nothing of the place but what it was built from.
    pub fn new(checkout: &'c Checkout, aliases: PathAliases, origin: Option<String>) -> Self {
        PlaceMap {
            checkout,
            aliases: RefCell::new(aliases),
            origin,
            mounted: Vec::new(),
            folders: Vec::new(),
            foreign: Vec::new(),
        }
    }

    /// A folder of the place is a folder here.
    pub fn mount(&mut self, there: &str, here: &str) {
        self.mounted.push((normal_path(there), normal_path(here)));
        self.mounted
            .sort_by_key(|(there, _)| std::cmp::Reverse(there.len()));
    }

    /// Learns from files of the place whose content is found here, once, where their folders lie.
    /// Where they disagree the majority decides.
    pub fn learn<'a>(&mut self, files: impl IntoIterator<Item = (&'a str, Option<SourceHash>)>) {
        let mut votes: BTreeMap<String, BTreeMap<String, usize>> = BTreeMap::new();
        for (path, hash) in files {
            let there = normal_path(path);
            let Some(here) = hash.and_then(|hash| self.only_with_content(&there, hash)) else {
                continue;
            };
            let (mut there, mut here) = (there.as_str(), here.as_str());
            while let (Some((folder, name)), Some((own_folder, own_name))) =
                (there.rsplit_once('/'), here.rsplit_once('/'))
            {
                if name != own_name || !Path::new(own_folder).starts_with(&self.checkout.root) {
                    break;
                }
                if !folder.is_empty() {
                    let folders = votes.entry(folder.to_owned()).or_default();
                    *folders.entry(own_folder.to_owned()).or_default() += 1;
                }
                (there, here) = (folder, own_folder);
            }
        }
        self.folders = votes
            .into_iter()
            .filter_map(|(there, here)| Some((there, winner(here)?)))
            .collect();
        self.folders
            .sort_by(|a, b| (b.0.len(), &b.0).cmp(&(a.0.len(), &a.0)));
    }

    /// The folders here that the place is known to hold.
    pub fn folders_here(&self) -> BTreeSet<String> {
        self.folders.iter().map(|(_, here)| here.clone()).collect()
    }

    /// Leaves folders here to other places, unless they are this one's too.
    pub fn leave_to_others(&mut self, folders: impl IntoIterator<Item = String>) {
        let own = self.folders_here();
        self.foreign = folders
            .into_iter()
            .filter(|folder| !own.iter().any(|own| Path::new(own).starts_with(folder)))
            .collect();
    }

    /// Where a file of the place lies here.
    pub fn map(&self, path: &str, hash: Option<SourceHash>) -> Mapped {
        let path = normal_path(path);
        let aliased = self.aliases.borrow_mut().map(&path, &source_exists);
        if aliased != path && Path::new(&aliased).is_file() {
            return Mapped::Here(aliased);
        }
        let mounted = self.mounted_at(&path);
        if let Some(here) = mounted.filter(|here| Path::new(here).is_file()) {
            return Mapped::Here(here);
        }
        let learned = self
            .map_folder(&path)
            .filter(|found| Path::new(found).is_file());
        let same = hash.map_or_else(Vec::new, |hash| self.with_content(&path, hash));
        if let Some(learned) = learned {
            let agrees = same.is_empty() || same.contains(&learned.as_str());
            return match self.nearest(&same, &path).as_deref() {
                Some([only]) if !agrees => Mapped::Here((*only).to_owned()),
                // Where its folder lies the place says itself: it ran another text of this file.
                _ => Mapped::Here(learned),
            };
        }
        match self.nearest(&same, &path).as_deref() {
            Some([only]) => Mapped::Here((*only).to_owned()),
            Some(several) => Mapped::Ambiguous(several.iter().map(|&p| p.to_owned()).collect()),
            None => self
                .with_common_end(&path)
                .map_or(Mapped::Nowhere, Mapped::Here),
        }
    }

    /// Where a folder, or a path in it, lies here, as far as is known.
    pub fn map_folder(&self, path: &str) -> Option<String> {
        let path = normal_path(path);
        let aliased = self.aliases.borrow_mut().map(&path, &source_exists);
        if aliased != path && Path::new(&aliased).exists() {
            return Some(aliased);
        }
        let mounted = self.mounted_at(&path);
        mounted.filter(|here| Path::new(here).exists()).or_else(|| {
            self.folders
                .iter()
                .find_map(|(there, here)| replaced(&path, there, here))
        })
    }

    fn mounted_at(&self, path: &str) -> Option<String> {
        self.mounted
            .iter()
            .find_map(|(there, here)| replaced(path, there, here))
    }

    /// Where a path here lies in the place, as far as is known.
    pub fn there(&self, path: &str) -> Option<String> {
        let nearest = self
            .folders
            .iter()
            .chain(&self.mounted)
            .filter(|(_, here)| Path::new(path).starts_with(here))
            .max_by_key(|(_, here)| here.len());
        nearest.and_then(|(there, here)| replaced(path, here, there))
    }

    /// The files of the same name and content that can be the place's.
    fn with_content(&self, path: &str, hash: SourceHash) -> Vec<&'c str> {
        let is_foreign = |candidate: &Candidate| {
            let mut foreign = self.foreign.iter();
            foreign.any(|folder| candidate.lies_in(folder))
        };
        let candidates = self.checkout.named_like(path).iter();
        candidates
            .filter(|candidate| candidate.has_content(hash) && !is_foreign(candidate))
            .map(|candidate| candidate.path.as_str())
            .collect()
    }

    /// Of the paths whose end is most like this one's those that the place can have been built from,
    /// if there are any; none where there are none.
    fn nearest<'p>(&self, paths: &[&'p str], path: &str) -> Option<Vec<&'p str>> {
        let best = nearest(paths, path)?;
        let Some(origin) = self.origin.as_ref().filter(|_| best.len() > 1) else {
            return Some(best);
        };
        let inside = best
            .iter()
            .copied()
            .filter(|here| Path::new(here).starts_with(origin))
            .collect::<Vec<_>>();
        Some(if inside.is_empty() { best } else { inside })
    }

    fn only_with_content(&self, path: &str, hash: SourceHash) -> Option<String> {
        let candidates = self.checkout.named_like(path).iter();
        let same = candidates
            .filter(|candidate| candidate.has_content(hash))
            .collect::<Vec<_>>();
        let is_inside = |candidate: &&Candidate| {
            let origin = self.origin.as_ref();
            origin.is_some_and(|origin| candidate.lies_in(origin))
        };
        let inside = same.iter().copied().filter(is_inside).collect::<Vec<_>>();
        match (same.as_slice(), inside.as_slice()) {
            ([only], _) | (_, [only]) => Some(only.path.clone()),
            _ => None,
        }
    }

    /// A file that shares its name and the folder's, or that is the only one of a rare name at the
    /// top of a folder there.
    fn with_common_end(&self, path: &str) -> Option<String> {
        let candidates = self
            .checkout
            .named_like(path)
            .iter()
            .map(|candidate| candidate.path.as_str())
            .collect::<Vec<_>>();
        let best = self.nearest(&candidates, path)?;
        let [only] = best[..] else {
            return None;
        };
        let shared = common_end(only, path);
        let depth = path.split('/').filter(|part| !part.is_empty()).count();
        let enough = shared >= 2 || (shared == depth.saturating_sub(1) && depth > 1);
        enough.then(|| only.to_owned())
    }
}

/// The folder with the most votes, if there is one with more than every other.
fn winner(votes: BTreeMap<String, usize>) -> Option<String> {
    let most = votes.values().copied().max()?;
    let mut winners = votes.into_iter().filter(|&(_, number)| number == most);
    let (folder, _) = winners.next()?;
    winners.next().is_none().then_some(folder)
}

/// The paths whose end is most like this one's; none where there are none.
fn nearest<'p>(paths: &[&'p str], path: &str) -> Option<Vec<&'p str>> {
    let most = paths.iter().map(|other| common_end(other, path)).max()?;
    let best = paths
        .iter()
        .copied()
        .filter(|other| common_end(other, path) == most);
    Some(best.collect())
}

fn replaced(path: &str, folder: &str, instead: &str) -> Option<String> {
    let rest = path.strip_prefix(folder)?;
    (rest.is_empty() || rest.starts_with('/')).then(|| format!("{instead}{rest}"))
}

/// An absolute path without what says nothing: `//`, `/./`, `/../`, a slash at the end.
pub fn normal_path(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if path.starts_with('/') || parts.last().is_some_and(|&last| last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    let start = if path.starts_with('/') { "/" } else { "" };
    format!("{start}{}", parts.join("/"))
}

fn name_of(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// How many parts two paths have in common, from the end.
fn common_end(one: &str, other: &str) -> usize {
    one.rsplit('/')
        .zip(other.rsplit('/'))
        .take_while(|(a, b)| a == b && !a.is_empty())
        .count()
}

#[cfg(test)]
mod tests;
