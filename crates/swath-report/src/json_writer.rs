//! JSON as Python's `json.dump` writes it: ASCII, `, ` and `: `, or four blanks a level.

use std::fmt::Display;
use std::io::{self, Write};

/// A writer of one JSON value, piece by piece.
pub(crate) struct JsonWriter<'a> {
    out: &'a mut dyn Write,
    pretty: bool,
    /// For each open list or map, whether it has an item yet.
    open: Vec<bool>,
    after_key: bool,
}

impl<'a> JsonWriter<'a> {
    pub(crate) fn new(out: &'a mut dyn Write, pretty: bool) -> Self {
        Self {
            out,
            pretty,
            open: Vec::new(),
            after_key: false,
        }
    }

    fn item(&mut self) -> io::Result<()> {
        if std::mem::take(&mut self.after_key) {
            return Ok(());
        }
        let Some(has_items) = self.open.last_mut() else {
            return Ok(());
        };
        let comma = std::mem::replace(has_items, true);
        match (comma, self.pretty) {
            (true, true) => self.out.write_all(b",")?,
            (true, false) => self.out.write_all(b", ")?,
            _ => {}
        }
        self.new_line()
    }

    fn new_line(&mut self) -> io::Result<()> {
        if self.pretty {
            self.out.write_all(b"\n")?;
            for _ in &self.open {
                self.out.write_all(b"    ")?;
            }
        }
        Ok(())
    }

    pub(crate) fn begin(&mut self, bracket: u8) -> io::Result<()> {
        self.item()?;
        self.out.write_all(&[bracket])?;
        self.open.push(false);
        Ok(())
    }

    pub(crate) fn end(&mut self, bracket: u8) -> io::Result<()> {
        if self.open.pop() == Some(true) {
            self.new_line()?;
        }
        self.out.write_all(&[bracket])
    }

    /// Ends the last line, for values that are read by people, too.
    pub(crate) fn end_line(&mut self) -> io::Result<()> {
        self.out.write_all(b"\n")
    }

    pub(crate) fn key(&mut self, key: &str) -> io::Result<()> {
        self.item()?;
        self.out.write_all(quoted(key).as_bytes())?;
        self.after_key = true;
        self.out.write_all(b": ")
    }

    pub(crate) fn raw(&mut self, text: &str) -> io::Result<()> {
        self.item()?;
        self.out.write_all(text.as_bytes())
    }

    pub(crate) fn string(&mut self, text: &str) -> io::Result<()> {
        self.raw(&quoted(text))
    }

    pub(crate) fn boolean(&mut self, value: bool) -> io::Result<()> {
        self.raw(if value { "true" } else { "false" })
    }

    pub(crate) fn number(&mut self, value: impl Display + Copy) -> io::Result<()> {
        self.raw(&value.to_string())
    }

    /// A float as Python's `repr` writes it.
    pub(crate) fn float(&mut self, value: f64) -> io::Result<()> {
        self.raw(&format!("{value:?}"))
    }

    pub(crate) fn numbers(
        &mut self,
        values: impl IntoIterator<Item = impl Display + Copy>,
    ) -> io::Result<()> {
        self.begin(b'[')?;
        for value in values {
            self.number(value)?;
        }
        self.end(b']')
    }
}

fn quoted(text: &str) -> String {
    use std::fmt::Write as _;
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            ' '..='~' => out.push(character),
            _ => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(pretty: bool) -> String {
        let mut out = Vec::new();
        let mut json = JsonWriter::new(&mut out, pretty);
        let mut write = || -> io::Result<()> {
            json.begin(b'{')?;
            json.key("é\u{1f600}\u{7f}\"")?;
            json.numbers([1, 2])?;
            json.key("none")?;
            json.begin(b'{')?;
            json.end(b'}')?;
            json.key("pc")?;
            json.float(200.0 / 3.0)?;
            json.end(b'}')
        };
        write().unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn text_is_that_of_python() {
        assert_eq!(
            written(false),
            r#"{"\u00e9\ud83d\ude00\u007f\"": [1, 2], "none": {}, "pc": 66.66666666666667}"#
        );
        assert_eq!(
            written(true),
            "{\n    \"\\u00e9\\ud83d\\ude00\\u007f\\\"\": [\n        1,\n        2\n    ],\n    \"none\": {},\n    \"pc\": 66.66666666666667\n}"
        );
    }
}
