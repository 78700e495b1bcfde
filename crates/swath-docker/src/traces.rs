//! What swath adds to a container, taken out of every description of it and of every image that is
//! made of it: it leaves the run by no way.

use serde_json::{Value, json};
use swath_agent::{ANY_ORDER, PRELOAD_VARIABLE, PYTHON_PATH, SANITIZER};
use swath_manifest::TaskAddition;
use swath_store::settings::SERVICE_VARIABLE;

use crate::config_hash::{CONFIG_HASH, unmarked};
use crate::create::{PLACES, RUN_LABEL, VOLUME_LABEL};

/// The variables that hold something of swath's, beside what is of the container's own.
pub(crate) const SHARED_VARIABLES: [&str; 3] = [PYTHON_PATH, PRELOAD_VARIABLE, SANITIZER];

/// Takes swath's part out of a container as a list or an inspection shows it. Says whether there
/// was one.
pub(crate) fn clean_description(container: &mut Value) -> bool {
    let listed = carried(&container["Labels"]);
    let inspected = carried(&container["Config"]["Labels"]);
    let Some(volume) = listed.or(inspected) else {
        return false;
    };
    if let Some(labels) = container.get_mut("Labels") {
        clean_labels(labels);
    }
    if let Some(config) = container.get_mut("Config") {
        clean_config(config);
    }
    let begins = format!("{volume}:");
    if let Some(Value::Array(binds)) = container.pointer_mut("/HostConfig/Binds") {
        binds.retain(|bind| !bind.as_str().is_some_and(|bind| bind.starts_with(&begins)));
    }
    // The engine makes the container of a task with another part of its interface.
    if let Some(Value::Array(mounts)) = container.pointer_mut("/HostConfig/Mounts") {
        mounts.retain(|mount| mount["Source"].as_str() != Some(&volume));
    }
    if let Some(Value::Array(mounts)) = container.get_mut("Mounts") {
        mounts.retain(|mount| mount["Name"].as_str() != Some(&volume));
    }
    true
}

/// Takes the folder that swath's volume is mounted upon out of a list of what changed in a container:
/// an engine makes it in the container's own file system when something is copied. Says whether it was
/// there.
pub(crate) fn clean_changes(changes: &mut Value, mount: &str) -> bool {
    let Some(changes) = changes.as_array_mut() else {
        return false;
    };
    let before = changes.len();
    changes.retain(|change| change["Path"].as_str() != Some(mount));
    if changes.len() == before {
        return false;
    }
    // The folder that it is in changed by it, if by nothing else.
    let above = mount.rsplit_once('/').map_or("", |(above, _)| above);
    let inside = format!("{above}/");
    let paths = changes.iter().filter_map(|change| change["Path"].as_str());
    if !paths.into_iter().any(|path| path.starts_with(&inside)) {
        changes.retain(|change| change["Path"].as_str() != Some(above) || change["Kind"] != 0);
    }
    true
}

/// Whether a configuration is that of a container with an agent, or of an image made of one.
pub(crate) fn is_marked(config: &Value) -> bool {
    carried(&config["Labels"]).is_some()
}

/// The volume that labels name.
pub(crate) fn carried(labels: &Value) -> Option<String> {
    let volume = labels.get(VOLUME_LABEL)?.as_str()?;
    labels.get(RUN_LABEL)?.as_str()?;
    (!volume.is_empty()).then(|| volume.to_owned())
}

/// Takes swath's variables and labels out of a configuration.
pub(crate) fn clean_config(config: &mut Value) {
    if let Some(Value::Array(environment)) = config.get_mut("Env") {
        // A program's own wish about the order of objects looks like swath's.
        let is_preloaded = environment.iter().any(|entry| {
            shared(entry).is_some_and(|(name, value)| {
                name == PRELOAD_VARIABLE && without_ours(name, value).as_deref() != Some(value)
            })
        });
        for entry in environment.iter_mut() {
            if let Some((name, value)) = shared(entry)
                && (name != SANITIZER || is_preloaded)
            {
                *entry = match without_ours(name, value) {
                    Some(own) => json!(format!("{name}={own}")),
                    None => Value::Null,
                };
            }
        }
        let service = format!("{SERVICE_VARIABLE}=");
        environment.retain(|entry| {
            entry
                .as_str()
                .is_some_and(|entry| !entry.starts_with(&service))
        });
    }
    if let Some(labels) = config.get_mut("Labels") {
        clean_labels(labels);
    }
}

fn clean_labels(labels: &mut Value) {
    let Some(labels) = labels.as_object_mut() else {
        return;
    };
    let of_tasks = TaskAddition::LABELS;
    for label in [RUN_LABEL, VOLUME_LABEL].into_iter().chain(of_tasks) {
        labels.remove(label);
    }
    if let Some(hash) = labels.get_mut(CONFIG_HASH)
        && let Some(own) = hash.as_str().and_then(unmarked)
    {
        *hash = json!(own);
    }
}

/// One of the shared variables, with its value.
fn shared(entry: &Value) -> Option<(&str, &str)> {
    let (name, value) = entry.as_str()?.split_once('=')?;
    SHARED_VARIABLES.contains(&name).then_some((name, value))
}

/// The value of a shared variable without what is swath's; nothing if there was nothing else.
pub(crate) fn without_ours(name: &str, value: &str) -> Option<String> {
    let is_ours = |part: &&str| match name {
        PYTHON_PATH => is_agent_folder(part),
        PRELOAD_VARIABLE => part
            .rsplit_once('/')
            .is_some_and(|(folder, _)| is_agent_folder(folder)),
        _ => *part == ANY_ORDER,
    };
    let own = value
        .split(':')
        .filter(|part| !is_ours(part))
        .collect::<Vec<_>>();
    (!own.is_empty()).then(|| own.join(":"))
}

fn is_agent_folder(folder: &str) -> bool {
    folder
        .strip_suffix("/agent")
        .is_some_and(|mount| PLACES.contains(&mount))
}

/// Moves each shared variable to where the image has it, if it is the image's: a container without
/// swath has its own variables first, then those of its image, in their order.
pub(crate) fn order_as_in_image(config: &mut Value, image: &Value) {
    let Some(Value::Array(environment)) = config.get_mut("Env") else {
        return;
    };
    let of_image = image["Config"]["Env"]
        .as_array()
        .map_or(&[][..], Vec::as_slice);
    for name in SHARED_VARIABLES {
        move_as_in_image(name, environment, of_image);
    }
}

fn move_as_in_image(name: &str, environment: &mut Vec<Value>, of_image: &[Value]) {
    let is_it = |entry: &Value| shared(entry).is_some_and(|(known, _)| known == name);
    let Some(there) = of_image.iter().position(is_it) else {
        return;
    };
    let Some(here) = environment
        .iter()
        .position(|entry| *entry == of_image[there])
    else {
        return;
    };
    let entry = environment.remove(here);
    let position = |other: &Value| environment.iter().position(|entry| entry == other);
    let (before, after) = (&of_image[..there], &of_image[there + 1..]);
    let place = before
        .iter()
        .rev()
        .find_map(|other| position(other).map(|index| index + 1))
        .or_else(|| after.iter().find_map(position))
        .unwrap_or(environment.len());
    environment.insert(place, entry);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_shows_nothing_of_swaths() {
        let mut container = json!({
            "Config": {
                "Env": [
                    "A=1", "PYTHONPATH=/dev/swath/agent:/own", "SWATH_SERVICE=web", "B=2",
                    "LD_PRELOAD=/x.so:/dev/swath/agent/swath-preload.x86_64.so",
                    "ASAN_OPTIONS=verify_asan_link_order=0",
                ],
                "Labels": {
                    "swath.run": "r1", "swath.volume": "swath-r1-0", "x": "y",
                    "swath.dev/injected": "web", "swath.dev/run": "r1",
                    "com.docker.compose.config-hash": "swath.r1.0123",
                },
            },
            "HostConfig": {
                "Binds": ["/a:/b", "swath-r1-0:/dev/swath"],
                "Mounts": [{"Source": "swath-r1-0"}, {"Source": "data"}],
                "Memory": 5,
            },
            "Mounts": [{"Name": "swath-r1-0"}, {"Name": "data"}, {"Source": "/a"}],
        });
        assert!(is_marked(&container["Config"]));
        assert!(clean_description(&mut container));
        let expected = json!({
            "Config": {
                "Env": ["A=1", "PYTHONPATH=/own", "B=2", "LD_PRELOAD=/x.so"],
                "Labels": {"x": "y", "com.docker.compose.config-hash": "0123"},
            },
            "HostConfig": {"Binds": ["/a:/b"], "Mounts": [{"Source": "data"}], "Memory": 5},
            "Mounts": [{"Name": "data"}, {"Source": "/a"}],
        });
        assert_eq!(container, expected);
        assert!(!clean_description(&mut container));
        let mut listed = json!({"Labels": {"swath.run": "r", "swath.volume": "v"}, "Mounts": []});
        assert!(clean_description(&mut listed));
        assert_eq!(listed, json!({"Labels": {}, "Mounts": []}));
    }

    #[test]
    fn a_list_of_changes_has_no_folder_of_swaths() {
        let change = |path: &str, kind: u8| json!({"Path": path, "Kind": kind});
        let clean = |changes: &[Value], mount| {
            let mut changes = Value::Array(changes.to_vec());
            clean_changes(&mut changes, mount).then_some(changes)
        };
        let (tmp, dev, swath) = (
            change("/tmp", 0),
            change("/dev", 0),
            change("/dev/swath", 1),
        );
        let own = change("/dev/own", 1);
        let all = [tmp.clone(), dev.clone(), swath.clone()];
        assert_eq!(clean(&all, "/dev/swath"), Some(json!([tmp])));
        let all = [dev.clone(), own.clone(), swath];
        assert_eq!(clean(&all, "/dev/swath"), Some(json!([dev, own])));
        assert_eq!(clean(&[dev, own], "/dev/swath"), None);
        let all = [tmp.clone(), change("/swath", 1)];
        assert_eq!(clean(&all, "/swath"), Some(json!([tmp])));
        assert_eq!(clean(&[], "/dev/swath"), None);
    }

    #[test]
    fn the_search_path_is_what_it_was() {
        for (path, own) in [
            ("/dev/swath/agent", None),
            ("/swath/agent:/dev/swath/agent", None),
            ("/dev/swath/agent:/app", Some("/app")),
            ("/app:/swath/agent:/x", Some("/app:/x")),
            ("/app/agent", Some("/app/agent")),
        ] {
            let found = without_ours(PYTHON_PATH, path);
            assert_eq!(found.as_deref(), own, "{path}");
        }
        let mut theirs = json!({"Env": ["ASAN_OPTIONS=verify_asan_link_order=0"]});
        let before = theirs.clone();
        clean_config(&mut theirs);
        assert_eq!(theirs, before, "nothing of swath's is preloaded there");
        let image = json!({"Config": {"Env": ["A=1", "PYTHONPATH=/own", "B=2"]}});
        let mut config = json!({"Env": ["MINE=1", "PYTHONPATH=/own", "A=1", "B=2"]});
        order_as_in_image(&mut config, &image);
        assert_eq!(
            config["Env"],
            json!(["MINE=1", "A=1", "PYTHONPATH=/own", "B=2"])
        );
        let mut config = json!({"Env": ["PYTHONPATH=/other", "A=1", "B=2"]});
        let before = config.clone();
        order_as_in_image(&mut config, &image);
        assert_eq!(config, before);
    }
}
