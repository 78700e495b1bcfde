//! Programs that a measured process started, and that left neither a store nor a sighting.
//!
//! The agent hears of a start before CPython tries it, so it may have failed. A start that was given
//! the agent tells by its silence that it came to nothing: had the interpreter begun to run code, it
//! would have left a store, or the note that it could not.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use swath_data::{MEASURED, Spawn, StoreEnding, StoredProcess, without_secrets};
use swath_docker::ContainerRecord;
use swath_model::{NotMeasured, NotMeasuredReason};

use super::{Evidence, is_open_to_others, is_recorded, is_settled_python, isolation, letters};
use crate::command_line::{PythonCommand, PythonSubject, base_name, is_python_name};
use crate::process_table::ProcessKey;
use crate::program_file::{find_program, has_loader, script_interpreter};
use crate::run_folder::failures_are_noted;

/// How the agent names the start of a program in its caller's place.
const EXEC: &str = "os.exec";

/// Every Python that a process of this host started and that is not known otherwise.
pub(super) fn find(evidence: &Evidence<'_>, interpreters: &Interpreters) -> Vec<NotMeasured> {
    let mut traces = Traces::of(evidence);
    let mut unseen = Vec::new();
    for parent in 0..evidence.processes.len() {
        let process = &evidence.processes[parent];
        for spawn in each_once(&process.spawned) {
            let folder = Path::new(&process.folder);
            let Some(start) = PythonStart::of(spawn, folder, evidence.folder) else {
                continue;
            };
            let is_explained = if spawn.how == EXEC {
                is_refused(process, spawn) || !is_lost_by_exec(evidence, parent, &start)
            } else {
                traces.take_child(parent, &start)
            };
            if !is_explained
                && !interpreters.would_have_begun(spawn, &start)
                && !evidence.is_tool(&start.arguments)
            {
                unseen.push((parent, spawn, start));
            }
        }
    }
    // What has a parent was that one's. A parent that ended early is not seen above its children.
    unseen.retain(|(parent, spawn, start)| {
        spawn.how == EXEC || !traces.take_orphan(own_key(evidence, *parent), start)
    });
    unseen
        .into_iter()
        .map(|(_, _, start)| not_measured(&start.arguments, None))
        .collect()
}

/// The Pythons that the processes of a container started, and that left nothing: no store, and they
/// are not among those `seen` without one. What is in its file system is not known here, so that only
/// a Python's own name tells one.
pub(crate) fn unseen_in_container(
    record: &ContainerRecord,
    processes: &[StoredProcess],
    seen: &[NotMeasured],
) -> Vec<NotMeasured> {
    let mut found = Vec::new();
    let mut seen: Vec<String> = seen.iter().map(|seen| own_letters(&seen.command)).collect();
    let measured = processes.iter().filter(|process| process.state == MEASURED);
    let interpreters: BTreeSet<&str> = measured
        .map(|process| process.executable.as_str())
        .collect();
    // Had its interpreter begun to run code, it would have left something. A loader that took the
    // agent's object into the process itself takes it again; of a file with capabilities it does not.
    let would_have_begun = |parent: &StoredProcess, spawn: &Spawn| {
        let is_its_own = parent.state == MEASURED && spawn.is_of_itself;
        let is_known =
            is_its_own || program(spawn).is_some_and(|program| interpreters.contains(program));
        let is_reached = (is_its_own && spawn.has_agent_preloaded)
            || (is_known && spawn.has_agent_on_path && isolation(&spawn.command).is_none());
        record.failures_are_noted && is_reached
    };
    for parent in processes {
        // Neither the parent itself nor a fork of it is what it started.
        let mut known: Vec<&[String]> = processes
            .iter()
            .filter(|process| process.parent_pid == parent.pid || process.pid == parent.pid)
            .filter(|process| !std::ptr::eq(*process, parent) && process.fork_parent.is_none())
            .map(|process| process.command.as_slice())
            .collect();
        let is_python = |spawn: &Spawn| program(spawn).is_some_and(is_python_name);
        let mut starts = each_once(&parent.spawned);
        starts.retain(|spawn| is_python(spawn) && !is_refused(parent, spawn));
        // What has the very arguments was that start; a launcher may have put some in front.
        for is_it in [<[String]>::eq, <[String]>::ends_with] {
            starts.retain(|spawn| {
                let own = spawn.command.get(1..).unwrap_or_default();
                let itself = known
                    .iter()
                    .position(|command| is_it(command.get(1..).unwrap_or_default(), own));
                itself.map(|index| known.swap_remove(index)).is_none()
            });
        }
        starts.retain(|spawn| !would_have_begun(parent, spawn));
        let unseen = starts.iter();
        found.extend(unseen.map(|spawn| not_measured(&spawn.command, Some(&record.name))));
    }
    // A list of processes says whose each is in numbers of its own.
    found.retain(|start| {
        let own = own_letters(&start.command);
        let itself = seen.iter().position(|seen| *seen == own);
        itself.map(|index| seen.swap_remove(index)).is_none()
    });
    found
}

/// What a list of processes keeps of a command line, without the program.
fn own_letters(command: &[String]) -> String {
    letters(&command.get(1..).unwrap_or_default().join(" "))
}

/// The name of the program that is to be started.
fn program(spawn: &Spawn) -> Option<&str> {
    if spawn.executable.is_empty() {
        spawn.command.first().map(String::as_str)
    } else {
        Some(&spawn.executable)
    }
}

fn not_measured(arguments: &[String], container: Option<&str>) -> NotMeasured {
    NotMeasured {
        pid: None,
        reason: isolation(arguments).unwrap_or(NotMeasuredReason::EndedTooSoon),
        command: without_secrets(arguments),
        evidence: None,
        container: container.map(str::to_owned),
    }
}

/// The start of a Python, or of a script that one runs.
struct PythonStart {
    /// The interpreter's file.
    interpreter: PathBuf,
    /// Its command line.
    arguments: Vec<String>,
}

impl PythonStart {
    /// What was started, if it is a Python and can have been started.
    fn of(spawn: &Spawn, working_folder: &Path, folder: &Path) -> Option<PythonStart> {
        let program = program(spawn)?;
        let path = find_program(program, working_folder, folder)?;
        let words = script_interpreter(&path);
        let Some(mut words) = words else {
            return is_python_name(program).then(|| PythonStart {
                interpreter: path,
                arguments: spawn.command.clone(),
            });
        };
        let interpreter = words.first().cloned().unwrap_or_default();
        if !is_python_name(&interpreter) {
            // A script with a Python's name, as pyenv's, passes its environment on to the Python that
            // it chooses, if it chooses one.
            let is_given = spawn.has_agent_on_path || spawn.has_agent_preloaded;
            return (is_python_name(program) && !is_given).then(|| PythonStart {
                interpreter: path,
                arguments: spawn.command.clone(),
            });
        }
        // The script stands where its program stood: `python … script arguments`.
        words.push(path.to_string_lossy().into_owned());
        words.extend(spawn.command.iter().skip(1).cloned());
        Some(PythonStart {
            interpreter: find_program(&interpreter, working_folder, folder).unwrap_or_default(),
            arguments: words,
        })
    }

    /// Whether a process with this command line can be what was started: the arguments are its own,
    /// and a script may be named as it was given.
    fn can_be(&self, command: &[String]) -> bool {
        let own = self.arguments.get(1..).unwrap_or_default();
        if command.ends_with(own) {
            return true;
        }
        let script = |words: &[String]| match PythonCommand::parse(words).subject {
            PythonSubject::Script(path) => Some(base_name(&path).to_owned()),
            _ => None,
        };
        let Some(name) = script(&self.arguments) else {
            return false;
        };
        let rest = PythonCommand::parse(&self.arguments).arguments;
        let theirs = PythonCommand::parse(command);
        script(command) == Some(name) && theirs.arguments == rest
    }
}

/// The command line of what was started, if it is a Python or a script that one runs.
pub(crate) fn python_arguments(
    spawn: &Spawn,
    working_folder: &Path,
    folder: &Path,
) -> Option<Vec<String>> {
    PythonStart::of(spawn, working_folder, folder).map(|start| start.arguments)
}

/// The interpreters in which the agent is known to work.
pub(super) struct Interpreters {
    files: BTreeSet<PathBuf>,
    /// Whether whatever user a process becomes can get to the agent, and every agent that failed has
    /// said so.
    is_sure: bool,
}

impl Interpreters {
    pub(super) fn of(evidence: &Evidence<'_>) -> Interpreters {
        let measured = evidence.processes.iter();
        let measured = measured.filter(|process| process.state == MEASURED);
        let names: BTreeSet<&str> = measured
            .map(|process| process.executable.as_str())
            .collect();
        Interpreters {
            files: names
                .into_iter()
                .filter_map(|name| std::fs::canonicalize(name).ok())
                .collect(),
            is_sure: failures_are_noted(evidence.agent)
                && (!rustix::process::geteuid().is_root() || is_open_to_others(evidence.agent)),
        }
    }

    /// Whether a start would have left something, had its interpreter begun to run code.
    fn would_have_begun(&self, spawn: &Spawn, start: &PythonStart) -> bool {
        let is_reached = (spawn.has_agent_on_path && isolation(&start.arguments).is_none())
            || (spawn.has_agent_preloaded && has_loader(&start.interpreter));
        is_reached && self.are_known(&start.interpreter)
    }

    /// Whether a program is one of them, and would have left a word if the agent had failed in it.
    pub(super) fn are_known(&self, program: &Path) -> bool {
        let is_one = || std::fs::canonicalize(program).is_ok_and(|file| self.files.contains(&file));
        self.is_sure && is_one()
    }
}

/// What processes left that somebody started as programs: stores, and sightings of those without.
struct Traces {
    all: Vec<Trace>,
    /// How many agents failed in processes that were not seen.
    nameless: usize,
}

struct Trace {
    command: Vec<String>,
    /// The process, as it is numbered here or as it numbers itself.
    key: ProcessKey,
    /// The stores of the process that started it.
    parents: BTreeSet<usize>,
    is_taken: bool,
}

impl Traces {
    fn of(evidence: &Evidence<'_>) -> Traces {
        let mut traces = Traces {
            all: Vec::new(),
            nameless: 0,
        };
        for store in 0..evidence.processes.len() {
            traces.add_store(evidence, store);
        }
        let kin = evidence.kin;
        let seen = evidence.sightings.values().filter(|sighting| {
            is_settled_python(evidence, sighting) && !is_recorded(evidence, sighting)
        });
        for sighting in seen {
            let is_parent = |store: &usize| match (kin.key(*store), sighting.parent_key) {
                (Some(key), Some(parent)) => parent == key,
                _ => sighting.parent == evidence.processes[*store].pid,
            };
            traces.all.push(Trace {
                command: sighting.arguments.clone(),
                key: sighting.key,
                parents: (0..evidence.processes.len()).filter(is_parent).collect(),
                is_taken: false,
            });
        }
        traces
    }

    fn add_store(&mut self, evidence: &Evidence<'_>, store: usize) {
        let (kin, process) = (evidence.kin, &evidence.processes[store]);
        // A fork was not started as a program, whatever it looks like.
        if process.fork_parent.is_some() {
            return;
        }
        let sighting = kin.key(store).and_then(|key| evidence.sightings.get(&key));
        // An agent that failed leaves no command line.
        let command = match (process.command.as_slice(), sighting) {
            ([], None) => {
                self.nameless += 1;
                return;
            }
            ([], Some(sighting)) => sighting.arguments.clone(),
            (command, _) => command.to_vec(),
        };
        let itself = kin.stores_of_same(store);
        // The parent of what it was before, if it was another program.
        let parents = itself.iter().filter_map(|store| kin.parent(*store));
        let parents = parents.filter(|parent| !itself.contains(parent));
        self.all.push(Trace {
            command,
            key: own_key(evidence, store),
            parents: parents
                .flat_map(|parent| kin.stores_of_same(parent))
                .collect(),
            is_taken: false,
        });
    }

    /// Takes what a child of a process left.
    fn take_child(&mut self, parent: usize, start: &PythonStart) -> bool {
        self.take(start, |trace| trace.parents.contains(&parent))
    }

    /// Takes what a process left that began after another one, and of which nobody knows who started
    /// it.
    fn take_orphan(&mut self, parent: ProcessKey, start: &PythonStart) -> bool {
        let is_later =
            |trace: &Trace| trace.key != parent && trace.key.start_ticks >= parent.start_ticks;
        if self.take(start, |trace| trace.parents.is_empty() && is_later(trace)) {
            return true;
        }
        // It may be that of any process.
        let is_nameless = self.nameless > 0;
        self.nameless = self.nameless.saturating_sub(1);
        is_nameless
    }

    fn take(&mut self, start: &PythonStart, is_of: impl Fn(&Trace) -> bool) -> bool {
        let found = self
            .all
            .iter_mut()
            .find(|trace| !trace.is_taken && is_of(trace) && start.can_be(&trace.command));
        if let Some(trace) = found {
            trace.is_taken = true;
            return true;
        }
        false
    }
}

/// The process of a store, as it is numbered here where that is known.
fn own_key(evidence: &Evidence<'_>, store: usize) -> ProcessKey {
    let process = &evidence.processes[store];
    evidence.kin.key(store).unwrap_or(ProcessKey {
        pid: process.pid,
        start_ticks: process.start_ticks,
    })
}

/// Whether a process that became a Python left no store of it, and it was not seen either. What left the
/// next store of the process may be what that became in turn.
fn is_lost_by_exec(evidence: &Evidence<'_>, store: usize, start: &PythonStart) -> bool {
    let process = &evidence.processes[store];
    let same = evidence.kin.stores_of_same(store);
    let later = same
        .iter()
        .map(|other| &evidence.processes[*other])
        .filter(|other| other.started > process.started);
    if let Some(next) = later.min_by_key(|other| other.started) {
        return !next.command.is_empty() && !start.can_be(&next.command);
    }
    !evidence.sightings.values().any(|sighting| {
        evidence.kin.key(store) == Some(sighting.key)
            && is_settled_python(evidence, sighting)
            && !is_recorded(evidence, sighting)
    })
}

/// Whether a program was to take a process over and did not: the process went on, or tried another one later.
fn is_refused(process: &StoredProcess, spawn: &Spawn) -> bool {
    let last = || process.spawned.iter().rfind(|spawn| spawn.how == EXEC);
    let is_last = || last().is_some_and(|last| std::ptr::eq(last, spawn));
    spawn.how == EXEC && (process.closed != StoreEnding::Exec || !is_last())
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

#[cfg(test)]
mod tests;
