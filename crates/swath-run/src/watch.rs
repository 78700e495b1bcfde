//! Watches the processes of a run, so that a Python without the agent is seen.

mod interpreter_files;

use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use fs_err as fs;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::pipe::{PipeFlags, pipe_with};

use self::interpreter_files::InterpreterFiles;
use crate::process_table::{ProcessTable, Sightings};

/// How often the processes are looked at: a Python that lives longer than 200 ms is seen at least
/// twice.
const INTERVAL: Duration = Duration::from_millis(60);
/// Where a look takes longer than usual, the next one comes later: this share of a processor is
/// for looking …
const SHARE: u32 = 33;
/// … but no later than after this.
const LONGEST_INTERVAL: Duration = Duration::from_millis(250);
/// When a Python is started, the pauses before the next looks: the kernel takes a millisecond to
/// make it the program of its process, and one that does nothing is over after eight.
const CLOSE_LOOKS: [Duration; 5] = [
    Duration::from_micros(1500),
    Duration::from_millis(3),
    Duration::from_millis(6),
    Duration::from_millis(12),
    Duration::from_millis(24),
];
/// Those looks may take this share of a processor besides …
const CLOSE_SHARE: u32 = 20;
/// … and at most so much of it at once.
const MOST_CREDIT: Duration = Duration::from_millis(250);

/// A thread that looks at the processes under this one at intervals, and whenever a Python is
/// started.
pub(crate) struct Watch {
    table: Arc<Mutex<ProcessTable>>,
    /// Closed, it ends the thread.
    stop: OwnedFd,
    thread: JoinHandle<()>,
}

impl Watch {
    /// `project` is where the run's commands are started, `agent` the agent's folder.
    pub(crate) fn start(table: ProcessTable, project: &Path, agent: &Path) -> io::Result<Watch> {
        let table = Arc::new(Mutex::new(table));
        let shared = Arc::clone(&table);
        let (stopped, stop) = pipe_with(PipeFlags::CLOEXEC)?;
        let path = std::env::var_os("PATH").unwrap_or_default();
        let interpreters = InterpreterFiles::find(&path, project, agent);
        let thread = std::thread::Builder::new()
            .name("swath-watch".to_owned())
            .spawn(move || Looking::new(shared, stopped, interpreters).go_on())?;
        Ok(Watch {
            table,
            stop,
            thread,
        })
    }

    /// What has been seen.
    pub(crate) fn table(&self) -> MutexGuard<'_, ProcessTable> {
        locked(&self.table)
    }

    /// Stops watching, after a last look.
    pub(crate) fn finish(self) -> Sightings {
        drop(self.stop);
        // A panic in the thread loses no sighting that was made before.
        let _ = self.thread.join();
        let table = ProcessTable::new(String::new(), true);
        let mut table = std::mem::replace(&mut *locked(&self.table), table);
        table.look(true);
        table.into_sightings()
    }
}

fn locked(table: &Mutex<ProcessTable>) -> MutexGuard<'_, ProcessTable> {
    table.lock().unwrap_or_else(PoisonError::into_inner)
}

enum Woken {
    ByTime,
    ByStart,
    ToStop,
}

/// What the thread does.
struct Looking {
    table: Arc<Mutex<ProcessTable>>,
    stopped: OwnedFd,
    interpreters: Option<InterpreterFiles>,
    /// When the next look is.
    next: Instant,
    interval: Duration,
    /// The looks since a Python was started.
    close_looks: usize,
    /// What those looks may take.
    credit: Duration,
    credited: Instant,
}

impl Looking {
    fn new(
        table: Arc<Mutex<ProcessTable>>,
        stopped: OwnedFd,
        interpreters: Option<InterpreterFiles>,
    ) -> Looking {
        let now = Instant::now();
        Looking {
            table,
            stopped,
            interpreters,
            next: now + INTERVAL,
            interval: INTERVAL,
            close_looks: CLOSE_LOOKS.len(),
            credit: MOST_CREDIT,
            credited: now,
        }
    }

    fn go_on(mut self) {
        let (mut looks, mut all) = (0_u64, Duration::ZERO);
        loop {
            match self.wait() {
                Woken::ByTime => {
                    all += self.look();
                    looks += 1;
                }
                Woken::ByStart => self.come_closer(),
                Woken::ToStop => break,
            }
        }
        tracing::debug!(
            "/proc was looked at {looks} times, for {:.3} s",
            all.as_secs_f64()
        );
    }

    fn wait(&self) -> Woken {
        let pause = self.next.saturating_duration_since(Instant::now());
        let mut events = vec![PollFd::new(&self.stopped, PollFlags::IN)];
        let started = self.interpreters.as_ref().map(InterpreterFiles::started);
        if let Some(started) = &started {
            events.push(PollFd::new(started, PollFlags::IN));
        }
        // A failure is taken for the time that is over: the looks go on.
        let pause = Timespec::try_from(pause).ok();
        if poll(&mut events, pause.as_ref()).is_err() {
            std::thread::sleep(INTERVAL);
        }
        if !events[0].revents().is_empty() {
            return Woken::ToStop;
        }
        match events.get(1) {
            Some(start) if !start.revents().is_empty() => Woken::ByStart,
            _ => Woken::ByTime,
        }
    }

    /// Looks soon, if there was not enough of that lately.
    fn come_closer(&mut self) {
        if let Some(interpreters) = &self.interpreters {
            interpreters.take_starts();
        }
        let now = Instant::now();
        self.credit = (self.credit + (now - self.credited) / CLOSE_SHARE).min(MOST_CREDIT);
        self.credited = now;
        if !self.credit.is_zero() {
            self.close_looks = 0;
            // What is due is not put off by one start after the other.
            self.next = self.next.min(now + CLOSE_LOOKS[0]);
        }
    }

    /// Looks, plans the next look, and says how long it had a processor.
    fn look(&mut self) -> Duration {
        let before = time_of_this_thread();
        let pythons = {
            let mut table = locked(&self.table);
            table.look(false);
            table.take_new_interpreters()
        };
        if let Some(interpreters) = &mut self.interpreters {
            for program in pythons {
                interpreters.add(Path::new(&program));
            }
        }
        let took = time_of_this_thread().saturating_sub(before);
        self.interval = (took * SHARE).clamp(INTERVAL, LONGEST_INTERVAL);
        if self.close_looks < CLOSE_LOOKS.len() {
            self.close_looks += 1;
            self.credit = self.credit.saturating_sub(took);
        }
        let close = CLOSE_LOOKS.get(self.close_looks).copied();
        self.next = Instant::now() + close.unwrap_or(self.interval);
        took
    }
}

/// How long this thread has had a processor; nothing where the system does not say.
fn time_of_this_thread() -> Duration {
    let text = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = text.split(' ').next().and_then(|time| time.parse().ok());
    Duration::from_nanos(nanoseconds.unwrap_or(0))
}
