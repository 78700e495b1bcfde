//! Where coverage.py and swath differ, and swath is right: `docs/reference/differences.md`.

use swath_test::{Python, newest_python, python, skip};

use crate::measured::Project;

/// From 3.14 on coverage.py takes the line behind a statement over several lines with a branch in
/// it for run, whatever the statement raised.
const RAISES: &str = "\
def fail():
    raise ValueError


def test(x):
    if (
        x
    ): fail()
    return 1


try:
    test(1)
except ValueError:
    pass
";

/// The inner manager swallows what was raised, and the outer one raises when the `with` ends.
const SWALLOWS: &str = "\
class Manager:
    def __init__(self, swallows):
        self.swallows = swallows
    def __enter__(self):
        pass
    def __exit__(self, kind, value, traceback):
        if not self.swallows:
            raise KeyError
        return True
def leave(outer, inner):
    with outer, inner: raise ValueError
    print(1)
try:
    leave(Manager(False), Manager(True))
except KeyError:
    pass
";

/// A coroutine that is cancelled, and goes on behind the one that it waited for.
const CANCELLED: &str = "\
import asyncio
async def inner():
    try:
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        pass
async def outer():
    await inner()
    print(1)
async def main():
    task = asyncio.create_task(outer())
    await asyncio.sleep(0)
    task.cancel()
    await task
asyncio.run(main())
";

/// Starts itself.
const STARTS: &str = "\
import os, subprocess, sys
if 'STARTED' in os.environ:
    print(1)
else:
    subprocess.run([sys.executable, __file__], env={**os.environ, 'STARTED': '1'})
";

#[test]
fn what_a_program_starts_counts_as_well() {
    let test = "what_a_program_starts_counts_as_well";
    let Some(python) = newest_python() else {
        return skip(test, "no CPython from 3.8 found");
    };
    missed_by_them_alone(python, STARTS, 3);
}

#[test]
fn what_runs_behind_a_coroutine_that_was_cancelled_counts_on_3_11() {
    let test = "what_runs_behind_a_coroutine_that_was_cancelled_counts_on_3_11";
    let Some(python) = python(3, 11) else {
        return skip(test, "CPython 3.11");
    };
    missed_by_them_alone(python, CANCELLED, 9);
}

/// A line that runs, and of which coverage.py says that it does not.
fn missed_by_them_alone(python: &Python, program: &str, line: u32) {
    let programs = [("runs.py".to_owned(), program.to_owned())];
    let Some(project) = Project::new(python, programs) else {
        return;
    };
    let measured = project.measure();
    let missing = |seen: &crate::measured::Seen| seen.lines.missing.contains(&line);
    assert!(!missing(&measured.ours["runs.py"]));
    // Once coverage.py sees it, it is no difference any more.
    assert!(missing(&measured.theirs["runs.py"]));
}

#[test]
fn a_line_behind_what_raised_did_not_run() {
    missed_by_us_alone("a_line_behind_what_raised_did_not_run", RAISES, 9);
}

#[test]
fn a_line_behind_a_with_that_ended_by_raising_did_not_run() {
    let test = "a_line_behind_a_with_that_ended_by_raising_did_not_run";
    missed_by_us_alone(test, SWALLOWS, 12);
}

/// A line that did not run, and of which coverage.py says from 3.14 on that it did.
fn missed_by_us_alone(test: &str, program: &str, line: u32) {
    let Some(python) = python(3, 14) else {
        return skip(test, "CPython 3.14");
    };
    let programs = [("raises.py".to_owned(), program.to_owned())];
    let Some(project) = Project::new(python, programs) else {
        return;
    };
    let measured = project.measure();
    let missing = |seen: &crate::measured::Seen| seen.lines.missing.contains(&line);
    assert!(missing(&measured.ours["raises.py"]));
    // Once coverage.py sees it, it is no difference any more.
    assert!(!missing(&measured.theirs["raises.py"]));
}
