//! Sets: `[…]`.

use super::{Flags, Kind, Parser, RegexError, Sequence, Token, Width};
use crate::regex::class::{Member, write_ascii_folded, write_set};

impl Parser<'_> {
    /// A set, after its opening bracket.
    pub(super) fn set(&mut self, sequence: &mut Sequence, flags: Flags) -> Result<(), RegexError> {
        let here = self.source.tell() - 1;
        let negated = self.source.take_if('^')?;
        let mut members = Vec::new();
        loop {
            let this = self.set_token(here)?;
            if this == Token::Char(']') && !members.is_empty() {
                break;
            }
            let low = self.set_member(this)?;
            if !self.source.take_if('-')? {
                members.push(low);
                continue;
            }
            let that = self.set_token(here)?;
            if that == Token::Char(']') {
                members.push(low);
                members.push(Member::Literal(u32::from('-')));
                break;
            }
            let high = self.set_member(that)?;
            match (low, high) {
                (Member::Literal(low), Member::Literal(high)) if low <= high => {
                    members.push(Member::Range(low, high));
                }
                _ => {
                    let message = format!("bad character range {}-{}", this.text(), that.text());
                    let offset = this.length() + 1 + that.length();
                    return Err(self.source.error(message, offset));
                }
            }
        }
        let mut text = String::new();
        if flags.ascii && flags.ignore_case {
            write_ascii_folded(&mut text, &members, negated);
        } else {
            write_set(&mut text, &members, negated, flags.ascii);
        }
        self.push(sequence, Kind::Other, Width::ONE, &text);
        Ok(())
    }

    fn set_token(&mut self, here: usize) -> Result<Token, RegexError> {
        let this = self.source.take()?;
        if this == Token::End {
            let offset = self.source.tell() - here;
            return Err(self.source.error("unterminated character set", offset));
        }
        Ok(this)
    }

    fn set_member(&mut self, token: Token) -> Result<Member, RegexError> {
        match token {
            Token::Escape(letter) => self.set_escape(letter),
            Token::Char(c) => Ok(Member::Literal(u32::from(c))),
            Token::End => Err(self.source.error("unterminated character set", 0)),
        }
    }
}
