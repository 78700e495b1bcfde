//! What a `source` setting names: directory trees and packages.

use crate::Directory;

/// Directories, with everything below them, and single files (coverage.py's `TreeMatcher`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trees {
    paths: Vec<String>,
}

impl Trees {
    /// Makes each of `paths` absolute.
    pub fn new<S: AsRef<str>>(paths: impl IntoIterator<Item = S>, directory: &Directory) -> Self {
        let paths = paths.into_iter();
        Self {
            paths: paths
                .map(|path| directory.absolute(path.as_ref()))
                .collect(),
        }
    }

    /// Whether `path`, which must be absolute, is one of the files or below one of the directories.
    #[must_use]
    pub fn contains(&self, path: &str) -> bool {
        self.paths.iter().any(|tree| is_within(path, tree, '/'))
    }

    /// The absolute paths.
    #[must_use]
    pub fn paths(&self) -> &[String] {
        &self.paths
    }
}

/// Modules, with everything in them where they are packages (coverage.py's `ModuleMatcher`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Modules {
    names: Vec<String>,
}

impl Modules {
    /// Takes the dotted names of modules.
    pub fn new<S: Into<String>>(names: impl IntoIterator<Item = S>) -> Self {
        Self {
            names: names.into_iter().map(Into::into).collect(),
        }
    }

    /// Whether `module` is one of the modules or lies in one of the packages.
    #[must_use]
    pub fn contains(&self, module: &str) -> bool {
        !module.is_empty() && self.names.iter().any(|name| is_within(module, name, '.'))
    }

    /// The names.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }
}

fn is_within(name: &str, root: &str, separator: char) -> bool {
    name.strip_prefix(root)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(separator))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trees_hold_files_and_directories_by_whole_names() {
        let here = Directory::new(std::path::Path::new("/nowhere"));
        let trees = Trees::new(["pkg/", "/abs/one.py"], &here);
        assert!(trees.contains("/nowhere/pkg/a/b.py"));
        assert!(trees.contains("/nowhere/pkg"));
        assert!(trees.contains("/abs/one.py"));
        assert!(!trees.contains("/nowhere/pkg2/a.py"));
        assert!(!trees.contains("/abs/one.pyc"));
    }

    #[test]
    fn modules_hold_packages_by_whole_names() {
        let modules = Modules::new(["test", "py.test"]);
        assert!(modules.contains("test.support"));
        assert!(modules.contains("py.test"));
        assert!(!modules.contains("testing"));
        assert!(!modules.contains("py"));
        assert!(!modules.contains(""));
    }
}
