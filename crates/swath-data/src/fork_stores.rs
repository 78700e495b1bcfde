//! Hit stores of fork children that began in a place of their parent's making: many are in one file,
//! and what does not fit there goes on in a file of its own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use swath_store::{Header, StoreId, layout, places};

/// What a folder has of such stores.
#[derive(Debug, Default)]
pub(crate) struct ForkStores {
    /// Files with places, by path.
    files: Vec<(PathBuf, Vec<u8>)>,
    /// What follows a place, by the store that it belongs to.
    continued: BTreeMap<StoreId, (PathBuf, Vec<u8>)>,
}

impl ForkStores {
    /// Keeps what a file has of such stores; gives back the bytes of any other file.
    pub(crate) fn without(&mut self, path: &Path, bytes: Vec<u8>) -> Option<Vec<u8>> {
        if places(&bytes).is_some() {
            self.files.push((path.to_path_buf(), bytes));
            return None;
        }
        match Header::read(&bytes) {
            Ok(header) if header.continues => {
                let rest = (path.to_path_buf(), bytes);
                self.continued.insert(header.id, rest);
                None
            }
            _ => Some(bytes),
        }
    }

    /// Calls `take` with the bytes of each store, and the file in which it begins. Gives the files
    /// with which they go on, and those that go on with nothing.
    pub(crate) fn for_each(
        mut self,
        mut take: impl FnMut(&Path, &[u8]),
    ) -> (Vec<PathBuf>, Vec<PathBuf>) {
        let mut used = Vec::new();
        for (path, file) in self.files {
            for place in places(&file).into_iter().flatten() {
                let rest = Header::read(place)
                    .ok()
                    .and_then(|header| self.continued.remove(&header.id));
                let Some((rest_path, rest)) = rest else {
                    take(&path, place);
                    continue;
                };
                let rest = rest.get(layout::HEADER_LENGTH..).unwrap_or(&[]);
                take(&path, &[place, rest].concat());
                used.push(rest_path);
            }
        }
        let alone = self.continued.into_values().map(|(path, _)| path);
        (used, alone.collect())
    }
}
