//! Which test ran which line, with the real agent: what a run of many tests says of each is what a run of that test
//! alone records, without attribution.
//!
//! - `shop`: two services, one of which calls the other, under tests that run at the same time
//! - `example`: `examples/shop`, and what the guide shows of it
//! - `kill`: a worker that is killed in the middle
//! - `packages`: the tests of packages from their sources
//! - `phases`: frames that go on for another context
//! - `pools`: workers of pools that run the tasks of several tests in turn
//! - `programs`: programs that tests start
//! - `reached`: what ran for each test, as a data file has it
//! - `project`: a folder in which swath runs

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod example;
mod kill;
mod packages;
mod phases;
mod pools;
mod programs;
mod project;
mod reached;
mod shop;
