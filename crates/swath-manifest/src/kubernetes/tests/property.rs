//! Whatever a pod looks like: everything that is in it stays, and it gets the agent once.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

/// Whether everything of one tree is in another: mappings may have more keys, lists more items.
fn is_in(one: &Node, other: &Node) -> bool {
    match (one, other) {
        (Node::Mapping(entries), Node::Mapping(_)) => entries.iter().all(|(key, value)| {
            let Node::Scalar(key) = key else { return false };
            match other.get(&key.text) {
                Some(found) => is_in(value, found),
                None => value.is_null(),
            }
        }),
        (Node::Sequence(items), Node::Sequence(others)) => {
            // In their order.
            let mut others = others.iter();
            items
                .iter()
                .all(|item| others.any(|other| is_variable(item, other) || is_in(item, other)))
        }
        // What was nothing may have become something.
        (one, _) if one.is_null() => true,
        (Node::Scalar(_), Node::Scalar(_)) => one.is_same(other),
        _ => false,
    }
}

/// Whether a path is still there behind the agent, or under its other name.
fn is_variable(one: &Node, other: &Node) -> bool {
    if one.text_at(&["name"]) != Some("PYTHONPATH") {
        return false;
    }
    match (one.get("valueFrom"), other.text_at(&["name"])) {
        (Some(source), Some("SWATH_PYTHONPATH")) => other.get("valueFrom") == Some(source),
        (None, Some("PYTHONPATH")) => {
            let before = one.text_at(&["value"]).unwrap_or_default();
            let after = other.text_at(&["value"]).unwrap_or_default();
            after.ends_with(before)
        }
        _ => false,
    }
}

fn variable() -> impl Strategy<Value = Value> {
    let name = prop_oneof![
        Just("PYTHONPATH"),
        Just("A"),
        Just("B"),
        Just("SWATH_SERVICE")
    ];
    let value = prop_oneof![
        Just(json!({})),
        "[a-z/:$() #\n\"'-]{0,12}".prop_map(|value| json!({"value": value})),
        Just(json!({"value": "no"})),
        Just(json!({"valueFrom": {"configMapKeyRef": {"name": "c", "key": "1e3"}}})),
    ];
    (name, value).prop_map(|(name, mut value)| {
        value["name"] = json!(name);
        value
    })
}

fn container() -> impl Strategy<Value = Value> {
    let name = prop_oneof!["[a-z]{1,3}", Just("BAD".to_owned())];
    let env = prop_oneof![
        Just(Value::Null),
        prop::collection::vec(variable(), 0..4).prop_map(Value::Array),
    ];
    let path = prop_oneof![Just("/swath"), Just("/swath-run/x"), Just("/data")];
    let mounts = prop::collection::vec(path, 0..2);
    let words = prop::collection::vec("\\PC{0,8}", 0..3);
    (name, env, mounts, words, any::<bool>()).prop_map(|(name, env, mounts, words, elsewhere)| {
        let mounts = mounts.iter();
        let mounts: Vec<Value> = mounts
            .map(|path| json!({"name": "x", "mountPath": path, "readOnly": true}))
            .collect();
        let mut container = json!({
            "name": name, "image": "i:1", "env": env, "args": words,
            "volumeMounts": mounts, "securityContext": {"readOnlyRootFilesystem": true},
        });
        if elsewhere {
            container["envFrom"] = json!([{"secretRef": {"name": "s"}}]);
        }
        container
    })
}

fn workload() -> impl Strategy<Value = Value> {
    let kind = prop_oneof![
        Just(("apps/v1", "Deployment")),
        Just(("apps/v1", "StatefulSet")),
        Just(("apps/v1", "DaemonSet")),
        Just(("batch/v1", "Job")),
        Just(("batch/v1", "CronJob")),
        Just(("v1", "Pod")),
        Just(("example.org/v1", "Thing")),
    ];
    let containers = prop::collection::vec(container(), 0..4);
    let before = prop::collection::vec(container(), 0..2);
    let extra = prop_oneof![
        Just(json!({})),
        Just(json!({"volumes": [{"name": "x", "emptyDir": {}}], "hostNetwork": true})),
        Just(json!({"volumes": null, "initContainers": null})),
        Just(json!({"volumes": [{"name": "swath"}]})),
    ];
    (kind, containers, before, extra).prop_map(|((version, kind), containers, before, extra)| {
        let mut spec = extra;
        spec["containers"] = json!(containers);
        if !before.is_empty() {
            spec["initContainers"] = json!(before);
        }
        let pod = json!({"metadata": {"labels": {"app": "y", "on": "1"}}, "spec": spec});
        let spec = match kind {
            "Pod" => pod["spec"].clone(),
            "CronJob" => {
                json!({"schedule": "* * * * *", "jobTemplate": {"spec": {"template": pod}}})
            }
            _ => json!({"replicas": 3, "template": pod}),
        };
        json!({"apiVersion": version, "kind": kind, "metadata": {"name": "w"}, "spec": spec})
    })
}

/// A manifest of a pod.
pub(in crate::kubernetes) fn pod() -> impl Strategy<Value = Value> {
    workload().prop_filter_map("another kind", |one| (one["kind"] == "Pod").then_some(one))
}

/// A manifest with something in it exchanged.
fn damaged() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "\\PC{0,6}",
        "[ \n:{}\\[\\]&*!|>%@'\"#,?-]{0,6}",
        Just("<<: *a".to_owned()),
        Just("\n---\n".to_owned()),
        Just("null".to_owned()),
        Just("[]".to_owned()),
    ];
    let whole = "a: &a {x: 1}\n".to_owned()
        + &deployment(
            "initContainers: []\ncontainers:\n- name: web\n  env:\n  - {name: PYTHONPATH, value: x}\n  volumeMounts: []\nvolumes: []",
        );
    let places = 0..whole.len();
    (places.clone(), places, piece).prop_map(move |(start, length, piece)| {
        let end = (start + length % 12).min(whole.len());
        [&whole[..start], &piece, &whole[end..]].concat()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn whatever_is_wrong_is_an_error_or_stays(text in damaged()) {
        let Ok(injected) = inject(&text, &request()) else {
            return Ok(());
        };
        let is_injected = |note: &WorkloadNote| matches!(note.outcome, Outcome::Injected { .. });
        if injected.workloads.iter().any(is_injected) {
            prop_assert!(injected.text.contains("swath-prepare"));
        } else {
            prop_assert_eq!(injected.text, text);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn everything_stays_and_the_agent_comes_once(
        workloads in prop::collection::vec(workload(), 1..4),
        form in 0..3,
    ) {
        let each = |write: &dyn Fn(&Value) -> String| -> String {
            let texts: Vec<String> = workloads.iter().map(write).collect();
            texts.concat()
        };
        let text = match form {
            0 => json!({"apiVersion": "v1", "kind": "List", "items": workloads}).to_string(),
            1 => each(&|one| format!("--- # x\n{one}\n")),
            _ => each(&|one| format!("---\n{}", yaml::render(&of_json(one.clone())).unwrap())),
        };
        let once = inject(&text, &request()).unwrap();
        let (before, after) = (documents(&text), documents(&once.text));
        prop_assert_eq!(before.len(), after.len());
        for (before, after) in before.iter().zip(&after) {
            prop_assert_eq!(before.head, after.head);
            let (before, after) = (parse(before.body).unwrap(), parse(after.body).unwrap());
            prop_assert!(is_in(&before[0], &after[0]), "{}\n{}", text, once.text);
        }
        let twice = inject(&once.text, &request()).unwrap();
        prop_assert_eq!(&twice.text, &once.text);
        let is_injected = |note: &WorkloadNote| matches!(note.outcome, Outcome::Injected { .. });
        prop_assert!(!twice.workloads.iter().any(is_injected));
        if !once.workloads.iter().any(is_injected) {
            prop_assert_eq!(&once.text, &text);
        }
    }
}
