//! The HTML report of a model of three files, page by page as it is committed beside this test.
//!
//! `UPDATE_GOLDEN=1 cargo test -p swath-report --test html` writes the pages; look at the difference.

#![expect(
    clippy::unwrap_used,
    reason = "a failed step of the set-up fails the test"
)]

mod attributed;
mod budget;
mod golden;
mod model;
mod strict;
mod trust;
