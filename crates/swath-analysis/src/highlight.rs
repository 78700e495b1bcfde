//! Which parts of a source are keywords, strings and comments, for reports that show it in colours.
//!
//! A scanner of its own, because a report shows sources long after their trees are gone and parsing
//! them again would cost more than everything else that a page takes. A test holds it against the
//! tokens of the parser.

use memchr::{memchr, memchr2, memchr3};

/// A kind of text that is shown in a colour of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shade {
    /// A word that the language reserves, soft ones where they are used as such.
    Keyword,
    /// A literal with quotes, its prefix included; all of it, the expressions in an f-string too.
    String,
    /// From `#` to the end of the line.
    Comment,
}

/// A part of the text, in bytes, that has a shade.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shaded {
    /// Where it begins.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
    /// What it is.
    pub shade: Shade,
}

/// The shaded parts of a decoded source, in order, none overlapping another. Any text will do: what is no
/// Python gets some shades or none.
///
/// ```
/// use swath_analysis::{Shade, highlight};
///
/// let shades: Vec<Shade> = highlight("if x: # why\n    y = rb''\n").iter().map(|part| part.shade).collect();
/// assert_eq!(shades, [Shade::Keyword, Shade::Comment, Shade::String]);
/// ```
#[must_use]
pub fn highlight(text: &str) -> Vec<Shaded> {
    let mut scanner = Scanner {
        bytes: text.as_bytes(),
        at: 0,
        found: Vec::new(),
        line_start: true,
        brackets: 0,
    };
    scanner.scan();
    scanner.found
}

/// The bytes that words are made of.
static IN_WORD: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0u8;
    loop {
        table[byte as usize] = byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80;
        if byte == u8::MAX {
            break table;
        }
        byte += 1;
    }
};

struct Scanner<'a> {
    bytes: &'a [u8],
    at: usize,
    found: Vec<Shaded>,
    /// Whether a statement may begin here.
    line_start: bool,
    brackets: usize,
}

impl Scanner<'_> {
    fn scan(&mut self) {
        while let Some(&byte) = self.bytes.get(self.at) {
            match byte {
                b' ' | b'\t' => self.at += 1,
                b'\n' => {
                    self.at += 1;
                    self.line_start = self.brackets == 0;
                }
                b'\\' => self.at += 2,
                b'#' => self.comment(),
                b'"' | b'\'' => self.string(self.at),
                b'_' | b'a'..=b'z' | b'A'..=b'Z' | 0x80.. => self.word(),
                b'0'..=b'9' => self.number(),
                _ => self.operator(byte),
            }
        }
    }

    fn operator(&mut self, byte: u8) {
        match byte {
            b'(' | b'[' | b'{' => self.brackets += 1,
            b')' | b']' | b'}' => self.brackets = self.brackets.saturating_sub(1),
            _ => {}
        }
        // Behind `;` and behind the colon of `else:` another statement may begin.
        self.line_start = self.brackets == 0 && matches!(byte, b';' | b':');
        self.at += 1;
    }

    fn comment(&mut self) {
        let start = self.at;
        self.at = self.line_end(start);
        self.push(start, Shade::Comment);
    }

    fn line_end(&self, from: usize) -> usize {
        let rest = self.bytes.get(from..).unwrap_or_default();
        memchr(b'\n', rest).map_or(self.bytes.len(), |length| from + length)
    }

    /// Letters of a number must not be taken for words: `1if x else 0` is legal all the same.
    fn number(&mut self) {
        let digit = |byte: u8| byte.is_ascii_digit() || byte == b'_' || byte == b'.';
        let hexadecimal = matches!(
            self.bytes.get(self.at..self.at + 2),
            Some([b'0', b'x' | b'X'])
        );
        if hexadecimal {
            self.at += 2;
        }
        while let Some(&byte) = self.bytes.get(self.at) {
            let next_is_digit = self.bytes.get(self.at + 1).is_some_and(u8::is_ascii_digit);
            let part = match byte {
                _ if hexadecimal => byte.is_ascii_hexdigit() || byte == b'_',
                b'j' | b'J' | b'b' | b'B' => true,
                b'o' | b'O' => next_is_digit,
                b'e' | b'E' => {
                    next_is_digit || matches!(self.bytes.get(self.at + 1), Some(b'+' | b'-'))
                }
                _ => digit(byte),
            };
            if !part {
                break;
            }
            self.at += 1;
        }
        self.line_start = false;
    }

    fn word(&mut self) {
        let start = self.at;
        self.at = self.word_end(start);
        if matches!(self.bytes.get(self.at), Some(b'"' | b'\''))
            && is_string_prefix(&self.bytes[start..self.at])
        {
            return self.string(start);
        }
        let word = &self.bytes[start..self.at];
        if is_keyword(word) || (self.line_start && self.is_soft_keyword(word)) {
            self.push(start, Shade::Keyword);
        }
        self.line_start = false;
    }

    fn word_end(&self, from: usize) -> usize {
        let rest = self.bytes.get(from..).unwrap_or_default();
        let end = rest.iter().position(|&byte| !IN_WORD[usize::from(byte)]);
        end.map_or(self.bytes.len(), |length| from + length)
    }

    /// `match`, `case` and `type` where a statement begins, judged by what follows on the line.
    fn is_soft_keyword(&self, word: &[u8]) -> bool {
        let line = &self.bytes[self.at..self.line_end(self.at)];
        let blanks = line
            .iter()
            .take_while(|byte| byte.is_ascii_whitespace())
            .count();
        let Some(&next) = line.get(blanks) else {
            return false;
        };
        let is_name = next.is_ascii_alphabetic() || next == b'_' || next >= 0x80;
        match word {
            b"type" => {
                let name_end = self.word_end(self.at + blanks);
                let next_word = &self.bytes[self.at + blanks..name_end];
                is_name
                    && !matches!(
                        next_word,
                        b"in" | b"is" | b"and" | b"or" | b"not" | b"if" | b"else" | b"for"
                    )
            }
            b"match" | b"case" => {
                let next_word = &self.bytes[self.at + blanks..self.word_end(self.at + blanks)];
                let operator = matches!(
                    next_word,
                    b"in" | b"is" | b"and" | b"or" | b"if" | b"else" | b"for"
                );
                let starts = is_name || next.is_ascii_digit() || b"\"'([{-*~".contains(&next);
                let glued = blanks == 0 && !b"\"'([{".contains(&next);
                starts && !operator && !glued && self.has_suite()
            }
            _ => false,
        }
    }

    /// Whether the logical line from here ends in a colon, or has a suite behind one.
    fn has_suite(&self) -> bool {
        let mut inner = Scanner {
            bytes: self.bytes,
            at: self.at,
            found: Vec::new(),
            line_start: false,
            brackets: 0,
        };
        while let Some(&byte) = inner.bytes.get(inner.at) {
            match byte {
                b'\n' if inner.brackets == 0 => return false,
                b':' if inner.brackets == 0 => return inner.bytes.get(inner.at + 1) != Some(&b'='),
                b'=' if inner.brackets == 0 => {
                    let (before, after) =
                        (inner.bytes[inner.at - 1], inner.bytes.get(inner.at + 1));
                    if !b"=!<>".contains(&before) && after != Some(&b'=') {
                        return false;
                    }
                    inner.at += 1;
                }
                b'#' => inner.comment(),
                b'"' | b'\'' => inner.string(inner.at),
                b'_' | b'a'..=b'z' | b'A'..=b'Z' | 0x80.. => {
                    let end = inner.word_end(inner.at);
                    // A lambda has a colon of its own.
                    if &inner.bytes[inner.at..end] == b"lambda" {
                        return false;
                    }
                    inner.at = end;
                }
                b'\\' => inner.at += 2,
                _ => inner.operator(byte),
            }
        }
        false
    }

    /// A literal that begins, with its prefix, at `start`, and whose quote is at the current place.
    fn string(&mut self, start: usize) {
        let prefix = &self.bytes[start..self.at];
        let interpolated = prefix.iter().any(|byte| b"fFtT".contains(byte));
        self.literal(interpolated, 0);
        self.push(start, Shade::String);
        self.line_start = false;
    }

    /// Moves behind the literal whose opening quote is here.
    fn literal(&mut self, interpolated: bool, depth: usize) {
        let Some(&quote) = self.bytes.get(self.at) else {
            return;
        };
        let triple = self.bytes.get(self.at..self.at + 3) == Some(&[quote; 3]);
        self.at += if triple { 3 } else { 1 };
        loop {
            if !interpolated {
                let rest = self.bytes.get(self.at..).unwrap_or_default();
                let next = if triple {
                    memchr2(quote, b'\\', rest)
                } else {
                    memchr3(quote, b'\\', b'\n', rest)
                };
                self.at += next.unwrap_or(rest.len());
            }
            let Some(&byte) = self.bytes.get(self.at) else {
                break;
            };
            match byte {
                b'\\' => self.at += 2,
                b'\n' if !triple => return,
                b'{' if interpolated && depth < 8 => {
                    if self.bytes.get(self.at + 1) == Some(&b'{') {
                        self.at += 2;
                    } else {
                        self.replacement(quote, triple, depth);
                    }
                }
                _ if byte == quote && !triple => {
                    self.at += 1;
                    return;
                }
                _ if byte == quote && self.bytes.get(self.at..self.at + 3) == Some(&[quote; 3]) => {
                    self.at += 3;
                    return;
                }
                _ => self.at += 1,
            }
        }
        self.at = self.bytes.len();
    }

    /// Moves behind the braces of an f-string, which since Python 3.12 may hold any literal.
    fn replacement(&mut self, quote: u8, triple: bool, depth: usize) {
        let start = self.at;
        self.at += 1;
        let mut braces = 1;
        while let Some(&byte) = self.bytes.get(self.at) {
            match byte {
                b'{' | b'[' | b'(' => braces += 1,
                b'}' | b']' | b')' => braces -= 1,
                b'"' | b'\'' => {
                    let word = self.bytes[start..self.at]
                        .iter()
                        .rev()
                        .take_while(|byte| byte.is_ascii_alphabetic());
                    let interpolated = word.into_iter().any(|byte| b"fFtT".contains(byte));
                    self.literal(interpolated, depth + 1);
                    continue;
                }
                b'#' if triple => {
                    self.at = self.line_end(self.at);
                    continue;
                }
                b'\n' if !triple && quote != 0 && braces == 0 => return,
                _ => {}
            }
            self.at += 1;
            if braces == 0 {
                return;
            }
        }
    }

    fn push(&mut self, start: usize, shade: Shade) {
        self.at = self.at.min(self.bytes.len());
        self.found.push(Shaded {
            start,
            end: self.at,
            shade,
        });
    }
}

fn is_string_prefix(word: &[u8]) -> bool {
    matches!(word.len(), 1 | 2) && word.iter().all(|byte| b"rRbBuUfFtT".contains(byte))
}

fn is_keyword(word: &[u8]) -> bool {
    // The length tells most words apart before any letter is looked at.
    if !(2..=8).contains(&word.len()) {
        return false;
    }
    matches!(
        word,
        b"False"
            | b"None"
            | b"True"
            | b"and"
            | b"as"
            | b"assert"
            | b"async"
            | b"await"
            | b"break"
            | b"class"
            | b"continue"
            | b"def"
            | b"del"
            | b"elif"
            | b"else"
            | b"except"
            | b"finally"
            | b"for"
            | b"from"
            | b"global"
            | b"if"
            | b"import"
            | b"in"
            | b"is"
            | b"lambda"
            | b"nonlocal"
            | b"not"
            | b"or"
            | b"pass"
            | b"raise"
            | b"return"
            | b"try"
            | b"while"
            | b"with"
            | b"yield"
    )
}

#[cfg(test)]
mod tests {
    use ruff_python_ast::token::TokenKind;
    use ruff_python_parser::{Mode, ParseOptions, parse_unchecked};
    use ruff_text_size::Ranged;

    use super::*;

    /// The same, from the tokens of the parser.
    fn from_tokens(text: &str) -> Vec<(Shade, String)> {
        let parsed = parse_unchecked(text, ParseOptions::from(Mode::Module));
        let mut found = Vec::new();
        let mut open: Vec<usize> = Vec::new();
        for token in parsed.tokens() {
            let (start, end) = (token.start().to_usize(), token.end().to_usize());
            let mut note = |shade, start: usize| found.push((shade, text[start..end].to_owned()));
            match token.kind() {
                TokenKind::FStringStart | TokenKind::TStringStart => open.push(start),
                TokenKind::FStringEnd | TokenKind::TStringEnd => {
                    let outer = open.pop().expect("every end has a start");
                    if open.is_empty() {
                        note(Shade::String, outer);
                    }
                }
                _ if !open.is_empty() => {}
                TokenKind::String => note(Shade::String, start),
                TokenKind::Comment => note(Shade::Comment, start),
                kind if kind.is_keyword() => note(Shade::Keyword, start),
                _ => {}
            }
        }
        found
    }

    fn scanned(text: &str) -> Vec<(Shade, String)> {
        highlight(text)
            .iter()
            .map(|part| (part.shade, text[part.start..part.end].to_owned()))
            .collect()
    }

    #[track_caller]
    fn check(text: &str) {
        assert_eq!(scanned(text), from_tokens(text), "{text}");
    }

    #[test]
    fn shades_are_those_of_the_parsers_tokens() {
        check("def f(a: int) -> None:\n    return a if not a else 0x1f  # é\n");
        check("s = '''a\n# no\n''' + rb\"\\\"\" + Rb'' + u'\\'' + \"é\"\n");
        check(
            "f'{a!r:{w}}' f\"{d[\"k\"]}\" f'{{x}}' f'''{\n a # c '\n}''' if x else f'{f\"{1}\"}'\n",
        );
        check("x = 1if y else 2or 3\nx = 0xfor 1\n1_0.5e-3j\n");
        check("a = [\n  'b', # c\n  None\n]\nx.match(y)\n");
        check("x = \\\n    'a' \\\n    'b'\n");
    }

    #[test]
    fn soft_keywords_are_keywords_only_where_they_are_used_as_such() {
        check(
            "match x:\n    case 1 | 2: pass\n    case {'a': b} if b: pass\n    case _:\n        pass\n",
        );
        check(
            "match = 1\ncase(x)\nmatch(x)\nmatch[x] = 2\nprint(type, match)\nmatch: int = 3\ntype = 3\ntype(x)\n",
        );
        check("type X = int\ntype Y[T] = list[T]\n");
        check("match (x):\n    case [a]:\n        pass\n");
    }

    #[test]
    fn any_text_will_do() {
        for text in [
            "",
            "'",
            "'''",
            "f'{",
            "f'{\"",
            "\\",
            "#",
            "\u{0}\u{fffd}",
            "f'{{{{{",
            "match",
            "0x",
            "b'\\",
            "}}}]",
        ] {
            let parts = highlight(text);
            assert!(
                parts
                    .iter()
                    .all(|part| part.start < part.end && part.end <= text.len()),
                "{text}"
            );
            assert!(
                parts.iter().all(
                    |part| text.is_char_boundary(part.start) && text.is_char_boundary(part.end)
                ),
                "{text}"
            );
        }
    }
}
