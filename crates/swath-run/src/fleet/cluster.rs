//! The pods of a Kubernetes cluster that carry the agent, as `kubectl` tells of them.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{BufReader, Read};
use std::process::{Command, Stdio};

use serde::Deserialize;
use swath_manifest::{INJECTED_ANNOTATION, SHIPPING_CONTAINER};
use swath_model::Orchestrator;

use super::engine::{answer, asking, said};
use super::engine_watch::{Shared, locked};
use super::seen::{Now, SeenInstance, learn};
use crate::error::RunError;

/// The program that asks the cluster.
const KUBECTL: &str = "kubectl";
/// No list of pods is waited for longer.
const LIST_LIMIT: &str = "--request-timeout=20s";
/// No more of what `kubectl` says on standard error is kept, in bytes.
const MOST_SAID: u64 = 4096;

/// The pods of a cluster that a run is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cluster {
    /// Their namespace.
    pub namespace: String,
    /// A selector of labels, as `kubectl` takes it; `None` for all.
    pub selector: Option<String>,
}

impl std::str::FromStr for Cluster {
    type Err = String;

    /// `NAMESPACE[:SELECTOR]`, as in `shop` or `shop:app=web,tier!=cache`.
    fn from_str(text: &str) -> Result<Cluster, String> {
        let (namespace, selector) = match text.split_once(':') {
            Some((namespace, selector)) => (namespace, Some(selector)),
            None => (text, None),
        };
        let is_name = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        // What begins with a dash would be an option to `kubectl`.
        if namespace.is_empty() || namespace.starts_with('-') || !namespace.bytes().all(is_name) {
            return Err(format!("`{namespace}` is not the name of a namespace"));
        }
        if selector.is_some_and(str::is_empty) {
            return Err("after the colon comes a selector, as in `shop:app=web`".to_owned());
        }
        Ok(Cluster {
            namespace: namespace.to_owned(),
            selector: selector.map(str::to_owned),
        })
    }
}

impl fmt::Display for Cluster {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.namespace)?;
        match &self.selector {
            Some(selector) => write!(formatter, ":{selector}"),
            None => Ok(()),
        }
    }
}

impl Cluster {
    fn kubectl(&self) -> Command {
        let mut command = asking(KUBECTL);
        command.args(["get", "pods", "--output=json", "--namespace"]);
        command.arg(&self.namespace);
        if let Some(selector) = &self.selector {
            command.arg(format!("--selector={selector}"));
        }
        command
    }

    /// The pods that there are.
    pub(super) fn now(&self) -> Result<Now, RunError> {
        #[derive(Deserialize)]
        struct List {
            items: Vec<PodObject>,
        }
        let failed = |what: String| RunError::EngineCommand {
            orchestrator: Orchestrator::Kubernetes,
            what,
        };
        let mut command = self.kubectl();
        command.arg(LIST_LIMIT);
        let text = answer(&mut command).map_err(failed)?;
        let list: List = serde_json::from_slice(&text)
            .map_err(|error| failed(format!("answered with something else than pods: {error}")))?;
        Ok(Now {
            stores: list.items.iter().filter_map(PodObject::store).collect(),
            instances: list.items.iter().filter_map(PodObject::seen).collect(),
            lacking: Vec::new(),
        })
    }

    /// One watch, to its end; how many events it told.
    pub(super) fn follow(&self, shared: &Shared) -> Result<usize, String> {
        #[derive(Deserialize)]
        struct Event {
            object: serde_json::Value,
        }
        let mut command = self.kubectl();
        command.args(["--watch", "--output-watch-events"]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command
            .spawn()
            .map_err(|error| format!("{KUBECTL} could not be run: {error}"))?;
        let stdout = child.stdout.take();
        let stderr = child.stderr.take();
        *locked(&shared.child) = Some(child);
        // It may have been told to end before there was a child to be ended.
        if shared.is_over()
            && let Some(child) = &mut *locked(&shared.child)
        {
            let _ = child.kill();
        }
        let mut events = 0;
        let mut problem = None;
        let stdout = stdout.into_iter().map(BufReader::new);
        for event in stdout.flat_map(|out| serde_json::Deserializer::from_reader(out).into_iter()) {
            match event {
                Ok(Event { object }) => {
                    events += 1;
                    // An event of an error holds something else.
                    if let Ok(pod) = serde_json::from_value::<PodObject>(object) {
                        learn(&mut locked(&shared.instances), pod.seen());
                    }
                }
                Err(error) => {
                    problem = Some(format!("told something else than pods: {error}"));
                    break;
                }
            }
        }
        let mut text = Vec::new();
        if let Some(mut child) = locked(&shared.child).take() {
            let _ = child.kill();
            let stderr = stderr.into_iter();
            for mut stderr in stderr.map(|stderr| stderr.take(MOST_SAID)) {
                let _ = stderr.read_to_end(&mut text);
            }
            let _ = child.wait();
        }
        match problem {
            _ if events > 0 => Ok(events),
            Some(problem) => Err(format!("{KUBECTL} {problem}")),
            None if text.is_empty() => Ok(0),
            None => Err(format!("{KUBECTL} {}", said(&text))),
        }
    }
}

/// A pod, as the API has it: what of it matters here.
#[derive(Debug, Deserialize)]
struct PodObject {
    metadata: Metadata,
    #[serde(default)]
    spec: Spec,
    #[serde(default)]
    status: Status,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    #[serde(default)]
    name: String,
    uid: String,
    #[serde(default)]
    annotations: Option<BTreeMap<String, String>>,
    #[serde(default)]
    deletion_timestamp: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Spec {
    containers: Vec<Container>,
    init_containers: Vec<Container>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Container {
    name: String,
    command: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Status {
    phase: String,
    reason: Option<String>,
    conditions: Vec<Condition>,
    container_statuses: Vec<ContainerStatus>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Condition {
    #[serde(rename = "type")]
    kind: String,
    status: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ContainerStatus {
    name: String,
    state: States,
    last_state: States,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct States {
    waiting: Option<State>,
    running: Option<State>,
    terminated: Option<State>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct State {
    reason: Option<String>,
}

impl PodObject {
    /// What the pod says of itself, with its uid; nothing of one that does not carry the agent.
    fn seen(&self) -> Option<(String, SeenInstance)> {
        let measured = self.measured()?;
        let statuses = self.status.container_statuses.iter();
        let statuses = statuses.filter(|status| measured.contains(&status.name.as_str()));
        let has_run = statuses.clone().any(|status| {
            let mut states = [&status.state, &status.last_state].into_iter();
            states.any(|state| state.running.is_some() || state.terminated.is_some())
        });
        let is_ready = |condition: &Condition| {
            (condition.kind.as_str(), condition.status.as_str()) == ("Ready", "True")
        };
        let is_settled = self.metadata.deletion_timestamp.is_some()
            || matches!(self.status.phase.as_str(), "Succeeded" | "Failed")
            || self.status.conditions.iter().any(is_ready);
        let mut troubles = statuses.filter_map(ContainerStatus::trouble);
        let seen = SeenInstance {
            name: self.metadata.name.clone(),
            has_run,
            is_settled,
            trouble: self.status.reason.clone().or(troubles.next_back()),
        };
        Some((self.metadata.uid.clone(), seen))
    }

    /// Its measured containers, if it carries the agent.
    fn measured(&self) -> Option<Vec<&str>> {
        let annotations = self.metadata.annotations.as_ref()?;
        let measured = annotations.get(INJECTED_ANNOTATION)?;
        Some(measured.split(',').map(str::trim).collect())
    }

    /// Where it ships to.
    fn store(&self) -> Option<String> {
        self.measured()?;
        let all = self
            .spec
            .containers
            .iter()
            .chain(&self.spec.init_containers);
        let mut ships = all.filter(|container| container.name == SHIPPING_CONTAINER);
        ships.find_map(Container::store)
    }
}

impl Container {
    /// Where the container ships to. Kubernetes writes `$$` for a dollar.
    fn store(&self) -> Option<String> {
        let to = self.command.iter().position(|word| word == "--to")?;
        Some(self.command.get(to + 1)?.replace("$$", "$"))
    }
}

impl ContainerStatus {
    fn trouble(&self) -> Option<String> {
        let ended = [&self.state.terminated, &self.last_state.terminated];
        let ended = ended.into_iter().flatten();
        let all = self.state.waiting.iter().chain(ended);
        let mut reasons = all.filter_map(|state| state.reason.as_deref());
        let is_trouble = |reason: &&str| {
            !matches!(
                *reason,
                "Completed" | "ContainerCreating" | "PodInitializing"
            )
        };
        reasons.find(is_trouble).map(str::to_owned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fleet::seen::Instances;

    fn pod(json: &str) -> PodObject {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_namespace_and_a_selector_are_told_apart() {
        let cluster: Cluster = "shop:app=web,tier!=cache".parse().unwrap();
        assert_eq!(cluster.namespace, "shop");
        assert_eq!(cluster.selector.as_deref(), Some("app=web,tier!=cache"));
        assert_eq!(cluster.to_string(), "shop:app=web,tier!=cache");
        for wrong in ["", "--all", "Shop", "shop:", "a b"] {
            assert!(wrong.parse::<Cluster>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_was_seen_of_a_pod_adds_up() {
        let mut seen = Instances::new();
        let of = |status: &str| {
            format!(
                r#"{{"metadata": {{"name": "web-1", "uid": "u", "annotations": {{"swath.dev/injected": "web, job"}}}},
                    "spec": {{"containers": [{{"name": "web"}}],
                              "initContainers": [{{"name": "swath-ship", "command": ["swath", "ship", "--to", "s3://b/$$r"]}}]}},
                    "status": {status}}}"#
            )
        };
        let waiting = r#"{"phase": "Pending", "containerStatuses": [{"name": "web", "state": {"waiting": {"reason": "ContainerCreating"}}}]}"#;
        learn(&mut seen, pod(&of(waiting)).seen());
        assert!(!seen["u"].has_run && !seen["u"].is_settled && seen["u"].trouble.is_none());
        assert_eq!(pod(&of(waiting)).store().as_deref(), Some("s3://b/$r"));
        // A sidecar's state says nothing of what is measured.
        let other = r#"{"phase": "Running", "containerStatuses": [{"name": "proxy", "state": {"running": {}}}]}"#;
        learn(&mut seen, pod(&of(other)).seen());
        assert!(!seen["u"].has_run);
        let crashed = r#"{"phase": "Running", "containerStatuses": [{"name": "job",
            "state": {"waiting": {"reason": "CrashLoopBackOff"}}, "lastState": {"terminated": {"reason": "OOMKilled"}}}]}"#;
        learn(&mut seen, pod(&of(crashed)).seen());
        assert!(seen["u"].has_run);
        assert_eq!(seen["u"].to_string(), "web-1 (CrashLoopBackOff)");
        let ready = r#"{"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}"#;
        learn(&mut seen, pod(&of(ready)).seen());
        assert!(seen["u"].is_settled && seen["u"].has_run);
        // A pod without the agent is nobody's business here.
        let other = pod(r#"{"metadata": {"name": "db", "uid": "v"}}"#);
        assert_eq!((other.seen(), other.store()), (None, None));
    }
}
