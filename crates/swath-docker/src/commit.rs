//! An image made of a container of the run: what it would be without swath.
//!
//! The engine lets a variable of a container be changed in the image, and none be taken away. So the
//! image is described anew over the layers that are there already, and the first one goes. Where an
//! engine wants the layers again, the variables are left in the image without a value.

use std::io::Read as _;

use serde_json::{Value, json};
use swath_store::settings::SERVICE_VARIABLE;

use crate::create::{RUN_LABEL, VOLUME_LABEL, variable};
use crate::engine::{Content, Engine, escape};
use crate::error::EngineError;
use crate::message::LONGEST_BODY;
use crate::route::Commit;
use crate::time::timestamp;
use crate::traces::{SHARED_VARIABLES, clean_config, is_marked, order_as_in_image};

/// Replaces the image that a commit made by one without swath's part; gives its id. `None` when the
/// image has none.
pub(crate) fn clean_image(
    engine: &Engine,
    commit: &Commit,
    container: &Value,
    made: &str,
) -> Result<Option<String>, EngineError> {
    let mut image = engine.image(made)?;
    if !is_marked(&image["Config"]) {
        return Ok(None);
    }
    let history = engine.json(
        "GET",
        &format!("/images/{}/history", escape(made)),
        &Content::Nothing,
    )?;
    clean_config(&mut image["Config"]);
    if let Some(base) = container["Image"].as_str()
        && let Ok(base) = engine.image(base)
    {
        order_as_in_image(&mut image["Config"], &base);
    }
    let tar = described(&image, &history).map_err(|source| EngineError::Broken {
        what: "the description of an image".to_owned(),
        source,
    })?;
    let clean = load(engine, &tar)?;
    if let Some(repository) = &commit.repository {
        let tag = commit.tag.as_deref().unwrap_or("latest");
        let target = format!(
            "/images/{}/tag?repo={}&tag={}",
            escape(&clean),
            escape(repository),
            escape(tag)
        );
        engine.ask("POST", &target, &Content::Nothing)?;
    }
    // Nothing refers to it any more; if somebody does already, it stays.
    let target = format!("/images/{}?noprune=1", escape(made));
    let _ = engine.ask("DELETE", &target, &Content::Nothing);
    Ok(Some(clean))
}

/// The body of a commit that leaves of swath's part no more than names.
pub(crate) fn emptied(body: &[u8], container: &Value) -> Value {
    let given = serde_json::from_slice::<Value>(body).unwrap_or_default();
    let mut config = container["Config"].clone();
    clean_config(&mut config);
    let given_to = |name: &&str| variable(name, &container["Config"], &Value::Null).is_some();
    let mut environment: Vec<Value> = SHARED_VARIABLES
        .into_iter()
        .filter(given_to)
        .map(|name| match variable(name, &config, &Value::Null) {
            Some(own) => json!(format!("{name}={own}")),
            None => json!(name),
        })
        .collect();
    environment.push(json!(SERVICE_VARIABLE));
    let mut labels = config["Labels"].as_object().cloned().unwrap_or_default();
    labels.insert(RUN_LABEL.to_owned(), json!(""));
    labels.insert(VOLUME_LABEL.to_owned(), json!(""));
    for (key, value) in given.as_object().into_iter().flatten() {
        config[key] = value.clone();
    }
    let given = given["Env"].as_array().cloned().unwrap_or_default();
    environment.retain(|entry| !given.iter().any(|other| name_of(other) == name_of(entry)));
    environment.extend(given);
    config["Env"] = Value::Array(environment);
    for (key, value) in config["Labels"].as_object().into_iter().flatten() {
        labels.insert(key.clone(), value.clone());
    }
    config["Labels"] = Value::Object(labels);
    config
}

fn name_of(entry: &Value) -> Option<&str> {
    entry.as_str()?.split('=').next()
}

/// An archive that describes an image over layers that the engine has.
fn described(image: &Value, history: &Value) -> std::io::Result<Vec<u8>> {
    let layers = image["RootFS"]["Layers"].as_array().map_or(0, Vec::len);
    let config = json!({
        "architecture": image["Architecture"],
        "os": image["Os"],
        "variant": image["Variant"].as_str().unwrap_or_default(),
        "author": image["Author"],
        "created": image["Created"],
        "config": image["Config"],
        "rootfs": {"type": "layers", "diff_ids": image["RootFS"]["Layers"]},
        "history": steps(history, layers),
    });
    let manifest = json!([{
        "Config": "config.json",
        "RepoTags": null,
        // Named, and not in the archive.
        "Layers": (0..layers).map(|layer| format!("{layer}/layer.tar")).collect::<Vec<_>>(),
    }]);
    let mut archive = tar::Builder::new(Vec::new());
    for (name, text) in [("config.json", config), ("manifest.json", manifest)] {
        let bytes = text.to_string().into_bytes();
        let mut header = tar::Header::new_gnu();
        header.set_mode(0o644);
        header.set_size(bytes.len().try_into().map_err(std::io::Error::other)?);
        archive.append_data(&mut header, name, &bytes[..])?;
    }
    archive.into_inner()
}

/// The steps that led to an image, the first one first. The engine does not say which of them made
/// a layer: those that are not empty did, and of the others the latest.
fn steps(history: &Value, layers: usize) -> Vec<Value> {
    let newest_first = history.as_array().map_or(&[][..], Vec::as_slice);
    let is_full = |step: &Value| step["Size"].as_u64().is_some_and(|size| size > 0);
    let full = newest_first.iter().filter(|step| is_full(step)).count();
    let Some(mut empty_with_layer) = layers.checked_sub(full) else {
        return Vec::new();
    };
    let mut steps = Vec::new();
    for step in newest_first {
        let has_layer = is_full(step) || empty_with_layer > 0;
        if !is_full(step) {
            empty_with_layer = empty_with_layer.saturating_sub(1);
        }
        steps.push(json!({
            "created": timestamp(step["Created"].as_i64().unwrap_or(0)),
            "created_by": step["CreatedBy"],
            "comment": step["Comment"],
            "empty_layer": !has_layer,
        }));
    }
    if empty_with_layer > 0 {
        return Vec::new();
    }
    steps.reverse();
    steps
}

fn load(engine: &Engine, tar: &[u8]) -> Result<String, EngineError> {
    const LOADED: &str = "Loaded image ID: ";
    let target = "/images/load?quiet=1";
    let broken = |source| EngineError::Broken {
        what: format!("POST {target}"),
        source,
    };
    let longest = u64::try_from(LONGEST_BODY).unwrap_or(u64::MAX);
    let mut text = String::new();
    engine
        .ask("POST", target, &Content::Tar(tar))?
        .take(longest)
        .read_to_string(&mut text)
        .map_err(broken)?;
    text.lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .find_map(|line| {
            Some(
                line["stream"]
                    .as_str()?
                    .strip_prefix(LOADED)?
                    .trim()
                    .to_owned(),
            )
        })
        .ok_or_else(|| broken(std::io::Error::other("the engine took no image")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_layer_has_a_step() {
        let history = json!([
            {"Size": 0, "Created": 3, "CreatedBy": "python3", "Comment": ""},
            {"Size": 0, "Created": 2, "CreatedBy": "ENV A=1", "Comment": ""},
            {"Size": 9, "Created": 1, "CreatedBy": "COPY", "Comment": ""},
        ]);
        let empty = |layers| {
            let steps = steps(&history, layers);
            let empty = steps
                .iter()
                .map(|step| step["empty_layer"].as_bool().unwrap());
            empty.collect::<Vec<_>>()
        };
        assert_eq!(
            empty(2),
            [false, true, false],
            "a commit that changed nothing"
        );
        assert_eq!(empty(1), [false, true, true]);
        assert!(empty(0).is_empty() && empty(4).is_empty());
    }

    #[test]
    fn what_cannot_be_taken_away_is_left_without_a_value() {
        let container = json!({"Config": {
            "Tty": true,
            "Env": ["A=1", "PYTHONPATH=/dev/swath/agent", "SWATH_SERVICE=web"],
            "Labels": {"swath.run": "r", "swath.volume": "v", "x": "y"},
        }});
        let config = emptied(b"null", &container);
        assert_eq!(config["Env"], json!(["PYTHONPATH", "SWATH_SERVICE"]));
        assert_eq!(
            config["Labels"],
            json!({"swath.run": "", "swath.volume": "", "x": "y"})
        );
        assert_eq!(config["Tty"], true);
        let config = emptied(
            b"{\"Env\":[\"PYTHONPATH=/x\"],\"Labels\":{\"x\":\"z\"}}",
            &container,
        );
        assert_eq!(config["Env"], json!(["SWATH_SERVICE", "PYTHONPATH=/x"]));
        assert_eq!(config["Labels"]["x"], "z");
    }
}
