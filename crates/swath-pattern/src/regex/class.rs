//! Character sets: what `[…]` and the escapes `\d`, `\s`, `\w` hold, written for `fancy-regex`.

use std::fmt::Write as _;

/// A category of characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Category {
    Digit,
    NotDigit,
    Space,
    NotSpace,
    Word,
    NotWord,
}

impl Category {
    /// The category that an escape with this letter names.
    pub(super) fn of_escape(letter: char) -> Option<Self> {
        Some(match letter {
            'd' => Self::Digit,
            'D' => Self::NotDigit,
            's' => Self::Space,
            'S' => Self::NotSpace,
            'w' => Self::Word,
            'W' => Self::NotWord,
            _ => return None,
        })
    }

    /// The category as part of a set. Python's notions of a space and of a word differ a little from
    /// those of the engine: U+001C to U+001F are spaces, combining marks are no part of words.
    pub(super) fn members(self, ascii: bool) -> &'static str {
        match (self, ascii) {
            (Self::Digit, false) => r"\d",
            (Self::Digit, true) => "0-9",
            (Self::NotDigit, false) => r"\D",
            (Self::NotDigit, true) => "[^0-9]",
            (Self::Space, false) => r"\s\x{1C}-\x{1F}",
            (Self::Space, true) => r"\x{09}-\x{0D}\x{20}",
            (Self::NotSpace, false) => r"[^\s\x{1C}-\x{1F}]",
            (Self::NotSpace, true) => r"[^\x{09}-\x{0D}\x{20}]",
            (Self::Word, false) => r"\p{L}\p{N}_",
            (Self::Word, true) => "0-9A-Za-z_",
            (Self::NotWord, false) => r"[^\p{L}\p{N}_]",
            (Self::NotWord, true) => "[^0-9A-Za-z_]",
        }
    }
}

/// One member of a set. Code points may be surrogates, which no text holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Member {
    Literal(u32),
    Range(u32, u32),
    Category(Category),
}

/// Writes the set of `members`.
pub(super) fn write_set(out: &mut String, members: &[Member], negated: bool, ascii: bool) {
    let mut inside = String::new();
    for member in members {
        match *member {
            Member::Literal(code) => write_range(&mut inside, code, code),
            Member::Range(low, high) => write_range(&mut inside, low, high),
            Member::Category(category) => inside.push_str(category.members(ascii)),
        }
    }
    match (inside.is_empty(), negated) {
        // Only surrogates: nothing, or everything.
        (true, false) => out.push_str("(?!)"),
        (true, true) => out.push_str("(?s:.)"),
        (false, _) => {
            out.push_str(if negated { "[^" } else { "[" });
            out.push_str(&inside);
            out.push(']');
        }
    }
}

/// Writes the set of `members` in upper and lower case, by the rules of `re.ASCII` together with
/// `re.IGNORECASE`: only ASCII letters have a case.
pub(super) fn write_ascii_folded(out: &mut String, members: &[Member], negated: bool) {
    let mut folded = members.to_vec();
    for member in members {
        let (low, high) = match *member {
            Member::Literal(code) => (code, code),
            Member::Range(low, high) => (low, high),
            Member::Category(_) => continue,
        };
        for (first, last, other) in [(0x41, 0x5A, 0x61), (0x61, 0x7A, 0x41)] {
            let (low, high) = (low.max(first), high.min(last));
            if low <= high {
                folded.push(Member::Range(low - first + other, high - first + other));
            }
        }
    }
    out.push_str("(?-i:");
    write_set(out, &folded, negated, true);
    out.push(')');
}

/// Writes the characters from `low` to `high`, without the surrogates.
fn write_range(inside: &mut String, low: u32, high: u32) {
    let (before, after) = ((low, high.min(0xD7FF)), (low.max(0xE000), high));
    for (low, high) in [before, after] {
        if low < high {
            // Writing to a string cannot fail.
            let _ = write!(inside, "\\x{{{low:X}}}-\\x{{{high:X}}}");
        } else if low == high {
            let _ = write!(inside, "\\x{{{low:X}}}");
        }
    }
}

/// Writes one character; a surrogate becomes what never matches.
pub(super) fn write_literal(out: &mut String, code: u32) {
    match char::from_u32(code) {
        Some(c) if c.is_ascii_alphanumeric() || c == '_' => out.push(c),
        Some(_) => {
            let _ = write!(out, "\\x{{{code:X}}}");
        }
        None => out.push_str("(?!)"),
    }
}
