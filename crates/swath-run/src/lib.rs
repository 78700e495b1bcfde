//! One measured run, from a [`RunRequest`] to a [`FinishedRun`], here or in a fleet. It prints nothing:
//! an [`Observer`] hears what happens, and what went wrong is a [`swath_model::Finding`].

mod account;
mod agent_settings;
mod command_line;
mod compose;
mod container;
mod current_test;
mod data_file;
mod error;
mod event;
mod finish;
mod finished_run;
mod fleet;
mod history;
mod inject;
mod installed_copy;
mod kinship;
mod left_out;
mod leftover;
mod measurement;
mod not_measured;
mod orchestra;
mod place;
mod plan;
mod plugins;
mod preflight;
mod proc_file;
mod process_table;
mod program_file;
mod python_question;
mod readiness;
mod ready;
mod reaper;
mod report;
mod request;
mod role;
mod run_folder;
mod service;
mod settings;
mod signals;
mod socket_owner;
mod source_hints;
mod spawn;
mod stopping;
mod tests_result;
mod tool_command;
mod unseen_service;
mod watch;

pub use account::json::{account_json, account_schema, error_account_json};
pub use account::{Account, ProcessAccount};
pub use command_line::test_runners;
pub use compose::request::ComposeOptions;
pub use container::{ContainerAccount, ContainerEnd, rescue_killed_runs};
pub use current_test::{CurrentTestError, tell_current_test};
pub use data_file::{SavedData, beside};
pub use error::RunError;
pub use event::{Observer, RunEvent};
pub use finish::run;
pub use finished_run::{FinishedRun, NotSaved};
pub use fleet::{
    Cluster, ExpectedInstances, FleetEngine, FleetRequest, GatherError, PodContainer, PodVolume,
    PodVolumeError, Stack, TaskAgent, TaskFile, gather, own_packages,
};
pub use history::RunHistory;
pub use leftover::{LeftoverRun, leftovers};
pub use orchestra::{Interruption, TestEnd, serve};
pub use plan::{FileWishes, Plan, PlanError, ServiceOptions, duration, plan};
pub use plugins::{PluginChoice, PluginError, Plugins, first_on_path};
pub use python_question::{Answer, QuestionError, ask};
pub use report::ReportError;
pub use request::{ComposeRequest, Output, RunKind, RunRequest, Scope, Shipping};
pub use role::roles_of_killed;
pub use settings::{
    Settings, SettingsError, SettingsOverrides, rcfile_of_services, twin_of_services,
};
pub use signals::{Waiting, survive_file_size_limit};
pub use swath_agent::Inject;
