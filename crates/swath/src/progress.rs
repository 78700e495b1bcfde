//! Shows how a run goes on: one live line on a terminal until the tests own it, plain lines elsewhere.

use std::io::IsTerminal as _;
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use indicatif::{ProgressBar, ProgressStyle};
use swath_run::{Observer, RunEvent};

use swath_model::{count, printable};

use crate::log;
use crate::terminal::tell_styled;

/// Prints what happens in a run to stderr.
pub(crate) struct Progress {
    live: Option<ProgressBar>,
    terminal: bool,
    /// The wait that has been told.
    waited: Option<String>,
}

impl Progress {
    pub(crate) fn new() -> Progress {
        let quiet = std::env::var_os("SWATH_NO_PROGRESS").is_some_and(|value| !value.is_empty());
        Progress {
            live: None,
            terminal: !quiet && std::io::stderr().is_terminal(),
            waited: None,
        }
    }

    fn live_line(&mut self, text: &str) {
        if !self.terminal {
            return;
        }
        let bar = self.live.get_or_insert_with(|| {
            let bar = ProgressBar::new_spinner();
            if let Ok(style) = ProgressStyle::with_template("{msg}") {
                bar.set_style(style);
            }
            bar
        });
        bar.set_message(printable(text).into_owned());
        bar.tick();
    }

    /// Where there is no live line, a long wait is told once.
    fn waited(&mut self, elapsed: Duration, text: &str) {
        const LONG: Duration = Duration::from_secs(5);
        if !self.terminal && elapsed >= LONG && self.waited.as_deref() != Some(text) {
            status("Waiting", text);
            self.waited = Some(text.to_owned());
        }
    }

    fn clear_live_line(&mut self) {
        if let Some(bar) = self.live.take() {
            bar.finish_and_clear();
        }
    }
}

impl Observer for Progress {
    fn event(&mut self, event: RunEvent<'_>) {
        if let Some((elapsed, text)) = waiting(&event) {
            self.live_line(&format!("{:>12} {text}, {}", "Waiting", seconds(elapsed)));
            self.waited(elapsed, &text);
            return;
        }
        self.waited = None;
        self.clear_live_line();
        match event {
            RunEvent::Starting { services } => {
                status("Starting", &services.join(", "));
            }
            RunEvent::BringingUp { services } => status("Starting", &services.join(", ")),
            RunEvent::Begun { history } => log::attach(history),
            RunEvent::Waiting { .. }
            | RunEvent::WaitingToStop { .. }
            | RunEvent::WaitingForTests { .. }
            | RunEvent::TestsEnded => {}
            RunEvent::Started { services, elapsed } => {
                let text = format!(
                    "{} in {}; nothing says when it is ready (`--ready`)",
                    count(services, "service"),
                    seconds(elapsed)
                );
                status("Started", &text);
            }
            RunEvent::Ready { services, elapsed } => {
                status(
                    "Ready",
                    &format!("{} in {}", count(services, "service"), seconds(elapsed)),
                );
            }
            RunEvent::PodsReady {
                orchestrator,
                pods,
                elapsed,
            } => {
                status(
                    "Ready",
                    &format!(
                        "{} in {}",
                        count(pods, orchestrator.instance()),
                        seconds(elapsed)
                    ),
                );
            }
            RunEvent::Gathering { from } => status("Gathering", from),
            RunEvent::Running { command } => status("Running", command),
            RunEvent::Interrupted { again } => status("Interrupted", interrupted(again)),
            // Said again at the end, with what it wrote.
            RunEvent::ServiceEnded { service, how } => {
                status_bad("Ended", &format!("service {service} {how}"));
            }
            RunEvent::Stopping { services } => {
                self.live_line(&format!("    Stopping {}", count(services, "service")));
            }
            RunEvent::Stopped { service, elapsed } => {
                status("Stopped", &format!("{service} in {}", seconds(elapsed)));
            }
            RunEvent::TakenDown { project, elapsed } => match elapsed {
                Some(elapsed) => {
                    status(
                        "Removed",
                        &format!("project {project} in {}", seconds(elapsed)),
                    );
                }
                None => status("Left", &format!("project {project} running (--keep-up)")),
            },
            RunEvent::Killed { service, waited } => {
                status_bad("Killed", &format!("{service} after {}", seconds(waited)));
            }
        }
    }
}

/// What is waited for, and for how long already.
fn waiting(event: &RunEvent<'_>) -> Option<(Duration, String)> {
    match event {
        RunEvent::Waiting { service, elapsed } => Some((*elapsed, format!("for {service}"))),
        RunEvent::WaitingToStop {
            service,
            processes,
            elapsed,
            limit,
        } => {
            let text = format!(
                "for {service} to stop ({}, killed after {})",
                count(*processes, "process"),
                seconds(*limit)
            );
            Some((*elapsed, text))
        }
        RunEvent::WaitingForTests { elapsed, limit } => {
            let text = format!("for the tests to stop (killed after {})", seconds(*limit));
            Some((*elapsed, text))
        }
        _ => None,
    }
}

fn interrupted(again: bool) -> &'static str {
    if again {
        "killing what is left"
    } else {
        "stopping; press Ctrl-C again to kill"
    }
}

/// One line: a verb, right-aligned to twelve columns, and what it is about.
pub(crate) fn status(verb: &str, text: &str) {
    let green = Style::new().bold().fg_color(Some(AnsiColor::Green.into()));
    tell_styled(&format!("{green}{verb:>12}{green:#} {}\n", printable(text)));
}

/// The same for what went wrong.
pub(crate) fn status_bad(verb: &str, text: &str) {
    let red = Style::new().bold().fg_color(Some(AnsiColor::Red.into()));
    tell_styled(&format!("{red}{verb:>12}{red:#} {}\n", printable(text)));
}

/// A duration as people read it: `0.12s`, `41.2s`.
pub(crate) fn seconds(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    if seconds < 1.0 {
        format!("{seconds:.2}s")
    } else {
        format!("{seconds:.1}s")
    }
}
