//! The verdict, in many set-ups, each run for real: never a false *Complete*, never a false
//! *Incomplete*. `cargo xtask prove verdict` writes the table into `docs/proofs.md`.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod containers;
mod data;
mod embedded;
mod hosts;
mod launchers;
mod outcomes;
mod setup;
mod starts;
