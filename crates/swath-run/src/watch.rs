//! Watches the processes of a run, so that a Python without the agent is seen.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use fs_err as fs;

use crate::process_table::{ProcessTable, Sightings};

/// How often the processes are looked at: a Python that lives longer than 200 ms is seen at least
/// twice.
const INTERVAL: Duration = Duration::from_millis(60);
/// Where a look takes longer than usual, the next one comes later: this share of a processor is
/// for looking …
const SHARE: u32 = 33;
/// … but no later than after this.
const LONGEST_INTERVAL: Duration = Duration::from_millis(250);

/// A thread that looks at the processes under this one at intervals.
pub(crate) struct Watch {
    table: Arc<Mutex<ProcessTable>>,
    stop: Sender<()>,
    thread: JoinHandle<()>,
}

impl Watch {
    pub(crate) fn start(table: ProcessTable) -> std::io::Result<Watch> {
        let table = Arc::new(Mutex::new(table));
        let shared = Arc::clone(&table);
        let (stop, stopped) = channel();
        let thread = std::thread::Builder::new()
            .name("swath-watch".to_owned())
            .spawn(move || watch(&shared, &stopped))?;
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

fn watch(table: &Mutex<ProcessTable>, stopped: &Receiver<()>) {
    let mut interval = INTERVAL;
    let (mut looks, mut all) = (0_u64, Duration::ZERO);
    while let Err(RecvTimeoutError::Timeout) = stopped.recv_timeout(interval) {
        let before = time_of_this_thread();
        locked(table).look(false);
        let took = time_of_this_thread().saturating_sub(before);
        looks += 1;
        all += took;
        interval = (took * SHARE).clamp(INTERVAL, LONGEST_INTERVAL);
    }
    tracing::debug!(
        "/proc was looked at {looks} times, for {:.3} s",
        all.as_secs_f64()
    );
}

/// How long this thread has had a processor; nothing where the system does not say.
fn time_of_this_thread() -> Duration {
    let text = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = text.split(' ').next().and_then(|time| time.parse().ok());
    Duration::from_nanos(nanoseconds.unwrap_or(0))
}
