//! TOML files of settings, with coverage.py's checks of types.

use swath_pattern::python_repr;
use toml::{Table, Value};

use crate::environment::Environment;
use crate::error::OptionError;
use crate::options::SECTIONS;
use crate::python_text::{parse_float, parse_int};
use crate::settings::{Settings, check_regexes};
use crate::substitution::{expand_user, substitute};
use crate::toml_value::value_repr;
use crate::tomllib;

/// A TOML file with sections under `tool.coverage`.
pub(crate) struct TomlSettings<'e> {
    document: Table,
    prefixes: &'static [&'static str],
    environment: &'e dyn Environment,
}

impl<'e> TomlSettings<'e> {
    /// Parses `text`. `own` says whether the file belongs to coverage.py: then its sections need no prefix.
    pub(crate) fn parse(
        text: &str,
        own: bool,
        environment: &'e dyn Environment,
    ) -> Result<Self, String> {
        let document = tomllib::parse(text)?;
        let settings = Self {
            document,
            prefixes: if own {
                &["tool.coverage.", ""]
            } else {
                &["tool.coverage."]
            },
            environment,
        };
        for section in SECTIONS.into_iter().chain(["paths"]) {
            settings.check_section(section)?;
        }
        Ok(settings)
    }

    /// Refuses something else where a section should be; coverage.py ends with a traceback then.
    fn check_section(&self, section: &str) -> Result<(), String> {
        for prefix in self.prefixes {
            let name = format!("{prefix}{section}");
            let mut table = &self.document;
            let mut path = String::new();
            for part in name.split('.') {
                path.push_str(part);
                match table.get(part) {
                    None => break,
                    Some(Value::Table(inner)) => table = inner,
                    Some(other) => {
                        return Err(format!("[{path}] is not a table: {}", value_repr(other)));
                    }
                }
                path.push('.');
            }
        }
        Ok(())
    }

    fn section(&self, section: &str) -> Option<(String, &Table)> {
        self.prefixes.iter().find_map(|prefix| {
            let name = format!("{prefix}{section}");
            let mut table = &self.document;
            for part in name.split('.') {
                table = table.get(part)?.as_table()?;
            }
            Some((name, table))
        })
    }

    /// The section's full name and the option's value.
    fn raw(&self, section: &str, option: &str) -> Result<(String, &Value), OptionError> {
        self.section(section)
            .and_then(|(name, table)| Some((name, table.get(option)?)))
            .ok_or_else(|| {
                OptionError::Value(format!(
                    "No option {} in section: {}",
                    python_repr(option),
                    python_repr(section)
                ))
            })
    }

    /// As [`TomlSettings::raw`], with variables replaced in a string.
    fn value(&self, section: &str, option: &str) -> Result<(String, Value), OptionError> {
        let (name, value) = self.raw(section, option)?;
        let value = match value {
            Value::String(text) => Value::String(substitute(text, self.environment)?),
            other => other.clone(),
        };
        Ok((name, value))
    }

    fn list_in(&self, section: &str, option: &str) -> Result<(String, Vec<String>), OptionError> {
        let (name, value) = self.raw(section, option)?;
        let Value::Array(items) = value else {
            return Err(wrong_type(&name, option, value, "a list"));
        };
        let mut texts = Vec::with_capacity(items.len());
        for item in items {
            let Value::String(text) = item else {
                return Err(wrong_type(&name, option, item, "a list of strings"));
            };
            texts.push(substitute(text, self.environment)?);
        }
        Ok((name, texts))
    }
}

fn wrong_type(section: &str, option: &str, value: &Value, wanted: &str) -> OptionError {
    OptionError::Value(format!(
        "Option [{section}]{option} is not {wanted}: {}",
        value_repr(value)
    ))
}

/// A string that is not what it should be is worded differently.
fn not_convertible(section: &str, option: &str, text: &str, wanted: &str) -> OptionError {
    OptionError::Value(format!(
        "Option [{section}]{option} couldn't convert to {wanted}: {}",
        python_repr(text)
    ))
}

impl Settings for TomlSettings<'_> {
    fn real_section(&self, section: &str) -> Option<String> {
        self.section(section).map(|(name, _)| name)
    }

    fn has_option(&self, section: &str, option: &str) -> bool {
        self.section(section)
            .is_some_and(|(_, table)| table.contains_key(option))
    }

    fn options(&self, section: &str) -> Vec<String> {
        self.section(section)
            .map(|(_, table)| table.keys().cloned().collect())
            .unwrap_or_default()
    }

    fn text(&self, section: &str, option: &str) -> Result<String, OptionError> {
        // coverage.py takes a value of any type here.
        let (_, value) = self.value(section, option)?;
        Ok(match value {
            Value::String(text) => text,
            other => value_repr(&other),
        })
    }

    fn boolean(&self, section: &str, option: &str) -> Result<bool, OptionError> {
        let (name, value) = self.value(section, option)?;
        match &value {
            Value::Boolean(value) => Ok(*value),
            Value::String(text) => match text.as_str() {
                "true" => Ok(true),
                "false" => Ok(false),
                _ => Err(not_convertible(&name, option, text, "a boolean")),
            },
            _ => Err(wrong_type(&name, option, &value, "a boolean")),
        }
    }

    fn integer(&self, section: &str, option: &str) -> Result<i64, OptionError> {
        let (name, value) = self.value(section, option)?;
        match &value {
            Value::Integer(number) => Ok(*number),
            // A boolean is an integer in Python.
            Value::Boolean(value) => Ok(i64::from(*value)),
            Value::String(text) => {
                parse_int(text).ok_or_else(|| not_convertible(&name, option, text, "an integer"))
            }
            _ => Err(wrong_type(&name, option, &value, "an integer")),
        }
    }

    fn float(&self, section: &str, option: &str) -> Result<f64, OptionError> {
        let (name, value) = self.value(section, option)?;
        match &value {
            Value::Float(number) => Ok(*number),
            #[expect(clippy::cast_precision_loss, reason = "Python rounds just so")]
            Value::Integer(number) => Ok(*number as f64),
            Value::Boolean(value) => Ok(f64::from(u8::from(*value))),
            Value::String(text) => {
                parse_float(text).ok_or_else(|| not_convertible(&name, option, text, "a float"))
            }
            _ => Err(wrong_type(&name, option, &value, "a float")),
        }
    }

    fn file(&self, section: &str, option: &str) -> Result<String, OptionError> {
        let (name, value) = self.value(section, option)?;
        match &value {
            Value::String(text) => Ok(expand_user(text, self.environment)),
            _ => Err(wrong_type(&name, option, &value, "a string")),
        }
    }

    fn list(&self, section: &str, option: &str) -> Result<Vec<String>, OptionError> {
        Ok(self.list_in(section, option)?.1)
    }

    fn regexes(&self, section: &str, option: &str) -> Result<Vec<String>, OptionError> {
        let (name, values) = self.list_in(section, option)?;
        check_regexes(&name, option, values.iter().map(String::as_str))
    }

    fn plugin_section(&self, section: &str) -> Result<Table, OptionError> {
        Ok(self
            .section(section)
            .map(|(_, table)| table.clone())
            .unwrap_or_default())
    }
}
