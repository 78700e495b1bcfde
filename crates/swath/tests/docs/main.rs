//! The documentation, followed to the letter.
//!
//! - `followed`: pages that are a sequence of steps, done in an empty folder
//! - `site`: every page is in the table of contents, and every link leads somewhere

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod followed;
mod site;
