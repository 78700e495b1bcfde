//! The service that ships: one task on every node, which sends what all other tasks there record.

use std::collections::BTreeMap;

use super::environment::literal;
use super::service::mount;
use super::{RUN_LABEL, Rules};
use crate::node::Node;
use crate::order::{DeclaredContainer, PLACES_VARIABLE, VolumeOrder};

/// How long it waits for tasks to end when it is told to end itself: a stack that is removed ends
/// all of its services at once.
const GRACE: &str = "20s";
/// How long the engine waits for it.
const STOP_GRACE: &str = "40s";

/// The service. `places` are the measured services, by their names.
pub(super) fn service(rules: &Rules<'_>, places: BTreeMap<String, DeclaredContainer>) -> Node {
    let request = rules.request;
    let tasks = rules.tasks();
    let from = format!("{tasks}/{}", request.run);
    let mut order = VolumeOrder {
        places,
        ..VolumeOrder::default()
    };
    order.fit();
    let [_, (_, places)] = order.variables();
    let to = literal(&rules.to);
    let mut command = vec!["ship", "--tasks", "--from", &from, "--to", &to];
    command.extend(["--grace", GRACE]);
    let secret = request.store_secret.as_deref();
    let file = secret.map(|secret| format!("/run/secrets/{secret}"));
    command.extend(file.iter().flat_map(|file| ["--variables", file]));
    // What the Swarm fills in.
    let stack = r#"{{index .Service.Labels "com.docker.stack.namespace"}}"#;
    let environment = Node::mapping([
        ("SWATH_NAMESPACE", Node::text(stack)),
        ("SWATH_NODE", Node::text("{{.Node.Hostname}}")),
        (PLACES_VARIABLE, Node::text(literal(&places))),
    ]);
    let mut own = mount(&tasks);
    let _ = own.set("read_only", Node::plain("true"));
    let mut mounts = vec![own];
    // A store that is a folder is one of every node.
    mounts.extend(rules.to.strip_prefix("file://").map(|_| {
        let folder = request.store.trim_start_matches("file://");
        let folder = folder.trim_end_matches('/');
        Node::mapping([
            ("type", Node::text("bind")),
            ("source", Node::text(literal(folder))),
            ("target", Node::text(literal(folder))),
        ])
    }));
    let amount = Node::mapping([("cpus", Node::text("0.25")), ("memory", Node::text("128M"))]);
    let run = || Node::mapping([(RUN_LABEL, Node::text(request.run.clone()))]);
    let deploy = Node::mapping([
        ("mode", Node::text("global")),
        ("labels", run()),
        (
            "placement",
            Node::mapping([("constraints", Node::texts(["node.platform.os == linux"]))]),
        ),
        ("resources", Node::mapping([("limits", amount)])),
    ]);
    let mut service = Node::mapping([
        ("image", Node::text(request.image.clone())),
        ("entrypoint", Node::texts(["swath"])),
        ("command", Node::texts(command)),
        ("environment", environment),
        ("labels", run()),
        ("volumes", Node::Sequence(mounts)),
        ("read_only", Node::plain("true")),
        ("cap_drop", Node::texts(["ALL"])),
        ("stop_grace_period", Node::text(STOP_GRACE)),
        ("deploy", deploy),
    ]);
    if let Some(secret) = secret {
        let _ = service.set("secrets", Node::texts([secret]));
    }
    service
}
