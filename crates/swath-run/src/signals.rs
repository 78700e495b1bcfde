//! Ctrl-C and its relatives, as events that the run asks for.

use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGXFSZ};
use signal_hook::iterator::SignalsInfo;
use signal_hook::iterator::exfiltrator::WithOrigin;
use signal_hook::low_level::siginfo::Cause;

/// A request to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StopRequest {
    /// The signal's number.
    pub(crate) signal: i32,
    /// Whether the terminal sent it, and so sent it to the tests as well.
    pub(crate) from_terminal: bool,
}

/// Lets a write beyond the limit on the size of files fail, instead of ending this process. A
/// handler, unlike a signal that is ignored, is not inherited by what is executed.
pub fn survive_file_size_limit() {
    let handled = Arc::new(AtomicBool::new(false));
    // Where it is ignored already, it stays so for what is executed as well.
    if !is_ignored(SIGXFSZ) {
        let _ = signal_hook::flag::register(SIGXFSZ, handled);
    }
}

fn is_ignored(signal: i32) -> bool {
    let status = fs_err::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
}

/// Receives SIGINT, SIGTERM and, unless it is ignored, SIGHUP from now on.
pub(crate) struct StopRequests {
    signals: SignalsInfo<WithOrigin>,
}

/// What ends a run. Under `nohup` a hang-up ends nothing: it stays ignored, here and, as it has no
/// handler, in everything that is executed.
fn stop_signals() -> impl Iterator<Item = i32> {
    let hang_up = (!is_ignored(SIGHUP)).then_some(SIGHUP);
    [SIGINT, SIGTERM].into_iter().chain(hang_up)
}

/// What the signals do once the run is over: the first one lets what was recorded be saved, the
/// next one ends this process. Where the user has asked already, the first one does.
pub(crate) fn after_the_run(asked: bool) {
    let asked = Arc::new(AtomicBool::new(asked));
    for signal in stop_signals() {
        // In this order: the signal that sets the flag is not the one that ends the process.
        let ends = signal_hook::flag::register_conditional_default(signal, Arc::clone(&asked));
        let notes = signal_hook::flag::register(signal, Arc::clone(&asked));
        if let Err(error) = ends.and(notes) {
            tracing::debug!("signal {signal} keeps its handler: {error}");
        }
    }
}

/// Lets time pass until somebody asks this process to stop.
pub struct Waiting(StopRequests);

impl Waiting {
    /// Receives SIGINT, SIGTERM and, unless it is ignored, SIGHUP from now on.
    ///
    /// # Errors
    /// Where the system refuses that.
    pub fn install() -> io::Result<Waiting> {
        StopRequests::install().map(Waiting)
    }

    /// Waits so long, or until a request to stop; whether there was one.
    pub fn wait(&mut self, time: Duration) -> bool {
        const TICK: Duration = Duration::from_millis(20);
        let until = Instant::now() + time;
        loop {
            if !self.0.take().is_empty() {
                return true;
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            std::thread::sleep(left.min(TICK));
        }
    }
}

impl StopRequests {
    pub(crate) fn install() -> io::Result<StopRequests> {
        Ok(StopRequests {
            signals: SignalsInfo::new(stop_signals())?,
        })
    }

    /// The requests since the last call.
    pub(crate) fn take(&mut self) -> Vec<StopRequest> {
        self.signals
            .pending()
            .map(|origin| StopRequest {
                signal: origin.signal,
                from_terminal: matches!(origin.cause, Cause::Kernel),
            })
            .collect()
    }
}
