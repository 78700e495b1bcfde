//! `cargo xtask pythons`: which interpreters were found.

use std::process::ExitCode;

/// The versions that swath supports.
const SUPPORTED: std::ops::RangeInclusive<u8> = 8..=15;

/// Lists the interpreters, and the supported versions without one.
pub(crate) fn run() -> ExitCode {
    for python in swath_test::builds() {
        println!("{:5} {}", python.tag(), python.path.display());
    }
    for tag in missing() {
        println!("{tag:5} not found");
    }
    ExitCode::SUCCESS
}

/// The supported versions that no interpreter here has, but for those that `SWATH_PYTHONS` leaves out.
pub(crate) fn missing() -> Vec<String> {
    SUPPORTED
        .filter(|minor| swath_test::python(3, *minor).is_none())
        .map(|minor| format!("3.{minor}"))
        .filter(|tag| !swath_test::is_left_out(tag))
        .collect()
}
