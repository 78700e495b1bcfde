//! The accounting as text: who was measured, who was not, and whether the number is complete.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use swath_run::{Account, Counted, Ending, NotMeasured, ProcessAccount, Role};

use crate::diagnostic::Diagnostic;
use crate::progress::{count, seconds, status, status_bad};

/// How many processes of one kind are named before the rest is counted.
const NAMED: usize = 5;

/// `web 3, tests 1, tools 2`: the processes by what they are to the run.
pub(crate) fn by_role(account: &Account) -> String {
    let mut groups: BTreeMap<(Role, &str), usize> = BTreeMap::new();
    for process in &account.processes {
        let name = match process.role {
            Role::Service => process.service.as_deref().unwrap_or("services"),
            Role::Tests => "tests",
            Role::Tool => "tools",
        };
        *groups.entry((process.role, name)).or_default() += 1;
    }
    groups
        .iter()
        .map(|((_, name), number)| format!("{name} {number}"))
        .collect::<Vec<_>>()
        .join(", ")
}

/// Everything that the reader must know before trusting the number, as messages.
pub(crate) fn warnings(account: &Account, counted: Counted) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    found.extend(not_measured(&account.not_measured));
    found.extend(agent_failures(&account.processes));
    found.extend(dropped(&account.processes));
    if !account.service_found
        && counted != Counted::All
        && account.processes.iter().any(|p| p.counted)
    {
        found.push(
            Diagnostic::warning("no-service", "no service was found, so every process counts")
                .hint("name one by `--service`, or in swath.toml: a service is what is declared there, and what listens on a socket".to_owned()),
        );
    }
    found
}

fn not_measured(all: &[NotMeasured]) -> Vec<Diagnostic> {
    let mut by_reason: BTreeMap<_, Vec<&NotMeasured>> = BTreeMap::new();
    for process in all {
        by_reason.entry(process.reason).or_default().push(process);
    }
    by_reason
        .into_iter()
        .map(|(reason, processes)| {
            let were = if processes.len() == 1 { "was" } else { "were" };
            let message = format!(
                "{} {were} not measured: {reason}",
                count(processes.len(), "Python process")
            );
            let mut diagnostic = Diagnostic::warning("not-measured", message);
            for process in processes.iter().take(NAMED) {
                let place = match (&process.container, process.pid) {
                    (Some(container), _) => format!(" (container {container})"),
                    (None, Some(pid)) => format!(" (pid {pid})"),
                    (None, None) => String::new(),
                };
                diagnostic = diagnostic.note(format!("`{}`{place}", shown(&process.command)));
            }
            if processes.len() > NAMED {
                diagnostic = diagnostic.note(format!("and {} more", processes.len() - NAMED));
            }
            diagnostic.hint(reason.remedy().to_owned())
        })
        .collect()
}

fn agent_failures(processes: &[ProcessAccount]) -> Vec<Diagnostic> {
    processes
        .iter()
        .filter(|process| !process.is_measured())
        .take(NAMED)
        .map(|process| {
            let name = if process.command.is_empty() {
                format!("the process with pid {}", process.pid)
            } else {
                format!("`{}` (pid {})", shown(&process.command), process.pid)
            };
            let (reason, remedy) = agent_failure(&process.agent);
            let diagnostic =
                Diagnostic::warning("agent-failed", format!("{name} was not measured: {reason}"));
            let diagnostic = match &process.agent_detail {
                Some(detail) => diagnostic.note(detail.clone()),
                None => diagnostic,
            };
            diagnostic.hint(remedy.map(str::to_owned))
        })
        .collect()
}

/// What kept an agent from measuring, in words, and what to do about it.
fn agent_failure(slug: &str) -> (String, Option<&'static str>) {
    let (reason, remedy) = match slug {
        "unknown-version" => (
            "its Python is none of CPython 3.8 to 3.15",
            Some("run it with CPython 3.8 to 3.15"),
        ),
        "not-cpython" => (
            "its interpreter is not CPython",
            Some("run it with CPython 3.8 to 3.15"),
        ),
        "debug-build" => (
            "its Python is a debug build",
            Some("run it with an ordinary build of CPython"),
        ),
        "free-threaded-build" => (
            "its Python is a free-threaded build",
            Some("run it with an ordinary build of CPython"),
        ),
        "data-folder-not-writable" => (
            "its user cannot write the run's folder",
            Some(
                "run swath and the service as the same user, or set TMPDIR to a folder that both can write",
            ),
        ),
        "no-room-on-disk" => (
            "the temporary folder is full",
            Some("free space in the temporary folder, or set TMPDIR to a larger one"),
        ),
        "no-address-space" => (
            "its address space is limited (`ulimit -v`)",
            Some("raise the limit by 64 MiB"),
        ),
        "no-free-monitoring-tool" => (
            "every tool id of sys.monitoring is taken",
            Some("run it without its other monitoring tools"),
        ),
        "evaluation-hook-taken" => (
            "another tool took CPython's frame evaluation hook; lines after that are missing",
            Some("run it without the tool that compiles or traces frames"),
        ),
        "sub-interpreter" => ("code in its sub-interpreters was not recorded", None),
        other => return (other.replace('-', " "), None),
    };
    (reason.to_owned(), remedy)
}

fn dropped(processes: &[ProcessAccount]) -> Vec<Diagnostic> {
    processes
        .iter()
        .filter(|process| process.dropped > 0)
        .take(NAMED)
        .map(|process| {
            let message = format!(
                "`{}` (pid {}) found no room for {}",
                shown(&process.command),
                process.pid,
                count(
                    usize::try_from(process.dropped).unwrap_or(usize::MAX),
                    "record"
                )
            );
            Diagnostic::warning("no-room", message).hint(
                "free space in the temporary folder, or set TMPDIR to a larger one".to_owned(),
            )
        })
        .collect()
}

/// The last word: whether the number is complete.
pub(crate) fn print_verdict(account: &Account, before: Duration, after: Duration) {
    let seen = account.processes.len() + account.not_measured.len();
    let measured = account
        .processes
        .iter()
        .filter(|process| process.is_measured() && process.dropped == 0)
        .count();
    let mut text = format!("{measured} of {} measured", count(seen, "Python process"));
    let abrupt = account
        .processes
        .iter()
        .filter(|process| ended_abruptly(process))
        .count();
    if abrupt > 0 {
        let _ = write!(text, ", {abrupt} ended abruptly (nothing lost)");
    }
    let running = account
        .processes
        .iter()
        .filter(|process| process.ending == Ending::StillRunning)
        .count();
    if running > 0 {
        let _ = write!(text, ", {running} still running");
    }
    let left_out = account
        .processes
        .iter()
        .filter(|p| p.role == Role::Tests && !p.counted)
        .count();
    if left_out > 0 {
        let _ = write!(
            text,
            ", the lines of {} left out",
            count(left_out, "test process")
        );
    }
    let _ = write!(
        text,
        "; swath added {} before, {} after",
        seconds(before),
        seconds(after)
    );
    if account.is_complete() {
        status("Complete", &text);
    } else {
        status_bad(
            if account.partial {
                "Partial"
            } else {
                "Incomplete"
            },
            &text,
        );
    }
}

fn ended_abruptly(process: &ProcessAccount) -> bool {
    matches!(process.ending, Ending::Abruptly | Ending::Signalled(_))
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
