//! The form in which a value of the wrong kind would be right, made from the value where that is possible.

use toml::Spanned;
use toml::de::DeValue;

use super::keys::{COMPOSE, ENDPOINTS, GATES, Kind, SERVICE, TOP};
use crate::duration::parse_duration;
use crate::services::StopSignal;

/// What to write for `key` instead of `value`, as TOML; `table` is the path of its table.
pub(super) fn form(table: &[String], key: &str, value: &DeValue<'_>) -> String {
    let table: Vec<&str> = table.iter().map(String::as_str).collect();
    let definition = match table.as_slice() {
        [.., "environment"] => return quoted(&scalar(value).unwrap_or_else(|| "value".to_owned())),
        [.., "compose", "ready"] => {
            let made = scalar(value).and_then(|text| ready(&text));
            return quoted(&made.unwrap_or_else(|| "http://127.0.0.1:8000/".to_owned()));
        }
        [.., "services", _] => SERVICE.key(key),
        [.., "compose"] => COMPOSE.key(key),
        [.., "gates"] => GATES.key(key),
        [.., "gates", "files" | "services"] => GATES.key("total"),
        [.., "gates", "endpoints"] => ENDPOINTS.key(key),
        _ => TOP.key(key),
    };
    let Some(definition) = definition else {
        return quoted("…");
    };
    let made = match definition.kind {
        Kind::Command => command(value),
        Kind::Ready => scalar(value).and_then(|text| ready(&text)),
        Kind::Duration => scalar(value).and_then(|text| duration(&text)),
        Kind::Signal => scalar(value).and_then(|text| signal(&text)),
        Kind::Boolean => scalar(value).and_then(|text| boolean(&text)),
        Kind::Variables => environment(value),
        Kind::Choice(_)
        | Kind::Path
        | Kind::Paths
        | Kind::Text
        | Kind::Texts
        | Kind::ReadyByName
        | Kind::Tables(_)
        | Kind::One(_)
        | Kind::Percentages
        | Kind::PathsOrTable(_) => None,
        Kind::Percentage => scalar(value).and_then(|text| percentage(&text)),
    };
    match (made, definition.kind) {
        (Some(made), Kind::Variables | Kind::Boolean | Kind::Percentage) => made,
        (Some(made), _) => quoted(&made),
        (None, _) => definition.example.to_owned(),
    }
}

/// A percentage in quotes, or with its sign.
fn percentage(text: &str) -> Option<String> {
    let number = text.trim().trim_end_matches('%').trim_end();
    let value: f64 = number.parse().ok()?;
    (0.0..=100.0).contains(&value).then(|| number.to_owned())
}

/// A boolean in quotes, or as a number.
fn boolean(text: &str) -> Option<String> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => Some("true".to_owned()),
        "false" | "no" | "off" | "0" => Some("false".to_owned()),
        _ => None,
    }
}

/// A duration without its unit: seconds, as everywhere.
pub(super) fn duration(text: &str) -> Option<String> {
    let with_unit = format!("{}s", text.trim());
    parse_duration(&with_unit).map(|_| with_unit)
}

/// A signal by its number.
pub(super) fn signal(text: &str) -> Option<String> {
    let number: i32 = text.trim().parse().ok()?;
    StopSignal::numbered(number).map(|signal| signal.name().to_owned())
}

/// A port, or a host and a port, without the kind of check.
pub(super) fn ready(text: &str) -> Option<String> {
    let text = text.trim();
    let (host, port) = text.rsplit_once(':').unwrap_or(("", text));
    let port: u16 = port.parse().ok().filter(|port| *port > 0)?;
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    if !host.chars().all(fits) {
        return None;
    }
    let host = if host.is_empty() { "127.0.0.1" } else { host };
    Some(format!("tcp:{host}:{port}"))
}

fn command(value: &DeValue<'_>) -> Option<String> {
    let words: Option<Vec<&str>> = value.as_array()?.iter().map(text_of).collect();
    words
        .filter(|words| !words.is_empty())
        .map(shell_words::join)
}

/// `["A=1"]` or `"A=1"` as a table.
fn environment(value: &DeValue<'_>) -> Option<String> {
    let texts = match value.as_array() {
        Some(items) => items.iter().map(text_of).collect::<Option<Vec<_>>>()?,
        None => vec![value.as_str()?],
    };
    let pairs: Option<Vec<String>> = texts
        .iter()
        .map(|text| {
            let (name, value) = text.split_once('=')?;
            let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
            let is_plain = !name.is_empty() && name.chars().all(plain);
            is_plain.then(|| format!("{name} = {}", quoted(value)))
        })
        .collect();
    let pairs = pairs.filter(|pairs| !pairs.is_empty())?;
    Some(format!("{{ {} }}", pairs.join(", ")))
}

fn text_of<'v>(item: &'v Spanned<DeValue<'_>>) -> Option<&'v str> {
    item.get_ref().as_str()
}

/// A value that is not a string, as one.
fn scalar(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) => Some(number.as_str().to_owned()),
        DeValue::Float(number) => Some(number.as_str().to_owned()),
        DeValue::Boolean(value) => Some(value.to_string()),
        DeValue::Datetime(_) | DeValue::Array(_) | DeValue::Table(_) => None,
    }
}

/// A text as TOML.
pub(super) fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}
