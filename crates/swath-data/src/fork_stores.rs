//! Hit stores of fork children that began in a place of their parent's making: many are in one file,
//! and what does not fit there goes on in a file of its own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use swath_store::{Header, StoreId, layout, places};

/// The files of a folder that hold such stores. They may be large, so they are read again when they
/// are taken, one at a time.
#[derive(Debug, Default)]
pub(crate) struct ForkStores {
    /// Files with places.
    files: Vec<PathBuf>,
    /// The file that follows a place, by the store that it belongs to.
    continued: BTreeMap<StoreId, PathBuf>,
}

/// A store in a place.
pub(crate) struct PlacedStore<'a> {
    pub(crate) bytes: &'a [u8],
    /// The file with the place.
    pub(crate) file: &'a Path,
    /// The file with which it goes on.
    pub(crate) continued: Option<PathBuf>,
}

impl ForkStores {
    /// Whether a file with these bytes holds such stores; it is then taken later.
    pub(crate) fn keep(&mut self, path: &Path, bytes: &[u8]) -> bool {
        if places(bytes).is_some() {
            self.files.push(path.to_path_buf());
            return true;
        }
        match Header::read(bytes) {
            Ok(header) if header.continues => {
                self.continued.insert(header.id, path.to_path_buf());
                true
            }
            _ => false,
        }
    }

    /// Calls `take` with each store, and `fail` with each file that `read` cannot read. Gives the
    /// files in which no place was taken, and those that go on with nothing.
    pub(crate) fn for_each<E>(
        mut self,
        read: impl Fn(&Path) -> Result<Vec<u8>, E>,
        mut take: impl FnMut(PlacedStore<'_>),
        mut fail: impl FnMut(PathBuf, E),
    ) -> (Vec<PathBuf>, Vec<PathBuf>) {
        let mut unused = Vec::new();
        for path in self.files {
            let file = match read(&path) {
                Ok(file) => file,
                Err(error) => {
                    fail(path, error);
                    continue;
                }
            };
            let mut is_used = false;
            for place in places(&file).into_iter().flatten() {
                is_used = true;
                let mut store = PlacedStore {
                    bytes: place,
                    file: &path,
                    continued: None,
                };
                let rest = Header::read(place)
                    .ok()
                    .and_then(|header| self.continued.remove(&header.id));
                let Some(rest) = rest else {
                    take(store);
                    continue;
                };
                match read(&rest) {
                    Ok(bytes) => {
                        let bytes = bytes.get(layout::HEADER_LENGTH..).unwrap_or(&[]);
                        let whole = [place, bytes].concat();
                        take(PlacedStore {
                            bytes: &whole,
                            continued: Some(rest),
                            ..store
                        });
                    }
                    Err(error) => {
                        store.continued = None;
                        take(store);
                        fail(rest, error);
                    }
                }
            }
            if !is_used {
                unused.push(path);
            }
        }
        (unused, self.continued.into_values().collect())
    }
}

/// How many processes a file of hit stores is of, as its beginning says; 0 for one that goes on with
/// another file's.
pub(crate) fn number_of_stores(beginning: &[u8], length: u64) -> usize {
    if places(beginning).is_some() {
        let taken = beginning
            .get(12..16)
            .and_then(|bytes| bytes.try_into().ok());
        let taken = taken.map_or(0, u32::from_le_bytes);
        let place = u64::try_from(layout::PLACE_LENGTH).unwrap_or(u64::MAX);
        let there = (length / place).saturating_sub(1);
        return usize::try_from(there.min(u64::from(taken))).unwrap_or(usize::MAX);
    }
    match Header::read(beginning) {
        Ok(header) if header.continues => 0,
        _ => 1,
    }
}
