//! What an object store does for a run, whatever kind of store it is.

use std::time::Duration;

use crate::bucket::Bucket;
use crate::error::StoreError;
use crate::folder::Folder;
use crate::location::RunLocation;

/// An object that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Listed {
    /// Its key below the run.
    pub(crate) key: String,
    /// How long ago it was written, by the clock of the store.
    pub(crate) age: Duration,
}

/// The objects of one run.
#[derive(Debug)]
pub struct ObjectStore(Kind);

#[derive(Debug)]
enum Kind {
    Bucket(Box<Bucket>),
    Folder(Folder),
}

impl ObjectStore {
    /// The store of a run, with what `variable` says of this process's environment. Nothing is
    /// asked yet.
    ///
    /// # Errors
    /// Where the environment names no usable endpoint.
    pub fn open(
        run: &RunLocation,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<ObjectStore, StoreError> {
        Ok(ObjectStore(match run {
            RunLocation::Bucket { bucket, prefix } => {
                Kind::Bucket(Box::new(Bucket::open(bucket, prefix, variable)?))
            }
            RunLocation::Folder(path) => Kind::Folder(Folder::new(path)),
        }))
    }

    /// An object, if there is one; no more than `most` bytes of it are read.
    pub(crate) fn get(&self, key: &str, most: u64) -> Result<Option<Vec<u8>>, StoreError> {
        match &self.0 {
            Kind::Bucket(bucket) => bucket.get(key, most),
            Kind::Folder(folder) => folder.get(key, most),
        }
    }

    /// Writes an object: whole or not at all.
    pub(crate) fn put(&self, key: &str, bytes: &[u8]) -> Result<(), StoreError> {
        match &self.0 {
            Kind::Bucket(bucket) => bucket.put(key, bytes),
            Kind::Folder(folder) => folder.put(key, bytes),
        }
    }

    /// Whether there is such an object.
    pub(crate) fn has(&self, key: &str) -> Result<bool, StoreError> {
        match &self.0 {
            Kind::Bucket(bucket) => bucket.has(key),
            Kind::Folder(folder) => folder.has(key),
        }
    }

    /// Names the objects whose keys begin so, no more than `most`.
    pub(crate) fn list(&self, prefix: &str, most: usize) -> Result<Vec<Listed>, StoreError> {
        match &self.0 {
            Kind::Bucket(bucket) => bucket.list(prefix, most),
            Kind::Folder(folder) => folder.list(prefix, most),
        }
    }
}
