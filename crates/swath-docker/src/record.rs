//! What is known of the containers of a run.

use std::path::PathBuf;
use std::time::Duration;

use swath_model::{Orchestrator, ServiceLeft};

use crate::part::ServicePart;
use crate::place::ContainerPlace;

/// How a container ended, in the engine's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContainerExit {
    /// The exit code of its first process.
    pub code: i64,
    /// Whether the kernel killed a process of it for want of memory.
    pub out_of_memory: bool,
    /// The signals that it was sent through the engine since it was started, in their order.
    pub signals: Vec<i64>,
    pub(crate) time: i64,
}

/// A process that ran in a container, as the engine's machine lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenProcess {
    /// Its process id on the engine's machine.
    pub pid: u32,
    /// Its command line, its words joined by spaces.
    pub command: String,
    /// For how long it had run when it was last seen.
    pub seconds: u64,
    /// Its `PYTHONPATH`, empty if it has none; `None` where its environment could not be read.
    pub python_path: Option<String>,
    /// Whether its environment was read when it began, and nothing in it leads to the agent.
    pub lacks_agent: bool,
}

/// A container that was created with the agent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct ContainerRecord {
    /// The engine's id.
    pub id: String,
    /// Its name, without a slash.
    pub name: String,
    /// What it is part of: a service of Compose or Swarm, a container of a pod.
    pub part_of: Option<ServicePart>,
    /// The image as the request named it.
    pub image: String,
    /// Created by `docker-compose run`.
    pub one_off: bool,
    /// Somebody attached to it: it runs in the foreground.
    pub attached: bool,
    /// Its command line: path and arguments of its first process.
    pub command: Vec<String>,
    /// Whether the engine puts an init before its first process.
    pub init: bool,
    /// The words of its health check; empty when it has none.
    pub health_check: Vec<String>,
    /// Its circumstances.
    pub place: ContainerPlace,
    /// Where its hit stores are.
    pub data: PathBuf,
    /// How it ended, each time.
    pub exits: Vec<ContainerExit>,
    /// Whether it ran when the run ended.
    pub running: bool,
    /// Why its data could not be gathered, if it could not.
    pub problem: Option<String>,
    /// Whether each agent that did not work in it could say so.
    pub failures_are_noted: bool,
    /// Whether it ran where no engine of this run is.
    pub is_elsewhere: bool,
    /// The processes that were seen in it, each once.
    pub seen: Vec<SeenProcess>,
    pub(crate) image_id: String,
    pub(crate) volume: String,
    pub(crate) mount: &'static str,
    /// The task of a Swarm that it is, if it is one.
    pub(crate) task: Option<TaskOf>,
    /// Where its hit stores are in the volume, if not in a folder of the volume's own.
    pub(crate) stored_in: Option<String>,
    pub(crate) started: bool,
    pub(crate) gathered: bool,
    pub(crate) removed: bool,
    pub(crate) signals: Vec<i64>,
    pub(crate) out_of_memory: bool,
}

/// A task of a Swarm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TaskOf {
    /// The Swarm's id.
    pub(crate) id: String,
    /// Its name: that of its folder in the volume.
    pub(crate) name: String,
    /// Its service, as the Swarm has it.
    pub(crate) service: String,
}

impl ContainerRecord {
    /// A container that ran where no engine of this run is: what is known of it is set afterwards.
    pub fn elsewhere(id: String, name: String, image: String) -> ContainerRecord {
        ContainerRecord {
            id,
            name,
            image_id: image.clone(),
            image,
            started: true,
            is_elsewhere: true,
            ..ContainerRecord::default()
        }
    }

    /// The name under which people know it: that of its service, else its own.
    pub fn service(&self) -> &str {
        self.part_of
            .as_ref()
            .map_or(self.name.as_str(), |part| part.service.as_str())
    }

    /// Whose words describe how it is set up.
    pub fn orchestrator(&self) -> Orchestrator {
        self.part_of
            .as_ref()
            .map_or(Orchestrator::Engine, |part| part.orchestrator)
    }

    /// Whether both are made of one image and see the same folders of this machine.
    pub fn has_files_of(&self, other: &ContainerRecord) -> bool {
        self.image_id == other.image_id && self.place.mounts == other.place.mounts
    }

    /// Whether anything ran in it.
    pub fn has_run(&self) -> bool {
        self.started
    }

    /// Whether it ran in the foreground of something: `docker run` without `-d`, `compose run`.
    pub fn in_foreground(&self) -> bool {
        self.one_off || (self.part_of.is_none() && self.attached)
    }
}

/// Something about containers that a reader of the number must know.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum ContainerNote {
    /// It was started, and had been created without the agent of this run.
    NotInjected {
        /// Its name.
        container: String,
    },
    /// The tasks of a service that was made or changed do not carry the agent.
    ServiceNotInjected {
        /// Its name.
        service: String,
        /// Why.
        left: ServiceLeft,
    },
    /// It was given the engine's socket: what it starts goes past the proxy.
    EngineSocket {
        /// Its name or image.
        container: String,
    },
    /// A command named an engine of its own, and what it started went past the proxy.
    AroundProxy {
        /// The command.
        command: String,
    },
    /// Its image is for another machine than the agent.
    OtherPlatform {
        /// The image.
        image: String,
        /// Its platform.
        platform: String,
    },
    /// The engine, if the run used it at all, could not be reached through a proxy.
    EngineUnusable {
        /// Why, and what to do.
        what: String,
    },
    /// The engine took a request and did not answer it, and was not waited for any longer.
    EngineSilent {
        /// Where the engine is.
        endpoint: String,
        /// What it was asked: `` `GET /events` ``.
        request: String,
        /// For how long it was waited for.
        waited: Duration,
    },
    /// An image that was made of a container keeps the names of what the container was given.
    TraceInImage {
        /// The image.
        image: String,
    },
    /// Something failed that needs saying.
    Failed {
        /// What, and why.
        what: String,
    },
    /// A volume stays in the engine, because a container that was not removed refers to it.
    VolumeStays {
        /// The container's name.
        container: String,
        /// The volume.
        volume: String,
    },
}
