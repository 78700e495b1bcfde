//! A stream of YAML documents as pieces of its text.

/// One document of a stream: the three texts one after the other are what the stream holds of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Document<'a> {
    /// The line of the stream where it begins, from 1.
    pub(crate) line: usize,
    /// The marker before it, and comments.
    pub(crate) head: &'a str,
    /// The document itself.
    pub(crate) body: &'a str,
    /// A marker of its end, and what comes after it.
    pub(crate) tail: &'a str,
}

/// The documents of a stream. Lines of markers part them: YAML allows no such line within one.
pub(crate) fn documents(text: &str) -> Vec<Document<'_>> {
    let mut starts = vec![0];
    let mut position = 0;
    let mut has_ended = false;
    for line in text.split_inclusive('\n') {
        let is_start = is_marker(line, "---");
        // After an end, the next document needs no marker.
        let begins = is_start || has_ended && !is_aside(line);
        if begins && position > 0 {
            starts.push(position);
        }
        has_ended = is_marker(line, "...") || has_ended && !begins;
        position += line.len();
    }
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    let mut line = 1;
    let mut found = Vec::new();
    for (start, end) in starts.iter().copied().zip(ends) {
        let Some(piece) = text.get(start..end) else {
            continue;
        };
        found.push(parted(piece, line));
        line += piece.matches('\n').count();
    }
    found
}

fn parted(piece: &str, line: usize) -> Document<'_> {
    let mut head = 0;
    for line in piece.split_inclusive('\n') {
        let is_bare = is_marker(line, "---") && line.strip_prefix("---").is_some_and(is_aside);
        if !is_bare && !is_aside(line) {
            break;
        }
        head += line.len();
    }
    let (head, rest) = piece.split_at(head);
    let mut position = 0;
    let mut end = rest.len();
    for line in rest.split_inclusive('\n') {
        if is_marker(line, "...") {
            end = position;
            break;
        }
        position += line.len();
    }
    let (body, tail) = rest.split_at(end);
    Document {
        line,
        head,
        body,
        tail,
    }
}

fn is_marker(line: &str, marker: &str) -> bool {
    let rest = line.strip_prefix(marker);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\n', '\r']))
}

/// Whether a line holds nothing but a comment.
fn is_aside(line: &str) -> bool {
    let line = line.trim();
    line.is_empty() || line.starts_with('#')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, expected: &[(usize, &str, &str, &str)]) {
        let found = documents(text);
        let found: Vec<_> = found
            .iter()
            .map(|one| (one.line, one.head, one.body, one.tail))
            .collect();
        assert_eq!(found, expected, "{text:?}");
    }

    #[test]
    fn markers_part_documents_and_comments_go_with_what_follows() {
        check("a: 1", &[(1, "", "a: 1", "")]);
        check(
            "---\n# Source: web.yaml\na: 1\n--- # two\nb: |\n  ---\n---\n",
            &[
                (1, "---\n# Source: web.yaml\n", "a: 1\n", ""),
                (4, "--- # two\n", "b: |\n  ---\n", ""),
                (7, "---\n", "", ""),
            ],
        );
        check(
            "--- {a: 1}\n...\n# then\nb: 1\n",
            &[
                (1, "", "--- {a: 1}\n", "...\n# then\n"),
                (4, "", "b: 1\n", ""),
            ],
        );
        check("---a: 1\n", &[(1, "", "---a: 1\n", "")]);
        check("", &[(1, "", "", "")]);
    }

    proptest! {
        #[test]
        fn nothing_of_a_stream_is_lost(text in "(---|\\.\\.\\.|#|a: b|\n| |%|-){0,20}") {
            let all: String = documents(&text)
                .iter()
                .map(|one| [one.head, one.body, one.tail].concat())
                .collect();
            prop_assert_eq!(all, text);
        }
    }
}
