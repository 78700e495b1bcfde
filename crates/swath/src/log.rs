//! What swath does, for whoever looks for a fault: on standard error if that is asked for by
//! `--verbose` or `SWATH_LOG`, and always in a file beside the other logs of a run.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use swath_checkout::create_private_file;
use swath_model::Message;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, filter::Targets, fmt};

use crate::terminal::tell;

/// The variable that asks for it: a level, or levels of parts of swath.
const VARIABLE: &str = "SWATH_LOG";
/// The file in the folder of a run.
const FILE: &str = "swath.log";
/// So much is remembered of what happened before the run had a folder.
const REMEMBERED: usize = 64 * 1024;

static LOG: Mutex<Log> = Mutex::new(Log::Remembered(Vec::new()));

/// The log of this process.
enum Log {
    /// There is no file yet, and perhaps there never is one.
    Remembered(Vec<u8>),
    File(fs_err::File, PathBuf),
}

/// Begins to log. Once per process.
pub(crate) fn begin(verbose: bool) {
    let wanted = std::env::var(VARIABLE)
        .ok()
        .filter(|value| !value.is_empty());
    let shown = match (&wanted, verbose) {
        (Some(levels), _) => EnvFilter::builder()
            .with_default_directive(LevelFilter::OFF.into())
            .parse_lossy(levels),
        (None, true) => EnvFilter::new("swath=debug,swath_run=debug,swath_docker=debug"),
        (None, false) => EnvFilter::new("off"),
    };
    let on_terminal = fmt::layer()
        .with_ansi(false)
        .with_timer(fmt::time::uptime())
        .with_writer(Lines)
        .with_filter(shown);
    let own = Targets::new().with_target("swath", LevelFilter::DEBUG);
    let in_file = fmt::layer()
        .with_ansi(false)
        .with_writer(|| Writer)
        .with_filter(own);
    // In a process that logs already, that stays.
    let _ = tracing_subscriber::registry()
        .with(on_terminal)
        .with(in_file)
        .try_init();
}

/// From now on the log is a file in this folder.
pub(crate) fn attach(history: &Path) {
    let path = history.join(FILE);
    let mut log = log();
    let Log::Remembered(before) = &*log else {
        return;
    };
    let file = create_private_file(&path).and_then(|mut file| {
        file.write_all(before)?;
        Ok(file)
    });
    // A run without a log is none the worse for it.
    if let Ok(file) = file {
        *log = Log::File(file, path);
    }
}

/// An error with the place where it can be read what led to it.
pub(crate) fn named(error: Message) -> Message {
    match &*log() {
        Log::Remembered(_) => error,
        Log::File(_, path) => error.note(format!("log: {}", path.display())),
    }
}

fn log() -> MutexGuard<'static, Log> {
    LOG.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Writes into the log.
struct Writer;

impl Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut *log() {
            Log::Remembered(before) if before.len() < REMEMBERED => before.extend(bytes),
            Log::Remembered(_) => {}
            Log::File(file, _) => file.write_all(bytes)?,
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Prints whole events.
struct Lines;

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Line;

    fn make_writer(&'a self) -> Line {
        Line(Vec::new())
    }
}

/// One event, printed when it is complete.
struct Line(Vec<u8>);

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        let text = String::from_utf8_lossy(&self.0);
        tell(text.trim_end_matches('\n'));
    }
}
