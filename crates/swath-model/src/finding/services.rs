//! Findings about the services of a run, and about the system that they run on.

use std::time::Duration;

use super::{Finding, FirstProcess};
use crate::{Message, count};

pub(super) fn message(finding: &Finding) -> Option<Message> {
    Some(match finding {
        Finding::ServiceNotMeasured { service } => Message::warning(
            "service-not-measured",
            format!("service `{service}` ran no line that counts"),
        ),
        Finding::ServiceEnded {
            service,
            how,
            last_output,
            log,
        } => {
            let message = Message::warning(
                "service-ended",
                format!("service `{service}` {how} while the tests were running"),
            );
            let message = match last_output.as_slice() {
                [] => message.note("it wrote nothing"),
                lines => message
                    .note("last output:")
                    .notes(lines.iter().map(|line| format!("  {line}"))),
            };
            message.hint(log.as_ref().map(|log| format!("cat {log}")))
        }
        Finding::SignalSwallowed {
            service,
            signal,
            waited,
            command,
            first,
        } => signal_swallowed(service, signal, *waited, command, *first),
        Finding::LeftProcesses {
            service,
            processes,
            waited,
            command,
        } => Message::warning(
            "processes-left",
            format!(
                "service `{service}` left {} behind, which did not end within {} and {} killed; what they ran was kept",
                count(*processes, "process"),
                seconds(*waited),
                if *processes == 1 { "was" } else { "were" }
            ),
        )
        .note(format!("for example `{command}`")),
        Finding::WentToBackground { service } => Message::warning(
            "service-in-background",
            format!("service `{service}` put itself into the background"),
        )
        .hint("run it in the foreground (gunicorn: without `--daemon`), so that its end is seen".to_owned()),
        Finding::ReadinessUnchecked { service, why } => Message::warning(
            "readiness-unchecked",
            format!("whether `{service}` itself answered its readiness check could not be seen: {why}"),
        ),
        Finding::SystemRefused {
            what,
            error,
            consequence,
        } => Message::warning("system-refused", format!("{what}: {error}")).note(consequence.clone()),
        _ => return None,
    })
}

fn signal_swallowed(
    service: &str,
    signal: &str,
    waited: Duration,
    command: &str,
    first: FirstProcess,
) -> Message {
    let message = Message::warning(
        "signal-swallowed",
        format!(
            "service `{service}` did not react to {signal} for {} and was killed; its data was kept",
            seconds(waited)
        ),
    );
    if first == FirstProcess::Shell {
        message
            .note(format!(
                "its first process is `{command}`, a shell, which does not pass signals on"
            ))
            .hint("write `exec` before the last command of the script".to_owned())
    } else {
        let shown = (!command.is_empty()).then(|| format!("still running was `{command}`"));
        message.notes(shown).hint(format!(
            "raise `stop-timeout` of `{service}`, or give it another `stop-signal`"
        ))
    }
}

/// A duration as people read it: `0.12s`, `41.2s`.
fn seconds(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    if seconds < 1.0 {
        format!("{seconds:.2}s")
    } else {
        format!("{seconds:.1}s")
    }
}
