//! The proxy: a unix socket that passes everything through to the engine, and rewrites the
//! creation of containers.

use std::io::{self, Read as _, Write as _};
use std::net::Shutdown;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{SystemTime, UNIX_EPOCH};

use fs_err as fs;
use serde_json::{Value, json};

use crate::config_hash::replace;
use crate::endpoint::Endpoint;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::events;
use crate::message::Head;
use crate::owner::remove_leftovers;
use crate::pace::Pace;
use crate::processes;
use crate::record::{ContainerNote, ContainerRecord};
use crate::route::Route;
use crate::session::{Delivery, Prepared, Session, locked};
use crate::stream::Stream;

/// A running proxy.
pub struct Proxy {
    socket: PathBuf,
    shared: Arc<Shared>,
    listener: Option<JoinHandle<()>>,
}

/// What became of the containers of a run.
#[derive(Debug, Default)]
pub struct Gathered {
    /// The containers that were created with the agent.
    pub containers: Vec<ContainerRecord>,
    /// What there is to say about these and others.
    pub notes: Vec<ContainerNote>,
}

struct Shared {
    session: Session,
    stopping: AtomicBool,
    contact: Mutex<Option<Contact>>,
    /// Called once, when the engine is first contacted.
    on_contact: Box<dyn Fn() + Send + Sync>,
}

/// The first contact with the engine.
struct Contact {
    since: u64,
    events: Option<Arc<Stream>>,
    thread: Option<JoinHandle<()>>,
    /// Dropped, it ends the thread that looks at processes.
    watching: Option<Sender<()>>,
    watch: Option<JoinHandle<()>>,
}

impl Proxy {
    /// Listens at `socket`, for this user only. The engine is contacted when the first client is
    /// there; `on_contact` is called before.
    pub fn start(
        socket: &Path,
        endpoint: Endpoint,
        delivery: Delivery,
        on_contact: impl Fn() + Send + Sync + 'static,
    ) -> io::Result<Proxy> {
        let listener = UnixListener::bind(socket)?;
        fs::set_permissions(socket, std::fs::Permissions::from_mode(0o600))?;
        let shared = Arc::new(Shared {
            session: Session::new(Engine { endpoint }, delivery),
            stopping: AtomicBool::new(false),
            contact: Mutex::new(None),
            on_contact: Box::new(on_contact),
        });
        let own = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("swath-docker".to_owned())
            .spawn(move || accept(&listener, &own))?;
        Ok(Proxy {
            socket: socket.to_owned(),
            shared,
            listener: Some(thread),
        })
    }

    /// What `DOCKER_HOST` is to say.
    pub fn address(&self) -> String {
        format!("unix://{}", self.socket.display())
    }

    /// The engine behind it.
    pub fn endpoint(&self) -> &Endpoint {
        &self.shared.session.engine.endpoint
    }

    /// Stops listening, gathers what is left and removes what swath made in the engine.
    pub fn finish(mut self) -> Gathered {
        self.stop_listening();
        let contact = locked(&self.shared.contact).take();
        let Some(contact) = contact else {
            return Gathered::default();
        };
        let session = &self.shared.session;
        drop(contact.watching);
        if let Some(thread) = contact.watch {
            let _ = thread.join();
        }
        if let Some(stream) = contact.events {
            stream.shut(Shutdown::Both);
        }
        if let Some(thread) = contact.thread {
            let _ = thread.join();
        }
        // What the stream did not tell in time is asked for.
        let run = &session.delivery.run;
        match events::open(&session.engine, run, contact.since, Some(now())) {
            Ok((_, missed)) => missed.for_each(|event| events::take(session, &event)),
            Err(error) => session.failed(format!("the engine's events: {error}")),
        }
        let (containers, notes) = session.close();
        if let Err(error) = remove_leftovers(&session.engine) {
            tracing::debug!("leftovers stay: {error}");
        }
        Gathered { containers, notes }
    }

    fn stop_listening(&mut self) {
        self.shared.stopping.store(true, Ordering::Release);
        // Wakes the thread that waits for a client. Where the socket is gone nobody can come
        // either, and the thread ends with the process.
        let woken = UnixStream::connect(&self.socket).is_ok();
        if let Some(listener) = self.listener.take().filter(|_| woken) {
            let _ = listener.join();
        }
        let _ = fs::remove_file(&self.socket);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        if self.listener.is_some() {
            self.stop_listening();
        }
    }
}

/// Removes what runs that were killed left in an engine. Says whether all of it is gone: a volume
/// stays as long as a container of the user's refers to it.
pub fn remove_leftovers_of_killed_runs(endpoint: &Endpoint) -> Result<bool, EngineError> {
    remove_leftovers(&Engine {
        endpoint: endpoint.clone(),
    })
}

/// Seconds since 1970.
fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

fn accept(listener: &UnixListener, shared: &Arc<Shared>) {
    for client in listener.incoming() {
        if shared.stopping.load(Ordering::Acquire) {
            return;
        }
        let Ok(client) = client else { continue };
        let own = Arc::clone(shared);
        let served = std::thread::Builder::new()
            .name("swath-docker-client".to_owned())
            .spawn(move || own.serve(&Arc::new(Stream::Unix(client))));
        if let Err(error) = served {
            tracing::warn!("a client could not be served: {error}");
        }
    }
}

impl Shared {
    fn serve(self: &Arc<Self>, client: &Arc<Stream>) {
        if let Err(error) = self.exchange(client) {
            tracing::debug!("a connection ended: {error}");
        }
        client.shut(Shutdown::Both);
    }

    /// One request and its answer, or one connection that becomes something else.
    fn exchange(self: &Arc<Self>, client: &Arc<Stream>) -> io::Result<()> {
        let Some((mut head, rest)) = Head::read(&**client)? else {
            return Ok(());
        };
        self.contact();
        if !head.is_upgrade() {
            head.set("Connection", "close");
        }
        let session = &self.session;
        match Route::of(head.method(), head.target()) {
            Route::Create { name } => return self.create(head, rest, name.as_deref(), client),
            Route::Look => return self.look(head, rest, client),
            Route::Use { container } => session.used(&container),
            Route::Attach { container } => {
                if let Some(id) = session.find(&container) {
                    session.update(&id, |record| record.attached = true);
                }
            }
            Route::Removal => session.gather_all(),
            Route::Other => {}
        }
        self.pass(&head, &rest, client)
    }

    /// Passes a request, and everything that follows in both directions.
    fn pass(&self, head: &Head, rest: &[u8], client: &Arc<Stream>) -> io::Result<()> {
        let Some(upstream) = self.upstream(client)? else {
            return Ok(());
        };
        let upstream = Arc::new(upstream);
        let mut message = head.to_bytes();
        message.extend_from_slice(rest);
        (&*upstream).write_all(&message)?;
        let requests = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&requests);
        let (from, to) = (Arc::clone(client), Arc::clone(&upstream));
        let forward = std::thread::Builder::new()
            .name("swath-docker-request".to_owned())
            .spawn(move || {
                // The end of the request, or of the client: the engine is told either way.
                let _ = from.pump_to(&to, |_| {
                    counter.fetch_add(1, Ordering::Relaxed);
                });
                to.shut(Shutdown::Write);
            })?;
        let mut pace = Pace::new(&requests);
        let result = upstream.pump_to(client, |length| pace.passed(length));
        // The answer is over, or the client gone: neither side has anything left to say.
        client.shut(Shutdown::Write);
        upstream.shut(Shutdown::Both);
        client.shut(Shutdown::Both);
        let _ = forward.join();
        result
    }

    fn upstream(&self, client: &Stream) -> io::Result<Option<Stream>> {
        match self.session.engine.endpoint.connect() {
            Ok(stream) => Ok(Some(stream)),
            Err(error) => {
                let body = json!({"message": format!("swath: {error}")}).to_string();
                answer(client, "HTTP/1.1 503 Service Unavailable", body.as_bytes())?;
                Ok(None)
            }
        }
    }

    fn create(
        &self,
        mut head: Head,
        rest: Vec<u8>,
        name: Option<&str>,
        client: &Arc<Stream>,
    ) -> io::Result<()> {
        let body = head.read_body(rest, &**client)?;
        let prepared = self.prepared(&body, name);
        let body = match &prepared {
            Some(prepared) => prepared.request.to_string().into_bytes(),
            None => body,
        };
        head.with_length(body.len());
        let Some(upstream) = self.upstream(client)? else {
            return Ok(());
        };
        let (head, body) = whole_answer(head, &body, &upstream)?;
        if let Some(prepared) = prepared {
            match created_id(&head, &body) {
                Some(id) => self.session.created(prepared, &id),
                None => self.session.not_created(&prepared),
            }
        }
        send(client, head, &body)
    }

    /// What is to be sent in place of `body`; a failure of swath's own leaves it as it is.
    fn prepared(&self, body: &[u8], name: Option<&str>) -> Option<Prepared> {
        let request = serde_json::from_slice::<Value>(body).ok()?;
        if !request.is_object() {
            return None;
        }
        match self.session.prepare(request, name) {
            Ok(prepared) => prepared,
            Err(error) => {
                self.session.failed(format!(
                    "a container was created without the agent: {error}"
                ));
                None
            }
        }
    }

    /// Passes a request for descriptions of containers, and shows the hashes of Compose as they
    /// are to be seen.
    fn look(&self, mut head: Head, rest: Vec<u8>, client: &Arc<Stream>) -> io::Result<()> {
        let body = head.read_body(rest, &**client)?;
        head.with_length(body.len());
        let Some(upstream) = self.upstream(client)? else {
            return Ok(());
        };
        let (head, body) = whole_answer(head, &body, &upstream)?;
        let changed = std::str::from_utf8(&body)
            .ok()
            .zip(serde_json::from_slice::<Value>(&body).ok())
            .map(|(text, value)| (text, self.session.shown(&value)))
            .filter(|(_, shown)| !shown.is_empty())
            .map(|(text, shown)| replace(text, &shown).into_bytes());
        send(client, head, &changed.unwrap_or(body))
    }

    /// On the first request of all: cleans up after killed runs and starts to listen to events.
    fn contact(self: &Arc<Self>) {
        let mut contact = locked(&self.contact);
        if contact.is_some() || self.stopping.load(Ordering::Acquire) {
            return;
        }
        (self.on_contact)();
        let session = &self.session;
        if let Err(error) = remove_leftovers(&session.engine) {
            tracing::debug!("leftovers stay: {error}");
        }
        let since = now();
        let run = &session.delivery.run;
        let mut made = Contact {
            since,
            events: None,
            thread: None,
            watching: None,
            watch: None,
        };
        if let Ok((stream, events)) = events::open(&session.engine, run, since, None) {
            let own = Arc::clone(self);
            made.events = Some(stream);
            made.thread = std::thread::Builder::new()
                .name("swath-docker-events".to_owned())
                .spawn(move || events.for_each(|event| events::take(&own.session, &event)))
                .ok();
        }
        let (sender, receiver) = channel();
        let own = Arc::clone(self);
        made.watch = std::thread::Builder::new()
            .name("swath-docker-processes".to_owned())
            .spawn(move || processes::watch(&own.session, &receiver))
            .ok();
        made.watching = Some(sender);
        *contact = Some(made);
    }
}

/// Sends a request and reads the answer to its end. HTTP/1.0 keeps the engine from cutting it into
/// chunks.
fn whole_answer(mut head: Head, body: &[u8], upstream: &Stream) -> io::Result<(Head, Vec<u8>)> {
    head.line = head.line.replacen("HTTP/1.1", "HTTP/1.0", 1);
    let mut message = head.to_bytes();
    message.extend_from_slice(body);
    let mut upstream = upstream;
    upstream.write_all(&message)?;
    let (mut head, mut body) =
        Head::read(upstream)?.ok_or(io::Error::from(io::ErrorKind::UnexpectedEof))?;
    upstream.read_to_end(&mut body)?;
    head.line = head.line.replacen("HTTP/1.0", "HTTP/1.1", 1);
    Ok((head, body))
}

fn send(client: &Stream, mut head: Head, body: &[u8]) -> io::Result<()> {
    head.with_length(body.len());
    head.set("Connection", "close");
    let mut message = head.to_bytes();
    message.extend_from_slice(body);
    let mut client = client;
    client.write_all(&message)
}

fn answer(client: &Stream, line: &str, body: &[u8]) -> io::Result<()> {
    let mut head = Head::new(line);
    head.set("Content-Type", "application/json");
    send(client, head, body)
}

fn created_id(head: &Head, body: &[u8]) -> Option<String> {
    if head.status() != Some(201) {
        return None;
    }
    let value = serde_json::from_slice::<Value>(body).ok()?;
    value["Id"].as_str().map(str::to_owned)
}
