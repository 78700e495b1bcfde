//! The pods of a run, as an object store holds them. Whatever it holds may have been written by
//! anybody: nothing of it is longer than a limit, and what is damaged is said of the pod whose it is.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fs_err as fs;
use swath_manifest::DeclaredContainer;
use swath_store::layout::LONGEST;

use crate::documents::{
    Goodbye, IndexDocument, LONGEST_INDEX, LONGEST_POD, PodDocument, StoreDocument, index_key,
    pod_key,
};
use crate::error::StoreError;
use crate::location::is_plain_name;
use crate::object_store::ObjectStore;
use crate::pod_folder::{is_hit_store, is_mark};
use crate::segment::{self, LONGEST_OBJECT};

/// No more objects of pods are listed.
const MOST_OBJECTS: usize = 1_000_000;
/// The hit stores of one container take no more room, in bytes.
const MOST_ROOM: u64 = 8 << 30;
/// So many heartbeats may be missed.
const MISSED: u32 = 3;
/// No pod is waited for longer, whatever it says of its own heartbeat.
const LONGEST_HEARTBEAT: Duration = Duration::from_mins(10);
/// Segments that replicas share stay in memory up to so many bytes.
const MOST_CACHED: usize = 8 << 20;

/// A run in an object store.
#[derive(Debug)]
pub struct Fleet {
    store: ObjectStore,
    cache: Mutex<SegmentCache>,
}

/// What a store lists of a run.
#[derive(Debug, Default)]
pub struct Listing {
    /// Its pods, by namespace and uid.
    pub pods: Vec<FleetPod>,
    /// How many objects are none that swath makes.
    pub others: usize,
    /// Whether there are more than are listed.
    pub is_cut: bool,
}

/// A pod that a store names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FleetPod {
    /// Its namespace.
    pub namespace: String,
    /// Its uid.
    pub uid: String,
    /// How long ago it was heard of, by the clock of the store.
    pub silent_for: Duration,
    containers: Vec<String>,
}

/// What is known of the end of a pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PodState {
    /// It said goodbye.
    Ended(Goodbye),
    /// It was heard of just now.
    Running,
    /// It was not heard of for so long, and said no goodbye.
    Lost(Duration),
}

/// A pod with what it recorded.
#[derive(Debug)]
pub struct FetchedPod {
    /// What it is, in its own words.
    pub document: PodDocument,
    /// Its measured containers.
    pub containers: Vec<FetchedContainer>,
}

/// A container with the folder of its hit stores.
#[derive(Debug)]
pub struct FetchedContainer {
    /// What it is, in its pod's words.
    pub document: DeclaredContainer,
    /// Its hit stores, as far as they are there.
    pub data: PathBuf,
    /// Why nothing is known of it, if nothing is.
    pub problem: Option<String>,
    /// What is missing of its hit stores: a line for each.
    pub damaged: Vec<String>,
}

impl Fleet {
    /// The run of a store.
    pub fn new(store: ObjectStore) -> Fleet {
        Fleet {
            store,
            cache: Mutex::default(),
        }
    }

    /// Names the pods of the run.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub fn list(&self) -> Result<Listing, StoreError> {
        let objects = self.store.list("pods/", MOST_OBJECTS)?;
        let mut listing = Listing {
            is_cut: objects.len() >= MOST_OBJECTS,
            ..Listing::default()
        };
        let mut pods: BTreeMap<(String, String), FleetPod> = BTreeMap::new();
        for object in objects {
            let parts: Vec<&str> = object.key.split('/').collect();
            let (namespace, uid, container) = match parts.as_slice() {
                ["pods", namespace, uid, "pod.json"] => (*namespace, *uid, None),
                ["pods", namespace, uid, container, "index.json"] => {
                    (*namespace, *uid, Some(*container))
                }
                _ => {
                    listing.others += 1;
                    continue;
                }
            };
            let names = [Some(namespace), Some(uid), container];
            if !names.into_iter().flatten().all(is_plain_name) {
                listing.others += 1;
                continue;
            }
            let key = (namespace.to_owned(), uid.to_owned());
            let pod = pods.entry(key).or_insert_with(|| FleetPod {
                namespace: namespace.to_owned(),
                uid: uid.to_owned(),
                silent_for: object.age,
                containers: Vec::new(),
            });
            pod.silent_for = pod.silent_for.min(object.age);
            pod.containers.extend(container.map(str::to_owned));
        }
        listing.pods = pods.into_values().collect();
        Ok(listing)
    }

    /// What a pod says of itself, and what is known of its end.
    ///
    /// # Errors
    /// Where the store, or its description of the pod, cannot be read.
    pub fn describe(&self, pod: &FleetPod) -> Result<(PodDocument, PodState), StoreError> {
        let key = pod_key(&pod.namespace, &pod.uid);
        let bytes = self.store.get(&key, LONGEST_POD)?;
        let bytes = bytes.ok_or_else(|| StoreError::Damaged {
            key: key.clone(),
            problem: "is missing".to_owned(),
        })?;
        let mut document = PodDocument::parse(&key, &bytes)?;
        // Under whose key it is, nobody can say otherwise.
        document.namespace.clone_from(&pod.namespace);
        document.uid.clone_from(&pod.uid);
        let state = match document.ended {
            Some(goodbye) => PodState::Ended(goodbye),
            None if pod.silent_for > patience_with(&document) => PodState::Lost(pod.silent_for),
            None => PodState::Running,
        };
        Ok((document, state))
    }

    /// Waits until pods that run have sent what they had recorded by now, or are silent for too long.
    /// `pause` lets some time pass.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub fn wait_for(
        &self,
        pods: &[FleetPod],
        pause: &mut dyn FnMut(),
    ) -> Result<Vec<(PodDocument, PodState)>, StoreError> {
        let begun = Instant::now();
        let mut described = Vec::new();
        for pod in pods {
            described.push(self.describe(pod)?);
        }
        // What is sent may have been looked at before now; the time after it was not.
        let wanted: Vec<u64> = (described.iter())
            .map(|(document, _)| document.beats.saturating_add(2))
            .collect();
        loop {
            let mut is_waited_for = false;
            for ((pod, beats), known) in pods.iter().zip(&wanted).zip(&mut described) {
                let (document, state) = &mut *known;
                if *state != PodState::Running || document.beats >= *beats {
                    continue;
                }
                *known = self.describe(pod)?;
                let (document, state) = known;
                if *state == PodState::Running && document.beats < *beats {
                    let patience = patience_with(document);
                    is_waited_for |= begun.elapsed() <= patience;
                    if begun.elapsed() > patience {
                        *state = PodState::Lost(begun.elapsed());
                    }
                }
            }
            if !is_waited_for {
                return Ok(described);
            }
            pause();
        }
    }

    /// Fetches what a pod recorded; its hit stores go below `folder`, which is this user's alone.
    ///
    /// # Errors
    /// Where the store cannot be read; where there is no room here.
    pub fn fetch(
        &self,
        pod: &FleetPod,
        document: PodDocument,
        folder: &Path,
    ) -> Result<FetchedPod, StoreError> {
        let mut named: Vec<DeclaredContainer> = document.containers.clone();
        named.retain(|container| is_plain_name(&container.name));
        for container in &pod.containers {
            if !named.iter().any(|one| one.name == *container) {
                named.push(DeclaredContainer {
                    name: container.clone(),
                    ..DeclaredContainer::default()
                });
            }
        }
        let mut containers = Vec::new();
        for container in named {
            containers.push(self.fetch_container(pod, container, folder)?);
        }
        Ok(FetchedPod {
            document,
            containers,
        })
    }

    fn fetch_container(
        &self,
        pod: &FleetPod,
        document: DeclaredContainer,
        folder: &Path,
    ) -> Result<FetchedContainer, StoreError> {
        let key = index_key(&pod.namespace, &pod.uid, &document.name);
        let data = folder.join(&document.name);
        let mut fetched = FetchedContainer {
            document,
            data,
            problem: None,
            damaged: Vec::new(),
        };
        let most = u64::try_from(LONGEST_INDEX).unwrap_or(u64::MAX);
        let index = match self.store.get(&key, most) {
            Ok(None) => {
                let text = "its pod announced it, and no index of its hit stores followed";
                fetched.problem = Some(text.to_owned());
                return Ok(fetched);
            }
            Ok(Some(bytes)) => IndexDocument::parse(&key, &bytes),
            Err(error) => Err(error),
        };
        let index = match index {
            Ok(index) => index,
            Err(error @ StoreError::Damaged { .. }) => {
                fetched.problem = Some(error.to_string());
                return Ok(fetched);
            }
            Err(error) => return Err(error),
        };
        let here = |source: io::Error| StoreError::Unreachable {
            what: "be copied".to_owned(),
            source,
        };
        fs::create_dir_all(&fetched.data).map_err(here)?;
        for (name, error) in &index.unreadable {
            let text = format!("`{name}` could not be read in the pod: {error}");
            fetched.damaged.push(text);
        }
        if index.left_out > 0 {
            let text = format!("{} hit stores found no room in the index", index.left_out);
            fetched.damaged.push(text);
        }
        let mut room = MOST_ROOM;
        for (name, store) in &index.stores {
            if !is_hit_store(name) && !is_mark(name) {
                fetched
                    .damaged
                    .push(format!("`{name}` is not a hit store's name"));
                continue;
            }
            if let Some(problem) = self.rebuild(&fetched.data.join(name), store, &mut room)? {
                fetched.damaged.push(format!("`{name}`: {problem}"));
            }
        }
        Ok(fetched)
    }

    /// Makes a hit store again; what is wrong with it, if anything is. Every prefix of one is valid, so
    /// what is before a segment that is missing stays.
    fn rebuild(
        &self,
        path: &Path,
        store: &StoreDocument,
        room: &mut u64,
    ) -> Result<Option<String>, StoreError> {
        let here = |source: io::Error| StoreError::Unreachable {
            what: "be copied".to_owned(),
            source,
        };
        let mut options = fs::OpenOptions::new();
        let file = options
            .write(true)
            .create_new(true)
            .open(path)
            .map_err(here)?;
        if store.head.is_empty() && store.pieces.is_empty() {
            let since = Duration::from_nanos(store.modified);
            let time = SystemTime::UNIX_EPOCH.checked_add(since);
            let _ = time.map(|time| file.file().set_modified(time));
            return Ok(None);
        }
        if store.size > LONGEST || store.size > *room {
            return Ok(Some(format!("{} bytes are more than is taken", store.size)));
        }
        let heads = STANDARD.decode(&store.head).ok();
        let heads = heads.and_then(|heads| segment::unpacked(&heads, segment::MOST_HEADERS));
        let Some(heads) = heads else {
            return Ok(Some("its header is damaged".to_owned()));
        };
        let mut heads = heads.as_slice();
        let mut file = io::BufWriter::new(file.into_file());
        let mut written = 0_u64;
        let mut put = |bytes: &[u8]| {
            written += u64::try_from(bytes.len()).unwrap_or(0);
            file.write_all(bytes).map_err(here)
        };
        let mut pieces = store.pieces.iter();
        for (head, length) in segment::parts(store.places) {
            let (now, later) = heads.split_at(head.min(heads.len()));
            heads = later;
            put(now)?;
            if length == 0 && !now.is_empty() {
                continue;
            }
            let Some(name) = pieces.next() else {
                break;
            };
            match self.piece(name)? {
                Ok(piece) if piece.len() <= length => put(&piece)?,
                Ok(_) => return Ok(Some("a segment is longer than its part".to_owned())),
                Err(problem) => return Ok(Some(problem)),
            }
        }
        file.flush().map_err(here)?;
        *room = room.saturating_sub(written);
        Ok((written != store.size).then(|| "it is not as long as its index says".to_owned()))
    }

    /// A segment, or what is wrong with it.
    fn piece(&self, name: &str) -> Result<Result<Arc<[u8]>, String>, StoreError> {
        if !segment::is_name(name) {
            return Ok(Err("its index names no segment".to_owned()));
        }
        if let Some(piece) = self.cache().find(name) {
            return Ok(Ok(piece));
        }
        let short = name.get(..12).unwrap_or(name);
        let object = match self.store.get(&segment::key_of(name), LONGEST_OBJECT) {
            Ok(Some(object)) => object,
            Ok(None) => return Ok(Err(format!("the segment {short} is missing"))),
            Err(StoreError::Damaged { .. }) => {
                return Ok(Err(format!("the segment {short} is damaged")));
            }
            Err(error) => return Err(error),
        };
        let Some(piece) = segment::checked(&object, name) else {
            return Ok(Err(format!("the segment {short} is damaged")));
        };
        let piece: Arc<[u8]> = piece.into();
        self.cache().keep(name, &piece);
        Ok(Ok(piece))
    }

    fn cache(&self) -> std::sync::MutexGuard<'_, SegmentCache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// For how long nothing may be heard of a pod that is there.
fn patience_with(pod: &PodDocument) -> Duration {
    Duration::from_millis(pod.heartbeat).min(LONGEST_HEARTBEAT) * MISSED
}

/// Segments that were fetched lately: what replicas share is fetched once.
#[derive(Debug, Default)]
struct SegmentCache {
    pieces: HashMap<String, Arc<[u8]>>,
    order: VecDeque<String>,
    bytes: usize,
}

impl SegmentCache {
    fn find(&self, name: &str) -> Option<Arc<[u8]>> {
        self.pieces.get(name).map(Arc::clone)
    }

    fn keep(&mut self, name: &str, piece: &Arc<[u8]>) {
        if self
            .pieces
            .insert(name.to_owned(), Arc::clone(piece))
            .is_some()
        {
            return;
        }
        self.bytes += piece.len();
        self.order.push_back(name.to_owned());
        while self.bytes > MOST_CACHED
            && let Some(oldest) = self.order.pop_front()
        {
            let gone = self.pieces.remove(&oldest);
            self.bytes -= gone.map_or(0, |piece| piece.len());
        }
    }
}
