//! What processes recorded alike is kept once: replicas, workers and fork children run the same code.

use std::collections::BTreeSet;
use std::hash::Hash;
use std::sync::Arc;

use rustc_hash::FxHashSet;

use crate::{StoredFile, StoredProcess};

/// Values of which each content is kept once.
#[derive(Debug)]
pub(crate) struct Shared<T>(FxHashSet<Arc<T>>);

impl<T> Default for Shared<T> {
    fn default() -> Self {
        Self(FxHashSet::default())
    }
}

impl<T: Eq + Hash> Shared<T> {
    /// The one value of this content.
    pub(crate) fn take(&mut self, value: Arc<T>) -> Arc<T> {
        if let Some(known) = self.0.get(&value) {
            return Arc::clone(known);
        }
        self.0.insert(Arc::clone(&value));
        value
    }
}

/// The files of processes that are read one after the other.
#[derive(Debug, Default)]
pub struct SharedFiles(Shared<StoredFile>);

impl SharedFiles {
    /// Replaces the files of a process by those of earlier ones that are equal.
    pub fn share(&mut self, process: &mut StoredProcess) {
        for file in &mut process.files {
            *file = self.0.take(Arc::clone(file));
        }
    }
}

/// The files of processes, those that several have in common once.
pub fn distinct_files<'a>(
    processes: impl IntoIterator<Item = &'a StoredProcess>,
) -> impl Iterator<Item = &'a Arc<StoredFile>> {
    let mut known: FxHashSet<*const StoredFile> = FxHashSet::default();
    let files = processes.into_iter().flat_map(|process| &process.files);
    files.filter(move |file| known.insert(Arc::as_ptr(file)))
}

/// The paths of the files that a process ran lines of itself.
pub(crate) fn touched_paths(process: &StoredProcess) -> BTreeSet<String> {
    let touched = process.files.iter().filter(|file| file.is_touched());
    touched.map(|file| file.path.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn process(files: &[(&str, u32)]) -> StoredProcess {
        let files = files.iter().map(|(path, line)| {
            Arc::new(StoredFile {
                path: (*path).to_owned(),
                hit: [*line].into_iter().collect(),
                ..StoredFile::default()
            })
        });
        StoredProcess {
            files: files.collect(),
            ..StoredProcess::default()
        }
    }

    #[test]
    fn what_is_equal_is_there_once() {
        let mut processes = [
            process(&[("/a.py", 1), ("/b.py", 1)]),
            process(&[("/a.py", 1), ("/b.py", 2)]),
        ];
        let before = processes.clone();
        let mut files = SharedFiles::default();
        for process in &mut processes {
            files.share(process);
        }
        assert_eq!(processes, before);
        assert!(Arc::ptr_eq(&processes[0].files[0], &processes[1].files[0]));
        let distinct: Vec<(&str, bool)> = distinct_files(&processes)
            .map(|file| (file.path.as_str(), file.hit.contains(2)))
            .collect();
        assert_eq!(
            distinct,
            [("/a.py", false), ("/b.py", false), ("/b.py", true)]
        );
    }
}
