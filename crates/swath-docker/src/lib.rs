//! The Docker API proxy, and the volumes that carry the agent in and the data out: the only crate
//! that speaks to an engine.
//!
//! A [`Proxy`] listens on a unix socket of the run's own and passes every request through; only
//! the creation of a container whose image holds a Python is rewritten, so that the container
//! carries the agent. What the containers recorded is gathered when they die and at the end.
//! Everything that swath makes in the engine bears a label that names the process it belongs to.

mod commit;
mod config_hash;
mod contact;
mod create;
mod endpoint;
mod engine;
mod error;
mod events;
mod exchange;
mod local_processes;
mod message;
mod owner;
mod pace;
mod part;
mod patience;
mod place;
mod place_files;
mod processes;
mod project;
mod proxy;
mod python;
mod record;
mod route;
mod service;
mod services;
mod session;
mod shipped;
mod source;
mod stream;
mod tasks;
mod tasks_volume;
mod time;
mod traces;
mod volume;

pub use create::{agent_folders, leads_to_agent};
pub use endpoint::Endpoint;
pub use error::EngineError;
pub use part::ServicePart;
pub use patience::Limits;
pub use place::{ContainerPlace, PlaceFile, Variables};
pub use place_files::PlaceFiles;
pub use project::{ContainerState, ProjectContainer, ProjectView};
pub use proxy::{Gathered, GiveUp, Proxy, remove_leftovers_of_killed_runs};
pub use record::{ContainerExit, ContainerNote, ContainerRecord, SeenProcess};
pub use services::{TaskConfig, TaskConfigs, nodes_of_swarm};
pub use session::{Delivery, SettingsOf};
pub use shipped::{ShippedTask, ShippedTasks, Shipping, has_run};
pub use source::read_source;
pub use volume::AgentFile;
