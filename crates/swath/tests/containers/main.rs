//! Containers under `swath run`: the real engine, the real Compose, real services.
//!
//! - `recipe`: the example's makefile, which never heard of swath, against coverage.py's number
//! - `stop_cases`: however a container ends, what it recorded is kept
//! - `leftovers`: what stays in the engine after Ctrl-C and after a kill, and how it goes
//! - `project`: what the two share: a folder, an image, and everything removed afterwards

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod leftovers;
mod project;
mod recipe;
mod stop_cases;
