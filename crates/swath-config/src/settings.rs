//! What an ini file and a TOML file of settings have in common.

use swath_pattern::{Flags, PythonRegex};

use crate::error::{ConfigError, OptionError};
use crate::python_text::strip;

/// Options in sections, read from one file. Names of sections are without the file's own prefix.
pub(crate) trait Settings {
    /// The section's full name in this file, if it is there.
    fn real_section(&self, section: &str) -> Option<String>;
    fn has_option(&self, section: &str, option: &str) -> bool;
    /// The names of all options of a section.
    fn options(&self, section: &str) -> Vec<String>;
    fn text(&self, section: &str, option: &str) -> Result<String, OptionError>;
    fn boolean(&self, section: &str, option: &str) -> Result<bool, OptionError>;
    fn integer(&self, section: &str, option: &str) -> Result<i64, OptionError>;
    fn float(&self, section: &str, option: &str) -> Result<f64, OptionError>;
    /// A path, with the home directory filled in.
    fn file(&self, section: &str, option: &str) -> Result<String, OptionError>;
    fn list(&self, section: &str, option: &str) -> Result<Vec<String>, OptionError>;
    /// Regular expressions, checked.
    fn regexes(&self, section: &str, option: &str) -> Result<Vec<String>, OptionError>;
    /// A plugin's section as it is.
    fn plugin_section(&self, section: &str) -> Result<toml::Table, OptionError>;
}

/// Drops empty regular expressions and checks the others.
pub(crate) fn check_regexes<'a>(
    section: &str,
    option: &str,
    values: impl IntoIterator<Item = &'a str>,
) -> Result<Vec<String>, OptionError> {
    let mut checked = Vec::new();
    for value in values {
        let value = strip(value);
        if value.is_empty() {
            continue;
        }
        if let Err(reason) = PythonRegex::with_flags(value, Flags::default()) {
            return Err(OptionError::Whole(ConfigError::Regex {
                section: section.to_owned(),
                option: option.to_owned(),
                value: value.to_owned(),
                reason: Box::new(reason),
            }));
        }
        checked.push(value.to_owned());
    }
    Ok(checked)
}
