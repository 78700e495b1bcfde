//! Reads a Python pattern and writes it for `fancy-regex`.
//!
//! The order of checks and the error texts are those of Python 3.13's `re._parser`.

mod escape;
mod group;
mod set;

use super::class::{Category, Member, write_ascii_folded, write_literal};
use super::pattern_text::{PatternText, Token};
use super::{Flags, RegexError};

/// Groups nested deeper than this are refused: the engine's own parser recurses.
const MAX_DEPTH: usize = 40;

/// Python's limit on repetitions.
const MAX_REPEAT: u64 = 4_294_967_295;

/// A pattern in the syntax of `fancy-regex`, as one group.
#[derive(Debug)]
pub(super) struct Translation {
    pub(super) text: String,
    /// Whether it has word boundaries, which the engine finds in its own way unless told `exact`.
    pub(super) has_boundaries: bool,
}

/// Translates `pattern`. The engine's own word boundaries are fast, and right in most texts; `exact` ones
/// are right everywhere.
pub(super) fn translate(
    pattern: &str,
    flags: Flags,
    exact: bool,
) -> Result<Translation, RegexError> {
    let mut parser = Parser {
        source: PatternText::new(pattern)?,
        global: flags,
        groups: vec![None],
        names: Vec::new(),
        lookbehind_groups: None,
        conditions: Vec::new(),
        variable_lookbehind: false,
        exact,
        has_boundaries: false,
    };
    let sequence = parser.alternatives(flags, 0)?;
    parser.finish()?;
    let open = if parser.global.ignore_case {
        "(?i:"
    } else {
        "(?:"
    };
    Ok(Translation {
        text: format!("{open}{})", sequence.text),
        has_boundaries: parser.has_boundaries,
    })
}

/// How many characters something matches, at least and at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Width {
    low: u64,
    high: u64,
}

impl Width {
    const NOTHING: Self = Self { low: 0, high: 0 };
    const ONE: Self = Self { low: 1, high: 1 };

    fn plus(self, other: Self) -> Self {
        Self {
            low: self.low.saturating_add(other.low),
            high: self.high.saturating_add(other.high),
        }
    }

    fn or(self, other: Self) -> Self {
        Self {
            low: self.low.min(other.low),
            high: self.high.max(other.high),
        }
    }

    fn repeated(self, low: u64, high: u64) -> Self {
        let unlimited = high == MAX_REPEAT && self.high > 0;
        Self {
            low: self.low.saturating_mul(low),
            high: if unlimited {
                u64::MAX
            } else {
                self.high.saturating_mul(high)
            },
        }
    }
}

/// What the last item of a sequence is, as far as a repetition after it cares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// An anchor or a word boundary.
    Anchor,
    Repetition,
    Other,
}

#[derive(Debug, Clone, Copy)]
struct Item {
    kind: Kind,
    /// Where its text starts.
    start: usize,
    width: Width,
    /// How many groups there were before it.
    groups: usize,
}

/// A translated sequence of items.
#[derive(Debug)]
struct Sequence {
    text: String,
    width: Width,
    /// The width of all items but the last.
    width_before: Width,
    last: Option<Item>,
}

impl Sequence {
    fn new() -> Self {
        Self {
            text: String::new(),
            width: Width::NOTHING,
            width_before: Width::NOTHING,
            last: None,
        }
    }

    /// Adds an item; there were `groups` groups before it.
    fn push(&mut self, kind: Kind, width: Width, groups: usize, text: &str) {
        self.last = Some(Item {
            kind,
            start: self.text.len(),
            width,
            groups,
        });
        self.width_before = self.width;
        self.width = self.width.plus(width);
        self.text.push_str(text);
    }
}

struct Parser<'p> {
    source: PatternText<'p>,
    /// The flags of the whole pattern.
    global: Flags,
    /// The width of each group, `None` while it is open. Group 0 is never closed.
    groups: Vec<Option<Width>>,
    names: Vec<(String, usize)>,
    /// Inside a look-behind: how many groups there were before it.
    lookbehind_groups: Option<usize>,
    /// The groups that conditions refer to, and where.
    conditions: Vec<(usize, usize)>,
    variable_lookbehind: bool,
    exact: bool,
    has_boundaries: bool,
}

impl Parser<'_> {
    /// The checks that need the whole pattern.
    fn finish(&self) -> Result<(), RegexError> {
        if self.source.next != Token::End {
            return Err(self.source.error("unbalanced parenthesis", 0));
        }
        for &(group, position) in &self.conditions {
            if group >= self.groups.len() {
                let message = format!("invalid group reference {group}");
                return Err(self.source.error_at(message, Some(position)));
            }
        }
        if self.variable_lookbehind {
            let message = "look-behind requires fixed-width pattern";
            return Err(self.source.error_at(message, None));
        }
        Ok(())
    }

    /// `a|b|c`
    fn alternatives(&mut self, mut flags: Flags, depth: usize) -> Result<Sequence, RegexError> {
        if depth > MAX_DEPTH {
            return Err(RegexError::Unsupported {
                reason: "its groups are nested too deeply".into(),
            });
        }
        let mut all = self.sequence(flags, depth + 1, depth == 0)?;
        while self.source.take_if('|')? {
            if depth == 0 {
                flags = self.global;
            }
            let branch = self.sequence(flags, depth + 1, false)?;
            all.text.push('|');
            all.text.push_str(&branch.text);
            all.width = all.width.or(branch.width);
            // Two branches are one item that is not empty.
            all.last = all.last.or(branch.last);
        }
        Ok(all)
    }

    fn sequence(
        &mut self,
        mut flags: Flags,
        depth: usize,
        first: bool,
    ) -> Result<Sequence, RegexError> {
        let mut sequence = Sequence::new();
        while !matches!(self.source.next, Token::End | Token::Char('|' | ')')) {
            let this = self.source.take()?;
            if flags.verbose && self.skip_verbose(this)? {
                continue;
            }
            match this {
                Token::Escape(letter) => self.escape(&mut sequence, letter, flags)?,
                Token::Char('[') => self.set(&mut sequence, flags)?,
                Token::Char('(') => {
                    let may_set_global = first && sequence.last.is_none();
                    if self.group(&mut sequence, flags, depth, may_set_global)? {
                        flags = self.global;
                    }
                }
                Token::Char(c @ ('*' | '+' | '?' | '{')) => self.repetition(&mut sequence, c)?,
                Token::Char('.') => {
                    let any = if flags.dot_all { "(?s:.)" } else { r"[^\n]" };
                    self.push(&mut sequence, Kind::Other, Width::ONE, any);
                }
                Token::Char('^') => {
                    let start = if flags.multi_line { "(?m:^)" } else { r"\A" };
                    self.push(&mut sequence, Kind::Anchor, Width::NOTHING, start);
                }
                Token::Char('$') => {
                    let end = if flags.multi_line {
                        "(?m:$)"
                    } else {
                        r"(?=\n?\z)"
                    };
                    self.push(&mut sequence, Kind::Anchor, Width::NOTHING, end);
                }
                Token::Char(c) => self.push_literal(&mut sequence, u32::from(c), flags),
                Token::End => break,
            }
        }
        Ok(sequence)
    }

    /// Skips white space and comments of a verbose pattern.
    fn skip_verbose(&mut self, this: Token) -> Result<bool, RegexError> {
        match this {
            Token::Char(' ' | '\t' | '\n' | '\r' | '\x0b' | '\x0c') => Ok(true),
            Token::Char('#') => {
                while !matches!(self.source.take()?, Token::End | Token::Char('\n')) {}
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    fn push(&self, sequence: &mut Sequence, kind: Kind, width: Width, text: &str) {
        sequence.push(kind, width, self.groups.len(), text);
    }

    fn push_literal(&self, sequence: &mut Sequence, code: u32, flags: Flags) {
        let mut text = String::new();
        if flags.ascii && flags.ignore_case {
            write_ascii_folded(&mut text, &[Member::Literal(code)], false);
        } else {
            write_literal(&mut text, code);
        }
        self.push(sequence, Kind::Other, Width::ONE, &text);
    }

    fn push_category(&self, sequence: &mut Sequence, category: Category, ascii: bool) {
        let text = format!("[{}]", category.members(ascii));
        self.push(sequence, Kind::Other, Width::ONE, &text);
    }

    /// `*`, `+`, `?`, `{m,n}` after an item.
    fn repetition(&mut self, sequence: &mut Sequence, this: char) -> Result<(), RegexError> {
        let here = self.source.tell();
        let (low, high) = match this {
            '?' => (0, 1),
            '*' => (0, MAX_REPEAT),
            '+' => (1, MAX_REPEAT),
            _ => {
                let Some(limits) = self.braces(here)? else {
                    self.push_literal(sequence, u32::from('{'), Flags::default());
                    return Ok(());
                };
                limits
            }
        };
        let offset = self.source.tell() - here + 1;
        let Some(item) = sequence.last else {
            return Err(self.source.error("nothing to repeat", offset));
        };
        match item.kind {
            Kind::Anchor => return Err(self.source.error("nothing to repeat", offset)),
            Kind::Repetition => return Err(self.source.error("multiple repeat", offset)),
            Kind::Other => {}
        }
        let lazy = self.source.take_if('?')?;
        let possessive = !lazy && self.source.take_if('+')?;
        let atom = sequence.text.split_off(item.start);
        let zero_width = item.width.high == 0 && item.groups == self.groups.len();
        let text = if zero_width {
            // The engine refuses to repeat what matches nothing; once is as good as many times.
            if low == 0 { "(?:)".to_owned() } else { atom }
        } else {
            let limits = quantifier(low, high);
            match (lazy, possessive) {
                (true, _) => format!("{atom}{limits}?"),
                (_, true) => format!("(?>{atom}{limits})"),
                _ => format!("{atom}{limits}"),
            }
        };
        sequence.width = sequence.width_before;
        let width = item.width.repeated(low, high);
        sequence.push(Kind::Repetition, width, item.groups, &text);
        Ok(())
    }

    /// The limits in `{m,n}`, or `None` when the brace is an ordinary character.
    fn braces(&mut self, here: usize) -> Result<Option<(u64, u64)>, RegexError> {
        if self.source.next == Token::Char('}') {
            return Ok(None);
        }
        let digit = |c: char| c.is_ascii_digit();
        let low = self.source.take_while(usize::MAX, digit)?;
        let high = if self.source.take_if(',')? {
            self.source.take_while(usize::MAX, digit)?
        } else {
            low.clone()
        };
        if !self.source.take_if('}')? {
            self.source.seek(here)?;
            return Ok(None);
        }
        let (mut least, mut most) = (0, MAX_REPEAT);
        for (text, number) in [(&low, &mut least), (&high, &mut most)] {
            if !text.is_empty() {
                *number = text.parse().unwrap_or(MAX_REPEAT);
                if *number >= MAX_REPEAT {
                    let message = "the repetition number is too large";
                    return Err(self.source.error_at(message, None));
                }
            }
        }
        if most < least {
            let offset = self.source.tell() - here;
            let message = "min repeat greater than max repeat";
            return Err(self.source.error(message, offset));
        }
        Ok(Some((least, most)))
    }
}

fn quantifier(low: u64, high: u64) -> String {
    match (low, high) {
        (0, 1) => "?".to_owned(),
        (0, MAX_REPEAT) => "*".to_owned(),
        (1, MAX_REPEAT) => "+".to_owned(),
        (low, MAX_REPEAT) => format!("{{{low},}}"),
        (low, high) => format!("{{{low},{high}}}"),
    }
}
