//! The volume that the tasks of the engine's own node record into, each in a folder of its own: made with
//! the first service, looked through before it goes.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use swath_manifest::{SERVICE_LABEL, STACK_RUN_LABEL};

use crate::engine::{Content, escape};
use crate::error::EngineError;
use crate::owner::{DATA_LABEL, IMAGE_LABEL, OWNER_LABEL, TASKS_LABEL};
use crate::record::{ContainerExit, ContainerRecord, TaskOf};
use crate::services::{KnownService, LOOK};
use crate::session::{Session, locked};
use crate::shipped::{has_run, name_of_task};
use crate::volume::{barred, extract_tasks, for_everybody};

/// So long, the containers of tasks that ended may take to be gone.
const LONGEST_REMOVAL: Duration = Duration::from_secs(10);
/// What becomes of a volume that stays.
const READ_LATER: &str = "which the next `swath run` reads";

/// The volume that the tasks of the node record into, each in a folder of its own.
#[derive(Debug, Clone)]
pub(crate) struct TasksVolume {
    name: String,
    /// An image that containers can be made of which look into it.
    image_id: String,
}

impl TasksVolume {
    /// What a container that looks into it is made for.
    fn record(&self) -> ContainerRecord {
        ContainerRecord {
            volume: self.name.clone(),
            image_id: self.image_id.clone(),
            ..ContainerRecord::default()
        }
    }
}

impl Session {
    /// The volume of all tasks, made with the first service; again if somebody removed it meanwhile.
    pub(crate) fn volume_of_tasks(&self, image_id: &str) -> Result<String, EngineError> {
        let mut services = locked(&self.services);
        let volume = match &services.volume {
            Some(known) if self.is_there(known)? => return Ok(known.name.clone()),
            Some(known) => known.clone(),
            None => TasksVolume {
                name: format!("swath-{}-tasks", self.delivery.run),
                image_id: image_id.to_owned(),
            },
        };
        self.make(&volume)?;
        Ok(services.volume.insert(volume).name.clone())
    }

    /// Whether tasks record into a volume here.
    pub(crate) fn has_volume_of_tasks(&self) -> bool {
        locked(&self.services).volume.is_some()
    }

    /// Has here what is in the volume, before somebody removes volumes.
    pub(crate) fn save_volume_of_tasks(&self) {
        self.find_tasks();
        self.gather_all();
        let (volume, measured) = {
            let services = locked(&self.services);
            (services.volume.clone(), services.measured.clone())
        };
        if let Some(volume) = volume
            && let Err(error) = self.take_untold_tasks(&volume, &measured)
        {
            self.failed_unless_silent("what tasks of services recorded", &error);
        }
    }

    /// Makes the volume again if it was removed: tasks that begin later expect it.
    pub(crate) fn refill_volume_of_tasks(&self) {
        let volume = locked(&self.services).volume.clone();
        let Some(volume) = volume else {
            return;
        };
        if let Err(error) = self.volume_of_tasks(&volume.image_id) {
            self.failed_unless_silent("the volume of tasks", &error);
        }
    }

    /// Whether the engine has the volume that was made. One of its name without the labels is what the
    /// engine makes for a task that finds none.
    fn is_there(&self, volume: &TasksVolume) -> Result<bool, EngineError> {
        let target = format!("/volumes/{}", escape(&volume.name));
        match self.engine.json("GET", &target, &Content::Nothing) {
            Ok(found) => Ok(found["Labels"][OWNER_LABEL] == self.owner.as_str()),
            Err(error) if error.is_not_found() => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Makes the volume, for everybody to write to.
    fn make(&self, volume: &TasksVolume) -> Result<(), EngineError> {
        let wanted = json!({"Name": volume.name, "Labels": {
            OWNER_LABEL: self.owner,
            DATA_LABEL: self.delivery.gather_into.join("tasks").to_string_lossy(),
            IMAGE_LABEL: volume.image_id,
            TASKS_LABEL: self.delivery.run,
        }});
        self.engine
            .json("POST", "/volumes/create", &Content::Json(&wanted))?;
        let carrier = self.carrier_for(&volume.record())?;
        let open = for_everybody("swath").map_err(|source| EngineError::Broken {
            what: "the volume of tasks".to_owned(),
            source,
        })?;
        self.engine.put_archive(&carrier.id, "/", &open)
    }

    /// The end of the volume. It stays if not all of it is here, which is said, and if a service stays,
    /// whose later tasks record nothing. Whether something is still to be fetched from it.
    pub(crate) fn leave_volume_of_tasks(
        &self,
        volume: &TasksVolume,
        measured: &BTreeMap<String, KnownService>,
        stays: bool,
    ) -> bool {
        let name = &volume.name;
        let mut is_whole = true;
        let looked = self
            .set_aside_gathered_tasks(volume)
            .and_then(|()| self.take_untold_tasks(volume, measured));
        if let Err(error) = looked {
            is_whole = false;
            if !error.is_silence() {
                self.failed(format!(
                    "not all that tasks of services recorded is here: {error}; the rest is in the volume `{name}`, {READ_LATER}"
                ));
            }
        }
        for record in locked(&self.records).values_mut() {
            if record.task.is_some()
                && let Some(problem) = &mut record.problem
            {
                is_whole = false;
                *problem = format!("{problem}; it is in the volume `{name}`, {READ_LATER}");
            }
        }
        match (is_whole, stays) {
            (false, _) => {}
            (true, true) => self.bar(volume),
            (true, false) => self.remove_volume_of_tasks(name),
        }
        !is_whole
    }

    /// Puts a file in the place of each folder of a task that ended and whose data is here: what is left
    /// is read afterwards.
    fn set_aside_gathered_tasks(&self, volume: &TasksVolume) -> Result<(), EngineError> {
        let run = &self.delivery.run;
        let done: Vec<String> = locked(&self.records)
            .values()
            .filter(|record| record.gathered && record.problem.is_none() && !record.running)
            .filter(|record| !record.is_untold())
            .filter_map(|record| Some(format!("{run}/{}", record.task.as_ref()?.name)))
            .collect();
        if done.is_empty() {
            return Ok(());
        }
        let done = barred(&done).map_err(|source| broken(volume, source))?;
        let carrier = self.carrier_for(&volume.record())?;
        self.engine.put_archive(&carrier.id, "/swath", &done)
    }

    /// Takes over what tasks recorded of which nothing told: the stream of events may have ended early,
    /// and an engine that is started again tells nothing of what was before.
    fn take_untold_tasks(
        &self,
        volume: &TasksVolume,
        measured: &BTreeMap<String, KnownService>,
    ) -> Result<(), EngineError> {
        let run = &self.delivery.run;
        let mut told: Vec<TaskOf> = Vec::new();
        // What was found before may have gone on recording.
        let mut found: BTreeMap<String, ContainerRecord> = BTreeMap::new();
        for record in locked(&self.records).values() {
            match &record.task {
                Some(task) if record.is_untold() => {
                    found.insert(task.name.clone(), record.clone());
                }
                task => told.extend(task.clone()),
            }
        }
        for task in self.tasks_that_ran() {
            if told.iter().all(|known| known.id != task.of.id) {
                let record = (found.entry(task.of.name.clone()))
                    .or_insert_with(|| self.untold(&task.of, volume, measured));
                record.exits = task.exit.into_iter().collect();
            }
        }
        let carrier = self.carrier_for(&volume.record())?;
        match self
            .engine
            .get_archive(&carrier.id, &format!("/swath/{run}"))
        {
            // Nothing was recorded.
            Err(error) if error.is_not_found() => {}
            Err(error) => return Err(error),
            Ok(archive) => extract_tasks(archive, &mut |name, service| {
                if told.iter().any(|known| known.name == name) {
                    return None;
                }
                let (_, id) = name.rsplit_once('.').unwrap_or((name, name));
                let task = TaskOf {
                    id: id.to_owned(),
                    name: name.to_owned(),
                    service: service.to_owned(),
                };
                let record = found
                    .entry(name.to_owned())
                    .or_insert_with(|| self.untold(&task, volume, measured));
                Some(record.data.clone())
            })
            .map_err(|source| broken(volume, source))?,
        }
        for record in found.into_values() {
            tracing::debug!("the task {} is there, of which nothing told", record.name);
            locked(&self.records).insert(record.id.clone(), record);
        }
        Ok(())
    }

    /// A task whose container nobody knows.
    fn untold(
        &self,
        task: &TaskOf,
        volume: &TasksVolume,
        measured: &BTreeMap<String, KnownService>,
    ) -> ContainerRecord {
        let known = measured.get(&task.service);
        ContainerRecord {
            id: task.id.clone(),
            name: task.name.clone(),
            part_of: known.map(KnownService::part),
            data: self
                .delivery
                .gather_into
                .join(self.next_number().to_string()),
            task: Some(task.clone()),
            started: true,
            gathered: true,
            removed: true,
            ..known.map_or_else(|| volume.record(), |known| known.record.clone())
        }
    }

    /// The tasks of the run that ran, as far as their manager still knows: what it says comes beside
    /// what is in the volume.
    fn tasks_that_ran(&self) -> Vec<RanTask> {
        let label = format!("{STACK_RUN_LABEL}={}", self.delivery.run);
        let filter = escape(&json!({"label": [label]}).to_string());
        let target = format!("/tasks?filters={filter}");
        let tasks = self.engine.json("GET", &target, &Content::Nothing);
        let tasks = tasks.unwrap_or_else(|error| {
            tracing::debug!("the tasks of the run are not known: {error}");
            Value::Null
        });
        let tasks = tasks.as_array().into_iter().flatten();
        tasks.filter_map(RanTask::read).collect()
    }

    /// Lets no task record any longer.
    fn bar(&self, volume: &TasksVolume) {
        let barred = barred(&[&self.delivery.run]).unwrap_or_default();
        let put = self
            .carrier_for(&volume.record())
            .and_then(|carrier| self.engine.put_archive(&carrier.id, "/swath", &barred));
        if let Err(error) = put {
            self.failed_unless_silent("the agent in the tasks of services", &error);
        }
    }

    /// Removes the volume once the containers of the tasks are gone; the next run does, if they are not
    /// in time.
    fn remove_volume_of_tasks(&self, volume: &str) {
        let begun = Instant::now();
        loop {
            match self.engine.remove_volume(volume) {
                Ok(()) => return,
                Err(EngineError::Refused { status: 409, .. })
                    if begun.elapsed() < LONGEST_REMOVAL => {}
                Err(error) => {
                    tracing::debug!("a volume stays: {error}");
                    return;
                }
            }
            std::thread::sleep(LOOK);
        }
    }
}

fn broken(volume: &TasksVolume, source: std::io::Error) -> EngineError {
    EngineError::Broken {
        what: format!("the data in the volume {}", volume.name),
        source,
    }
}

impl ContainerRecord {
    /// Whether it is a task whose container nobody knows.
    fn is_untold(&self) -> bool {
        self.task.is_some() && self.stored_in.is_none()
    }
}

/// A task that ran.
struct RanTask {
    of: TaskOf,
    exit: Option<ContainerExit>,
}

impl RanTask {
    fn read(task: &Value) -> Option<RanTask> {
        let status = &task["Status"];
        let state = status["State"].as_str().unwrap_or_default();
        let problem = status["Err"].as_str().unwrap_or_default();
        let id = task["ID"].as_str()?;
        let labels = &task["Spec"]["ContainerSpec"]["Labels"];
        // What ships has none.
        let service = labels[SERVICE_LABEL].as_str()?;
        if !has_run(state, problem) {
            return None;
        }
        let code = status["ContainerStatus"]["ExitCode"].as_i64();
        let code = code.filter(|_| state != "running");
        Some(RanTask {
            of: TaskOf {
                id: id.to_owned(),
                name: format!("{}.{id}", name_of_task(task)),
                service: service.to_owned(),
            },
            exit: code.map(|code| ContainerExit {
                code,
                out_of_memory: false,
                signals: Vec::new(),
                time: 0,
            }),
        })
    }
}
