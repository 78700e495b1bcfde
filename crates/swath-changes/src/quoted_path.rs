//! Paths as git writes them: in quotes, with C's escapes, where they hold anything unusual.

/// A path at the begin of `text`, and what follows it. A path without quotes ends at `end`.
pub(crate) fn read_path(text: &[u8], end: impl Fn(u8) -> bool) -> Option<(String, &[u8])> {
    let (bytes, rest) = if let Some(quoted) = text.strip_prefix(b"\"") {
        unquote(quoted)?
    } else {
        let length = text.iter().position(|&byte| end(byte));
        let (path, rest) = text.split_at(length.unwrap_or(text.len()));
        (path.to_vec(), rest)
    };
    Some((String::from_utf8_lossy(&bytes).into_owned(), rest))
}

/// The content of a string whose first quote has been read, and what follows its last one.
fn unquote(text: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut bytes = Vec::new();
    let mut rest = text;
    loop {
        let (&byte, after) = rest.split_first()?;
        rest = after;
        match byte {
            b'"' => return Some((bytes, rest)),
            b'\\' => {
                let (&escape, after) = rest.split_first()?;
                rest = after;
                bytes.push(match escape {
                    b'a' => 7,
                    b'b' => 8,
                    b't' => b'\t',
                    b'n' => b'\n',
                    b'v' => 11,
                    b'f' => 12,
                    b'r' => b'\r',
                    b'"' | b'\\' => escape,
                    b'0'..=b'3' => {
                        let (digits, after) = rest.split_at_checked(2)?;
                        rest = after;
                        octal(escape, digits)?
                    }
                    _ => return None,
                });
            }
            _ => bytes.push(byte),
        }
    }
}

fn octal(first: u8, more: &[u8]) -> Option<u8> {
    more.iter().try_fold(first - b'0', |value, &digit| {
        let is_octal = (b'0'..=b'7').contains(&digit);
        is_octal.then(|| (value << 3) | (digit - b'0'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<(&str, &str)>) {
        let read = read_path(text.as_bytes(), |byte| byte == b'\t');
        let expected = expected.map(|(path, rest)| (path.to_owned(), rest.as_bytes()));
        assert_eq!(read, expected, "{text}");
    }

    #[test]
    fn quotes_hold_anything() {
        check(r#""a/caf\303\251.py" b"#, Some(("a/café.py", " b")));
        check(r#""a \"b\"\\\t\001""#, Some(("a \"b\"\\\t\u{1}", "")));
        check(r#""\377""#, Some(("\u{fffd}", "")));
        check("a b.py\t2024", Some(("a b.py", "\t2024")));
        check("", Some(("", "")));
    }

    #[test]
    fn half_a_path_is_none() {
        for text in [
            r#""a"#,
            r#""\"#,
            r#""\3"#,
            r#""\38""#,
            r#""\x41""#,
            r#""\777""#,
        ] {
            check(text, None);
        }
    }
}
