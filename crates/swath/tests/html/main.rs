//! The HTML report in a real browser: Debian's chromium through its driver.
//!
//! Where the two are missing they are installed if that is allowed (as root, with apt), else the tests
//! are skipped by name.

#![expect(
    clippy::unwrap_used,
    reason = "a failed step of the set-up fails the test"
)]

mod accessibility;
mod keyboard;
mod media;
mod package;
mod partial;
mod policy;
mod recorded;
mod server;
mod single_file;
mod tables;
