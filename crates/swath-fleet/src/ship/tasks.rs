//! Sends what the tasks of a Swarm record on one node. Each has a folder of its own in the node's
//! volume, named after it; to whoever gathers it is a pod.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use swath_checkout::Links;
use swath_manifest::DeclaredContainer;

use super::rounds::{self, Sender};
use super::{Round, Shipper, ShipperSettings};
use crate::documents::{Engine, PodDocument};
use crate::error::StoreError;
use crate::location::is_plain_name;
use crate::object_store::ObjectStore;
use crate::pod_folder::{ContainerFolder, PodFolder, folders_in};

/// No more tasks of a node are looked at.
const MOST_TASKS: usize = 10_000;

/// Sends the hit stores of all tasks of one node.
#[derive(Debug)]
pub struct TaskShipper {
    store: Arc<ObjectStore>,
    settings: ShipperSettings,
    /// What all tasks have in common.
    node: PodDocument,
    places: Arc<BTreeMap<String, DeclaredContainer>>,
    tasks: BTreeMap<String, Task>,
}

#[derive(Debug)]
struct Task {
    shipper: Shipper,
    /// Its hit stores at the last round; all of their processes have ended since.
    settled: Option<Vec<String>>,
}

impl TaskShipper {
    /// A shipper of the tasks below the folder of the settings. `node` is what their documents have in
    /// common, `places` what is known of their services, by name.
    ///
    /// # Errors
    /// Where the namespace cannot be part of a key.
    pub fn new(
        store: ObjectStore,
        settings: ShipperSettings,
        node: PodDocument,
        places: BTreeMap<String, DeclaredContainer>,
    ) -> Result<TaskShipper, StoreError> {
        if !is_plain_name(&node.namespace) {
            return Err(StoreError::Address {
                url: format!("pods/{}", node.namespace),
                problem: "a stack has letters, digits, `.`, `_` and `-`".to_owned(),
            });
        }
        Ok(TaskShipper {
            store: Arc::new(store),
            settings,
            node,
            places: Arc::new(places),
            tasks: BTreeMap::new(),
        })
    }

    /// Sends until it is asked to end, as [`Shipper::ship`] does.
    ///
    /// # Errors
    /// What no further try can change; what the store failed with at the end.
    pub fn ship(
        &mut self,
        wait: &mut dyn FnMut(Duration) -> bool,
        told: &mut dyn FnMut(Option<&StoreError>),
    ) -> Result<(), StoreError> {
        let settings = self.settings.clone();
        rounds::ship(self, &settings, wait, told)
    }

    /// Sends what is new of one task; nothing of one that cannot be looked into: others may lay
    /// folders there, too.
    fn round_of(&mut self, name: &str) -> Result<Round, StoreError> {
        let path = self.settings.from.join(name);
        let containers = PodFolder::open(&path, Links::Refuse)
            .and_then(|folder| folder.containers(&self.places));
        let containers = containers.unwrap_or_default();
        let Some(first) = containers.first() else {
            return Ok(Round::default());
        };
        let stores: io::Result<Vec<_>> = containers.iter().map(ContainerFolder::stores).collect();
        let stores = stores.unwrap_or_default().concat();
        if !self.tasks.contains_key(name) {
            let (called, uid) = name.rsplit_once('.').unwrap_or((name, name));
            let pod = PodDocument {
                engine: Engine::Swarm,
                name: called.to_owned(),
                uid: uid.to_owned(),
                workload: format!("Service/{}", first.place.name),
                ..self.node.clone()
            };
            let settings = ShipperSettings {
                from: path,
                ..self.settings.clone()
            };
            let (store, places) = (Arc::clone(&self.store), Arc::clone(&self.places));
            let shipper = Shipper::with_places(store, settings, pod, places, Links::Refuse)?;
            let task = Task {
                shipper,
                settled: None,
            };
            self.tasks.insert(name.to_owned(), task);
        }
        let Some(task) = self.tasks.get_mut(name) else {
            return Ok(Round::default());
        };
        // What ended does not change any more; most of a long run's tasks have.
        if task.settled.as_ref() == Some(&stores) {
            return Ok(Round {
                stores: stores.len(),
                ..Round::default()
            });
        }
        task.settled = None;
        let round = task.shipper.round()?;
        task.settled = (round.open == 0 && round.stores > 0).then_some(stores);
        Ok(round)
    }
}

impl Sender for TaskShipper {
    fn round(&mut self) -> Result<Round, StoreError> {
        let mut names =
            folders_in(&self.settings.from).map_err(|source| StoreError::Volume { source })?;
        names.sort();
        let mut all = Round::default();
        for name in names.iter().take(MOST_TASKS) {
            let round = self.round_of(name)?;
            all.stores += round.stores;
            all.segments += round.segments;
            all.bytes += round.bytes;
            all.open += round.open;
            all.changing += round.changing;
        }
        Ok(all)
    }

    fn beat(&mut self, after_round: bool) -> Result<(), StoreError> {
        let mut tasks = self.tasks.values_mut();
        tasks.try_for_each(|task| task.shipper.beat(after_round))
    }

    fn say_goodbye(&mut self) -> Result<(), StoreError> {
        let mut tasks = self.tasks.values_mut();
        tasks.try_for_each(|task| task.shipper.say_goodbye())
    }
}
