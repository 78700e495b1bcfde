//! Shows how a run goes on: one live line on a terminal until the tests own it, plain lines elsewhere.

use std::io::IsTerminal as _;
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use indicatif::{ProgressBar, ProgressStyle};
use swath_config::StopSignal;
use swath_run::{Observer, RunEvent};

use swath_model::{Message, count, printable};

use crate::diagnostic::Show as _;
use crate::terminal::tell_styled;

/// Prints what happens in a run to stderr.
pub(crate) struct Progress {
    live: Option<ProgressBar>,
    terminal: bool,
    running: Vec<String>,
}

impl Progress {
    pub(crate) fn new() -> Progress {
        let quiet = std::env::var_os("SWATH_NO_PROGRESS").is_some_and(|value| !value.is_empty());
        Progress {
            live: None,
            terminal: !quiet && std::io::stderr().is_terminal(),
            running: Vec::new(),
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

    fn clear_live_line(&mut self) {
        if let Some(bar) = self.live.take() {
            bar.finish_and_clear();
        }
    }
}

impl Observer for Progress {
    fn event(&mut self, event: RunEvent<'_>) {
        if let RunEvent::Waiting { service, elapsed } = event {
            self.live_line(&format!("     Waiting for {service}, {}", seconds(elapsed)));
            return;
        }
        self.clear_live_line();
        match event {
            RunEvent::Starting { services } => {
                self.running = services.to_vec();
                status("Starting", &services.join(", "));
            }
            RunEvent::BringingUp { services } => status("Starting", &services.join(", ")),
            RunEvent::Waiting { .. } | RunEvent::TestsEnded => {}
            RunEvent::Ready { services, elapsed } => {
                status(
                    "Ready",
                    &format!("{} in {}", count(services, "service"), seconds(elapsed)),
                );
            }
            RunEvent::Running { command } => status("Running", command),
            RunEvent::Interrupted => status("Interrupted", "stopping; once more kills"),
            RunEvent::ServiceEnded { service, how } => Message::warning(
                "service-ended",
                format!("service `{service}` {how} while the tests were running"),
            )
            .print(),
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
            RunEvent::Killed {
                service,
                signal,
                waited,
                command,
                shell,
            } => {
                killed(service, signal, waited, command, shell).print();
            }
        }
    }
}

fn killed(
    service: &str,
    signal: StopSignal,
    waited: Duration,
    command: &str,
    shell: bool,
) -> Message {
    let message = format!(
        "service `{service}` did not react to {signal} for {} and was killed; its data was kept",
        seconds(waited)
    );
    let diagnostic = Message::warning("signal-swallowed", message);
    if shell {
        diagnostic
            .note(format!(
                "its first process is `{command}`, a shell, which does not pass signals on"
            ))
            .hint("write `exec` before the last command of the script".to_owned())
    } else {
        diagnostic
            .note(format!("still running was `{command}`"))
            .hint(format!(
                "raise `stop-timeout` of `{service}`, or give it another `stop-signal`"
            ))
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
