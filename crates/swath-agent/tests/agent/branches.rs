//! Branches: what the agent knows of each version's byte code, and that what it leaves out can be
//! told from the lines.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use swath_store::{Header, Record, records};
use swath_test::{Python, builds};

use crate::run::{Run, program};

#[path = "../../../swath-inproc/src/operations.rs"]
#[expect(
    dead_code,
    reason = "it is a part of the agent, which uses more of it than this test"
)]
mod operations;

use operations::{Kind, Reach};

/// The arcs of a program, by every process that ran it.
pub(crate) fn arcs(run: &Run, file: &Path) -> BTreeSet<(u32, i32)> {
    let name = fs_err::canonicalize(file).unwrap();
    let name = name.to_str().unwrap().as_bytes();
    let mut all = BTreeSet::new();
    for store in run.hit_stores() {
        let mut files = BTreeMap::new();
        for record in records(&store) {
            match record {
                Record::File(file) => drop(files.insert(file.id, file.path)),
                Record::Arcs(arcs) if files.get(&arcs.file) == Some(&name) => {
                    let taken = arcs.taken().filter(|arc| arc.from > 0);
                    all.extend(taken.map(|arc| (arc.from, arc.to)));
                }
                Record::Code(code) if files.get(&code.file) == Some(&name) => {
                    all.extend(code.taken_exits());
                }
                _ => {}
            }
        }
    }
    all
}

/// What `opcode` says: numbers by name, then which of them jump from here, then which jump anywhere.
const NUMBERS: &str = "
import opcode
print(*(f'{name} {number}' for name, number in opcode.opmap.items() if number < 256), sep='\\n')
";

fn numbers(python: &Python) -> BTreeMap<String, u8> {
    let output = python.command().args(["-c", NUMBERS]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines()
        .map(|line| {
            let (name, number) = line.split_once(' ').unwrap();
            (name.to_owned(), number.parse().unwrap())
        })
        .collect()
}

/// What an operation of that name does in a version.
fn meaning(name: &str, version: (u8, u8)) -> (Kind, Reach) {
    let forward = |kind| (kind, Reach::Forward);
    let absolute = |kind| {
        if version < (3, 11) {
            (kind, Reach::Absolute)
        } else {
            (kind, Reach::Forward)
        }
    };
    match name {
        "CACHE" | "NOT_TAKEN" => forward(Kind::Cache),
        "EXTENDED_ARG" => forward(Kind::Front),
        "JUMP_FORWARD" => forward(Kind::Jump),
        "JUMP_ABSOLUTE" => (Kind::Jump, Reach::Absolute),
        "JUMP_BACKWARD" | "JUMP_BACKWARD_NO_INTERRUPT" => (Kind::Jump, Reach::Backward),
        "FOR_ITER" => forward(Kind::Branch),
        "JUMP_IF_NOT_EXC_MATCH" => (Kind::Handling, Reach::Absolute),
        _ if name.starts_with("POP_JUMP_BACKWARD_IF") => (Kind::Branch, Reach::Backward),
        _ if name.starts_with("POP_JUMP_") || name.starts_with("JUMP_IF_") => {
            absolute(Kind::Branch)
        }
        "RETURN_VALUE" | "RETURN_CONST" => forward(Kind::Return),
        "RAISE_VARARGS" => forward(Kind::Raise),
        "RERAISE" => forward(Kind::Reraise),
        "YIELD_VALUE" | "YIELD_FROM" => forward(Kind::Yield),
        "SEND" => forward(Kind::Await),
        "SETUP_FINALLY" | "SETUP_WITH" | "SETUP_ASYNC_WITH" => forward(Kind::Guard),
        "CALL_FINALLY" => forward(Kind::Call),
        "END_FINALLY" => forward(Kind::CallEnd),
        "END_ASYNC_FOR" => (Kind::AsyncEnd, Reach::Backward),
        "MAKE_FUNCTION" => forward(Kind::Make),
        "POP_BLOCK" => forward(Kind::GuardEnd),
        "PUSH_EXC_INFO" => forward(Kind::Catch),
        "CLEANUP_THROW" => forward(Kind::Throw),
        _ => forward(Kind::Plain),
    }
}

#[test]
fn the_operations_are_those_of_each_python() {
    for python in builds() {
        let (major, minor) = python.version;
        let operations = operations::of(u32::from(major) << 8 | u32::from(minor));
        let numbers = numbers(python);
        for (name, number) in &numbers {
            let expected = meaning(name, python.version);
            let found = operations.kind(*number);
            assert!(found == expected, "{name} is {found:?} on {}", python.tag());
        }
        let number = |name: &str| numbers.get(name).copied().unwrap_or(0);
        assert_eq!(operations.resume, number("RESUME"), "{}", python.tag());
        for name in ["CHECK_EXC_MATCH", "WITH_EXCEPT_START"] {
            let checks = operations.checks_exception(number(name), 0);
            assert_eq!(checks, number(name) != 0, "{name} on {}", python.tag());
        }
    }
}

/// What cannot raise, on 3.12 and 3.13.
const QUIET: &str = "
    CACHE COPY COPY_FREE_VARS END_FOR END_SEND EXTENDED_ARG IS_OP JUMP_BACKWARD
    JUMP_BACKWARD_NO_INTERRUPT JUMP_FORWARD KW_NAMES LOAD_CLOSURE LOAD_CONST LOAD_FAST
    LOAD_FAST_AND_CLEAR LOAD_FAST_LOAD_FAST BUILD_LIST MAKE_CELL MAKE_FUNCTION NOP POP_EXCEPT
    POP_JUMP_IF_NONE POP_JUMP_IF_NOT_NONE POP_TOP PUSH_EXC_INFO PUSH_NULL RERAISE RESUME
    RETURN_CONST RETURN_VALUE SET_FUNCTION_ATTRIBUTE STORE_DEREF STORE_FAST STORE_FAST_LOAD_FAST
    STORE_FAST_STORE_FAST STORE_GLOBAL STORE_NAME SWAP
";

#[test]
fn what_cannot_raise_is_known_by_its_number() {
    for python in builds() {
        let (major, minor) = python.version;
        if !(12..14).contains(&minor) {
            continue;
        }
        let operations = operations::of(u32::from(major) << 8 | u32::from(minor));
        for (name, number) in &numbers(python) {
            // On 3.13 a value is made a truth value before it is asked.
            let asks = minor == 13 && ["POP_JUMP_IF_FALSE", "POP_JUMP_IF_TRUE"].contains(&&**name);
            let expected = asks || QUIET.split_whitespace().any(|quiet| quiet == name);
            let found = operations.is_quiet(*number);
            assert!(found == expected, "{name} on {}: {found}", python.tag());
        }
    }
}

#[test]
fn what_is_left_out_can_be_told_from_the_lines() {
    for python in builds() {
        let file = program("branches.py");
        let sparing = Run::with("branch 1\n");
        sparing.program(python, &[&file]);
        // Nothing is proved and no branch is switched off.
        let thorough = Run::with("branch 1\nthorough 1\n");
        thorough.program(python, &[&file]);
        let (sparing, thorough) = (arcs(&sparing, &file), arcs(&thorough, &file));
        assert_eq!(sparing, thorough, "{}", python.tag());
        assert!(sparing.len() > 60, "{} arcs", sparing.len());
    }
}

#[test]
fn branches_survive_forks_and_sigkill() {
    for python in builds() {
        let file = program("branch_kill.py");
        let run = Run::with("branch 1\n");
        let mut command = python.command();
        let output = run.inject(command.arg(&file)).output().unwrap();
        assert!(!output.status.success());
        let stores = run.hit_stores();
        assert_eq!(stores.len(), 2, "{}", python.tag());
        let flags = |store: &Vec<u8>| Header::read(store).unwrap().branch;
        assert!(stores.iter().all(flags));
        let found = arcs(&run, &file);
        // Each `if` of choose both ways, each way of the loop; by lines, that the arcs do not say,
        // the last return.
        let wanted = [
            (8, 9),
            (8, 10),
            (10, 11),
            (10, 12),
            (12, 13),
            (18, 19),
            (18, 21),
            (19, 18),
            (19, 20),
        ];
        let lines = run.hits(&file);
        for (from, to) in wanted {
            let told = found.contains(&(from, to));
            assert!(
                told,
                "{from} to {to} is lost on {}: {found:?}",
                python.tag()
            );
        }
        assert!(!found.contains(&(12, 14)), "{}", python.tag());
        assert!(lines.contains(&13) && !lines.contains(&14));
    }
}

#[test]
fn lines_alone_have_no_arcs() {
    for python in builds().iter().take(1) {
        let file = program("branches.py");
        let run = Run::new();
        run.program(python, &[&file]);
        for store in run.hit_stores() {
            let none = records(&store).all(|record| match record {
                Record::Arcs(_) => false,
                Record::Code(code) => code.definition.is_none() && code.exits.is_empty(),
                _ => true,
            });
            assert!(none);
            assert!(!Header::read(&store).unwrap().branch);
        }
    }
}
