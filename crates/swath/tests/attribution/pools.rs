//! Pools whose one worker runs the tasks of several tests in turn, by every start method.

use std::collections::BTreeSet;

use swath_test::{Requirements, venv};

use crate::project::{Project, Sampled, pythons_for};

const TASKS: &str = "\
def one():
    return 1


def two():
    return 2


def begin():
    return 0
";

const TESTS: &str = "\
import concurrent.futures
import multiprocessing

import pytest
import tasks


@pytest.fixture(scope='session', params=['fork', 'spawn', 'forkserver'])
def pools(request):
    context = multiprocessing.get_context(request.param)
    with context.Pool(1, tasks.begin) as pool:
        with concurrent.futures.ProcessPoolExecutor(1, context, tasks.begin) as executor:
            yield pool, executor


@pytest.mark.parametrize('name', ['one', 'two', 'one', 'two'])
def test_task(pools, name):
    pool, executor = pools
    task = getattr(tasks, name)
    results = pool.apply_async(task), executor.submit(task)
    assert results[0].get() == results[1].result()
";

#[test]
fn tasks_of_tests_in_turn_are_not_mixed_up() {
    for python in pythons_for("tasks_of_tests_in_turn_are_not_mixed_up", Sampled::Both) {
        let Some(environment) = venv(python, &Requirements::from(["pytest"])) else {
            continue;
        };
        let project = Project::new(environment);
        swath_test::write_file(project.folder().join("tasks.py"), TASKS);
        swath_test::write_file(project.folder().join("test_tasks.py"), TESTS);
        let arguments = "run --attribution --count=all --source=. -m pytest -p no:cacheprovider";
        let arguments: Vec<&str> = arguments.split(' ').collect();
        let (_, reached) = project.measured(&[], &arguments);
        let path = project.folder().join("tasks.py").display().to_string();
        let by_line = reached.data.contexts_by_line(&path, None);
        let of = |line: u32| by_line.get(&line).cloned().unwrap_or_default();
        let names = |task: &str| -> BTreeSet<String> {
            ["fork", "spawn", "forkserver"]
                .iter()
                .flat_map(|method| [0, 1].map(|time| format!("[{method}-{task}{time}]|run")))
                .map(|test| format!("test_tasks.py::test_task{test}"))
                .collect()
        };
        for (line, task) in [(2, "one"), (6, "two")] {
            let expected = names(task);
            let expected: BTreeSet<&str> = expected.iter().map(String::as_str).collect();
            assert_eq!(of(line), expected, "{task} on {}", python.tag());
        }
        // A worker outlives whoever made it.
        assert_eq!(of(10), BTreeSet::from([""]), "{}", python.tag());
    }
}
