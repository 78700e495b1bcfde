//! What runs in the containers of a run: listed by the engine now and then, and looked at here where
//! they are on this machine, so that a Python without the agent is noticed.

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use serde_json::Value;
use swath_checkout::{arguments_of, environment_of};

use crate::engine::{Content, Engine, escape};
use crate::local_processes::{LocalProcesses, python_path};
use crate::record::SeenProcess;
use crate::session::Session;

/// Between two lists that the engine makes: whatever runs for two seconds is in one.
const PAUSE: Duration = Duration::from_millis(1500);
/// Between two looks at the processes of this machine; where there are many, they take this share of
/// the time at most.
const LOOK: Duration = Duration::from_millis(50);
const SHARE: u32 = 33;

/// Looks at the containers of the session until the other end of `stop` is dropped.
pub(crate) fn watch(session: &Session, engine: &Engine, stop: &Receiver<()>) {
    let mut local = LocalProcesses::default();
    let is_local = engine.endpoint.is_local();
    let mut listed = Instant::now();
    let mut pause = if is_local { LOOK } else { PAUSE };
    while stop.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
        let containers = if is_local {
            session.present()
        } else {
            Vec::new()
        };
        if !containers.is_empty() {
            let begun = Instant::now();
            for (id, seen) in local.look(&containers) {
                session.update(&id, |record| take(&mut record.seen, seen));
            }
            pause = (begun.elapsed() * SHARE).clamp(LOOK, PAUSE);
        }
        if listed.elapsed() >= PAUSE {
            list(session, engine);
            listed = Instant::now();
        }
    }
}

/// Has the engine list what runs.
fn list(session: &Session, engine: &Engine) {
    for id in session.running() {
        let mut seen = processes_of(engine, &id);
        if engine.endpoint.is_local() {
            for one in &mut seen {
                one.python_path = python_path_of(one);
            }
        }
        session.update(&id, |record| {
            for one in seen {
                take(&mut record.seen, one);
            }
        });
    }
}

fn take(all: &mut Vec<SeenProcess>, one: SeenProcess) {
    match all.iter_mut().find(|known| known.pid == one.pid) {
        // Its environment is what it was when the program began.
        Some(known) if known.command == one.command => {
            known.seconds = known.seconds.max(one.seconds);
            known.lacks_agent |= one.lacks_agent;
            known.python_path = known.python_path.take().or(one.python_path);
        }
        // A process may become another program.
        Some(known) => *known = one,
        None => all.push(one),
    }
}

/// The `PYTHONPATH` of a process, where it can be seen from here: the engine may be elsewhere all the
/// same, and the number another process's.
fn python_path_of(process: &SeenProcess) -> Option<String> {
    let command = arguments_of(process.pid).join(" ");
    if command.trim_end() != process.command.trim_end() {
        return None;
    }
    environment_of(process.pid).as_deref().map(python_path)
}

fn processes_of(engine: &Engine, id: &str) -> Vec<SeenProcess> {
    let format = escape("-eo pid,etimes,args");
    let target = format!("/containers/{}/top?ps_args={format}", escape(id));
    // One that has just ended has no processes, and no engine needs to know `ps`.
    let answer = engine.json("GET", &target, &Content::Nothing);
    answer.map_or_else(|_| Vec::new(), |answer| listed(&answer))
}

fn listed(answer: &Value) -> Vec<SeenProcess> {
    let rows = answer["Processes"].as_array().into_iter().flatten();
    rows.filter_map(|row| {
        let cell = |index: usize| row[index].as_str();
        Some(SeenProcess {
            pid: cell(0)?.parse().ok()?,
            seconds: cell(1)?.parse().ok()?,
            command: cell(2)?.to_owned(),
            python_path: None,
            lacks_agent: false,
        })
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_list_of_processes_is_read_and_each_is_kept_once() {
        let answer = json!({
            "Titles": ["PID", "ELAPSED", "COMMAND"],
            "Processes": [["12", "3", "sh -c x"], ["13", "x", "broken"], ["14", "0", "python a.py"]],
        });
        let mut all = Vec::new();
        for one in listed(&answer) {
            take(&mut all, one);
        }
        take(
            &mut all,
            SeenProcess {
                pid: 12,
                command: "python b.py".to_owned(),
                seconds: 5,
                python_path: None,
                lacks_agent: false,
            },
        );
        let commands = all
            .iter()
            .map(|one| one.command.as_str())
            .collect::<Vec<_>>();
        assert_eq!(commands, ["python b.py", "python a.py"]);
        assert!(listed(&Value::Null).is_empty());
    }
}
