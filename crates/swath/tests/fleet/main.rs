//! The services of a fleet, an object store between them and the report: real servers, a real S3
//! server, and what may go wrong on the way.
//!
//! - `beside`: tests run here, and the services there
//! - `store`: the S3 server, and a way to it that can be cut
//! - `pods`: folders as the pods of a cluster have them, and the service in them
//! - `whole`: three pods, everything goes wrong that may, and nothing is missing
//! - `missing`: what is missing is said
//! - `scale`: many pods
//! - `engines`: a Swarm of engines of its own
//! - `stage`: the same with images and an object store, for a test
//! - `swarm`: a stack there, which changes while the tests run
//! - `faults`: nodes there that are drained and die, and a store that stops
//! - `services`: services that the tests make there themselves

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod beside;
mod engines;
mod faults;
mod missing;
mod pods;
#[allow(dead_code, reason = "the other tests use the rest of it")]
#[path = "../cli/sandbox.rs"]
mod sandbox;
mod scale;
mod services;
mod stage;
mod store;
mod swarm;
mod whole;
