//! The pods of a cluster that carry the agent, as `kubectl` tells of them while a run goes on: with the
//! rights and the configuration of whoever started swath, as Compose is asked by its command.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde::Deserialize;
use swath_manifest::{INJECTED_ANNOTATION, SHIPPING_CONTAINER};

use crate::error::RunError;
use crate::process_table::ASKING_VARIABLE;

/// The program that asks the cluster.
const KUBECTL: &str = "kubectl";
/// No list of pods is waited for longer.
const LIST_LIMIT: &str = "--request-timeout=20s";
/// A watch that ends is begun again after this time: servers end them now and then.
const AGAIN_AFTER: Duration = Duration::from_secs(1);
/// So many times in a row, a watch may end without having said anything.
const MOST_FAILURES: usize = 10;
/// So long, the first pod may take to be there: what makes them may have been applied just now.
const FIRST_POD: Duration = Duration::from_secs(10);
/// How often a request to stop is looked for.
const TICK: Duration = Duration::from_millis(20);
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
        let mut command = Command::new(KUBECTL);
        command.args(["get", "pods", "--output=json", "--namespace"]);
        command.arg(&self.namespace);
        if let Some(selector) = &self.selector {
            command.arg(format!("--selector={selector}"));
        }
        command.stdin(Stdio::null()).env(ASKING_VARIABLE, "1");
        command
    }

    /// The pods that there are.
    fn list(&self) -> Result<Vec<PodObject>, RunError> {
        #[derive(Deserialize)]
        struct List {
            items: Vec<PodObject>,
        }
        let failed = |what: String| RunError::Kubectl { what };
        let mut command = self.kubectl();
        command.arg(LIST_LIMIT);
        let output = command.output();
        let output = output.map_err(|error| failed(format!("could not be run: {error}")))?;
        if !output.status.success() {
            return Err(failed(said(&output.stderr)));
        }
        let list: List = serde_json::from_slice(&output.stdout)
            .map_err(|error| failed(format!("answered with something else than pods: {error}")))?;
        Ok(list.items)
    }
}

/// The last line that `kubectl` wrote, which says what was wrong.
fn said(stderr: &[u8]) -> String {
    let text = String::from_utf8_lossy(stderr);
    let last = text.trim().lines().next_back().unwrap_or_default();
    match last {
        "" => "failed and said nothing".to_owned(),
        last => format!("said: {last}"),
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

/// What was seen of a pod that carries the agent, over all that was told of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct SeenPod {
    pub(super) name: String,
    /// Whether a measured container of it has run.
    pub(super) has_run: bool,
    /// Whether it serves, or need not any more: it has ended, or is about to.
    pub(super) is_settled: bool,
    /// What the cluster says of it that is no good, such as `OOMKilled`.
    pub(super) trouble: Option<String>,
    /// Where it ships to.
    pub(super) store: Option<String>,
}

impl SeenPod {
    /// Takes over what a pod's object says; nothing of one that does not carry the agent.
    fn take(seen: &mut BTreeMap<String, SeenPod>, pod: &PodObject) {
        let annotations = pod.metadata.annotations.as_ref();
        let Some(measured) = annotations.and_then(|all| all.get(INJECTED_ANNOTATION)) else {
            return;
        };
        let measured: Vec<&str> = measured.split(',').map(str::trim).collect();
        let one = seen.entry(pod.metadata.uid.clone()).or_default();
        one.name.clone_from(&pod.metadata.name);
        let statuses = pod.status.container_statuses.iter();
        let statuses = statuses.filter(|status| measured.contains(&status.name.as_str()));
        for status in statuses.clone() {
            let states = [&status.state, &status.last_state];
            one.has_run |= states
                .iter()
                .any(|state| state.running.is_some() || state.terminated.is_some());
        }
        let is_ready = |condition: &Condition| {
            (condition.kind.as_str(), condition.status.as_str()) == ("Ready", "True")
        };
        one.is_settled = pod.metadata.deletion_timestamp.is_some()
            || matches!(pod.status.phase.as_str(), "Succeeded" | "Failed")
            || pod.status.conditions.iter().any(is_ready);
        let mut troubles = statuses.filter_map(ContainerStatus::trouble);
        if let Some(trouble) = pod.status.reason.clone().or(troubles.next_back()) {
            one.trouble = Some(trouble);
        }
        let all = pod.spec.containers.iter().chain(&pod.spec.init_containers);
        let mut ships = all.filter(|container| container.name == SHIPPING_CONTAINER);
        if let Some(store) = ships.find_map(Container::store) {
            one.store = Some(store);
        }
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

/// The pods of a cluster, watched until the watch is finished or dropped.
#[derive(Debug)]
pub(super) struct PodWatch {
    cluster: Cluster,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    pods: Mutex<BTreeMap<String, SeenPod>>,
    /// The `kubectl` that runs.
    child: Mutex<Option<Child>>,
    is_over: AtomicBool,
    /// Why the pods are not watched any more.
    problem: Mutex<Option<String>>,
}

/// What a watch saw.
#[derive(Debug, Default)]
pub(super) struct Watched {
    /// The pods that carry the agent, by uid.
    pub(super) pods: BTreeMap<String, SeenPod>,
    /// Why it did not see all of them, if it did not.
    pub(super) problem: Option<String>,
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl PodWatch {
    /// Begins to watch.
    pub(super) fn begin(cluster: &Cluster) -> PodWatch {
        let shared = Arc::new(Shared::default());
        let thread = std::thread::spawn({
            let (cluster, shared) = (cluster.clone(), Arc::clone(&shared));
            move || watch(&cluster, &shared)
        });
        PodWatch {
            cluster: cluster.clone(),
            shared,
            thread: Some(thread),
        }
    }

    /// Waits until every pod that carries the agent serves; where they ship to, in the cluster's words.
    /// `is_over` lets time pass, and says whether the user asked to stop.
    pub(super) fn wait_until_ready(
        &self,
        limit: Duration,
        is_over: &mut dyn FnMut(Duration) -> bool,
    ) -> Result<Ready, RunError> {
        let begun = Instant::now();
        loop {
            let mut pods = BTreeMap::new();
            for pod in self.cluster.list()? {
                SeenPod::take(&mut pods, &pod);
                SeenPod::take(&mut locked(&self.shared.pods), &pod);
            }
            let waited_for: Vec<&SeenPod> = pods.values().filter(|pod| !pod.is_settled).collect();
            if !pods.is_empty() && waited_for.is_empty() {
                return Ok(Ready {
                    pods: pods.len(),
                    stores: pods.into_values().filter_map(|pod| pod.store).collect(),
                });
            }
            if pods.is_empty() && begun.elapsed() >= limit.min(FIRST_POD) {
                let cluster = self.cluster.to_string();
                return Err(RunError::NoPods { cluster });
            }
            if begun.elapsed() >= limit {
                return Err(RunError::PodsNotReady {
                    pods: waited_for.iter().map(ToString::to_string).collect(),
                    waited: limit,
                });
            }
            // A second at a time, as a person would ask.
            for _ in 0..50 {
                if is_over(TICK) {
                    return Err(RunError::InterruptedBeforeTests);
                }
            }
        }
    }

    /// Ends the watch; what it saw, and what there is now.
    pub(super) fn finish(mut self) -> Watched {
        let now = self.cluster.list();
        self.end();
        let mut watched = Watched {
            pods: std::mem::take(&mut *locked(&self.shared.pods)),
            problem: locked(&self.shared.problem).take(),
        };
        match now {
            Ok(pods) => pods
                .iter()
                .for_each(|pod| SeenPod::take(&mut watched.pods, pod)),
            Err(error) => {
                watched.problem.get_or_insert_with(|| error.to_string());
            }
        }
        watched
    }

    fn end(&mut self) {
        self.shared.is_over.store(true, Ordering::Relaxed);
        if let Some(child) = &mut *locked(&self.shared.child) {
            let _ = child.kill();
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for PodWatch {
    fn drop(&mut self) {
        self.end();
    }
}

/// The pods serve.
#[derive(Debug)]
pub(super) struct Ready {
    /// How many.
    pub(super) pods: usize,
    /// Where they ship to.
    pub(super) stores: std::collections::BTreeSet<String>,
}

impl fmt::Display for SeenPod {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.trouble {
            Some(trouble) => write!(formatter, "{} ({trouble})", self.name),
            None => formatter.write_str(&self.name),
        }
    }
}

/// Follows what the cluster tells, again and again, until the watch is over.
fn watch(cluster: &Cluster, shared: &Shared) {
    let mut failures = 0;
    while !shared.is_over.load(Ordering::Relaxed) {
        match follow(cluster, shared) {
            Ok(0) => failures += 1,
            Ok(_) => failures = 0,
            Err(problem) => {
                failures += 1;
                tracing::debug!("kubectl {problem}");
                if failures >= MOST_FAILURES {
                    *locked(&shared.problem) = Some(format!("kubectl {problem}"));
                    return;
                }
            }
        }
        let until = Instant::now() + AGAIN_AFTER;
        while Instant::now() < until && !shared.is_over.load(Ordering::Relaxed) {
            std::thread::sleep(TICK);
        }
    }
}

/// One watch, to its end; how many events it told.
fn follow(cluster: &Cluster, shared: &Shared) -> Result<usize, String> {
    #[derive(Deserialize)]
    struct Event {
        object: serde_json::Value,
    }
    let mut command = cluster.kubectl();
    command.args(["--watch", "--output-watch-events"]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command
        .spawn()
        .map_err(|error| format!("could not be run: {error}"))?;
    let stdout = child.stdout.take();
    let stderr = child.stderr.take();
    *locked(&shared.child) = Some(child);
    // It may have been told to end before there was a child to be ended.
    if shared.is_over.load(Ordering::Relaxed)
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
                    SeenPod::take(&mut locked(&shared.pods), &pod);
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
        Some(problem) => Err(problem),
        None if text.is_empty() => Ok(0),
        None => Err(said(&text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let mut seen = BTreeMap::new();
        let of = |status: &str| {
            format!(
                r#"{{"metadata": {{"name": "web-1", "uid": "u", "annotations": {{"swath.dev/injected": "web, job"}}}},
                    "spec": {{"containers": [{{"name": "web"}}],
                              "initContainers": [{{"name": "swath-ship", "command": ["swath", "ship", "--to", "s3://b/$$r"]}}]}},
                    "status": {status}}}"#
            )
        };
        let waiting = r#"{"phase": "Pending", "containerStatuses": [{"name": "web", "state": {"waiting": {"reason": "ContainerCreating"}}}]}"#;
        SeenPod::take(&mut seen, &pod(&of(waiting)));
        assert!(!seen["u"].has_run && !seen["u"].is_settled && seen["u"].trouble.is_none());
        assert_eq!(seen["u"].store.as_deref(), Some("s3://b/$r"));
        // A sidecar's state says nothing of what is measured.
        let other = r#"{"phase": "Running", "containerStatuses": [{"name": "proxy", "state": {"running": {}}}]}"#;
        SeenPod::take(&mut seen, &pod(&of(other)));
        assert!(!seen["u"].has_run);
        let crashed = r#"{"phase": "Running", "containerStatuses": [{"name": "job",
            "state": {"waiting": {"reason": "CrashLoopBackOff"}}, "lastState": {"terminated": {"reason": "OOMKilled"}}}]}"#;
        SeenPod::take(&mut seen, &pod(&of(crashed)));
        assert!(seen["u"].has_run);
        assert_eq!(seen["u"].to_string(), "web-1 (CrashLoopBackOff)");
        let ready = r#"{"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}"#;
        SeenPod::take(&mut seen, &pod(&of(ready)));
        assert!(seen["u"].is_settled && seen["u"].has_run);
        // A pod without the agent is nobody's business here.
        SeenPod::take(
            &mut seen,
            &pod(r#"{"metadata": {"name": "db", "uid": "v"}}"#),
        );
        assert_eq!(seen.len(), 1);
    }
}
