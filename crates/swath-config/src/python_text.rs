//! Text and numbers as Python's built-ins read and write them.

/// White space as `str.strip` sees it.
pub(crate) fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c)
}

/// `str.strip`
pub(crate) fn strip(text: &str) -> &str {
    text.trim_matches(is_space)
}

/// `str.splitlines`, without the empty rest after a final line end.
pub(crate) fn split_lines(text: &str) -> Vec<&str> {
    let mut lines = Vec::new();
    let mut start = 0;
    let mut characters = text.char_indices().peekable();
    while let Some((index, c)) = characters.next() {
        let ends_line = matches!(
            c,
            '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{1c}'
                ..='\u{1e}' | '\u{85}' | '\u{2028}' | '\u{2029}'
        );
        if !ends_line {
            continue;
        }
        lines.push(&text[start..index]);
        start = index + c.len_utf8();
        if c == '\r' && characters.next_if(|(_, next)| *next == '\n').is_some() {
            start += 1;
        }
    }
    if start < text.len() {
        lines.push(&text[start..]);
    }
    lines
}

/// `open` in text mode: every line end becomes a newline.
pub(crate) fn universal_newlines(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
}

/// The bytes of a file as UTF-8 text, or Python's complaint.
pub(crate) fn decode(bytes: &[u8]) -> Result<String, String> {
    let error = match std::str::from_utf8(bytes) {
        Ok(text) => return Ok(universal_newlines(text)),
        Err(error) => error,
    };
    let position = error.valid_up_to();
    let byte = bytes.get(position).copied().unwrap_or_default();
    let problem = match error.error_len() {
        None => "unexpected end of data",
        Some(_) if matches!(byte, 0xc2..=0xf4) => "invalid continuation byte",
        Some(_) => "invalid start byte",
    };
    Err(format!(
        "'utf-8' codec can't decode byte 0x{byte:02x} in position {position}: {problem}"
    ))
}

/// `int(text)`, within 64 bits.
pub(crate) fn parse_int(text: &str) -> Option<i64> {
    let text = strip(text);
    let (sign, digits) = match text.as_bytes().first()? {
        b'-' => ("-", &text[1..]),
        b'+' => ("", &text[1..]),
        _ => ("", text),
    };
    let digits = without_underscores(digits)?;
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    format!("{sign}{digits}").parse().ok()
}

/// `float(text)`
pub(crate) fn parse_float(text: &str) -> Option<f64> {
    let text = without_underscores(strip(text))?;
    // Rust reads all that Python reads, and in the same way; nothing more begins with these.
    let starts_well = |byte: &u8| byte.is_ascii_digit() || b"+-.iInN".contains(byte);
    if !text.as_bytes().first().is_some_and(starts_well) {
        return None;
    }
    text.parse().ok()
}

/// Removes underscores between digits; elsewhere they are errors.
fn without_underscores(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let is_digit = |index: Option<usize>| {
        index
            .and_then(|index| bytes.get(index))
            .is_some_and(u8::is_ascii_digit)
    };
    let between_digits = |(index, byte): (usize, &u8)| {
        *byte != b'_' || is_digit(index.checked_sub(1)) && is_digit(Some(index + 1))
    };
    let valid = !text.is_empty() && bytes.iter().enumerate().all(between_digits);
    valid.then(|| text.replace('_', ""))
}

/// `repr` of a float.
pub(crate) fn float_repr(value: f64) -> String {
    if value.is_nan() {
        return "nan".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    let magnitude = value.abs();
    if magnitude != 0.0 && !(1e-4..1e16).contains(&magnitude) {
        let text = format!("{value:e}");
        let Some((mantissa, exponent)) = text.split_once('e') else {
            return text;
        };
        let (sign, digits) = match exponent.strip_prefix('-') {
            Some(digits) => ('-', digits),
            None => ('+', exponent),
        };
        return format!("{mantissa}e{sign}{digits:0>2}");
    }
    format!("{value:?}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_python_reads_them() {
        for (text, number) in [
            (" 12\n", Some(12)),
            ("+1_000", Some(1000)),
            ("-0", Some(0)),
            ("1__0", None),
            ("_1", None),
            ("0x10", None),
            ("1.0", None),
            ("+-1", None),
            ("", None),
            ("+", None),
        ] {
            assert_eq!(parse_int(text), number, "{text}");
        }
        assert_eq!(parse_float(" 99.5 "), Some(99.5));
        assert_eq!(parse_float("1_0e1"), Some(100.0));
        assert_eq!(parse_float("Infinity"), Some(f64::INFINITY));
        assert_eq!(parse_float("x"), None);
        assert_eq!(parse_float("90%"), None);
    }

    #[test]
    fn floats_are_shown_as_python_shows_them() {
        for (value, shown) in [
            (0.0, "0.0"),
            (99.5, "99.5"),
            (1e16, "1e+16"),
            (1.5e-5, "1.5e-05"),
            (123_456_789.0, "123456789.0"),
        ] {
            assert_eq!(float_repr(value), shown);
        }
    }

    #[test]
    fn lines_end_where_python_ends_them() {
        assert_eq!(split_lines("a\r\nb\u{2028}c\n"), ["a", "b", "c"]);
        assert_eq!(split_lines("\n\na"), ["", "", "a"]);
    }
}
