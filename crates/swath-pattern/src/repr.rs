//! Text as Python's `repr` shows it, which is how coverage.py quotes values in its messages.

use std::fmt::Write as _;
use std::sync::LazyLock;

/// The characters that Python calls not printable: controls, separators, unassigned ones.
static NOT_PRINTABLE: LazyLock<Option<fancy_regex::Regex>> =
    LazyLock::new(|| fancy_regex::Regex::new(r"^[\p{C}\p{Z}]$").ok());

/// `text` as Python's `repr` of a string.
#[must_use]
pub fn python_repr(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') {
        '"'
    } else {
        '\''
    };
    let mut shown = String::with_capacity(text.len() + 2);
    shown.push(quote);
    for c in text.chars() {
        match c {
            '\\' => shown.push_str("\\\\"),
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            c if c == quote => {
                shown.push('\\');
                shown.push(c);
            }
            ' '..='~' => shown.push(c),
            c if is_printable(c) => shown.push(c),
            c => push_escape(&mut shown, c),
        }
    }
    shown.push(quote);
    shown
}

fn is_printable(c: char) -> bool {
    let mut buffer = [0; 4];
    NOT_PRINTABLE
        .as_ref()
        .is_some_and(|regex| matches!(regex.is_match(&*c.encode_utf8(&mut buffer)), Ok(false)))
}

fn push_escape(shown: &mut String, c: char) {
    let code = u32::from(c);
    // Writing to a string cannot fail.
    let _ = match code {
        0..=0xff => write!(shown, "\\x{code:02x}"),
        0x100..=0xffff => write!(shown, "\\u{code:04x}"),
        _ => write!(shown, "\\U{code:08x}"),
    };
}

#[cfg(test)]
mod tests {
    use super::python_repr;

    #[test]
    fn quotes_as_python_does() {
        for (text, shown) in [
            ("plain", "'plain'"),
            ("it's", "\"it's\""),
            ("both ' and \"", "'both \\' and \"'"),
            ("a\\b\n\t\r", "'a\\\\b\\n\\t\\r'"),
            ("\u{7f}\u{1b}", "'\\x7f\\x1b'"),
            ("é漢", "'é漢'"),
            ("\u{a0}\u{2028}\u{e0001}", "'\\xa0\\u2028\\U000e0001'"),
        ] {
            assert_eq!(python_repr(text), shown);
        }
    }
}
