//! Killed at any moment: every line that the program said it ran is in the store.

use std::collections::BTreeSet;
use std::process::Stdio;
use std::time::Duration;

use swath_test::{Guard, Random, Scale, Signal, builds, scale, seed, wait_until};

use crate::run::{Run, program};

#[test]
fn every_announced_line_survives_sigkill() {
    let rounds = match scale() {
        Scale::Sample => 30,
        Scale::Whole => 500,
    };
    let mut random = Random::new(seed());
    let pythons = builds();
    let mut announced = 0;
    for round in 0..rounds {
        let Some(python) = pythons.get(round % pythons.len().max(1)) else {
            return;
        };
        announced += check_round(python, round, &mut random);
    }
    assert!(
        announced > rounds * 20,
        "only {announced} functions were announced"
    );
}

fn check_round(python: &swath_test::Python, round: usize, random: &mut Random) -> usize {
    let run = Run::new();
    let work = run.path().join("work");
    fs_err::create_dir(&work).unwrap();
    let mut command = python.command();
    command
        .arg(program("kill.py"))
        .arg(&work)
        .arg(round.to_string());
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut guard = Guard::spawn(run.inject(&mut command)).unwrap();
    let log = work.join("log");
    let wanted = 1 + random.below(20_000);
    wait_until(
        Duration::from_mins(1),
        "the program says what it ran",
        || {
            let text = fs_err::read(&log).unwrap_or_default();
            text.len() as u64 > wanted || text.ends_with(b"end\n")
        },
    );
    guard.signal_group(Signal::KILL);
    guard.wait(Duration::from_secs(10));
    let text = fs_err::read_to_string(&log).unwrap();
    // A function's line is at 3 n + 2 and 3 n + 3.
    let said: BTreeSet<u32> = text
        .split_inclusive('\n')
        .filter_map(|line| line.strip_suffix('\n')?.parse().ok())
        .collect();
    let hits = run.hits(&work.join("many.py"));
    let lost: Vec<u32> = said
        .iter()
        .copied()
        .filter(|number| !hits.contains(&(number * 3 + 2)) || !hits.contains(&(number * 3 + 3)))
        .collect();
    assert_eq!(lost, Vec::<u32>::new(), "round {round} on {}", python.tag());
    said.len()
}
