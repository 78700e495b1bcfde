//! What can go wrong with recorded data, in coverage.py's words where it has them.

use std::io;

use swath_pattern::python_repr;

/// Why a data file could not be used.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// SQLite refused the file.
    #[error("Couldn't use data file {}: {problem}", python_repr(path))]
    Unusable {
        /// The data file.
        path: String,
        /// What SQLite said, as Python's `sqlite3` words it.
        problem: String,
    },
    /// The file is a database, but not one of coverage data.
    #[error(
        "Data file {} isn't a coverage data file: {problem}",
        python_repr(path)
    )]
    NotCoverageData {
        /// The data file.
        path: String,
        /// What was missing.
        problem: String,
    },
    /// The file has another layout.
    #[error(
        "Couldn't use data file {}: wrong schema: {found} instead of 7",
        python_repr(path)
    )]
    WrongSchema {
        /// The data file.
        path: String,
        /// The version that the file states.
        found: String,
    },
    /// The file is not there.
    #[error("Couldn't use data file {}: it doesn't exist", python_repr(path))]
    Missing {
        /// The data file.
        path: String,
    },
    /// Branch data met line data.
    #[error(
        "Can't combine branch coverage data with statement data: data file {} measured branch coverage, but data file {} didn't",
        python_repr(other),
        python_repr(here)
    )]
    BranchIntoLines {
        /// The file with branches.
        other: String,
        /// The data it should have gone into.
        here: String,
    },
    /// Line data met branch data.
    #[error(
        "Can't combine statement coverage data with branch data: data file {} didn't measure branch coverage, but data file {} did",
        python_repr(other),
        python_repr(here)
    )]
    LinesIntoBranch {
        /// The file with lines only.
        other: String,
        /// The data it should have gone into.
        here: String,
    },
    /// Rows of one kind met data of the other.
    #[error("Can't add {added} measurements to existing {existing} data")]
    MixedKinds {
        /// What was to be added: `line` or `branch`.
        added: &'static str,
        /// What was there.
        existing: &'static str,
    },
    /// Branches and lines cannot be held against each other.
    #[error("`{arcs}` holds branches, and `{lines}` holds lines only")]
    KindsDiffer {
        /// The file with branches.
        arcs: String,
        /// The file with lines only.
        lines: String,
    },
    /// Two inputs name different plugins for one file.
    #[error(
        "Conflicting file tracer name for {}: {} vs {}",
        python_repr(path),
        python_repr(here),
        python_repr(other)
    )]
    TracerConflict {
        /// The measured file.
        path: String,
        /// The plugin in the data so far, or nothing.
        here: String,
        /// The plugin in the other data, or nothing.
        other: String,
    },
    /// The file could not be written.
    #[error("Couldn't write data file {}: {problem}", python_repr(path))]
    NotWritten {
        /// The data file.
        path: String,
        /// What the system or SQLite said.
        problem: String,
    },
    /// A file or folder could not be read.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl DataError {
    /// The slug of coverage.py's page of messages, for the errors that it documents.
    pub fn slug(&self) -> Option<&'static str> {
        match self {
            Self::BranchIntoLines { .. } | Self::LinesIntoBranch { .. } => Some("cant-combine"),
            _ => None,
        }
    }
}
