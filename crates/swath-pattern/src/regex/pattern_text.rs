//! A pattern as a sequence of tokens: characters, and escapes of a backslash and a character.

use super::RegexError;

/// One token of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token {
    End,
    Char(char),
    Escape(char),
}

impl Token {
    pub(super) fn length(self) -> usize {
        match self {
            Self::End => 0,
            Self::Char(_) => 1,
            Self::Escape(_) => 2,
        }
    }

    pub(super) fn text(self) -> String {
        match self {
            Self::End => String::new(),
            Self::Char(c) => c.to_string(),
            Self::Escape(c) => format!("\\{c}"),
        }
    }
}

/// Reads a pattern with one token of look-ahead, as Python's tokenizer does: its look-ahead is what
/// decides which of two errors is reported.
#[derive(Debug)]
pub(super) struct PatternText<'p> {
    pattern: &'p str,
    characters: Vec<char>,
    index: usize,
    pub(super) next: Token,
}

impl<'p> PatternText<'p> {
    pub(super) fn new(pattern: &'p str) -> Result<Self, RegexError> {
        let mut text = Self {
            pattern,
            characters: pattern.chars().collect(),
            index: 0,
            next: Token::End,
        };
        text.advance()?;
        Ok(text)
    }

    fn advance(&mut self) -> Result<(), RegexError> {
        let Some(&first) = self.characters.get(self.index) else {
            self.next = Token::End;
            return Ok(());
        };
        if first != '\\' {
            self.index += 1;
            self.next = Token::Char(first);
            return Ok(());
        }
        let Some(&second) = self.characters.get(self.index + 1) else {
            let position = self.characters.len() - 1;
            return Err(self.error_at("bad escape (end of pattern)", Some(position)));
        };
        self.index += 2;
        self.next = Token::Escape(second);
        Ok(())
    }

    pub(super) fn take(&mut self) -> Result<Token, RegexError> {
        let this = self.next;
        self.advance()?;
        Ok(this)
    }

    /// Takes the next token if it is this character.
    pub(super) fn take_if(&mut self, wanted: char) -> Result<bool, RegexError> {
        if self.next == Token::Char(wanted) {
            self.advance()?;
            return Ok(true);
        }
        Ok(false)
    }

    /// Takes up to `limit` characters that `accept` likes.
    pub(super) fn take_while(
        &mut self,
        limit: usize,
        accept: impl Fn(char) -> bool,
    ) -> Result<String, RegexError> {
        let mut taken = String::new();
        for _ in 0..limit {
            match self.next {
                Token::Char(c) if accept(c) => taken.push(c),
                _ => break,
            }
            self.advance()?;
        }
        Ok(taken)
    }

    /// Takes everything up to `terminator`, which is dropped; `name` names it in errors.
    pub(super) fn take_until(
        &mut self,
        terminator: char,
        name: &str,
    ) -> Result<String, RegexError> {
        let mut taken = String::new();
        loop {
            let this = self.take()?;
            if this == Token::End {
                if taken.is_empty() {
                    return Err(self.error(format!("missing {name}"), 0));
                }
                let length = taken.chars().count();
                let message = format!("missing {terminator}, unterminated name");
                return Err(self.error(message, length));
            }
            if this == Token::Char(terminator) {
                if taken.is_empty() {
                    return Err(self.error(format!("missing {name}"), 1));
                }
                return Ok(taken);
            }
            taken.push_str(&this.text());
        }
    }

    /// Where the look-ahead token starts, in characters.
    pub(super) fn tell(&self) -> usize {
        self.index - self.next.length()
    }

    pub(super) fn seek(&mut self, index: usize) -> Result<(), RegexError> {
        self.index = index;
        self.advance()
    }

    /// An error `offset` characters before the look-ahead token.
    pub(super) fn error(&self, message: impl Into<String>, offset: usize) -> RegexError {
        self.error_at(message, Some(self.tell().saturating_sub(offset)))
    }

    pub(super) fn error_at(
        &self,
        message: impl Into<String>,
        position: Option<usize>,
    ) -> RegexError {
        RegexError::Syntax {
            message: message.into(),
            pattern: self.pattern.to_owned(),
            position,
        }
    }
}
