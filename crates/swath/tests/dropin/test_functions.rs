//! `dynamic_context = test_function`: who reached what, as coverage.py's tracer has it.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use swath_data::read_data_file;
use swath_test::{Venv, coverage_requirements, pythons, venv, write_file};

/// Code that tests reach, with functions of its own that are named as tests are.
const SHOP: &str = r#"
def price(number):
    if number > 3:
        return number * 2
    return number


def test_connection(number):
    for each in range(number):
        if each == 2:
            break
    else:
        return "short"
    return "long"


class Shelf:
    def __init__(self):
        self.items = []

    def put(self, item):
        self.items.append(item)

    def testing(self):
        return [item for item in self.items if item]


def numbers(count):
    for number in range(count):
        yield number


async def later(number):
    if number:
        return number
    raise LookupError
"#;

/// Tests of every kind that coverage.py tells apart, and what is none.
const PROGRAM: &str = r"
import asyncio
import unittest

import shop


def test_plain():
    assert shop.price(2) == 2
    helper()


def helper():
    return shop.price(5)


def test_raises():
    shop.price(7)
    raise KeyError


def test_that_calls_one():
    test_plain()
    return shop.test_connection(1)


def test_again(rest):
    if rest:
        return test_again(rest - 1)
    return shop.price(1)


def test_numbers():
    for number in shop.numbers(2):
        yield number


async def test_waits():
    await asyncio.sleep(0)
    return await shop.later(1)


async def test_fails_later():
    await asyncio.sleep(0)
    await shop.later(0)


def make():
    def test_inside():
        return shop.price(9)

    return test_inside


class Base:
    def test_inherited(self):
        return shop.price(4)


class TestShelf(Base):
    def test_put(self):
        shelf = shop.Shelf()
        shelf.put(1)
        return shelf.testing()

    def test_captured(self):
        return (lambda: self.test_put())()

    def test_once(self, other=None):
        return shop.price(0)

    test_renamed = test_once


class Old(unittest.TestCase):
    def setUp(self):
        shop.price(3)

    def test_old(self):
        self.assertEqual(shop.price(3), 3)

    def runTest(self):
        shop.price(12)


def main():
    shop.price(8)
    test_plain()
    try:
        test_raises()
    except KeyError:
        shop.numbers(1)
    test_that_calls_one()
    test_again(2)
    for number in test_numbers():
        shop.price(number)
    asyncio.run(test_waits())
    try:
        asyncio.run(test_fails_later())
    except LookupError:
        pass
    make()()
    shelf = TestShelf()
    shelf.test_inherited()
    shelf.test_put()
    shelf.test_captured()
    shelf.test_renamed()
    shop.test_connection(4)
    shop.Shelf().testing()
    result = unittest.TestResult()
    unittest.defaultTestLoader.loadTestsFromTestCase(Old).run(result)
    Old().run(result)
    assert result.wasSuccessful(), result
    lambda_of_a_test = lambda: test_plain()
    lambda_of_a_test()


main()
";

/// A context, a file and a line, or the ends of an arc.
type Reached = BTreeSet<(String, String, i32, Option<i32>)>;

fn reached(file: &Path, branch: bool) -> Reached {
    let data = read_data_file(file).unwrap();
    let mut all = Reached::new();
    for (path, file) in data.files() {
        let name = Path::new(path).file_name().unwrap().to_str().unwrap();
        if branch {
            for (context, arcs) in file.arcs_by_context() {
                let context = data.context_name(context);
                // Which line comes first in a frame says nothing of who reached it.
                let arcs = arcs
                    .iter()
                    .filter(|(from, to)| *from > 0 && *to > 0 && from != to);
                all.extend(
                    arcs.map(|(from, to)| (context.to_owned(), name.to_owned(), from, Some(to))),
                );
            }
        } else {
            for (context, lines) in file.lines_by_context() {
                let context = data.context_name(context);
                let line = |line| i32::try_from(line).unwrap();
                all.extend(
                    lines
                        .iter()
                        .map(|number| (context.to_owned(), name.to_owned(), line(number), None)),
                );
            }
        }
    }
    all
}

fn record(venv: &Venv, program: &Path, source: &str, folder: &Path, data: &str) {
    let mut command = Command::new(program);
    command
        .current_dir(folder)
        .args(["run", "--rcfile=tests.rc"])
        .arg(format!("--source={source}"))
        .arg(format!("--data-file={data}"))
        .env("COVERAGE_CORE", "ctrace")
        .env("VIRTUAL_ENV", venv.folder())
        .env(
            "PATH",
            format!("{}/bin:/usr/bin:/bin", venv.folder().display()),
        )
        .arg("program.py");
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{}: {}{}",
        program.display(),
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

/// What one has and the other has not. Which arcs there are at all is compared by reports elsewhere.
fn difference<'a>(
    one: &'a Reached,
    other: &'a Reached,
) -> Vec<&'a (String, String, i32, Option<i32>)> {
    let known: BTreeSet<_> = other
        .iter()
        .map(|(_, file, from, to)| (file, from, to))
        .collect();
    one.difference(other)
        .filter(|(_, file, from, to)| to.is_none() || known.contains(&(file, from, to)))
        .collect()
}

#[test]
fn who_reached_what_is_what_coverage_py_says() {
    for python in pythons() {
        let Some(venv) = venv(python, &coverage_requirements()) else {
            continue;
        };
        for branch in [false, true] {
            let folder = swath_test::temp_dir();
            let folder = folder.path();
            write_file(folder.join("shop.py"), SHOP);
            write_file(folder.join("program.py"), PROGRAM);
            let settings = format!("[run]\nbranch = {branch}\ndynamic_context = test_function\n");
            write_file(folder.join("tests.rc"), &settings);
            // With the tests in scope, and with the code that they reach alone.
            for source in [".", "shop"] {
                record(&venv, &venv.bin("coverage"), source, folder, "theirs");
                record(
                    &venv,
                    Path::new(env!("CARGO_BIN_EXE_swath")),
                    source,
                    folder,
                    "ours",
                );
                let theirs = reached(&folder.join("theirs"), branch);
                let ours = reached(&folder.join("ours"), branch);
                let what = format!("{}, branches: {branch}, {source}", python.tag());
                let missing = difference(&theirs, &ours);
                let extra = difference(&ours, &theirs);
                assert!(
                    theirs
                        .iter()
                        .any(|(context, ..)| context == "__main__.test_plain"),
                    "{theirs:?}"
                );
                assert!(
                    missing.is_empty() && extra.is_empty(),
                    "{what}: missing {missing:#?}, extra {extra:#?}"
                );
            }
        }
    }
}
