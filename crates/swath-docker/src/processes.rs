//! What runs in the containers of a run: listed by the engine now and then, and looked at here where
//! they are on this machine, so that a Python without the agent is noticed.

use std::collections::BTreeSet;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use fs_err as fs;
use rustix::pipe::{PipeFlags, pipe_with};
use serde_json::Value;
use swath_checkout::{Looks, OpenedFiles, arguments_of, environment_of};
use swath_model::is_python_name;

use crate::engine::{Content, Engine, escape};
use crate::local_processes::{LocalProcesses, python_path};
use crate::record::SeenProcess;
use crate::session::Session;

/// Between two lists that the engine makes: whatever runs for two seconds is in one, if the engine makes it
/// in half a second.
const PAUSE: Duration = Duration::from_millis(1500);

/// Where the Pythons of images are, below the root. In folders of volumes one may have to wait for a
/// file system of somebody else.
const PYTHONS_OF_IMAGES: [&str; 2] = ["usr/local/bin/python3", "usr/bin/python3"];

/// Watches the containers of the session until the other end of `stop` is dropped. Where they are on
/// this machine their processes are looked at besides, whatever the engine is doing.
pub(crate) fn watch(session: &Session, engine: &Engine, stop: &Receiver<()>) {
    std::thread::scope(|scope| {
        let mut looking = None;
        if engine.endpoint.is_local() {
            looking = start_looking(scope, session)
                .inspect_err(|error| tracing::debug!("only what is listed is seen: {error}"))
                .ok();
        }
        while is_over(stop, PAUSE) {
            list(session, engine);
            session.look_at_shipped_tasks(engine);
        }
        drop(looking);
    });
}

/// Looks at the processes in a thread of its own, until what is returned is closed.
fn start_looking<'s>(
    scope: &'s std::thread::Scope<'s, '_>,
    session: &'s Session,
) -> io::Result<OwnedFd> {
    let (stopped, looking) = pipe_with(PipeFlags::CLOEXEC)?;
    let looks = Looks::new(stopped, OpenedFiles::new());
    let mut local = LocalProcesses::default();
    let mut known = BTreeSet::new();
    let look = move |mut programs: Option<&mut OpenedFiles>| {
        let containers = session.present();
        if containers.is_empty() {
            return;
        }
        for (id, seen) in local.look(&containers) {
            if let Some(programs) = &mut programs {
                let process = Path::new("/proc").join(seen.pid.to_string());
                watch_program(&seen, &process, programs);
                if !known.contains(&id) && has_root_of_its_own(&process) {
                    known.insert(id.clone());
                    watch_image(&process, programs);
                }
            }
            session.update(&id, |record| take(&mut record.seen, seen));
        }
    };
    std::thread::Builder::new()
        .name("swath-docker-look".to_owned())
        .spawn_scoped(scope, move || looks.go_on(look))?;
    Ok(looking)
}

/// The next start of the same Python is to be noticed, whoever starts it.
fn watch_program(seen: &SeenProcess, process: &Path, programs: &mut OpenedFiles) {
    let program = seen.command.split(' ').next().unwrap_or_default();
    if is_python_name(program) {
        // As the kernel knows it, whatever its file is called here.
        programs.watch(&process.join("exe"));
    }
}

/// The first start of a Python of an image is to be noticed, too.
fn watch_image(process: &Path, programs: &mut OpenedFiles) {
    for python in PYTHONS_OF_IMAGES {
        programs.watch(&process.join("root").join(python));
    }
}

/// Whether a process has left this machine's root: what makes a container has it at first.
fn has_root_of_its_own(process: &Path) -> bool {
    let root_of = |process: &Path| fs::metadata(process.join("root"));
    let here = root_of(Path::new("/proc/self"));
    let roots = root_of(process).ok().zip(here.ok());
    roots.is_some_and(|(its, here)| (its.dev(), its.ino()) != (here.dev(), here.ino()))
}

/// Whether a pause passed in which nobody said to stop.
fn is_over(stop: &Receiver<()>, pause: Duration) -> bool {
    stop.recv_timeout(pause) == Err(RecvTimeoutError::Timeout)
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
    fn a_process_that_is_not_yet_in_its_container_has_this_machines_root() {
        assert!(!has_root_of_its_own(Path::new("/proc/self")));
        assert!(!has_root_of_its_own(Path::new("/proc/0")), "it is gone");
    }

    #[test]
    fn the_program_of_a_python_is_watched_whatever_its_file_is_called() {
        let program = std::env::current_exe().unwrap();
        for (command, is_watched) in [("/venv/bin/python3 app.py", true), ("sh -c python", false)] {
            let seen = SeenProcess {
                pid: std::process::id(),
                command: command.to_owned(),
                seconds: 0,
                python_path: None,
                lacks_agent: false,
            };
            let mut programs = OpenedFiles::new().unwrap();
            watch_program(&seen, Path::new("/proc/self"), &mut programs);
            let is_new = programs.watch(&program);
            assert_eq!(is_new, !is_watched, "{command}");
        }
    }

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
