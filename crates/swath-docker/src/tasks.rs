//! The tasks of services whose containers are the engine's own: found by what it tells, and waited for
//! when their Swarm ends them.

use std::time::Instant;

use serde_json::{Value, json};

use crate::create::RUN_LABEL;
use crate::engine::{Content, escape};
use crate::part::{ServicePart, TASK_SERVICE_LABEL};
use crate::record::{ContainerRecord, TaskOf};
use crate::services::{LONGEST_END, LOOK};
use crate::session::{Session, describe, locked};

impl Session {
    /// Takes note of the container of a task of this run, if it is one that is not known.
    pub(crate) fn adopt(&self, id: &str, labels: &Value) {
        let label = |name: &str| labels[name].as_str();
        let (Some(service), Some(task)) =
            (label(TASK_SERVICE_LABEL), label("com.docker.swarm.task.id"))
        else {
            return;
        };
        let run = &self.delivery.run;
        if label(RUN_LABEL) != Some(run) || locked(&self.records).contains_key(id) {
            return;
        }
        let known = locked(&self.services).measured.get(service).cloned();
        let Some(known) = known else {
            return;
        };
        // Its folder may have been found before its container was.
        locked(&self.records).remove(task);
        let name = label("com.docker.swarm.task.name").unwrap_or(service);
        let mut record = ContainerRecord {
            id: id.to_owned(),
            name: name.to_owned(),
            part_of: ServicePart::of(labels),
            data: self
                .delivery
                .gather_into
                .join(self.next_number().to_string()),
            stored_in: Some(format!("{run}/{name}/{service}/data")),
            task: Some(TaskOf {
                id: task.to_owned(),
                name: name.to_owned(),
                service: service.to_owned(),
            }),
            ..known.record
        };
        if let Ok(description) = self.engine.container(id) {
            describe(&mut record, &description);
        }
        tracing::debug!("the task {name} is there");
        locked(&self.records).insert(id.to_owned(), record);
    }

    /// Takes note of all tasks that are there, whatever was told of them.
    pub(crate) fn find_tasks(&self) {
        if locked(&self.services).measured.is_empty() {
            return;
        }
        let filter = json!({"label": [format!("{RUN_LABEL}={}", self.delivery.run)]});
        let filter = escape(&filter.to_string());
        let target = format!("/containers/json?all=1&filters={filter}");
        match self.engine.json("GET", &target, &Content::Nothing) {
            Ok(containers) => {
                for container in containers.as_array().into_iter().flatten() {
                    if let Some(id) = container["Id"].as_str() {
                        self.adopt(id, &container["Labels"]);
                    }
                }
            }
            Err(error) => self.failed_unless_silent("the tasks of services", &error),
        }
    }

    /// Waits for tasks that their Swarm is ending: `docker service rm` does not.
    pub(crate) fn wait_for_ending_tasks(&self) {
        let begun = Instant::now();
        while begun.elapsed() < LONGEST_END {
            let running = |record: &&ContainerRecord| record.running && !record.removed;
            let tasks: Vec<_> = locked(&self.records)
                .values()
                .filter(running)
                .filter_map(|record| Some((record.id.clone(), record.task.clone()?.id)))
                .collect();
            let ending = tasks.into_iter().filter(|(_, task)| self.is_ending(task));
            let ending: Vec<String> = ending.map(|(id, _)| id).collect();
            if ending.is_empty() {
                return;
            }
            std::thread::sleep(LOOK);
            for id in ending {
                self.look(&id);
            }
        }
    }

    /// Whether a Swarm wants a task to end. What it does not answer is no reason to wait.
    fn is_ending(&self, task: &str) -> bool {
        let target = format!("/tasks/{}", escape(task));
        let description = match self.engine.json("GET", &target, &Content::Nothing) {
            Ok(description) => description,
            Err(error) => return error.is_not_found(),
        };
        let wanted = description["DesiredState"].as_str().unwrap_or_default();
        if ["shutdown", "remove"].contains(&wanted) {
            return true;
        }
        let service = description["ServiceID"].as_str().unwrap_or_default();
        matches!(self.describe_service(service), Ok(None))
    }
}
