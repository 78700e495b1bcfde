//! How Python writes a string down: `repr` and `str.isprintable`, for messages in its words.

/// Whether Python calls the character printable.
pub fn is_printable(character: char) -> bool {
    if character.is_ascii() {
        return (' '..='~').contains(&character);
    }
    // The standard library escapes what Python does not print: control, format, private,
    // unassigned characters and blanks. A letter in front keeps combining marks as they are.
    let mut text = String::from("a");
    text.push(character);
    !text
        .escape_debug()
        .nth(1)
        .is_some_and(|first| first == '\\')
}

/// The text as Python's `repr` writes it.
pub fn python_repr(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') {
        '"'
    } else {
        '\''
    };
    let mut out = String::with_capacity(text.len() + 2);
    out.push(quote);
    for character in text.chars() {
        match character {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            _ if character == quote => {
                out.push('\\');
                out.push(quote);
            }
            _ if is_printable(character) => out.push(character),
            _ => out.push_str(&escaped(u32::from(character))),
        }
    }
    out.push(quote);
    out
}

fn escaped(code: u32) -> String {
    match code {
        0..=0xff => format!("\\x{code:02x}"),
        0x100..=0xffff => format!("\\u{code:04x}"),
        _ => format!("\\U{code:08x}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repr_is_that_of_python() {
        for (text, expected) in [
            ("", "''"),
            ("it's", "\"it's\""),
            ("it's \"so\"", "'it\\'s \"so\"'"),
            ("a\\b\n\t\r", "'a\\\\b\\n\\t\\r'"),
            ("\u{1b}[0m\u{a0}\u{200b}é", "'\\x1b[0m\\xa0\\u200bé'"),
            ("\u{f0000}", "'\\U000f0000'"),
        ] {
            assert_eq!(python_repr(text), expected);
        }
    }

    #[test]
    fn combining_marks_are_printable_and_odd_blanks_are_not() {
        assert!(is_printable('\u{301}') && is_printable(' ') && is_printable('\\'));
        assert!(!is_printable('\u{3000}') && !is_printable('\u{7f}') && !is_printable('\u{e000}'));
    }
}
