//! What the description of an API promises: its operations and their statuses, from JSON or YAML.

use std::collections::BTreeSet;
use std::path::Path;

use saphyr::{LoadableYamlNode as _, Scalar, Yaml};
use serde_json::{Map, Value};
use swath_checkout::{Links, read_regular, yaml_nests_too_deep};
use swath_model::{Message, printable};
use swath_report::{Description, Promised};

/// A longer description, in bytes, is not read.
const LONGEST: u64 = 64 << 20;

/// The fields of a path that are operations.
const METHODS: [&str; 8] = [
    "get", "put", "post", "delete", "options", "head", "patch", "trace",
];

/// Reads a description.
pub(crate) fn read_description(path: &Path) -> Result<Description, Message> {
    let shown = printable(&path.to_string_lossy()).into_owned();
    let wrong = |problem: &str| {
        let text = format!("`{shown}` is not an OpenAPI description: {problem}");
        Message::error("bad-description", text).hint(
            "give what the service serves as `/openapi.json`, or the file that it is made from"
                .to_owned(),
        )
    };
    let bytes = read_regular(path, Links::Follow, LONGEST);
    let bytes = bytes.map_err(|error| wrong(&error.to_string()))?;
    let text = String::from_utf8(bytes).map_err(|_| wrong("it is not UTF-8"))?;
    let root = parse(&text).map_err(|problem| wrong(&problem))?;
    let Some(paths) = root.get("paths").and_then(Value::as_object) else {
        return Err(wrong("it has no `paths`"));
    };
    let name = path.file_name().unwrap_or(path.as_os_str());
    Ok(Description {
        name: name.to_string_lossy().into_owned(),
        operations: operations(paths, &bases(&root)),
    })
}

fn parse(text: &str) -> Result<Value, String> {
    if let Ok(value) = serde_json::from_str(text) {
        return Ok(value);
    }
    if yaml_nests_too_deep(text) {
        return Err("it nests too deep".to_owned());
    }
    let documents = Yaml::load_from_str(text).map_err(|error| error.to_string())?;
    Ok(documents.first().map_or(Value::Null, value_of))
}

/// YAML as JSON would have it.
fn value_of(yaml: &Yaml<'_>) -> Value {
    match yaml {
        Yaml::Mapping(entries) => {
            let entries = entries.iter().filter_map(|(key, value)| {
                let key = match value_of(key) {
                    Value::String(key) => key,
                    Value::Number(key) => key.to_string(),
                    _ => return None,
                };
                Some((key, value_of(value)))
            });
            Value::Object(entries.collect::<Map<String, Value>>())
        }
        Yaml::Sequence(items) => Value::Array(items.iter().map(value_of).collect()),
        Yaml::Tagged(_, inner) => value_of(inner),
        Yaml::Value(Scalar::String(text)) => Value::String(text.to_string()),
        Yaml::Value(Scalar::Integer(number)) => Value::from(*number),
        Yaml::Value(Scalar::Boolean(flag)) => Value::from(*flag),
        _ => Value::Null,
    }
}

/// The paths of the servers that the description names.
fn bases(root: &Value) -> BTreeSet<String> {
    let servers = root.get("servers").and_then(Value::as_array);
    let urls = servers.into_iter().flatten();
    let urls = urls.filter_map(|server| server.get("url")?.as_str());
    let paths = urls.map(|url| match url.split_once("://") {
        Some((_, rest)) => rest.split_once('/').map_or("", |(_, path)| path),
        None => url,
    });
    let before = root.get("basePath").and_then(Value::as_str);
    paths.chain(before).map(str::to_owned).collect()
}

fn operations(paths: &Map<String, Value>, bases: &BTreeSet<String>) -> Vec<Promised> {
    let mut operations = Vec::new();
    for (path, item) in paths.iter().filter(|(path, _)| path.starts_with('/')) {
        for method in METHODS {
            let Some(operation) = item.get(method).filter(|one| one.is_object()) else {
                continue;
            };
            let responses = operation.get("responses").and_then(Value::as_object);
            let statuses = responses.into_iter().flat_map(|responses| responses.keys());
            let is_status = |status: &&String| status.len() == 3 && !status.starts_with("x-");
            operations.push(Promised {
                path: path.clone(),
                method: method.to_uppercase(),
                statuses: statuses.filter(is_status).cloned().collect(),
                bases: bases.clone(),
            });
        }
    }
    operations.sort();
    operations
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<String>, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("api.yaml");
        fs_err::write(&path, text).unwrap();
        let description = read_description(&path).map_err(|message| message.text)?;
        let shown = description.operations.iter().map(|one| {
            let statuses: Vec<&str> = one.statuses.iter().map(String::as_str).collect();
            let bases: Vec<&str> = one.bases.iter().map(String::as_str).collect();
            format!(
                "{} {} {} {}",
                one.method,
                one.path,
                statuses.join(","),
                bases.join(",")
            )
        });
        Ok(shown.collect())
    }

    #[test]
    fn json_and_yaml_promise_the_same() {
        let json = r#"{"openapi": "3.1.0", "servers": [{"url": "https://shop.example/api/v1"}],
            "paths": {"/points/{id}": {"parameters": [],
                "get": {"responses": {"200": {}, "404": {}, "default": {}}},
                "delete": {"responses": {"204": {}}}}}}"#;
        let yaml = "openapi: 3.1.0\nservers:\n  - url: https://shop.example/api/v1\npaths:\n  /points/{id}:\n    parameters: []\n    get:\n      responses:\n        200: &ok {}\n        '404': *ok\n        default: {}\n    delete:\n      responses:\n        204: {}\n";
        let expected = [
            "DELETE /points/{id} 204 api/v1",
            "GET /points/{id} 200,404 api/v1",
        ];
        assert_eq!(read(json).unwrap(), expected);
        assert_eq!(read(yaml).unwrap(), expected);
    }

    #[test]
    fn what_is_no_description_is_refused() {
        for (text, problem) in [
            ("", "it has no `paths`"),
            ("a: [", "while"),
            ("{\"paths\": []}", "it has no `paths`"),
        ] {
            let said = read(text).unwrap_err();
            assert!(said.contains(problem), "{said}");
        }
        let deep = |levels: usize| read(&("[".repeat(levels) + &"]".repeat(levels)));
        let said = deep(150).unwrap_err();
        assert!(said.contains("nests too deep"), "{said}");
        // The parser has a limit of its own.
        deep(4000).unwrap_err();
    }
}
