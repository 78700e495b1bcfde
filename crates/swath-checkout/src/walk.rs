//! Walking a checkout: its own sources, and what could be imported from a folder.

use std::path::{Path, PathBuf};

use walkdir::{DirEntry, WalkDir};

/// Folders that hold no sources of a checkout's own.
const FOREIGN: [&str; 4] = [
    "node_modules",
    "__pycache__",
    "site-packages",
    "dist-packages",
];
/// How deep a checkout is looked into, where nobody wants less.
const DEEPEST: usize = 24;

/// A walk through the sources of a checkout's own: hidden folders, virtual environments and what
/// is installed are left out, links are not followed, and what cannot be read is passed by.
#[derive(Clone, Debug)]
pub struct Walk<'a> {
    root: &'a Path,
    deepest: usize,
    most: usize,
    without: &'a [&'a str],
}

impl<'a> Walk<'a> {
    /// Everything below `root`.
    pub fn new(root: &'a Path) -> Self {
        Self {
            root,
            deepest: DEEPEST,
            most: usize::MAX,
            without: &[],
        }
    }

    /// No deeper than this: 1 is the root's own entries.
    #[must_use]
    pub fn deepest(self, deepest: usize) -> Self {
        Self { deepest, ..self }
    }

    /// No more entries than this are looked at.
    #[must_use]
    pub fn at_most(self, most: usize) -> Self {
        Self { most, ..self }
    }

    /// Folders with these names are left out as well.
    #[must_use]
    pub fn without(self, without: &'a [&'a str]) -> Self {
        Self { without, ..self }
    }

    /// The Python files, by name in each folder.
    pub fn sources(self) -> impl Iterator<Item = PathBuf> + 'a {
        self.entries()
            .filter(|entry| is_source(entry.path()) && is_file(entry.path()))
            .map(DirEntry::into_path)
    }

    /// The folders, without the root itself.
    pub fn folders(self) -> impl Iterator<Item = PathBuf> + 'a {
        self.entries()
            .filter(|entry| entry.file_type().is_dir())
            .map(DirEntry::into_path)
    }

    fn entries(self) -> impl Iterator<Item = DirEntry> + 'a {
        let without = self.without;
        WalkDir::new(self.root)
            .min_depth(1)
            .max_depth(self.deepest)
            .sort_by_file_name()
            .into_iter()
            .filter_entry(move |entry| !entry.file_type().is_dir() || is_own(entry, without))
            .take(self.most)
            .flatten()
    }
}

/// Whether a folder may hold sources of the checkout's own.
fn is_own(folder: &DirEntry, without: &[&str]) -> bool {
    if folder.depth() == 0 {
        return true;
    }
    let name = folder.file_name().to_string_lossy();
    let is_foreign = name.starts_with('.')
        || FOREIGN.contains(&name.as_ref())
        || without.contains(&name.as_ref());
    !is_foreign && !folder.path().join("pyvenv.cfg").exists()
}

/// Whether something is a file, or a link that leads nowhere: it may have led to one.
fn is_file(path: &Path) -> bool {
    fs_err::metadata(path).map_or_else(|_| path.is_symlink(), |there| there.is_file())
}

/// Whether a file is Python: it knows sources by `.py` and `.pyw`, in lower case.
pub fn is_source(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension == "py" || extension == "pyw")
}

/// The Python files of a folder that could be imported, as coverage.py finds them: in packages, if
/// namespace packages are not included, and with names that can be imported.
pub fn importable_files(root: &Path, include_namespace_packages: bool) -> Vec<String> {
    let is_package = |entry: &DirEntry| {
        let init = entry.path().join("__init__.py");
        !init.is_dir() && init.symlink_metadata().is_ok()
    };
    let walk = WalkDir::new(root)
        .sort_by_file_name()
        .into_iter()
        .filter_entry(|entry| {
            let folder = entry.depth() > 0 && entry.file_type().is_dir();
            include_namespace_packages || !folder || is_package(entry)
        });
    walk.filter_map(Result::ok)
        .filter(|entry| is_importable(entry) && is_file(entry.path()))
        .map(|entry| entry.path().to_string_lossy().into_owned())
        .collect()
}

fn is_importable(entry: &DirEntry) -> bool {
    let name = entry.file_name().to_string_lossy();
    let stem = name
        .strip_suffix(".py")
        .or_else(|| name.strip_suffix(".pyw"));
    stem.is_some_and(|stem| {
        !stem.is_empty() && !stem.contains(|c: char| ".#~!$@%^&*()+=,".contains(c))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            swath_test::write_file(folder.path().join(file), "x = 1\n");
        }
        folder
    }

    fn names(root: &Path, found: impl Iterator<Item = PathBuf>) -> Vec<String> {
        found
            .map(|path| path.strip_prefix(root).unwrap().display().to_string())
            .collect()
    }

    #[test]
    fn a_walk_finds_the_checkouts_own_sources() {
        let folder = tree(&[
            "a.py",
            "b.pyw",
            "c.txt",
            "src/app/d.py",
            "src/app/__pycache__/d.py",
            ".venv/e.py",
            "env/pyvenv.cfg",
            "env/f.py",
            "lib/site-packages/g.py",
            "node_modules/h.py",
            "build/i.py",
        ]);
        let root = folder.path();
        std::os::unix::fs::symlink(root, root.join("src/again")).unwrap();
        let own = ["a.py", "b.pyw", "build/i.py", "src/app/d.py"];
        assert_eq!(names(root, Walk::new(root).sources()), own);
        let fewer = Walk::new(root).without(&["build"]).deepest(2);
        assert_eq!(names(root, fewer.clone().sources()), ["a.py", "b.pyw"]);
        assert_eq!(names(root, fewer.folders()), ["lib", "src", "src/app"]);
        assert_eq!(Walk::new(root).at_most(1).sources().count(), 1);
    }

    #[test]
    fn a_pipe_that_is_named_like_a_source_is_none() {
        let folder = tree(&["a.py"]);
        let pipe = folder.path().join("pipe.py");
        rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::RUSR).unwrap();
        std::os::unix::fs::symlink("gone.py", folder.path().join("link.py")).unwrap();
        let expected = ["a.py", "link.py"];
        let found = Walk::new(folder.path()).sources();
        assert_eq!(names(folder.path(), found), expected);
        let found = importable_files(folder.path(), false).into_iter();
        assert_eq!(names(folder.path(), found.map(PathBuf::from)), expected);
    }

    #[test]
    fn a_folder_that_is_not_there_has_nothing() {
        assert_eq!(Walk::new(Path::new("/no/such/folder")).sources().count(), 0);
    }
}
