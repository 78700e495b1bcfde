//! The lines of a text as Python's `str.splitlines` cuts them.

/// The lines with their ends.
pub(crate) fn source_lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let end = rest
            .char_indices()
            .find(|(_, character)| is_line_end(*character))
            .map_or(rest.len(), |(place, character)| {
                let end = place + character.len_utf8();
                let pair = character == '\r' && rest[end..].starts_with('\n');
                if pair { end + 1 } else { end }
            });
        let (line, after) = rest.split_at(end);
        rest = after;
        Some(line)
    })
}

/// A line without its end.
pub(crate) fn without_end(line: &str) -> &str {
    let line = line.strip_suffix("\r\n").unwrap_or(line);
    line.strip_suffix(is_line_end).unwrap_or(line)
}

fn is_line_end(character: char) -> bool {
    matches!(
        character,
        '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{1c}'..='\u{1e}' | '\u{85}' | '\u{2028}' | '\u{2029}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_where_python_ends_them() {
        let text = "a\nb\r\nc\u{2028}d\u{b}\n";
        assert_eq!(
            source_lines(text).collect::<Vec<_>>(),
            ["a\n", "b\r\n", "c\u{2028}", "d\u{b}", "\n"]
        );
        assert_eq!(
            source_lines(text).map(without_end).collect::<Vec<_>>(),
            ["a", "b", "c", "d", ""]
        );
    }
}
