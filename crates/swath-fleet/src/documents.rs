//! The documents of a run in an object store: what a pod is, and which segments its hit stores are.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use swath_manifest::DeclaredContainer;

use crate::error::StoreError;
use crate::segment;

/// The layout of both documents.
pub(crate) const FORMAT: u32 = 1;
/// No description of a pod is longer, in bytes.
pub(crate) const LONGEST_POD: u64 = 1 << 20;
/// No index is longer, in bytes, unpacked.
pub(crate) const LONGEST_INDEX: usize = 32 << 20;
/// No container has more hit stores in an index.
pub(crate) const MOST_STORES: usize = 50_000;
/// No pod has more measured containers.
pub(crate) const MOST_CONTAINERS: usize = 64;

/// What runs a pod.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Engine {
    /// Kubernetes.
    #[default]
    Kubernetes,
    /// A Swarm, whose tasks are pods of one container.
    Swarm,
}

/// What a pod is, as its shipping container describes it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PodDocument {
    /// The layout.
    pub format: u32,
    /// The pod's namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its uid, which no other pod ever has.
    pub uid: String,
    /// What runs it: a pod of Kubernetes, or the task of a Swarm.
    pub engine: Engine,
    /// The node that it runs on.
    pub node: String,
    /// What it is a replica of: `Deployment/web`.
    pub workload: String,
    /// Its measured containers.
    pub containers: Vec<DeclaredContainer>,
    /// When the shipping began, in nanoseconds since 1970, by the pod's clock.
    pub started: u64,
    /// How often what is new is sent, in milliseconds.
    pub interval: u64,
    /// How often this document is written at least, in milliseconds: silence for much longer means that
    /// the pod is gone.
    pub heartbeat: u64,
    /// How often it was written after everything was sent that was there.
    pub beats: u64,
    /// That nothing follows.
    pub ended: Option<Goodbye>,
}

/// The last word of a pod.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Goodbye {
    /// How many hit stores were still written to: what their processes ran after that is missing.
    pub open: usize,
}

/// The hit stores of a container.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct IndexDocument {
    /// The layout.
    pub(crate) format: u32,
    /// Grows with each index of the container.
    pub(crate) sequence: u64,
    /// By name.
    pub(crate) stores: BTreeMap<String, StoreDocument>,
    /// Files that could not be read, and why.
    pub(crate) unreadable: BTreeMap<String, String>,
    /// Files that found no room in the index.
    pub(crate) left_out: usize,
}

/// One hit store, or a mark of an agent that failed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct StoreDocument {
    /// Its length in bytes.
    pub(crate) size: u64,
    /// When it was changed, in nanoseconds since 1970: the only thing that a mark says.
    #[serde(skip_serializing_if = "is_zero")]
    pub(crate) modified: u64,
    /// Whether it has places for fork children.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) places: bool,
    /// Its headers, deflated, in base64. They differ for each process: what follows often does not.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) head: String,
    /// The names of the segments that follow.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) pieces: Vec<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

pub(crate) fn pod_key(namespace: &str, uid: &str) -> String {
    format!("pods/{namespace}/{uid}/pod.json")
}

pub(crate) fn index_key(namespace: &str, uid: &str, container: &str) -> String {
    format!("pods/{namespace}/{uid}/{container}/index.json")
}

pub(crate) fn render<T: Serialize>(document: &T) -> Vec<u8> {
    // Their keys are strings, so there is nothing to fail.
    serde_json::to_vec(document).unwrap_or_default()
}

impl PodDocument {
    /// Reads what an object holds. It may hold anything: names are made plain by whoever uses them.
    pub(crate) fn parse(key: &str, bytes: &[u8]) -> Result<PodDocument, StoreError> {
        let mut pod: PodDocument = parse(key, bytes)?;
        if pod.format != FORMAT {
            return Err(of_other_format(key, pod.format));
        }
        pod.containers.truncate(MOST_CONTAINERS);
        Ok(pod)
    }
}

impl IndexDocument {
    /// An index is deflated: names of segments and heads repeat.
    pub(crate) fn render(&self) -> std::io::Result<Vec<u8>> {
        segment::packed(&render(self))
    }

    pub(crate) fn parse(key: &str, bytes: &[u8]) -> Result<IndexDocument, StoreError> {
        let damaged = |problem: String| StoreError::Damaged {
            key: key.to_owned(),
            problem,
        };
        let text = segment::unpacked(bytes, LONGEST_INDEX)
            .ok_or_else(|| damaged("is damaged, or longer than an index is".to_owned()))?;
        let index: IndexDocument = parse(key, &text)?;
        if index.format != FORMAT {
            return Err(of_other_format(key, index.format));
        }
        if index.stores.len() > MOST_STORES {
            return Err(damaged(format!("names {} hit stores", index.stores.len())));
        }
        Ok(index)
    }
}

fn parse<T: DeserializeOwned>(key: &str, bytes: &[u8]) -> Result<T, StoreError> {
    // Its reader refuses what nests too deep.
    serde_json::from_slice(bytes).map_err(|error| StoreError::Damaged {
        key: key.to_owned(),
        problem: format!("is not understood: {error}"),
    })
}

fn of_other_format(key: &str, format: u32) -> StoreError {
    StoreError::Damaged {
        key: key.to_owned(),
        problem: format!("has format {format}; this swath reads {FORMAT}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_read_back_and_others_are_refused() {
        let pod = PodDocument {
            format: FORMAT,
            name: "web-1".to_owned(),
            ended: Some(Goodbye { open: 2 }),
            ..PodDocument::default()
        };
        assert_eq!(PodDocument::parse("k", &render(&pod)).unwrap(), pod);
        let newer = PodDocument { format: 2, ..pod };
        let told = PodDocument::parse("k", &render(&newer)).unwrap_err();
        assert!(told.to_string().contains("format 2"), "{told}");
        let deep = "[".repeat(100_000);
        assert!(PodDocument::parse("k", deep.as_bytes()).is_err());
        let index = IndexDocument {
            format: FORMAT,
            sequence: 3,
            ..IndexDocument::default()
        };
        let bytes = index.render().unwrap();
        assert_eq!(IndexDocument::parse("k", &bytes).unwrap(), index);
        assert!(
            IndexDocument::parse("k", &render(&index)).is_err(),
            "not deflated"
        );
        let bomb = segment::packed(&vec![b' '; LONGEST_INDEX + 1]).unwrap();
        assert!(IndexDocument::parse("k", &bomb).is_err());
    }
}
