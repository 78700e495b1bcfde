//! What an object store does for a run, whatever kind of store it is.

use std::time::Duration;

use crate::bucket::Bucket;
use crate::error::StoreError;
use crate::folder::Folder;
use crate::location::RunLocation;

/// What is written to try a store: the beginning of its name, and its content.
const PROBE: &str = "probe-";
const LONGEST_PROBE: u64 = 64;

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

    /// Tries, before anything depends on it, what gathering the run will need: to list and to read. What is
    /// read is written for that and deleted again, as far as there is a right to; whoever gathers
    /// needs none.
    ///
    /// # Errors
    /// When the run could not be gathered.
    pub fn probe(&self) -> Result<(), StoreError> {
        if let Kind::Folder(folder) = &self.0 {
            folder.check()?;
        }
        self.list(PROBE, 1)?;
        let key = format!("{PROBE}{}", std::process::id());
        match self.put(&key, PROBE.as_bytes()) {
            Err(error) if error.is_forbidden() => return Ok(()),
            other => other?,
        }
        let read = self.get(&key, LONGEST_PROBE)?;
        let deleted = match &self.0 {
            Kind::Bucket(bucket) => bucket.delete(&key),
            Kind::Folder(folder) => folder.delete(&key),
        };
        match deleted {
            Err(error) if error.is_forbidden() => {}
            other => other?,
        }
        if read.as_deref() == Some(PROBE.as_bytes()) {
            return Ok(());
        }
        Err(StoreError::Damaged {
            key,
            problem: "is not what was written there a moment ago".to_owned(),
        })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_that_is_tried_is_as_it_was_before() {
        let folder = swath_test::temp_dir();
        let probe = |run: &str| {
            let run = RunLocation::Folder(folder.path().join(run));
            ObjectStore::open(&run, &|_| None).unwrap().probe()
        };
        assert!(probe("r1").is_ok());
        assert_eq!(fs_err::read_dir(folder.path()).unwrap().count(), 0);
        // Nobody makes a folder because its name is mistyped.
        let error = probe("none/r1").unwrap_err().to_string();
        assert!(error.contains("none"), "{error}");
        assert!(!folder.path().join("none").exists());
        fs_err::write(folder.path().join("file"), "").unwrap();
        assert!(probe("file/r1").is_err());
    }
}
