//! Containers under `swath run`: the real engine, the real Compose, real services.
//!
//! - `account`: what is said of containers that could not be measured
//! - `attributed`: for which test code ran in them
//! - `compose_project`: a project that swath itself brings up
//! - `recipe`: the example's makefile, which never heard of swath, against coverage.py's number
//! - `stop_cases`: however a container ends, what it recorded is kept
//! - `stop_table`: the same beside coverage.py, case by case: `docs/reference/stop-cases.md`
//! - `places`: settings, paths and process ids of each container, and containers that say nothing
//! - `leftovers`: what stays in the engine after Ctrl-C and after a kill, and how it goes
//! - `pod`: a pod whose manifest has the agent, with its volumes, variables, users and rights
//! - `project`: what the two share: a folder, an image, and everything removed afterwards

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod account;
mod attributed;
mod compose_project;
mod leftovers;
mod places;
mod pod;
mod project;
mod recipe;
mod stop_cases;
mod stop_table;
