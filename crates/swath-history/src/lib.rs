//! What runs reached over time, in one SQLite file.
//!
//! An [`Entry`] is what one data file said: when, at which commit, how much of each folder ran, and
//! whether that was all. A [`Store`] keeps entries. An entry is named by what it says, so that the
//! same data is kept once, and stores of several machines can be joined in any order. A store comes
//! from a cache or an artifact: what is read from it is untrusted, and shown with care.
//!
//! ```
//! use std::collections::BTreeMap;
//!
//! use swath_coverage::Numbers;
//! use swath_history::{Entry, Kept, Store};
//!
//! let folder = tempfile::tempdir().unwrap();
//! let mut store = Store::create(&folder.path().join("history.sqlite")).unwrap();
//! let numbers = Numbers { files: 1, statements: 40, missing: 4, ..Numbers::default() };
//! let folders = BTreeMap::from([("shop".to_owned(), numbers)]);
//! let entry = Entry { time: 1_700_000_000_000_000_000, folders, ..Entry::default() };
//! assert!(store.add(&entry).unwrap());
//! assert!(!store.add(&entry).unwrap(), "it is there");
//! assert_eq!(store.entries().unwrap(), [entry]);
//! assert_eq!(store.prune(&Kept { of_each_branch: Some(1), since: None }).unwrap(), 0);
//! ```

mod entry;
mod error;
mod store;

pub use entry::Entry;
pub use error::StoreError;
pub use store::{Kept, Store};
