//! What in a manifest runs containers.

use std::fmt;

use super::note::{Outcome, WorkloadNote};
use super::owner;
use crate::node::Node;

/// Where the pod is in what runs it.
const TEMPLATE: &[&str] = &["spec", "template"];
const CRON_TEMPLATE: &[&str] = &["spec", "jobTemplate", "spec", "template"];

/// The kinds that run containers: the groups they are of, their names, where their pods are, and
/// whether their pods end by themselves.
const KINDS: [(&[&str], &str, &[&str], bool); 8] = [
    (&["apps", "extensions"], "Deployment", TEMPLATE, false),
    (&["apps"], "StatefulSet", TEMPLATE, false),
    (&["apps", "extensions"], "DaemonSet", TEMPLATE, false),
    (&["apps", "extensions"], "ReplicaSet", TEMPLATE, false),
    (&["batch"], "Job", TEMPLATE, true),
    (&["batch"], "CronJob", CRON_TEMPLATE, true),
    (&[""], "ReplicationController", TEMPLATE, false),
    (&[""], "Pod", &[], false),
];

/// Something that runs containers.
#[derive(Debug, Clone)]
pub(super) struct Workload {
    pub(super) kind: String,
    pub(super) name: String,
    pub(super) namespace: Option<String>,
    /// Where its pod is in it.
    pub(super) template: &'static [&'static str],
    /// Its pods end when their work is done.
    pub(super) ends: bool,
}

impl Workload {
    pub(super) fn note(&self, outcome: Outcome) -> WorkloadNote {
        let workload = match &self.namespace {
            Some(namespace) => format!("{self} in {namespace}"),
            None => self.to_string(),
        };
        WorkloadNote { workload, outcome }
    }
}

impl fmt::Display for Workload {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.kind, self.name)
    }
}

/// What an object is.
pub(super) enum Found {
    Workload(Workload),
    /// It has a pod like a workload, and is of a kind that swath does not know.
    Unknown(Workload),
    Nothing,
}

/// The objects of a document: those of a list, or the document itself.
pub(super) fn objects(tree: &mut Node) -> Vec<&mut Node> {
    let is_list = tree
        .text_at(&["kind"])
        .is_some_and(|kind| kind.ends_with("List"));
    if !is_list {
        return vec![tree];
    }
    match tree.get_mut("items") {
        Some(Node::Sequence(items)) => items.iter_mut().collect(),
        _ => Vec::new(),
    }
}

/// What an object is.
pub(super) fn find(object: &Node) -> Found {
    let (Some(version), Some(kind)) = (object.text_at(&["apiVersion"]), object.text_at(&["kind"]))
    else {
        return Found::Nothing;
    };
    // `v1` alone is the first group, which has no name.
    let group = version.split_once('/').map_or("", |(group, _)| group);
    let name = object.text_at(&["metadata", "name"]).or_else(|| {
        let prefix = object.text_at(&["metadata", "generateName"])?;
        Some(prefix.trim_end_matches('-'))
    });
    let mut workload = Workload {
        kind: kind.to_owned(),
        name: name.unwrap_or_default().to_owned(),
        namespace: object
            .text_at(&["metadata", "namespace"])
            .map(str::to_owned),
        template: TEMPLATE,
        ends: false,
    };
    let known = KINDS
        .iter()
        .find(|(groups, name, ..)| *name == kind && groups.contains(&group));
    match known {
        Some((_, _, template, ends)) => {
            workload.template = template;
            workload.ends = *ends;
            if template.is_empty()
                && let Some((kind, name)) = owner::of_pod(object)
            {
                (workload.kind, workload.name) = (kind, name);
            }
            Found::Workload(workload)
        }
        None if object
            .at(&["spec", "template", "spec", "containers"])
            .is_some() =>
        {
            Found::Unknown(workload)
        }
        None => Found::Nothing,
    }
}
