//! Which processes count: the role of every Python process under a run.

use std::collections::{BTreeMap, BTreeSet};

use swath_data::StoredProcess;
use swath_model::Role;

use crate::command_line::{PythonCommand, PythonSubject, is_python_name, is_test_runner};

/// The role of each process, in the order of `processes`; the first rule that fits decides.
pub fn roles_of(processes: &[StoredProcess]) -> Vec<Role> {
    roles(processes, |process| process.service.is_some())
}

/// The role of each process of a run that was killed, of which nothing is known but the hit stores:
/// every container named its processes a service's, those with the test runner are none.
pub fn roles_of_killed(processes: &[StoredProcess]) -> Vec<Role> {
    let tests = processes
        .iter()
        .filter(|process| is_test_runner(&process.command))
        .filter_map(|process| process.service.as_deref())
        .collect::<BTreeSet<_>>();
    let is_of_service = |process: &StoredProcess| {
        let service = process.service.as_deref();
        service.is_some_and(|name| !tests.contains(name))
    };
    roles(processes, is_of_service)
}

fn roles(processes: &[StoredProcess], is_of_service: impl Fn(&StoredProcess) -> bool) -> Vec<Role> {
    let tree = Tree::of(processes);
    let runners = tree.with_followers(
        processes,
        |process| is_test_runner(&process.command),
        is_worker,
    );
    let listeners = tree.with_followers(
        processes,
        |process| !process.listens.is_empty() && !runners.contains(&process.pid),
        |_, _| true,
    );
    processes
        .iter()
        .map(|process| {
            if process.files.is_empty() {
                Role::Tool
            } else if is_of_service(process) {
                Role::Service
            } else if runners.contains(&process.pid) {
                Role::Tests
            } else if listeners.contains(&process.pid) {
                Role::Service
            } else {
                Role::Tests
            }
        })
        .collect()
}

/// Whether a child of a test runner works for it: a fork, or one that takes its work from a pipe.
fn is_worker(parent: &StoredProcess, child: &StoredProcess) -> bool {
    if child.fork_parent.is_some() {
        return child.fork_parent == Some(parent.id.clone());
    }
    let python = child
        .command
        .first()
        .is_some_and(|program| is_python_name(program));
    match PythonCommand::parse(&child.command).subject {
        PythonSubject::Code(code) if python => {
            code.contains("execnet")
                || code.contains("exec(eval(sys.stdin.readline()))")
                || code.contains("multiprocessing.")
        }
        _ => false,
    }
}

/// Who started whom.
struct Tree {
    children: BTreeMap<u32, Vec<usize>>,
}

impl Tree {
    fn of(processes: &[StoredProcess]) -> Tree {
        let mut children: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
        for (index, process) in processes.iter().enumerate() {
            children.entry(process.parent_pid).or_default().push(index);
        }
        Tree { children }
    }

    /// The pids of the processes that `is_root` names, and of those below them that `follows` admits.
    fn with_followers(
        &self,
        processes: &[StoredProcess],
        is_root: impl Fn(&StoredProcess) -> bool,
        follows: impl Fn(&StoredProcess, &StoredProcess) -> bool,
    ) -> BTreeSet<u32> {
        let mut open = processes
            .iter()
            .filter(|process| is_root(process))
            .collect::<Vec<_>>();
        let mut found = open
            .iter()
            .map(|process| process.pid)
            .collect::<BTreeSet<_>>();
        while let Some(parent) = open.pop() {
            for &index in self
                .children
                .get(&parent.pid)
                .map_or(&[][..], Vec::as_slice)
            {
                let child = &processes[index];
                if follows(parent, child) && found.insert(child.pid) {
                    open.push(child);
                }
            }
        }
        found
    }
}
