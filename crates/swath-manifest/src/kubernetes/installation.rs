//! What installs the admission webhook in a cluster, as manifests.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::added;
use super::admission::{self, Admission};
use super::environment::{literal, variable_of};
use super::pod::MEASURE_LABEL;
use super::request::{KubernetesRequest, Sidecars};
use crate::error::{Input, ManifestError};
use crate::node::Node;
use crate::order::SETTINGS_VARIABLE;
use crate::yaml;

/// Where API servers ask the webhook.
pub const WEBHOOK_PATH: &str = "/mutate";
/// Where kubelets ask whether it lives.
pub const HEALTH_PATH: &str = "/healthz";
/// The port that it listens on.
pub const WEBHOOK_PORT: u16 = 8443;

/// What everything is called.
const NAME: &str = "swath-webhook";
/// Where the certificate is mounted.
const CERTIFICATES: &str = "/certificates";
/// How many answer: one while the other is replaced.
const REPLICAS: &str = "2";
/// How long API servers wait for an answer, in seconds; then the pod is created as it is.
const TIMEOUT: &str = "5";
/// Enough for the largest reviews that are answered at once.
const MEMORY: &str = "256Mi";
/// How long a pod that is being removed answers new requests: until every node knows that it is.
const LINGER: &str = "5s";
/// The label by which clusters name their namespaces.
const NAMESPACE_LABEL: &str = "kubernetes.io/metadata.name";

/// Where the webhook is installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installation {
    /// The namespace, which is made for it and removed with it.
    pub namespace: String,
    /// The secret of the type `kubernetes.io/tls` with its certificate and key.
    pub secret: String,
    /// The certificates that API servers trust for it, as PEM; `None` if something else puts them in.
    pub authority: Option<String>,
}

impl Installation {
    /// The manifests, for pods that get what is asked for.
    pub fn manifests(&self, request: &KubernetesRequest) -> Result<String, ManifestError> {
        Admission::new(request.clone())?;
        let mut text =
            "# What `swath kubernetes webhook-manifests` prints; `kubectl delete -f` of it removes all.\n"
                .to_owned();
        let objects = [
            self.namespace(),
            self.deployment(request),
            self.service(),
            self.configuration(),
        ];
        for object in objects {
            let line = 1;
            let object = yaml::render(&object).ok_or(ManifestError::NotWritable {
                line,
                input: Input::Manifests,
            })?;
            text.extend(["---\n", &object]);
        }
        Ok(text)
    }

    fn namespace(&self) -> Node {
        let labels = [(
            "pod-security.kubernetes.io/enforce",
            Node::text("restricted"),
        )];
        let metadata = [
            ("name", Node::text(&self.namespace)),
            ("labels", Node::mapping(labels)),
        ];
        object("v1", "Namespace", Node::mapping(metadata), [])
    }

    fn deployment(&self, request: &KubernetesRequest) -> Node {
        let labels = || Node::mapping([("app.kubernetes.io/name", Node::text(NAME))]);
        let secret = Node::mapping([("secretName", Node::text(&self.secret))]);
        let volume = Node::mapping([("name", Node::text("certificates")), ("secret", secret)]);
        let pod = Node::mapping([
            // It asks the cluster nothing.
            ("automountServiceAccountToken", Node::plain("false")),
            ("containers", Node::Sequence(vec![container(request)])),
            ("volumes", Node::Sequence(vec![volume])),
        ]);
        let template = Node::mapping([
            ("metadata", Node::mapping([("labels", labels())])),
            ("spec", pod),
        ]);
        let spec = Node::mapping([
            ("replicas", Node::plain(REPLICAS)),
            ("selector", Node::mapping([("matchLabels", labels())])),
            ("template", template),
        ]);
        object("apps/v1", "Deployment", self.metadata(), [("spec", spec)])
    }

    fn service(&self) -> Node {
        let port = Node::mapping([
            ("port", Node::plain("443")),
            ("targetPort", Node::text("https")),
        ]);
        let selector = [("app.kubernetes.io/name", Node::text(NAME))];
        let spec = Node::mapping([
            ("selector", Node::mapping(selector)),
            ("ports", Node::Sequence(vec![port])),
        ]);
        object("v1", "Service", self.metadata(), [("spec", spec)])
    }

    /// Which pods API servers ask about: those of namespaces with the label, and those that have it
    /// themselves. A pod that both are true of is asked about twice, and changed once.
    fn configuration(&self) -> Node {
        let elsewhere = || expression(NAMESPACE_LABEL, "NotIn", [self.namespace.as_str()]);
        let wanted = || expression(MEASURE_LABEL, "In", ["true"]);
        let refused = expression(MEASURE_LABEL, "NotIn", ["false"]);
        let webhooks = vec![
            self.webhook("namespaces", vec![wanted(), elsewhere()], vec![refused]),
            self.webhook("pods", vec![elsewhere()], vec![wanted()]),
        ];
        let metadata = Node::mapping([("name", Node::text(NAME))]);
        object(
            "admissionregistration.k8s.io/v1",
            "MutatingWebhookConfiguration",
            metadata,
            [("webhooks", Node::Sequence(webhooks))],
        )
    }

    fn webhook(&self, of: &str, namespaces: Vec<Node>, pods: Vec<Node>) -> Node {
        let service = Node::mapping([
            ("namespace", Node::text(&self.namespace)),
            ("name", Node::text(NAME)),
            ("path", Node::text(WEBHOOK_PATH)),
        ]);
        let mut client = Node::mapping([("service", service)]);
        if let Some(authority) = &self.authority {
            let _ = client.set("caBundle", Node::text(STANDARD.encode(authority)));
        }
        let rule = Node::mapping([
            ("apiGroups", Node::texts([""])),
            ("apiVersions", Node::texts(["v1"])),
            ("operations", Node::texts(["CREATE"])),
            ("resources", Node::texts(["pods"])),
            ("scope", Node::text("Namespaced")),
        ]);
        let selector =
            |expressions| Node::mapping([("matchExpressions", Node::Sequence(expressions))]);
        Node::mapping([
            ("name", Node::text(format!("{of}.webhook.swath.dev"))),
            ("clientConfig", client),
            ("rules", Node::Sequence(vec![rule])),
            ("namespaceSelector", selector(namespaces)),
            ("objectSelector", selector(pods)),
            // A cluster goes on without swath.
            ("failurePolicy", Node::text("Ignore")),
            ("timeoutSeconds", Node::plain(TIMEOUT)),
            ("sideEffects", Node::text("None")),
            // Containers that other webhooks add later are seen as well, if none was there before.
            ("reinvocationPolicy", Node::text("IfNeeded")),
            ("admissionReviewVersions", Node::texts(admission::VERSIONS)),
        ])
    }

    fn metadata(&self) -> Node {
        Node::mapping([
            ("name", Node::text(NAME)),
            ("namespace", Node::text(&self.namespace)),
        ])
    }
}

fn object<const N: usize>(
    version: &str,
    kind: &str,
    metadata: Node,
    entries: [(&str, Node); N],
) -> Node {
    let mut object = Node::mapping([
        ("apiVersion", Node::text(version)),
        ("kind", Node::text(kind)),
        ("metadata", metadata),
    ]);
    for (key, value) in entries {
        let _ = object.set(key, value);
    }
    object
}

fn expression<const N: usize>(key: &str, operator: &str, values: [&str; N]) -> Node {
    Node::mapping([
        ("key", Node::text(key)),
        ("operator", Node::text(operator)),
        ("values", Node::texts(values)),
    ])
}

fn container(request: &KubernetesRequest) -> Node {
    let probe = || {
        let get = Node::mapping([
            ("path", Node::text(HEALTH_PATH)),
            ("port", Node::text("https")),
            ("scheme", Node::text("HTTPS")),
        ]);
        Node::mapping([("httpGet", get)])
    };
    let port = Node::mapping([
        ("name", Node::text("https")),
        ("containerPort", Node::plain(&WEBHOOK_PORT.to_string())),
    ]);
    let mount = Node::mapping([
        ("name", Node::text("certificates")),
        ("mountPath", Node::text(CERTIFICATES)),
        ("readOnly", Node::plain("true")),
    ]);
    let settings = variable_of(SETTINGS_VARIABLE, &literal(&request.agent.to_variable()));
    let words = command(request).into_iter();
    let mut container = added::container(
        "webhook",
        request.image.as_deref().unwrap_or_default(),
        Node::texts(words.map(|word| literal(&word))),
        Node::Sequence(vec![settings]),
        mount,
        ("100m", MEMORY),
    );
    let _ = container.set("ports", Node::Sequence(vec![port]));
    let _ = container.set("readinessProbe", probe());
    let _ = container.set("livenessProbe", probe());
    container
}

/// The command line that serves what is asked for.
fn command(request: &KubernetesRequest) -> Vec<String> {
    let mut words: Vec<String> = ["swath", "kubernetes", "webhook"].map(str::to_owned).into();
    // In one word each: a value may begin with a hyphen.
    let mut option = |name: &str, value: &str| words.push(format!("--{name}={value}"));
    option("certificate", &format!("{CERTIFICATES}/tls.crt"));
    option("key", &format!("{CERTIFICATES}/tls.key"));
    option("linger", LINGER);
    let single = [
        ("image", &request.image),
        ("run", &request.run),
        ("store", &request.store),
        ("store-secret", &request.store_secret),
        ("namespace", &request.namespace),
    ];
    for (name, value) in single {
        if let Some(value) = value {
            option(name, value);
        }
    }
    for glob in &request.measure {
        option("measure", glob);
    }
    for python_path in &request.python_paths {
        let containers = python_path.containers.as_deref();
        let containers = containers
            .map(|glob| format!("{glob}="))
            .unwrap_or_default();
        option("python-path", &format!("{containers}{}", python_path.path));
    }
    if request.sidecars == Sidecars::Plain {
        option("sidecars", "plain");
    }
    words
}
