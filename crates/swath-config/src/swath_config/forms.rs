//! The form in which a value of the wrong kind would be right, made from the value where that is possible.

use toml::Spanned;
use toml::de::DeValue;

use crate::duration::parse_duration;
use crate::services::StopSignal;

/// What to write for `key` instead of `value`, as TOML; `table` is the last part of the table's name.
pub(super) fn form(table: Option<&str>, key: &str, value: &DeValue<'_>) -> String {
    if table == Some("environment") {
        return quoted(&scalar(value).unwrap_or_else(|| "value".to_owned()));
    }
    if matches!(table, Some("gates" | "files")) {
        let made = scalar(value).map(|text| text.trim().trim_end_matches('%').to_owned());
        let made = made.filter(|text| text.parse::<f64>().is_ok());
        return made.unwrap_or_else(|| "80".to_owned());
    }
    match key {
        "command" | "test" => quoted(&command(value).unwrap_or_else(|| match key {
            "test" => "pytest tests/system".to_owned(),
            _ => "gunicorn app:wsgi".to_owned(),
        })),
        "ready" => {
            let made = scalar(value).and_then(|text| ready(&text));
            quoted(&made.unwrap_or_else(|| "http://127.0.0.1:8000/".to_owned()))
        }
        "ready-timeout" | "stop-timeout" => {
            let made = scalar(value).and_then(|text| duration(&text));
            quoted(&made.unwrap_or_else(|| "60s".to_owned()))
        }
        "stop-signal" => {
            let made = scalar(value).and_then(|text| signal(&text));
            quoted(&made.unwrap_or_else(|| "TERM".to_owned()))
        }
        "environment" => environment(value).unwrap_or_else(|| "{ KEY = \"value\" }".to_owned()),
        "env-file" => quoted("test.env"),
        _ => quoted("folder"),
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

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}
