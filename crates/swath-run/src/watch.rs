//! Watches the processes of a run through `/proc`, so that a Python without the agent is seen.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use fs_err as fs;

use crate::command_line::is_python_name;
use crate::reaper::ProcessKey;

/// How often the tree of processes is looked at: a Python that lives longer than 200 ms is seen
/// at least twice.
const INTERVAL: Duration = Duration::from_millis(60);
/// A process that is no Python by its name is asked for libpython once it has lived this long.
const EMBEDDED_CHECK_AFTER: Duration = Duration::from_millis(120);

/// What was seen of one process.
#[derive(Debug, Clone)]
pub(crate) struct Sighting {
    pub(crate) key: ProcessKey,
    /// Its parent when it was first seen.
    pub(crate) parent: u32,
    pub(crate) executable: String,
    pub(crate) arguments: Vec<String>,
    pub(crate) python: bool,
    /// Whether its environment names the agent; `None` where it could not be read.
    pub(crate) carries_agent_path: Option<bool>,
    pub(crate) lifetime: Duration,
    /// Between the first and the last look at which it was a Python with these arguments.
    pub(crate) python_for: Duration,
    pub(crate) running: bool,
    first_seen: Instant,
    python_since: Instant,
    embedded_checked: bool,
}

pub(crate) type Sightings = BTreeMap<ProcessKey, Sighting>;

/// The fields of `/proc/PID/stat` that matter here.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stat {
    pub(crate) state: u8,
    pub(crate) parent: u32,
    pub(crate) group: u32,
    pub(crate) start_ticks: u64,
}

/// Reads `/proc/PID/stat`; `None` when the process is gone.
pub(crate) fn read_stat(pid: u32) -> Option<Stat> {
    let text = fs::read(format!("/proc/{pid}/stat")).ok()?;
    // The second field, the name, may hold blanks and parentheses: the last `)` ends it.
    let end = text.iter().rposition(|&byte| byte == b')')?;
    let rest = std::str::from_utf8(text.get(end + 2..)?).ok()?;
    let mut fields = rest.split(' ');
    let state = *fields.next()?.as_bytes().first()?;
    let parent = fields.next()?.parse().ok()?;
    let group = fields.next()?.parse().ok()?;
    let start_ticks = fields.nth(16)?.parse().ok()?;
    Some(Stat {
        state,
        parent,
        group,
        start_ticks,
    })
}

/// The children of all threads of a process.
pub(crate) fn children_of(pid: u32) -> Vec<u32> {
    let Ok(tasks) = std::fs::read_dir(format!("/proc/{pid}/task")) else {
        return Vec::new();
    };
    let mut children = Vec::new();
    for task in tasks.flatten() {
        if let Ok(text) =
            std::fs::File::open(task.path().join("children")).and_then(std::io::read_to_string)
        {
            children.extend(
                text.split_ascii_whitespace()
                    .filter_map(|pid| pid.parse::<u32>().ok()),
            );
        }
    }
    children
}

/// All descendants of a process, parents before children.
pub(crate) fn descendants_of(pid: u32) -> Vec<u32> {
    let mut found = children_of(pid);
    let mut next = 0;
    while let Some(&pid) = found.get(next) {
        found.extend(children_of(pid));
        next += 1;
    }
    found
}

/// The living processes of a process group, zombies left out.
pub(crate) fn living_in_group(group: u32) -> Vec<u32> {
    descendants_of(std::process::id())
        .into_iter()
        .filter(|&pid| read_stat(pid).is_some_and(|stat| stat.group == group && stat.state != b'Z'))
        .collect()
}

/// The arguments of a process; empty for one that is gone or a zombie.
pub(crate) fn arguments_of(pid: u32) -> Vec<String> {
    let bytes = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let text = bytes.strip_suffix(b"\0").unwrap_or(&bytes);
    if text.is_empty() {
        return Vec::new();
    }
    text.split(|&byte| byte == 0)
        .map(|word| String::from_utf8_lossy(word).into_owned())
        .collect()
}

/// A thread that looks at the descendants of this process at intervals.
pub(crate) struct Watch {
    sightings: Arc<Mutex<Sightings>>,
    stop: Sender<()>,
    thread: JoinHandle<()>,
}

impl Watch {
    /// Starts watching; `agent_path` is what `PYTHONPATH` holds in a process that carries the agent.
    pub(crate) fn start(agent_path: String) -> std::io::Result<Watch> {
        let sightings = Arc::new(Mutex::new(Sightings::new()));
        let shared = Arc::clone(&sightings);
        let (stop, stopped) = channel();
        let thread = std::thread::Builder::new()
            .name("swath-watch".to_owned())
            .spawn(move || watch(&shared, &stopped, &agent_path))?;
        Ok(Watch {
            sightings,
            stop,
            thread,
        })
    }

    /// Stops watching, after a last look.
    pub(crate) fn finish(self) -> Sightings {
        drop(self.stop);
        // A panic in the thread loses no sighting that was made before.
        let _ = self.thread.join();
        std::mem::take(
            &mut *self
                .sightings
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        )
    }
}

fn watch(sightings: &Mutex<Sightings>, stopped: &Receiver<()>, agent_path: &str) {
    loop {
        let ended = match stopped.recv_timeout(INTERVAL) {
            Err(RecvTimeoutError::Timeout) => false,
            Ok(()) | Err(RecvTimeoutError::Disconnected) => true,
        };
        look(
            &mut sightings.lock().unwrap_or_else(PoisonError::into_inner),
            agent_path,
        );
        if ended {
            return;
        }
    }
}

/// One look at every descendant.
fn look(sightings: &mut Sightings, agent_path: &str) {
    let now = Instant::now();
    for sighting in sightings.values_mut() {
        sighting.running = false;
    }
    for pid in descendants_of(std::process::id()) {
        let Some(stat) = read_stat(pid) else { continue };
        if stat.state == b'Z' {
            continue;
        }
        let key = ProcessKey {
            pid,
            start_ticks: stat.start_ticks,
        };
        let sighting = sightings.entry(key).or_insert_with(|| Sighting {
            key,
            parent: stat.parent,
            executable: String::new(),
            arguments: Vec::new(),
            python: false,
            carries_agent_path: None,
            lifetime: Duration::ZERO,
            python_for: Duration::ZERO,
            running: true,
            first_seen: now,
            python_since: now,
            embedded_checked: false,
        });
        sighting.running = true;
        sighting.lifetime = now - sighting.first_seen;
        examine(sighting, now, agent_path);
    }
}

/// Brings up to date what a process is; it may have become another program since the last look.
fn examine(sighting: &mut Sighting, now: Instant, agent_path: &str) {
    let pid = sighting.key.pid;
    let Ok(executable) = fs::read_link(format!("/proc/{pid}/exe")) else {
        return;
    };
    let executable = executable.to_string_lossy().into_owned();
    let arguments = arguments_of(pid);
    if arguments.is_empty() {
        return;
    }
    let changed = executable != sighting.executable || arguments != sighting.arguments;
    if changed {
        sighting.python = is_python_name(&executable);
        sighting.carries_agent_path = None;
        sighting.embedded_checked = sighting.python;
        sighting.executable = executable;
        sighting.arguments = arguments;
        sighting.python_since = now;
    }
    sighting.python_for = now - sighting.python_since;
    if !sighting.embedded_checked && sighting.lifetime >= EMBEDDED_CHECK_AFTER {
        sighting.embedded_checked = true;
        sighting.python = maps_libpython(pid);
    }
    if sighting.python && sighting.carries_agent_path.is_none() {
        sighting.carries_agent_path = carries_agent_path(pid, agent_path);
    }
}

/// Whether the environment of the process names the agent; `None` where it cannot be read.
fn carries_agent_path(pid: u32, agent_path: &str) -> Option<bool> {
    let environment = fs::read(format!("/proc/{pid}/environ")).ok()?;
    // A process that has just ended reads as empty, and so does one that `env -i` started.
    if environment.is_empty() && arguments_of(pid).is_empty() {
        return None;
    }
    Some(names_agent(&environment, agent_path.as_bytes()))
}

fn maps_libpython(pid: u32) -> bool {
    fs::read_to_string(format!("/proc/{pid}/maps")).is_ok_and(|maps| maps.contains("/libpython"))
}

fn names_agent(environment: &[u8], agent_path: &[u8]) -> bool {
    environment
        .split(|&byte| byte == 0)
        .filter_map(|entry| {
            let path = entry.strip_prefix(b"PYTHONPATH=");
            path.or_else(|| entry.strip_prefix(b"LD_PRELOAD="))
        })
        .flat_map(|value| value.split(|byte| b": ".contains(byte)))
        .filter_map(|path| path.strip_prefix(agent_path))
        .any(|rest| rest.is_empty() || rest.starts_with(b"/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_agents_folder_is_found_among_the_entries_of_python_path() {
        let environment = b"A=1\0PYTHONPATH=/x:/run/agent\0B=2";
        assert!(names_agent(environment, b"/run/agent"));
        assert!(!names_agent(environment, b"/run/ag"));
        assert!(!names_agent(b"PYTHONPATHS=/run/agent", b"/run/agent"));
        let preloaded = b"LD_PRELOAD=/x.so:/run/agent/swath-preload.so";
        assert!(names_agent(preloaded, b"/run/agent"));
    }

    #[test]
    fn this_process_has_a_start_time_and_a_parent() {
        let stat = read_stat(std::process::id()).unwrap();
        assert!(stat.start_ticks > 0);
        assert_eq!(stat.parent, std::os::unix::process::parent_id());
    }
}
