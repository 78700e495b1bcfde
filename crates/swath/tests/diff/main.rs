//! `swath diff`, and what else is asked after a number, on real repositories, with data that coverage.py and swath recorded.
//!
//! - `formats`: each format as its readers take it
//! - `followed`: data of another text than the one that is here
//! - `places`: folders, hooks, work trees, clones
//! - `refused`: what cannot be answered, and how swath says it
//! - `diff_cover`: side by side with diff-cover
//! - `sets`: `swath compare`
//! - `labels`: `swath combine --label`, `swath compare --labels`
//! - `derived`: `swath intersect` and `swath subtract`
//! - `by`: `swath report --by`
//! - `guide`: the page about it shows what is printed
//! - `kept`: `swath history`, and the gate that holds a total against another run
//! - `gates`: held by `run`, `report` and `diff`
//! - `endpoint_gates`: those of endpoints

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod by;
mod derived;
mod diff_cover;
mod endpoint_gates;
mod followed;
mod formats;
mod gates;
mod gates_of_other_data;
mod guide;
mod history;
mod kept;
mod labels;
mod places;
mod project;
mod refused;
mod sets;
