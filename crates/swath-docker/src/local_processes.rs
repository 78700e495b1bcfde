//! The processes of containers whose engine is on this machine, as `/proc` shows them. It shows what
//! a list that the engine makes cannot: a process that is over in a moment, and whether its
//! environment leads to the agent.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use fs_err as fs;
use swath_agent::PRELOAD_VARIABLE;
use swath_checkout::{ProcessStat, all_pids, arguments_of, variable, whole_environment_of};

use crate::create::{agent_folders, leads_to_agent};
use crate::record::SeenProcess;

/// So long a new process may take until it is where its container's processes are.
const YOUNG: Duration = Duration::from_secs(1);

/// A process that was there at the last look.
#[derive(Debug)]
struct Known {
    since: Instant,
    container: Option<String>,
    start_ticks: u64,
    /// Where its command line was in its memory when it was last read; 0: it was not.
    arguments_at: u64,
}

/// What was seen by the looks before.
#[derive(Debug, Default)]
pub(crate) struct LocalProcesses {
    known: BTreeMap<u32, Known>,
}

impl LocalProcesses {
    /// The programs that processes of these containers have begun to execute since the last look,
    /// each with the container's id. What was only forked runs its parent's.
    pub(crate) fn look(&mut self, containers: &[String]) -> Vec<(String, SeenProcess)> {
        let now = Instant::now();
        let pids = all_pids();
        self.known.retain(|pid, _| pids.binary_search(pid).is_ok());
        for &pid in &pids {
            self.place(pid, containers, now);
        }
        pids.into_iter()
            .filter_map(|pid| self.new_program(pid, now))
            .collect()
    }

    /// Finds out which container a process is in, while that can change.
    fn place(&mut self, pid: u32, containers: &[String], now: Instant) {
        let known = self.known.entry(pid).or_insert(Known {
            since: now,
            container: None,
            start_ticks: 0,
            arguments_at: 0,
        });
        if known.container.is_none() && now - known.since < YOUNG {
            known.container = container_of(pid, containers);
        }
    }

    fn new_program(&mut self, pid: u32, now: Instant) -> Option<(String, SeenProcess)> {
        let known = self.known.get(&pid)?;
        let container = known.container.clone()?;
        let stat = ProcessStat::read(pid).filter(|stat| !stat.is_zombie())?;
        let is_same = known.start_ticks == stat.start_ticks;
        if (is_same && known.arguments_at == stat.arguments_at) || stat.arguments_at == 0 {
            return None;
        }
        let parent = self.known.get(&stat.parent);
        let is_fork = parent.is_some_and(|parent| parent.arguments_at == stat.arguments_at);
        // It may be about to execute a program.
        let command = arguments_of(pid).join(" ");
        if is_fork || command.is_empty() {
            return None;
        }
        let since = known.since;
        let environment = whole_environment_of(pid);
        let known = self.known.get_mut(&pid)?;
        known.start_ticks = stat.start_ticks;
        known.arguments_at = stat.arguments_at;
        let seen = SeenProcess {
            pid,
            command,
            seconds: (now - since).as_secs(),
            python_path: environment.as_deref().map(python_path),
            lacks_agent: environment.is_some_and(|environment| !brings_agent(&environment)),
        };
        Some((container, seen))
    }
}

/// The container that a process is in: its control group is named by the whole id.
fn container_of(pid: u32, containers: &[String]) -> Option<String> {
    let groups = fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("cgroup"));
    let groups = groups.ok()?;
    let mut all = containers.iter();
    all.find(|id| !id.is_empty() && groups.contains(id.as_str()))
        .cloned()
}

/// The `PYTHONPATH` of an environment, empty if it has none.
pub(crate) fn python_path(environment: &[u8]) -> String {
    let value = variable(environment, "PYTHONPATH").unwrap_or_default();
    String::from_utf8_lossy(value).into_owned()
}

/// Whether an environment of a container brings the agent in one of the two ways.
fn brings_agent(environment: &[u8]) -> bool {
    leads_to_agent(&python_path(environment)) || preloads_agent(environment)
}

fn preloads_agent(environment: &[u8]) -> bool {
    let objects = variable(environment, PRELOAD_VARIABLE).unwrap_or_default();
    let objects = String::from_utf8_lossy(objects);
    let folders = agent_folders();
    objects.split([':', ' ']).any(|object| {
        folders
            .iter()
            .any(|folder| Path::new(object).starts_with(folder))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_of_the_two_ways_leads_to_the_agent() {
        let [folder, ..] = agent_folders();
        let with = |name: &str, value: &str| format!("A=1\0{name}={value}\0").into_bytes();
        assert!(brings_agent(&with("PYTHONPATH", &format!("/x:{folder}"))));
        let object = format!("/jemalloc.so {folder}/swath-preload.so");
        assert!(brings_agent(&with("LD_PRELOAD", &object)));
        assert!(!brings_agent(&with("PYTHONPATH", "/x")));
        assert!(!brings_agent(&with("PYTHONPATH", &format!("{folder}s"))));
        assert!(!brings_agent(b""));
    }
}
