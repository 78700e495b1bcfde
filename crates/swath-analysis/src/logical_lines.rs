//! Where lines begin, and which physical lines make up one statement.

use ruff_python_ast::token::{Token, TokenKind};
use ruff_text_size::{Ranged, TextSize};

/// The physical lines of a source and the logical lines that they belong to.
pub(crate) struct LogicalLines<'s> {
    pub(crate) source: &'s str,
    /// The byte offset at which each physical line begins; one more than there are line ends.
    starts: Vec<u32>,
    /// For each 1-based physical line the first line of its statement; 0 when that is the line itself.
    first: Vec<u32>,
    /// First and last line of each statement that has several.
    spans: Vec<(u32, u32)>,
}

impl<'s> LogicalLines<'s> {
    pub(crate) fn new(source: &'s str, tokens: &[Token]) -> Self {
        let ends = memchr::memchr_iter(b'\n', source.as_bytes());
        let starts = ends.map(|end| u32::try_from(end + 1).unwrap_or(u32::MAX));
        let starts: Vec<u32> = std::iter::once(0).chain(starts).collect();
        let first = vec![0; starts.len() + 2];
        let mut lines = Self {
            source,
            starts,
            first,
            spans: Vec::new(),
        };
        lines.map_statements(tokens);
        lines
    }

    /// A statement reaches from its first token to the NEWLINE that ends it.
    fn map_statements(&mut self, tokens: &[Token]) {
        let mut cursor = LineCursor::default();
        let mut first = 0;
        for token in tokens {
            match token.kind() {
                TokenKind::Newline => {
                    let end = cursor.line(self, token.start());
                    if first != 0 && end != first {
                        self.first[first as usize..=end as usize].fill(first);
                        self.spans.push((first, end));
                    }
                    first = 0;
                }
                TokenKind::NonLogicalNewline
                | TokenKind::Comment
                | TokenKind::Indent
                | TokenKind::Dedent
                | TokenKind::EndOfFile => {}
                _ if first == 0 => first = cursor.line(self, token.start()),
                _ => {}
            }
        }
    }

    /// The physical line of a byte offset.
    pub(crate) fn physical(&self, offset: TextSize) -> u32 {
        let offset = u32::from(offset);
        let line = self.starts.partition_point(|&start| start <= offset);
        u32::try_from(line).unwrap_or(u32::MAX)
    }

    /// The first line of the statement that a physical line belongs to.
    pub(crate) fn first_line(&self, line: u32) -> u32 {
        match self.first.get(line as usize) {
            Some(&first) if first != 0 => first,
            _ => line,
        }
    }

    /// The first line of the statement that a byte offset belongs to.
    pub(crate) fn logical(&self, offset: TextSize) -> u32 {
        self.first_line(self.physical(offset))
    }

    /// First and last line of each statement that has several, in order.
    pub(crate) fn into_spans(self) -> Vec<(u32, u32)> {
        self.spans
    }
}

/// Finds the lines of ascending offsets without a search for each.
#[derive(Default)]
pub(crate) struct LineCursor {
    index: usize,
}

impl LineCursor {
    /// The physical line of an offset; quick when it is not before the one asked for last.
    pub(crate) fn line(&mut self, lines: &LogicalLines<'_>, offset: TextSize) -> u32 {
        if lines.starts[self.index] > u32::from(offset) {
            return lines.physical(offset);
        }
        let offset = u32::from(offset);
        while lines
            .starts
            .get(self.index + 1)
            .is_some_and(|&next| next <= offset)
        {
            self.index += 1;
        }
        u32::try_from(self.index + 1).unwrap_or(u32::MAX)
    }
}
