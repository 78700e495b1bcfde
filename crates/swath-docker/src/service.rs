//! A service of a Swarm as the engine's API has it: what it says of its tasks, and how it looks without
//! what swath added.

use std::hash::{BuildHasher as _, RandomState};

use serde_json::{Value, json};
use swath_manifest::{SERVICE_LABEL, STACK_RUN_LABEL, TaskAddition, without_templates};

use crate::create::RUN_LABEL;
use crate::owner::OWNER_LABEL;
use crate::part::{STACK_LABEL, name_in_stack, short_name};
use crate::traces::{carried, clean_config};

/// Where the part of a service is that its tasks' containers are made of.
pub(crate) const CONTAINER: &str = "/TaskTemplate/ContainerSpec";

/// A Swarm takes names of 63 characters.
const LONGEST_FIRST_PART: usize = 40;

/// Whose agent the tasks of a service carry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Carried {
    /// Nobody's.
    None,
    /// That of a run which made it through a proxy.
    Proxy { run: String },
    /// That of a run which its stack file names.
    StackFile { run: String },
}

/// Whose agent the tasks of this service carry.
pub(crate) fn carried_by(specification: &Value) -> Carried {
    let labels = specification.pointer(&format!("{CONTAINER}/Labels"));
    let label = |name: &str| labels?.get(name)?.as_str().map(str::to_owned);
    if labels.and_then(carried).is_some() {
        let run = label(RUN_LABEL).unwrap_or_default();
        return Carried::Proxy { run };
    }
    match (label(SERVICE_LABEL), label(STACK_RUN_LABEL)) {
        (Some(_), Some(run)) => Carried::StackFile { run },
        _ => Carried::None,
    }
}

/// The name of a service as its stack file has it.
pub(crate) fn own_name(specification: &Value) -> Option<&str> {
    let name = specification["Name"].as_str()?;
    let stack = specification["Labels"][STACK_LABEL].as_str();
    Some(name_in_stack(name, stack))
}

/// Gives a service a name if it has none, in the engine's place: its tasks bear it, and what they record is
/// found by it. Whether that was needed.
pub(crate) fn give_name(specification: &mut Value) -> bool {
    let container = specification.pointer(CONTAINER);
    let image = container.and_then(|container| container["Image"].as_str());
    let has_name = |name: &str| !name.is_empty();
    let (Some(image), false) = (image, specification["Name"].as_str().is_some_and(has_name)) else {
        return false;
    };
    let name: String = short_name(image)
        .chars()
        .map(|one| {
            if one.is_ascii_alphanumeric() {
                one
            } else {
                '-'
            }
        })
        .take(LONGEST_FIRST_PART)
        .collect();
    // What is left is to be unlike the name that anybody else takes at this moment.
    let number = RandomState::new().hash_one(image);
    let first = name.trim_start_matches('-');
    let name = format!("{first}-{:08x}", number >> 32);
    specification["Name"] = json!(name.trim_start_matches('-'));
    true
}

/// The wish for a container that tasks of this service come from.
pub(crate) fn as_container(container: &Value) -> Value {
    let targets = |key: &str, folder: &str| -> Vec<Value> {
        let all = container[key].as_array().into_iter().flatten();
        let names = all.filter_map(|one| one["File"]["Name"].as_str());
        let path = |name: &str| std::path::Path::new(folder).join(name);
        names
            .map(|name| json!({"Type": "file", "Target": path(name)}))
            .collect()
    };
    let mut mounts = container["Mounts"].as_array().cloned().unwrap_or_default();
    mounts.extend(targets("Configs", "/"));
    mounts.extend(targets("Secrets", "/run/secrets"));
    json!({
        "Image": container["Image"],
        "Env": container["Env"],
        "WorkingDir": container["Dir"],
        "Labels": container["Labels"],
        "HostConfig": {"Mounts": mounts},
    })
}

/// An image whose variables mean the same in a service, where a Swarm fills in templates.
pub(crate) fn for_service(image: &Value) -> Value {
    let mut image = image.clone();
    if let Some(Value::Array(variables)) = image.pointer_mut("/Config/Env") {
        for variable in variables {
            if let Some(text) = variable.as_str() {
                *variable = json!(without_templates(text));
            }
        }
    }
    image
}

/// Takes swath's part out of a service, or its earlier form; whether there was one.
pub(crate) fn clean_specification(specification: &mut Value) -> bool {
    let Some(container) = specification.pointer_mut(CONTAINER) else {
        return false;
    };
    let Some(volume) = carried(&container["Labels"]) else {
        return false;
    };
    clean_config(container);
    without_empty(container);
    TaskAddition::take_from_specification(specification, &volume);
    true
}

/// The same of the answer that lists or describes services or tasks.
pub(crate) fn clean_answer(answer: &mut Value) -> bool {
    match answer {
        Value::Array(all) => {
            let before = all.len();
            all.retain(|one| !is_own(one));
            let is_changed = all.len() < before;
            all.iter_mut()
                .fold(is_changed, |changed, one| clean_one(one) | changed)
        }
        one => clean_one(one),
    }
}

/// Whether this is swath's own service, or a task of it.
fn is_own(one: &Value) -> bool {
    let has = |labels: &Value| labels.get(OWNER_LABEL).is_some();
    has(&one["Spec"]["Labels"]) || has(&one["Spec"]["ContainerSpec"]["Labels"])
}

fn clean_one(one: &mut Value) -> bool {
    let mut is_changed = false;
    for key in ["Spec", "PreviousSpec"] {
        if let Some(specification) = one.get_mut(key) {
            is_changed |= clean_specification(specification);
        }
    }
    // A task has the part of its service that it comes from.
    if let Some(container) = one.pointer_mut("/Spec/ContainerSpec")
        && let Some(volume) = carried(&container["Labels"])
    {
        clean_config(container);
        without_empty(container);
        TaskAddition::take_from_container(container, &volume);
        is_changed = true;
    }
    is_changed
}

/// Variables that a service did not have are none.
fn without_empty(container: &mut Value) {
    let is_empty = |value: &Value| value.as_array().is_some_and(Vec::is_empty);
    if let Some(container) = container.as_object_mut()
        && container.get("Env").is_some_and(is_empty)
    {
        container.remove("Env");
    }
}

/// Whether two services make the same tasks, as far as that can be told: what a client leaves out and
/// what is empty are one.
pub(crate) fn makes_same_tasks(one: &Value, other: &Value) -> bool {
    let bare = |specification: &Value| {
        let mut specification = specification.clone();
        clean_specification(&mut specification);
        let mut template = specification["TaskTemplate"].take();
        prune(&mut template);
        template
    };
    bare(one) == bare(other)
}

/// A service with the tasks that it has `now`, and what tells the agent in them who they are: nothing
/// replaces them.
pub(crate) fn with_tasks_of(mut specification: Value, now: &Value) -> Value {
    specification["TaskTemplate"] = now["TaskTemplate"].clone();
    for label in TaskAddition::LABELS {
        if let Some(value) = now["Labels"].get(label) {
            specification["Labels"][label] = value.clone();
        }
    }
    specification
}

fn prune(value: &mut Value) {
    let is_nothing = |value: &Value| match value {
        Value::Null | Value::Bool(false) => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(entries) => entries.is_empty(),
        Value::String(text) => text.is_empty(),
        Value::Number(number) => number.as_u64() == Some(0),
        Value::Bool(true) => false,
    };
    match value {
        Value::Array(items) => items.iter_mut().for_each(prune),
        Value::Object(entries) => {
            entries.values_mut().for_each(prune);
            entries.retain(|_, value| !is_nothing(value));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured() -> Value {
        json!({
            "Name": "shop_web",
            "Labels": {"com.docker.stack.namespace": "shop", "swath.dev/injected": "web", "swath.dev/run": "r1"},
            "TaskTemplate": {"ContainerSpec": {
                "Image": "x",
                "Env": ["PYTHONPATH=/dev/swath/agent", "SWATH_SERVICE=web"],
                "Labels": {
                    "swath.run": "r1", "swath.volume": "swath-r1-tasks",
                    "swath.dev/injected": "web", "swath.dev/run": "r1",
                },
                "Mounts": [{"Type": "volume", "Source": "swath-r1-tasks", "Target": "/dev/swath/tasks"}],
            }, "ForceUpdate": 0},
        })
    }

    fn bare() -> Value {
        json!({
            "Name": "shop_web",
            "Labels": {"com.docker.stack.namespace": "shop"},
            "TaskTemplate": {"ContainerSpec": {"Image": "x", "Labels": {}}, "ForceUpdate": 0},
        })
    }

    #[test]
    fn a_service_is_shown_as_it_was_written() {
        let mut specification = measured();
        let run = "r1".to_owned();
        assert_eq!(carried_by(&specification), Carried::Proxy { run });
        assert!(clean_specification(&mut specification));
        assert_eq!(specification, bare());
        assert_eq!(carried_by(&specification), Carried::None);
        assert!(!clean_specification(&mut specification));
        let mut answer = json!([{"ID": "1", "Spec": measured(), "PreviousSpec": measured()}]);
        assert!(clean_answer(&mut answer));
        assert_eq!(
            answer,
            json!([{"ID": "1", "Spec": bare(), "PreviousSpec": bare()}])
        );
        let own = json!({"ID": "3", "Spec": {"Labels": {"swath.owner": "somebody"}}});
        let mut answer = json!([{"ID": "1", "Spec": bare()}, own]);
        assert!(clean_answer(&mut answer));
        assert_eq!(answer, json!([{"ID": "1", "Spec": bare()}]));
        let task = |specification: Value| json!({"ID": "2", "Spec": specification["TaskTemplate"]});
        let mut answer = task(measured());
        assert!(clean_answer(&mut answer));
        assert_eq!(answer, task(bare()));
    }

    #[test]
    fn what_a_stack_file_gave_is_not_ours() {
        let mut specification = measured();
        let labels = specification.pointer_mut(&format!("{CONTAINER}/Labels"));
        labels
            .unwrap()
            .as_object_mut()
            .unwrap()
            .remove("swath.volume");
        let run = "r1".to_owned();
        assert_eq!(carried_by(&specification), Carried::StackFile { run });
        let before = specification.clone();
        assert!(!clean_specification(&mut specification));
        assert_eq!(specification, before);
    }

    #[test]
    fn a_service_in_a_stack_has_its_name_of_there() {
        let name = |text: Value| own_name(&text).map(str::to_owned);
        assert_eq!(name(measured()).as_deref(), Some("web"));
        assert_eq!(
            name(json!({"Name": "shop_web"})).as_deref(),
            Some("shop_web")
        );
        assert_eq!(name(json!({})), None);
    }

    #[test]
    fn a_service_without_a_name_gets_one_that_a_swarm_takes() {
        let of = |image: &str, name: Value| {
            let container = json!({"Image": image});
            let mut given = json!({"Name": name, "TaskTemplate": {"ContainerSpec": container}});
            let is_given = give_name(&mut given);
            (
                is_given,
                given["Name"].as_str().unwrap_or_default().to_owned(),
            )
        };
        assert_eq!(of("shop", json!("web")), (false, "web".to_owned()));
        assert_eq!(of("", json!(null)).1.len(), 8);
        let long = "registry:5000/_a.b".to_owned() + &"c".repeat(100);
        for image in ["shop:1@sha256:00", &long] {
            let (is_given, name) = of(image, json!(""));
            assert!(is_given && name.len() <= 63, "{name}");
            let is_plain = |one: char| one.is_ascii_alphanumeric() || one == '-';
            assert!(
                name.chars().all(is_plain) && !name.starts_with('-'),
                "{name}"
            );
        }
        // Other runtimes than containers are the engine's own affair.
        assert!(!give_name(&mut json!({"TaskTemplate": {}})));
    }

    #[test]
    fn tasks_are_the_same_if_only_their_number_changes() {
        let mut scaled = bare();
        scaled["Mode"] = json!({"Replicated": {"Replicas": 3}});
        scaled["TaskTemplate"]["Placement"] = json!({});
        assert!(makes_same_tasks(&measured(), &scaled));
        scaled["TaskTemplate"]["ForceUpdate"] = json!(1);
        assert!(!makes_same_tasks(&measured(), &scaled));
    }

    #[test]
    fn configs_and_secrets_take_their_places() {
        let container = json!({"Dir": "/srv",
            "Configs": [{"File": {"Name": "/dev/swath"}}, {"File": {"Name": "x"}}],
            "Secrets": [{"File": {"Name": "y"}}],
        });
        let request = as_container(&container);
        let mounts = request["HostConfig"]["Mounts"].as_array().unwrap();
        let targets: Vec<_> = mounts.iter().map(|mount| mount["Target"].clone()).collect();
        assert_eq!(targets, ["/dev/swath", "/x", "/run/secrets/y"]);
        assert_eq!(crate::create::free_mount(&request, &Value::Null), "/swath");
    }
}
