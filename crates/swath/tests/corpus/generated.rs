//! Generated programs, run by both tools: the same lines and the same exits.

use swath_test::{Python, pythons, record_figure, scale, seed, skip};

use crate::generator::program;
use crate::marks::{check_both, disagreement, seen_by_all};
use crate::measured::Project;

/// How many programs one process runs.
const AT_ONCE: u64 = 500;
/// How many programs are shown that differ.
const SHOWN: u64 = 5;

#[test]
fn generated_programs_run_alike() {
    if pythons().is_empty() {
        skip("generated_programs_run_alike", "no Python found");
    }
    let check_all = |half: &[Python]| -> Vec<String> { half.iter().flat_map(check).collect() };
    let (left, right) = pythons().split_at(pythons().len() / 2);
    let complaints = check_both(|| check_all(left), || check_all(right));
    assert!(
        complaints.is_empty(),
        "{} programs differ:\n{}",
        complaints.len(),
        complaints.join("\n")
    );
}

/// How many programs of a thousand may differ: those with dead code whose lines outlive it.
fn tolerated(minor: u8) -> u64 {
    match minor {
        8 => 25,
        9 => 20,
        _ => 2,
    }
}

fn check(python: &Python) -> Vec<String> {
    let count: u64 = scale().pick(200, 5_000);
    let mut complaints = Vec::new();
    let mut different: u64 = 0;
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
        for (name, text) in &programs {
            if !measured.theirs.contains_key(name) {
                continue;
            }
            let seen = seen_by_all(&measured, name, python);
            if let Some(difference) = disagreement(&seen) {
                different += 1;
                if different <= SHOWN {
                    complaints.push(format!("{} {name}: {difference}\n{text}", python.tag()));
                }
            }
        }
    }
    if different * 1_000 <= count * tolerated(python.version.1) {
        complaints.clear();
    } else {
        complaints.push(format!("{}: {different} of {count}", python.tag()));
    }
    record_figure(
        "Programs run by coverage.py and swath",
        "generated programs seen alike",
        &python.tag(),
        format!("{} of {count}", count - different),
    );
    complaints
}
