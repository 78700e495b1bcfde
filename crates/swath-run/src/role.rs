//! Which processes count: the role of every Python process under a run.

use std::collections::BTreeSet;

use swath_data::StoredProcess;
use swath_model::Role;

use crate::command_line::{PythonCommand, PythonSubject, is_python_name, is_test_runner};
use crate::kinship::Kinship;

/// What decides about the roles of the processes of a place.
pub(crate) struct Cast<'a> {
    pub(crate) processes: &'a [StoredProcess],
    pub(crate) kin: &'a Kinship,
    /// Whether a store is of the command that was given as the tests.
    pub(crate) is_command: &'a dyn Fn(usize) -> bool,
    /// Whether a store is of a place that is on the side of the tests unless something listens
    /// there, such as a container in the foreground.
    pub(crate) is_beside_tests: &'a dyn Fn(usize) -> bool,
}

/// The role of each process of a container; its stores are all that is known of them.
pub(crate) fn roles_of_container(processes: &[StoredProcess]) -> Vec<Role> {
    let cast = Cast {
        processes,
        kin: &Kinship::of_stores(processes),
        is_command: &|_| false,
        is_beside_tests: &|_| true,
    };
    cast.roles(|process| process.service.is_some())
}

/// The role of each process of a run that was killed, of which nothing is known but the hit stores:
/// every container named its processes a service's, those with the test runner are none.
pub fn roles_of_killed(processes: &[StoredProcess]) -> Vec<Role> {
    let tests = processes
        .iter()
        .filter(|process| is_test_runner(&process.command))
        .filter_map(|process| process.service.as_deref())
        .collect::<BTreeSet<_>>();
    let cast = Cast {
        processes,
        kin: &Kinship::of_stores(processes),
        is_command: &|_| false,
        is_beside_tests: &|_| false,
    };
    cast.roles(|process| {
        let service = process.service.as_deref();
        service.is_some_and(|name| !tests.contains(name))
    })
}

impl Cast<'_> {
    /// The role of each process, in their order; the first rule that fits decides.
    pub(crate) fn roles(&self, is_of_service: impl Fn(&StoredProcess) -> bool) -> Vec<Role> {
        let processes = self.processes;
        // A fork has the command line of its parent: whether it is a part of that is decided there.
        let is_runner = |one: usize| {
            let is_fork = processes[one].fork_parent.is_some() && self.kin.parent(one).is_some();
            (self.is_command)(one) || (!is_fork && is_test_runner(&processes[one].command))
        };
        let runners = self.kin.with_followers(is_runner, |parent, child| {
            is_part(&processes[parent], &processes[child])
        });
        let listeners = self.kin.with_followers(
            |one| opens_service(&processes[one]) && !runners.contains(&one),
            |_, _| true,
        );
        let role = |(one, process): (usize, &StoredProcess)| {
            if process.files.is_empty() {
                Role::Tool
            } else if is_of_service(process) {
                Role::Service
            } else if runners.contains(&one)
                || ((self.is_beside_tests)(one) && !listeners.contains(&one))
            {
                Role::Tests
            } else {
                Role::Service
            }
        };
        processes.iter().enumerate().map(role).collect()
    }
}

/// Whether a process binds a socket of its own accord: `multiprocessing` binds some for itself, to
/// talk to its own processes.
fn opens_service(process: &StoredProcess) -> bool {
    let own = |address: &String| address.contains("/pymp-") || address.contains("listener-");
    process.listens.iter().any(|address| !own(address))
}

/// Whether a child of a test runner is a part of it: one that takes its work from a pipe, or a fork,
/// unless that serves something.
fn is_part(parent: &StoredProcess, child: &StoredProcess) -> bool {
    if child.fork_parent.is_some() {
        return child.fork_parent == Some(parent.id.clone()) && !opens_service(child);
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    /// A process in scope: id, parent's id, command line, addresses that it binds.
    fn process(pid: u32, parent_pid: u32, command: &str, listens: &[&str]) -> StoredProcess {
        StoredProcess {
            id: pid.to_string(),
            pid,
            parent_pid,
            started: u64::from(pid),
            command: command.split(' ').map(str::to_owned).collect(),
            listens: listens.iter().map(|&address| address.to_owned()).collect(),
            files: vec![Arc::default()],
            ..StoredProcess::default()
        }
    }

    fn fork(pid: u32, parent: &StoredProcess, listens: &[&str]) -> StoredProcess {
        StoredProcess {
            fork_parent: Some(parent.id.clone()),
            ..process(pid, parent.pid, &parent.command.join(" "), listens)
        }
    }

    fn roles(processes: &[StoredProcess], command: Option<usize>) -> Vec<Role> {
        let cast = Cast {
            processes,
            kin: &Kinship::of_stores(processes),
            is_command: &|one| command == Some(one),
            is_beside_tests: &|_| false,
        };
        cast.roles(|process| process.service.is_some())
    }

    #[test]
    fn a_program_that_is_no_part_of_a_test_runner_is_a_service() {
        let all = [
            process(1, 0, "python -m pytest", &[]),
            process(2, 0, "python worker.py", &[]),
            process(3, 1, "python web.py", &["127.0.0.1:80"]),
            process(4, 1, "python cli.py", &[]),
            process(5, 1, "python -c import_execnet_io", &["127.0.0.1:81"]),
            process(6, 0, "python test_shop.py", &[]),
        ];
        let expected = [
            Role::Tests,
            Role::Service,
            Role::Service,
            Role::Service,
            Role::Tests,
            Role::Tests,
        ];
        assert_eq!(roles(&all, None), expected);
    }

    #[test]
    fn the_command_of_the_tests_is_tests_with_its_forks() {
        let drive = process(1, 0, "python drive.py", &["127.0.0.1:80"]);
        let all = [drive.clone(), fork(2, &drive, &[])];
        assert_eq!(roles(&all, Some(0)), [Role::Tests, Role::Tests]);
        assert_eq!(roles(&all, None), [Role::Service, Role::Service]);
    }

    #[test]
    fn a_fork_of_the_runner_that_serves_is_a_service_and_a_manager_is_none() {
        let runner = process(1, 0, "pytest", &[]);
        let server = fork(3, &runner, &["127.0.0.1:5000"]);
        let all = [
            runner.clone(),
            fork(2, &runner, &["/tmp/pymp-x1/listener-y2"]),
            server.clone(),
            fork(4, &server, &[]),
        ];
        let expected = [Role::Tests, Role::Tests, Role::Service, Role::Service];
        assert_eq!(roles(&all, None), expected);
    }

    #[test]
    fn a_container_in_the_foreground_is_beside_the_tests() {
        let all = [
            process(1, 0, "python smoke.py", &[]),
            process(2, 0, "python web.py", &["0.0.0.0:80"]),
        ];
        assert_eq!(roles_of_container(&all), [Role::Tests, Role::Service]);
    }
}
