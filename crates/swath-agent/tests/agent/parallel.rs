//! Threads that run at once: nothing is lost or made up between them, and nobody waits for ever.

use std::collections::BTreeSet;
use std::process::Stdio;
use std::time::Duration;

use swath_test::{Guard, Python, Random, Scale, Signal, builds, scale, seed, skip, wait_until};

use crate::branches::arcs;
use crate::forks::lines_with;
use crate::run::{Run, Store, program};

/// How many threads the program has.
const THREADS: u32 = 8;

/// What a thread that went its way through a function has run, by the lines of `parallel.py`'s
/// functions.
struct Way {
    lines: BTreeSet<u32>,
    branches: BTreeSet<(u32, i32)>,
}

impl Way {
    fn of(function: u32, thread: u32) -> Self {
        let definition = function * 20 + 1;
        let question = |number: u32| definition + 1 + 2 * number;
        let mut lines: BTreeSet<u32> = (0..=thread).map(question).collect();
        lines.extend([question(thread) + 1, definition + 17]);
        let mut branches: BTreeSet<(u32, i32)> = (0..thread)
            .map(|number| (question(number), question(number + 1).cast_signed()))
            .collect();
        branches.insert((question(thread), question(thread).cast_signed() + 1));
        Self { lines, branches }
    }

    /// The branch that no thread takes.
    fn never(function: u32) -> (u32, i32) {
        let last = function * 20 + 2 * THREADS;
        (last, last.cast_signed() + 2)
    }
}

/// What the threads said that they ran, by function and thread.
fn announced(log: &str) -> Vec<(u32, u32)> {
    let numbers = |line: &str| {
        let (function, thread) = line.strip_suffix('\n')?.split_once(' ')?;
        Some((function.parse().ok()?, thread.parse().ok()?))
    };
    log.split_inclusive('\n').filter_map(numbers).collect()
}

/// Checks that everything that was announced is in the store.
fn check(run: &Run, python: &Python, what: &str) -> usize {
    let log = fs_err::read_to_string(run.path().join("log")).unwrap();
    let announced = announced(&log);
    let file = run.path().join("many.py");
    let (lines, branches) = (run.hits(&file), arcs(run, &file));
    for (function, thread) in &announced {
        let way = Way::of(*function, *thread);
        let lost: Vec<_> = way.lines.difference(&lines).collect();
        let tag = python.tag();
        assert!(lost.is_empty(), "lines {lost:?} on {tag}, {what}");
        let lost: Vec<_> = way.branches.difference(&branches).collect();
        assert!(lost.is_empty(), "branches {lost:?} on {tag}, {what}");
        assert!(!branches.contains(&Way::never(*function)), "{tag}, {what}");
    }
    announced.len()
}

fn arguments(run: &Run, python: &Python, functions: u32, kind: &str, end: &str) -> Guard {
    let mut command = python.command();
    command.arg(program("parallel.py")).arg(run.path());
    command.args([&functions.to_string(), kind, end]);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    Guard::spawn(run.inject(&mut command)).unwrap()
}

#[test]
fn threads_that_start_code_at_once_have_all_their_lines_and_branches() {
    let (rounds, functions) = match scale() {
        Scale::Sample => (2, 200),
        Scale::Whole => (40, 400),
    };
    for python in builds() {
        for (kind, configuration) in [
            ("import", "branch 1\n"),
            ("made", "branch 1\n"),
            ("import", "branch 1\nsource-pkg many\n"),
        ] {
            for _ in 0..rounds {
                let run = Run::with(configuration);
                let mut guard = arguments(&run, python, functions, kind, "end");
                let status = guard.wait(Duration::from_mins(2));
                let what = format!("{kind} {configuration}");
                assert!(
                    status.is_some_and(|status| status.success()),
                    "{status:?} on {}, {what}",
                    python.tag()
                );
                let count = check(&run, python, &what);
                assert_eq!(count, (functions * THREADS) as usize, "{}", python.tag());
            }
        }
    }
}

#[test]
fn nothing_that_threads_announced_is_lost_by_sigkill() {
    let rounds = match scale() {
        Scale::Sample => 4,
        Scale::Whole => 60,
    };
    let mut random = Random::new(seed());
    for python in builds() {
        let mut count = 0;
        for round in 0..rounds {
            let run = Run::with("branch 1\n");
            let kind = ["import", "made"][round % 2];
            let mut guard = arguments(&run, python, 400, kind, "wait");
            let log = run.path().join("log");
            let wanted = 1 + random.below(20_000);
            wait_until(
                Duration::from_mins(1),
                "the threads say what they ran",
                || {
                    let text = fs_err::read(&log).unwrap_or_default();
                    text.len() as u64 > wanted || text.ends_with(b"end\n")
                },
            );
            guard.signal_group(Signal::KILL);
            guard.wait(Duration::from_secs(10));
            count += check(&run, python, &format!("round {round}, {kind}"));
        }
        assert!(count > rounds * 20, "only {count} on {}", python.tag());
    }
}

#[test]
fn forks_of_threads_that_record_have_their_own_lines_and_do_not_hang() {
    let rounds = match scale() {
        Scale::Sample => 2,
        Scale::Whole => 20,
    };
    for python in builds() {
        for configuration in ["", "branch 1\n"] {
            for _ in 0..rounds {
                let run = Run::with(configuration);
                let file = program("parallel_forks.py");
                let output = run.program(python, &[&file, run.path()]);
                let children: usize = String::from_utf8_lossy(&output.stdout)
                    .trim()
                    .parse()
                    .unwrap();
                assert!(children > 0, "{}", python.tag());
                let file = fs_err::canonicalize(file).unwrap();
                let stores = run.stores();
                assert_eq!(stores.len(), children + 1, "{}", python.tag());
                let own = lines_with(&file, &["value = 1", "value = 2", "return value"]);
                let is_child = |store: &&Store| store.header.fork_parent.is_some();
                for store in stores.iter().filter(is_child) {
                    assert_eq!(store.states, Vec::<String>::new(), "{}", python.tag());
                    let (_, hits) = &store.files[&file];
                    let lost: Vec<_> = own.difference(hits).collect();
                    assert!(lost.is_empty(), "{lost:?} on {}", python.tag());
                }
            }
        }
    }
}

#[test]
fn a_fork_that_python_does_not_know_of_ends_in_spite_of_its_threads() {
    for python in builds() {
        let run = Run::with("branch 1\n");
        let file = program("raw_fork_with_threads.py");
        let output = run.program(python, &[&file]);
        let tag = python.tag();
        assert_eq!(String::from_utf8_lossy(&output.stdout), "1\n", "{tag}");
        let stores = run.stores();
        let is_child = |store: &&Store| store.header.fork_parent.is_some();
        let children: Vec<&Store> = stores.iter().filter(is_child).collect();
        let [child] = children[..] else {
            panic!("{} children on {tag}", children.len());
        };
        if python.is_free_threaded() {
            assert_eq!(child.states, ["hidden-fork"]);
            continue;
        }
        assert_eq!(child.states, Vec::<String>::new(), "{tag}");
        let own = lines_with(&file, &["value = 1", "return value"]);
        let file = fs_err::canonicalize(&file).unwrap();
        assert!(own.is_subset(&child.files[&file].1), "{tag}");
    }
}

#[test]
fn a_program_ends_that_leaves_threads_behind() {
    let rounds = match scale() {
        Scale::Sample => 5,
        Scale::Whole => 200,
    };
    for python in builds() {
        for _ in 0..rounds {
            let run = Run::with("branch 1\n");
            let mut guard = arguments(&run, python, 2000, "made", "leave");
            let status = guard.wait(Duration::from_mins(1));
            assert!(
                status.is_some_and(|status| status.success()),
                "{status:?} on {}",
                python.tag()
            );
            check(&run, python, "left");
        }
    }
}

#[test]
fn no_arc_leads_from_the_line_of_one_thread_to_that_of_another() {
    let file = program("threads_meet.py");
    let line = |text| *lines_with(&file, &[text]).first().unwrap();
    let (asked, assigned) = (line("elif asks():"), line("which = 2"));
    let returned = line("return which");
    for python in builds() {
        let run = Run::with("branch 1\n");
        run.program(python, &[&file]);
        let arcs = arcs(&run, &file);
        let tag = python.tag();
        assert!(arcs.contains(&(asked, assigned.cast_signed())), "{tag}");
        assert!(!arcs.contains(&(asked, returned.cast_signed())), "{tag}");
    }
}

#[test]
fn the_gil_stays_off() {
    const TEST: &str = "the_gil_stays_off";
    let pythons = builds().iter().filter(|python| python.is_free_threaded());
    let pythons: Vec<&Python> = pythons.collect();
    if pythons.is_empty() {
        return skip(TEST, "no free-threaded CPython found");
    }
    for python in pythons {
        for configuration in ["", "branch 1\n", "attribution 1\n", "test-functions 1\n"] {
            let run = Run::with(configuration);
            let mut command = python.command();
            command.args([
                "-W",
                "error",
                "-c",
                "import sys; print(sys._is_gil_enabled())",
            ]);
            let output = run.inject(&mut command).output().unwrap();
            assert_eq!(String::from_utf8_lossy(&output.stdout), "False\n");
            assert_eq!(String::from_utf8_lossy(&output.stderr), "");
            let stores = run.stores();
            assert_eq!(stores.len(), 1);
            let states: &[&str] = match configuration {
                "" | "branch 1\n" => &[],
                _ => &["contexts-not-recorded"],
            };
            assert_eq!(stores[0].states, states);
        }
    }
}
