//! An engine that manages a Swarm, in memory: what a proxy in front of one asks for, without a Docker.
//!
//! Volumes are folders, so that a process here can play a task of a service. Nothing is scheduled but
//! what a test wants.

mod request;
mod task;

use std::collections::BTreeMap;
use std::io::{Read as _, Write};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fs_err as fs;
use serde_json::{Value, json};

use self::request::Request;

/// The engine; its socket is closed with the process.
#[derive(Debug, Clone)]
pub struct SwarmEngine {
    folder: PathBuf,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    folder: PathBuf,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    nodes: usize,
    images: Vec<String>,
    /// Requests that are answered with an error: `("GET", "/containers/")`.
    refused: Vec<(String, String)>,
    seen: Vec<(String, Value)>,
    number: usize,
    volumes: BTreeMap<String, Value>,
    containers: BTreeMap<String, Value>,
    services: BTreeMap<String, Value>,
    configs: BTreeMap<String, Value>,
    tasks: Vec<Value>,
    events: Vec<Value>,
    /// Whether a process plays the task of each service that is made.
    plays: bool,
    /// What programs of containers are here.
    programs: BTreeMap<String, PathBuf>,
}

type Answer = (u16, Value);

impl SwarmEngine {
    /// An engine of one node that has no image; what it keeps is below `folder`.
    pub fn start(folder: &Path) -> SwarmEngine {
        let folder = folder.join("engine");
        fs::create_dir_all(&folder).expect("the folder of a test can be written to");
        let listener = UnixListener::bind(folder.join("docker.sock")).expect("a socket is made");
        let shared = Arc::new(Shared {
            folder: folder.clone(),
            state: Mutex::new(State {
                nodes: 1,
                ..State::default()
            }),
            changed: Condvar::new(),
        });
        let own = Arc::clone(&shared);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let own = Arc::clone(&own);
                // A client that went away in between is as it should be.
                std::thread::spawn(move || own.serve(client));
            }
        });
        SwarmEngine { folder, shared }
    }

    /// Where it listens.
    pub fn socket(&self) -> PathBuf {
        self.folder.join("docker.sock")
    }

    /// How many nodes its Swarm has from now on.
    pub fn set_nodes(&self, nodes: usize) {
        self.state().nodes = nodes;
    }

    /// It has an image with a Python, under this reference alone.
    pub fn add_image(&self, reference: &str) {
        self.state().images.push(reference.to_owned());
    }

    /// It has an image no longer.
    pub fn remove_image(&self, reference: &str) {
        self.state().images.retain(|image| image != reference);
    }

    /// What in it is swath's, by name or id.
    pub fn left(&self) -> Vec<String> {
        let state = self.state();
        let is_owned = |labels: &Value| labels.get("swath.owner").is_some();
        let things = [&state.services, &state.configs];
        let things = things.into_iter().flatten();
        let things = things.filter(|(_, one)| is_owned(&one["Spec"]["Labels"]));
        let others = state.volumes.iter().chain(&state.containers);
        let others = others.filter(|(_, one)| is_owned(&one["Labels"]));
        things.chain(others).map(|(name, _)| name.clone()).collect()
    }

    /// From now on a process plays the one task of each service that is made, until it ends or the service
    /// is removed. `programs` are those of containers that are elsewhere here.
    pub fn play_tasks<'p>(&self, programs: impl IntoIterator<Item = (&'p str, &'p Path)>) {
        let programs = programs.into_iter();
        let mut state = self.state();
        state.plays = true;
        state.programs = programs
            .map(|(name, path)| (name.to_owned(), path.to_owned()))
            .collect();
    }

    /// From now on requests that begin so are answered with an error.
    pub fn refuse(&self, method: &str, path: &str) {
        let refused = (method.to_owned(), path.to_owned());
        self.state().refused.push(refused);
    }

    /// Nothing is refused from now on.
    pub fn refuse_nothing(&self) {
        self.state().refused.clear();
    }

    /// The requests so far whose first line begins so, with what they carried, if that was JSON.
    pub fn seen(&self, begins: &str) -> Vec<(String, Value)> {
        let state = self.state();
        let seen = state
            .seen
            .iter()
            .filter(|(line, _)| line.starts_with(begins));
        seen.cloned().collect()
    }

    /// The services that there are, as it describes them.
    pub fn services(&self) -> Vec<Value> {
        self.state().services.values().cloned().collect()
    }

    /// Adds a service that was made before.
    pub fn add_service(&self, specification: &Value) {
        self.state().make_service(specification);
    }

    /// Takes a service back to what it was before, as a Swarm does after an update that failed.
    pub fn roll_back(&self, name: &str) {
        if let Some(service) = self.state().service(name) {
            service["Spec"] = service["PreviousSpec"].take();
        }
    }

    /// Makes something as if a client of long ago had asked for it.
    pub fn make(&self, path: &str, content: &Value) {
        let request = Request::of("POST", path);
        let mut state = self.state();
        let (status, _) = state.answer(&self.shared, "POST", path, &request, content.clone());
        assert!(status < 300, "{path} was answered with {status}");
    }

    /// The tasks that it tells of.
    pub fn set_tasks(&self, tasks: Vec<Value>) {
        self.state().tasks = tasks;
    }

    /// The folder of a volume, if there is one of this name.
    pub fn volume(&self, name: &str) -> Option<PathBuf> {
        let is_there = self.state().volumes.contains_key(name);
        is_there.then(|| self.shared.folder_of(name))
    }

    /// Removes a volume, as somebody else might.
    pub fn remove_volume(&self, name: &str) {
        self.state().volumes.remove(name);
        let _ = fs::remove_dir_all(self.shared.folder_of(name));
    }

    /// The container of a task that began, and of which no event tells.
    pub fn add_container(&self, id: &str, labels: &Value) {
        let name = labels["com.docker.swarm.task.name"].as_str();
        let name = format!("/{}", name.unwrap_or(id));
        let container = json!({"Id": id, "Name": name, "Config": {"Labels": labels},
            "State": {"Running": false, "StartedAt": "2026-01-01T00:00:00Z"}});
        self.state().containers.insert(id.to_owned(), container);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.locked()
    }
}

impl Shared {
    fn locked(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn folder_of(&self, volume: &str) -> PathBuf {
        self.folder.join("volumes").join(volume)
    }

    fn serve(self: &Arc<Self>, mut client: UnixStream) -> std::io::Result<()> {
        let Some(request) = Request::read(&mut client)? else {
            return Ok(());
        };
        let content = serde_json::from_slice(&request.body).unwrap_or(Value::Null);
        let line = format!("{} {}", request.method, request.path);
        let is_refused = {
            let mut state = self.locked();
            state.seen.push((line, content.clone()));
            let mut refused = state.refused.iter();
            refused.any(|(method, path)| {
                *method == request.method && request.path.starts_with(path.as_str())
            })
        };
        if is_refused {
            let answer = json!({"message": "the test wants that"});
            return reply(&mut client, 500, answer.to_string().as_bytes());
        }
        let (method, path) = (request.method.as_str(), request.path.as_str());
        if path == "/events" {
            return self.tell_events(&mut client, &request);
        }
        if let Some(id) = part_of(path, "/containers/", "/archive") {
            return self.archive(&mut client, &request, id);
        }
        let (status, answer) = self.locked().answer(self, method, path, &request, content);
        let body = if answer.is_null() {
            String::new()
        } else {
            answer.to_string()
        };
        reply(&mut client, status, body.as_bytes())
    }

    /// What there was, and, unless an end is asked for, what comes.
    fn tell_events(&self, client: &mut UnixStream, request: &Request) -> std::io::Result<()> {
        write!(client, "HTTP/1.0 200 OK\r\n\r\n")?;
        let mut told = 0;
        let mut state = self.locked();
        loop {
            let new: Vec<Value> = state.events.iter().skip(told).cloned().collect();
            told += new.len();
            drop(state);
            for event in new {
                writeln!(client, "{event}")?;
            }
            if request.query("until").is_some() {
                return Ok(());
            }
            let waited = self
                .changed
                .wait_timeout(self.locked(), Duration::from_mins(1));
            let (again, limit) = waited.unwrap_or_else(PoisonError::into_inner);
            if limit.timed_out() {
                return Ok(());
            }
            state = again;
        }
    }

    /// What is at a path of a container, which has nothing but a volume at `/swath`.
    fn archive(&self, client: &mut UnixStream, request: &Request, id: &str) -> std::io::Result<()> {
        let at = request.query("path").unwrap_or_default();
        let volume = {
            let state = self.locked();
            let binds = state
                .containers
                .get(id)
                .and_then(|one| one.pointer("/HostConfig/Binds/0"));
            let bind = binds.and_then(Value::as_str).unwrap_or_default();
            bind.split(':').next().unwrap_or_default().to_owned()
        };
        let inside = |path: &Path| {
            let path = Path::new("/").join(path);
            let rest = path.strip_prefix("/swath").ok()?;
            let is_plain = rest
                .components()
                .all(|part| matches!(part, Component::Normal(_)));
            (is_plain && !volume.is_empty()).then(|| self.folder_of(&volume).join(rest))
        };
        if request.method == "PUT" {
            let mut archive = tar::Archive::new(&request.body[..]);
            for entry in archive.entries()? {
                let mut entry = entry?;
                let path = entry.path()?.into_owned();
                if let Some(path) = inside(&Path::new(&at).join(path)) {
                    put(&mut entry, &path)?;
                }
            }
            return reply(client, 200, b"");
        }
        let Some(path) = inside(Path::new(&at)).filter(|path| path.exists()) else {
            return reply(client, 404, b"{\"message\":\"nothing is there\"}");
        };
        let name = path.file_name().unwrap_or_default().to_owned();
        let mut archive = tar::Builder::new(Vec::new());
        if path.is_dir() {
            archive.append_dir_all(&name, &path)?;
        } else {
            archive.append_path_with_name(&path, &name)?;
        }
        reply(client, 200, &archive.into_inner()?)
    }
}

/// Puts an entry of an archive where it belongs: what is there gives way.
fn put(entry: &mut tar::Entry<'_, &[u8]>, path: &Path) -> std::io::Result<()> {
    let mode = entry.header().mode()?;
    if entry.header().entry_type().is_dir() {
        fs::create_dir_all(path)?;
    } else {
        if path.is_dir() {
            fs::remove_dir_all(path)?;
        }
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        let mut content = Vec::new();
        entry.read_to_end(&mut content)?;
        fs::write(path, content)?;
    }
    fs::set_permissions(path, std::fs::Permissions::from_mode(mode))
}

impl State {
    fn answer(
        &mut self,
        shared: &Arc<Shared>,
        method: &str,
        path: &str,
        request: &Request,
        content: Value,
    ) -> Answer {
        let filter = request.labels();
        match (method, path) {
            ("GET", "/info") => {
                let swarm = json!({"ControlAvailable": true, "Nodes": self.nodes});
                (200, json!({"Swarm": swarm}))
            }
            ("GET", path) if path.starts_with("/images/") => {
                let reference = part_of(path, "/images/", "/json").unwrap_or_default();
                if !self.images.iter().any(|image| image == reference) {
                    return missing();
                }
                let config = json!({"Env": ["PYTHON_VERSION=3"], "Cmd": ["python3"]});
                (
                    200,
                    json!({"Id": "sha256:aa", "Os": "linux", "Architecture": "amd64", "Config": config}),
                )
            }
            ("POST", "/volumes/create") => {
                let name = content["Name"].as_str().unwrap_or_default().to_owned();
                let _ = fs::create_dir_all(shared.folder_of(&name));
                (201, self.volumes.entry(name).or_insert(content).clone())
            }
            ("POST", "/volumes/prune") => {
                for volume in std::mem::take(&mut self.volumes).into_keys() {
                    let _ = fs::remove_dir_all(shared.folder_of(&volume));
                }
                (200, json!({"VolumesDeleted": []}))
            }
            ("GET", "/volumes") => {
                let volumes = self.volumes.values();
                let volumes = volumes.filter(|one| bears(&one["Labels"], &filter));
                (200, json!({"Volumes": volumes.collect::<Vec<_>>()}))
            }
            ("POST", "/containers/create") => {
                let id = self.next("ca");
                self.containers.insert(id.clone(), content);
                (201, json!({"Id": id}))
            }
            ("GET", "/containers/json") => {
                let tasks = self.containers.values();
                let tasks = tasks.filter(|one| bears(&one["Config"]["Labels"], &filter));
                let tasks =
                    tasks.map(|one| json!({"Id": one["Id"], "Labels": one["Config"]["Labels"]}));
                (200, tasks.collect())
            }
            ("POST", "/services/create") => self.create_service(shared, &content),
            ("POST", path) if path.ends_with("/update") => {
                let name = part_of(path, "/services/", "/update").unwrap_or_default();
                let Some(service) = self.service(name) else {
                    return missing();
                };
                service["PreviousSpec"] = service["Spec"].take();
                service["Spec"] = content;
                (200, json!({"Warnings": null}))
            }
            ("POST", "/configs/create") => {
                let id = self.next("config");
                let config = json!({"ID": id, "Spec": content});
                self.configs.insert(id.clone(), config);
                (201, json!({"ID": id}))
            }
            ("GET", "/tasks") => (200, json!(self.tasks)),
            ("GET", "/services") => (200, listed(&self.services, &filter)),
            ("GET", "/configs") => (200, listed(&self.configs, &filter)),
            _ => self.answer_of_one(shared, method, path),
        }
    }

    /// The answer to what is asked of one thing, by its name or id.
    fn answer_of_one(&mut self, shared: &Shared, method: &str, path: &str) -> Answer {
        let mut parts = path.split('/').skip(1);
        let (kind, name) = (
            parts.next().unwrap_or_default(),
            parts.next().unwrap_or_default(),
        );
        if method == "DELETE" {
            let is_gone = match kind {
                "volumes" => {
                    let _ = fs::remove_dir_all(shared.folder_of(name));
                    self.volumes.remove(name).is_some()
                }
                "containers" => self.containers.remove(name).is_some(),
                "configs" => self.configs.remove(name).is_some(),
                "services" => {
                    let id = self.service(name).map(|one| one["ID"].clone());
                    id.is_some_and(|id| {
                        self.services
                            .remove(id.as_str().unwrap_or_default())
                            .is_some()
                    })
                }
                _ => false,
            };
            return if is_gone {
                (204, Value::Null)
            } else {
                missing()
            };
        }
        let found = match kind {
            "volumes" => self.volumes.get(name).cloned(),
            "containers" => self.containers.get(name).cloned(),
            "services" => self.service(name).cloned(),
            "secrets" => Some(json!({"ID": "secret1"})),
            "tasks" => self.tasks.iter().find(|task| task["ID"] == name).cloned(),
            _ => None,
        };
        found.map_or_else(missing, |found| (200, found))
    }

    fn service(&mut self, name: &str) -> Option<&mut Value> {
        let mut services = self.services.values_mut();
        services.find(|one| one["ID"] == name || one["Spec"]["Name"] == name)
    }

    fn create_service(&mut self, shared: &Arc<Shared>, specification: &Value) -> Answer {
        let name = specification["Name"].as_str().unwrap_or_default();
        if self.service(name).is_some() {
            return (409, json!({"message": "name conflicts"}));
        }
        let id = self.make_service(specification);
        if self.plays {
            let number = self.next("task");
            task::play(shared, self, specification, &id, &number);
        }
        (201, json!({"ID": id}))
    }

    fn make_service(&mut self, specification: &Value) -> String {
        let id = self.next("service");
        let mut specification = specification.clone();
        if specification["Name"]
            .as_str()
            .unwrap_or_default()
            .is_empty()
        {
            specification["Name"] = json!("vigilant_volhard");
        }
        let service = json!({"ID": id, "Spec": specification});
        self.services.insert(id.clone(), service);
        id
    }

    fn next(&mut self, kind: &str) -> String {
        self.number += 1;
        format!("{kind}{}", self.number)
    }
}

/// The services or configs that have these labels.
fn listed(all: &BTreeMap<String, Value>, labels: &[String]) -> Value {
    let all = all.values();
    let all = all.filter(|one| bears(&one["Spec"]["Labels"], labels));
    all.cloned().collect()
}

fn missing() -> Answer {
    (404, json!({"message": "there is none"}))
}

/// Whether labels have all of these, with their values where these have one.
fn bears(labels: &Value, wanted: &[String]) -> bool {
    wanted.iter().all(|wanted| match wanted.split_once('=') {
        Some((name, value)) => labels[name] == value,
        None => labels.get(wanted).is_some(),
    })
}

/// What stands between a beginning and an end.
fn part_of<'t>(path: &'t str, begins: &str, ends: &str) -> Option<&'t str> {
    path.strip_prefix(begins)?.strip_suffix(ends)
}

fn reply(client: &mut UnixStream, status: u16, body: &[u8]) -> std::io::Result<()> {
    write!(
        client,
        "HTTP/1.1 {status} said\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
        body.len()
    )?;
    client.write_all(body)
}
