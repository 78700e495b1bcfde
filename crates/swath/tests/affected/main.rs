//! `swath affected`: the tests that a change can affect.
//!
//! - `answers`: repositories with known answers
//! - `documents`: the pages about it
//! - `refused`: what cannot be answered, and how swath says it
//! - `mutation`: one line is changed, and no test that is not selected ends otherwise
//! - `suite`: tests that are run under changed code
//! - `project`: a repository with data

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod answers;
mod documents;
mod mutation;
mod project;
mod refused;
mod suite;
