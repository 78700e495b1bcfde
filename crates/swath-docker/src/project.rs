//! A Compose project as the engine sees it: which containers it has, where they can be reached, and
//! what they said last.

use std::collections::BTreeSet;
use std::io::Read as _;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use crate::config_hash::{PROJECT_LABEL, SERVICE_LABEL};
use crate::create::{RUN_LABEL, VOLUME_LABEL};
use crate::endpoint::Endpoint;
use crate::engine::{Content, Engine, escape};
use crate::error::EngineError;
use crate::patience::Limits;

const FOLDER_LABEL: &str = "com.docker.compose.project.working_dir";
const ONE_OFF_LABEL: &str = "com.docker.compose.oneoff";
/// How much of a container's output is looked at for its last lines.
const LONGEST_OUTPUT: u64 = 1 << 20;

/// For how long an engine may be silent about what is only good to know.
const LITTLE_PATIENCE: Duration = Duration::from_secs(5);

/// Asks the engine about Compose projects.
#[derive(Debug, Clone)]
pub struct ProjectView {
    engine: Engine,
}

/// How far a container is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContainerState {
    /// Created, or about to be started again.
    Waiting,
    /// It runs.
    Running,
    /// It has ended with this code, and is not started again.
    Exited(i64),
}

/// One container of a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectContainer {
    /// The engine's id.
    pub id: String,
    /// Its service.
    pub service: String,
    /// The project.
    pub project: String,
    /// How far it is.
    pub state: ContainerState,
    /// What its health check says, if it has one: `starting`, `healthy`, `unhealthy`.
    pub health: Option<String>,
    /// The last words of its health check.
    pub health_output: String,
    /// Whether it was created under a run of swath's.
    pub carries_agent: bool,
    /// Where its published TCP ports answer on this host.
    pub published: Vec<(String, u16)>,
    /// Where its TCP ports answer in its own network, the published ones included.
    pub inside: Vec<(String, u16)>,
    /// The volumes that it mounts, swath's own left out.
    pub volumes: Vec<String>,
}

impl ProjectView {
    /// Asks the engine there.
    pub fn new(endpoint: Endpoint) -> ProjectView {
        ProjectView {
            engine: Engine::new(endpoint, Limits::default()),
        }
    }

    /// Asks the engine there what is worth little waiting.
    pub fn without_patience(endpoint: Endpoint) -> ProjectView {
        let limits = Limits {
            silence: LITTLE_PATIENCE,
            silence_at_end: LITTLE_PATIENCE,
        };
        let engine = Engine::new(endpoint, limits);
        engine.patience.end();
        ProjectView { engine }
    }

    /// What is known of the containers with these ids; one that is gone is left out.
    pub fn containers(&self, ids: &[String]) -> Result<Vec<ProjectContainer>, EngineError> {
        let mut found = Vec::new();
        for id in ids {
            match self.engine.container(id) {
                Ok(description) => found.push(read(&description, &self.host())),
                Err(error) if error.is_not_found() => {}
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }

    /// The ids of a project's containers, those of `compose run` left out.
    pub fn ids(&self, project: &str) -> Result<Vec<String>, EngineError> {
        let filter = json!({"label": [format!("{PROJECT_LABEL}={project}")]});
        let target = format!(
            "/containers/json?all=1&filters={}",
            escape(&filter.to_string())
        );
        let list = self.engine.json("GET", &target, &Content::Nothing)?;
        let containers = list.as_array().into_iter().flatten();
        Ok(containers
            .filter(|container| container["Labels"][ONE_OFF_LABEL] != "True")
            .filter_map(|container| container["Id"].as_str().map(str::to_owned))
            .collect())
    }

    /// The names of the containers that run, belong to the Compose project of a folder, and were
    /// not created under a run.
    pub fn running_unmeasured(&self, folder: &Path) -> Result<Vec<String>, EngineError> {
        let label = format!("{FOLDER_LABEL}={}", folder.display());
        let filter = escape(&json!({"label": [label], "status": ["running"]}).to_string());
        let target = format!("/containers/json?filters={filter}");
        let list = self.engine.json("GET", &target, &Content::Nothing)?;
        let containers = list.as_array().into_iter().flatten();
        Ok(containers
            .filter(|container| !bears(&container["Labels"], RUN_LABEL))
            .filter_map(|container| container["Names"][0].as_str())
            .map(|name| name.trim_start_matches('/').to_owned())
            .collect())
    }

    /// The last lines that a container wrote.
    pub fn last_output(&self, id: &str, lines: usize) -> Vec<String> {
        let target = format!(
            "/containers/{}/logs?stdout=1&stderr=1&tail={lines}",
            escape(id)
        );
        let mut bytes = Vec::new();
        // Some logging drivers give nothing back; there is nothing to show then.
        let Ok(answer) = self.engine.ask("GET", &target, &Content::Nothing) else {
            return Vec::new();
        };
        let _ = answer.take(LONGEST_OUTPUT).read_to_end(&mut bytes);
        let bytes = without_frames(&bytes);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        text.lines()
            .filter(|line| !line.trim().is_empty())
            .map(str::to_owned)
            .collect()
    }

    /// The names of all volumes.
    pub fn volumes(&self) -> Result<BTreeSet<String>, EngineError> {
        let list = self.engine.json("GET", "/volumes", &Content::Nothing)?;
        let volumes = list["Volumes"].as_array().into_iter().flatten();
        Ok(volumes
            .filter_map(|volume| volume["Name"].as_str().map(str::to_owned))
            .collect())
    }

    /// Removes a volume; one that is not there is no error.
    pub fn remove_volume(&self, name: &str) -> Result<(), EngineError> {
        self.engine.remove_volume(name)
    }

    /// Removes the containers and networks of a project that a run of swath's has brought up: what
    /// Compose would do, where it cannot be asked any more.
    pub fn remove(&self, project: &str) -> Result<(), EngineError> {
        let filter = json!({"label": [format!("{PROJECT_LABEL}={project}")]}).to_string();
        let filter = escape(&filter);
        let target = format!("/containers/json?all=1&filters={filter}");
        let containers = self.engine.json("GET", &target, &Content::Nothing)?;
        let mut all = containers.as_array().into_iter().flatten();
        if !all.any(|container| bears(&container["Labels"], RUN_LABEL)) {
            // Somebody has brought it up since.
            return Ok(());
        }
        for container in containers.as_array().into_iter().flatten() {
            if let Some(id) = container["Id"].as_str() {
                let stop = format!("/containers/{}/stop?t=2", escape(id));
                // What does not stop is removed all the same.
                let _ = self.engine.ask("POST", &stop, &Content::Nothing);
                self.engine.remove_container(id)?;
            }
        }
        let target = format!("/networks?filters={filter}");
        let networks = self.engine.json("GET", &target, &Content::Nothing)?;
        for network in networks.as_array().into_iter().flatten() {
            if let Some(id) = network["Id"].as_str() {
                let target = format!("/networks/{}", escape(id));
                self.engine.ask("DELETE", &target, &Content::Nothing)?;
            }
        }
        Ok(())
    }

    /// Where ports that the engine publishes are found from here.
    fn host(&self) -> String {
        match &self.engine.endpoint {
            Endpoint::Unix(_) => "127.0.0.1".to_owned(),
            Endpoint::Tcp(address) => {
                let host = address
                    .rsplit_once(':')
                    .map_or(address.as_str(), |(host, _)| host);
                host.to_owned()
            }
        }
    }

    /// Whether the containers' own networks can be reached from here.
    pub fn is_local(&self) -> bool {
        matches!(self.engine.endpoint, Endpoint::Unix(_))
    }

    /// Lets a moment pass between two looks.
    pub const PAUSE: Duration = Duration::from_millis(200);
}

/// An image that was made of a container may have the label without a value.
fn bears(labels: &Value, label: &str) -> bool {
    labels[label]
        .as_str()
        .is_some_and(|value| !value.is_empty())
}

fn read(description: &Value, host: &str) -> ProjectContainer {
    let labels = &description["Config"]["Labels"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let own = text(&labels[VOLUME_LABEL]);
    let state = &description["State"];
    let mounts = description["Mounts"].as_array().into_iter().flatten();
    let probes = state["Health"]["Log"].as_array();
    ProjectContainer {
        id: text(&description["Id"]),
        service: text(&labels[SERVICE_LABEL]),
        project: text(&labels[PROJECT_LABEL]),
        state: match state["Status"].as_str() {
            Some("exited" | "dead") => {
                ContainerState::Exited(state["ExitCode"].as_i64().unwrap_or(-1))
            }
            Some("running" | "paused") => ContainerState::Running,
            _ => ContainerState::Waiting,
        },
        health: state["Health"]["Status"]
            .as_str()
            .filter(|status| *status != "none")
            .map(str::to_owned),
        health_output: probes
            .and_then(|probes| probes.last())
            .map(|probe| text(&probe["Output"]).trim().to_owned())
            .unwrap_or_default(),
        carries_agent: bears(labels, RUN_LABEL),
        published: published(&description["NetworkSettings"]["Ports"], host),
        inside: inside(description),
        volumes: mounts
            .filter(|mount| mount["Type"] == "volume")
            .map(|mount| text(&mount["Name"]))
            .filter(|name| !name.is_empty() && *name != own)
            .collect(),
    }
}

/// The ports of this host that lead to a container; the same one is often bound for IPv4 and IPv6.
fn published(ports: &Value, host: &str) -> Vec<(String, u16)> {
    let mut found = Vec::new();
    for (_, bindings) in tcp(ports) {
        for binding in bindings.as_array().into_iter().flatten() {
            let Some(port) = binding["HostPort"]
                .as_str()
                .and_then(|port| port.parse().ok())
            else {
                continue;
            };
            let address = match binding["HostIp"].as_str() {
                None | Some("" | "0.0.0.0" | "::") => host,
                Some(address) => address,
            };
            found.push((address.to_owned(), port));
        }
    }
    found.sort();
    found.dedup();
    found
}

fn inside(description: &Value) -> Vec<(String, u16)> {
    let networks = description["NetworkSettings"]["Networks"].as_object();
    let address = networks
        .into_iter()
        .flat_map(|networks| networks.values())
        .filter_map(|network| network["IPAddress"].as_str())
        .find(|address| !address.is_empty());
    let Some(address) = address else {
        return Vec::new();
    };
    let ports = tcp(&description["NetworkSettings"]["Ports"]).map(|(port, _)| port);
    let exposed = tcp(&description["Config"]["ExposedPorts"]).map(|(port, _)| port);
    let ports = ports.chain(exposed).collect::<BTreeSet<u16>>();
    ports
        .into_iter()
        .map(|port| (address.to_owned(), port))
        .collect()
}

/// The TCP ports of `{"8000/tcp": …}`.
fn tcp(ports: &Value) -> impl Iterator<Item = (u16, &Value)> {
    let entries = ports.as_object().into_iter().flatten();
    entries.filter_map(|(name, value)| {
        let port = name.strip_suffix("/tcp")?.parse().ok()?;
        Some((port, value))
    })
}

/// The output of a container without a terminal comes in frames: kind, three zeros, length.
fn without_frames(bytes: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    let mut rest = bytes;
    while let [0..=2, 0, 0, 0, a, b, c, d, after @ ..] = rest {
        let length = u32::from_be_bytes([*a, *b, *c, *d]);
        let length = usize::try_from(length)
            .unwrap_or(usize::MAX)
            .min(after.len());
        let (frame, next) = after.split_at(length);
        text.extend_from_slice(frame);
        rest = next;
    }
    // With a terminal there are none.
    text.extend_from_slice(rest);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_container_is_read_as_the_engine_describes_it() {
        let description = json!({
            "Id": "a1",
            "Config": {
                "Labels": {
                    "com.docker.compose.service": "web", "com.docker.compose.project": "shop",
                    "swath.run": "r1", "swath.volume": "swath-r1-0",
                },
                "ExposedPorts": {"8000/tcp": {}, "9000/udp": {}},
            },
            "State": {"Status": "running", "Health": {
                "Status": "starting", "Log": [{"Output": "one"}, {"Output": "refused\n"}],
            }},
            "NetworkSettings": {
                "Ports": {
                    "8000/tcp": [
                        {"HostIp": "0.0.0.0", "HostPort": "32768"},
                        {"HostIp": "::", "HostPort": "32768"},
                    ],
                    "5432/tcp": null,
                },
                "Networks": {"shop_default": {"IPAddress": "172.18.0.2"}},
            },
            "Mounts": [
                {"Type": "volume", "Name": "swath-r1-0"},
                {"Type": "volume", "Name": "shop_data"},
                {"Type": "bind", "Source": "/a"},
            ],
        });
        let container = read(&description, "127.0.0.1");
        assert_eq!(container.state, ContainerState::Running);
        assert_eq!(container.health.as_deref(), Some("starting"));
        assert_eq!(container.health_output, "refused");
        assert_eq!(container.published, [("127.0.0.1".to_owned(), 32768)]);
        let inside = [5432, 8000].map(|port| ("172.18.0.2".to_owned(), port));
        assert_eq!(container.inside, inside);
        assert_eq!(container.volumes, ["shop_data"]);
        assert!(container.carries_agent);
        let ended = read(&json!({"State": {"Status": "exited", "ExitCode": 3}}), "");
        assert_eq!(ended.state, ContainerState::Exited(3));
    }

    #[test]
    fn output_comes_in_frames_or_not() {
        let framed = [
            &[1, 0, 0, 0, 0, 0, 0, 2][..],
            b"a\n",
            &[2, 0, 0, 0, 0, 0, 0, 9],
            b"cut",
        ];
        assert_eq!(without_frames(&framed.concat()), b"a\ncut");
        assert_eq!(without_frames(b"plain\n"), b"plain\n");
    }
}
