//! What the caller asks for, and what it gets.

use super::note::WorkloadNote;
use crate::choice::PythonPath;
use crate::order::AgentOrder;

/// How the container that ships what was recorded runs beside the others.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Sidecars {
    /// As an init container that goes on: ended by Kubernetes when the others have ended. From
    /// Kubernetes 1.29 on.
    #[default]
    Native,
    /// As one more container of the pod.
    Plain,
}

/// How manifests are to be rewritten.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KubernetesRequest {
    /// The image that holds swath; needed as soon as anything is measured.
    pub image: Option<String>,
    /// The run's name: the label of its pods, and the folder of the store.
    pub run: Option<String>,
    /// Where what is recorded is shipped to; `None` leaves it in the pods.
    pub store: Option<String>,
    /// The secret of the cluster whose values let pods write to the store, as variables.
    pub store_secret: Option<String>,
    /// What the agent records.
    pub agent: AgentOrder,
    /// Globs of `WORKLOAD/CONTAINER`; none means all.
    pub measure: Vec<String>,
    /// Only workloads of this namespace, and those that name none.
    pub namespace: Option<String>,
    /// How the container that ships runs.
    pub sidecars: Sidecars,
    /// What images set as `PYTHONPATH`; the first that fits a container counts.
    pub python_paths: Vec<PythonPath>,
}

/// Manifests with the agent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Injected {
    /// The stream.
    pub text: String,
    /// What became of each workload, in order.
    pub workloads: Vec<WorkloadNote>,
    /// Globs of `measure` that no container matched.
    pub unused: Vec<String>,
}
