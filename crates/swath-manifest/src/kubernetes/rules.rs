//! A request that was found valid.

use super::request::{KubernetesRequest, Sidecars};
use super::workload::Workload;
use crate::choice::Choice;
use crate::error::{Input, ManifestError};
use crate::order::AgentOrder;

/// What is asked for, ready to be applied.
pub(super) struct Rules<'a> {
    pub(super) image: Option<&'a str>,
    pub(super) run: Option<&'a str>,
    /// Where a pod's container ships to.
    pub(super) store: Option<String>,
    pub(super) store_secret: Option<&'a str>,
    pub(super) agent: &'a AgentOrder,
    pub(super) sidecars: Sidecars,
    namespace: Option<&'a str>,
    choice: Choice<'a>,
}

impl<'a> Rules<'a> {
    pub(super) fn of(request: &'a KubernetesRequest) -> Result<Rules<'a>, ManifestError> {
        let run = request.run.as_deref();
        if let Some(run) = run.filter(|run| !is_label(run)) {
            let run = run.to_owned();
            return Err(ManifestError::Run { run });
        }
        let store = match (&request.store, run) {
            (None, _) => None,
            (Some(_), None) => return Err(ManifestError::NoRun),
            (Some(store), Some(run)) => Some(address(store, run)),
        };
        Ok(Rules {
            image: request.image.as_deref(),
            run,
            store,
            store_secret: request.store_secret.as_deref(),
            agent: &request.agent,
            sidecars: request.sidecars,
            namespace: request.namespace.as_deref(),
            choice: Choice::of(&request.measure, &request.python_paths, Input::Manifests)?,
        })
    }

    /// Whether a workload is in the namespace that was named, or may be put there.
    pub(super) fn is_in_namespace(&self, workload: &Workload) -> bool {
        match (self.namespace, workload.namespace.as_deref()) {
            (Some(wanted), Some(namespace)) => wanted == namespace,
            _ => true,
        }
    }

    /// Whether a container is to be measured.
    pub(super) fn is_chosen(&self, workload: &str, container: &str) -> bool {
        self.choice.is_measured(&format!("{workload}/{container}"))
    }

    /// What a container's image sets as `PYTHONPATH`, as far as the user says.
    pub(super) fn python_path(&self, workload: &str, container: &str) -> Option<&'a str> {
        self.choice.python_path(&format!("{workload}/{container}"))
    }

    /// The globs that chose nothing.
    pub(super) fn unused(&self) -> Vec<String> {
        self.choice.unused()
    }
}

/// The address of a run in a store.
pub(crate) fn address(store: &str, run: &str) -> String {
    format!("{}/{run}", store.trim_end_matches('/'))
}

/// Whether Kubernetes takes this as the value of a label. It is a folder's name in the store, too.
pub(crate) fn is_label(text: &str) -> bool {
    const LONGEST: usize = 63;
    let is_outer = |letter: char| letter.is_ascii_alphanumeric();
    text.len() <= LONGEST
        && text.starts_with(is_outer)
        && text.ends_with(is_outer)
        && text
            .chars()
            .all(|letter| is_outer(letter) || "-_.".contains(letter))
}
