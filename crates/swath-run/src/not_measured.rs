//! Pythons of a run that were seen, and not measured.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use fs_err as fs;
use swath_data::{Spawn, StoredProcess, without_secrets};
use swath_docker::ContainerRecord;
use swath_model::{NotMeasured, NotMeasuredReason};

use crate::command_line::{PythonCommand, base_name, is_python_name};
use crate::container_account::is_health_check;
use crate::reaper::ProcessKey;
use crate::watch::{Sighting, Sightings};

/// A Python that lives longer than 200 ms is seen for at least so long, looked at every 60 ms.
const LONG_ENOUGH: Duration = Duration::from_millis(50);
/// The same for one whose command line is its parent's: it may be about to become another program.
const LIKE_ITS_PARENT: Duration = Duration::from_millis(500);

/// What is known of a run's processes.
pub(crate) struct Evidence<'a> {
    pub(crate) processes: &'a [StoredProcess],
    pub(crate) sightings: &'a Sightings,
    /// Where the run's commands were started.
    pub(crate) folder: &'a Path,
}

/// Every Python that was seen, or that an agent saw being started, and has no hit store.
pub(crate) fn find_not_measured(evidence: &Evidence<'_>) -> Vec<NotMeasured> {
    let mut found = evidence
        .sightings
        .values()
        .filter(|sighting| {
            is_settled_python(evidence, sighting) && !has_store(evidence, sighting.key)
        })
        .map(|sighting| NotMeasured {
            pid: Some(sighting.key.pid),
            command: without_secrets(&sighting.arguments),
            reason: reason_for(sighting),
            evidence: None,
            container: None,
        })
        .collect::<Vec<_>>();
    for process in evidence.processes {
        found.extend(unseen_children(evidence, process));
    }
    found
}

/// Every Python that was seen in a container for a second, and has no hit store.
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
    for seen in record.seen.iter().filter(|seen| seen.seconds >= 1) {
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
        let shut_out = path.filter(|path| !has_agent(path));
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

/// Whether a search path of a container holds the agent's folder.
fn has_agent(path: &str) -> bool {
    let folders = swath_docker::agent_folders();
    path.split(':')
        .any(|folder| folders.iter().any(|agent| agent == folder))
}

/// The Pythons that the processes of a container started, and that left nothing. What is in its
/// file system is not known here, so that only a Python's own name tells one.
pub(crate) fn unseen_in_container(name: &str, processes: &[StoredProcess]) -> Vec<NotMeasured> {
    let mut found = Vec::new();
    for parent in processes {
        let mut known: Vec<&[String]> = processes
            .iter()
            .filter(|process| process.parent_pid == parent.pid || process.pid == parent.pid)
            .map(|process| process.command.as_slice())
            .collect();
        for spawn in each_once(&parent.spawned) {
            let program = if spawn.executable.is_empty() {
                spawn.command.first()
            } else {
                Some(&spawn.executable)
            };
            if !program.is_some_and(|program| is_python_name(program)) {
                continue;
            }
            let own = spawn.command.get(1..).unwrap_or_default();
            if let Some(index) = known.iter().position(|command| command.ends_with(own)) {
                known.swap_remove(index);
                continue;
            }
            found.push(NotMeasured {
                pid: None,
                reason: isolation(&spawn.command).unwrap_or(NotMeasuredReason::EndedTooSoon),
                command: without_secrets(&spawn.command),
                evidence: None,
                container: Some(name.to_owned()),
            });
        }
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
    let like_its_parent = evidence
        .sightings
        .values()
        .any(|other| other.key.pid == sighting.parent && other.arguments == sighting.arguments);
    let needed = if like_its_parent {
        LIKE_ITS_PARENT
    } else {
        LONG_ENOUGH
    };
    sighting.python && sighting.python_for >= needed
}

fn has_store(evidence: &Evidence<'_>, key: ProcessKey) -> bool {
    evidence.processes.iter().any(|process| {
        // An agent that failed leaves a name only: it holds no start time.
        process.pid == key.pid
            && (process.start_ticks == key.start_ticks || process.start_ticks == 0)
    })
}

fn reason_for(sighting: &Sighting) -> NotMeasuredReason {
    if let Some(reason) = isolation(&sighting.arguments) {
        return reason;
    }
    if sighting.carries_agent_path == Some(false) {
        return NotMeasuredReason::PythonPathScrubbed;
    }
    if is_too_old(base_name(&sighting.executable)) {
        return NotMeasuredReason::PythonTooOld;
    }
    NotMeasuredReason::AgentDidNotStart
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

/// The Pythons that a process started, and of which there is neither store nor sighting.
fn unseen_children(evidence: &Evidence<'_>, parent: &StoredProcess) -> Vec<NotMeasured> {
    let mut known = known_children(evidence, parent.pid);
    let mut unseen = Vec::new();
    for spawn in each_once(&parent.spawned) {
        let Some(arguments) = python_arguments(spawn, Path::new(&parent.folder), evidence.folder)
        else {
            continue;
        };
        let own = arguments.get(1..).unwrap_or_default();
        if let Some(index) = known.iter().position(|command| command.ends_with(own)) {
            known.swap_remove(index);
            continue;
        }
        unseen.push(NotMeasured {
            pid: None,
            reason: isolation(&arguments).unwrap_or(NotMeasuredReason::EndedTooSoon),
            command: without_secrets(&arguments),
            evidence: None,
            container: None,
        });
    }
    unseen
}

/// What was started, once each: from 3.13 on `subprocess` starts programs by `os.posix_spawn`, and
/// both say so.
fn each_once(spawned: &[Spawn]) -> Vec<&Spawn> {
    let mut by_subprocess = Vec::new();
    let mut starts = Vec::new();
    for spawn in spawned {
        if spawn.how == "subprocess.Popen" {
            by_subprocess.push(&spawn.command);
        } else if spawn.how == "os.posix_spawn"
            && let Some(index) = by_subprocess
                .iter()
                .position(|command| **command == spawn.command)
        {
            by_subprocess.remove(index);
            continue;
        }
        starts.push(spawn);
    }
    starts
}

/// The command lines of the children of `parent` that have a store or were seen as Pythons, and,
/// for `exec`, of the process itself.
fn known_children(evidence: &Evidence<'_>, parent: u32) -> Vec<Vec<String>> {
    let stored = evidence
        .processes
        .iter()
        .filter(|process| process.parent_pid == parent || process.pid == parent)
        .map(|process| process.command.clone());
    let seen = evidence
        .sightings
        .values()
        .filter(|sighting| sighting.parent == parent && is_settled_python(evidence, sighting))
        .filter(|sighting| !has_store(evidence, sighting.key))
        .map(|sighting| sighting.arguments.clone());
    stored.chain(seen).collect()
}

/// The command line of what was started, if it is a Python or a script that one runs.
fn python_arguments(spawn: &Spawn, working_folder: &Path, folder: &Path) -> Option<Vec<String>> {
    let program = if spawn.executable.is_empty() {
        spawn.command.first()?
    } else {
        &spawn.executable
    };
    let path = find_program(program, working_folder, folder)?;
    if is_python_name(program) {
        return Some(spawn.command.clone());
    }
    let start = fs::read(&path).ok()?;
    let line = start
        .strip_prefix(b"#!")?
        .split(|&byte| byte == b'\n')
        .next()?;
    let line = String::from_utf8_lossy(line.get(..line.len().min(255))?).into_owned();
    let mut words = line
        .split_whitespace()
        .map(str::to_owned)
        .collect::<Vec<_>>();
    if words.first().is_some_and(|word| base_name(word) == "env") {
        words.remove(0);
        words.retain(|word| word != "-S");
    }
    if !words.first().is_some_and(|word| is_python_name(word)) {
        return None;
    }
    // The script stands where its program stood: `python … script arguments`.
    words.push(path.to_string_lossy().into_owned());
    words.extend(spawn.command.iter().skip(1).cloned());
    Some(words)
}

/// The file that a program's name stands for; `None` when it cannot have been started.
fn find_program(program: &str, working_folder: &Path, folder: &Path) -> Option<PathBuf> {
    let is_program = |path: &PathBuf| {
        std::fs::metadata(path)
            .is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
    };
    if program.contains('/') {
        return [working_folder, folder]
            .iter()
            .map(|base| base.join(program))
            .find(is_program);
    }
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|entry| entry.join(program))
        .find(is_program)
}

#[cfg(test)]
mod tests {
    use swath_docker::SeenProcess;

    use super::*;

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
    fn a_start_that_two_events_name_is_one_start() {
        let start = |how: &str, argument: &str| Spawn {
            how: how.to_owned(),
            executable: "python".to_owned(),
            command: vec!["python".to_owned(), argument.to_owned()],
        };
        let spawned = [
            start("subprocess.Popen", "a.py"),
            start("os.posix_spawn", "a.py"),
            start("os.posix_spawn", "a.py"),
            start("subprocess.Popen", "b.py"),
        ];
        let kept = each_once(&spawned)
            .into_iter()
            .map(|spawn| (spawn.how.as_str(), spawn.command[1].as_str()))
            .collect::<Vec<_>>();
        assert_eq!(
            kept,
            [
                ("subprocess.Popen", "a.py"),
                ("os.posix_spawn", "a.py"),
                ("subprocess.Popen", "b.py")
            ]
        );
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
        };
        record.seen = vec![
            seen(1, "python3 app.py --a  b", 9),
            seen(2, "/usr/bin/python3 -I job.py", 2),
            seen(3, "python3 short.py", 0),
            seen(4, "python probe.py", 2),
            seen(5, "sh -c python3 x.py", 9),
            seen(6, "python3 clean.py", 3),
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
            [isolated, (Some(6), NotMeasuredReason::AgentDidNotStart)]
        );
        let found = not_measured_in_container(&record, &[app, store(&[])]);
        assert_eq!(found.len(), 1, "the agent failed in one of them");
    }

    #[test]
    fn a_program_that_is_not_there_was_not_started() {
        assert_eq!(
            find_program("no-such-program-here", Path::new("/"), Path::new("/")),
            None
        );
        assert!(find_program("sh", Path::new("/"), Path::new("/")).is_some());
        assert!(find_program("./sh", Path::new("/bin"), Path::new("/")).is_some());
    }
}
