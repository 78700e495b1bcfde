//! Recorded data: what ran, as hit stores of one run or as `.coverage` files.
//!
//! This crate reads hit stores, gives them to others without secrets, reads and writes coverage.py's data files (schema 7, with swath's
//! own tables beside it), combines them and maps their paths. It never looks into source text.
//!
//! ```
//! use swath_data::{CoverageData, Mode};
//!
//! let folder = tempfile::tempdir().unwrap();
//! let path = folder.path().join(".coverage");
//! let mut data = CoverageData::new(Mode::Lines);
//! let context = data.intern_context("");
//! data.add_lines("/app/shop.py", context, &[1, 2, 5].into_iter().collect());
//! swath_data::write_data_file(&data, &path).unwrap();
//!
//! let again = swath_data::read_data_file(&path).unwrap();
//! assert_eq!(again.lines("/app/shop.py", None).unwrap().iter().collect::<Vec<_>>(), [1, 2, 5]);
//! ```

mod accounting;
mod accounting_tables;
mod arc_runs;
mod arc_set;
mod attribution;
mod attribution_tables;
mod combine;
mod command_line;
mod context_map;
mod coverage_data;
mod coverage_tables;
mod data_file;
mod derived;
mod error;
mod fork_stores;
mod gather;
mod hit_store;
mod labels;
mod merge;
mod packed_store;
mod page_file;
mod parallel_name;
mod parts;
mod plain_data;
mod provenance;
mod run_facts;
mod shareable_store;
mod shared_files;
mod sqlite_pages;
mod sqlite_writer;
mod stored_context;
mod write_data_file;

pub use accounting::{Accounting, FileFacts, ProcessRecord, RunRecord};
pub use arc_set::ArcSet;
pub use attribution::{Attribution, Call, Endpoint, EndpointFacts, phase_of, test_of};
pub use combine::{Combine, CombineError, Combined, combine};
pub use command_line::without_secrets;
pub use coverage_data::{ContextError, ContextId, CoverageData, FileData, Mode};
pub use data_file::read_data_file;
pub use derived::{Derivation, Derived, NamedData, derive};
pub use error::DataError;
pub use gather::{ProcessNote, to_coverage_data};
pub use hit_store::{
    AgentNote, Gathered, HitStoreError, MEASURED, SourcePackage, Spawn, StoreEnding, StoredFile,
    StoredProcess, UnreadableStore, count_hit_stores, is_hit_store_name, read_hit_store,
    read_hit_stores,
};
pub use labels::Labels;
pub use packed_store::pack_hit_store;
pub use parallel_name::parallel_name;
pub use parts::{FilePart, Parts};
pub use provenance::Provenance;
pub use run_facts::{RecordedFinding, RunFacts};
pub use shareable_store::ShareableStore;
pub use shared_files::{SharedFiles, distinct_files};
pub use stored_context::{ContextKind, ContextShare, Reached, START_UP, StoredContext};
pub use swath_model::{LineSet, PythonRelease, SourceHash};
pub use write_data_file::write_data_file;
