//! How long an engine may keep swath waiting.

use std::io::{self, Read, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::session::locked;
use crate::stream::Stream;

/// How often a request that waits looks whether it still may.
const SLICE: Duration = Duration::from_millis(200);
/// The longest that the contents of a container may take, on their way in or out.
pub(crate) const LONGEST_TRANSFER: Duration = Duration::from_mins(10);
/// What an engine is given that was silent the last time it was asked.
const ONCE_SILENT: Duration = Duration::from_secs(10);

/// For how long an engine may say nothing before a request of swath's own is given up. A client's
/// own requests wait for as long as the client does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// While the tests run.
    pub silence: Duration,
    /// After the tests. An engine that says nothing for so long then is not asked again.
    pub silence_at_end: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            silence: Duration::from_secs(30),
            silence_at_end: Duration::from_secs(20),
        }
    }
}

/// A request that an engine did not answer in time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Silence {
    /// `GET /events`.
    pub(crate) request: String,
    /// For how long it was waited for.
    pub(crate) waited: Duration,
}

/// The patience with one engine, shared by the requests of a run.
#[derive(Debug)]
pub(crate) struct Patience {
    limits: Limits,
    at_end: AtomicBool,
    given_up: AtomicBool,
    silent: AtomicBool,
    first: Mutex<Option<Silence>>,
}

impl Patience {
    pub(crate) fn new(limits: Limits) -> Arc<Patience> {
        Arc::new(Patience {
            limits,
            at_end: AtomicBool::new(false),
            given_up: AtomicBool::new(false),
            silent: AtomicBool::new(false),
            first: Mutex::default(),
        })
    }

    pub(crate) fn limits(&self) -> Limits {
        self.limits
    }

    /// The tests are over: from now on the first silence is the last.
    pub(crate) fn end(&self) {
        self.at_end.store(true, Ordering::Release);
    }

    /// No request waits any longer, and none is made any more.
    pub(crate) fn give_up(&self) {
        self.given_up.store(true, Ordering::Release);
    }

    pub(crate) fn is_given_up(&self) -> bool {
        self.given_up.load(Ordering::Acquire)
    }

    /// The first request that was not answered in time.
    pub(crate) fn silence(&self) -> Option<Silence> {
        locked(&self.first).clone()
    }

    /// For how long the engine may be silent now.
    pub(crate) fn limit(&self) -> Duration {
        let limit = if self.at_end.load(Ordering::Acquire) {
            self.limits.silence_at_end
        } else {
            self.limits.silence
        };
        if self.silent.load(Ordering::Acquire) {
            limit.min(ONCE_SILENT)
        } else {
            limit
        }
    }

    /// Takes note of a request that was not answered.
    pub(crate) fn note(&self, request: &str, waited: Duration) {
        self.silent.store(true, Ordering::Release);
        locked(&self.first).get_or_insert_with(|| Silence {
            request: request.to_owned(),
            waited,
        });
        if self.at_end.load(Ordering::Acquire) {
            self.give_up();
        }
    }

    fn answered(&self) {
        self.silent.store(false, Ordering::Release);
    }
}

/// A connection to an engine that is waited for with patience, and no longer.
pub(crate) struct Timed {
    stream: Arc<Stream>,
    patience: Arc<Patience>,
    request: String,
    begun: Instant,
    /// How long all of it may take: an engine may also say little, again and again.
    longest: Duration,
}

impl Timed {
    pub(crate) fn new(
        stream: Arc<Stream>,
        patience: Arc<Patience>,
        request: String,
        longest: Duration,
    ) -> io::Result<Timed> {
        stream.wait_at_most(Some(SLICE))?;
        Ok(Timed {
            stream,
            patience,
            request,
            begun: Instant::now(),
            longest,
        })
    }

    /// The connection, to end it from elsewhere.
    pub(crate) fn stream(&self) -> Arc<Stream> {
        Arc::clone(&self.stream)
    }

    /// From now on an answer that never ends: silence is no fault of it.
    pub(crate) fn without_limit(&mut self) -> io::Result<()> {
        self.longest = Duration::MAX;
        self.stream.wait_at_most(None)
    }

    /// Whether to go on waiting after having waited since then.
    fn wait_on(&self, since: Instant) -> io::Result<()> {
        let waited = since.elapsed();
        if self.patience.is_given_up() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        if waited >= self.patience.limit() || self.begun.elapsed() >= self.longest {
            self.patience.note(&self.request, waited);
            return Err(io::ErrorKind::TimedOut.into());
        }
        Ok(())
    }

    fn patiently(
        &self,
        mut attempt: impl FnMut(&Stream) -> io::Result<usize>,
    ) -> io::Result<usize> {
        let since = Instant::now();
        loop {
            match attempt(&self.stream) {
                Ok(length) => {
                    if self.begun.elapsed() >= self.longest {
                        self.patience.note(&self.request, self.longest);
                        return Err(io::ErrorKind::TimedOut.into());
                    }
                    self.patience.answered();
                    return Ok(length);
                }
                Err(error) => match error.kind() {
                    io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => self.wait_on(since)?,
                    io::ErrorKind::Interrupted => {}
                    _ => return Err(error),
                },
            }
        }
    }
}

impl Read for Timed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.patiently(|mut stream| stream.read(buffer))
    }
}

impl Write for Timed {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.patiently(|mut stream| stream.write(buffer))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn short() -> Limits {
        Limits {
            silence: Duration::from_mins(1),
            silence_at_end: Duration::from_secs(30),
        }
    }

    #[test]
    fn an_engine_that_was_silent_is_given_less_and_at_the_end_no_second_chance() {
        let patience = Patience::new(short());
        assert_eq!(patience.limit(), Duration::from_mins(1));
        patience.note("GET /info", Duration::from_mins(1));
        patience.note("GET /images/json", ONCE_SILENT);
        assert_eq!(patience.limit(), ONCE_SILENT);
        assert!(!patience.is_given_up());
        patience.answered();
        patience.end();
        assert_eq!(patience.limit(), Duration::from_secs(30));
        patience.note("GET /events", Duration::from_secs(30));
        assert!(patience.is_given_up());
        let first = patience.silence().unwrap();
        assert_eq!(first.request, "GET /info");
    }

    #[test]
    fn who_waits_stops_waiting_when_the_engine_is_given_up() {
        let (own, _other) = std::os::unix::net::UnixStream::pair().unwrap();
        let patience = Patience::new(short());
        let request = "GET /info".to_owned();
        let mut timed = Timed::new(
            Arc::new(Stream::Unix(own)),
            Arc::clone(&patience),
            request,
            LONGEST_TRANSFER,
        )
        .unwrap();
        let reader = std::thread::spawn(move || timed.read(&mut [0; 8]));
        patience.give_up();
        let error = reader.join().unwrap().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert_eq!(
            patience.silence(),
            None,
            "nobody waited for as long as allowed"
        );
    }
}
