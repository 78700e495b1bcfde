//! Services whose tasks are on several nodes of a Swarm, which nobody here can look at: one more service
//! ships what they record, and their manager says which of them ran.

use std::collections::BTreeMap;
use std::time::Instant;

use serde_json::{Value, json};
use swath_manifest::{SERVICE_LABEL, STACK_RUN_LABEL, ShippingService};

use crate::engine::{Content, Engine, escape};
use crate::error::EngineError;
use crate::owner::{OWNER_LABEL, remove_config};
use crate::record::ContainerRecord;
use crate::service::CONTAINER;
use crate::services::{KnownService, LONGEST_END, LOOK};
use crate::session::{Session, locked};

/// Where the service that ships has what is swath's.
const FOLDER: &str = "/swath";

/// What ships the records of tasks that are on several nodes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shipping {
    /// The image that holds swath, which every node can get.
    pub image: String,
    /// Where it ships to: the run has a folder there.
    pub store: String,
    /// The secret of the Swarm with the variables of the store.
    pub store_secret: Option<String>,
}

impl Shipping {
    /// A run's address in the store.
    pub fn address(&self, run: &str) -> String {
        self.service(run).address()
    }

    /// The service that ships for a run.
    fn service<'a>(&'a self, run: &'a str) -> ShippingService<'a> {
        ShippingService {
            image: &self.image,
            run,
            store: &self.store,
            store_secret: self.store_secret.as_deref(),
            folder: FOLDER,
        }
    }
}

/// A task that a manager told of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ShippedTask {
    /// Its name, without its id.
    pub name: String,
    /// Whether its container has run.
    pub has_run: bool,
    /// What the Swarm says that was wrong with it.
    pub trouble: Option<String>,
}

/// What a run's tasks on several nodes shipped, to be fetched from its store.
#[derive(Debug)]
pub struct ShippedTasks {
    /// The run's address in the store.
    pub address: String,
    /// The tasks that there were, by the Swarm's ids.
    pub tasks: BTreeMap<String, ShippedTask>,
    /// What is known of the services beforehand, by the names under which they record: those that the
    /// Swarm has of them.
    pub services: BTreeMap<String, ContainerRecord>,
    /// Why tasks may be missing here, if they may.
    pub problem: Option<String>,
    engine: Engine,
    shipping_service: String,
    configs: Vec<String>,
}

/// What is known of such services while the run goes on.
#[derive(Debug, Default)]
pub(crate) struct Shipped {
    /// The Swarm's id of the service that ships.
    service: Option<String>,
    /// The services, by the names that the Swarm has of them.
    services: BTreeMap<String, KnownService>,
    tasks: BTreeMap<String, ShippedTask>,
    problem: Option<String>,
}

impl Shipped {
    /// Adds a service; whether it was known.
    pub(crate) fn add(&mut self, service: &str, known: KnownService) -> bool {
        self.services.insert(service.to_owned(), known).is_some()
    }

    pub(crate) fn remove(&mut self, service: &str) {
        self.services.remove(service);
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &String> {
        self.services.keys()
    }

    pub(crate) fn services_mut(&mut self) -> impl Iterator<Item = (&String, &mut KnownService)> {
        self.services.iter_mut()
    }

    /// Whether there is nothing to fetch, and nothing that ships.
    pub(crate) fn is_empty(&self) -> bool {
        self.service.is_none()
    }
}

impl Session {
    /// Makes the service that ships, if it is not there.
    pub(crate) fn make_shipping_service(&self) -> Result<(), EngineError> {
        let Some(shipping) = &self.delivery.shipping else {
            return Ok(());
        };
        let mut services = locked(&self.services);
        if services.shipped.service.is_some() {
            return Ok(());
        }
        let secret = shipping.store_secret.as_deref();
        let id_of = |name: &str| {
            let target = format!("/secrets/{}", escape(name));
            let secret = self.engine.json("GET", &target, &Content::Nothing)?;
            Ok::<_, EngineError>(secret["ID"].as_str().unwrap_or_default().to_owned())
        };
        let secret = secret.map(id_of).transpose()?;
        let run = &self.delivery.run;
        let name = format!("{}-{run}", swath_manifest::SHIP_SERVICE);
        let mut specification = shipping
            .service(run)
            .specification(&name, run, secret.as_deref());
        // Nobody but swath sees it, or its tasks.
        specification["Labels"][OWNER_LABEL] = json!(self.owner);
        if let Some(container) = specification.pointer_mut(CONTAINER) {
            container["Labels"][OWNER_LABEL] = json!(self.owner);
        }
        let content = Content::Json(&specification);
        let made = self.engine.json("POST", "/services/create", &content)?;
        services.shipped.service = made["ID"].as_str().map(str::to_owned);
        Ok(())
    }

    /// Takes note of the tasks that there are on all nodes: the Swarm keeps the last of each place of a
    /// service only.
    pub(crate) fn look_at_shipped_tasks(&self, engine: &Engine) {
        if locked(&self.services).shipped.is_empty() {
            return;
        }
        let label = format!("{STACK_RUN_LABEL}={}", self.delivery.run);
        let filter = escape(&json!({"label": [label]}).to_string());
        let target = format!("/tasks?filters={filter}");
        let answer = engine.json("GET", &target, &Content::Nothing);
        let shipped = &mut locked(&self.services).shipped;
        match answer {
            Ok(tasks) => {
                let own = shipped.service.clone().unwrap_or_default();
                let tasks = tasks.as_array().into_iter().flatten();
                for task in tasks.filter(|task| task["ServiceID"] != own.as_str()) {
                    let (id, now) = read_task(task);
                    let known = shipped.tasks.entry(id).or_default();
                    known.has_run |= now.has_run;
                    if !now.name.is_empty() {
                        known.name = now.name;
                    }
                    known.trouble = now.trouble.or(known.trouble.take());
                }
                shipped.problem = None;
            }
            Err(error) => shipped.problem = Some(error.to_string()),
        }
    }

    /// Waits for tasks on other nodes that their Swarm is ending: what they run while they do is shipped.
    pub(crate) fn wait_for_ending_shipped_tasks(&self) {
        let begun = Instant::now();
        loop {
            self.look_at_shipped_tasks(&self.engine);
            let ids: Vec<String> = {
                let shipped = &locked(&self.services).shipped;
                let ran = shipped.tasks.iter().filter(|(_, task)| task.has_run);
                ran.map(|(id, _)| id.clone()).collect()
            };
            let is_waited_for = ids.iter().any(|id| self.still_ends(id));
            if !is_waited_for || begun.elapsed() >= LONGEST_END {
                return;
            }
            std::thread::sleep(LOOK);
        }
    }

    /// Whether a task is to end, and has not. One that the manager has forgotten has ended.
    fn still_ends(&self, task: &str) -> bool {
        let target = format!("/tasks/{}", escape(task));
        let Ok(task) = self.engine.json("GET", &target, &Content::Nothing) else {
            return false;
        };
        if task["Status"]["State"] != "running" {
            return false;
        }
        let wanted = task["DesiredState"].as_str().unwrap_or_default();
        let service = task["ServiceID"].as_str().unwrap_or_default();
        ["shutdown", "remove"].contains(&wanted)
            || matches!(self.describe_service(service), Ok(None))
    }

    /// What is to be fetched, for whoever does.
    pub(crate) fn hand_over(&self, shipped: Shipped, configs: Vec<String>) -> Option<ShippedTasks> {
        let shipping = self.delivery.shipping.as_ref()?;
        Some(ShippedTasks {
            address: shipping.address(&self.delivery.run),
            tasks: shipped.tasks,
            services: (shipped.services.into_iter())
                .map(|(service, known)| {
                    let part_of = Some(known.part());
                    let record = ContainerRecord {
                        part_of,
                        ..known.record
                    };
                    (service, record)
                })
                .collect(),
            problem: shipped.problem,
            // Whoever ends the proxy gives up all that is asked by way of it.
            engine: self.engine.apart(),
            shipping_service: shipped.service?,
            configs,
        })
    }
}

impl ShippedTasks {
    /// Removes what ships, once all is fetched.
    pub fn remove(self) {
        if let Err(error) = remove_service(&self.engine, &self.shipping_service) {
            tracing::debug!("the service that ships stays: {error}");
        }
        for id in &self.configs {
            remove_config(&self.engine, id);
        }
    }
}

/// Removes a service.
pub(crate) fn remove_service(engine: &Engine, id: &str) -> Result<(), EngineError> {
    let target = format!("/services/{}", escape(id));
    match engine.ask("DELETE", &target, &Content::Nothing) {
        Err(error) if !error.is_not_found() => Err(error),
        _ => Ok(()),
    }
}

/// Whether the container of a task has run, as its manager tells: its state, and what was wrong with it.
pub fn has_run(state: &str, problem: &str) -> bool {
    match state.to_ascii_lowercase().as_str() {
        "running" | "complete" => true,
        // What failed may not have got so far.
        "failed" => !problem.starts_with("starting container failed"),
        _ => false,
    }
}

/// The name of a task, without its id.
pub(crate) fn name_of_task(task: &Value) -> String {
    let service = task["Spec"]["ContainerSpec"]["Labels"][SERVICE_LABEL].as_str();
    let place = match task["Slot"].as_u64() {
        Some(slot) if slot > 0 => slot.to_string(),
        _ => task["NodeID"].as_str().unwrap_or_default().to_owned(),
    };
    format!("{}.{place}", service.unwrap_or_default())
}

/// A task, by its id, as its manager describes it.
fn read_task(task: &Value) -> (String, ShippedTask) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let status = &task["Status"];
    let problem = text(&status["Err"]);
    let state = status["State"].as_str().unwrap_or_default();
    let seen = ShippedTask {
        name: name_of_task(task),
        has_run: has_run(state, &problem),
        trouble: Some(problem).filter(|problem| !problem.is_empty()),
    };
    (text(&task["ID"]), seen)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_has_run_if_its_container_has() {
        let told = |state: &str, problem: &str| {
            let (id, task) = read_task(&json!({
                "ID": "t1", "Slot": 2, "Status": {"State": state, "Err": problem},
                "Spec": {"ContainerSpec": {"Labels": {"swath.dev/injected": "web"}}},
            }));
            assert_eq!((id.as_str(), task.name.as_str()), ("t1", "web.2"));
            (task.has_run, task.trouble)
        };
        assert_eq!(told("running", ""), (true, None));
        assert_eq!(told("preparing", ""), (false, None));
        let not_started = "starting container failed: no such file";
        assert_eq!(
            told("failed", not_started),
            (false, Some(not_started.to_owned()))
        );
        let ended = "task: non-zero exit (1)";
        assert_eq!(told("failed", ended), (true, Some(ended.to_owned())));
    }
}
