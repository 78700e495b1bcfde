//! Which files may be read because data names them.

use std::path::{Path, PathBuf};

use swath_pattern::Directory;

/// The folders of a project. Data may come from a place that is not trusted: a path in it that
/// leads out of these folders is no reason to show what is there, unless the data proves by a
/// hash that this content ran.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceRoots {
    folders: Vec<PathBuf>,
}

impl SourceRoots {
    /// The folder `directory`, and those in it or elsewhere that the settings name.
    pub fn new<'a>(directory: &Directory, named: impl IntoIterator<Item = &'a str>) -> Self {
        let named = named.into_iter().map(|folder| directory.absolute(folder));
        let mut folders: Vec<PathBuf> = std::iter::once(directory.path().to_owned())
            .chain(named)
            .map(PathBuf::from)
            // The name of a package is no folder, and the root would let everything through.
            .filter(|folder| folder.parent().is_some() && folder.is_dir())
            .collect();
        folders.dedup();
        Self { folders }
    }

    /// Whether an absolute path without links lies in one of the folders.
    pub fn hold(&self, path: &str) -> bool {
        self.folders
            .iter()
            .any(|folder| Path::new(path).starts_with(folder))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_project_and_the_folders_of_the_settings_hold_sources() {
        let folder = tempfile::tempdir().unwrap();
        let base = Directory::new(folder.path());
        for name in ["project", "elsewhere", "third"] {
            fs_err::create_dir(folder.path().join(name)).unwrap();
        }
        let project = Directory::new(&folder.path().join("project"));
        let roots = SourceRoots::new(&project, ["../elsewhere", "package", "/"]);
        let holds = |path: &str| roots.hold(&base.absolute(path));
        assert!(holds("project/a.py") && holds("elsewhere/b/c.py"));
        assert!(!holds("third/a.py") && !holds("projects.py") && !holds("/etc/passwd"));
    }
}
