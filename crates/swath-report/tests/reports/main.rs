//! Reports against those of coverage.py 7.17.3.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod formats;
mod hostile;
mod project;
mod selection;
mod text;
