//! What the tasks of a service get: one answer, for the stack file and for the engine's own way of
//! writing a service.

use serde_json::{Map, Value, json};

use super::request::AgentConfig;
use super::{MOUNT_OPTIONS, RUN_LABEL, SERVICE_LABEL, VOLUME};
use crate::node::Node;

/// What is done to a service so that its tasks measure themselves. How the agent gets in front of
/// `PYTHONPATH` is said elsewhere: it depends on what is known of the image.
#[derive(Debug, Clone, Copy)]
pub struct TaskAddition<'a> {
    /// The service's name: that of the folder in which its tasks record.
    pub service: &'a str,
    /// The run for which it is measured.
    pub run: &'a str,
    /// Where a task has what is swath's.
    pub folder: &'a str,
    /// The volume that the tasks of a node record into.
    pub volume: TaskVolume<'a>,
    /// The files of the agent.
    pub configs: &'a [AgentConfig],
}

/// The volume that the tasks of a node record into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaskVolume<'a> {
    /// One that the engine has, or the stack file declares, by its name.
    Named(&'a str),
    /// One in memory, which each node makes when the first task needs it.
    OfNodes,
}

impl<'a> TaskVolume<'a> {
    /// Its name.
    pub fn name(self) -> &'a str {
        match self {
            TaskVolume::Named(name) => name,
            TaskVolume::OfNodes => VOLUME,
        }
    }

    /// The volume in a task, as the engine's API has it.
    pub(super) fn mount(self, folder: &str) -> Value {
        // What the image has there does not go into it.
        let mut options = json!({"NoCopy": true});
        if self == TaskVolume::OfNodes {
            options["DriverConfig"] = json!({
                "Name": "local",
                "Options": {"type": "tmpfs", "device": "tmpfs", "o": MOUNT_OPTIONS},
            });
        }
        json!({
            "Type": "volume",
            "Source": self.name(),
            "Target": folder,
            "VolumeOptions": options,
        })
    }
}

/// Why a service of the engine's API is not rewritten.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SpecificationError {
    /// A part of it is not as the API has it.
    #[error("its `{0}` is not as the engine's API has it")]
    Malformed(&'static str),
    /// A config that it is to get is not known to the Swarm.
    #[error("the Swarm has no config `{0}`")]
    NoConfig(String),
}

/// The folder of the agent, in what is swath's.
pub(super) fn agent_in(folder: &str) -> String {
    format!("{folder}/agent")
}

/// The folder below which each task has one of its own, in what is swath's.
pub(super) fn tasks_in(folder: &str) -> String {
    format!("{folder}/tasks")
}

impl TaskAddition<'_> {
    /// The labels that say what was done, of the service and of its tasks: the templates of the agent's
    /// settings read the first one.
    pub const LABELS: [&'static str; 2] = [SERVICE_LABEL, RUN_LABEL];

    /// The folder below which each task has one of its own.
    pub fn tasks(&self) -> String {
        tasks_in(self.folder)
    }

    fn labels(&self) -> [(&'static str, &str); 2] {
        let [service, run] = Self::LABELS;
        [(service, self.service), (run, self.run)]
    }

    /// The configs, and where a task has them.
    fn files(&self) -> impl Iterator<Item = (&AgentConfig, String)> {
        let agent = agent_in(self.folder);
        let configs = self.configs.iter();
        configs.map(move |config| (config, format!("{agent}/{}", config.target)))
    }

    /// Adds it to a service of a stack file; the name of the part that is not as Compose has it, if
    /// one is not.
    pub(super) fn add_to_compose(&self, service: &mut Node) -> Result<(), &'static str> {
        let configs = service.sequence_mut("configs").ok_or("configs")?;
        configs.extend(self.files().map(|(config, target)| {
            Node::mapping([
                ("source", Node::text(config.key.clone())),
                ("target", Node::text(target)),
                ("mode", Node::plain("0444")),
            ])
        }));
        let volumes = service.sequence_mut("volumes").ok_or("volumes")?;
        volumes.push(mount(self.volume.name(), &self.tasks()));
        let labels = self.labels();
        label(service, &labels).ok_or("labels")?;
        let deploy = service.mapping_mut("deploy").ok_or("deploy")?;
        label(deploy, &labels).ok_or("deploy")
    }

    /// Adds it to a service as the engine's API has it. `id_of` gives the Swarm's id of a config;
    /// `marks` are more labels for the tasks.
    ///
    /// # Errors
    /// When the service is not as the API has it, or a config is not there. It is of no use then.
    pub fn add_to_specification(
        &self,
        specification: &mut Value,
        id_of: &dyn Fn(&AgentConfig) -> Option<String>,
        marks: &[(&str, &str)],
    ) -> Result<(), SpecificationError> {
        let labels = self.labels();
        add_labels(specification, &labels)?;
        let container = (specification.pointer_mut("/TaskTemplate/ContainerSpec"))
            .ok_or(SpecificationError::Malformed("ContainerSpec"))?;
        add_labels(container, &labels)?;
        add_labels(container, marks)?;
        let configs = list(container, "Configs")?;
        for (config, target) in self.files() {
            let key = &config.key;
            let id = id_of(config).ok_or_else(|| SpecificationError::NoConfig(key.clone()))?;
            configs.push(json!({
                "File": {"Name": target, "UID": "0", "GID": "0", "Mode": 0o444},
                "ConfigID": id,
                "ConfigName": key,
            }));
        }
        list(container, "Mounts")?.push(self.volume.mount(&self.tasks()));
        Ok(())
    }

    /// Takes out of a service, as the engine's API has it, what was added with this volume: the
    /// client sees, and sends back, the service that it wrote. Marks are taken by whoever gave them.
    pub fn take_from_specification(specification: &mut Value, volume: &str) {
        remove_labels(specification);
        let Some(container) = specification.pointer_mut("/TaskTemplate/ContainerSpec") else {
            return;
        };
        Self::take_from_container(container, volume);
    }

    /// The same of the part that each task has.
    pub fn take_from_container(container: &mut Value, volume: &str) {
        remove_labels(container);
        retain(container, "Mounts", |mount| mount["Source"] != volume);
        let agent = |config: &Value| {
            let mounts = config["File"]["Name"].as_str().unwrap_or_default();
            let name = config["ConfigName"].as_str().unwrap_or_default();
            name.starts_with(volume) && mounts.contains("/agent/")
        };
        retain(container, "Configs", |config| !agent(config));
    }
}

/// The volume of the node in a task. What the image has there does not go into it.
pub(super) fn mount(volume: &str, folder: &str) -> Node {
    let options = Node::mapping([("nocopy", Node::plain("true"))]);
    Node::mapping([
        ("type", Node::text("volume")),
        ("source", Node::text(volume)),
        ("target", Node::text(folder)),
        ("volume", options),
    ])
}

/// Adds labels, in whatever way the others are written.
fn label(of: &mut Node, labels: &[(&str, &str)]) -> Option<()> {
    if of.get("labels").is_none() {
        of.set("labels", Node::Mapping(Vec::new()))?;
    }
    let there = of.get_mut("labels")?;
    for (key, value) in labels {
        match there {
            Node::Sequence(items) => items.push(Node::text(format!("{key}={value}"))),
            Node::Mapping(_) => there.set(key, Node::text(*value))?,
            Node::Scalar(_) => return None,
        }
    }
    Some(())
}

fn add_labels(of: &mut Value, labels: &[(&str, &str)]) -> Result<(), SpecificationError> {
    let malformed = SpecificationError::Malformed("Labels");
    let of = of.as_object_mut().ok_or_else(|| malformed.clone())?;
    let there = of.entry("Labels").or_insert(Value::Null);
    if there.is_null() {
        *there = Value::Object(Map::new());
    }
    let there = there.as_object_mut().ok_or(malformed)?;
    for (key, value) in labels {
        there.insert((*key).to_owned(), json!(value));
    }
    Ok(())
}

fn remove_labels(of: &mut Value) {
    if let Some(there) = of.get_mut("Labels").and_then(Value::as_object_mut) {
        for label in TaskAddition::LABELS {
            there.remove(label);
        }
    }
}

/// The list under a key, made where there is none.
fn list<'a>(
    of: &'a mut Value,
    key: &'static str,
) -> Result<&'a mut Vec<Value>, SpecificationError> {
    let malformed = SpecificationError::Malformed(key);
    let of = of.as_object_mut().ok_or_else(|| malformed.clone())?;
    let there = of.entry(key).or_insert(Value::Null);
    if there.is_null() {
        *there = Value::Array(Vec::new());
    }
    there.as_array_mut().ok_or(malformed)
}

/// Keeps some of a list; one that had nothing else is gone.
fn retain(of: &mut Value, key: &str, keep: impl Fn(&Value) -> bool) {
    let Some(of) = of.as_object_mut() else {
        return;
    };
    let Some(Value::Array(items)) = of.get_mut(key) else {
        return;
    };
    let before = items.len();
    items.retain(keep);
    if items.is_empty() && before > 0 {
        of.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARKS: [(&str, &str); 1] = [("swath.volume", "swath-r1-tasks")];

    fn addition(configs: &[AgentConfig]) -> TaskAddition<'_> {
        TaskAddition {
            service: "web",
            run: "r1",
            folder: "/dev/swath",
            volume: TaskVolume::Named("swath-r1-tasks"),
            configs,
        }
    }

    fn configs() -> Vec<AgentConfig> {
        vec![AgentConfig {
            key: "swath-r1-tasks-01".to_owned(),
            path: String::new(),
            target: "sitecustomize.py".to_owned(),
            is_template: false,
        }]
    }

    #[test]
    fn what_is_added_to_a_service_of_the_api_is_taken_out_again() {
        let configs = configs();
        let bare = json!({
            "Name": "web",
            "Labels": {},
            "TaskTemplate": {"ContainerSpec": {"Image": "x", "Labels": {}}, "ForceUpdate": 3},
        });
        let full = json!({
            "Name": "web",
            "Labels": {"a": "b"},
            "TaskTemplate": {"ContainerSpec": {
                "Image": "x",
                "Labels": {"c": "d"},
                "Configs": [{"File": {"Name": "/etc/agent/x"}, "ConfigName": "mine"}],
                "Mounts": [{"Type": "volume", "Source": "data", "Target": "/data"}],
            }},
        });
        for before in [bare, full] {
            let mut after = before.clone();
            let id = |config: &AgentConfig| Some(format!("id-of-{}", config.key));
            let added = addition(&configs).add_to_specification(&mut after, &id, &MARKS);
            assert_eq!(added, Ok(()));
            assert_eq!(after["Labels"][SERVICE_LABEL], "web");
            let container = &after["TaskTemplate"]["ContainerSpec"];
            assert_eq!(container["Labels"][RUN_LABEL], "r1");
            assert_eq!(container["Labels"]["swath.volume"], "swath-r1-tasks");
            let last = container["Configs"].as_array().unwrap().last().unwrap();
            assert_eq!(last["ConfigID"], "id-of-swath-r1-tasks-01");
            assert_eq!(last["File"]["Name"], "/dev/swath/agent/sitecustomize.py");
            let mount = container["Mounts"].as_array().unwrap().last().unwrap();
            assert_eq!(mount["Target"], "/dev/swath/tasks");
            let labels = after.pointer_mut("/TaskTemplate/ContainerSpec/Labels");
            labels
                .unwrap()
                .as_object_mut()
                .unwrap()
                .remove("swath.volume");
            TaskAddition::take_from_specification(&mut after, "swath-r1-tasks");
            assert_eq!(after, before);
        }
    }

    #[test]
    fn nodes_that_are_elsewhere_make_a_volume_in_memory() {
        let mount = TaskVolume::OfNodes.mount("/swath/tasks");
        let options = &mount["VolumeOptions"]["DriverConfig"]["Options"];
        assert_eq!(options["type"], "tmpfs");
        assert_eq!(options["o"], MOUNT_OPTIONS);
        let mount = TaskVolume::Named("x").mount("/swath/tasks");
        assert_eq!(mount["VolumeOptions"], json!({"NoCopy": true}));
    }

    #[test]
    fn what_is_no_service_gets_nothing() {
        let configs = configs();
        let add = |mut text: Value| {
            let id = |_: &AgentConfig| None;
            addition(&configs).add_to_specification(&mut text, &id, &[])
        };
        let malformed = |part| Err(SpecificationError::Malformed(part));
        assert_eq!(add(json!([])), malformed("Labels"));
        assert_eq!(add(json!({})), malformed("ContainerSpec"));
        let with = |container: Value| json!({"TaskTemplate": {"ContainerSpec": container}});
        assert_eq!(add(with(json!({"Labels": 1}))), malformed("Labels"));
        assert_eq!(add(with(json!({"Configs": {}}))), malformed("Configs"));
        let missing = SpecificationError::NoConfig("swath-r1-tasks-01".to_owned());
        assert_eq!(add(with(json!({}))), Err(missing));
    }
}
