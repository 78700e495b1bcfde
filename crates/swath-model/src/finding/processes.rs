//! Findings about processes of a run.

use super::{Finding, NAMED, ProcessName};
use crate::{Gap, GapKind, Message, NotMeasured, NotMeasuredReason, count};

pub(super) fn message(finding: &Finding) -> Option<Message> {
    Some(match finding {
        Finding::NotMeasured { reason, processes } => not_measured(*reason, processes),
        Finding::AgentFailed {
            process,
            state,
            detail,
        } => Message::warning(
            "agent-failed",
            format!("{} was {}: {}", name(process), state.outcome(), state.reason()),
        )
        .notes(detail.clone())
        .hint(state.remedy().map(str::to_owned)),
        Finding::NoRoom {
            process,
            records,
            why,
        } => Message::warning(
            "no-room",
            format!(
                "{} found no room for {}: {}",
                name(process),
                count(usize::try_from(*records).unwrap_or(usize::MAX), "record"),
                why.reason()
            ),
        )
        .hint(why.remedy().to_owned()),
        Finding::HitStoreUnreadable { error } => {
            Message::warning("hit-store-unreadable", error.clone())
        }
        Finding::StillRunning { processes } => {
            let verb = if processes.len() == 1 { "is" } else { "are" };
            let text = format!(
                "{} {verb} still running; what runs from now on is not in the number",
                count(processes.len(), "measured process")
            );
            named(Message::warning("still-running", text), processes)
                .hint("stop it before the test command ends".to_owned())
        }
        Finding::ProcessesUnseen { why } => Message::warning(
            "processes-unseen",
            format!("the processes of the run could not be seen: {why}"),
        )
        .note("a Python without the agent is not noticed, and what a service leaves behind is not stopped one by one")
        .hint("mount -t proc proc /proc".to_owned()),
        Finding::NoService => Message::warning(
            "no-service",
            "no service was found, so the lines of the tests themselves count",
        )
        .hint(
            "name the service with `--service`, or in swath.toml; a service is a program that runs your code and is no part of the test runner"
                .to_owned(),
        ),
        Finding::TestsLeftOut { files, process } => {
            let text = format!(
                "{} run by {} only, which counts as tests, {} left out",
                count(files.len(), "file"),
                name(process),
                if files.len() == 1 { "is" } else { "are" }
            );
            let shown = files.iter().take(NAMED).map(|file| format!("`{file}`"));
            Message::warning("tests-left-out", text)
                .notes(shown)
                .notes(more(files.len()))
                .hint("declare it with `--service`, or count everything with `--count all`".to_owned())
        }
        _ => return None,
    })
}

pub(super) fn gap(finding: &Finding) -> Option<Gap> {
    let (kind, number) = match finding {
        Finding::NotMeasured { processes, .. } => (GapKind::Processes, processes.len()),
        Finding::AgentFailed { state, .. } if state.is_measured_in_part() => (GapKind::InPart, 1),
        Finding::AgentFailed { .. } => (GapKind::Processes, 1),
        Finding::NoRoom { .. } => (GapKind::Room, 1),
        Finding::HitStoreUnreadable { .. } => (GapKind::HitStores, 1),
        Finding::StillRunning { processes } => (GapKind::Running, processes.len()),
        Finding::ProcessesUnseen { .. } => (GapKind::Unseen, 1),
        _ => return None,
    };
    Some(Gap::new(kind, number))
}

fn not_measured(reason: NotMeasuredReason, processes: &[NotMeasured]) -> Message {
    let were = if processes.len() == 1 { "was" } else { "were" };
    let text = format!(
        "{} {were} not measured: {reason}",
        count(processes.len(), "Python process")
    );
    let mut message = Message::warning("not-measured", text);
    for process in processes.iter().take(NAMED) {
        let place = match (&process.container, process.pid) {
            (Some(container), _) => format!(" (container {container})"),
            (None, Some(pid)) => format!(" (pid {pid})"),
            (None, None) => String::new(),
        };
        message = message.note(format!("`{}`{place}", shown(&process.command)));
        message = message.notes(process.evidence.clone());
    }
    message
        .notes(more(processes.len()))
        .hint(reason.remedy().to_owned())
}

fn named(message: Message, processes: &[ProcessName]) -> Message {
    message
        .notes(processes.iter().take(NAMED).map(name))
        .notes(more(processes.len()))
}

/// How many are not named.
fn more(all: usize) -> Option<String> {
    let more = all.checked_sub(NAMED).filter(|&more| more > 0)?;
    Some(format!("and {more} more"))
}

fn name(process: &ProcessName) -> String {
    if process.command.is_empty() {
        format!("the process with pid {}", process.pid)
    } else {
        format!("`{}` (pid {})", shown(&process.command), process.pid)
    }
}

/// A command line short enough for one line.
fn shown(command: &[String]) -> String {
    const LONGEST: usize = 100;
    let text = command.join(" ").replace('\n', " ");
    if text.chars().count() <= LONGEST {
        return text;
    }
    text.chars().take(LONGEST).chain(['…']).collect()
}
