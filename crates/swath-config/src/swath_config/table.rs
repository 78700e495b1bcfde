//! TOML tables that know where their keys stand, for errors that say so.

use std::ops::Range;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::{Place, Suggestion, SwathConfigError};
use super::forms;
use super::keys::Table;
use super::meanings;

/// How alike two keys must be for one to be suggested for the other.
const ALIKE: f64 = 0.6;

/// The text of a file.
#[derive(Clone, Copy)]
pub(super) struct Document<'a> {
    text: &'a str,
    file: &'a Path,
}

/// A table of settings.
pub(super) struct SettingsTable<'a> {
    document: Document<'a>,
    table: &'a DeTable<'a>,
    /// As a message names it: `[services.web]`.
    name: String,
    path: Vec<String>,
    span: Range<usize>,
}

/// A key and its value.
pub(super) struct Entry<'a> {
    document: Document<'a>,
    key: &'a str,
    value: &'a DeValue<'a>,
    span: Range<usize>,
    table_name: String,
    table_path: Vec<String>,
}

impl<'a> Document<'a> {
    pub(super) fn new(text: &'a str, file: &'a Path) -> Self {
        Self { text, file }
    }

    pub(super) fn parse(self) -> Result<Spanned<DeTable<'a>>, SwathConfigError> {
        DeTable::parse(self.text).map_err(|error| SwathConfigError::Syntax {
            path: self.file.to_owned(),
            line: error.span().map_or(1, |span| self.line(&span)),
            reason: error.message().replace('\n', ", "),
        })
    }

    /// The table at `path`, if it is there.
    pub(super) fn table(
        self,
        parsed: &'a Spanned<DeTable<'a>>,
        path: &[&str],
    ) -> Option<SettingsTable<'a>> {
        let mut table = parsed.get_ref();
        let mut span = 0..0;
        for part in path {
            let (key, value) = table.iter().find(|(key, _)| key.get_ref() == part)?;
            span = key.span();
            table = value.get_ref().as_table()?;
        }
        let path: Vec<String> = path.iter().map(|&part| part.to_owned()).collect();
        Some(SettingsTable {
            document: self,
            table,
            name: table_name(&path),
            path,
            span,
        })
    }

    fn line(self, span: &Range<usize>) -> usize {
        let before = self.text.as_bytes().get(..span.start).unwrap_or_default();
        before.split(|&byte| byte == b'\n').count()
    }
}

fn table_name(path: &[String]) -> String {
    if path.is_empty() {
        "the top level".to_owned()
    } else {
        format!("`[{}]`", path.join("."))
    }
}

impl<'a> SettingsTable<'a> {
    /// Refuses keys that `known` does not have.
    pub(super) fn check_keys(&self, known: &'static Table) -> Result<(), SwathConfigError> {
        let unknown = self.entries().find(|entry| known.key(entry.key).is_none());
        match unknown {
            None => Ok(()),
            Some(entry) => Err(SwathConfigError::UnknownKey {
                place: Box::new(entry.place()),
                suggestion: meanings::meaning(known, entry.key, entry.is_table()).map_or_else(
                    || suggestion(entry.key, &known.names()),
                    Suggestion::Meaning,
                ),
            }),
        }
    }

    /// All entries, in the order of the file.
    pub(super) fn entries(&self) -> impl Iterator<Item = Entry<'a>> {
        self.table.iter().map(|(key, value)| Entry {
            document: self.document,
            key: key.get_ref(),
            value: value.get_ref(),
            span: key.span(),
            table_name: self.name.clone(),
            table_path: self.path.clone(),
        })
    }

    pub(super) fn entry(&self, key: &str) -> Option<Entry<'a>> {
        self.entries().find(|entry| entry.key == key)
    }

    pub(super) fn missing(&self, key: &str) -> SwathConfigError {
        SwathConfigError::MissingKey {
            place: Box::new(Place {
                path: self.document.file.to_owned(),
                line: self.document.line(&self.span),
                table: self.name.clone(),
                key: key.to_owned(),
            }),
        }
    }
}

/// The known key that is most like `key`, or all of them.
fn suggestion(key: &str, known: &[&str]) -> Suggestion {
    let likeness = |other: &str| strsim::jaro_winkler(key, other);
    let nearest = known
        .iter()
        .map(|&other| (likeness(other), other))
        .max_by(|one, other| one.0.total_cmp(&other.0))
        .filter(|(likeness, _)| *likeness >= ALIKE);
    match nearest {
        Some((_, nearest)) => Suggestion::Nearest(nearest.to_owned()),
        None => Suggestion::Known(known.iter().map(|&key| key.to_owned()).collect()),
    }
}

impl<'a> Entry<'a> {
    pub(super) fn key(&self) -> &'a str {
        self.key
    }

    pub(super) fn text(&self) -> Result<&'a str, SwathConfigError> {
        self.value
            .as_str()
            .ok_or_else(|| self.wrong_type("a string", self.value))
    }

    pub(super) fn is_table(&self) -> bool {
        self.value.as_table().is_some()
    }

    pub(super) fn boolean(&self) -> Result<bool, SwathConfigError> {
        self.value
            .as_bool()
            .ok_or_else(|| self.wrong_type("a boolean", self.value))
    }

    /// A number, with or without a point.
    pub(super) fn number(&self) -> Result<f64, SwathConfigError> {
        let text = match self.value {
            DeValue::Integer(number) if number.radix() == 10 => number.as_str(),
            DeValue::Float(number) => number.as_str(),
            other => return Err(self.wrong_type("a number", other)),
        };
        let number = text.replace('_', "").parse();
        number.map_err(|_| self.wrong_type("a number", self.value))
    }

    /// One string or a list of them.
    pub(super) fn texts(&self) -> Result<Vec<&'a str>, SwathConfigError> {
        let Some(items) = self.value.as_array() else {
            return Ok(vec![self.text()?]);
        };
        let text = |item: &'a Spanned<DeValue<'a>>| {
            let value = item.get_ref();
            let text = value.as_str();
            text.ok_or_else(|| self.wrong_type("a list of strings", value))
        };
        items.iter().map(text).collect()
    }

    pub(super) fn table(&self) -> Result<SettingsTable<'a>, SwathConfigError> {
        let Some(table) = self.value.as_table() else {
            return Err(self.wrong_type("a table", self.value));
        };
        let mut path = self.table_path.clone();
        path.push(self.key.to_owned());
        Ok(SettingsTable {
            document: self.document,
            table,
            name: table_name(&path),
            path,
            span: self.span.clone(),
        })
    }

    fn place(&self) -> Place {
        Place {
            path: self.document.file.to_owned(),
            line: self.document.line(&self.span),
            table: self.table_name.clone(),
            key: self.key.to_owned(),
        }
    }

    fn wrong_type(&self, wanted: &'static str, value: &DeValue<'_>) -> SwathConfigError {
        let found = match value {
            DeValue::String(_) => "a string",
            DeValue::Integer(_) => "an integer",
            DeValue::Float(_) => "a float",
            DeValue::Boolean(_) => "a boolean",
            DeValue::Datetime(_) => "a date or time",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        let section = (self.table_path.len() != 1 && self.is_table())
            .then(|| meanings::of_section(self.key))
            .flatten();
        let right = if let Some(section) = section {
            section
        } else if wanted == "a table" && self.is_of_gates() {
            match self.key {
                "services" => self.as_header("", "web = 80"),
                "endpoints" => self.as_header("", "every-route-called = true"),
                _ => self.as_header("", "\"src/api/*\" = 80"),
            }
        } else if wanted == "a table" && self.key == "services" {
            self.as_header(".NAME", "command = \"…\"")
        } else if wanted == "a table" && self.is_service() {
            self.as_header("", "command = \"…\"")
        } else if wanted == "a table" && self.key == "gates" {
            self.as_header("", "total = 80")
        } else {
            self.written(&forms::form(&self.table_path, self.key, value))
        };
        SwathConfigError::WrongType {
            place: Box::new(self.place()),
            wanted,
            found,
            right,
        }
    }

    fn is_service(&self) -> bool {
        self.table_path
            .last()
            .is_some_and(|name| name == "services")
    }

    fn is_of_gates(&self) -> bool {
        self.table_path.last().is_some_and(|name| name == "gates")
    }

    fn as_header(&self, end: &str, below: &str) -> String {
        let path = [self.table_path.as_slice(), &[self.key.to_owned()]].concat();
        let path = path.join(".");
        format!("write `[{path}{end}]` on a line of its own, and `{below}` below it")
    }

    /// The hint to write this key with another value, which is TOML.
    pub(super) fn written(&self, value: &str) -> String {
        let is_bare = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        let key = if self.key.chars().all(is_bare) {
            self.key.to_owned()
        } else {
            forms::quoted(self.key)
        };
        format!("write `{key} = {value}`")
    }

    /// The hint to write this key with another text.
    pub(super) fn written_text(&self, text: &str) -> String {
        self.written(&forms::quoted(text))
    }

    pub(super) fn bad_value(
        &self,
        value: &str,
        reason: &str,
        hint: Option<String>,
    ) -> SwathConfigError {
        SwathConfigError::BadValue {
            place: Box::new(self.place()),
            value: value.to_owned(),
            reason: reason.to_owned(),
            hint,
        }
    }
}
