//! The vocabulary that swath's crates share: what a process is to a run, how it ended, what went
//! wrong, and whether the number can be trusted.
//!
//! Each of these is a type here and text only where it is shown, so that whoever has to judge a
//! fact judges the fact. This crate reads nothing and prints nothing.

mod agent_state;
mod arc;
mod counting;
mod ending;
mod finding;
mod gap;
mod line_set;
mod message;
mod message_table;
mod no_room;
mod not_measured;
mod orchestrator;
mod place;
mod printable;
mod python_name;
mod python_version;
mod role;
mod signal_name;
mod source_hash;
mod verdict;

pub use agent_state::AgentState;
pub use arc::Arc;
pub use counting::{count, join_and};
pub use ending::Ending;
pub use finding::{
    Finding, FirstProcess, LeftoverCause, NothingMeasured, ProcessName, ServiceLeft,
};
pub use gap::{Gap, GapKind};
pub use line_set::LineSet;
pub use message::{Message, Severity};
pub use message_table::{MESSAGES, MessageEntry, MessageGroup, message_entry, message_examples};
pub use no_room::NoRoom;
pub use not_measured::{NotMeasured, NotMeasuredReason};
pub use orchestrator::Orchestrator;
pub use place::Place;
pub use printable::{neutralize_control, printable};
pub use python_name::is_python_name;
pub use python_version::{ParseVersionError, PythonRelease, PythonVersion};
pub use role::{Counted, Role};
pub use signal_name::signal_name;
pub use source_hash::SourceHash;
pub use verdict::{Completeness, TestsResult, Verdict};
