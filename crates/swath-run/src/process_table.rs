//! The processes of a run, as `/proc` shows them from look to look.
//!
//! A look costs what has changed: the names in `/proc` say which processes are new, and what an old
//! one executes is read again only when its memory shows that it became another program.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use swath_agent::PRELOAD_VARIABLE;
use swath_checkout::{
    ProcessStat, all_pids, arguments_of, environment_of, variable, whole_environment_of,
};
use swath_store::settings::SERVICE_VARIABLE;

use crate::command_line::is_python_name;
use crate::proc_file::{Identity, executable_of, maps_libpython};

/// Set for programs by which swath itself asks for something while a run goes on: these and what they
/// start are no processes of the run.
pub(crate) const ASKING_VARIABLE: &str = "SWATH_ASKING";
/// A program that is no Python by its name is asked for libpython once it has run this long.
const EMBEDDED_CHECK_AFTER: Duration = Duration::from_millis(120);
/// So long after it was new, or became another program, a process is looked at every time.
const YOUNG: Duration = Duration::from_secs(2);
/// An older one is looked at once in so many looks, and more seldom where there are many: no look
/// is at more old ones than this.
const SELDOM: u64 = 4;
const OLD_ONES_PER_LOOK: u64 = 64;
/// What it executes is read once in so many of those, whatever its memory shows.
const THOROUGHLY: u32 = 32;

/// A process for as long as the machine is up: its pid may be used again, but not with the same
/// start time (in clock ticks since boot, field 22 of `/proc/PID/stat`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ProcessKey {
    pub(crate) pid: u32,
    pub(crate) start_ticks: u64,
}

impl ProcessKey {
    /// Of a process that has not been reaped; without `/proc` it has no start time.
    pub(crate) fn of(pid: u32) -> ProcessKey {
        let start_ticks = ProcessStat::read(pid).map_or(0, |stat| stat.start_ticks);
        ProcessKey { pid, start_ticks }
    }
}

/// What `PYTHONPATH` is in the environment of a process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PythonPath {
    /// It names the agent's folder; `shadow` is a `sitecustomize` that is found before it.
    WithAgent { shadow: Option<PathBuf> },
    /// It names the agent's folder, and where the process is there is none: it has another root, or
    /// mounts of its own.
    OutOfSight,
    /// It is set, and does not.
    Replaced,
    /// It is not set.
    Absent,
}

impl PythonPath {
    /// Whether the agent can be found.
    fn leads_to_agent(&self) -> bool {
        matches!(self, PythonPath::WithAgent { .. })
    }
}

/// What was seen of one process.
#[derive(Debug, Clone)]
pub(crate) struct Sighting {
    pub(crate) key: ProcessKey,
    /// Its parent's pid when it was first seen.
    pub(crate) parent: u32,
    /// Its parent, if that is a process of the run.
    pub(crate) parent_key: Option<ProcessKey>,
    /// Its process group at the last look.
    group: u32,
    /// The service that its environment names, where it was adopted.
    service: Option<String>,
    pub(crate) identity: Identity,
    pub(crate) executable: String,
    pub(crate) arguments: Vec<String>,
    pub(crate) python: bool,
    /// `None` where the environment could not be read.
    pub(crate) python_path: Option<PythonPath>,
    /// Between the first and the last look at which it was a Python with these arguments.
    pub(crate) python_for: Duration,
    pub(crate) running: bool,
    changed: Instant,
    pub(crate) arguments_at: u64,
    looks: u32,
    embedded_checked: bool,
}

impl Sighting {
    /// Whether its environment shows that it is a Python without the agent: that does not take it
    /// long to become true.
    pub(crate) fn lacks_agent(&self) -> bool {
        let path = self.python_path.as_ref();
        self.python && path.is_some_and(|path| !path.leads_to_agent())
    }

    /// Its pids: the one here, and those in the namespaces that it is in.
    pub(crate) fn pids(&self) -> impl Iterator<Item = u32> {
        let inner = self.identity.inner_pids.iter().copied();
        std::iter::once(self.key.pid).chain(inner)
    }
}

pub(crate) type Sightings = BTreeMap<ProcessKey, Sighting>;

/// The first process of a service, and the mark by which others of it are known.
#[derive(Debug, Clone)]
pub(crate) struct Root {
    pub(crate) key: ProcessKey,
    pub(crate) service: String,
}

/// A living process of a service.
#[derive(Debug, Clone)]
pub(crate) struct Member {
    pub(crate) key: ProcessKey,
    pub(crate) parent: Option<ProcessKey>,
    /// Whether it is in the process group that the service was started in.
    pub(crate) in_group: bool,
    pub(crate) arguments: Vec<String>,
}

/// A pid that the last look saw.
#[derive(Debug, Clone, Copy)]
struct Present {
    pid: u32,
    /// The process is under the run.
    ours: bool,
    start_ticks: u64,
    /// It is looked at every time.
    young: bool,
}

impl Present {
    fn key(self) -> ProcessKey {
        ProcessKey {
            pid: self.pid,
            start_ticks: self.start_ticks,
        }
    }
}

/// The processes under this one.
#[derive(Debug)]
pub(crate) struct ProcessTable {
    own: u32,
    agent_path: String,
    /// Whether orphans become children of this process; otherwise they are known by their
    /// environment.
    adopts: bool,
    /// Why nothing can be seen, if that is so.
    blind: Option<String>,
    /// The system puts the memory of every program in the same place.
    fixed_addresses: bool,
    /// In the order of the pids.
    present: Vec<Present>,
    sightings: Sightings,
    looks: u64,
    last_look: Option<Instant>,
    /// The programs of those that are Pythons, and which of them nobody has asked for yet.
    interpreters: BTreeSet<String>,
    new_interpreters: Vec<String>,
}

impl ProcessTable {
    /// `agent_path` is what `PYTHONPATH` holds in a process that carries the agent.
    pub(crate) fn new(agent_path: String, adopts: bool) -> ProcessTable {
        let randomized = fs_err::read("/proc/sys/kernel/randomize_va_space");
        ProcessTable {
            own: std::process::id(),
            agent_path,
            adopts,
            blind: crate::proc_file::unusable(),
            fixed_addresses: randomized.is_ok_and(|value| value.starts_with(b"0")),
            present: Vec::new(),
            sightings: Sightings::new(),
            looks: 0,
            last_look: None,
            interpreters: BTreeSet::new(),
            new_interpreters: Vec::new(),
        }
    }

    /// The programs of the Pythons that were seen since this was asked last.
    pub(crate) fn take_new_interpreters(&mut self) -> Vec<String> {
        std::mem::take(&mut self.new_interpreters)
    }

    /// Why nothing can be seen, if that is so.
    pub(crate) fn blind(&self) -> Option<&str> {
        self.blind.as_deref()
    }

    pub(crate) fn into_sightings(self) -> Sightings {
        self.sightings
    }

    /// One look at every process; a thorough one looks at the old ones, too.
    pub(crate) fn look(&mut self, thoroughly: bool) {
        if self.blind.is_some() {
            return;
        }
        let now = Instant::now();
        self.looks += 1;
        self.last_look = Some(now);
        let new = self.compare(&all_pids());
        let mut due = Vec::new();
        let looks = self.looks;
        let ours = self.present.iter().filter(|present| present.ours).count() as u64;
        let pause = SELDOM.max(ours / OLD_ONES_PER_LOOK);
        for present in &mut self.present {
            let its_turn = (looks + u64::from(present.pid)).is_multiple_of(pause);
            if present.ours && (thoroughly || present.young || its_turn) {
                due.push(present.key());
                present.young = false;
            }
        }
        for key in due {
            self.look_again(key, now);
        }
        self.add(new, now);
    }

    /// A look, unless there was one a moment ago.
    pub(crate) fn refresh(&mut self) {
        const MOMENT: Duration = Duration::from_millis(20);
        if self.last_look.is_none_or(|last| last.elapsed() >= MOMENT) {
            self.look(true);
        }
    }

    /// The living processes of a service, as of the last look: what descends from its first one,
    /// is in its group, or inherited its name.
    pub(crate) fn members(&self, root: &Root) -> Vec<Member> {
        let living = self.sightings.values().filter(|sighting| sighting.running);
        living
            .filter(|sighting| self.belongs(sighting, root))
            .map(|sighting| Member {
                key: sighting.key,
                parent: sighting.parent_key,
                in_group: sighting.group == root.key.pid,
                arguments: sighting.arguments.clone(),
            })
            .collect()
    }

    /// The living processes that belong to none of these services.
    pub(crate) fn others(&self, services: &[Root]) -> Vec<ProcessKey> {
        let living = self.sightings.values().filter(|sighting| sighting.running);
        living
            .filter(|sighting| !services.iter().any(|root| self.belongs(sighting, root)))
            .map(|sighting| sighting.key)
            .collect()
    }

    /// Whether any process of the run lives.
    pub(crate) fn any_lives(&self) -> bool {
        self.sightings.values().any(|sighting| sighting.running)
    }

    fn belongs(&self, sighting: &Sighting, root: &Root) -> bool {
        let mut next = Some(sighting);
        while let Some(process) = next {
            if process.key == root.key
                || process.group == root.key.pid
                || process.service.as_deref() == Some(root.service.as_str())
            {
                return true;
            }
            // A parent was there before its child, so this ends.
            next = process
                .parent_key
                .filter(|parent| *parent != process.key)
                .and_then(|parent| self.sightings.get(&parent));
        }
        false
    }

    /// Forgets the processes that are not there any more, and gives those that were not there yet.
    fn compare(&mut self, pids: &[u32]) -> Vec<(u32, ProcessStat)> {
        let mut there = pids.iter().copied().peekable();
        let mut new = Vec::new();
        let mut kept = Vec::with_capacity(self.present.len());
        for present in std::mem::take(&mut self.present) {
            while let Some(pid) = there.next_if(|&pid| pid < present.pid) {
                new.push(pid);
            }
            if there.next_if_eq(&present.pid).is_some() {
                kept.push(present);
            } else if let Some(sighting) = self.sightings.get_mut(&present.key()) {
                sighting.running = false;
            }
        }
        new.extend(there);
        self.present = kept;
        new.retain(|&pid| pid != self.own);
        new.into_iter()
            .filter_map(|pid| Some((pid, ProcessStat::read(pid)?)))
            .collect()
    }

    fn present(&self, pid: u32) -> Option<&Present> {
        let place = self
            .present
            .binary_search_by_key(&pid, |present| present.pid);
        self.present.get(place.ok()?)
    }

    /// Brings up to date what is known of a process.
    fn look_again(&mut self, key: ProcessKey, now: Instant) {
        let stat = ProcessStat::read(key.pid).filter(|stat| stat.start_ticks == key.start_ticks);
        let Some(stat) = stat else {
            // Its number has been taken by another process: that one is new at the next look.
            self.present.retain(|present| present.pid != key.pid);
            if let Some(sighting) = self.sightings.get_mut(&key) {
                sighting.running = false;
            }
            return;
        };
        // A zombie that was never seen alive has no sighting.
        let Some(sighting) = self.sightings.get_mut(&key) else {
            return;
        };
        sighting.running = !stat.is_zombie();
        if stat.is_zombie() {
            return;
        }
        // At the first look it may not have become its program yet.
        if stat.parent == self.own && sighting.looks == 0 && asks_for_swath(key.pid) {
            self.disown(key);
            return;
        }
        sighting.group = stat.group;
        sighting.looks += 1;
        let same_memory = stat.arguments_at != 0
            && stat.arguments_at == sighting.arguments_at
            && !self.fixed_addresses;
        sighting.arguments_at = stat.arguments_at;
        if !same_memory
            || sighting.looks.is_multiple_of(THOROUGHLY)
            || sighting.arguments.is_empty()
        {
            sighting.read_program(now);
        }
        sighting.examine(now, &self.agent_path);
        let young = now - sighting.changed < YOUNG;
        note_interpreter(sighting, &mut self.interpreters, &mut self.new_interpreters);
        if young {
            self.look_next_time(key.pid);
        }
    }

    /// Leaves out a process that was taken for one of the run.
    fn disown(&mut self, key: ProcessKey) {
        self.sightings.remove(&key);
        let place = self
            .present
            .binary_search_by_key(&key.pid, |present| present.pid);
        if let Some(present) = place.ok().and_then(|place| self.present.get_mut(place)) {
            present.ours = false;
        }
    }

    fn look_next_time(&mut self, pid: u32) {
        let place = self
            .present
            .binary_search_by_key(&pid, |present| present.pid);
        if let Some(present) = place.ok().and_then(|place| self.present.get_mut(place)) {
            present.young = true;
        }
    }

    /// Adds the new processes that are under this one. A parent may be as new as its child.
    fn add(&mut self, mut new: Vec<(u32, ProcessStat)>, now: Instant) {
        loop {
            let before = new.len();
            new.retain(|(pid, stat)| {
                let ours = self.is_ours(*pid, stat);
                if let Some(ours) = ours {
                    self.note(*pid, stat, ours);
                    if ours && !stat.is_zombie() {
                        self.sight(*pid, stat, now);
                    }
                }
                ours.is_none()
            });
            // What is left has a parent that came and went: it has another at the next look.
            if new.len() == before {
                return;
            }
        }
    }

    fn note(&mut self, pid: u32, stat: &ProcessStat, ours: bool) {
        let present = Present {
            pid,
            ours,
            start_ticks: stat.start_ticks,
            young: true,
        };
        if let Err(place) = self
            .present
            .binary_search_by_key(&pid, |present| present.pid)
        {
            self.present.insert(place, present);
        }
    }

    /// Whether a process is under this one; `None` where that is not known yet.
    fn is_ours(&self, pid: u32, stat: &ProcessStat) -> Option<bool> {
        if stat.parent == self.own {
            return Some(!asks_for_swath(pid));
        }
        match self.present(stat.parent) {
            Some(parent) if parent.ours => Some(true),
            Some(_) => Some(self.is_marked(pid)),
            None if stat.parent == 0 => Some(false),
            None => None,
        }
    }

    /// Whether the environment of an orphan that somebody else adopted names this run.
    fn is_marked(&self, pid: u32) -> bool {
        !self.adopts
            && environment_of(pid).is_some_and(|environment| {
                python_path(&environment, &self.agent_path)
                    .is_some_and(|path| matches!(path, PythonPath::WithAgent { .. }))
            })
    }

    fn sight(&mut self, pid: u32, stat: &ProcessStat, now: Instant) {
        let start_ticks = stat.start_ticks;
        let key = ProcessKey { pid, start_ticks };
        let parent = self.present(stat.parent).filter(|parent| parent.ours);
        let parent_key = parent.map(|parent| parent.key());
        // An orphan that was seen while it ended had no environment any more: what it has started says
        // by its own whose it is.
        let is_led = |key| {
            let parent: Option<&Sighting> = self.sightings.get(&key);
            parent.is_some_and(|parent| parent.parent_key.is_some() || parent.service.is_some())
        };
        let service = (!parent_key.is_some_and(is_led))
            .then(|| environment_of(pid))
            .flatten()
            .and_then(|environment| {
                let name = variable(&environment, SERVICE_VARIABLE)?;
                Some(String::from_utf8_lossy(name).into_owned())
            });
        let mut sighting = Sighting {
            key,
            parent: stat.parent,
            parent_key,
            group: stat.group,
            service,
            identity: Identity::default(),
            executable: String::new(),
            arguments: Vec::new(),
            python: false,
            python_path: None,
            python_for: Duration::ZERO,
            running: true,
            changed: now,
            arguments_at: stat.arguments_at,
            looks: 0,
            embedded_checked: false,
        };
        sighting.read_program(now);
        sighting.examine(now, &self.agent_path);
        note_interpreter(
            &sighting,
            &mut self.interpreters,
            &mut self.new_interpreters,
        );
        self.sightings.insert(key, sighting);
    }
}

fn note_interpreter(sighting: &Sighting, known: &mut BTreeSet<String>, new: &mut Vec<String>) {
    if sighting.python && !known.contains(&sighting.executable) {
        known.insert(sighting.executable.clone());
        new.push(sighting.executable.clone());
    }
}

impl Sighting {
    /// Reads what the process executes; it may have become another program since the last look.
    fn read_program(&mut self, now: Instant) {
        let arguments = arguments_of(self.key.pid);
        if arguments.is_empty() {
            return;
        }
        // The program of another user's process may not be looked at: its name has to do.
        let executable = executable_of(self.key.pid)
            .unwrap_or_else(|| arguments.first().cloned().unwrap_or_default());
        if executable == self.executable && arguments == self.arguments {
            return;
        }
        self.python = is_python_name(&executable);
        self.embedded_checked = self.python;
        self.python_path = None;
        self.identity = Identity::default();
        self.executable = executable;
        self.arguments = arguments;
        self.changed = now;
    }

    /// What there is to know of a Python.
    fn examine(&mut self, now: Instant, agent_path: &str) {
        let pid = self.key.pid;
        if !self.embedded_checked && now - self.changed >= EMBEDDED_CHECK_AFTER {
            self.embedded_checked = true;
            self.python = maps_libpython(pid);
        }
        self.python_for = now - self.changed;
        if !self.python {
            return;
        }
        if self.identity.user.is_none() {
            self.identity = Identity::read(pid);
        }
        if self.python_path.is_none() && self.python_for < YOUNG {
            self.python_path = whole_environment_of(pid)
                .and_then(|environment| python_path(&environment, agent_path));
            if matches!(self.python_path, Some(PythonPath::WithAgent { .. }))
                && is_out_of_sight(pid, agent_path)
            {
                self.python_path = Some(PythonPath::OutOfSight);
            }
        }
    }
}

/// Whether a process finds nothing at a path that is there for this one.
fn is_out_of_sight(pid: u32, path: &str) -> bool {
    let seen = std::fs::metadata(format!("/proc/{pid}/root{path}"));
    seen.is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
        && Path::new(path).exists()
        && ProcessStat::read(pid).is_some_and(|stat| !stat.is_zombie())
}

/// Whether swath started a process to ask for something.
fn asks_for_swath(pid: u32) -> bool {
    environment_of(pid).is_some_and(|environment| variable(&environment, ASKING_VARIABLE).is_some())
}

/// What an environment says of `PYTHONPATH`.
fn python_path(environment: &[u8], agent_path: &str) -> Option<PythonPath> {
    if is_preloaded(environment, agent_path) {
        return Some(PythonPath::WithAgent { shadow: None });
    }
    let Some(value) = variable(environment, "PYTHONPATH").filter(|value| !value.is_empty()) else {
        return Some(PythonPath::Absent);
    };
    let entries = std::str::from_utf8(value).ok()?.split(':');
    let mut before = Vec::new();
    for entry in entries {
        if entry == agent_path {
            let shadow = before.into_iter().find_map(sitecustomize_in);
            return Some(PythonPath::WithAgent { shadow });
        }
        before.push(entry);
    }
    Some(PythonPath::Replaced)
}

/// Whether the loader brings the agent: an object of its folder is among those to preload.
fn is_preloaded(environment: &[u8], agent_path: &str) -> bool {
    let objects = variable(environment, PRELOAD_VARIABLE).unwrap_or_default();
    objects
        .split(|byte| b": ".contains(byte))
        .filter_map(|object| object.strip_prefix(agent_path.as_bytes()))
        .any(|rest| rest.starts_with(b"/"))
}

/// The `sitecustomize` of a folder.
fn sitecustomize_in(folder: &str) -> Option<PathBuf> {
    let names = ["sitecustomize.py", "sitecustomize/__init__.py"];
    let folder = Path::new(folder);
    names
        .iter()
        .map(|name| folder.join(name))
        .find(|path| path.is_absolute() && path.exists())
}

/// A Python that was seen for a while, for tests of what is made of sightings.
#[cfg(test)]
pub(crate) fn test_sighting(key: ProcessKey, command: &str) -> Sighting {
    let now = Instant::now();
    Sighting {
        key,
        parent: 0,
        parent_key: None,
        group: 0,
        service: None,
        identity: Identity::default(),
        executable: "python".to_owned(),
        arguments: command.split(' ').map(str::to_owned).collect(),
        python: true,
        python_path: None,
        python_for: Duration::from_secs(1),
        running: false,
        changed: now,
        arguments_at: 0,
        looks: 0,
        embedded_checked: true,
    }
}

#[cfg(test)]
mod tests {
    use std::process::{Child, Command, Stdio};

    use super::*;

    #[test]
    fn the_agents_folder_is_found_among_the_entries_of_python_path() {
        let of = |text: &[u8]| python_path(text, "/run/agent");
        let with = Some(PythonPath::WithAgent { shadow: None });
        assert_eq!(of(b"A=1\0PYTHONPATH=/x:/run/agent\0B=2"), with);
        assert_eq!(of(b"PYTHONPATH=/x:/run/agents"), Some(PythonPath::Replaced));
        assert_eq!(of(b"PYTHONPATH="), Some(PythonPath::Absent));
        assert_eq!(of(b"PYTHONPATHS=/run/agent"), Some(PythonPath::Absent));
        let preloaded = b"PYTHONPATH=src\0LD_PRELOAD=/x.so:/run/agent/object.so";
        assert_eq!(of(preloaded), Some(PythonPath::WithAgent { shadow: None }));
        let folder = tempfile::tempdir().unwrap();
        let shadow = folder.path().join("sitecustomize.py");
        fs_err::write(&shadow, "").unwrap();
        let text = format!("PYTHONPATH={}:/run/agent", folder.path().display());
        let with = PythonPath::WithAgent {
            shadow: Some(shadow),
        };
        assert_eq!(of(text.as_bytes()), Some(with));
    }

    /// A shell with a child of its own, which ends when its input does.
    fn shell(script: &str) -> Child {
        let mut command = Command::new("sh");
        command.args(["-c", script]).stdin(Stdio::piped());
        command.spawn().unwrap()
    }

    fn wait_for(table: &mut ProcessTable, what: &str, condition: impl Fn(&ProcessTable) -> bool) {
        swath_test::wait_until(Duration::from_secs(20), what, || {
            table.look(false);
            condition(table)
        });
    }

    #[test]
    fn children_and_what_they_become_are_seen() {
        let mut child = shell("read line; exec sleep 100");
        let mut table = ProcessTable::new("/run/agent".to_owned(), true);
        let key = ProcessKey::of(child.id());
        let root = Root {
            key,
            service: "web".to_owned(),
        };
        // While it becomes another program, it has no arguments.
        let first = |table: &ProcessTable| {
            let arguments = &table.sightings[&key].arguments;
            arguments.first().cloned().unwrap_or_default()
        };
        wait_for(&mut table, "the shell is seen", |table| {
            table.sightings.contains_key(&key) && first(table) == "sh"
        });
        drop(child.stdin.take());
        wait_for(&mut table, "it becomes another program", |table| {
            first(table) == "sleep"
        });
        assert_eq!(table.members(&root).len(), 1);
        assert!(!table.others(std::slice::from_ref(&root)).contains(&key));
        child.kill().unwrap();
        child.wait().unwrap();
        table.look(true);
        assert!(table.members(&root).is_empty());
    }
}
