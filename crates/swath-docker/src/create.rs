//! The one request that is rewritten: the creation of a container.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;

use serde_json::{Value, json};
use swath_agent::Inject;
use swath_store::settings::SERVICE_VARIABLE;

use crate::config_hash::{CONFIG_HASH, marked};
use crate::traces::without_ours;

/// The label that says in which run a container was created.
pub(crate) const RUN_LABEL: &str = "swath.run";
/// The label that names the volume of a container.
pub(crate) const VOLUME_LABEL: &str = "swath.volume";

/// Where the agent may be mounted. In `/dev` every container has a file system of its own in memory:
/// the folder that is mounted upon is gone with the container, and in no image and no export.
pub(crate) const PLACES: [&str; 4] = ["/dev/swath", "/swath", "/.swath", "/swath-coverage"];

/// Where the agent's folder can be in a container.
pub fn agent_folders() -> [String; 4] {
    PLACES.map(|place| format!("{place}/agent"))
}

/// Whether a search path of a container holds a folder of the agent.
pub fn leads_to_agent(search_path: &str) -> bool {
    let folders = agent_folders();
    search_path
        .split(':')
        .any(|entry| folders.iter().any(|folder| folder == entry))
}

/// What a container is given.
#[derive(Debug, Clone)]
pub(crate) struct Injection<'a> {
    pub(crate) run: &'a str,
    pub(crate) volume: &'a str,
    /// Where the volume is mounted.
    pub(crate) mount: &'a str,
    /// The name under which what it records is known.
    pub(crate) service: &'a str,
    /// How the agent gets into its Pythons.
    pub(crate) inject: Inject,
    /// The object that its loader can take, by its name in the agent's folder.
    pub(crate) preload: &'a str,
}

/// Puts the agent into a request. `image` is the image as the engine describes it.
pub(crate) fn inject(request: &mut Value, image: &Value, injection: &Injection<'_>) {
    add_variables(request, image, injection);
    let bind = format!("{}:{}", injection.volume, injection.mount);
    let host = object(request, "HostConfig");
    match host.get_mut("Binds") {
        Some(Value::Array(binds)) => binds.push(json!(bind)),
        _ => host["Binds"] = json!([bind]),
    }
    let labels = object(request, "Labels");
    labels[RUN_LABEL] = json!(injection.run);
    labels[VOLUME_LABEL] = json!(injection.volume);
    if let Some(hash) = labels.get(CONFIG_HASH).and_then(Value::as_str) {
        labels[CONFIG_HASH] = json!(marked(injection.run, hash));
    }
}

/// Adds the variables that lead to the agent to whatever has `Env`.
pub(crate) fn add_variables(request: &mut Value, image: &Value, injection: &Injection<'_>) {
    let agent = format!("{}/agent", injection.mount);
    let preload = format!("{agent}/{}", injection.preload);
    let current = |name: &str| {
        let value = variable(name, request, image)?;
        // The image may be one that was made of a container under a run.
        without_ours(name, &value).map(OsString::from)
    };
    let variables = injection
        .inject
        .variables(Path::new(&agent), Path::new(&preload), current);
    for (name, value) in variables {
        set_variable(request, name, &value.to_string_lossy());
    }
    set_variable(request, SERVICE_VARIABLE, injection.service);
}

/// The value of a variable in the container: the request's, else the image's.
pub(crate) fn variable(name: &str, request: &Value, image: &Value) -> Option<String> {
    for environment in [&request["Env"], &image["Config"]["Env"]] {
        let found = environment
            .as_array()
            .into_iter()
            .flatten()
            .rev()
            .filter_map(Value::as_str)
            .find_map(|entry| match entry.split_once('=') {
                Some((key, value)) => (key == name).then(|| Some(value.to_owned())),
                // A name alone takes the variable away.
                None => (entry == name).then_some(None),
            });
        if let Some(value) = found {
            return value;
        }
    }
    None
}

/// All variables of the container that a request makes of an image.
pub(crate) fn variables(request: &Value, image: &Value) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for environment in [&image["Config"]["Env"], &request["Env"]] {
        let entries = environment.as_array().into_iter().flatten();
        for entry in entries.filter_map(Value::as_str) {
            match entry.split_once('=') {
                Some((name, value)) => {
                    found.insert(name.to_owned(), value.to_owned());
                }
                // A name alone takes the variable away.
                None => {
                    found.remove(entry);
                }
            }
        }
    }
    found
}

/// Where the agent is mounted: a place that the request and the image leave free.
pub(crate) fn free_mount(request: &Value, image: &Value) -> &'static str {
    let taken = mounts(request, image);
    let is_free = |place: &str| {
        taken.iter().all(|path| {
            let path = path.trim_end_matches('/');
            path != place && (path != "/dev" || !place.starts_with("/dev/"))
        })
    };
    PLACES
        .into_iter()
        .find(|place| is_free(place))
        .unwrap_or(PLACES[1])
}

fn mounts(request: &Value, image: &Value) -> Vec<String> {
    let host = &request["HostConfig"];
    let keys = |value: &Value| -> Vec<String> {
        let map = value.as_object();
        map.into_iter()
            .flat_map(|map| map.keys().cloned())
            .collect()
    };
    let mut found = keys(&request["Volumes"]);
    found.extend(keys(&host["Tmpfs"]));
    found.extend(keys(&image["Config"]["Volumes"]));
    let binds = host["Binds"].as_array().into_iter().flatten();
    found.extend(
        binds
            .filter_map(Value::as_str)
            .filter_map(|bind| bind.split(':').nth(1))
            .map(str::to_owned),
    );
    let others = host["Mounts"].as_array().into_iter().flatten();
    found.extend(
        others
            .filter_map(|mount| mount["Target"].as_str())
            .map(str::to_owned),
    );
    found
}

/// Whether the container is given the engine's own socket: what it starts goes past the proxy.
pub(crate) fn mounts_engine_socket(request: &Value) -> bool {
    let host = &request["HostConfig"];
    let is_socket = |path: &str| path.ends_with("docker.sock");
    let binds = host["Binds"].as_array().into_iter().flatten();
    let mounts = host["Mounts"].as_array().into_iter().flatten();
    binds
        .filter_map(Value::as_str)
        .any(|bind| bind.split(':').next().is_some_and(is_socket))
        || mounts
            .filter_map(|mount| mount["Source"].as_str())
            .any(is_socket)
}

fn set_variable(request: &mut Value, name: &str, value: &str) {
    if !request.is_object() {
        return;
    }
    let mut environment = match request["Env"].take() {
        Value::Array(entries) => entries,
        _ => Vec::new(),
    };
    let is_same = |entry: &Value| {
        let entry = entry.as_str();
        entry.is_some_and(|entry| entry.split('=').next() == Some(name))
    };
    let place = environment.iter().position(is_same);
    environment.retain(|entry| !is_same(entry));
    let place = place.unwrap_or(environment.len());
    environment.insert(place, json!(format!("{name}={value}")));
    request["Env"] = Value::Array(environment);
}

/// The object under `key`, made if there is none.
fn object<'a>(value: &'a mut Value, key: &str) -> &'a mut Value {
    if !value[key].is_object() {
        value[key] = json!({});
    }
    &mut value[key]
}

#[cfg(test)]
mod tests {
    use super::*;

    const INJECTION: Injection<'_> = Injection {
        run: "r1",
        volume: "swath-r1-0",
        mount: "/swath",
        service: "web",
        inject: Inject::Path,
        preload: "swath-preload.x86_64.so",
    };

    fn injected(mut request: Value, image: &Value) -> Value {
        inject(&mut request, image, &INJECTION);
        request
    }

    #[test]
    fn the_agent_comes_before_the_path_in_effect() {
        let image = json!({"Config": {"Env": ["PYTHONPATH=/image", "A=1"]}});
        let path = |request: Value| {
            let request = injected(request, &image);
            let entries = request["Env"].as_array().unwrap();
            let is_path = |entry: &&Value| entry.as_str().unwrap().starts_with("PYTHONPATH");
            entries.iter().find(is_path).unwrap().clone()
        };
        assert_eq!(path(json!({})), "PYTHONPATH=/swath/agent:/image");
        assert_eq!(
            path(json!({"Env": ["PYTHONPATH=/own", "B=2"]})),
            "PYTHONPATH=/swath/agent:/own"
        );
        assert_eq!(
            path(json!({"Env": ["PYTHONPATH"]})),
            "PYTHONPATH=/swath/agent"
        );
        assert_eq!(path(json!({"Env": null})), "PYTHONPATH=/swath/agent:/image");
    }

    #[test]
    fn the_loader_gets_an_object_behind_what_it_has() {
        let both = Injection {
            inject: Inject::Both,
            ..INJECTION
        };
        let image = json!({"Config": {"Env": [
            "LD_PRELOAD=/usr/lib/jemalloc.so:/dev/swath/agent/swath-preload.x86_64.so",
        ]}});
        let mut request = json!({"Env": ["A=1"]});
        inject(&mut request, &image, &both);
        let expected = json!([
            "A=1",
            "PYTHONPATH=/swath/agent",
            "LD_PRELOAD=/usr/lib/jemalloc.so:/swath/agent/swath-preload.x86_64.so",
            "ASAN_OPTIONS=verify_asan_link_order=0",
            "SWATH_SERVICE=web",
        ]);
        assert_eq!(request["Env"], expected);
    }

    #[test]
    fn everything_else_of_the_request_stays() {
        let request = json!({
            "Image": "xy", "Cmd": ["a"], "Env": ["B=2"],
            "HostConfig": {"Binds": ["/a:/b"], "NanoCpus": 1_500_000_000_i64},
            "Labels": {"com.docker.compose.config-hash": "0123"},
        });
        let after = injected(request, &Value::Null);
        assert_eq!(
            after["HostConfig"]["Binds"],
            json!(["/a:/b", "swath-r1-0:/swath"])
        );
        assert_eq!(after["HostConfig"]["NanoCpus"], 1_500_000_000_i64);
        assert_eq!(
            after["Labels"]["com.docker.compose.config-hash"],
            "swath.r1.0123"
        );
        assert_eq!(after["Labels"][RUN_LABEL], "r1");
        assert_eq!(after["Cmd"], json!(["a"]));
    }

    #[test]
    fn a_place_in_use_is_left_alone() {
        assert_eq!(free_mount(&json!({}), &Value::Null), "/dev/swath");
        // The folder would be made on the host.
        let request = json!({"HostConfig": {"Binds": ["/dev:/dev/"]}});
        assert_eq!(free_mount(&request, &Value::Null), "/swath");
        let request = json!({"HostConfig": {"Binds": ["/x:/dev/swath:ro", "/x:/swath"]}});
        assert_eq!(free_mount(&request, &Value::Null), "/.swath");
        let request = json!({"HostConfig": {"Mounts": [{"Target": "/dev/swath/"}]}});
        assert_eq!(free_mount(&request, &Value::Null), "/swath");
    }

    #[test]
    fn the_engines_socket_is_seen() {
        let bind = json!({"HostConfig": {"Binds": ["/var/run/docker.sock:/s"]}});
        assert!(mounts_engine_socket(&bind));
        assert!(!mounts_engine_socket(
            &json!({"HostConfig": {"Binds": ["/a:/docker.sock"]}})
        ));
    }
}
