//! Which process is which, and who started whom.
//!
//! A hit store names its process as that saw itself, a sighting as this process saw it. They are
//! joined by the start time and by the numbers that the process has in its pid namespaces; a bare
//! pid says nothing, as it may be another's elsewhere or later.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use swath_data::StoredProcess;
use swath_model::Ending;

use crate::process_table::{ProcessKey, Sighting, Sightings};

/// The hit stores of a place, joined with what was seen there.
pub(crate) struct Kinship {
    /// For each store its process, where that was seen or reaped.
    keys: Vec<Option<ProcessKey>>,
    /// For each store that of the process that started it.
    parents: Vec<Option<usize>>,
    /// The stores of the processes that the process of a store started.
    children: BTreeMap<usize, Vec<usize>>,
    /// For each store the number and the start that its process has by its own account.
    numbers: Vec<(u32, u64)>,
    by_number: BTreeMap<(u32, u64), Vec<usize>>,
    by_key: BTreeMap<ProcessKey, Vec<usize>>,
}

impl Kinship {
    /// Of processes of which nothing is known but their stores.
    pub(crate) fn of_stores(processes: &[StoredProcess]) -> Kinship {
        Kinship::of(processes, &Sightings::new(), &BTreeMap::new())
    }

    pub(crate) fn of(
        processes: &[StoredProcess],
        sightings: &Sightings,
        endings: &BTreeMap<ProcessKey, Ending>,
    ) -> Kinship {
        let keys = join(processes, sightings, endings);
        let index = Index::of(processes, &keys);
        let parents: Vec<Option<usize>> = (0..processes.len())
            .map(|child| index.parent_of(child, processes, keys[child], sightings))
            .collect();
        let by_key = index.keys;
        let mut children: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (child, parent) in parents.iter().enumerate() {
            if let Some(parent) = parent {
                children.entry(*parent).or_default().push(child);
            }
        }
        let number = |process: &StoredProcess| (process.pid, process.start_ticks);
        let numbers: Vec<(u32, u64)> = processes.iter().map(number).collect();
        let mut by_number: BTreeMap<(u32, u64), Vec<usize>> = BTreeMap::new();
        for (store, number) in numbers.iter().enumerate() {
            by_number.entry(*number).or_default().push(store);
        }
        Kinship {
            keys,
            parents,
            children,
            numbers,
            by_number,
            by_key,
        }
    }

    /// The process of a store, where that was seen or reaped.
    pub(crate) fn key(&self, store: usize) -> Option<ProcessKey> {
        self.keys[store]
    }

    /// Whether a process has a store.
    pub(crate) fn has_store(&self, key: ProcessKey) -> bool {
        self.by_key.contains_key(&key)
    }

    /// The store of the process that started this one.
    pub(crate) fn parent(&self, store: usize) -> Option<usize> {
        self.parents[store]
    }

    /// The stores of the processes that the process of a store started.
    pub(crate) fn children(&self, store: usize) -> &[usize] {
        self.children.get(&store).map_or(&[], Vec::as_slice)
    }

    /// All stores of the process that a store is of, itself among them: one for each program that it was.
    pub(crate) fn stores_of_same(&self, store: usize) -> BTreeSet<usize> {
        let of_key = self.keys[store].and_then(|key| self.by_key.get(&key));
        let of_number = self.by_number.get(&self.numbers[store]);
        let all = of_key.into_iter().chain(of_number).flatten().copied();
        all.chain([store]).collect()
    }

    /// What `is_root` names, and of what is below it that which `follows` admits.
    pub(crate) fn with_followers(
        &self,
        is_root: impl Fn(usize) -> bool,
        follows: impl Fn(usize, usize) -> bool,
    ) -> BTreeSet<usize> {
        let mut open: Vec<usize> = (0..self.parents.len())
            .filter(|&one| is_root(one))
            .collect();
        let mut found: BTreeSet<usize> = open.iter().copied().collect();
        while let Some(parent) = open.pop() {
            for &child in self.children(parent) {
                if follows(parent, child) && found.insert(child) {
                    open.push(child);
                }
            }
        }
        found
    }
}

/// The process of each store.
fn join(
    processes: &[StoredProcess],
    sightings: &Sightings,
    endings: &BTreeMap<ProcessKey, Ending>,
) -> Vec<Option<ProcessKey>> {
    let mut keys: Vec<Option<ProcessKey>> = processes
        .iter()
        .map(|process| {
            let key = ProcessKey {
                pid: process.pid,
                start_ticks: process.start_ticks,
            };
            let known = sightings.contains_key(&key) || endings.contains_key(&key);
            (known && process.start_ticks != 0).then_some(key)
        })
        .collect();
    let mut taken: BTreeMap<ProcessKey, (u32, u64)> = BTreeMap::new();
    for (process, key) in processes.iter().zip(&keys) {
        if let Some(key) = key {
            taken.insert(*key, (process.pid, process.start_ticks));
        }
    }
    let mut seen: BTreeMap<u32, Vec<&Sighting>> = BTreeMap::new();
    for sighting in sightings.values() {
        for pid in sighting.pids().collect::<BTreeSet<u32>>() {
            seen.entry(pid).or_default().push(sighting);
        }
    }
    for (process, key) in processes.iter().zip(&mut keys) {
        if key.is_some() {
            continue;
        }
        // An agent that failed leaves a name only: it holds no start time.
        let failed = process.start_ticks == 0;
        let itself = (process.pid, process.start_ticks);
        let free = |candidate: &ProcessKey| match taken.get(candidate) {
            // Another program of the same process.
            Some(owner) => *owner == itself && !failed,
            None => true,
        };
        let with_its_number = seen.get(&process.pid).into_iter().flatten();
        let mut candidates = with_its_number.filter(|sighting| {
            let same_start = failed || sighting.key.start_ticks == process.start_ticks;
            same_start && free(&sighting.key)
        });
        let first = candidates.clone().next();
        let same_command = candidates.find(|sighting| sighting.arguments == process.command);
        if let Some(sighting) = same_command.or(first) {
            taken.insert(sighting.key, itself);
            *key = Some(sighting.key);
        }
    }
    keys
}

/// The stores by what names a process.
struct Index<'a> {
    ids: BTreeMap<&'a str, usize>,
    keys: BTreeMap<ProcessKey, Vec<usize>>,
    /// By folder and pid: every place has a folder of its own.
    numbers: BTreeMap<(Option<&'a Path>, u32), Vec<usize>>,
}

impl<'a> Index<'a> {
    fn of(processes: &'a [StoredProcess], keys: &[Option<ProcessKey>]) -> Index<'a> {
        let mut index = Index {
            ids: BTreeMap::new(),
            keys: BTreeMap::new(),
            numbers: BTreeMap::new(),
        };
        for (store, process) in processes.iter().enumerate() {
            index.ids.insert(&process.id, store);
            let place = (process.store.parent(), process.pid);
            index.numbers.entry(place).or_default().push(store);
            if let Some(key) = keys[store] {
                index.keys.entry(key).or_default().push(store);
            }
        }
        index
    }

    fn parent_of(
        &self,
        child: usize,
        processes: &[StoredProcess],
        key: Option<ProcessKey>,
        sightings: &Sightings,
    ) -> Option<usize> {
        let process = &processes[child];
        let before = |stores: &Vec<usize>| {
            let earlier = stores
                .iter()
                .copied()
                .filter(|&store| store != child && processes[store].started <= process.started);
            earlier.max_by_key(|&store| processes[store].started)
        };
        if let Some(id) = &process.fork_parent {
            return self.ids.get(id.as_str()).copied();
        }
        // The nearest one above that has a store: there may be a shell between them.
        let mut above = key
            .and_then(|key| sightings.get(&key))
            .and_then(|sighting| sighting.parent_key);
        while let Some(key) = above {
            if let Some(store) = self.keys.get(&key).and_then(before) {
                return Some(store);
            }
            above = sightings.get(&key).and_then(|sighting| sighting.parent_key);
        }
        let place = (process.store.parent(), process.parent_pid);
        self.numbers.get(&place).and_then(before)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process_table::test_sighting;

    fn store(pid: u32, start_ticks: u64, parent_pid: u32, command: &str) -> StoredProcess {
        StoredProcess {
            id: format!("{pid}-{start_ticks}-{command}"),
            pid,
            parent_pid,
            start_ticks,
            started: start_ticks,
            command: vec![command.to_owned()],
            ..StoredProcess::default()
        }
    }

    /// Pid, start, parent, pids in namespaces, command.
    type Seen<'a> = (u32, u64, Option<ProcessKey>, &'a [u32], &'a str);

    fn sightings(all: &[Seen<'_>]) -> Sightings {
        let sighting = |&(pid, start_ticks, parent, inner, command): &Seen<'_>| {
            let mut sighting = test_sighting(ProcessKey { pid, start_ticks }, command);
            sighting.parent_key = parent;
            sighting.identity.inner_pids = inner.to_vec();
            (sighting.key, sighting)
        };
        all.iter().map(sighting).collect()
    }

    fn key(pid: u32, start_ticks: u64) -> ProcessKey {
        ProcessKey { pid, start_ticks }
    }

    #[test]
    fn a_process_in_a_namespace_of_its_own_is_joined_by_its_inner_number() {
        let seen = sightings(&[
            (4001, 50, None, &[1], "a.py"),
            (4002, 50, None, &[1], "b.py"),
            (4003, 60, None, &[1], "c.py"),
        ]);
        let stores = [
            store(1, 50, 0, "b.py"),
            store(1, 50, 0, "a.py"),
            store(1, 70, 0, "c.py"),
        ];
        let kin = Kinship::of(&stores, &seen, &BTreeMap::new());
        assert_eq!(kin.key(0), Some(key(4002, 50)));
        assert_eq!(kin.key(2), None, "it was started later");
        assert!(!kin.has_store(key(4003, 60)));
    }

    #[test]
    fn a_number_that_was_used_again_joins_nothing() {
        let seen = sightings(&[(7, 90, None, &[], "python")]);
        let kin = Kinship::of(&[store(7, 10, 1, "python")], &seen, &BTreeMap::new());
        assert_eq!(kin.key(0), None);
        // A failed agent knows no start time.
        let kin = Kinship::of(&[store(7, 0, 1, "")], &seen, &BTreeMap::new());
        assert!(kin.has_store(key(7, 90)));
    }

    #[test]
    fn the_parent_is_the_nearest_process_above_that_has_a_store() {
        let seen = sightings(&[
            (10, 1, None, &[], "pytest"),
            (11, 2, Some(key(10, 1)), &[], "sh"),
            (12, 3, Some(key(11, 2)), &[], "server"),
        ]);
        let stores = [store(10, 1, 9, "pytest"), store(12, 3, 11, "server")];
        let kin = Kinship::of(&stores, &seen, &BTreeMap::new());
        assert_eq!(kin.parent(1), Some(0));
        assert_eq!(Kinship::of_stores(&stores).parent(1), None);
    }

    #[test]
    fn a_parent_was_there_before_its_child_and_in_the_same_place() {
        let mut elsewhere = store(5, 1, 0, "other");
        elsewhere.store = "/run/containers/web/5.hits".into();
        let stores = [
            elsewhere,
            store(5, 20, 1, "later"),
            store(5, 3, 1, "parent"),
            store(6, 10, 5, "child"),
        ];
        assert_eq!(Kinship::of_stores(&stores).parent(3), Some(2));
    }
}
