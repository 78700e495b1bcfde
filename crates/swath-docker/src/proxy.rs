//! The proxy: a unix socket that passes everything through to the engine, and rewrites the
//! creation of containers.

use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use fs_err as fs;

use crate::contact::Contact;
use crate::endpoint::Endpoint;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::events;
use crate::exchange::serve;
use crate::owner::remove_leftovers;
use crate::patience::{Limits, Patience, Silence};
use crate::record::{ContainerNote, ContainerRecord};
use crate::session::{Delivery, Session, locked};
use crate::shipped::ShippedTasks;
use crate::stream::Stream;
use crate::time::now;

/// When this process has no descriptor left for a client, one may be free a moment later.
const BEFORE_THE_NEXT_CLIENT: Duration = Duration::from_millis(50);

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
    /// What is to be fetched from an object store.
    pub shipped: Option<ShippedTasks>,
    /// Whether a volume of tasks stays in the engine because not all of it could be read.
    pub keeps_volume: bool,
    /// What there is to say about these and others.
    pub notes: Vec<ContainerNote>,
}

/// Ends every wait for an engine: what has not been gathered by then stays in the engine.
#[derive(Debug, Clone)]
pub struct GiveUp {
    patience: [Arc<Patience>; 2],
}

impl GiveUp {
    /// Nothing of the run waits for the engine any longer.
    pub fn now(&self) {
        for patience in &self.patience {
            patience.give_up();
        }
    }
}

pub(crate) struct Shared {
    pub(crate) session: Session,
    /// The engine for what swath does beside the clients' requests; it is given up at the end.
    pub(crate) beside: Engine,
    stopping: AtomicBool,
    contact: Mutex<Option<Contact>>,
    /// Called once, when the engine is first contacted.
    on_contact: Box<dyn Fn() + Send + Sync>,
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
        let engine = Engine::new(endpoint, delivery.limits);
        let shared = Arc::new(Shared {
            beside: engine.apart(),
            session: Session::new(engine, delivery),
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

    /// What ends the wait for an engine that does not answer, from another thread.
    pub fn give_up(&self) -> GiveUp {
        let engines = [&self.shared.session.engine, &self.shared.beside];
        GiveUp {
            patience: engines.map(|engine| Arc::clone(&engine.patience)),
        }
    }

    /// Stops listening, gathers what is left and removes what swath made in the engine. An engine
    /// that does not answer is waited for once, for as long as the limits say.
    pub fn finish(mut self) -> Gathered {
        self.stop_listening();
        let contact = locked(&self.shared.contact).take();
        let Some(contact) = contact else {
            return Gathered::default();
        };
        let (session, beside) = (&self.shared.session, &self.shared.beside);
        session.engine.patience.end();
        beside.patience.end();
        let silence = contact.wait_for_answer(&beside.patience);
        let since = contact.since;
        contact.end(&beside.patience);
        if silence.is_some() && session.is_empty() {
            // Nothing was made in it, so nothing is to be had from it.
            let mut notes = session.take_notes();
            notes.extend(silence.map(|silence| self.silent(&silence)));
            return Gathered {
                containers: Vec::new(),
                shipped: None,
                keeps_volume: false,
                notes,
            };
        }
        // What the stream did not tell in time is asked for.
        let run = &session.delivery.run;
        match events::open(&session.engine, run, since, Some(now())) {
            Ok((_, missed)) => missed.for_each(|event| events::take(session, &event)),
            Err(error) => session.failed_unless_silent("the engine's events", &error),
        }
        let mut gathered = session.close();
        if let Err(error) = remove_leftovers(&session.engine) {
            tracing::debug!("leftovers stay: {error}");
        }
        let patience = &session.engine.patience;
        let silence = patience.silence().filter(|_| patience.is_given_up());
        let silence = silence.map(|silence| self.silent(&silence));
        gathered.notes.extend(silence);
        gathered
    }

    fn silent(&self, silence: &Silence) -> ContainerNote {
        ContainerNote::EngineSilent {
            endpoint: self.endpoint().to_string(),
            request: silence.request.clone(),
            waited: silence.waited,
        }
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
        // Who still asks for a client of which nobody takes the answer is not waited for.
        self.give_up().now();
    }
}

/// Removes what runs that were killed left in an engine. Says whether all of it is gone: a volume
/// stays as long as a container of the user's refers to it.
pub fn remove_leftovers_of_killed_runs(endpoint: &Endpoint) -> Result<bool, EngineError> {
    let engine = Engine::new(endpoint.clone(), Limits::default());
    // Before the tests as after them an engine that says nothing gets no second chance.
    engine.patience.end();
    remove_leftovers(&engine)
}

fn accept(listener: &UnixListener, shared: &Arc<Shared>) {
    for client in listener.incoming() {
        if shared.stopping.load(Ordering::Acquire) {
            return;
        }
        let client = match client {
            Ok(client) => client,
            Err(error) => {
                tracing::warn!("a client could not be accepted: {error}");
                std::thread::sleep(BEFORE_THE_NEXT_CLIENT);
                continue;
            }
        };
        let own = Arc::clone(shared);
        let served = std::thread::Builder::new()
            .name("swath-docker-client".to_owned())
            .spawn(move || serve(&own, &Arc::new(Stream::Unix(client))));
        if let Err(error) = served {
            tracing::warn!("a client could not be served: {error}");
        }
    }
}

impl Shared {
    /// On the first request of all, and without keeping it waiting: cleans up after killed runs and
    /// starts to listen to events.
    pub(crate) fn contact(self: &Arc<Self>) {
        let mut contact = locked(&self.contact);
        if contact.is_some() || self.stopping.load(Ordering::Acquire) {
            return;
        }
        (self.on_contact)();
        *contact = Some(Contact::make(self));
    }
}
