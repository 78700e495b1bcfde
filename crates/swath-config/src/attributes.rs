//! The settings as JSON under coverage.py's own names of its attributes: how they go to a coverage.py, and come back.

use serde_json::{Map, Value, json};

use crate::CoverageConfig;
use crate::options::{CoverageOption, OPTIONS, Slot};

impl CoverageConfig {
    /// All settings. `[paths]`, whose order counts, is a list of pairs.
    #[must_use]
    pub fn to_attributes(&self) -> Value {
        // The table of options hands out places to write to.
        let mut copy = self.clone();
        let mut attributes: Map<String, Value> = OPTIONS
            .iter()
            .map(|option| {
                (
                    option.attribute.to_owned(),
                    value_of(option.slot, &mut copy),
                )
            })
            .collect();
        let options: Map<String, Value> = self
            .plugin_options
            .iter()
            .map(|(name, options)| (name.clone(), json!(options)))
            .collect();
        attributes.extend([
            ("config_file".to_owned(), json!(self.config_file)),
            (
                "config_files_read".to_owned(),
                json!(self.config_files_read),
            ),
            ("paths".to_owned(), json!(self.paths)),
            ("plugin_options".to_owned(), options.into()),
        ]);
        attributes.into()
    }

    /// Takes over settings in the form of [`CoverageConfig::to_attributes`]; those that are not there stay, and so does
    /// everything when one of them cannot be.
    pub fn take_attributes(&mut self, attributes: &Map<String, Value>) -> Result<(), String> {
        let mut changed = self.clone();
        for option in OPTIONS {
            if let Some(value) = attributes.get(option.attribute) {
                take_option(option, &mut changed, value)?;
            }
        }
        if let Some(paths) = attributes.get("paths") {
            changed.paths = serde_json::from_value(paths.clone())
                .map_err(|error| format!("paths has the wrong type: {error}"))?;
        }
        changed
            .check_concurrency()
            .map_err(|error| error.to_string())?;
        *self = changed;
        Ok(())
    }
}

/// Sets the attribute of an option, if `value` has its type.
pub(crate) fn take_option(
    option: &CoverageOption,
    config: &mut CoverageConfig,
    value: &Value,
) -> Result<(), String> {
    set(option.slot, config, value)
        .ok_or_else(|| format!("{} has the wrong type: {value}", option.attribute))
}

fn value_of(slot: Slot, config: &mut CoverageConfig) -> Value {
    match slot {
        Slot::Boolean(field) => json!(field(config)),
        Slot::OptionalBoolean(field) => json!(field(config)),
        Slot::Text(field) | Slot::File(field) => json!(field(config)),
        Slot::OptionalText(field) | Slot::OptionalFile(field) => json!(field(config)),
        Slot::List(field) | Slot::Regexes(field) => json!(field(config)),
        Slot::OptionalList(field) => json!(field(config)),
        Slot::Integer(field) => json!(field(config)),
        Slot::Float(field) => json!(field(config)),
    }
}

fn set(slot: Slot, config: &mut CoverageConfig, value: &Value) -> Option<()> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    match slot {
        Slot::Boolean(field) => *field(config) = value.as_bool()?,
        Slot::OptionalBoolean(field) => *field(config) = optional(value, Value::as_bool)?,
        Slot::Text(field) | Slot::File(field) => *field(config) = text(value)?,
        Slot::OptionalText(field) | Slot::OptionalFile(field) => {
            *field(config) = optional(value, text)?;
        }
        Slot::List(field) | Slot::Regexes(field) => *field(config) = texts(value)?,
        Slot::OptionalList(field) => *field(config) = optional(value, texts)?,
        Slot::Integer(field) => *field(config) = value.as_i64()?,
        Slot::Float(field) => *field(config) = value.as_f64()?,
    }
    Some(())
}

/// Nothing for `null`, or what `read` makes of the value; no answer at all for a value of the wrong type.
#[expect(
    clippy::option_option,
    reason = "a setting that is not set is not a value that cannot be read"
)]
fn optional<'v, T>(value: &'v Value, read: impl Fn(&'v Value) -> Option<T>) -> Option<Option<T>> {
    if value.is_null() {
        return Some(None);
    }
    read(value).map(Some)
}

pub(crate) fn texts(value: &Value) -> Option<Vec<String>> {
    let items = value.as_array()?.iter();
    items.map(|item| item.as_str().map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_out_comes_back() {
        let mut config = CoverageConfig {
            branch: true,
            source: Some(vec!["src".to_owned()]),
            fail_under: 87.5,
            paths: vec![
                ("z".to_owned(), vec!["a".to_owned()]),
                ("b".to_owned(), Vec::new()),
            ],
            ..CoverageConfig::default()
        };
        let Value::Object(attributes) = config.to_attributes() else {
            panic!("the settings have names");
        };
        let mut other = CoverageConfig::default();
        other.take_attributes(&attributes).unwrap();
        assert_eq!(other, config);
        let wrong = [("omit", json!("x")), ("fail_under", json!("100"))];
        for (name, value) in wrong {
            let name = if name == "omit" { "run_omit" } else { name };
            let before = config.clone();
            let attributes = [
                ("branch".to_owned(), json!(false)),
                (name.to_owned(), value),
            ];
            let error = config
                .take_attributes(&attributes.into_iter().collect())
                .unwrap_err();
            assert!(error.contains("has the wrong type"), "{error}");
            assert_eq!(config, before);
        }
    }
}
