//! Why a store cannot be used.

use std::path::PathBuf;

/// Why a store cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is none.
    #[error("there is no history `{}`", path.display())]
    Missing {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// It is a folder, a pipe, or what else is no file.
    #[error("`{}` is no regular file", path.display())]
    NoFile {
        /// What it is called.
        path: PathBuf,
    },
    /// A database, and another program's.
    #[error("`{}` is no history of swath's", path.display())]
    Foreign {
        /// What it is called.
        path: PathBuf,
    },
    /// A newer swath wrote it.
    #[error("`{}` was written by a newer swath", path.display())]
    Newer {
        /// What it is called.
        path: PathBuf,
    },
    /// SQLite cannot read or write it.
    #[error("`{}` cannot be used: {problem}", path.display())]
    Unusable {
        /// What it is called.
        path: PathBuf,
        /// In SQLite's words.
        problem: String,
    },
}
