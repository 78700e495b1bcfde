//! Sends what the containers of a pod record to an object store, while they record it.
//!
//! What was sent is what the store holds: who starts again reads the indexes that are there and goes
//! on. A segment is sent before the index that names it, and under the name of its content, so that
//! sending it twice changes nothing and no reader sees an index of what is not there.

mod rounds;
mod tasks;

use std::collections::{BTreeMap, HashSet};
use std::io::{self, ErrorKind, Read as _};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use swath_checkout::{Links, open_regular};
use swath_data::ShareableStore;
use swath_manifest::DeclaredContainer;

use crate::documents::{
    FORMAT, Goodbye, IndexDocument, LONGEST_INDEX, MOST_STORES, PodDocument, StoreDocument,
    index_key, pod_key, render,
};
use crate::error::StoreError;
use crate::location::is_plain_name;
use crate::object_store::ObjectStore;
use crate::pod_folder::{ContainerFolder, PodFolder, is_hit_store, modified};
use crate::segment;
use rounds::{SHORTEST_HEARTBEAT, Sender};

pub use tasks::TaskShipper;

/// So many names of segments that were sent are remembered.
const MOST_REMEMBERED: usize = 50_000;
/// Of a larger segment it is asked first whether it is there.
const WORTH_ASKING: usize = 4 << 10;

/// How it is sent.
#[derive(Debug, Clone)]
pub struct ShipperSettings {
    /// The folder that the pod's containers share.
    pub from: PathBuf,
    /// How often what is new is sent.
    pub interval: Duration,
    /// How long the containers may take to end once this process is asked to.
    pub grace: Duration,
    /// Send what is there, and end.
    pub once: bool,
    /// End when the containers have recorded something, and then nothing for so long.
    pub until_idle: Option<Duration>,
}

/// What one round did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Round {
    /// How many hit stores there are.
    pub stores: usize,
    /// How many segments were sent.
    pub segments: usize,
    /// Bytes sent, indexes included.
    pub bytes: usize,
    /// How many processes have not said that they ended.
    pub open: usize,
    /// How many hit stores of such processes changed since the round before.
    pub changing: usize,
}

/// Sends the hit stores of one pod.
#[derive(Debug)]
pub struct Shipper {
    store: Arc<ObjectStore>,
    settings: ShipperSettings,
    pod: PodDocument,
    /// What is known of the containers beforehand, by name.
    places: Arc<BTreeMap<String, DeclaredContainer>>,
    /// Whether the folder may be reached through a link.
    links: Links,
    last_round: Round,
    containers: BTreeMap<String, IndexDocument>,
    sent: HashSet<String>,
    last_beat: Option<Instant>,
}

/// Why a hit store was not sent.
enum NotSent {
    Unread(io::Error),
    Store(StoreError),
}

impl Shipper {
    /// A shipper of `pod`, whose containers are those of the folder.
    ///
    /// # Errors
    /// Where the pod's namespace or uid cannot be part of a key, or there is no folder.
    pub fn new(
        store: ObjectStore,
        settings: ShipperSettings,
        pod: PodDocument,
    ) -> Result<Shipper, StoreError> {
        Shipper::with_places(
            Arc::new(store),
            settings,
            pod,
            Arc::default(),
            Links::Follow,
        )
    }

    fn with_places(
        store: Arc<ObjectStore>,
        settings: ShipperSettings,
        mut pod: PodDocument,
        places: Arc<BTreeMap<String, DeclaredContainer>>,
        links: Links,
    ) -> Result<Shipper, StoreError> {
        for name in [&pod.namespace, &pod.uid] {
            if !is_plain_name(name) {
                return Err(StoreError::Address {
                    url: format!("pods/{}/{}", pod.namespace, pod.uid),
                    problem: "a namespace and a uid have letters, digits, `.`, `_` and `-`"
                        .to_owned(),
                });
            }
        }
        PodFolder::open(&settings.from, links).map_err(|source| StoreError::Volume { source })?;
        let heartbeat = SHORTEST_HEARTBEAT.max(settings.interval * 5);
        let milliseconds = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let now = now.unwrap_or_default().as_nanos();
        pod.format = FORMAT;
        pod.interval = milliseconds(settings.interval);
        pod.heartbeat = milliseconds(heartbeat);
        pod.started = u64::try_from(now).unwrap_or(u64::MAX);
        pod.ended = None;
        Ok(Shipper {
            store,
            settings,
            pod,
            places,
            links,
            last_round: Round::default(),
            containers: BTreeMap::new(),
            sent: HashSet::new(),
            last_beat: None,
        })
    }

    /// Sends until it is asked to end. `wait` lets so much time pass and says whether it is;
    /// `told` hears of each time that the store fails and of each time that it is there again.
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

    /// Sends what is new.
    ///
    /// # Errors
    /// What the store, or the folder, failed with. What was sent by then stays sent.
    pub fn round(&mut self) -> Result<Round, StoreError> {
        let unread = |source| StoreError::Unreachable {
            what: "be given the hit stores".to_owned(),
            source,
        };
        let folder = PodFolder::open(&self.settings.from, self.links).map_err(unread)?;
        let containers = folder.containers(&self.places).map_err(unread)?;
        let places: Vec<_> = containers.iter().map(|one| one.place.clone()).collect();
        // Before its first segment: a pod of which nothing else is heard is known to be missing.
        if places != self.pod.containers || self.last_beat.is_none() {
            self.pod.containers = places;
            self.last_beat = None;
            self.beat(false)?;
        }
        let mut round = Round::default();
        for container in &containers {
            self.send_container(container, &mut round)?;
        }
        tracing::debug!("{round:?}");
        self.last_round = round;
        Ok(round)
    }

    fn send_container(
        &mut self,
        container: &ContainerFolder,
        round: &mut Round,
    ) -> Result<(), StoreError> {
        let name = container.place.name.clone();
        let key = index_key(&self.pod.namespace, &self.pod.uid, &name);
        let before = match self.containers.get(&name) {
            Some(before) => before.clone(),
            None => self.sent_before(&key)?,
        };
        let mut index = IndexDocument {
            format: FORMAT,
            ..before.clone()
        };
        index.unreadable.clear();
        index.left_out = 0;
        let names = container.stores().unwrap_or_else(|error| {
            index
                .unreadable
                .insert("data".to_owned(), error.to_string());
            Vec::new()
        });
        for name in in_reading_order(container, names) {
            if index.stores.len() >= MOST_STORES && !index.stores.contains_key(&name) {
                index.left_out += 1;
                continue;
            }
            round.stores += 1;
            let path = container.path(&name);
            let sent = if is_hit_store(&name) {
                self.send_store(&path, index.stores.get(&name), round)
            } else {
                let modified = modified(&path).map_err(NotSent::Unread);
                modified.map(|modified| StoreDocument {
                    modified,
                    ..StoreDocument::default()
                })
            };
            match sent {
                Ok(document) => {
                    index.stores.insert(name, document);
                }
                Err(NotSent::Store(error)) => return Err(error),
                // What is gone was packed, or is nobody's.
                Err(NotSent::Unread(error)) if error.kind() == ErrorKind::NotFound => {}
                Err(NotSent::Unread(error)) => {
                    index.unreadable.insert(name, error.kind().to_string());
                }
            }
        }
        if index != before || index.sequence == 0 {
            index.sequence = before.sequence + 1;
            let bytes = index.render().map_err(|source| StoreError::Unreachable {
                what: format!("be given `{key}`"),
                source,
            })?;
            self.store.put(&key, &bytes)?;
            round.bytes += bytes.len();
        }
        self.containers.insert(name, index);
        Ok(())
    }

    /// What an earlier process sent of a container. Of an index that cannot be read nothing is known:
    /// everything is sent again.
    fn sent_before(&self, key: &str) -> Result<IndexDocument, StoreError> {
        let most = u64::try_from(LONGEST_INDEX).unwrap_or(u64::MAX);
        match self.store.get(key, most) {
            Ok(Some(bytes)) => Ok(IndexDocument::parse(key, &bytes).unwrap_or_default()),
            Ok(None) | Err(StoreError::Damaged { .. }) => Ok(IndexDocument::default()),
            // Who may only write is told so; then nothing is known either.
            Err(StoreError::Refused { answer, .. }) if answer.starts_with("403") => {
                Ok(IndexDocument::default())
            }
            Err(error) => Err(error),
        }
    }

    fn send_store(
        &mut self,
        path: &std::path::Path,
        before: Option<&StoreDocument>,
        round: &mut Round,
    ) -> Result<StoreDocument, NotSent> {
        let file = open_regular(path, Links::Refuse).map_err(NotSent::Unread)?;
        let mut store = ShareableStore::new(file).map_err(NotSent::Unread)?;
        let mut piece = Vec::new();
        let mut take = |store: &mut ShareableStore<_>, length: usize| {
            let most = u64::try_from(length).unwrap_or(u64::MAX);
            piece.clear();
            let read = store.take(most).read_to_end(&mut piece);
            read.map_err(NotSent::Unread).map(|_| piece.clone())
        };
        let mut document = StoreDocument {
            places: store.has_places(),
            ..StoreDocument::default()
        };
        let mut heads = Vec::new();
        for (head, length) in segment::parts(document.places) {
            let head_there = take(&mut store, head)?;
            heads.extend_from_slice(&head_there);
            if heads.len() > segment::MOST_HEADERS {
                return Err(NotSent::Unread(ErrorKind::FileTooLarge.into()));
            }
            let piece = take(&mut store, length)?;
            let both = head_there.len() + piece.len();
            document.size += u64::try_from(both).unwrap_or(0);
            if !piece.is_empty() {
                let name = segment::name_of(&piece);
                let place = document.pieces.len();
                let is_sent = before.and_then(|before| before.pieces.get(place)) == Some(&name);
                if !is_sent {
                    self.send_piece(&name, &piece, round)?;
                }
                document.pieces.push(name);
            }
            if both < head + length || both == 0 {
                break;
            }
        }
        document.head = STANDARD.encode(segment::packed(&heads).map_err(NotSent::Unread)?);
        round.open += store.open();
        if store.open() > 0 && before != Some(&document) {
            round.changing += 1;
        }
        Ok(document)
    }

    fn send_piece(&mut self, name: &str, piece: &[u8], round: &mut Round) -> Result<(), NotSent> {
        if self.sent.contains(name) {
            return Ok(());
        }
        let object = segment::packed(piece).map_err(NotSent::Unread)?;
        let key = segment::key_of(name);
        // Another replica may have sent it.
        let is_there =
            object.len() > WORTH_ASKING && self.store.has(&key).map_err(NotSent::Store)?;
        if !is_there {
            self.store.put(&key, &object).map_err(NotSent::Store)?;
            round.segments += 1;
            round.bytes += object.len();
        }
        if self.sent.len() >= MOST_REMEMBERED {
            self.sent.clear();
        }
        self.sent.insert(name.to_owned());
        Ok(())
    }
}

impl Sender for Shipper {
    fn round(&mut self) -> Result<Round, StoreError> {
        Shipper::round(self)
    }

    fn beat(&mut self, after_round: bool) -> Result<(), StoreError> {
        let heartbeat = Duration::from_millis(self.pod.heartbeat);
        if self
            .last_beat
            .is_some_and(|last| last.elapsed() < heartbeat)
        {
            return Ok(());
        }
        self.pod.beats += u64::from(after_round);
        let key = pod_key(&self.pod.namespace, &self.pod.uid);
        self.store.put(&key, &render(&self.pod))?;
        self.last_beat = Some(Instant::now());
        Ok(())
    }

    fn say_goodbye(&mut self) -> Result<(), StoreError> {
        let open = self.last_round.changing;
        self.pod.ended = Some(Goodbye { open });
        self.last_beat = None;
        self.beat(true)
    }
}

/// Files with places for fork children first: what a place says of an end is older than what is then
/// read of the file that goes on with it.
fn in_reading_order(container: &ContainerFolder, names: Vec<String>) -> Vec<String> {
    let has_places = |name: &String| {
        let file = open_regular(&container.path(name), Links::Refuse);
        let store = file.and_then(ShareableStore::new);
        is_hit_store(name) && store.is_ok_and(|store| store.has_places())
    };
    let (mut first, then): (Vec<String>, Vec<String>) = names.into_iter().partition(has_places);
    first.extend(then);
    first
}

#[cfg(test)]
mod tests;
