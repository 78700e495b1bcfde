//! TOML by the rules, and in the words, of Python 3.13's `tomllib`, which reads TOML files for coverage.py.
//!
//! It knows TOML 1.0 only, and its messages are part of what coverage.py prints.

mod namespaces;
mod numbers;
mod scanner;
mod strings;

use toml::{Table, Value};

use namespaces::Namespaces;
use scanner::Scanner;

/// What is nested deeper than this is refused; Python, too, runs out of stack for values, a little later.
const MAX_DEPTH: usize = 100;

type Key = Vec<String>;

/// Parses a document whose lines end in newlines; the error is Python's, with the place.
pub(crate) fn parse(text: &str) -> Result<Table, String> {
    let mut document = Document {
        scanner: Scanner::new(text),
        root: Table::new(),
        namespaces: Namespaces::default(),
    };
    document.statements()?;
    Ok(document.root)
}

struct Document<'t> {
    scanner: Scanner<'t>,
    root: Table,
    namespaces: Namespaces,
}

impl Document<'_> {
    fn statements(&mut self) -> Result<(), String> {
        let mut header = Key::new();
        loop {
            self.scanner.skip_spaces();
            match self.scanner.peek() {
                None => return Ok(()),
                Some('\n') => {
                    self.scanner.advance(1);
                    continue;
                }
                Some('[') => {
                    self.namespaces.close_pending();
                    header = if self.scanner.starts_with("[[") {
                        self.array_header()?
                    } else {
                        self.table_header()?
                    };
                }
                Some('#') => {}
                Some(c) if is_key_start(c) => self.key_value(&header)?,
                Some(_) => return Err(self.scanner.error("Invalid statement")),
            }
            self.scanner.skip_spaces();
            self.scanner.skip_comment()?;
            match self.scanner.peek() {
                None => return Ok(()),
                Some('\n') => self.scanner.advance(1),
                Some(_) => {
                    let message = "Expected newline or end of document after a statement";
                    return Err(self.scanner.error(message));
                }
            }
        }
    }

    /// `[key]`
    fn table_header(&mut self) -> Result<Key, String> {
        self.scanner.advance(1);
        self.scanner.skip_spaces();
        let key = self.scanner.key()?;
        if self.namespaces.is_explicit(&key) || self.namespaces.is_frozen(&key) {
            let message = format!("Cannot declare {} twice", shown(&key));
            return Err(self.scanner.error(&message));
        }
        self.namespaces.make_explicit(&key);
        if nest(&mut self.root, &key, Lists::Entered).is_none() {
            return Err(self.scanner.error("Cannot overwrite a value"));
        }
        if !self.scanner.take("]") {
            let message = "Expected ']' at the end of a table declaration";
            return Err(self.scanner.error(message));
        }
        Ok(key)
    }

    /// `[[key]]`
    fn array_header(&mut self) -> Result<Key, String> {
        self.scanner.advance(2);
        self.scanner.skip_spaces();
        let key = self.scanner.key()?;
        if self.namespaces.is_frozen(&key) {
            let message = format!("Cannot mutate immutable namespace {}", shown(&key));
            return Err(self.scanner.error(&message));
        }
        // The namespace is free again, for it now stands for another item; only the key itself is not.
        self.namespaces.forget(&key);
        self.namespaces.make_explicit(&key);
        if self.append_table(&key).is_none() {
            return Err(self.scanner.error("Cannot overwrite a value"));
        }
        if !self.scanner.take("]]") {
            let message = "Expected ']]' at the end of an array declaration";
            return Err(self.scanner.error(message));
        }
        Ok(key)
    }

    fn append_table(&mut self, key: &[String]) -> Option<()> {
        let (last, parents) = key.split_last()?;
        let parent = nest(&mut self.root, parents, Lists::Entered)?;
        let list = parent
            .entry(last.clone())
            .or_insert_with(|| Value::Array(Vec::new()));
        list.as_array_mut()?.push(Value::Table(Table::new()));
        Some(())
    }

    fn key_value(&mut self, header: &[String]) -> Result<(), String> {
        let (key, value) = self.scanner.key_value(0)?;
        let absolute = [header, &key].concat();
        let (last, parents) = match absolute.split_last() {
            Some((last, parents)) => (last.clone(), parents.to_vec()),
            None => return Ok(()),
        };
        for length in 1..key.len() {
            let namespace = &absolute[..header.len() + length];
            if self.namespaces.is_explicit(namespace) {
                let message = format!("Cannot redefine namespace {}", shown(namespace));
                return Err(self.scanner.error(&message));
            }
            self.namespaces.add_pending(namespace);
        }
        if self.namespaces.is_frozen(&parents) {
            let message = format!("Cannot mutate immutable namespace {}", shown(&parents));
            return Err(self.scanner.error(&message));
        }
        let overwrite = self.scanner.error("Cannot overwrite a value");
        let Some(table) = nest(&mut self.root, &parents, Lists::Entered) else {
            return Err(overwrite);
        };
        if table.contains_key(&last) {
            return Err(overwrite);
        }
        if matches!(value, Value::Table(_) | Value::Array(_)) {
            self.namespaces.freeze(&absolute);
        }
        table.insert(last, value);
        Ok(())
    }
}

impl Scanner<'_> {
    /// `key = value`
    fn key_value(&mut self, depth: usize) -> Result<(Key, Value), String> {
        let key = self.key()?;
        if !self.take("=") {
            return Err(self.error("Expected '=' after a key in a key/value pair"));
        }
        self.skip_spaces();
        let value = self.value(depth)?;
        Ok((key, value))
    }

    /// A key and its dots.
    fn key(&mut self) -> Result<Key, String> {
        let mut key = vec![self.key_part()?];
        loop {
            self.skip_spaces();
            if !self.take(".") {
                return Ok(key);
            }
            self.skip_spaces();
            if key.len() > MAX_DEPTH {
                return Err(self.error("Keys are nested too deeply"));
            }
            key.push(self.key_part()?);
        }
    }

    fn key_part(&mut self) -> Result<String, String> {
        match self.peek() {
            Some(c) if is_bare(c) => Ok(self.take_while(is_bare).to_owned()),
            Some('\'') => self.literal_string(),
            Some('"') => self.basic_string(),
            _ => Err(self.error("Invalid initial character for a key part")),
        }
    }

    fn value(&mut self, depth: usize) -> Result<Value, String> {
        if depth > MAX_DEPTH {
            return Err(self.error("Values are nested too deeply"));
        }
        match self.peek() {
            Some('"') if self.take("\"\"\"") => self.multiline_basic_string().map(Value::String),
            Some('"') => self.basic_string().map(Value::String),
            Some('\'') if self.take("'''") => self.multiline_literal_string().map(Value::String),
            Some('\'') => self.literal_string().map(Value::String),
            Some('t') if self.take("true") => Ok(Value::Boolean(true)),
            Some('f') if self.take("false") => Ok(Value::Boolean(false)),
            Some('[') => self.array(depth),
            Some('{') => self.inline_table(depth),
            _ => self.number(),
        }
    }

    fn array(&mut self, depth: usize) -> Result<Value, String> {
        self.advance(1);
        let mut items = Vec::new();
        loop {
            self.skip_comments_and_space()?;
            if self.take("]") {
                return Ok(Value::Array(items));
            }
            items.push(self.value(depth + 1)?);
            self.skip_comments_and_space()?;
            if self.take("]") {
                return Ok(Value::Array(items));
            }
            if !self.take(",") {
                return Err(self.error("Unclosed array"));
            }
        }
    }

    fn inline_table(&mut self, depth: usize) -> Result<Value, String> {
        self.advance(1);
        let mut table = Table::new();
        let mut namespaces = Namespaces::default();
        self.skip_spaces();
        if self.take("}") {
            return Ok(Value::Table(table));
        }
        loop {
            let (key, value) = self.key_value(depth + 1)?;
            if namespaces.is_frozen(&key) {
                let message = format!("Cannot mutate immutable namespace {}", shown(&key));
                return Err(self.error(&message));
            }
            let nests = matches!(value, Value::Table(_) | Value::Array(_));
            let Some((last, parents)) = key.split_last() else {
                return Ok(Value::Table(table));
            };
            let Some(inner) = nest(&mut table, parents, Lists::Refused) else {
                return Err(self.error("Cannot overwrite a value"));
            };
            if inner.contains_key(last) {
                let shown = swath_pattern::python_repr(last);
                return Err(self.error(&format!("Duplicate inline table key {shown}")));
            }
            inner.insert(last.clone(), value);
            self.skip_spaces();
            if self.take("}") {
                return Ok(Value::Table(table));
            }
            if !self.take(",") {
                return Err(self.error("Unclosed inline table"));
            }
            if nests {
                namespaces.freeze(&key);
            }
            self.skip_spaces();
        }
    }
}

/// Whether a path may lead through the last table of an array.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lists {
    Entered,
    Refused,
}

/// The table at `key`, made where it is not there; `None` when something else is there.
fn nest<'a>(root: &'a mut Table, key: &[String], lists: Lists) -> Option<&'a mut Table> {
    let mut table = root;
    for part in key {
        let value = table
            .entry(part.clone())
            .or_insert_with(|| Value::Table(Table::new()));
        table = match value {
            Value::Table(inner) => inner,
            Value::Array(items) if lists == Lists::Entered => items.last_mut()?.as_table_mut()?,
            _ => return None,
        };
    }
    Some(table)
}

fn is_bare(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_')
}

fn is_key_start(c: char) -> bool {
    is_bare(c) || matches!(c, '"' | '\'')
}

/// A key as Python shows a tuple.
fn shown(key: &[String]) -> String {
    let parts: Vec<String> = key
        .iter()
        .map(|part| swath_pattern::python_repr(part))
        .collect();
    match &parts[..] {
        [only] => format!("({only},)"),
        parts => format!("({})", parts.join(", ")),
    }
}
