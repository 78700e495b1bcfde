//! The text of a document and the place that has been reached in it.

use swath_pattern::python_repr;

/// Whether a control character may not stand in a comment or a string of one line.
pub(super) fn is_illegal(c: char) -> bool {
    c.is_ascii_control() && c != '\t'
}

/// The same for a string of several lines.
pub(super) fn is_illegal_in_lines(c: char) -> bool {
    is_illegal(c) && c != '\n'
}

#[derive(Debug)]
pub(super) struct Scanner<'t> {
    text: &'t str,
    position: usize,
}

impl<'t> Scanner<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, position: 0 }
    }

    /// What is not read yet.
    pub(super) fn rest(&self) -> &'t str {
        &self.text[self.position..]
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// Skips `bytes`, which must end at the end of a character.
    pub(super) fn advance(&mut self, bytes: usize) {
        self.position += bytes;
    }

    pub(super) fn starts_with(&self, text: &str) -> bool {
        self.rest().starts_with(text)
    }

    /// Skips `text` if it comes next.
    pub(super) fn take(&mut self, text: &str) -> bool {
        let found = self.starts_with(text);
        if found {
            self.advance(text.len());
        }
        found
    }

    pub(super) fn take_while(&mut self, accept: impl Fn(char) -> bool) -> &'t str {
        let rest = self.rest();
        let taken = &rest[..rest.find(|c| !accept(c)).unwrap_or(rest.len())];
        self.advance(taken.len());
        taken
    }

    pub(super) fn skip_spaces(&mut self) {
        self.take_while(|c| matches!(c, ' ' | '\t'));
    }

    pub(super) fn skip_space(&mut self) {
        self.take_while(|c| matches!(c, ' ' | '\t' | '\n'));
    }

    /// Skips up to the end of the line if a comment comes next.
    pub(super) fn skip_comment(&mut self) -> Result<(), String> {
        if !self.take("#") {
            return Ok(());
        }
        let line = self.rest().split('\n').next().unwrap_or_default();
        self.skip_legal(line.len(), is_illegal)
    }

    pub(super) fn skip_comments_and_space(&mut self) -> Result<(), String> {
        loop {
            let before = self.position;
            self.skip_space();
            self.skip_comment()?;
            if self.position == before {
                return Ok(());
            }
        }
    }

    /// Takes everything up to `end`, which is not taken.
    pub(super) fn take_until(
        &mut self,
        end: &str,
        illegal: fn(char) -> bool,
    ) -> Result<&'t str, String> {
        let rest = self.rest();
        let Some(length) = rest.find(end) else {
            self.position = self.text.len();
            return Err(self.error(&format!("Expected {}", python_repr(end))));
        };
        self.skip_legal(length, illegal)?;
        Ok(&rest[..length])
    }

    fn skip_legal(&mut self, length: usize, illegal: fn(char) -> bool) -> Result<(), String> {
        let skipped = &self.rest()[..length];
        let wrong = skipped.char_indices().find(|(_, c)| illegal(*c));
        match wrong {
            None => {
                self.advance(length);
                Ok(())
            }
            Some((at, c)) => {
                self.advance(at);
                let shown = python_repr(&c.to_string());
                Err(self.error(&format!("Found invalid character {shown}")))
            }
        }
    }

    /// `message` with the place that has been reached.
    pub(super) fn error(&self, message: &str) -> String {
        if self.position >= self.text.len() {
            return format!("{message} (at end of document)");
        }
        let before = &self.text[..self.position];
        let line = before.split('\n').count();
        let last = before.rsplit('\n').next().unwrap_or_default();
        let column = last.chars().count() + 1;
        format!("{message} (at line {line}, column {column})")
    }
}
