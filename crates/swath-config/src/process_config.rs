//! `COVERAGE_PROCESS_CONFIG`: a whole configuration that coverage.py hands to the processes it starts.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;

use crate::CoverageConfig;
use crate::attributes::{take_option, texts};
use crate::error::ConfigError;
use crate::options::OPTIONS;

/// The name of the variable.
const VARIABLE: &str = "COVERAGE_PROCESS_CONFIG";

impl CoverageConfig {
    /// Reads the value of `COVERAGE_PROCESS_CONFIG`: all settings as JSON in base 64. Nothing else, no file
    /// and no other variable, counts then.
    pub fn from_process_config(text: &str) -> Result<Self, ConfigError> {
        parse(text).map_err(|reason| ConfigError::Invalid {
            file: VARIABLE.to_owned(),
            reason,
        })
    }
}

fn parse(text: &str) -> Result<CoverageConfig, String> {
    let json = STANDARD
        .decode(text.trim())
        .map_err(|error| error.to_string())?;
    let value: Value = serde_json::from_slice(&json).map_err(|error| error.to_string())?;
    let Value::Object(attributes) = value else {
        return Err("it holds no settings".to_owned());
    };
    let mut config = CoverageConfig::default();
    for option in OPTIONS {
        if let Some(value) = attributes.get(option.attribute) {
            take_option(option, &mut config, value)?;
        }
    }
    let file = attributes.get("config_file").and_then(Value::as_str);
    config.config_file = file.map(str::to_owned);
    config.config_files_read = attributes
        .get("config_files_read")
        .and_then(texts)
        .unwrap_or_default();
    config.config_files_attempted = attributes
        .get("config_files_attempted")
        .and_then(texts)
        .unwrap_or_default();
    let paths: Paths = serde_json::from_slice(&json).map_err(|error| error.to_string())?;
    config.paths = paths.paths.0;
    Ok(config)
}

/// `[paths]`, whose order counts, which a [`Value`] does not keep.
#[derive(Default, serde::Deserialize)]
struct Paths {
    #[serde(default)]
    paths: PathLists,
}

#[derive(Default)]
struct PathLists(Vec<(String, Vec<String>)>);

impl<'de> Deserialize<'de> for PathLists {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(PathListsVisitor)
    }
}

struct PathListsVisitor;

impl<'de> Visitor<'de> for PathListsVisitor {
    type Value = PathLists;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("paths with their lists")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<PathLists, A::Error> {
        let mut lists = Vec::new();
        while let Some(entry) = map.next_entry()? {
            lists.push(entry);
        }
        Ok(PathLists(lists))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_configuration_is_refused() {
        let encode = |json: &str| STANDARD.encode(json);
        for (text, reason) in [
            ("?".to_owned(), "Invalid symbol 63, offset 0."),
            (encode("[]"), "it holds no settings"),
            (encode(r#"{"branch": 1}"#), "branch has the wrong type: 1"),
            (
                encode(r#"{"paths": {"a": "b"}}"#),
                "invalid type: string \"b\", expected a sequence at line 1 column 19",
            ),
        ] {
            let error = CoverageConfig::from_process_config(&text).unwrap_err();
            let expected = format!("Couldn't read config file COVERAGE_PROCESS_CONFIG: {reason}");
            assert_eq!(error.to_string(), expected);
        }
    }
}
