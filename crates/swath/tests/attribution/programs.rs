//! Programs that tests start: what they run is the test's if they end within the part of it that started them,
//! however they were started; servers and what outlives the test are nobody's.

use std::collections::{BTreeMap, BTreeSet};

use swath_test::{Requirements, free_port, venv, workspace_root};

use crate::project::{Project, Sampled, pythons_for};

/// The contexts of the body of each function that returns its name, or whose last line is `line`.
type Contexts = BTreeMap<String, BTreeSet<String>>;

#[test]
fn what_a_program_runs_is_the_tests_that_started_it() {
    let test = "what_a_program_runs_is_the_tests_that_started_it";
    for python in pythons_for(test, Sampled::Both) {
        let Some(environment) = venv(python, &Requirements::from(["pytest"])) else {
            continue;
        };
        let project = Project::new(environment);
        let from = workspace_root().join("crates/swath/tests/attribution/programs");
        for name in ["tool.py", "server.py", "test_programs.py"] {
            fs_err::copy(from.join(name), project.folder().join(name)).unwrap();
        }
        let ports = [free_port(), free_port()].map(|port| port.to_string());
        let variables = [("PORT", ports[0].as_str()), ("OTHER", ports[1].as_str())];
        let arguments = "run --attribution --source=. -- python -m pytest -q -p no:cacheprovider";
        let arguments: Vec<&str> = arguments.split(' ').collect();
        let (printed, reached) = project.measured(&variables, &arguments);
        let name = format!("{}: {}\n{}", python.tag(), printed.stdout, printed.stderr);
        let contexts = contexts(&project, &reached.data);
        let of = |function: &str| -> Vec<&str> {
            let found = contexts.get(function).into_iter().flatten();
            found.map(String::as_str).collect()
        };
        for way in [
            "run",
            "shell",
            "system",
            "posix_spawn",
            "replaced",
            "asynchronous",
            "environment",
            "processes",
            "nested",
            "call",
        ] {
            let expected = format!("test_programs.py::test_{way}|run");
            assert_eq!(of(way), [expected], "{way} on {name}");
        }
        for function in ["in_fork", "in_spawn", "in_executor"] {
            assert_eq!(
                of(function),
                ["test_programs.py::test_processes|run"],
                "{function} on {name}"
            );
        }
        assert_eq!(of("inner"), ["test_programs.py::test_nested|run"], "{name}");
        assert_eq!(
            of("fixture"),
            ["test_programs.py::test_fixture|setup"],
            "{name}"
        );
        assert_eq!(
            of("teardown"),
            ["test_programs.py::test_fixture|teardown"],
            "{name}"
        );
        // What the program asked for on behalf of the test.
        assert_eq!(of("called"), ["test_programs.py::test_call|run"], "{name}");
        assert_eq!(of("start"), ["test_programs.py::test_start|run"], "{name}");
        assert_eq!(of("ready"), ["(start-up)"], "{name}");
        // Nobody knows which request it was, how long it would have gone on, or for whom it did.
        for function in [
            "from_request",
            "from_request_to_fork",
            "outlives",
            "later",
            "from_what_outlives",
            "killed",
        ] {
            assert_eq!(of(function), [""], "{function} on {name}");
        }
    }
}

/// The contexts of the first line in the body of each function.
fn contexts(project: &Project, data: &swath_data::CoverageData) -> Contexts {
    let mut contexts = Contexts::new();
    for name in ["tool.py", "server.py"] {
        let path = project.folder().join(name).display().to_string();
        let source = fs_err::read_to_string(&path).unwrap();
        let by_line = data.contexts_by_line(&path, None);
        for (number, line) in (2_u32..).zip(source.lines()) {
            let function = line
                .strip_prefix("def ")
                .and_then(|rest| rest.split_once('('));
            if let Some((function, _)) = function {
                let found = by_line.get(&number).into_iter().flatten();
                let found = found.map(ToString::to_string).collect();
                contexts.insert(function.to_owned(), found);
            }
        }
    }
    contexts
}
