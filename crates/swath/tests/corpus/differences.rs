//! Where coverage.py and swath differ, and swath is right: `docs/reference/differences.md`.

use std::collections::BTreeMap;

use swath_test::{Python, newest_python, python, skip};

use crate::measured::{Project, Seen};

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

/// What it resumes is thrown an exception, and goes on behind the one that it waited for.
const RESUMES: &str = "\
class Pause:
    def __await__(self):
        yield
async def inner():
    try:
        await Pause()
    except KeyError:
        pass
async def outer():
    await inner()
coroutine = outer()
coroutine.send(None)
try:
    coroutine.throw(KeyError())
except StopIteration:
    pass
print(1)
";

/// Code of another file, which is measured, reaches the limit of recursion.
const RECURSES: &str = "\
import sys
exec(compile(\"\"\"
class Tokens:
    def __init__(self, inner):
        self.inner = inner
    def flatten(self):
        for token in self.inner:
            yield from token.flatten()
\"\"\", __file__.replace('.py', '_2.py'), 'exec'))
tokens = Tokens([])
for _ in range(1000):
    tokens = Tokens([tokens])
before = sys.getrecursionlimit()
sys.setrecursionlimit(100)
try:
    list(tokens.flatten())
except RecursionError:
    pass
sys.setrecursionlimit(before)
print(1)
";

/// An object that only the caller's arguments keep.
const KEEPS: &str = "\
class Thing:
    def __del__(self):
        freed.append(1)
def use(thing):
    thing = None
    if freed:
        print(1)
freed = []
use(Thing())
";

/// What is awaited at the start of a `with` is thrown an exception and swallows it: a jump from the line
/// to itself.
const AWAITS: &str = "\
class Pause:
    def __await__(self):
        try:
            yield
        except KeyError:
            pass
class Manager:
    async def __aenter__(self):
        await Pause()
    async def __aexit__(self, *args):
        pass
async def leave():
    async with Manager(): return 1; await Pause()
    return 3
coroutine = leave()
coroutine.send(None)
try:
    coroutine.throw(KeyError())
except StopIteration:
    pass
";

/// An exception in the suite of a `with` that is written over several lines together with its head.
const SPREADS: &str = "\
class Manager:
    def __enter__(self):
        pass
    def __exit__(self, *args):
        pass
def fail(*arguments):
    raise KeyError
def leave():
    try:
        with Manager(): x = fail(
            1,
            fail(),
        ); raise ValueError; x = 1
    except KeyError:
        return 1
leave()
";

/// A suite that goes on behind a statement over several lines, which raises.
const JOINS: &str = "\
def fail():
    raise KeyError
def leave(x):
    if x: x = fail(
    ); x = 2
    elif x is None:
        return 1
leave(0)
try:
    leave(1)
except KeyError:
    pass
";

/// A suite over several lines that returns, unless what it returns raises.
const RETURNS: &str = "\
def fail():
    raise OSError
def leave(x):
    try:
        try:
            if x: raise KeyError
        except KeyError: return fail(
        ); x = 2
    except OSError:
        pass
    x = 1
leave(1)
leave(0)
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
    missed_by_them_alone(python, RESUMES, 17);
}

#[test]
fn what_runs_behind_the_limit_of_recursion_counts_up_to_3_10() {
    let test = "what_runs_behind_the_limit_of_recursion_counts_up_to_3_10";
    for minor in 8..=10 {
        match python(3, minor) {
            Some(python) => missed_by_them_alone(python, RECURSES, 20),
            None => skip(test, &format!("CPython 3.{minor}")),
        }
    }
}

/// A line that runs, and of which coverage.py says that it does not.
fn missed_by_them_alone(python: &Python, program: &str, line: u32) {
    let Some(project) = Project::new(python, [(PROGRAM.to_owned(), program.to_owned())]) else {
        return;
    };
    let measured = project.measure();
    assert!(!misses(&measured.ours, line));
    // Once coverage.py sees it, it is no difference any more.
    assert!(misses(&measured.theirs, line));
}

#[test]
fn a_line_behind_what_raised_did_not_run() {
    let test = "a_line_behind_what_raised_did_not_run";
    missed_by_us_alone(test, 14, RAISES, 9);
    taken_by_them_alone(test, &[14, 15], JOINS, (4, -3));
    // Reduced from generated programs.
    let returns = JOINS.replace("x = 2\n    elif x is None:", "return\n    if x is None:");
    taken_by_them_alone(test, &[14, 15], &returns, (4, -3));
}

#[test]
fn a_line_behind_a_with_that_ended_by_raising_did_not_run() {
    let test = "a_line_behind_a_with_that_ended_by_raising_did_not_run";
    missed_by_us_alone(test, 14, SWALLOWS, 12);
}

#[test]
fn arguments_live_until_the_call_ends_on_3_11() {
    missed_by_us_alone("arguments_live_until_the_call_ends_on_3_11", 11, KEEPS, 7);
}

#[test]
fn a_jump_from_a_with_to_itself_does_not_leave_it() {
    let test = "a_jump_from_a_with_to_itself_does_not_leave_it";
    taken_by_them_alone(test, &[12, 13], AWAITS, (13, 14));
}

#[test]
fn what_is_raised_in_a_with_over_several_lines_is_no_way() {
    let test = "what_is_raised_in_a_with_over_several_lines_is_no_way";
    taken_by_them_alone(test, &[12, 13], SPREADS, (10, 14));
}

#[test]
fn where_the_cores_of_coverage_py_differ_its_tracer_is_right() {
    let test = "where_the_cores_of_coverage_py_differ_its_tracer_is_right";
    for minor in [14, 15] {
        taken_by_them_alone(test, &[minor], RETURNS, (7, -3));
        if let Some(project) = project_on(test, minor, RETURNS) {
            let traced = &project.measure_by_tracer()[PROGRAM];
            assert!(traced.exits.as_ref().unwrap().missing.contains(&(7, -3)));
        }
    }
}

/// A line that did not run, and of which coverage.py says that it did.
fn missed_by_us_alone(test: &str, minor: u8, program: &str, line: u32) {
    let Some(project) = project_on(test, minor, program) else {
        return;
    };
    let measured = project.measure();
    assert!(misses(&measured.ours, line));
    // Once coverage.py sees it, it is no difference any more.
    assert!(!misses(&measured.theirs, line));
}

/// A way that coverage.py alone says was taken.
fn taken_by_them_alone(test: &str, minors: &[u8], program: &str, way: (u32, i32)) {
    for &minor in minors {
        let Some(project) = project_on(test, minor, program) else {
            continue;
        };
        let measured = project.measure();
        let exits = |seen: &BTreeMap<String, Seen>| seen[PROGRAM].exits.clone().unwrap();
        assert!(exits(&measured.ours).missing.contains(&way), "3.{minor}");
        // Once it does not, it is no difference any more.
        assert!(exits(&measured.theirs).executed.contains(&way), "3.{minor}");
    }
}

const PROGRAM: &str = "program.py";

/// A project of one program; none, with a named skip, without this CPython.
fn project_on(test: &str, minor: u8, program: &str) -> Option<Project> {
    let Some(python) = python(3, minor) else {
        skip(test, &format!("CPython 3.{minor}"));
        return None;
    };
    Project::new(python, [(PROGRAM.to_owned(), program.to_owned())])
}

fn misses(seen: &BTreeMap<String, Seen>, line: u32) -> bool {
    seen[PROGRAM].lines.missing.contains(&line)
}
