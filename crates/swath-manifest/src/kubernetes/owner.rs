//! Whose pod a pod is.

use crate::node::Node;

/// The labels with the hash that a controller's sets of replicas end in, and the kinds of the controllers.
const HASHES: [(&str, &str); 2] = [
    ("pod-template-hash", "Deployment"),
    ("rollouts-pod-template-hash", "Rollout"),
];

/// The kind and the name of the workload that made a pod, as far as the pod says: a Job does not say
/// which `CronJob` made it. `None` for a pod that nothing made.
pub(super) fn of_pod(pod: &Node) -> Option<(String, String)> {
    let metadata = pod.get("metadata")?;
    let mut owners = metadata.items("ownerReferences").iter();
    let owner = owners.find(|owner| owner.text_at(&["controller"]) == Some("true"))?;
    let (kind, name) = (owner.text_at(&["kind"])?, owner.text_at(&["name"])?);
    // A static pod is owned by its node.
    if kind == "Node" {
        return None;
    }
    let of_replicas = HASHES.iter().find_map(|(label, of)| {
        let hash = metadata.text_at(&["labels", label])?;
        let name = name.strip_suffix(hash)?.strip_suffix('-')?;
        (kind == "ReplicaSet" && !name.is_empty()).then(|| ((*of).to_owned(), name.to_owned()))
    });
    of_replicas.or_else(|| Some((kind.to_owned(), name.to_owned())))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::kubernetes::json::of_json;

    fn check(owner: &serde_json::Value, labels: &serde_json::Value, expected: Option<&str>) {
        let pod = json!({"metadata": {"labels": labels, "ownerReferences": [
            {"kind": "Other", "name": "beside"}, owner]}});
        let found = of_pod(&of_json(pod)).map(|(kind, name)| format!("{kind}/{name}"));
        assert_eq!(found.as_deref(), expected);
    }

    #[test]
    fn pods_are_their_workloads() {
        let owner =
            |kind: &str, name: &str| json!({"kind": kind, "name": name, "controller": true});
        let hash = json!({"pod-template-hash": "5d8f9c", "app": "x"});
        let web = owner("ReplicaSet", "web-5d8f9c");
        check(&web, &hash, Some("Deployment/web"));
        check(
            &web,
            &json!({"rollouts-pod-template-hash": "5d8f9c"}),
            Some("Rollout/web"),
        );
        // A set that somebody wrote, and names that only look like it.
        check(&web, &json!({"app": "x"}), Some("ReplicaSet/web-5d8f9c"));
        let odd = [
            ("5d8f9c", "ReplicaSet/5d8f9c"),
            ("-5d8f9c", "ReplicaSet/-5d8f9c"),
        ];
        for (name, expected) in odd {
            check(&owner("ReplicaSet", name), &hash, Some(expected));
        }
        check(
            &owner("StatefulSet", "db-5d8f9c"),
            &hash,
            Some("StatefulSet/db-5d8f9c"),
        );
        check(
            &owner("Job", "nightly-29000000"),
            &json!({}),
            Some("Job/nightly-29000000"),
        );
        check(&owner("Node", "node-1"), &json!({}), None);
        check(&json!({"kind": "ReplicaSet", "name": "web"}), &hash, None);
    }
}
