//! Pythons of a run that were seen, and not measured.

mod unseen_start;

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use fs_err as fs;
use swath_data::{StoreEnding, StoredProcess, without_secrets};
use swath_docker::{ContainerRecord, SeenProcess, leads_to_agent};
use swath_model::{NotMeasured, NotMeasuredReason};

use crate::command_line::{PythonCommand, base_name, is_python_name};
use crate::container::account::is_health_check;
use crate::kinship::Kinship;
use crate::proc_file::user_name;
use crate::process_table::{PythonPath, Sighting, Sightings};
use crate::request::Scope;
use crate::tool_command::{OwnCode, is_tool};

use unseen_start::Interpreters;
pub(crate) use unseen_start::{python_arguments, unseen_in_container};

/// A Python that lives longer than 200 ms is seen for at least so long, looked at every 60 ms.
const LONG_ENOUGH: Duration = Duration::from_millis(50);
/// The same for one whose command line is its parent's: it may be about to become another program.
const LIKE_ITS_PARENT: Duration = Duration::from_millis(500);

/// An interpreter that was ended before so long may not have got to code.
const LONGEST_START: Duration = Duration::from_secs(1);

/// What is known of the processes of this host.
pub(crate) struct Evidence<'a> {
    pub(crate) processes: &'a [StoredProcess],
    pub(crate) kin: &'a Kinship,
    pub(crate) sightings: &'a Sightings,
    /// Where the run's commands were started.
    pub(crate) folder: &'a Path,
    /// Where the agent is.
    pub(crate) agent: &'a Path,
    /// What is measured.
    pub(crate) scope: &'a Scope,
}

impl Evidence<'_> {
    /// Whether a Python runs a tool's own files, and nothing that is measured.
    fn is_tool(&self, arguments: &[String]) -> bool {
        is_tool(arguments) && !OwnCode::of(self.scope, self.folder).is_run_by(arguments)
    }
}

/// Every Python that was seen, or that an agent saw being started, and has no hit store; except
/// those that run a tool's own files.
pub(crate) fn find_not_measured(evidence: &Evidence<'_>) -> Vec<NotMeasured> {
    let interpreters = Interpreters::of(evidence);
    let mut found = evidence
        .sightings
        .values()
        .filter(|sighting| {
            is_settled_python(evidence, sighting)
                && !is_recorded(evidence, sighting)
                && !ended_while_it_began(&interpreters, sighting)
                && !evidence.is_tool(&sighting.arguments)
                && !leaves_python_to_its_children(evidence, sighting)
        })
        .map(|sighting| {
            let (reason, detail) = reason_for(evidence, sighting);
            // Nobody stops what has no mark of a service, a group of its own, and another parent.
            let running = sighting.running.then(|| "it still runs".to_owned());
            let details: Vec<String> = detail.into_iter().chain(running).collect();
            NotMeasured {
                pid: Some(sighting.key.pid),
                command: without_secrets(&sighting.arguments),
                reason,
                evidence: (!details.is_empty()).then(|| details.join("; ")),
                container: None,
            }
        })
        .collect::<Vec<_>>();
    found.extend(unseen_start::find(evidence, &interpreters));
    found
}

/// Whether a Python that would have begun to record was ended before, as a test does that gives up at
/// once: on a busy machine an interpreter takes its time to get to code.
fn ended_while_it_began(interpreters: &Interpreters, sighting: &Sighting) -> bool {
    let has_agent = Some(PythonPath::WithAgent { shadow: None });
    !sighting.running
        && sighting.python_for < LONGEST_START
        && sighting.python_path == has_agent
        && sighting.identity.user == Some(rustix::process::geteuid().as_raw())
        && isolation(&sighting.arguments).is_none()
        && interpreters.are_known(Path::new(&sighting.executable))
}

/// Whether what a process was at the last look has a hit store: one that became another program by `exec` may have lost
/// the agent on the way, and its stores are those of what it was before.
fn is_recorded(evidence: &Evidence<'_>, sighting: &Sighting) -> bool {
    let stores = || {
        let all = evidence.processes.iter().enumerate();
        all.filter(|(store, _)| evidence.kin.key(*store) == Some(sighting.key))
            .map(|(_, process)| process)
    };
    let Some(last) = stores().max_by_key(|process| process.started) else {
        return evidence.kin.has_store(sighting.key);
    };
    // What sets its own title is no other program.
    let words = sighting.arguments.as_slice();
    let named_itself = words.first().is_none_or(|word| !is_python_name(word))
        && sighting.executable == last.executable;
    last.closed != StoreEnding::Exec || named_itself || words == last.command
}

/// Every Python that was seen in a container for a second, or without the agent, and has no hit store.
pub(crate) fn not_measured_in_container(
    record: &ContainerRecord,
    stores: &[StoredProcess],
) -> Vec<NotMeasured> {
    let known = stores
        .iter()
        .map(|process| letters(&process.command.join(" ")))
        .collect::<BTreeSet<_>>();
    // An agent that failed leaves no command line: it may be that of any process seen.
    let failed = known.contains("");
    let mut found = Vec::new();
    let settled = |seen: &&SeenProcess| seen.seconds >= 1 || seen.lacks_agent;
    for seen in record.seen.iter().filter(settled) {
        let words = seen
            .command
            .split(' ')
            .map(str::to_owned)
            .collect::<Vec<_>>();
        let is_python = words.first().is_some_and(|program| is_python_name(program));
        if !is_python
            || known.contains(&letters(&seen.command))
            || is_health_check(&words, &record.health_check)
        {
            continue;
        }
        let path = seen.python_path.as_deref();
        let shut_out = path.filter(|path| !leads_to_agent(path));
        let reason = match isolation(&words) {
            Some(reason) => reason,
            None if shut_out == Some("") => NotMeasuredReason::PythonPathScrubbed,
            None if shut_out.is_some() => NotMeasuredReason::PythonPathReplaced,
            None if failed => continue,
            None if is_too_old(base_name(&words[0])) => NotMeasuredReason::PythonTooOld,
            None => NotMeasuredReason::AgentDidNotStart,
        };
        found.push(NotMeasured {
            pid: Some(seen.pid),
            command: without_secrets(&words),
            reason,
            evidence: shut_out
                .filter(|path| !path.is_empty())
                .map(|path| format!("its PYTHONPATH is `{path}`")),
            container: Some(record.name.clone()),
        });
    }
    found
}

/// What is left of a command line where a list of processes replaces blanks and what is not ASCII,
/// and where long ones are cut.
fn letters(command: &str) -> String {
    const COMPARED: usize = 1000;
    command
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .take(COMPARED)
        .collect()
}

/// Whether it was a Python for long enough to be judged. Between fork and exec a child looks like
/// its parent, on a busy machine for longer than two looks.
fn is_settled_python(evidence: &Evidence<'_>, sighting: &Sighting) -> bool {
    let like_its_parent = sighting
        .parent_key
        .and_then(|parent| evidence.sightings.get(&parent))
        .is_some_and(|parent| parent.arguments == sighting.arguments);
    let needed = if like_its_parent {
        LIKE_ITS_PARENT
    } else if sighting.lacks_agent() {
        Duration::ZERO
    } else {
        LONG_ENOUGH
    };
    sighting.python && sighting.python_for >= needed
}

/// Whether a program has the library of an interpreter that only its children begin: its forks, as
/// with the Apache of `mod_wsgi`, whose stores were begun anew, so no interpreter was there when they
/// were forked; or the same program started again, as with the emperor of uWSGI. There the agent
/// works in this program, so it would have begun in the parent, too, had an interpreter.
fn leaves_python_to_its_children(evidence: &Evidence<'_>, sighting: &Sighting) -> bool {
    let has_agent = Some(PythonPath::WithAgent { shadow: None }) == sighting.python_path;
    let begins_for_it = |child: &Sighting| {
        // After an `exec` the arguments lie elsewhere.
        let is_fork = child.arguments_at == sighting.arguments_at && child.arguments_at != 0;
        let is_same_program = has_agent && child.executable == sighting.executable;
        child.parent_key == Some(sighting.key) && (is_fork || is_same_program)
    };
    !is_python_name(base_name(&sighting.executable))
        && (0..evidence.processes.len()).any(|store| {
            let key = evidence.kin.key(store);
            let child = key.and_then(|key| evidence.sightings.get(&key));
            evidence.processes[store].fork_parent.is_none() && child.is_some_and(begins_for_it)
        })
}

/// Why a Python has no hit store, and what shows it.
fn reason_for(evidence: &Evidence<'_>, sighting: &Sighting) -> (NotMeasuredReason, Option<String>) {
    if let Some(reason) = isolation(&sighting.arguments) {
        return (reason, None);
    }
    let shadow = match &sighting.python_path {
        Some(PythonPath::Absent) => return (NotMeasuredReason::PythonPathScrubbed, None),
        Some(PythonPath::Replaced) => return (NotMeasuredReason::PythonPathReplaced, None),
        Some(PythonPath::OutOfSight) => {
            let detail = format!("it cannot see `{}`", evidence.agent.display());
            return (NotMeasuredReason::AgentDidNotStart, Some(detail));
        }
        Some(PythonPath::WithAgent { shadow }) => shadow.as_ref(),
        None => None,
    };
    if is_too_old(base_name(&sighting.executable)) {
        return (NotMeasuredReason::PythonTooOld, None);
    }
    let own = rustix::process::geteuid().as_raw();
    let other = sighting.identity.user.filter(|&user| user != own);
    if let Some(user) = other
        && (sighting.python_path.is_none() || !is_open_to_others(evidence.agent))
    {
        let detail = format!(
            "it runs as {}, swath as {}",
            user_name(user),
            user_name(own)
        );
        return (NotMeasuredReason::AgentUnreadable, Some(detail));
    }
    if let Some(shadow) = shadow {
        let detail = format!("`{}` came first", shadow.display());
        return (NotMeasuredReason::SitecustomizeShadowed, Some(detail));
    }
    if evidence.agent.exists() {
        (NotMeasuredReason::AgentDidNotStart, None)
    } else {
        (NotMeasuredReason::RunFolderRemoved, None)
    }
}

/// Whether every user can get into a folder, as far as its rights and those above it say.
fn is_open_to_others(folder: &Path) -> bool {
    folder.ancestors().all(|folder| {
        fs::metadata(folder).is_ok_and(|folder| folder.permissions().mode() & 0o001 != 0)
    })
}

pub(crate) fn isolation(arguments: &[String]) -> Option<NotMeasuredReason> {
    let command = PythonCommand::parse(arguments);
    if command.isolated {
        Some(NotMeasuredReason::Isolated)
    } else if command.ignores_environment {
        Some(NotMeasuredReason::IgnoresEnvironment)
    } else if command.without_site {
        Some(NotMeasuredReason::WithoutSite)
    } else {
        None
    }
}

/// `python2.7`, `python3.6`: names of interpreters before 3.8.
fn is_too_old(name: &str) -> bool {
    let Some(version) = name.strip_prefix("python") else {
        return false;
    };
    let mut parts = version
        .trim_end_matches(['d', 'm', 'u'])
        .split('.')
        .map(|part| part.parse::<u32>().ok());
    match (parts.next().flatten(), parts.next().flatten()) {
        (Some(2), _) => true,
        (Some(3), Some(minor)) => minor < 8,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process_table::{ProcessKey, test_sighting};

    #[test]
    fn interpreters_before_3_8_are_too_old() {
        for name in ["python2.7", "python2", "python3.6", "python3.7m"] {
            assert!(is_too_old(name), "{name}");
        }
        for name in ["python3", "python", "python3.8", "python3.13", "pypy3"] {
            assert!(!is_too_old(name), "{name}");
        }
    }

    #[test]
    fn a_python_in_a_container_without_a_store_is_named() {
        let mut record = ContainerRecord::default();
        record.name = "web".to_owned();
        record.health_check = ["CMD", "python", "probe.py"].map(str::to_owned).to_vec();
        let seen = |pid, command: &str, seconds| SeenProcess {
            pid,
            command: command.to_owned(),
            seconds,
            python_path: None,
            lacks_agent: command.starts_with("python3 at once"),
        };
        record.seen = vec![
            seen(1, "python3 app.py --a  b", 9),
            seen(2, "/usr/bin/python3 -I job.py", 2),
            seen(3, "python3 short.py", 0),
            seen(4, "python probe.py", 2),
            seen(5, "sh -c python3 x.py", 9),
            seen(6, "python3 clean.py", 3),
            seen(7, "python3 at once.py", 0),
        ];
        let store = |words: &[&str]| StoredProcess {
            command: words.iter().map(|&word| word.to_owned()).collect(),
            ..StoredProcess::default()
        };
        let app = store(&["python3", "app.py", "--a", "\u{e9}b"]);
        let found = not_measured_in_container(&record, std::slice::from_ref(&app));
        let found = found
            .iter()
            .map(|one| (one.pid, one.reason))
            .collect::<Vec<_>>();
        let isolated = (Some(2), NotMeasuredReason::Isolated);
        assert_eq!(
            found,
            [
                isolated,
                (Some(6), NotMeasuredReason::AgentDidNotStart),
                (Some(7), NotMeasuredReason::AgentDidNotStart)
            ]
        );
        let found = not_measured_in_container(&record, &[app, store(&[])]);
        assert_eq!(found.len(), 1, "the agent failed in one of them");
    }

    #[test]
    fn a_program_whose_forks_begin_their_interpreters_has_none() {
        let key = |pid| ProcessKey {
            pid,
            start_ticks: u64::from(pid),
        };
        let program = |pid, parent: Option<u32>, arguments_at| {
            let mut sighting = test_sighting(key(pid), "/usr/sbin/apache2 -D FOREGROUND");
            sighting.executable = "/usr/sbin/apache2".to_owned();
            sighting.parent_key = parent.map(key);
            sighting.arguments_at = arguments_at;
            (sighting.key, sighting)
        };
        let store = |pid: u32, fork_parent: Option<&str>| StoredProcess {
            id: pid.to_string(),
            pid,
            start_ticks: u64::from(pid),
            fork_parent: fork_parent.map(str::to_owned),
            ..StoredProcess::default()
        };
        let found = |child: Option<StoredProcess>, arguments_at| {
            let sightings: Sightings =
                [program(10, None, 70), program(11, Some(10), arguments_at)].into();
            let processes: Vec<StoredProcess> = child.into_iter().collect();
            let kin = Kinship::of(&processes, &sightings, &std::collections::BTreeMap::new());
            let evidence = Evidence {
                processes: &processes,
                kin: &kin,
                sightings: &sightings,
                folder: Path::new("/"),
                agent: Path::new("/"),
                scope: &Scope::default(),
            };
            let found = find_not_measured(&evidence);
            found
                .into_iter()
                .filter_map(|one| one.pid)
                .collect::<Vec<_>>()
        };
        assert_eq!(found(Some(store(11, None)), 70), [0; 0]);
        assert_eq!(found(Some(store(11, None)), 90), [10], "it was executed");
        assert_eq!(found(Some(store(11, Some("1"))), 70), [10], "a fork's fork");
        assert_eq!(found(None, 70), [10, 11]);
    }
}
