//! The agent inside real interpreters: every promise on every CPython that is found.

#![expect(
    clippy::unwrap_used,
    reason = "everything here is a test; what fails is named by the panic"
)]

mod attribution;
mod branches;
mod crash;
mod embedding;
mod failure;
mod forks;
mod interpreters;
mod lines;
#[expect(dead_code, reason = "the build script uses all of it")]
#[path = "../../making.rs"]
mod making;
mod object;
mod packages;
mod parallel;
mod preload;
mod run;
mod surroundings;
mod tracers;
mod versions;
