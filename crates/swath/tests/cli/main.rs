//! The command, run as a user runs it: real services, real tests, real interpreters.
//!
//! - `errors`: what is refused or goes wrong, and how swath says it
//! - `hostile_files`: what a store, a source or a name may not do
//! - `init`: projects that nobody prepared
//! - `leftovers`: what killed runs leave behind, and what is kept beside the checkout
//! - `scarcity`: no space, no inodes, no descriptors
//! - `ci`: what services of continuous integration are given
//! - `doctor`: broken set-ups, and what `swath doctor` says of them
//! - `installed_copy`: a package of the checkout that a service imports from site-packages
//! - `interruption`: Ctrl-C, time-outs, services that do not stop
//! - `stopping`: all of a service is told to stop, and has ended
//! - `readiness`: a service answers itself
//! - `roles`: whose lines count
//! - `sightings`: processes that others than swath can hardly see
//! - `swath_log`: what swath does is written down
//! - `accounting`: every class of process is named
//! - `example`: `examples/xy` against coverage.py's own number, on every Python
//! - `line_tables`: the guard of the analysis
//! - `markers`: the apps under `tests/apps` say which of their lines run
//! - `servers`: gunicorn, uvicorn, multiprocessing and their relatives, line by line
//! - `kill`: SIGKILL at random moments loses nothing
//! - `kubernetes`: manifests in and out, and what fills the volume of a pod
//! - `program`: `swath run PROGRAM`, as `coverage run`
//! - `program_slips`: command lines of `run` that mean something else
//! - `pytest_plugin`: pytest with the plugin of the wheel
//! - `gate`: what the gate says, with and without a table
//! - `settings`: where swath's own settings are found
//! - `twin`: coverage.py's own recipe under swath, both numbers right
//! - `webhook`: what API servers ask, over TLS
//! - `report`: the text report and the data file against coverage.py

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod accounting;
mod ci;
mod doctor;
mod errors;
mod example;
mod gate;
mod hostile_files;
mod init;
mod installed_copy;
mod interruption;
mod kill;
mod kubernetes;
mod leftovers;
mod line_tables;
mod markers;
mod pages;
mod program;
mod program_slips;
mod pytest_plugin;
mod readiness;
mod roles;
mod sandbox;
mod scarcity;
mod servers;
mod settings;
mod sightings;
mod source_packages;
mod stopping;
mod swarm;
mod swarm_services;
mod swath_log;
mod test_names;
mod twin;
mod webhook;
