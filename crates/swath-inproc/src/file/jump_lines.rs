//! Lines of a source on which code stands behind a jump: `except KeyError: return; x = 1`.
//!
//! The compiler drops what stands there, and with it what would tell that the line has another way on.
//! A reader of the source sees two, so that whether the first one was taken counts. This is no parser:
//! a line too many costs some time, and where strings hold brackets one may be missed.

/// Statements behind which nothing on their line runs.
const JUMPS: [&[u8]; 4] = [b"return", b"break", b"continue", b"raise"];
/// More letters than the longest of them has.
const WORD: usize = 9;

/// Bytes that end something, or open and close brackets: others mean nothing where no statement begins.
static STOPS: [bool; 256] = {
    let mut stops = [false; 256];
    let mut rest: &[u8] = b"\n#;:()[]{}";
    while let [byte, behind @ ..] = rest {
        stops[*byte as usize] = true;
        rest = behind;
    }
    stops
};

/// Reads a source piece by piece.
pub(crate) struct JumpLines {
    /// The line that is being read, and the first one that belongs to it: brackets join lines.
    line: u32,
    first: u32,
    /// The word that is being read, and its length; [`WORD`] for longer ones.
    word: [u8; WORD],
    length: usize,
    /// Whether a statement may begin here.
    is_start: bool,
    /// Open brackets.
    depth: u32,
    /// The line of the jump whose statement is being read; 0 for none.
    jump: u32,
    /// Whether that statement has ended.
    has_ended: bool,
    is_comment: bool,
}

impl JumpLines {
    /// Begins with the first line.
    pub(crate) const fn new() -> Self {
        Self {
            line: 1,
            first: 1,
            word: [0; WORD],
            length: 0,
            is_start: true,
            depth: 0,
            jump: 0,
            has_ended: false,
            is_comment: false,
        }
    }

    /// Reads more of the source; calls `found` with each line of a jump that code stands behind, and with
    /// the first one that it is joined with, once or more.
    pub(crate) fn read(&mut self, piece: &[u8], mut found: impl FnMut(u32)) {
        let mut rest = piece;
        loop {
            // What changes nothing: behind the first word of a statement most bytes.
            let passed = rest.iter();
            let count = if self.is_comment {
                passed.take_while(|byte| **byte != b'\n').count()
            } else if self.length > 0 || self.has_ended {
                0
            } else if self.is_start {
                passed.take_while(|byte| **byte == b' ').count()
            } else {
                passed.take_while(|byte| !STOPS[**byte as usize]).count()
            };
            rest = rest.get(count..).unwrap_or(&[]);
            let Some((byte, behind)) = rest.split_first() else {
                return;
            };
            self.step(*byte, &mut found);
            rest = behind;
        }
    }

    #[inline]
    fn step(&mut self, byte: u8, found: &mut impl FnMut(u32)) {
        if byte == b'\n' {
            self.end_line();
            return;
        }
        if self.is_comment {
            return;
        }
        let is_code = !byte.is_ascii_whitespace() && !matches!(byte, b'#' | b';' | b'\\');
        if self.has_ended && is_code {
            found(self.first);
            found(self.jump);
            self.has_ended = false;
        }
        if byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80 {
            if let Some(place) = self.word.get_mut(self.length) {
                *place = byte;
                self.length += 1;
            }
            return;
        }
        self.end_word();
        match byte {
            b'#' => self.is_comment = true,
            b'(' | b'[' | b'{' => self.depth += 1,
            b')' | b']' | b'}' => self.depth = self.depth.saturating_sub(1),
            b';' => self.has_ended = self.jump != 0,
            _ => {}
        }
        self.is_start =
            matches!(byte, b';' | b':') || (self.is_start && byte.is_ascii_whitespace());
    }

    fn end_line(&mut self) {
        self.end_word();
        self.line += 1;
        self.is_comment = false;
        if self.depth == 0 {
            (self.jump, self.has_ended, self.is_start) = (0, false, true);
            self.first = self.line;
        }
    }

    fn end_word(&mut self) {
        let length = core::mem::take(&mut self.length);
        if length == 0 {
            return;
        }
        let word = self.word.get(..length).unwrap_or(&[]);
        if self.is_start && self.jump == 0 && JUMPS.contains(&word) {
            self.jump = self.line;
        }
        self.is_start = false;
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::vec;
    use std::vec::Vec;

    use super::*;

    fn lines(source: &str) -> Vec<u32> {
        let mut whole = Vec::new();
        JumpLines::new().read(source.as_bytes(), |line| whole.push(line));
        whole.dedup();
        let (mut reader, mut pieces) = (JumpLines::new(), Vec::new());
        for byte in source.as_bytes() {
            reader.read(&[*byte], |line| pieces.push(line));
        }
        pieces.dedup();
        assert_eq!(whole, pieces, "{source}");
        whole
    }

    #[test]
    fn code_behind_a_jump_is_found() {
        assert_eq!(lines("try: f()\nexcept A: return; x = 1\n"), [2]);
        assert_eq!(lines("if a: b; break; c\n\nraise; é()\n"), [1, 3]);
        assert_eq!(lines("return f(\n  1,\n); x"), [1]);
        assert_eq!(lines("x\nexcept (A,\n  B): return f(\n); x\n"), [2, 3]);
        assert_eq!(lines("\tcontinue;pass"), [1]);
        assert_eq!(lines("return; [f()]\n"), [1]);
    }

    #[test]
    fn other_lines_are_left_alone() {
        let none: Vec<u32> = vec![];
        for source in [
            "return\n",
            "return;\nx = 1\n",
            "return; # not code; either\nx\n",
            "x = 1; return\n",
            "import pdb; pdb.set_trace()\n",
            "returned; x\n",
            "x.raise_; y\nreturn_value = 1; z = 2\n",
            "# return; x\n",
        ] {
            assert_eq!(lines(source), none, "{source}");
        }
    }
}
