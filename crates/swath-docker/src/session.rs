//! One run's dealings with an engine: what is injected, what happens to it, what is gathered.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use serde_json::{Value, json};
use swath_agent::{Inject, Machine};
use swath_model::count;
use swath_store::settings;

use crate::config_hash::{SERVICE_LABEL, shown};
use crate::create::{Injection, free_mount, inject, mounts_engine_socket};
use crate::engine::{Content, Engine};
use crate::error::EngineError;
use crate::owner::{DATA_LABEL, IMAGE_LABEL, OWNER_LABEL, this_process};
use crate::part::{ServicePart, short_name};
use crate::patience::Limits;
use crate::place::ContainerPlace;
use crate::place_files::read_at;
use crate::proxy::Gathered;
use crate::python::{Carrier, holds_python, is_supported, preloading_machine};
use crate::record::{ContainerNote, ContainerRecord};
use crate::services::{Services, TaskConfigs};
use crate::shipped::Shipping;
use crate::volume::{AgentFile, extract, filled, inert, is_untouched};

/// What the agent of a run is, and where its data goes.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// Names the run in labels and volumes: letters, digits and `-`.
    pub run: String,
    /// The files of the agent, its settings left out.
    pub agent: Vec<AgentFile>,
    /// How it gets into Pythons, where nothing in an image speaks against that.
    pub inject: Inject,
    /// The agent's settings, all but `data`.
    pub settings: SettingsOf,
    /// The agent as configs of a Swarm's services.
    pub configs: TaskConfigs,
    /// What ships for the tasks of services on several nodes, if anything does.
    pub shipping: Option<Shipping>,
    /// Whether services that got the agent elsewhere are part of the run.
    pub is_beside_fleet: bool,
    /// A folder for the hit stores, one folder in it for each container.
    pub gather_into: PathBuf,
    /// Services of Compose that get the agent; none named means all.
    pub services: BTreeSet<String>,
    /// For how long the engine may be silent.
    pub limits: Limits,
}

/// What the agent's settings are in a place.
#[derive(Clone)]
pub struct SettingsOf(Arc<PlaceSettings>);

type PlaceSettings = dyn Fn(&ContainerPlace) -> Vec<u8> + Send + Sync;

impl fmt::Debug for SettingsOf {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SettingsOf")
    }
}

impl SettingsOf {
    /// Settings that depend on the place.
    pub fn new(
        settings: impl Fn(&ContainerPlace) -> Vec<u8> + Send + Sync + 'static,
    ) -> SettingsOf {
        SettingsOf(Arc::new(settings))
    }

    /// The same settings in every place.
    pub fn same(settings: Vec<u8>) -> SettingsOf {
        SettingsOf::new(move |_| settings.clone())
    }
}

impl Delivery {
    /// Whether a container of this service of Compose's is to be measured.
    pub(crate) fn takes(&self, service: Option<&str>) -> bool {
        self.services.is_empty() || service.is_none_or(|name| self.services.contains(name))
    }
}

/// What decides whether a container of an image gets the agent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct ImageKind {
    pub(crate) holds_python: bool,
    /// Whether the agent runs on its platform.
    pub(crate) is_supported: bool,
    /// The machine whose object its loader takes, if no other loader in it could complain.
    pub(crate) preloading: Option<Machine>,
}

impl ImageKind {
    pub(crate) fn needs_agent(self) -> bool {
        self.holds_python && self.is_supported
    }
}

pub(crate) struct Session {
    pub(crate) engine: Engine,
    pub(crate) delivery: Delivery,
    pub(crate) owner: String,
    number: AtomicUsize,
    /// What was found out about images, by id.
    images: Mutex<BTreeMap<String, ImageKind>>,
    pub(crate) records: Mutex<BTreeMap<String, ContainerRecord>>,
    /// What is known of the services of a Swarm that were made or changed.
    pub(crate) services: Mutex<Services>,
    notes: Mutex<BTreeSet<ContainerNote>>,
    /// Held while data is gathered, so that who waits for it finds it done.
    gathering: Mutex<()>,
}

/// A request that is to be sent in place of the client's.
pub(crate) struct Prepared {
    pub(crate) request: Value,
    record: ContainerRecord,
}

/// What came out of a container's volume.
#[derive(Default)]
struct Fetched {
    stores: usize,
    failures_are_noted: bool,
}

/// A panic in another thread must not take the data with it.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Session {
    pub(crate) fn new(engine: Engine, delivery: Delivery) -> Session {
        Session {
            engine,
            delivery,
            owner: this_process(),
            number: AtomicUsize::new(0),
            images: Mutex::default(),
            records: Mutex::default(),
            services: Mutex::default(),
            notes: Mutex::default(),
            gathering: Mutex::default(),
        }
    }

    pub(crate) fn note(&self, note: ContainerNote) {
        locked(&self.notes).insert(note);
    }

    pub(crate) fn failed(&self, what: String) {
        self.note(ContainerNote::Failed { what });
    }

    /// Says that something failed, unless that is the silence that is told once for all.
    pub(crate) fn failed_unless_silent(&self, what: &str, error: &EngineError) {
        if !error.is_silence() {
            self.failed(format!("{what}: {error}"));
        }
    }

    /// Whether no container, and no service, was given an agent.
    pub(crate) fn is_empty(&self) -> bool {
        locked(&self.records).is_empty() && locked(&self.services).is_empty()
    }

    pub(crate) fn take_notes(&self) -> Vec<ContainerNote> {
        let notes = std::mem::take(&mut *locked(&self.notes));
        notes.into_iter().collect()
    }

    /// Decides whether a container gets the agent; `None` leaves its creation as it is.
    pub(crate) fn prepare(
        &self,
        mut request: Value,
        name: Option<&str>,
    ) -> Result<Option<Prepared>, EngineError> {
        let Some(image_name) = request["Image"].as_str().map(str::to_owned) else {
            return Ok(None);
        };
        if !self
            .delivery
            .takes(request["Labels"][SERVICE_LABEL].as_str())
        {
            return Ok(None);
        }
        if mounts_engine_socket(&request) {
            let container = name.unwrap_or(&image_name).to_owned();
            self.note(ContainerNote::EngineSocket { container });
        }
        let image = match self.engine.image(&image_name) {
            Ok(image) => image,
            // The engine says so to the client, which then pulls the image and asks again.
            Err(error) if error.is_not_found() => return Ok(None),
            Err(error) => return Err(error),
        };
        let kind = self.kind_of(&image)?;
        if !kind.holds_python {
            tracing::debug!("the image {image_name} holds no Python: its container is left alone");
            return Ok(None);
        }
        if !self.agent_runs_in(kind, &image, &image_name) {
            return Ok(None);
        }
        let record = self.record(&request, &image, &image_name, name);
        let volume = json!({"Name": record.volume, "Labels": {
            OWNER_LABEL: self.owner,
            // Where the next run puts the data if this one is killed.
            DATA_LABEL: record.data.to_string_lossy(),
            IMAGE_LABEL: record.image_id,
        }});
        self.engine
            .json("POST", "/volumes/create", &Content::Json(&volume))?;
        let (inject_by, preload) = self.way_into(kind);
        let injection = Injection {
            inject: inject_by,
            preload,
            run: &self.delivery.run,
            volume: &record.volume,
            mount: record.mount,
            service: record.service(),
        };
        inject(&mut request, &image, &injection);
        Ok(Some(Prepared { request, record }))
    }

    fn record(
        &self,
        request: &Value,
        image: &Value,
        image_name: &str,
        name: Option<&str>,
    ) -> ContainerRecord {
        let number = self.next_number();
        let label = |key: &str| request["Labels"][key].as_str().map(str::to_owned);
        ContainerRecord {
            name: name.map_or_else(|| short_name(image_name), str::to_owned),
            part_of: ServicePart::of(&request["Labels"]),
            one_off: label("com.docker.compose.oneoff").as_deref() == Some("True"),
            image: image_name.to_owned(),
            image_id: image["Id"].as_str().unwrap_or(image_name).to_owned(),
            place: ContainerPlace::of(request, image),
            data: self.delivery.gather_into.join(number.to_string()),
            volume: format!("swath-{}-{number}", self.delivery.run),
            mount: free_mount(request, image),
            ..ContainerRecord::default()
        }
    }

    /// Whether the agent runs on the platform of an image; says so if it does not.
    pub(crate) fn agent_runs_in(&self, kind: ImageKind, image: &Value, name: &str) -> bool {
        if !kind.is_supported {
            let part = |key: &str| image[key].as_str().unwrap_or("?").to_owned();
            self.note(ContainerNote::OtherPlatform {
                image: name.to_owned(),
                platform: format!("{}/{}", part("Os"), part("Architecture")),
            });
        }
        kind.is_supported
    }

    /// How the agent gets into the Pythons of an image, and the object that its loader can take.
    pub(crate) fn way_into(&self, kind: ImageKind) -> (Inject, &'static str) {
        match kind.preloading {
            Some(machine) => (self.delivery.inject, machine.preload_file_name()),
            None => (Inject::Path, ""),
        }
    }

    /// A number for a container, which its folder has as its name.
    pub(crate) fn next_number(&self) -> usize {
        self.number.fetch_add(1, Ordering::Relaxed)
    }

    /// What is known of an image, which is looked into once.
    pub(crate) fn kind_of(&self, image: &Value) -> Result<ImageKind, EngineError> {
        let Some(id) = image["Id"].as_str() else {
            return Ok(ImageKind::default());
        };
        if let Some(&known) = locked(&self.images).get(id) {
            return Ok(known);
        }
        let architectures: Vec<_> = Machine::with_agent().map(Machine::architecture).collect();
        let mut found = ImageKind {
            holds_python: holds_python(&self.engine, image, id, &self.owner)?,
            is_supported: is_supported(image, &architectures),
            preloading: None,
        };
        if found.needs_agent() && self.delivery.inject.is_by_preload() {
            found.preloading = preloading_machine(&self.engine, image, id, &self.owner)?;
        }
        locked(&self.images).insert(id.to_owned(), found);
        Ok(found)
    }

    /// Fills the volume of a container that has just been created.
    pub(crate) fn created(&self, prepared: Prepared, id: &str) {
        let mut record = prepared.record;
        id.clone_into(&mut record.id);
        if let Err(error) = self.deliver(&mut record) {
            self.failed(format!(
                "the agent could not be put into a container: {error}"
            ));
        }
        if let Ok(description) = self.engine.container(id) {
            describe(&mut record, &description);
        }
        locked(&self.records).insert(id.to_owned(), record);
    }

    fn deliver(&self, record: &mut ContainerRecord) -> Result<(), EngineError> {
        let delivery = &self.delivery;
        // In the user's own container the engine would leave a folder to mount upon.
        let carrier = self.carrier_for(record)?;
        self.read_rcfile(record, &carrier);
        let settings = (delivery.settings.0)(&record.place);
        tracing::debug!(
            "container {} of {} gets the agent at {}; its configuration file: {}",
            record.name,
            record.image,
            record.mount,
            (record.place.rcfile.as_ref()).map_or("none", |file| file.path.as_str()),
        );
        let tar = filled(&delivery.agent, &settings, record.mount).map_err(|source| {
            EngineError::Broken {
                what: "the agent's archive".to_owned(),
                source,
            }
        })?;
        self.engine.put_archive(&carrier.id, "/swath", &tar)
    }

    /// Reads the configuration file that a container's environment names.
    pub(crate) fn read_rcfile(&self, record: &mut ContainerRecord, carrier: &Carrier<'_>) {
        let Some(rcfile) = &record.place.rcfile else {
            return;
        };
        let text = read_at(&self.engine, record, &carrier.id, &rcfile.path);
        let text = text.unwrap_or_else(|error| {
            tracing::debug!("a configuration file is not known: {error}");
            None
        });
        if let Some(rcfile) = &mut record.place.rcfile {
            rcfile.text = text;
        }
    }

    /// Gives up what was prepared for a container that the engine did not create.
    pub(crate) fn not_created(&self, prepared: &Prepared) {
        if let Err(error) = self.engine.remove_volume(&prepared.record.volume) {
            tracing::debug!("a volume stays: {error}");
        }
    }

    /// Whether an image needs the agent, by id.
    fn needs_agent(&self, image_id: &str) -> Result<bool, EngineError> {
        if let Some(known) = locked(&self.images).get(image_id) {
            return Ok(known.needs_agent());
        }
        let image = self.engine.image(image_id)?;
        Ok(self.kind_of(&image)?.needs_agent())
    }

    /// An answer that lists or describes containers, as Compose is to see it.
    pub(crate) fn shown(&self, answer: &Value) -> BTreeMap<String, String> {
        shown(answer, &self.delivery.run, &|container| {
            // An image that cannot be looked at is left to Compose.
            self.delivery.takes(container.service)
                && self.needs_agent(container.image).unwrap_or(false)
        })
    }

    /// The id of a container of this run, by id, beginning of an id, or name.
    pub(crate) fn find(&self, container: &str) -> Option<String> {
        locked(&self.records)
            .values()
            .filter(|record| !record.removed)
            .find(|record| {
                record.id == container
                    || record.name == container.trim_start_matches('/')
                    || (container.len() >= 4 && record.id.starts_with(container))
            })
            .map(|record| record.id.clone())
    }

    /// Where a container of this run has swath's volume.
    pub(crate) fn mount_of(&self, container: &str) -> Option<&'static str> {
        let id = self.find(container)?;
        locked(&self.records).get(&id).map(|record| record.mount)
    }

    /// Changes what is known of a container.
    pub(crate) fn update(&self, id: &str, change: impl FnOnce(&mut ContainerRecord)) {
        if let Some(record) = locked(&self.records).get_mut(id) {
            change(record);
        }
    }

    /// The ids of the containers that are there.
    pub(crate) fn present(&self) -> Vec<String> {
        let records = locked(&self.records);
        let present = records.values().filter(|record| !record.removed);
        present.map(|record| record.id.clone()).collect()
    }

    /// The ids of the containers that run.
    pub(crate) fn running(&self) -> Vec<String> {
        let records = locked(&self.records);
        let running = records.values().filter(|record| record.running);
        running.map(|record| record.id.clone()).collect()
    }

    /// Says so when a container is started or worked in that does not carry this run's agent and
    /// would need it.
    pub(crate) fn used(&self, container: &str) {
        if self.find(container).is_some() {
            return;
        }
        match self.name_of_unmeasured(container) {
            Ok(None) => {}
            Ok(Some(container)) => self.note(ContainerNote::NotInjected { container }),
            // The engine says so to the client.
            Err(error) if error.is_not_found() => {}
            Err(error) => self.failed(format!(
                "whether the container {container} is measured is not known: {error}"
            )),
        }
    }

    /// The name of a container that does not carry this run's agent, if it would need it.
    fn name_of_unmeasured(&self, container: &str) -> Result<Option<String>, EngineError> {
        let description = self.engine.container(container)?;
        let service = description["Config"]["Labels"][SERVICE_LABEL].as_str();
        let image = description["Image"].as_str().unwrap_or_default();
        if !self.delivery.takes(service) || !self.needs_agent(image)? {
            return Ok(None);
        }
        let name = description["Name"].as_str().unwrap_or(container);
        Ok(Some(name.trim_start_matches('/').to_owned()))
    }

    /// Gathers everything that has not been gathered since it was last written.
    pub(crate) fn gather_all(&self) {
        let open = locked(&self.records)
            .values()
            // Of a task that is gone nobody may have been told that it started.
            .filter(|record| (record.started || record.task.is_some()) && !record.gathered)
            .map(|record| record.id.clone())
            .collect::<Vec<_>>();
        for id in open {
            self.gather(&id);
        }
    }

    /// Gathers what one container recorded.
    pub(crate) fn gather(&self, id: &str) {
        let _alone = locked(&self.gathering);
        let Some(record) = locked(&self.records).get(id).cloned() else {
            return;
        };
        if record.gathered {
            return;
        }
        let begun = Instant::now();
        let result = self.fetch(&record);
        match &result {
            Ok(fetched) => tracing::debug!(
                "container {} gave {}, after {:.3} s",
                record.name,
                count(fetched.stores, "hit store"),
                begun.elapsed().as_secs_f64()
            ),
            Err(error) => tracing::debug!("container {} gave nothing: {error}", record.name),
        }
        let (was_running, ends) = (record.running, record.exits.len());
        self.update(id, |record| match result {
            Ok(fetched) => {
                record.started |= fetched.stores > 0;
                record.failures_are_noted = fetched.failures_are_noted;
                // One that ran meanwhile may have written after it was read.
                let ran = was_running || record.running || record.exits.len() != ends;
                record.gathered = !ran;
                record.problem = None;
            }
            Err(error) => record.problem = Some(error.to_string()),
        });
    }

    /// Reads the volume through a container of swath's own: one that looks into the user's
    /// container while that is being removed keeps the engine from removing it.
    fn fetch(&self, record: &ContainerRecord) -> Result<Fetched, EngineError> {
        let carrier = self.carrier_for(record)?;
        let inside = record.stored_in.as_deref().unwrap_or("data");
        let archive = match self
            .engine
            .get_archive(&carrier.id, &format!("/swath/{inside}"))
        {
            // The agent makes the folder of a task: no Python has run in this one.
            Err(error) if error.is_not_found() && record.task.is_some() => {
                return Ok(Fetched::default());
            }
            other => other?,
        };
        let broken = |source| EngineError::Broken {
            what: format!("the data of the container {}", record.name),
            source,
        };
        let stores = extract(archive, &record.data).map_err(broken)?;
        // What an agent touches it touches after what it was to record began.
        let unrecorded = format!("/swath/agent/{}", settings::UNRECORDED_FILE);
        let failures_are_noted = match self.engine.get_archive(&carrier.id, &unrecorded) {
            // The agent of a task is none that was filled in.
            Err(error) if error.is_not_found() => false,
            other => is_untouched(other?).map_err(broken)?,
        };
        Ok(Fetched {
            stores,
            failures_are_noted,
        })
    }

    pub(crate) fn carrier_for(&self, record: &ContainerRecord) -> Result<Carrier<'_>, EngineError> {
        let bind = format!("{}:/swath", record.volume);
        Carrier::create_for(&self.engine, &record.image_id, &self.owner, &bind)
    }

    /// Removes the volume of a container that is gone, once its data is here.
    pub(crate) fn remove_volume(&self, id: &str) {
        let record = locked(&self.records).get(id).cloned();
        let is_done = |record: &ContainerRecord| record.gathered || !record.started;
        // That of tasks has others in it.
        let Some(record) = record.filter(|record| is_done(record) && record.task.is_none()) else {
            return;
        };
        if let Err(error) = self.engine.remove_volume(&record.volume) {
            tracing::debug!("a volume stays for now: {error}");
        }
    }

    /// The end: everything is gathered, and what swath made is removed, as far as it can be.
    pub(crate) fn close(&self) -> Gathered {
        self.find_tasks();
        self.wait_for_ending_tasks();
        self.wait_for_ending_shipped_tasks();
        let ids = locked(&self.records).keys().cloned().collect::<Vec<_>>();
        for id in &ids {
            self.look(id);
        }
        self.gather_all();
        for id in &ids {
            self.leave(id);
        }
        let (shipped, keeps_volume) = self.leave_services();
        let mut records = std::mem::take(&mut *locked(&self.records))
            .into_values()
            .collect::<Vec<_>>();
        records.sort_by(|a, b| (a.service(), &a.id).cmp(&(b.service(), &b.id)));
        Gathered {
            containers: records,
            shipped,
            keeps_volume,
            notes: self.take_notes(),
        }
    }

    /// Brings what is known of a container up to date.
    pub(crate) fn look(&self, id: &str) {
        let description = self.engine.container(id);
        self.update(id, |record| match &description {
            Ok(description) => {
                describe(record, description);
                let running = description["State"]["Running"].as_bool() == Some(true);
                record.started |= running || record.command_ran(description);
                record.gathered &= !running;
                record.running = running;
            }
            Err(error) if error.is_not_found() => {
                record.removed = true;
                record.running = false;
            }
            // What it may have recorded since it was last looked at is not known.
            Err(error) => {
                if !record.gathered {
                    record.problem = Some(error.to_string());
                }
            }
        });
    }

    fn leave(&self, id: &str) {
        let Some(record) = locked(&self.records).get(id).cloned() else {
            return;
        };
        if record.task.is_some() {
            return;
        }
        if !record.removed {
            // Started again after the run, it is to work as before, unmeasured.
            let inert = inert().unwrap_or_default();
            let put = self
                .carrier_for(&record)
                .and_then(|carrier| self.engine.put_archive(&carrier.id, "/swath", &inert));
            match put {
                Ok(()) => self.note(ContainerNote::VolumeStays {
                    container: record.name.clone(),
                    volume: record.volume.clone(),
                }),
                Err(error) => {
                    let what = format!("the agent in the container {}", record.name);
                    self.failed_unless_silent(&what, &error);
                }
            }
            return;
        }
        if record.problem.is_none()
            && let Err(error) = self.engine.remove_volume(&record.volume)
        {
            self.failed_unless_silent("a volume could not be removed", &error);
        }
    }
}

impl ContainerRecord {
    /// Whether the engine says that it ran at all.
    fn command_ran(&self, description: &Value) -> bool {
        !self.exits.is_empty()
            || description["State"]["StartedAt"]
                .as_str()
                .is_some_and(|time| !time.starts_with("0001-"))
    }
}

pub(crate) fn describe(record: &mut ContainerRecord, description: &Value) {
    let words = |value: &Value| -> Vec<String> {
        let list = value.as_array().into_iter().flatten();
        list.filter_map(Value::as_str).map(str::to_owned).collect()
    };
    if let Some(name) = description["Name"].as_str() {
        name.trim_start_matches('/').clone_into(&mut record.name);
    }
    record.command = description["Path"]
        .as_str()
        .map(str::to_owned)
        .into_iter()
        .chain(words(&description["Args"]))
        .collect();
    record.init = description["HostConfig"]["Init"].as_bool() == Some(true);
    record.health_check = words(&description["Config"]["Healthcheck"]["Test"]);
}
