//! Strings, after their first quote or quotes where a function does not say otherwise.

use super::scanner::{Scanner, is_illegal, is_illegal_in_lines};
use swath_pattern::python_repr;

impl Scanner<'_> {
    /// `'…'`, from its quote on.
    pub(super) fn literal_string(&mut self) -> Result<String, String> {
        self.advance(1);
        let text = self.take_until("'", is_illegal)?.to_owned();
        self.advance(1);
        Ok(text)
    }

    /// `"…"`, from its quote on.
    pub(super) fn basic_string(&mut self) -> Result<String, String> {
        self.advance(1);
        self.basic_string_rest(false)
    }

    pub(super) fn multiline_literal_string(&mut self) -> Result<String, String> {
        self.take("\n");
        let mut text = self.take_until("'''", is_illegal_in_lines)?.to_owned();
        self.advance(3);
        self.extra_quotes(&mut text, "'");
        Ok(text)
    }

    pub(super) fn multiline_basic_string(&mut self) -> Result<String, String> {
        self.take("\n");
        let mut text = self.basic_string_rest(true)?;
        self.extra_quotes(&mut text, "\"");
        Ok(text)
    }

    /// Four or five quotes at the end: the string itself ends with one or two.
    fn extra_quotes(&mut self, text: &mut String, quote: &str) {
        for _ in 0..2 {
            if !self.take(quote) {
                return;
            }
            text.push_str(quote);
        }
    }

    fn basic_string_rest(&mut self, multiline: bool) -> Result<String, String> {
        let illegal = if multiline {
            is_illegal_in_lines
        } else {
            is_illegal
        };
        let mut text = String::new();
        loop {
            let Some(c) = self.peek() else {
                return Err(self.error("Unterminated string"));
            };
            if c == '"' && self.take(if multiline { "\"\"\"" } else { "\"" }) {
                return Ok(text);
            }
            if c == '\\' {
                self.escape(&mut text, multiline)?;
                continue;
            }
            if illegal(c) {
                let shown = python_repr(&c.to_string());
                return Err(self.error(&format!("Illegal character {shown}")));
            }
            text.push(c);
            self.advance(c.len_utf8());
        }
    }

    /// An escape, from its backslash on.
    fn escape(&mut self, text: &mut String, multiline: bool) -> Result<(), String> {
        self.advance(1);
        let letter = self.peek();
        self.advance(letter.map_or(0, char::len_utf8));
        let c = match letter {
            Some('b') => '\u{8}',
            Some('t') => '\t',
            Some('n') => '\n',
            Some('f') => '\u{c}',
            Some('r') => '\r',
            Some('"') => '"',
            Some('\\') => '\\',
            Some('u') => self.hexadecimal(4)?,
            Some('U') => self.hexadecimal(8)?,
            Some(space @ (' ' | '\t' | '\n')) if multiline => return self.line_end(space),
            _ => return Err(self.error("Unescaped '\\' in a string")),
        };
        text.push(c);
        Ok(())
    }

    /// A backslash at the end of a line: the white space up to the next text is nothing.
    fn line_end(&mut self, space: char) -> Result<(), String> {
        if space != '\n' {
            self.skip_spaces();
            match self.peek() {
                None => return Ok(()),
                Some('\n') => self.advance(1),
                Some(_) => return Err(self.error("Unescaped '\\' in a string")),
            }
        }
        self.skip_space();
        Ok(())
    }

    fn hexadecimal(&mut self, length: usize) -> Result<char, String> {
        let digits = self.rest().get(..length).unwrap_or_default();
        if digits.len() != length || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(self.error("Invalid hex value"));
        }
        self.advance(length);
        u32::from_str_radix(digits, 16)
            .ok()
            .and_then(char::from_u32)
            .ok_or_else(|| self.error("Escaped character is not a Unicode scalar value"))
    }
}
