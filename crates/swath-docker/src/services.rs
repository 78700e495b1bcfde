//! The services of a Swarm that are made or changed through the proxy: the engine makes the containers
//! of their tasks itself, so the service is what gets the agent. See `docs/decisions/023-swarm.md`.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};
use swath_manifest::{AgentConfig, SpecificationError, TaskAddition, TaskVolume};
use swath_model::{Orchestrator, ServiceLeft};

use crate::create::{
    Injection, RUN_LABEL, VOLUME_LABEL, add_variables, free_mount, mounts_engine_socket,
};
use crate::endpoint::Endpoint;
use crate::engine::{Content, Engine, escape};
use crate::error::EngineError;
use crate::owner::{OWNER_LABEL, remove_config};
use crate::part::ServicePart;
use crate::patience::Limits;
use crate::place::ContainerPlace;
use crate::python::Carrier;
use crate::record::{ContainerNote, ContainerRecord};
use crate::service::{
    CONTAINER, Carried, as_container, carried_by, clean_specification, for_service,
    makes_same_tasks, own_name, with_tasks_of,
};
use crate::session::{ImageKind, Session, locked};
use crate::shipped::{Shipped, ShippedTasks};
use crate::tasks_volume::TasksVolume;

/// So long, tasks that a Swarm ends may take to end: it kills them after ten seconds, if nobody said
/// otherwise.
pub(crate) const LONGEST_END: Duration = Duration::from_secs(30);
/// How often that is looked at.
pub(crate) const LOOK: Duration = Duration::from_millis(100);

/// A file of the agent as a config of a Swarm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskConfig {
    /// What a service says of it.
    pub config: AgentConfig,
    /// What it holds.
    pub content: Vec<u8>,
}

/// The agent as configs of a Swarm's services.
#[derive(Clone)]
pub struct TaskConfigs(Arc<ConfigsOf>);

type ConfigsOf = dyn Fn(&ContainerPlace, &str) -> Vec<TaskConfig> + Send + Sync;

impl fmt::Debug for TaskConfigs {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("TaskConfigs")
    }
}

impl TaskConfigs {
    /// Those that a function makes for a place, whose tasks have their folders below the one that it is
    /// given, in one of the run's name.
    pub fn new(
        configs: impl Fn(&ContainerPlace, &str) -> Vec<TaskConfig> + Send + Sync + 'static,
    ) -> TaskConfigs {
        TaskConfigs(Arc::new(configs))
    }
}

/// What is known of the services of a run.
#[derive(Debug, Default)]
pub(crate) struct Services {
    /// The volume that their tasks record into, once it is there.
    pub(crate) volume: Option<TasksVolume>,
    /// The Swarm's ids of the configs with the agent, by their names.
    pub(crate) configs: BTreeMap<String, String>,
    /// Those that got the agent and whose tasks are here, by their names.
    pub(crate) measured: BTreeMap<String, KnownService>,
    /// Those whose tasks are on several nodes.
    pub(crate) shipped: Shipped,
}

/// What is known of a service that got the agent.
#[derive(Debug, Clone)]
pub(crate) struct KnownService {
    /// Its name as its stack file has it.
    pub(crate) own: String,
    /// What all of its tasks have in common.
    pub(crate) record: ContainerRecord,
}

impl KnownService {
    /// What its tasks are part of.
    pub(crate) fn part(&self) -> ServicePart {
        ServicePart {
            orchestrator: Orchestrator::Swarm,
            service: self.own.clone(),
            compose: None,
        }
    }
}

/// A service that is to be made or changed.
pub(crate) struct PreparedService {
    pub(crate) specification: Value,
    /// Its name, if this is the first that is done to it.
    new: Option<String>,
}

impl Services {
    /// Whether a service got the agent.
    fn is_measured(&self, service: &str) -> bool {
        let mut shipped = self.shipped.names();
        self.measured.contains_key(service) || shipped.any(|name| name == service)
    }

    /// Whether nothing was made for any.
    pub(crate) fn is_empty(&self) -> bool {
        self.volume.is_none() && self.configs.is_empty() && self.shipped.is_empty()
    }
}

impl Session {
    /// Puts the agent into a service; `None` leaves it as it is. `there` is the one that is changed.
    pub(crate) fn prepare_service(
        &self,
        mut specification: Value,
        there: Option<&str>,
    ) -> Result<Option<PreparedService>, EngineError> {
        // What a client read before the run began may hold the agent of an earlier one.
        clean_specification(&mut specification);
        let now = there
            .map(|there| self.specification_of(there))
            .transpose()?;
        let now = now.flatten();
        if let Some(now) = &now
            && let Carried::Proxy { run } = carried_by(now)
            && makes_same_tasks(now, &specification)
        {
            if run == self.delivery.run {
                self.refill_volume_of_tasks();
            } else {
                let name = specification["Name"].as_str().unwrap_or_default();
                self.left(name, ServiceLeft::Before);
            }
            return Ok(Some(PreparedService {
                specification: with_tasks_of(specification, now),
                new: None,
            }));
        }
        let Some((kind, nodes)) = self.needs_agent_in(&specification, now.as_ref())? else {
            return Ok(None);
        };
        let service = specification["Name"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        let own = own_name(&specification).unwrap_or_default().to_owned();
        let container = specification.pointer(CONTAINER).unwrap_or(&Value::Null);
        let image_name = container["Image"].as_str().unwrap_or_default().to_owned();
        let request = as_container(container);
        if mounts_engine_socket(&request) {
            let container = service.clone();
            self.note(ContainerNote::EngineSocket { container });
        }
        let image = self.engine.image(&image_name)?;
        let mut record = ContainerRecord {
            image_id: image["Id"].as_str().unwrap_or(&image_name).to_owned(),
            image: image_name,
            place: ContainerPlace::of(&request, &image),
            mount: free_mount(&request, &image),
            ..ContainerRecord::default()
        };
        if record.place.rcfile.is_some() {
            let carrier = Carrier::create(&self.engine, &record.image_id, &self.owner, None)?;
            self.read_rcfile(&mut record, &carrier);
        }
        let is_shipped = nodes > 1;
        let here = if is_shipped {
            self.make_shipping_service()?;
            None
        } else {
            Some(self.volume_of_tasks(&record.image_id)?)
        };
        let volume = here
            .as_deref()
            .map_or(TaskVolume::OfNodes, TaskVolume::Named);
        volume.name().clone_into(&mut record.volume);
        if let Err(error) = self.add_agent(&mut specification, &service, &record, volume)? {
            let what = error.to_string();
            self.left(&service, ServiceLeft::Failed { what });
            return Ok(None);
        }
        if let Some(container) = specification.pointer_mut(CONTAINER) {
            let (inject, preload) = self.way_into(kind);
            let injection = Injection {
                inject,
                preload,
                run: &self.delivery.run,
                volume: &record.volume,
                mount: record.mount,
                service: &own,
            };
            add_variables(container, &for_service(&image), &injection);
        }
        tracing::debug!("the service {service} gets the agent at {}", record.mount);
        // Its first task may be there before the answer is.
        let mut services = locked(&self.services);
        let known = KnownService { own, record };
        let before = if is_shipped {
            services.shipped.add(&service, known)
        } else {
            services.measured.insert(service.clone(), known).is_some()
        };
        Ok(Some(PreparedService {
            specification,
            new: (!before).then_some(service),
        }))
    }

    /// Adds all but the variables.
    fn add_agent(
        &self,
        specification: &mut Value,
        service: &str,
        record: &ContainerRecord,
        volume: TaskVolume<'_>,
    ) -> Result<Result<(), SpecificationError>, EngineError> {
        let run = self.delivery.run.as_str();
        let mut addition = TaskAddition {
            // Of two stacks each may have a service of this name, so it is not that of its file.
            service,
            run,
            folder: record.mount,
            volume,
            configs: &[],
        };
        let configs = (self.delivery.configs.0)(&record.place, &addition.tasks());
        let configs = self.make_configs(configs, volume)?;
        let names: Vec<AgentConfig> = configs.iter().map(|(config, _)| config.clone()).collect();
        addition.configs = &names;
        let id_of = |wanted: &AgentConfig| {
            let mut all = configs.iter();
            let (_, id) = all.find(|(config, _)| config.key == wanted.key)?;
            Some(id.clone())
        };
        let marks = [(RUN_LABEL, run), (VOLUME_LABEL, volume.name())];
        Ok(addition.add_to_specification(specification, &id_of, &marks))
    }

    /// Whether a service, which may be there `now`, needs the agent and can have it; what is in its image, if so, and how many nodes
    /// its Swarm has. One that needs it and cannot is named.
    fn needs_agent_in(
        &self,
        specification: &Value,
        now: Option<&Value>,
    ) -> Result<Option<(ImageKind, usize)>, EngineError> {
        let container = specification.pointer(CONTAINER);
        let image_name = container.and_then(|container| container["Image"].as_str());
        let (Some(image_name), Some(service)) = (image_name, specification["Name"].as_str()) else {
            return Ok(None);
        };
        if let Carried::StackFile { run } = carried_by(specification) {
            if !self.delivery.is_beside_fleet {
                self.left(service, ServiceLeft::OtherRun { run });
            }
            return Ok(None);
        }
        let image = match self.engine.image(image_name) {
            Ok(image) => Some(image),
            // It may be on other nodes, or come with the first task.
            Err(error) if error.is_not_found() => None,
            Err(error) => return Err(error),
        };
        let kind = image.as_ref().map(|image| self.kind_of(image));
        let kind = kind.transpose()?;
        if kind.is_some_and(|kind| !kind.holds_python) {
            return Ok(None);
        }
        let nodes = nodes(&self.engine)?;
        if nodes == 0 {
            // The engine says so to the client.
            return Ok(None);
        }
        if nodes > 1 && self.delivery.shipping.is_none() {
            self.left(service, ServiceLeft::SeveralNodes { nodes });
            return Ok(None);
        }
        let (Some(kind), Some(image)) = (kind, image) else {
            let image = image_name.to_owned();
            self.left(service, ServiceLeft::NoImage { image });
            return Ok(None);
        };
        if !self.agent_runs_in(kind, &image, image_name) {
            return Ok(None);
        }
        if let Some(now) = now
            && carried_by(now) == Carried::None
            && makes_same_tasks(now, specification)
        {
            // To add the agent would replace tasks that only get more, or fewer, beside them.
            self.left(service, ServiceLeft::Before);
            return Ok(None);
        }
        Ok(Some((kind, nodes)))
    }

    /// The engine did not make or change the service.
    pub(crate) fn service_refused(&self, prepared: &PreparedService) {
        if let Some(service) = &prepared.new {
            let mut services = locked(&self.services);
            services.measured.remove(service);
            services.shipped.remove(service);
        }
    }

    /// A service is to be again what it was before it was last changed.
    pub(crate) fn service_goes_back(&self, service: &str) -> Result<(), EngineError> {
        let description = self.describe_service(service)?;
        let before = description.as_ref().map(|one| &one["PreviousSpec"]);
        if let Some(before) = before.filter(|before| before.is_object())
            && !self.is_ours(before)
            && self.needs_agent_in(before, None)?.is_some()
        {
            let name = before["Name"].as_str().unwrap_or(service);
            self.left(name, ServiceLeft::Before);
        }
        Ok(())
    }

    /// A service is to be removed: its tasks are taken note of before their manager forgets them, and what
    /// is wrong with it before nobody can see that any more.
    pub(crate) fn service_ends(&self, service: &str) {
        if self.is_empty() {
            return;
        }
        self.find_tasks();
        self.look_at_shipped_tasks(&self.engine);
        match self.specification_of(service) {
            Ok(Some(now)) if !self.is_ours(&now) => {
                let name = now["Name"].as_str().unwrap_or(service);
                if locked(&self.services).is_measured(name) {
                    // The Swarm itself may have gone back to what was before.
                    self.left(name, ServiceLeft::Before);
                }
            }
            Ok(_) => {}
            Err(error) => self.failed_unless_silent("what became of a service", &error),
        }
    }

    /// Says why a service is not measured.
    pub(crate) fn left(&self, service: &str, left: ServiceLeft) {
        self.note(ContainerNote::ServiceNotInjected {
            service: service.to_owned(),
            left,
        });
    }

    /// Whether a service carries the agent of this run.
    fn is_ours(&self, specification: &Value) -> bool {
        let run = self.delivery.run.clone();
        carried_by(specification) == Carried::Proxy { run }
    }

    pub(crate) fn describe_service(&self, service: &str) -> Result<Option<Value>, EngineError> {
        let target = format!("/services/{}", escape(service));
        match self.engine.json("GET", &target, &Content::Nothing) {
            Ok(description) => Ok(Some(description)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn specification_of(&self, service: &str) -> Result<Option<Value>, EngineError> {
        let description = self.describe_service(service)?;
        Ok(description.map(|mut description| description["Spec"].take()))
    }

    /// Gives the Swarm the configs that it does not have yet; each with its id there.
    fn make_configs(
        &self,
        configs: Vec<TaskConfig>,
        volume: TaskVolume<'_>,
    ) -> Result<Vec<(AgentConfig, String)>, EngineError> {
        let mut services = locked(&self.services);
        // The volume of nodes has the name that every run gives it.
        let first = match volume {
            TaskVolume::Named(name) => name.to_owned(),
            TaskVolume::OfNodes => format!("{}-{}", volume.name(), self.delivery.run),
        };
        let made = configs.into_iter().map(
            |TaskConfig {
                 mut config,
                 content,
             }| {
                config.key = format!("{first}-{}", config.key.trim_start_matches("swath-"));
                if let Some(id) = services.configs.get(&config.key) {
                    return Ok((config, id.clone()));
                }
                let mut request = json!({
                    "Name": config.key,
                    "Labels": {OWNER_LABEL: self.owner},
                    "Data": BASE64.encode(&content),
                });
                if config.is_template {
                    request["Templating"] = json!({"Name": "golang"});
                }
                let content = Content::Json(&request);
                let answer = self.engine.json("POST", "/configs/create", &content)?;
                let id = answer["ID"].as_str().unwrap_or_default().to_owned();
                services.configs.insert(config.key.clone(), id.clone());
                Ok((config, id))
            },
        );
        made.collect()
    }

    /// The end of what was made for services: what is still there works on, unmeasured. What ships goes on
    /// shipping until all was fetched, in the hands of whoever fetches it. The second answer is whether
    /// something stays in the engine that could not be read.
    pub(crate) fn leave_services(&self) -> (Option<ShippedTasks>, bool) {
        let mut services = std::mem::take(&mut *locked(&self.services));
        if let Ok(nodes) = nodes(&self.engine)
            && nodes > 1
        {
            // Nobody looked at the tasks of one that joined meanwhile.
            for service in services.measured.keys() {
                self.left(service, ServiceLeft::SeveralNodes { nodes });
            }
        }
        let mut stays = false;
        for service in services.measured.keys().chain(services.shipped.names()) {
            match self.specification_of(service) {
                Ok(Some(now)) => {
                    stays = true;
                    if !self.is_ours(&now) {
                        // The Swarm itself may have gone back to what was before.
                        self.left(service, ServiceLeft::Before);
                    }
                }
                Ok(None) => {}
                Err(error) => {
                    stays = true;
                    self.failed_unless_silent("what became of a service", &error);
                }
            }
        }
        tell_apart(
            services
                .measured
                .iter_mut()
                .chain(services.shipped.services_mut()),
        );
        let keeps_volume = services
            .volume
            .as_ref()
            .is_some_and(|volume| self.leave_volume_of_tasks(volume, &services.measured, stays));
        for record in locked(&self.records).values_mut() {
            let service = record.task.as_ref().map(|task| &task.service);
            if let Some(known) = service.and_then(|service| services.measured.get(service)) {
                record.part_of = Some(known.part());
            }
        }
        if services.shipped.is_empty() {
            // Of those that a service still has, the Swarm keeps all.
            for id in services.configs.values() {
                remove_config(&self.engine, id);
            }
            return (None, keeps_volume);
        }
        let configs = services.configs.into_values().collect();
        (self.hand_over(services.shipped, configs), keeps_volume)
    }
}

/// Services of one name in several stacks are known by the names that the Swarm has of them.
fn tell_apart<'s>(services: impl Iterator<Item = (&'s String, &'s mut KnownService)>) {
    let mut of_name: BTreeMap<String, Vec<(&String, &mut KnownService)>> = BTreeMap::new();
    for (service, known) in services {
        let alike = of_name.entry(known.own.clone()).or_default();
        alike.push((service, known));
    }
    for alike in of_name.into_values().filter(|alike| alike.len() > 1) {
        for (service, known) in alike {
            known.own.clone_from(service);
        }
    }
}

/// How many nodes the Swarm has that the engine there manages; none if it manages none, or does not answer.
pub fn nodes_of_swarm(endpoint: &Endpoint) -> usize {
    let engine = Engine::new(endpoint.clone(), Limits::default());
    engine.patience.end();
    nodes(&engine).unwrap_or(0)
}

/// How many nodes the Swarm has that an engine manages; none if it manages none.
fn nodes(engine: &Engine) -> Result<usize, EngineError> {
    let info = engine.json("GET", "/info", &Content::Nothing)?;
    let swarm = &info["Swarm"];
    if swarm["ControlAvailable"].as_bool() != Some(true) {
        return Ok(0);
    }
    let nodes = swarm["Nodes"].as_u64().unwrap_or(1);
    Ok(usize::try_from(nodes).unwrap_or(usize::MAX))
}
