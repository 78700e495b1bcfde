//! What swath does with an engine beside the clients' requests, once the first client is there:
//! each in a thread of its own, so that no client waits for it.

use std::net::Shutdown;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::events;
use crate::owner::remove_leftovers;
use crate::patience::{Patience, Silence};
use crate::processes;
use crate::proxy::Shared;
use crate::session::locked;
use crate::stream::Stream;
use crate::time::now;

/// How often who waits for the first answer looks whether it still may.
const SLICE: Duration = Duration::from_millis(200);

/// The contact with an engine.
pub(crate) struct Contact {
    /// When it began, in seconds since 1970.
    pub(crate) since: u64,
    begun: Instant,
    /// The stream of events, once it is open.
    events: Arc<Mutex<Option<Arc<Stream>>>>,
    /// Says when the engine has given its first answer, be it a refusal.
    answered: Receiver<()>,
    /// Dropped, it ends the thread that looks at processes.
    watching: Sender<()>,
    threads: Vec<JoinHandle<()>>,
}

impl Contact {
    pub(crate) fn make(shared: &Arc<Shared>) -> Contact {
        let since = now();
        let events = Arc::new(Mutex::new(None));
        let (answer, answered) = channel();
        let (watching, stop) = channel();
        let start = |name: &str, work: Box<dyn FnOnce() + Send>| {
            let named = std::thread::Builder::new().name(name.to_owned());
            named.spawn(work).ok()
        };
        let (own, stream) = (Arc::clone(shared), Arc::clone(&events));
        let listening = start(
            "swath-docker-events",
            Box::new(move || listen(&own, since, &stream, &answer)),
        );
        let own = Arc::clone(shared);
        let cleaning = start(
            "swath-docker-leftovers",
            Box::new(move || {
                if let Err(error) = remove_leftovers(&own.beside) {
                    tracing::debug!("leftovers stay: {error}");
                }
            }),
        );
        let own = Arc::clone(shared);
        let looking = start(
            "swath-docker-processes",
            Box::new(move || processes::watch(&own.session, &own.beside, &stop)),
        );
        Contact {
            since,
            begun: Instant::now(),
            events,
            answered,
            watching,
            threads: [listening, cleaning, looking]
                .into_iter()
                .flatten()
                .collect(),
        }
    }

    /// Waits until the engine has said its first word; a silence if it does not.
    pub(crate) fn wait_for_answer(&self, patience: &Patience) -> Option<Silence> {
        let begun = Instant::now();
        loop {
            match self.answered.recv_timeout(SLICE) {
                Ok(()) => return None,
                // The thread did not start, or ended without an answer.
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {}
            }
            if patience.is_given_up() || begun.elapsed() >= patience.limits().silence_at_end {
                break;
            }
        }
        Some(patience.silence().unwrap_or(Silence {
            request: "`GET /events`".to_owned(),
            waited: self.begun.elapsed(),
        }))
    }

    /// Ends what goes on beside the clients' requests.
    pub(crate) fn end(self, patience: &Patience) {
        patience.give_up();
        drop(self.watching);
        if let Some(stream) = locked(&self.events).take() {
            stream.shut(Shutdown::Both);
        }
        for thread in self.threads {
            let _ = thread.join();
        }
    }
}

/// Listens to the events of a run's containers until the stream ends.
fn listen(
    shared: &Arc<Shared>,
    since: u64,
    open: &Mutex<Option<Arc<Stream>>>,
    answer: &Sender<()>,
) {
    let (session, patience) = (&shared.session, &shared.beside.patience);
    match events::open(&shared.beside, &session.delivery.run, since, None) {
        Ok((stream, events)) => {
            *locked(open) = Some(Arc::clone(&stream));
            let _ = answer.send(());
            if patience.is_given_up() {
                return;
            }
            events.for_each(|event| events::take(session, &event));
        }
        Err(error) if error.is_silence() => {}
        Err(_) => {
            let _ = answer.send(());
        }
    }
}
