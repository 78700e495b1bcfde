//! One measured run: start the services with the agent injected, wait until they are ready, run
//! the tests, stop the services, gather what was recorded and account for every process.
//!
//! This crate starts, signals and reaps processes and reads `/proc`; it parses no coverage data
//! (that is swath-data's) and prints nothing (that is the command's): what happens is told to an
//! [`Observer`] as it happens.

mod account;
mod command_line;
mod compose;
mod compose_ready;
mod container_account;
mod container_scope;
mod containers;
mod error;
mod event;
mod history;
mod leftover;
mod not_measured;
mod orchestra;
mod ready;
mod reaper;
mod request;
mod role;
mod run_folder;
mod service;
mod signals;
mod spawn;
mod watch;

pub use account::{
    Account, Ending, NotMeasured, NotMeasuredReason, ProcessAccount, account_for_processes,
};
pub use command_line::test_runners;
pub use container_account::{ContainerAccount, ContainerEnd, ContainerRun, Judged};
pub use containers::{Containers, rescue_killed_runs, running_before};
pub use error::RunError;
pub use event::{Observer, RunEvent};
pub use history::RunHistory;
pub use leftover::{LeftoverRun, leftovers};
pub use orchestra::{Interruption, RunOutcome, TestEnd, execute};
pub use request::{ComposeRequest, RunRequest, Scope, signal_name};
pub use role::{Counted, Role, roles_of, roles_of_killed};
pub use run_folder::RunFolder;
pub use signals::survive_file_size_limit;
pub use swath_docker::ContainerNote;
