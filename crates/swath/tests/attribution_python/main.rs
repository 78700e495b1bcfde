//! The Python half of attribution in real servers, clients, frameworks, queues and test runners.
//!
//! The native agent is stood in for by one that keeps a log (`sitecustomize.py`), which tells what ran for which test
//! and which endpoint; programs say where they are with `stand_in.ran(PLACE)`.
//!
//! - `log`: what the stand-in wrote
//! - `stage`: programs that run beside the stand-in
//! - `servers`: servers and frameworks × clients, two tests each
//! - `pools`: tasks of pools of processes
//! - `routes`: routes that frameworks add, and templates that they change
//! - `suites`: test runners, and queues that tests put work into
//! - `browsers`: the requests of a real browser
//! - `package`: every file on every Python, baggage and paths

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod browsers;
mod log;
mod package;
mod pools;
mod routes;
mod servers;
mod stage;
mod suites;
