//! The containers and the volume that a pod gets.

use super::environment::{literal, variable_of};
use super::request::Sidecars;
use super::rules::Rules;
use super::workload::Workload;
use crate::node::Node;
use crate::order::VolumeOrder;

/// The volume.
pub(super) const VOLUME: &str = "swath";
/// The container that fills it.
pub(super) const PREPARE: &str = "swath-prepare";
/// The container that ships what is recorded in it.
pub const SHIP: &str = "swath-ship";
/// Where the volume may be mounted.
pub(super) const FOLDERS: [&str; 2] = ["/swath", "/swath-run"];

/// The most that a volume may hold: a pod that writes more is evicted. A process takes about as much
/// as its code, so this is enough for thousands.
const SIZE_LIMIT: &str = "1Gi";
/// How long a native sidecar, which is told to end when the others have ended, waits for processes
/// that did not say so: they were killed.
const GRACE: &str = "2s";
/// A user who owns nothing, for pods that would run everything as root.
const NOBODY: &str = "65532";

/// The volume itself.
pub(super) fn volume() -> Node {
    let limit = Node::mapping([("sizeLimit", Node::text(SIZE_LIMIT))]);
    Node::mapping([("name", Node::text(VOLUME)), ("emptyDir", limit)])
}

/// The volume in a container.
pub(super) fn mount(folder: &str) -> Node {
    Node::mapping([
        ("name", Node::text(VOLUME)),
        ("mountPath", Node::text(folder)),
    ])
}

/// The container that fills the volume for these containers, before any of them starts.
pub(super) fn prepare(rules: &Rules<'_>, order: &VolumeOrder, folder: &str, spec: &Node) -> Node {
    let words = ["swath", "fleet", "prepare", folder].map(str::to_owned);
    let command = words.into_iter().chain(order.places.keys().cloned());
    let variables = order.variables().into_iter();
    let variables = variables.map(|(name, value)| variable_of(name, &literal(&value)));
    beside(
        PREPARE,
        rules,
        Node::texts(command),
        Node::Sequence(variables.collect()),
        folder,
        spec,
        ("100m", "64Mi"),
    )
}

/// The container that ships, if there is a store.
pub(super) fn ship(
    rules: &Rules<'_>,
    workload: &Workload,
    folder: &str,
    spec: &Node,
) -> Option<Node> {
    let store = rules.store.as_deref()?;
    let store = literal(store);
    let mut command = vec!["swath", "ship", "--from", folder, "--to", &store];
    if rules.sidecars == Sidecars::Native {
        command.extend(["--grace", GRACE]);
    }
    let fields = [
        ("SWATH_POD", "metadata.name"),
        ("SWATH_POD_UID", "metadata.uid"),
        ("SWATH_NAMESPACE", "metadata.namespace"),
        ("SWATH_NODE", "spec.nodeName"),
    ];
    let mut variables: Vec<Node> = fields
        .map(|(name, field)| {
            let field = Node::mapping([("fieldPath", Node::text(field))]);
            let source = Node::mapping([("fieldRef", field)]);
            Node::mapping([("name", Node::text(name)), ("valueFrom", source)])
        })
        .into();
    variables.push(variable_of("SWATH_WORKLOAD", &workload.to_string()));
    let mut ship = beside(
        SHIP,
        rules,
        Node::texts(command),
        Node::Sequence(variables),
        folder,
        spec,
        ("100m", "128Mi"),
    );
    if let Some(secret) = rules.store_secret {
        let name = Node::mapping([("name", Node::text(secret))]);
        let source = Node::mapping([("secretRef", name)]);
        ship.set("envFrom", Node::Sequence(vec![source]))?;
    }
    if rules.sidecars == Sidecars::Native {
        ship.set("restartPolicy", Node::text("Always"))?;
    }
    Some(ship)
}

/// A container of swath's own in a pod of somebody else's.
fn beside(
    name: &str,
    rules: &Rules<'_>,
    command: Node,
    variables: Node,
    folder: &str,
    spec: &Node,
    amounts: (&str, &str),
) -> Node {
    let image = rules.image.unwrap_or_default();
    let mut container = container(name, image, command, variables, mount(folder), amounts);
    // Else it is the user of the pod, or the one of the image.
    if spec.text_at(&["securityContext", "runAsUser"]) == Some("0")
        && let Some(rights) = container.mapping_mut("securityContext")
    {
        let _ = rights.set("runAsUser", Node::plain(NOBODY));
    }
    container
}

/// A container of swath's own: with the rights that the restricted profile of Kubernetes allows, and
/// with limits that are its requests, so that a pod with guaranteed resources stays one.
pub(super) fn container(
    name: &str,
    image: &str,
    command: Node,
    variables: Node,
    mount: Node,
    (processor, memory): (&str, &str),
) -> Node {
    let drop_all = Node::mapping([("drop", Node::texts(["ALL"]))]);
    let profile = Node::mapping([("type", Node::text("RuntimeDefault"))]);
    let rights = Node::mapping([
        ("allowPrivilegeEscalation", Node::plain("false")),
        ("capabilities", drop_all),
        ("readOnlyRootFilesystem", Node::plain("true")),
        ("runAsNonRoot", Node::plain("true")),
        ("seccompProfile", profile),
    ]);
    let amount = || {
        Node::mapping([
            ("cpu", Node::text(processor)),
            ("memory", Node::text(memory)),
        ])
    };
    let resources = Node::mapping([("limits", amount()), ("requests", amount())]);
    Node::mapping([
        ("name", Node::text(name)),
        ("image", Node::text(image)),
        ("command", command),
        ("env", variables),
        ("resources", resources),
        ("securityContext", rights),
        ("volumeMounts", Node::Sequence(vec![mount])),
    ])
}
