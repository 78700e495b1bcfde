//! A frame that waits and goes on for another context: a fixture, set up in one phase of a test and torn down in
//! another.

use swath_test::{Requirements, venv};

use crate::project::{Project, Sampled, pythons_for};
use crate::reached::assert_same;

const TESTS: &str = "\
import pytest


class Timer:
    def __enter__(self):
        return self

    def __exit__(self, *error):
        return None


@pytest.fixture
def timed():
    with Timer() as timer:
        yield timer


@pytest.fixture
def cleared():
    kept = [1]
    yield kept
    kept.clear()
    if not kept:
        kept = None


@pytest.mark.parametrize('number', [1, 2, 3])
def test_fixtures(number, timed, cleared):
    assert cleared
";

#[test]
fn a_fixture_goes_on_for_the_phase_that_tears_it_down() {
    let test = "a_fixture_goes_on_for_the_phase_that_tears_it_down";
    for python in pythons_for(test, Sampled::Both) {
        let Some(environment) = venv(python, &Requirements::from(["pytest"])) else {
            continue;
        };
        let project = Project::new(environment);
        swath_test::write_file(project.folder().join("test_fixtures.py"), TESTS);
        let run = |words: &str| {
            let arguments = format!("run --count=all --branch {words} -p no:cacheprovider");
            let arguments: Vec<&str> = arguments.split(' ').collect();
            project.measured(&[], &arguments).1
        };
        let start = run("-m pytest --collect-only");
        let many = run("--attribution -m pytest");
        // All that no test has is what the start runs.
        assert_same(
            python.tag().as_str(),
            &(&many.of("") | &many.of("(start-up)")),
            start.all(),
        );
        let first = many.of("test_fixtures.py::test_fixtures[1]");
        for number in [2, 3] {
            let test = format!("test_fixtures.py::test_fixtures[{number}]");
            assert_same(&test, &many.of(&test), &first);
        }
    }
}
