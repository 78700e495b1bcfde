//! Where a file that ran elsewhere, in a container, lies in this checkout.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use swath_model::SourceHash;
use swath_pattern::PathAliases;

use crate::regular_file::{Links, read_regular};
use crate::source_text::source_exists;
use crate::walk::Walk;

/// A source of the checkout that is longer, in bytes, is nobody's.
const LONGEST: u64 = 64 << 20;

/// The Python files of a checkout, and the rules by which others are found among them: `[paths]`
/// first, then the content, then what the files with a known content say about their folders, then
/// the longest common end of the path.
#[derive(Debug)]
pub struct PathMap {
    root: PathBuf,
    aliases: PathAliases,
    by_name: BTreeMap<String, Vec<Candidate>>,
    /// Folders elsewhere, and where they lie here; the longest first.
    folders: Vec<(String, String)>,
}

#[derive(Debug)]
struct Candidate {
    path: String,
    hash: Option<SourceHash>,
}

impl PathMap {
    /// Looks for the Python files below `root`; hidden folders and virtual environments are left
    /// out.
    pub fn new(root: &Path, aliases: PathAliases) -> PathMap {
        let mut map = PathMap {
            root: root.to_owned(),
            aliases,
            by_name: BTreeMap::new(),
            folders: Vec::new(),
        };
        for path in Walk::new(root).sources() {
            if let Some(path) = path.to_str() {
                let name = name_of(path).to_owned();
                let path = path.to_owned();
                let candidate = Candidate { path, hash: None };
                map.by_name.entry(name).or_default().push(candidate);
            }
        }
        for candidates in map.by_name.values_mut() {
            candidates.sort_by(|a, b| (a.path.len(), &a.path).cmp(&(b.path.len(), &b.path)));
        }
        map
    }

    /// Learns from files elsewhere, by path and content, whose content is found here, once, where
    /// their folders lie.
    pub fn learn<'a>(&mut self, files: impl IntoIterator<Item = (&'a str, Option<SourceHash>)>) {
        let mut found = BTreeMap::new();
        for (path, hash) in files {
            let Some(here) = hash.and_then(|hash| self.only_with_content(path, hash)) else {
                continue;
            };
            let (mut there, mut here) = (path, here.as_str());
            while let (Some((folder, name)), Some((own_folder, own_name))) =
                (there.rsplit_once('/'), here.rsplit_once('/'))
            {
                if name != own_name || !Path::new(own_folder).starts_with(&self.root) {
                    break;
                }
                if !folder.is_empty() {
                    found.insert(folder.to_owned(), own_folder.to_owned());
                }
                (there, here) = (folder, own_folder);
            }
        }
        self.folders = found.into_iter().collect();
        self.folders
            .sort_by(|a, b| (b.0.len(), &b.0).cmp(&(a.0.len(), &a.0)));
    }

    /// The path here; `None` when nothing here can be it.
    pub fn map(&mut self, path: &str, hash: Option<SourceHash>) -> Option<String> {
        let aliased = self.aliases.map(path, &source_exists);
        if aliased != path && Path::new(&aliased).is_file() {
            return Some(aliased);
        }
        if let Some(found) = hash.and_then(|hash| self.with_content(path, hash)) {
            return Some(found);
        }
        self.map_folder(path)
            .filter(|found| Path::new(found).is_file())
            .or_else(|| self.with_common_end(path))
    }

    /// Where a folder, or a path in it, lies here, as far as is known.
    pub fn map_folder(&self, path: &str) -> Option<String> {
        self.folders.iter().find_map(|(there, here)| {
            let rest = path.strip_prefix(there.as_str())?;
            (rest.is_empty() || rest.starts_with('/')).then(|| format!("{here}{rest}"))
        })
    }

    /// The file of the same name and content whose path ends most alike.
    fn with_content(&mut self, path: &str, hash: SourceHash) -> Option<String> {
        let candidates = self.by_name.get_mut(name_of(path))?;
        candidates
            .iter_mut()
            .filter_map(|candidate| (candidate.hash()? == hash).then_some(&*candidate))
            .rev()
            .max_by_key(|candidate| common_end(&candidate.path, path))
            .map(|candidate| candidate.path.clone())
    }

    fn only_with_content(&mut self, path: &str, hash: SourceHash) -> Option<String> {
        let candidates = self.by_name.get_mut(name_of(path))?;
        let mut same = candidates
            .iter_mut()
            .filter_map(|candidate| (candidate.hash()? == hash).then(|| candidate.path.clone()));
        let first = same.next()?;
        same.next().is_none().then_some(first)
    }

    /// A file that shares its name and the folder's, or that is the only one of a rare name at the
    /// top of a folder there.
    fn with_common_end(&self, path: &str) -> Option<String> {
        let candidates = self.by_name.get(name_of(path))?;
        let best = candidates
            .iter()
            .rev()
            .max_by_key(|candidate| common_end(&candidate.path, path))?;
        let shared = common_end(&best.path, path);
        let ambiguous = candidates
            .iter()
            .filter(|candidate| common_end(&candidate.path, path) == shared)
            .count()
            > 1;
        let depth = path.split('/').filter(|part| !part.is_empty()).count();
        let enough = shared >= 2 || (shared == depth.saturating_sub(1) && depth > 1);
        (enough && !ambiguous).then(|| best.path.clone())
    }
}

impl Candidate {
    fn hash(&mut self) -> Option<SourceHash> {
        if self.hash.is_none() {
            self.hash = read_regular(Path::new(&self.path), Links::Follow, LONGEST)
                .ok()
                .map(|bytes| SourceHash::of(&bytes));
        }
        self.hash
    }
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
mod tests {
    use super::*;
    use swath_pattern::Directory;

    struct Checkout {
        folder: tempfile::TempDir,
    }

    impl Checkout {
        fn new(files: &[(&str, &str)]) -> Checkout {
            let folder = tempfile::tempdir().unwrap();
            for (path, text) in files {
                let path = folder.path().join(path);
                fs_err::create_dir_all(path.parent().unwrap()).unwrap();
                fs_err::write(path, text).unwrap();
            }
            Checkout { folder }
        }

        fn map(&self) -> PathMap {
            self.map_with(&[])
        }

        fn map_with(&self, rules: &[(&str, &str)]) -> PathMap {
            let mut aliases = PathAliases::new(Directory::new(self.folder.path()), false);
            for (pattern, result) in rules {
                aliases.add(pattern, result).unwrap();
            }
            PathMap::new(self.folder.path(), aliases)
        }

        #[expect(
            clippy::unnecessary_wraps,
            reason = "what it is compared with is optional"
        )]
        fn path(&self, path: &str) -> Option<String> {
            Some(self.folder.path().join(path).to_str().unwrap().to_owned())
        }
    }

    #[expect(
        clippy::unnecessary_wraps,
        reason = "what it is compared with is optional"
    )]
    fn of(text: &str) -> Option<SourceHash> {
        Some(SourceHash::of(text.as_bytes()))
    }

    #[test]
    fn the_content_finds_a_file_and_the_rest_of_its_folder() {
        let checkout = Checkout::new(&[
            ("source/xy/app.py", "a = 1\n"),
            ("source/xy/old.py", "changed = 1\n"),
            ("other/old.py", "x = 1\n"),
            ("source/xy/__init__.py", ""),
            ("test/__init__.py", ""),
        ]);
        let mut map = checkout.map();
        let path = "/srv/code/xy/app.py";
        map.learn([(path, of("a = 1\n"))]);
        assert_eq!(
            map.map(path, of("a = 1\n")),
            checkout.path("source/xy/app.py")
        );
        assert_eq!(
            map.map("/srv/code/xy/__init__.py", of("")),
            checkout.path("source/xy/__init__.py")
        );
        // Another text: it is the same file, which changed since.
        assert_eq!(
            map.map("/srv/code/xy/old.py", of("y = 1\n")),
            checkout.path("source/xy/old.py")
        );
        assert_eq!(map.map_folder("/srv/code"), checkout.path("source"));
        assert_eq!(map.map("/usr/lib/gone.py", of("z = 1\n")), None);
    }

    #[test]
    fn the_longest_common_end_decides_where_no_content_is_known() {
        let checkout =
            Checkout::new(&[("a/xy/app.py", "1"), ("b/zz/app.py", "2"), ("run.py", "3")]);
        let mut map = checkout.map();
        assert_eq!(
            map.map("/code/zz/app.py", of("9")),
            checkout.path("b/zz/app.py")
        );
        assert_eq!(
            map.map("/code/qq/app.py", of("9")),
            None,
            "only the name fits"
        );
        assert_eq!(map.map("/code/run.py", None), checkout.path("run.py"));
        assert_eq!(map.map("/code/deep/er/run.py", None), None);
    }

    #[test]
    fn the_rules_of_paths_come_first() {
        let checkout = Checkout::new(&[("one/app.py", "1"), ("two/app.py", "2")]);
        let two = checkout.path("two").unwrap();
        let mut map = checkout.map_with(&[("/srv/", &two)]);
        assert_eq!(map.map("/srv/app.py", of("1")), checkout.path("two/app.py"));
        assert_eq!(
            map.map("/else/app.py", of("1")),
            checkout.path("one/app.py")
        );
    }

    #[test]
    fn environments_and_hidden_folders_are_not_the_checkouts() {
        let checkout = Checkout::new(&[
            (".venv/lib/app.py", "1"),
            ("env/pyvenv.cfg", ""),
            ("env/lib/app.py", "1"),
            ("x/site-packages/app.py", "1"),
        ]);
        assert_eq!(checkout.map().map("/lib/app.py", of("1")), None);
    }
}
