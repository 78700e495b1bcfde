//! A process of this machine in the place of a task: it gets what the service says, with the paths of a
//! container led into folders here.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use fs_err as fs;
use serde_json::{Value, json};

use super::{Shared, State};
use crate::{Guard, Signal};

/// So long, a task may take to end when it is told to.
const LONGEST_END: Duration = Duration::from_secs(30);

/// Where a container has what is swath's, if nothing else is there.
const PLACE: &str = "/dev/swath";

/// Plays the task of a service to its end, or until the service is removed; its container is gone
/// afterwards.
pub(super) fn play(
    shared: &Arc<Shared>,
    state: &mut State,
    specification: &Value,
    service: &str,
    number: &str,
) {
    let service_name = specification["Name"].as_str().unwrap_or_default();
    let name = format!("{service_name}.1.{number}");
    let container = &specification["TaskTemplate"]["ContainerSpec"];
    let paths = Paths::of(shared, container, &name);
    for file in container["Configs"].as_array().into_iter().flatten() {
        let target = paths.here(file["File"]["Name"].as_str().unwrap_or_default());
        let id = file["ConfigID"].as_str().unwrap_or_default();
        let Some(config) = state.configs.get(id) else {
            continue;
        };
        let content = BASE64.decode(config["Spec"]["Data"].as_str().unwrap_or_default());
        let mut content = content.unwrap_or_default();
        if config["Spec"]["Templating"].is_object() {
            let label = &specification["Labels"]["swath.dev/injected"];
            let label = label.as_str().unwrap_or_default();
            let text = String::from_utf8_lossy(&content).into_owned();
            content = filled_in(&text, &name, label, &paths).into_bytes();
        }
        crate::write_file(Path::new(&target), content);
    }
    let words = |key: &str| {
        let words = container[key].as_array().into_iter().flatten();
        words.filter_map(Value::as_str).map(|word| paths.here(word))
    };
    let mut line = words("Command").chain(words("Args"));
    let program = line.next().unwrap_or_default();
    let here = state.programs.get(&program);
    let mut command = Command::new(here.map_or_else(|| PathBuf::from(&program), Clone::clone));
    command.args(line).env_clear();
    command.stdin(Stdio::null());
    command.stdout(Stdio::null()).stderr(Stdio::null());
    if let Some(folder) = container["Dir"].as_str() {
        command.current_dir(folder);
    }
    for variable in words("Env") {
        if let Some((name, value)) = variable.split_once('=') {
            command.env(name, value);
        }
    }
    let mut labels = container["Labels"].clone();
    labels["com.docker.swarm.service.name"] = json!(service_name);
    labels["com.docker.swarm.task.id"] = json!(number);
    labels["com.docker.swarm.task.name"] = json!(name);
    let id = format!("container-of-{number}");
    let description = json!({"Id": id, "Name": format!("/{name}"), "Image": "sha256:aa",
        "Config": {"Labels": labels}, "State": {"Running": false, "StartedAt": "2026-01-01T00:00:00Z"}});
    state.containers.insert(id.clone(), description);
    let (shared, service) = (Arc::clone(shared), service.to_owned());
    std::thread::spawn(move || {
        let tell = |action: &str, time: u64, code: i32| {
            let mut attributes = labels.clone();
            attributes["exitCode"] = json!(code.to_string());
            let event = json!({"Action": action, "timeNano": time,
                "Actor": {"ID": id, "Attributes": attributes}});
            shared.locked().events.push(event);
            shared.changed.notify_all();
        };
        tell("start", 1, 0);
        let code = end_of(&mut command, &shared, &service);
        tell("die", 2, code);
        shared.locked().containers.remove(&id);
        tell("destroy", 3, code);
        let _ = fs::remove_dir_all(paths.own);
    });
}

/// The exit code of a task, which is told to end when its service is removed.
fn end_of(command: &mut Command, shared: &Shared, service: &str) -> i32 {
    let Ok(mut process) = Guard::spawn(command) else {
        return -1;
    };
    while process.ended().is_none() && shared.locked().services.contains_key(service) {
        std::thread::sleep(Duration::from_millis(10));
    }
    process.signal(Signal::TERM);
    let ended = process.wait(LONGEST_END);
    ended.and_then(|status| status.code()).unwrap_or(-1)
}

/// What the paths of a container are here.
struct Paths {
    /// Where the agent is.
    own: PathBuf,
    /// The beginnings of paths there, and what they are here.
    all: Vec<(String, String)>,
}

impl Paths {
    fn of(shared: &Shared, container: &Value, task: &str) -> Paths {
        let own = shared.folder.join(task);
        let agent = own.join("agent").to_string_lossy().into_owned();
        let mut all = vec![(format!("{PLACE}/agent"), agent)];
        for mount in container["Mounts"].as_array().into_iter().flatten() {
            let text = |key: &str| mount[key].as_str().unwrap_or_default();
            if mount["Type"] == "volume" {
                let folder = shared.folder_of(text("Source"));
                let _ = fs::create_dir_all(&folder);
                let folder = folder.to_string_lossy().into_owned();
                all.push((text("Target").to_owned(), folder));
            }
        }
        Paths { own, all }
    }

    /// A text with the paths of the container as they are here.
    fn here(&self, text: &str) -> String {
        let mut text = text.replace("{{.Node.Hostname}}", "node");
        for (there, here) in &self.all {
            if !text.contains(here.as_str()) {
                text = text.replace(there, here);
            }
        }
        text
    }
}

/// The settings of the agent as a Swarm fills them in. The length of a value stands before it.
fn filled_in(text: &str, task: &str, label: &str, paths: &Paths) -> String {
    let mut filled = String::new();
    for line in text.lines() {
        // What is counted holds blanks, what is counted for does not.
        let (Some((key, _)), Some((_, value))) = (line.split_once(' '), line.rsplit_once(' '))
        else {
            continue;
        };
        let value = line.split_once("len}} ").map_or(value, |(_, value)| value);
        let value = value.replace("{{.Task.Name}}", task);
        let value = value.replace("{{index .Service.Labels \"swath.dev/injected\"}}", label);
        let value = paths.here(&value);
        let _ = writeln!(filled, "{key} {} {value}", value.len());
    }
    filled
}
