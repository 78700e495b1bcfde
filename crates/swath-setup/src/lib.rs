//! Looks at a project that nobody prepared: how it is served, how it is tested, what of it is its source. The answer is
//! a [`Proposal`], from which come the settings, a command line, and the files that are still missing ([`FileChange`]).
//!
//! Reads a checkout, and nothing else; writes, starts and prints nothing. What the files say is a guess at what their
//! owner wants: it is shown before it is used, and never replaces what somebody wrote.

mod application;
mod ci;
mod ci_tools;
mod command_line;
mod compose_file;
mod coverage_settings;
mod dependencies;
mod django;
mod file_change;
mod git_ignore;
mod health;
mod ini_edit;
mod line_ends;
mod makefile;
mod procfile;
mod project;
mod proposal;
mod server;
mod source;
mod survey;
mod swath_toml;
mod system_tests;
mod task_runner;
mod written_settings;
mod yaml_text;

pub use ci::CiService;
pub use dependencies::installed_packages;
pub use file_change::{ChangeKind, FileChange, Preparation, prepare};
pub use proposal::{ComposeProposal, Proposal, ServiceProposal};
pub use survey::{Circumstances, propose};
pub use written_settings::WrittenSettings;
