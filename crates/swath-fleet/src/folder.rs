//! An object store in a folder: a shared disk, a volume, or the host itself.

use std::io::{Error, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use fs_err as fs;
use swath_checkout::{Links, read_regular, write_file};

use crate::error::StoreError;
use crate::object_store::Listed;

/// A folder that holds the objects of a run.
#[derive(Debug)]
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new(path: &Path) -> Folder {
        Folder(path.to_owned())
    }

    pub(crate) fn get(&self, key: &str, most: u64) -> Result<Option<Vec<u8>>, StoreError> {
        match read_regular(&self.0.join(key), Links::Refuse, most) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) if error.kind() == ErrorKind::FileTooLarge => Err(StoreError::Damaged {
                key: key.to_owned(),
                problem: format!("is larger than {most} bytes"),
            }),
            Err(source) => Err(unreachable_for(&format!("read `{key}`"), source)),
        }
    }

    pub(crate) fn put(&self, key: &str, bytes: &[u8]) -> Result<(), StoreError> {
        let path = self.0.join(key);
        let parent = path.parent().unwrap_or(&self.0);
        fs::create_dir_all(parent)
            .and_then(|()| write_file(&path, bytes))
            .map_err(|source| unreachable_for(&format!("write `{key}`"), source))
    }

    /// Removes an object, and the run's folder if it was the only one.
    pub(crate) fn delete(&self, key: &str) -> Result<(), StoreError> {
        fs::remove_file(self.0.join(key))
            .map_err(|source| unreachable_for(&format!("delete `{key}`"), source))?;
        let _ = fs::remove_dir(&self.0);
        Ok(())
    }

    /// Makes sure that the folder in which runs have theirs is there: it is made for nobody.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        let store = self.0.parent().unwrap_or(&self.0);
        let entries = fs::read_dir(store);
        entries
            .map(drop)
            .map_err(|source| unreachable_for("be looked into", source))
    }

    pub(crate) fn has(&self, key: &str) -> Result<bool, StoreError> {
        match fs::symlink_metadata(self.0.join(key)) {
            Ok(file) => Ok(file.is_file()),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(source) => Err(unreachable_for(&format!("look for `{key}`"), source)),
        }
    }

    pub(crate) fn list(&self, prefix: &str, most: usize) -> Result<Vec<Listed>, StoreError> {
        let mut found = Vec::new();
        let mut folders = vec![(self.0.join(prefix.trim_end_matches('/')), 0)];
        while let Some((folder, depth)) = folders.pop() {
            let entries = match fs::read_dir(&folder) {
                Ok(entries) => entries,
                // What is not there holds nothing.
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                Err(source) => return Err(unreachable_for("list a folder", source)),
            };
            for entry in entries {
                let entry = entry.map_err(|source| unreachable_for("list a folder", source))?;
                let Ok(kind) = entry.file_type() else {
                    continue;
                };
                if kind.is_dir() && depth < DEEPEST {
                    folders.push((entry.path(), depth + 1));
                } else if kind.is_file() && found.len() < most {
                    found.extend(self.listed(&entry.path()));
                }
            }
        }
        found.sort_by(|a, b| a.key.cmp(&b.key));
        Ok(found)
    }

    fn listed(&self, path: &Path) -> Option<Listed> {
        let key = path.strip_prefix(&self.0).ok()?.to_str()?.to_owned();
        let written = fs::symlink_metadata(path).ok()?.modified().ok()?;
        let age = SystemTime::now()
            .duration_since(written)
            .unwrap_or_default();
        Some(Listed { key, age })
    }
}

/// No key of a run has more parts.
const DEEPEST: usize = 8;

fn unreachable_for(what: &str, source: Error) -> StoreError {
    StoreError::Unreachable {
        what: what.to_owned(),
        source,
    }
}
