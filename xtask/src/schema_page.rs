//! A JSON schema as a page for people.

use std::fmt::Write as _;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

/// The page: the object itself, then each type that it is made of.
pub(crate) fn render(schema: &Value) -> Result<String> {
    let title = text(schema, "title")?;
    let mut page = format!("# {title}, as JSON\n\n{}\n\n", text(schema, "description")?);
    page += &keys_of_object(schema)?;
    let types = schema["$defs"]
        .as_object()
        .context("a schema without types")?;
    for (name, definition) in types {
        let about = text(definition, "description")?;
        let _ = writeln!(page, "\n## {}\n\n{about}\n", title_of(name));
        page += &match definition {
            one if one.get("properties").is_some() => keys_of_object(one)?,
            one if one.get("oneOf").is_some() => alternatives(one)?,
            one => words(one)?,
        };
    }
    Ok(page)
}

/// A table of the keys. Those of what is merged into an object are its own.
fn keys_of_object(object: &Value) -> Result<String> {
    let mut table = String::from("| key | value | |\n|---|---|---|\n");
    for part in std::iter::once(object).chain(object["anyOf"].as_array().into_iter().flatten()) {
        let Some(keys) = part["properties"].as_object() else {
            continue;
        };
        for (key, value) in keys {
            let about = text(value, "description")?;
            let listed = listed(value, "enum").map_or_else(String::new, |all| format!(" ({all})"));
            let about = about.trim_end_matches('.');
            let _ = writeln!(table, "| `{key}` | {} | {about}{listed} |", kind_of(value)?);
        }
    }
    Ok(table)
}

/// What a value is, with a link to its type.
fn kind_of(value: &Value) -> Result<String> {
    if let Some(target) = value["$ref"].as_str() {
        let title = title_of(target.rsplit('/').next().unwrap_or(target));
        let anchor = title.replace(' ', "-");
        return Ok(format!("[{title}](#{anchor})"));
    }
    if let Some(choices) = value["anyOf"].as_array() {
        let kinds = choices.iter().map(kind_of).collect::<Result<Vec<_>>>()?;
        return Ok(kinds.join(" or "));
    }
    let kinds = match &value["type"] {
        Value::String(kind) => vec![kind.as_str()],
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
        _ => bail!("a value of no type: {value}"),
    };
    if kinds == ["array"] {
        return Ok(format!("list of {}", kind_of(&value["items"])?));
    }
    Ok(kinds.join(" or "))
}

/// A table of the values that a type can have.
fn alternatives(definition: &Value) -> Result<String> {
    let mut table = String::from("| value | |\n|---|---|\n");
    for one in definition["oneOf"].as_array().into_iter().flatten() {
        if let Some(all) = listed(one, "enum") {
            let _ = writeln!(table, "| {all} | |");
            continue;
        }
        let shown = match one["const"].as_str() {
            Some(word) => format!("`\"{word}\"`"),
            None => object_of(&one["properties"])?,
        };
        let about = text(one, "description")?;
        let _ = writeln!(table, "| {shown} | {} |", about.trim_end_matches('.'));
    }
    Ok(table)
}

/// An object of few keys, as it is written.
fn object_of(properties: &Value) -> Result<String> {
    let keys = properties.as_object().context("neither word nor object")?;
    let pairs = keys.iter().map(|(key, value)| {
        let value = match value["const"].as_str() {
            Some(word) => format!("\"{word}\""),
            None => kind_of(value)?.to_uppercase(),
        };
        Ok(format!("\"{key}\": {value}"))
    });
    let pairs = pairs.collect::<Result<Vec<_>>>()?;
    Ok(format!("`{{{}}}`", pairs.join(", ")))
}

fn words(definition: &Value) -> Result<String> {
    let all = listed(definition, "enum").or_else(|| listed(definition, "examples"));
    Ok(format!("{}.\n", all.context("a text without examples")?))
}

fn listed(value: &Value, key: &str) -> Option<String> {
    let words = value[key].as_array()?.iter().filter_map(Value::as_str);
    let words: Vec<String> = words.map(|word| format!("`{word}`")).collect();
    Some(words.join(", "))
}

/// `ProcessAccount` is called "process account".
fn title_of(name: &str) -> String {
    let name = name.trim_end_matches("Document");
    let mut title = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !title.is_empty() {
            title.push(' ');
        }
        title.extend(letter.to_lowercase());
    }
    title
}

/// A text of a schema, on one line.
fn text(value: &Value, key: &str) -> Result<String> {
    let text = value[key]
        .as_str()
        .with_context(|| format!("no {key}: {value}"))?;
    Ok(text.replace('\n', " "))
}
