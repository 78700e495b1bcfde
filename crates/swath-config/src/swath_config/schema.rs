//! The JSON schema of the settings, which editors check and complete `swath.toml` with.

use serde_json::{Value, json};

use super::keys::{Key, Kind, TOP, Table};
use crate::services::StopSignal;

/// Where the schema is published.
const ID: &str =
    "https://raw.githubusercontent.com/swath-coverage/swath/main/docs/reference/swath.schema.json";

/// The schema of `swath.toml`, and of `[tool.swath]`, as pretty JSON with a newline at its end.
#[must_use]
pub fn settings_schema() -> String {
    let mut schema = of_table(&TOP);
    schema["$schema"] = json!("http://json-schema.org/draft-07/schema#");
    schema["$id"] = json!(ID);
    schema["title"] = json!("swath.toml");
    format!("{schema:#}\n")
}

fn of_table(table: &Table) -> Value {
    let properties: serde_json::Map<String, Value> = table
        .keys
        .iter()
        .map(|key| (key.name.to_owned(), of_key(key)))
        .collect();
    let mut schema = json!({
        "type": "object",
        "description": table.meaning,
        "properties": properties,
        "additionalProperties": false,
    });
    if let Some(required) = table.required {
        schema["required"] = json!([required]);
    }
    schema
}

fn of_key(key: &Key) -> Value {
    let mut schema = of_kind(key.kind);
    let mut description = key.meaning.to_owned();
    if !key.default.is_empty() {
        description = format!("{description} Default: {}.", key.default);
    }
    schema["description"] = json!(description);
    if let Some(example) = example(key.example) {
        schema["examples"] = json!([example]);
    }
    schema
}

fn of_kind(kind: Kind) -> Value {
    let text = || json!({"type": "string"});
    let filled = || json!({"type": "string", "minLength": 1});
    let one_or_more = |item: Value| json!({"anyOf": [item, {"type": "array", "items": item}]});
    match kind {
        Kind::Command | Kind::Path => filled(),
        Kind::Text => text(),
        Kind::Paths => one_or_more(filled()),
        Kind::Texts => one_or_more(text()),
        Kind::Boolean => json!({"type": "boolean"}),
        Kind::Choice(words) => json!({"enum": words}),
        Kind::Duration => json!({"type": "string", "pattern": DURATION}),
        Kind::Ready => json!({"type": "string", "pattern": READY}),
        Kind::ReadyByName => json!({
            "type": "object",
            "additionalProperties": {"type": "string", "pattern": READY_IN_PROJECT},
        }),
        Kind::Signal => signal(),
        Kind::Variables => json!({"type": "object", "additionalProperties": text()}),
        Kind::Tables(table) => json!({
            "type": "object",
            "propertyNames": {"pattern": NAME},
            "additionalProperties": of_table(table),
        }),
        Kind::One(table) => of_table(table),
        Kind::Percentage => percentage(),
        Kind::Percentages => json!({
            "type": "object",
            "additionalProperties": percentage(),
        }),
        Kind::PathsOrTable(table) => json!({
            "anyOf": [filled(), {"type": "array", "items": filled(), "minItems": 1}, of_table(table)],
        }),
    }
}

fn percentage() -> Value {
    json!({"type": "number", "minimum": 0, "maximum": 100})
}

const DURATION: &str = r"^[0-9]*\.?[0-9]+\s*(ms|s|m|h)$";
const READY: &str = r"^(http://[^\s:/?#][^\s]*|tcp:.+:[0-9]+|log:.+)$";
const READY_IN_PROJECT: &str = r"^(http://[^\s:/?#][^\s]*|tcp:.+:[0-9]+)$";
const NAME: &str = "^[A-Za-z0-9_][A-Za-z0-9._-]{0,63}$";

/// The names for an editor to offer, and those that are understood as well.
fn signal() -> Value {
    let names = StopSignal::all_names();
    let in_any_case = |name: &str| -> String {
        name.chars()
            .map(|letter| {
                if letter.is_ascii_alphabetic() {
                    format!("[{letter}{}]", letter.to_ascii_lowercase())
                } else {
                    letter.to_string()
                }
            })
            .collect()
    };
    let patterns: Vec<String> = names.iter().map(|name| in_any_case(name)).collect();
    let pattern = format!("^({})?({})$", in_any_case("SIG"), patterns.join("|"));
    json!({"anyOf": [{"enum": names}, {"type": "string", "pattern": pattern}]})
}

/// A TOML value as JSON.
fn example(text: &str) -> Option<Value> {
    let table: toml::Table = format!("example = {text}").parse().ok()?;
    serde_json::to_value(table.get("example")?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_described() {
        let schema: Value = serde_json::from_str(&settings_schema()).unwrap();
        for key in TOP.keys {
            let described = &schema["properties"][key.name];
            assert!(described["description"].is_string(), "{}", key.name);
            assert!(described["examples"].is_array(), "{}", key.name);
        }
        let service = &schema["properties"]["services"]["additionalProperties"];
        assert_eq!(service["required"], json!(["command"]));
        assert_eq!(service["additionalProperties"], json!(false));
    }
}
