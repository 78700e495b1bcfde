//! Generated programs, run by both tools: the same lines and the same exits.

use swath_test::{
    Build, Python, builds, case_count, python, python_build, record_figure, scale, seed, skip,
};

use crate::generator::program;
use crate::marks::{check_both, disagreement, seen_by_all};
use crate::measured::Project;
use crate::raising::raising_program;
use crate::traced::tracer_agrees;

/// How many programs one process runs.
const AT_ONCE: u64 = 500;
/// How many programs are shown that differ.
const SHOWN: u64 = 5;

#[test]
fn generated_programs_run_alike() {
    if builds().is_empty() {
        skip("generated_programs_run_alike", "no Python found");
    }
    let builds = compared_builds();
    let (left, right) = builds.split_at(builds.len() / 2);
    let count = case_count(scale().pick(100, 5_000));
    let check_all = |half: &[Python]| -> Vec<String> {
        let complaints = half
            .iter()
            .flat_map(|python| check(python, "generated programs seen alike", count, program));
        complaints.collect()
    };
    report(&check_both(|| check_all(left), || check_all(right)));
}

/// The builds whose view of generated programs is compared.
///
/// Builds for debugging are left out: some programs end them by an assertion of their own, with no tool at
/// all, and that of 3.11 is of an early release, whose compiler has lines of its own
/// (`docs/reference/differences.md`).
fn compared_builds() -> Vec<Python> {
    let all = builds().iter().cloned();
    all.filter(|python| python.build != Build::Debug).collect()
}

/// Exceptions end whatever there is.
#[test]
fn raising_programs_run_alike() {
    if builds().is_empty() {
        skip("raising_programs_run_alike", "no Python found");
    }
    let builds = compared_builds();
    let (left, right) = builds.split_at(builds.len() / 2);
    let count = case_count(scale().pick(60, 20_000));
    let check_all = |half: &[Python]| -> Vec<String> {
        let complaints = half.iter().flat_map(|python| {
            check(
                python,
                "raising programs seen alike",
                count,
                raising_program,
            )
        });
        complaints.collect()
    };
    report(&check_both(|| check_all(left), || check_all(right)));
}

/// Of large code 3.12 and 3.13 report operations, not lines.
#[test]
fn large_programs_run_alike() {
    let large: Vec<&Python> = [
        python(3, 12),
        python(3, 13),
        python_build(3, 13, Build::FreeThreaded),
    ]
    .into_iter()
    .flatten()
    .collect();
    if large.is_empty() {
        skip("large_programs_run_alike", "no CPython 3.12 or 3.13 found");
    }
    let count = case_count(scale().pick(20, 400));
    let complaints = large.iter().flat_map(|python| {
        check(
            python,
            "large generated programs seen alike",
            count,
            large_program,
        )
    });
    report(&complaints.collect::<Vec<_>>());
}

fn report(complaints: &[String]) {
    assert!(
        complaints.is_empty(),
        "{} programs differ:\n{}",
        complaints.len(),
        complaints.join("\n")
    );
}

/// A program behind so many lines that its code is large: the module's, or that of one function
/// around all of it.
fn large_program(seed: u64, minor: u8) -> String {
    const LINES: usize = 2_100;
    let program = program(seed, minor);
    let mut lines = program.lines();
    let begin: Vec<&str> = lines.by_ref().take(2).collect();
    let (definition, indentation, end) = match seed % 4 {
        0 => ("", "", ""),
        1 => ("def large():\n", "    ", "call(large)\n"),
        2 => ("def large():\n", "    ", "    yield n()\ncall(large)\n"),
        _ => (
            "async def large():\n",
            "    ",
            "    await later()\ncall(large)\n",
        ),
    };
    let mut text = begin.join("\n") + "\n" + definition;
    for _ in 0..LINES {
        text += indentation;
        text += "y = 0\n";
    }
    for line in lines {
        text += indentation;
        text += line;
        text += "\n";
    }
    text + end
}

/// How many programs of a thousand may differ: of dead code now and then a line outlives its instructions.
const TOLERATED: u64 = 2;

#[expect(clippy::print_stderr, reason = "a test says what it tolerates")]
fn check(
    python: &Python,
    what: &str,
    count: u64,
    program: impl Fn(u64, u8) -> String,
) -> Vec<String> {
    let mut complaints = Vec::new();
    let (mut different, mut as_traced): (u64, u64) = (0, 0);
    for first in (0..count).step_by(usize::try_from(AT_ONCE).unwrap()) {
        let numbers = first..(first + AT_ONCE).min(count);
        let programs: Vec<(String, String)> = numbers
            .map(|number| seed() + number)
            .map(|seed| (format!("p{seed}.py"), program(seed, python.version.1)))
            .collect();
        let Some(project) = Project::new(python, programs.iter().cloned()) else {
            return Vec::new();
        };
        let measured = project.measure();
        let guarded = project.guarded();
        for (name, text) in &programs {
            if !measured.theirs.contains_key(name) {
                continue;
            }
            let seen = seen_by_all(&measured, name, python);
            let found = disagreement(&seen);
            if found.is_some() && tracer_agrees(python, name, text, &measured) {
                as_traced += 1;
                continue;
            }
            let guard = || {
                guarded
                    .contains(name)
                    .then(|| "analysis-differs".to_owned())
            };
            if let Some(difference) = found.or_else(guard) {
                different += 1;
                // Also of a few, which are tolerated, it is to be seen which they are.
                eprintln!("{} {name}: {difference}", python.tag());
                if different <= SHOWN {
                    complaints.push(format!("{} {name}: {difference}\n{text}", python.tag()));
                }
            }
        }
    }
    if different * 1_000 <= count * TOLERATED {
        complaints.clear();
    } else {
        complaints.push(format!("{}: {different} of {count}", python.tag()));
    }
    let equal = count - different - as_traced;
    let more = match as_traced {
        0 => String::new(),
        _ => format!(", {as_traced} as coverage.py's C tracer"),
    };
    record_figure(
        "Programs run by coverage.py and swath",
        what,
        &python.tag(),
        format!("{equal} of {count}{more}"),
    );
    complaints
}
