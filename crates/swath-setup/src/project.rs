//! The files of a project, read with care: regular ones, of a sensible length, as text.

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use swath_checkout::{Links, Walk, read_regular};

/// No file that says something of a project is longer.
const LONGEST: u64 = 1 << 20;
/// No more entries of a checkout are looked at.
const MOST_ENTRIES: usize = 20_000;
/// How deep sources are looked for.
const DEEPEST: usize = 6;

/// A checkout. It is walked once, and each of its sources is read once.
#[derive(Debug)]
pub(crate) struct Project {
    root: PathBuf,
    source_paths: OnceCell<Vec<String>>,
    sources: OnceCell<Vec<SourceFile>>,
    /// Files that are there and could not be read, and why.
    unreadable: RefCell<BTreeMap<String, String>>,
}

/// A Python file of the project.
#[derive(Debug, Clone)]
pub(crate) struct SourceFile {
    /// From the project's folder, with `/`.
    pub(crate) path: String,
    pub(crate) text: String,
}

impl Project {
    pub(crate) fn new(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
            source_paths: OnceCell::new(),
            sources: OnceCell::new(),
            unreadable: RefCell::default(),
        }
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The text of a file; nothing where there is none, an error where it cannot be read.
    pub(crate) fn text_of(&self, path: &str) -> io::Result<Option<String>> {
        match read_regular(&self.root.join(path), Links::Follow, LONGEST) {
            Ok(bytes) => {
                let text = String::from_utf8(bytes);
                let no_text = |_| io::Error::new(ErrorKind::InvalidData, "it is not UTF-8");
                text.map(Some).map_err(no_text)
            }
            Err(error)
                if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) =>
            {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// The text of a file, if there is one that can be read; of one that cannot, a note is kept.
    pub(crate) fn read(&self, path: &str) -> Option<String> {
        self.text_of(path).unwrap_or_else(|error| {
            let mut unreadable = self.unreadable.borrow_mut();
            unreadable.insert(path.to_owned(), error.to_string());
            None
        })
    }

    /// The files that [`Project::read`] could not read, and why: one sentence each.
    pub(crate) fn unreadable(&self) -> Vec<String> {
        let unreadable = self.unreadable.borrow();
        let files = unreadable.iter();
        files
            .map(|(path, error)| format!("`{path}` cannot be read and says nothing here: {error}"))
            .collect()
    }

    pub(crate) fn has_file(&self, path: &str) -> bool {
        self.root.join(path).is_file()
    }

    pub(crate) fn has_folder(&self, path: &str) -> bool {
        self.root.join(path).is_dir()
    }

    /// The first of these files that exists, and its text.
    pub(crate) fn first_of(&self, names: &[&'static str]) -> Option<(&'static str, String)> {
        let mut names = names.iter();
        names.find_map(|name| Some((*name, self.read(name)?)))
    }

    /// The names of what is in a folder, sorted.
    pub(crate) fn names_in(&self, folder: &str) -> Vec<String> {
        let Ok(entries) = fs_err::read_dir(self.root.join(folder)) else {
            return Vec::new();
        };
        let mut names: Vec<String> = entries
            .flatten()
            .filter_map(|entry| entry.file_name().into_string().ok())
            .collect();
        names.sort();
        names
    }

    /// The paths of its Python files, from the project's folder.
    pub(crate) fn source_paths(&self) -> &[String] {
        self.source_paths.get_or_init(|| {
            let walk = Walk::new(&self.root)
                .deepest(DEEPEST)
                .at_most(MOST_ENTRIES)
                .without(&["build", "dist", "migrations", "venv", "env"]);
            walk.sources()
                .filter_map(|path: PathBuf| {
                    let path = path.strip_prefix(&self.root).ok()?;
                    Some(path.to_str()?.to_owned())
                })
                .collect()
        })
    }

    /// Its Python files.
    pub(crate) fn sources(&self) -> &[SourceFile] {
        self.sources.get_or_init(|| {
            let paths = self.source_paths().iter();
            paths
                .filter_map(|path| {
                    let text = self.text_of(path).ok()??;
                    let path = path.clone();
                    Some(SourceFile { path, text })
                })
                .collect()
        })
    }
}

impl SourceFile {
    /// The folder that it is in, from the project's folder; empty for that itself.
    pub(crate) fn folder(&self) -> &str {
        self.path.rsplit_once('/').map_or("", |(folder, _)| folder)
    }

    /// Whether it belongs to tests, documentation or the like, by its place.
    pub(crate) fn is_aside(&self) -> bool {
        is_aside(&self.path)
    }
}

/// Whether a Python file is no part of what is served, by its path: tests, documentation, tools.
pub(crate) fn is_aside(path: &str) -> bool {
    const FOLDERS: [&str; 8] = [
        "docs",
        "doc",
        "examples",
        "example",
        "scripts",
        "tools",
        "benchmarks",
        "features",
    ];
    const FILES: [&str; 3] = ["setup.py", "noxfile.py", "fabfile.py"];
    let mut parts = path.split('/');
    let file = parts.next_back().unwrap_or_default();
    is_test(path) || FILES.contains(&file) || parts.any(|part| FOLDERS.contains(&part))
}

/// Whether a Python file is a test or part of tests, by its path.
pub(crate) fn is_test(path: &str) -> bool {
    let mut parts = path.split('/');
    let file = parts.next_back().unwrap_or_default();
    parts.any(is_test_folder)
        || matches!(file, "conftest.py" | "tests.py")
        || file.starts_with("test_")
        || file.ends_with("_test.py")
}

/// Whether a folder holds tests, by its name.
pub(crate) fn is_test_folder(name: &str) -> bool {
    matches!(name, "tests" | "test" | "e2e") || name.ends_with("_tests") || name.ends_with("-tests")
}
