//! SIGKILL at random moments under load loses nothing: whatever a process announced as run before
//! it was killed is in the data.

use std::collections::BTreeSet;
use std::time::Duration;

use swath_data::CoverageData;
use swath_test::{Guard, LIMIT, Python, Random, Venv, builds, record_figure, scale, seed, venv};

use crate::markers::{copy_app, data, recorded};
use crate::sandbox::{Finished, Sandbox, finish, text};
use crate::servers::server_requirements;

/// How many modules the service imports on demand, and how many functions each has.
const PARTS: usize = 300;
const FUNCTIONS: usize = 8;
/// The lines of one function, the `def` not counted.
const BODY: usize = 3;

/// Rounds of each kind of victim: a sample, and the whole.
const ROUNDS: (usize, usize) = (8, 125);

/// What has been checked, for the table of figures.
#[derive(Default)]
struct Tally {
    rounds: usize,
    announced: usize,
}

/// A module of functions; its n-th function begins at line `1 + n * (BODY + 1)`.
fn part() -> String {
    let functions = (0..FUNCTIONS).map(|number| {
        format!("def f{number}(x):\n    x = x + {number}\n    x = x * 2\n    return x")
    });
    let names = (0..FUNCTIONS).map(|number| format!("f{number}"));
    let names = names.collect::<Vec<_>>().join(", ");
    let last = format!("FUNCTIONS = [{names}]\n");
    functions.chain([last]).collect::<Vec<_>>().join("\n")
}

/// The lines that a step of a part runs: `module`, or the number of a function.
fn lines_of(step: &str) -> Vec<u32> {
    let line = |index: usize| u32::try_from(index + 1).unwrap();
    match step.parse::<usize>() {
        Ok(number) => (1..=BODY)
            .map(|offset| line(number * (BODY + 1) + offset))
            .collect(),
        Err(_) => (0..=FUNCTIONS)
            .map(|number| line(number * (BODY + 1)))
            .collect(),
    }
}

/// What the service announced: the lines it was about to run, and those it had run.
struct Announced {
    begun: BTreeSet<(usize, u32)>,
    done: BTreeSet<(usize, u32)>,
}

fn announced(sandbox: &Sandbox) -> Announced {
    let text = sandbox.read("announcements");
    let mut found = Announced {
        begun: BTreeSet::new(),
        done: BTreeSet::new(),
    };
    let (whole, _torn) = text.rsplit_once('\n').unwrap_or_default();
    for line in whole.lines() {
        // A kill may tear a write at the border of a page: another one then follows in the line.
        let begin = line.rfind(['<', '>']).unwrap_or(0);
        let announcement = &line[begin..];
        let words = announcement.split(' ').collect::<Vec<_>>();
        let [sign, part, step] = words[..] else {
            panic!("a torn announcement: {announcement}");
        };
        let part = part.parse::<usize>().unwrap();
        let lines = lines_of(step).into_iter().map(|line| (part, line));
        if sign == ">" {
            found.done.extend(lines);
        } else {
            found.begun.extend(lines);
        }
    }
    found
}

/// Everything announced is recorded, and nothing that was not even begun.
fn check(sandbox: &Sandbox, data: &CoverageData, context: &str) -> usize {
    let announced = announced(sandbox);
    assert!(!announced.done.is_empty(), "nothing ran\n{context}");
    let recorded = (0..PARTS)
        .flat_map(|part| {
            let path = sandbox.project().join(format!("part_{part}.py"));
            recorded(data, &path)
                .into_iter()
                .map(move |line| (part, line))
        })
        .collect::<BTreeSet<_>>();
    let lost = announced.done.difference(&recorded).collect::<Vec<_>>();
    assert!(
        lost.is_empty(),
        "{} of {} announced lines are lost: {lost:?}\n{context}",
        lost.len(),
        announced.done.len()
    );
    let invented = recorded.difference(&announced.begun).collect::<Vec<_>>();
    assert!(invented.is_empty(), "never ran: {invented:?}\n{context}");
    announced.done.len()
}

/// One round: a service under load, a kill, and what is left.
fn round(victim: &str, python: &Python, environment: &Venv, random: &mut Random) -> usize {
    let sandbox = Sandbox::new();
    copy_app(&sandbox, "announcer.py");
    copy_app(&sandbox, "killer.py");
    for number in 0..PARTS {
        sandbox.write(&format!("part_{number}.py"), &part());
    }
    let port = swath_test::free_port().to_string();
    let service = format!(
        "web={} --bind=127.0.0.1:{port} --workers=2 --threads=2 announcer:app",
        text(&environment.bin("gunicorn"))
    );
    let mut command = sandbox.command(&["run", "--service", &service, "--ready"]);
    command.args([&format!("tcp:127.0.0.1:{port}"), "--"]);
    command.arg(environment.python());
    command.args(["killer.py", &port, &PARTS.to_string(), victim]);
    command.arg((random.next_u64() >> 1).to_string());
    command.env(
        "ANNOUNCEMENTS",
        sandbox.project().join("announcements").as_os_str(),
    );
    let context = |finished: &Finished| {
        format!(
            "{victim} on {}: {}\n{}\n{}",
            python.tag(),
            finished.code,
            finished.stdout,
            finished.stderr
        )
    };
    if victim == "swath" {
        let finished = combined(&sandbox, &mut command);
        return check(&sandbox, &data(&sandbox), &context(&finished));
    }
    let finished = finish(command);
    assert_eq!(finished.code, 0, "{}", context(&finished));
    check(&sandbox, &data(&sandbox), &context(&finished))
}

/// A run whose swath is killed; the next one names the data, which can be combined.
fn combined(sandbox: &Sandbox, command: &mut std::process::Command) -> Finished {
    let log = fs_err::File::create(sandbox.project().join("log")).unwrap();
    let log = log.into_parts().0;
    command.stdout(log.try_clone().unwrap()).stderr(log);
    let orphans = Orphans(sandbox);
    let mut guard = Guard::spawn(command).unwrap();
    let said = || sandbox.read("log");
    let status = guard.wait(LIMIT).expect("swath is killed");
    assert_eq!(status.code(), None, "swath was not killed: {}", said());
    orphans.signal("-KILL");
    swath_test::wait_until(Duration::from_secs(20), "the service's end", || {
        !orphans.signal("-0")
    });
    let next = sandbox.swath(&["run", "--", "true"]);
    let hint = next
        .stderr
        .split("hint: swath ")
        .nth(1)
        .and_then(|rest| rest.lines().next())
        .unwrap_or_else(|| panic!("the killed run is not named: {}", next.stderr))
        .to_owned();
    let words = hint.split(' ').collect::<Vec<_>>();
    let finished = sandbox.swath(&words);
    assert_eq!(
        finished.code, 0,
        "{}{}{}",
        next.stderr, finished.stdout, finished.stderr
    );
    finished
}

/// What a killed swath leaves of its service: ended when dropped, at the latest.
struct Orphans<'a>(&'a Sandbox);

impl Orphans<'_> {
    /// Sends a signal to the service's process group; false when it has no process any more.
    fn signal(&self, signal: &str) -> bool {
        let group = fs_err::read_to_string(self.0.project().join("group"));
        let Ok(group) = group else {
            return false;
        };
        std::process::Command::new("kill")
            .args([signal, "--", &format!("-{group}")])
            .stderr(std::process::Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    }
}

impl Drop for Orphans<'_> {
    fn drop(&mut self) {
        self.signal("-KILL");
    }
}

/// All rounds of one kind of victim, over the Pythons in turn.
fn rounds(victim: &str) {
    let name = format!("kill {victim}");
    let environments = builds()
        .iter()
        .filter_map(|python| Some((python, venv(python, &server_requirements())?)))
        .collect::<Vec<_>>();
    if environments.is_empty() {
        return swath_test::skip(&name, "no CPython with a gunicorn");
    }
    let mut tally = Tally::default();
    let count = scale().pick(ROUNDS.0, ROUNDS.1);
    let salt = victim.bytes().map(u64::from).sum::<u64>();
    let mut random = Random::new(seed() + salt);
    for index in 0..count {
        let (python, environment) = &environments[index % environments.len()];
        let lines = round(victim, python, environment, &mut random);
        tally.rounds += 1;
        tally.announced += lines;
    }
    let table = "SIGKILL at a random moment under load";
    let rounds = tally.rounds.to_string();
    record_figure(table, victim, "rounds", rounds);
    record_figure(
        table,
        victim,
        "lines announced",
        tally.announced.to_string(),
    );
    record_figure(table, victim, "lines lost", "0");
}

#[test]
fn a_killed_worker_loses_nothing() {
    rounds("worker");
}

#[test]
fn a_killed_master_loses_nothing() {
    rounds("master");
}

#[test]
fn a_killed_group_loses_nothing() {
    rounds("group");
}

#[test]
fn a_killed_swath_loses_nothing() {
    rounds("swath");
}

#[test]
fn a_line_is_found_by_its_step() {
    let source = part();
    let text = |line: u32| source.lines().nth(line as usize - 1).unwrap().to_owned();
    assert_eq!(text(lines_of("5")[0]), "    x = x + 5");
    assert!(text(lines_of("module")[3]).starts_with("def f3("));
    assert!(text(*lines_of("module").last().unwrap()).starts_with("FUNCTIONS = "));
    assert_eq!(
        lines_of("module").len() + FUNCTIONS * BODY,
        source.lines().count()
    );
}
