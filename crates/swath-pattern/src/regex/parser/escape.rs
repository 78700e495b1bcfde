//! Escapes outside and inside of sets.

use super::{Flags, Kind, Parser, RegexError, Sequence, Token, Width};
use crate::python_repr;
use crate::regex::class::{Category, Member};

impl Parser<'_> {
    /// An escape outside of a set.
    pub(super) fn escape(
        &mut self,
        sequence: &mut Sequence,
        letter: char,
        flags: Flags,
    ) -> Result<(), RegexError> {
        let anchor = match letter {
            'A' => r"\A".to_owned(),
            'Z' => r"\z".to_owned(),
            'b' | 'B' => self.boundary(letter == 'b', flags.ascii),
            _ => String::new(),
        };
        if !anchor.is_empty() {
            self.push(sequence, Kind::Anchor, Width::NOTHING, &anchor);
            return Ok(());
        }
        if let Some(category) = Category::of_escape(letter) {
            self.push_category(sequence, category, flags.ascii);
            return Ok(());
        }
        if matches!(letter, '1'..='9') {
            return self.number_escape(sequence, letter, flags);
        }
        let code = self.character_escape(letter)?;
        self.push_literal(sequence, code, flags);
        Ok(())
    }

    /// A word boundary, or a place that is none.
    fn boundary(&mut self, wanted: bool, ascii: bool) -> String {
        self.has_boundaries |= !ascii;
        if !ascii && !self.exact {
            return if wanted { r"\b" } else { r"\B" }.to_owned();
        }
        let word = Category::Word.members(ascii);
        let (after, before) = if wanted { ("?!", "?=") } else { ("?=", "?!") };
        // Until Python 3.14 nothing at all is no place between two words either.
        let not_empty = if wanted { "" } else { r"(?!\A\z)" };
        format!("(?:{not_empty}(?:(?<=[{word}])({after}[{word}])|(?<![{word}])({before}[{word}])))")
    }

    /// An escape inside of a set.
    pub(super) fn set_escape(&mut self, letter: char) -> Result<Member, RegexError> {
        if let Some(category) = Category::of_escape(letter) {
            return Ok(Member::Category(category));
        }
        if letter == 'b' {
            return Ok(Member::Literal(8));
        }
        if letter.is_digit(8) {
            let digits = self.octal_digits(letter)?;
            return self.octal_value(&digits).map(Member::Literal);
        }
        self.character_escape(letter).map(Member::Literal)
    }

    /// An escape that stands for one character.
    fn character_escape(&mut self, letter: char) -> Result<u32, RegexError> {
        match letter {
            'a' => Ok(7),
            'f' => Ok(12),
            'n' => Ok(10),
            'r' => Ok(13),
            't' => Ok(9),
            'v' => Ok(11),
            'x' => self.hexadecimal(letter, 2),
            'u' => self.hexadecimal(letter, 4),
            'U' => self.hexadecimal(letter, 8),
            'N' => self.named_character(),
            '0' => {
                let digits = self.octal_digits(letter)?;
                Ok(u32::from_str_radix(&digits, 8).unwrap_or(0))
            }
            c if c.is_ascii_alphanumeric() => Err(self.bad_escape(&format!("\\{c}"))),
            c => Ok(u32::from(c)),
        }
    }

    fn bad_escape(&self, escape: &str) -> RegexError {
        self.source
            .error(format!("bad escape {escape}"), escape.chars().count())
    }

    fn hexadecimal(&mut self, letter: char, digits: usize) -> Result<u32, RegexError> {
        let taken = self.source.take_while(digits, |c| c.is_ascii_hexdigit())?;
        let escape = format!("\\{letter}{taken}");
        if taken.len() != digits {
            let message = format!("incomplete escape {escape}");
            return Err(self.source.error(message, escape.len()));
        }
        match u32::from_str_radix(&taken, 16) {
            Ok(code) if code <= 0x10_FFFF => Ok(code),
            _ => Err(self.bad_escape(&escape)),
        }
    }

    /// `\N{…}`. The names of characters are a table larger than all the rest of this crate.
    fn named_character(&mut self) -> Result<u32, RegexError> {
        if !self.source.take_if('{')? {
            return Err(self.source.error("missing {", 0));
        }
        let name = self.source.take_until('}', "character name")?;
        Err(RegexError::Unsupported {
            reason: format!(
                "the character named {} must be written as itself",
                python_repr(&name)
            ),
        })
    }

    /// The digits of an octal escape, up to three.
    fn octal_digits(&mut self, first: char) -> Result<String, RegexError> {
        let more = self.source.take_while(2, |c| c.is_digit(8))?;
        Ok(format!("{first}{more}"))
    }

    fn octal_value(&self, digits: &str) -> Result<u32, RegexError> {
        match u32::from_str_radix(digits, 8) {
            Ok(code) if code <= 0o377 => Ok(code),
            _ => {
                let message = format!("octal escape value \\{digits} outside of range 0-0o377");
                Err(self.source.error(message, digits.len() + 1))
            }
        }
    }

    /// `\1` to `\99`, or three octal digits.
    fn number_escape(
        &mut self,
        sequence: &mut Sequence,
        first: char,
        flags: Flags,
    ) -> Result<(), RegexError> {
        let mut digits = first.to_string();
        if let Token::Char(second @ '0'..='9') = self.source.next {
            self.source.take()?;
            digits.push(second);
            if let Token::Char(third @ '0'..='7') = self.source.next
                && first.is_digit(8)
                && second.is_digit(8)
            {
                self.source.take()?;
                digits.push(third);
                let code = self.octal_value(&digits)?;
                self.push_literal(sequence, code, flags);
                return Ok(());
            }
        }
        let group: usize = digits.parse().unwrap_or(usize::MAX);
        if group >= self.groups.len() {
            let message = format!("invalid group reference {group}");
            return Err(self.source.error(message, digits.len()));
        }
        self.back_reference(sequence, group, digits.len() + 1)
    }

    /// Adds a reference to `group`, whose text is `offset` characters long.
    pub(super) fn back_reference(
        &mut self,
        sequence: &mut Sequence,
        group: usize,
        offset: usize,
    ) -> Result<(), RegexError> {
        let Some(width) = self.groups[group] else {
            return Err(self.source.error("cannot refer to an open group", offset));
        };
        self.check_lookbehind_group(group)?;
        self.push(sequence, Kind::Other, width, &format!("(?:\\{group})"));
        Ok(())
    }

    /// Inside a look-behind only groups from before it may be referred to.
    pub(super) fn check_lookbehind_group(&self, group: usize) -> Result<(), RegexError> {
        let Some(before) = self.lookbehind_groups else {
            return Ok(());
        };
        if self.groups.get(group).copied().flatten().is_none() {
            return Err(self.source.error("cannot refer to an open group", 0));
        }
        if group >= before {
            let message = "cannot refer to group defined in the same lookbehind subpattern";
            return Err(self.source.error(message, 0));
        }
        Ok(())
    }
}
