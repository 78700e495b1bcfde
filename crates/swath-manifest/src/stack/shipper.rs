//! The service that ships: one task on every node, which sends what all other tasks there record.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::addition::{TaskVolume, mount, tasks_in};
use super::environment::{literal, without_templates};
use super::{RUN_LABEL, Rules, VOLUME};
use crate::kubernetes::rules::address;
use crate::node::Node;
use crate::order::{DeclaredContainer, PLACES_VARIABLE, VolumeOrder};

/// How long it waits for tasks to end when it is told to end itself: a stack that is removed ends
/// all of its services at once.
const GRACE: &str = "20s";
/// How long the engine waits for it, in seconds.
const STOP_GRACE: u64 = 40;
/// What it may use of a node: thousandths of a processor, and MiB.
const PROCESSOR: u64 = 250;
const MEMORY: u64 = 128;
/// Where it runs.
const CONSTRAINT: &str = "node.platform.os == linux";
/// What a Swarm fills in.
const STACK: &str = r#"{{index .Service.Labels "com.docker.stack.namespace"}}"#;
const NODE: &str = "{{.Node.Hostname}}";

/// What the service that ships is told.
#[derive(Debug, Clone, Copy)]
pub struct ShippingService<'a> {
    /// The image that holds swath.
    pub image: &'a str,
    /// The run's name.
    pub run: &'a str,
    /// Where it ships to: the run has a folder there.
    pub store: &'a str,
    /// The secret of the Swarm with the variables of the store.
    pub store_secret: Option<&'a str>,
    /// Where a task has what is swath's.
    pub folder: &'a str,
}

impl ShippingService<'_> {
    /// The run's address in the store.
    pub fn address(&self) -> String {
        address(self.store, self.run)
    }

    /// What it runs. `literal` writes a text so that nothing in it is filled in.
    fn command(&self, literal: &dyn Fn(&str) -> String) -> Vec<String> {
        let from = format!("{}/{}", tasks_in(self.folder), self.run);
        let to = literal(&self.address());
        let words = [
            "ship", "--tasks", "--from", &from, "--to", &to, "--grace", GRACE,
        ];
        let mut command: Vec<String> = words.map(str::to_owned).to_vec();
        if let Some(secret) = self.store_secret {
            command.extend(["--variables".to_owned(), format!("/run/secrets/{secret}")]);
        }
        command
    }

    /// The folder of every node that it ships to, if it is one.
    fn folder_of_nodes(&self) -> Option<&str> {
        let folder = self.store.strip_prefix("file://")?;
        Some(folder.trim_end_matches('/'))
    }

    /// The service in a stack file. `places` are the measured services, by their names.
    fn in_compose(&self, places: BTreeMap<String, DeclaredContainer>) -> Node {
        let mut order = VolumeOrder {
            places,
            ..VolumeOrder::default()
        };
        order.fit();
        let [_, (_, places)] = order.variables();
        let environment = Node::mapping([
            ("SWATH_NAMESPACE", Node::text(STACK)),
            ("SWATH_NODE", Node::text(NODE)),
            (PLACES_VARIABLE, Node::text(literal(&places))),
        ]);
        let mut own = mount(VOLUME, &tasks_in(self.folder));
        let _ = own.set("read_only", Node::plain("true"));
        let mut mounts = vec![own];
        mounts.extend(self.folder_of_nodes().map(|folder| {
            Node::mapping([
                ("type", Node::text("bind")),
                ("source", Node::text(literal(folder))),
                ("target", Node::text(literal(folder))),
            ])
        }));
        let processors = format!("{}.{:02}", PROCESSOR / 1000, PROCESSOR % 1000 / 10);
        let amount = Node::mapping([
            ("cpus", Node::text(processors)),
            ("memory", Node::text(format!("{MEMORY}M"))),
        ]);
        let run = || Node::mapping([(RUN_LABEL, Node::text(self.run))]);
        let deploy = Node::mapping([
            ("mode", Node::text("global")),
            ("labels", run()),
            (
                "placement",
                Node::mapping([("constraints", Node::texts([CONSTRAINT]))]),
            ),
            ("resources", Node::mapping([("limits", amount)])),
        ]);
        let mut service = Node::mapping([
            ("image", Node::text(self.image)),
            ("entrypoint", Node::texts(["swath"])),
            ("command", Node::texts(self.command(&literal))),
            ("environment", environment),
            ("labels", run()),
            ("volumes", Node::Sequence(mounts)),
            ("read_only", Node::plain("true")),
            ("cap_drop", Node::texts(["ALL"])),
            ("stop_grace_period", Node::text(format!("{STOP_GRACE}s"))),
            ("deploy", deploy),
        ]);
        if let Some(secret) = self.store_secret {
            let _ = service.set("secrets", Node::texts([secret]));
        }
        service
    }

    /// The service as an engine's API has it, under this name. What its tasks ship is in `namespace`;
    /// `secret` is the Swarm's id of the secret.
    pub fn specification(&self, name: &str, namespace: &str, secret: Option<&str>) -> Value {
        let mut own = TaskVolume::OfNodes.mount(&tasks_in(self.folder));
        own["ReadOnly"] = json!(true);
        let mut mounts = vec![own];
        mounts.extend(self.folder_of_nodes().map(|folder| {
            let folder = without_templates(folder);
            json!({"Type": "bind", "Source": folder, "Target": folder})
        }));
        let secrets = self.store_secret.zip(secret).map(|(name, id)| {
            let file = json!({"Name": name, "UID": "0", "GID": "0", "Mode": 0o444});
            json!({"File": file, "SecretID": id, "SecretName": name})
        });
        json!({
            "Name": name,
            "Labels": {RUN_LABEL: self.run},
            "Mode": {"Global": {}},
            "TaskTemplate": {
                "ContainerSpec": {
                    "Image": self.image,
                    "Command": ["swath"],
                    "Args": self.command(&without_templates),
                    "Env": [format!("SWATH_NAMESPACE={namespace}"), format!("SWATH_NODE={NODE}")],
                    "Labels": {RUN_LABEL: self.run},
                    "Mounts": mounts,
                    "Secrets": Vec::from_iter(secrets),
                    "ReadOnly": true,
                    "CapabilityDrop": ["ALL"],
                    "StopGracePeriod": STOP_GRACE * 1_000_000_000,
                },
                "Placement": {"Constraints": [CONSTRAINT]},
                "Resources": {"Limits": {
                    "NanoCPUs": PROCESSOR * 1_000_000,
                    "MemoryBytes": MEMORY << 20,
                }},
            },
        })
    }
}

/// The service of a stack. `places` are the measured services, by their names.
pub(super) fn service(rules: &Rules<'_>, places: BTreeMap<String, DeclaredContainer>) -> Node {
    let request = rules.request;
    let service = ShippingService {
        image: &request.image,
        run: &request.run,
        store: &request.store,
        store_secret: request.store_secret.as_deref(),
        folder: rules.folder,
    };
    service.in_compose(places)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_told_the_same_in_a_stack_file_and_by_the_api() {
        let service = ShippingService {
            image: "registry/swath:1",
            run: "r1",
            store: "file:///srv/{{x}}/",
            store_secret: Some("store"),
            folder: "/dev/swath",
        };
        let api = service.specification("swath-ship-r1", "r1", Some("id"));
        let container = &api["TaskTemplate"]["ContainerSpec"];
        let compose = service.in_compose(BTreeMap::new());
        let of_compose: Vec<&str> = compose
            .items("command")
            .iter()
            .filter_map(Node::as_text)
            .collect();
        let of_api: Vec<&str> = container["Args"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(Value::as_str)
            .collect();
        assert_eq!(of_compose, of_api);
        let literal = r#"file:///srv/{{"{{"}}x}}/r1"#;
        assert!(of_api.contains(&literal), "{of_api:?}");
        assert_eq!(container["Secrets"][0]["SecretID"], "id");
        assert_eq!(container["Mounts"][0]["ReadOnly"], true);
        assert_eq!(container["Mounts"][1]["Source"], r#"/srv/{{"{{"}}x}}"#);
        assert_eq!(
            compose.text_at(&["deploy", "resources", "limits", "cpus"]),
            Some("0.25")
        );
        assert_eq!(
            api["TaskTemplate"]["Resources"]["Limits"]["NanoCPUs"],
            250_000_000
        );
        let none = ShippingService {
            store_secret: None,
            ..service
        };
        let api = none.specification("swath-ship-r1", "r1", None);
        assert_eq!(api["TaskTemplate"]["ContainerSpec"]["Secrets"], json!([]));
    }
}
