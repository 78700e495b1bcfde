//! Started as `coverage`, swath is coverage.py 7.17.3: what both print, write and return, side by side.
//!
//! - `side_by_side`: one command line run by both, in the same folder
//! - `usage`: help and usage errors
//! - `reports`: report, xml, json, lcov, annotate, html
//! - `recorder`: the Python of data that does not say it
//! - `refusals`: what `run` refuses and warns of
//! - `runs`: programs run one after the other
//! - `data_files`: combine, erase, debug, and data that is not what it should be
//! - `differences`: what docs/reference/differences.md lists
//! - `older`: the newest coverage.py for Pythons that 7.17.3 does not run on
//! - `own_name`: the same verbs under swath's own name
//! - `patience`: the live line of what takes long
//! - `plugins`: coverage.py's plugins, loaded where they live
//! - `conformance`: coverage.py's own tests, and the command lines recorded from them

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod conformance;
mod data_files;
mod differences;
mod older;
mod own_name;
mod patience;
mod plugins;
mod recorder;
mod refusals;
mod reports;
mod runs;
mod side_by_side;
mod test_functions;
mod usage;
