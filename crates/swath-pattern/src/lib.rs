//! coverage.py's file globs and Python's regular expressions, as Rust matchers.
//!
//! Owns what a pattern in a coverage.py configuration means: which text a regular expression matches,
//! which path a glob covers, and where `[paths]` maps a path to.
//! It reads no configuration file, and the file system only to make paths absolute.

mod aliases;
mod directory;
mod glob;
mod regex;
mod repr;

pub use aliases::PathAliases;
pub use directory::Directory;
pub use glob::{GlobError, Globs, prepare_globs};
pub use regex::{Flags, Matches, PythonRegex, RegexError, join_regexes};
pub use repr::python_repr;
