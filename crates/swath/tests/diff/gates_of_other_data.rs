//! Gates of services and endpoints in swath.toml, on data of another kind than theirs.

use swath_data::{ProcessRecord, RunRecord, read_data_file, write_data_file};
use swath_model::Role;
use swath_test::Finished;

use crate::by::Sandbox;
use crate::project::Project;

const GATES: &str =
    "[gates.services]\nweb = 80\nworker = 80\n\n[gates.endpoints]\nno-server-errors = true\n";
const NOT_APPLIED: &str = "warning[gate-not-applied]: the data has no services: the gates of service `web`, service `worker`, and endpoints were not applied\n";

/// The messages about gates.
fn said(done: &Finished) -> Vec<&str> {
    let lines = done.stderr.lines();
    let of_gates = ["gate-not-applied", "unknown-service", "no-attribution"];
    let is_one = |line: &&str| {
        of_gates
            .iter()
            .any(|code| line.contains(&format!("[{code}]")))
    };
    lines.filter(is_one).collect()
}

/// A data file of one run, of which more is said.
fn with(sandbox: &Sandbox, facts: &[(&str, &str)], processes: &[ProcessRecord]) {
    let path = sandbox.path().join(".coverage");
    let mut data = read_data_file(&path).unwrap();
    let facts = facts.iter();
    data.accounting.runs = vec![RunRecord {
        id: "5eed".to_owned(),
        facts: facts
            .map(|(key, value)| ((*key).into(), (*value).into()))
            .collect(),
    }];
    data.accounting.processes = processes.to_vec();
    write_data_file(&data, &path).unwrap();
}

#[test]
fn gates_of_services_are_not_applied_where_there_are_none() {
    let sandbox = Sandbox::new(false);
    fs_err::write(sandbox.path().join("swath.toml"), GATES).unwrap();
    let patch = "--- a/shop.py\n+++ b/shop.py\n@@ -1 +1 @@\n-def total():\n+def total(items):\n";
    fs_err::write(sandbox.path().join("change.patch"), patch).unwrap();
    for words in [
        &["report"][..],
        &["report", "--format=total"],
        &["diff", "--patch=change.patch"],
    ] {
        let done = sandbox.swath(words);
        assert_eq!(done.code, 0, "{words:?} {done:?}");
        assert_eq!(said(&done), [NOT_APPLIED.trim_end()], "{words:?}");
    }
    // What the command line asks for is about this data.
    let done = sandbox.swath(&["report", "--gate=service:web=80", "--gate=no-server-errors"]);
    assert_eq!(done.code, 2, "{done:?}");
    assert_eq!(
        said(&done),
        [
            "warning[gate-not-applied]: the data has no services: the gate of service `worker` was not applied",
            "error[unknown-service]: service `web`: the data has no such service",
            "error[no-attribution]: endpoints: the data does not say which were called",
        ],
        "{done:?}"
    );
}

#[test]
fn a_service_that_may_be_missing_is_never_passed_over() {
    let sandbox = Sandbox::new(false);
    let gates = "[gates.services]\nweb = 80\n";
    fs_err::write(sandbox.path().join("swath.toml"), gates).unwrap();
    let complete = ("complete", "1");
    let process = |service: Option<&str>| ProcessRecord {
        id: "1".to_owned(),
        service: service.map(str::to_owned),
        role: Some(Role::Service),
        ..ProcessRecord::default()
    };
    let unknown = "error[unknown-service]: service `web`: the data has no such service";
    let no_lines = "error[unknown-service]: service `web`: the data has no line that it ran";
    for (facts, processes, expected) in [
        // The run was to start it.
        (&[complete, ("service", "web")][..], vec![], no_lines),
        (&[complete, ("service", "db")], vec![], unknown),
        // Something is missing.
        (&[("complete", "0")], vec![], unknown),
        (&[("complete", "unknown")], vec![], unknown),
        (&[complete, ("partial", "1")], vec![], unknown),
        // There is another one.
        (&[complete], vec![process(Some("worker"))], unknown),
        (&[complete], vec![process(None)], unknown),
    ] {
        with(&sandbox, facts, &processes);
        let done = sandbox.swath(&["report"]);
        assert_eq!(done.code, 2, "{facts:?} {done:?}");
        assert_eq!(said(&done), [expected], "{facts:?} {done:?}");
    }
}

/// Real runs: unit tests, measured by coverage.py, by swath as a program and as tests; and tests beside
/// which a service was to run that runs no Python.
#[test]
fn unit_tests_are_not_held_to_gates_of_services_and_system_tests_without_theirs_are() {
    let name = "unit_tests_are_not_held_to_gates_of_services_and_system_tests_without_theirs_are";
    let Some(project) = Project::new(name, &[]) else {
        return;
    };
    let repository = &project.repository;
    repository.write("shop.py", "def total(items):\n    return sum(items)\n");
    repository.write(
        "test_shop.py",
        "import unittest, shop\n\n\nclass Tests(unittest.TestCase):\n    def test_sum(self):\n        self.assertEqual(shop.total([1]), 1)\n",
    );
    repository.write("swath.toml", "[gates.services]\nweb = 80\nworker = 80\n");
    let warning = "warning[gate-not-applied]: the data has no services: the gates of service `web` and service `worker` were not applied";
    let unit = ["-m", "unittest", "-q"];
    project.measure(&unit);
    let report = project.swath(&["report"]);
    project.measure_with_swath(&unit);
    let of_program = project.swath(&["report"]);
    let tests = ["--", "python", "-m", "unittest", "-q"];
    let of_tests = project.swath(&[&["run", "--no-docker", "--source=."], &tests[..]].concat());
    for done in [report, of_program, of_tests, project.swath(&["report"])] {
        assert_eq!(done.code, 0, "{done:?}");
        assert_eq!(said(&done), [warning], "{done:?}");
    }
    let beside = [
        "run",
        "--no-docker",
        "--source=.",
        "--count=all",
        "--service=web=sleep 600",
    ];
    let done = project.swath(&[&beside[..], &tests].concat());
    for done in [done, project.swath(&["report"])] {
        assert_eq!(done.code, 2, "{done:?}");
        assert_eq!(
            said(&done),
            [
                "error[unknown-service]: service `web`: the data has no line that it ran",
                "error[unknown-service]: service `worker`: the data has no such service",
            ],
            "{done:?}"
        );
    }
}
