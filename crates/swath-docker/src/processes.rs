//! What runs in the containers of a run: looked at now and then, so that a Python without the agent
//! is noticed.

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use serde_json::Value;

use crate::engine::{Content, Engine, escape};
use crate::record::SeenProcess;
use crate::session::Session;

/// Between two looks: whatever runs for two seconds is seen.
const PAUSE: Duration = Duration::from_millis(1500);

/// Looks at the containers of the session until the other end of `stop` is dropped.
pub(crate) fn watch(session: &Session, engine: &Engine, stop: &Receiver<()>) {
    while stop.recv_timeout(PAUSE) == Err(RecvTimeoutError::Timeout) {
        for id in session.running() {
            let mut seen = processes_of(engine, &id);
            if engine.endpoint.is_local() {
                for one in &mut seen {
                    one.python_path = python_path(one);
                }
            }
            session.update(&id, |record| {
                for one in seen {
                    take(&mut record.seen, one);
                }
            });
        }
    }
}

fn take(all: &mut Vec<SeenProcess>, one: SeenProcess) {
    match all.iter_mut().find(|known| known.pid == one.pid) {
        // A process may become another program.
        Some(known) => *known = one,
        None => all.push(one),
    }
}

/// The `PYTHONPATH` of a process, where it can be seen from here: the engine may be elsewhere all the
/// same, and the number another process's.
fn python_path(process: &SeenProcess) -> Option<String> {
    let folder = format!("/proc/{}", process.pid);
    let read = |name: &str| fs_err::read(format!("{folder}/{name}")).ok();
    let words = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace('\0', " ");
    if words(&read("cmdline")?).trim_end() != process.command.trim_end() {
        return None;
    }
    let environment = read("environ")?;
    let variable = environment
        .split(|&byte| byte == 0)
        .find_map(|entry| entry.strip_prefix(b"PYTHONPATH="));
    let value = variable.unwrap_or_default();
    Some(String::from_utf8_lossy(value).into_owned())
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
