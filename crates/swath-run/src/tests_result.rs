//! What came of the tests, from the way in which their command ended.

use std::ffi::OsString;

use swath_model::{Ending, TestsResult};

use crate::command_line::{PythonCommand, PythonSubject, base_name, is_python_name};
use crate::orchestra::TestEnd;
use crate::request::{RunKind, RunRequest};

/// The exit code with which pytest, and unittest from Python 3.12 on, say that there was no test.
const NO_TESTS: i32 = 5;
/// Runners whose exit code 5 means that.
const SAY_NO_TESTS: [&str; 3] = ["pytest", "py.test", "unittest"];

/// The result of a run's tests.
pub(crate) fn of_run(request: &RunRequest, end: Option<TestEnd>) -> TestsResult {
    if matches!(request.kind, RunKind::Program | RunKind::Gathered) {
        return TestsResult::Unknown;
    }
    match end {
        None => TestsResult::NotStarted,
        Some(end) => of_ending(&request.command, end.ending),
    }
}

fn of_ending(command: &[OsString], ending: Ending) -> TestsResult {
    match ending {
        Ending::Exited(0) => TestsResult::Passed,
        Ending::Exited(NO_TESTS) if says_no_tests(command) => TestsResult::NoneRan(ending),
        other => TestsResult::Failed(other),
    }
}

fn says_no_tests(command: &[OsString]) -> bool {
    let words: Vec<String> = command
        .iter()
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    let Some(program) = words.first() else {
        return false;
    };
    let runner = if is_python_name(program) {
        match PythonCommand::parse(&words).subject {
            PythonSubject::Module(name) => name,
            PythonSubject::Script(path) => path,
            PythonSubject::Code(_) | PythonSubject::Interactive => return false,
        }
    } else {
        program.clone()
    };
    SAY_NO_TESTS.contains(&base_name(&runner))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(command: &str, ending: Ending, expected: TestsResult) {
        let words: Vec<OsString> = command.split(' ').map(OsString::from).collect();
        assert_eq!(of_ending(&words, ending), expected, "{command}");
    }

    #[test]
    fn no_test_is_known_from_runners_that_say_so() {
        let five = Ending::Exited(5);
        check("pytest -q", five, TestsResult::NoneRan(five));
        check("python -m pytest x", five, TestsResult::NoneRan(five));
        check("make test", five, TestsResult::Failed(five));
        check("pytest", Ending::Exited(0), TestsResult::Passed);
        let killed = Ending::Signalled(9);
        check("pytest", killed, TestsResult::Failed(killed));
    }
}
