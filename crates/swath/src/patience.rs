//! A live line on the terminal for what takes longer than a second. Nothing anywhere else.

use std::io::IsTerminal as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::progress::seconds;

/// Quicker work needs no word.
const BEFORE_THE_FIRST_WORD: Duration = Duration::from_secs(1);
const BETWEEN_WORDS: Duration = Duration::from_millis(100);

/// Shows that work goes on, from a second after its beginning until it is dropped.
pub(crate) struct Patience {
    shown: Option<(Sender<()>, JoinHandle<()>)>,
    count: Arc<Count>,
}

/// How far the work is; a total of 0 says nothing.
#[derive(Default)]
struct Count {
    done: AtomicUsize,
    total: AtomicUsize,
}

impl Patience {
    /// `verb` is what is done, such as `Combining`.
    pub(crate) fn begin(verb: &'static str, quiet: bool) -> Self {
        let count = Arc::new(Count::default());
        let unwanted = std::env::var_os("SWATH_NO_PROGRESS").is_some_and(|value| !value.is_empty());
        let shown = if quiet || unwanted || !std::io::stderr().is_terminal() {
            None
        } else {
            let (stop, stopped) = channel();
            let counted = Arc::clone(&count);
            let begun = Instant::now();
            let show = move || {
                if stopped.recv_timeout(BEFORE_THE_FIRST_WORD) != Err(RecvTimeoutError::Timeout) {
                    return;
                }
                let line = ProgressBar::new_spinner();
                if let Ok(style) = ProgressStyle::with_template("{msg}") {
                    line.set_style(style);
                }
                loop {
                    line.set_message(text(verb, &counted, begun.elapsed()));
                    line.tick();
                    if stopped.recv_timeout(BETWEEN_WORDS) != Err(RecvTimeoutError::Timeout) {
                        return line.finish_and_clear();
                    }
                }
            };
            let thread = std::thread::Builder::new().spawn(show);
            thread.ok().map(|thread| (stop, thread))
        };
        Self { shown, count }
    }

    /// Notes how far the work is.
    pub(crate) fn note(&self, done: usize, total: usize) {
        self.count.done.store(done, Ordering::Relaxed);
        self.count.total.store(total, Ordering::Relaxed);
    }
}

impl Drop for Patience {
    fn drop(&mut self) {
        if let Some((stop, thread)) = self.shown.take() {
            drop(stop);
            // What is printed next must not come between the line and its end.
            let _ = thread.join();
        }
    }
}

fn text(verb: &str, count: &Count, elapsed: Duration) -> String {
    let (done, total) = (
        count.done.load(Ordering::Relaxed),
        count.total.load(Ordering::Relaxed),
    );
    let far = if total == 0 {
        String::new()
    } else {
        format!(" {done} of {total} files,")
    };
    format!("{verb:>12}{far} {}", seconds(elapsed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_says_how_far_the_work_is() {
        let count = Count::default();
        let elapsed = Duration::from_millis(1_260);
        assert_eq!(text("Reporting", &count, elapsed), "   Reporting 1.3s");
        count.done.store(17, Ordering::Relaxed);
        count.total.store(5_000, Ordering::Relaxed);
        let expected = "   Combining 17 of 5000 files, 1.3s";
        assert_eq!(text("Combining", &count, elapsed), expected);
    }
}
