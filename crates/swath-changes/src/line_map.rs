//! Where the lines of one text are in another.

use imara_diff::{Algorithm, Diff, InternedInput};

use crate::moved::without_blanks;

/// A module as an end of an arc.
pub const MODULE: i32 = -1;

/// For each line of a text, the line of another text that has the same words; blanks do not count.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LineMap {
    /// By the line's index.
    after: Vec<Option<u32>>,
}

impl LineMap {
    /// Finds the lines of `before` in `after`.
    pub fn new(before: &[u8], after: &[u8]) -> Self {
        let lines = |text: &[u8]| -> Vec<Vec<u8>> {
            let text = text.strip_suffix(b"\n").unwrap_or(text);
            text.split(|&byte| byte == b'\n')
                .map(without_blanks)
                .collect()
        };
        let (before, after) = (lines(before), lines(after));
        let mut input = InternedInput::default();
        input.update_before(before.iter().map(Vec::as_slice));
        input.update_after(after.iter().map(Vec::as_slice));
        let mut diff = Diff::compute(Algorithm::Histogram, &input);
        diff.postprocess_no_heuristic(&input);
        let mut map = vec![None; before.len()];
        let (mut old, mut new) = (0_u32, 0_u32);
        let mut carry = |until: u32, old: u32, new: u32| {
            for (line, found) in (old..until).zip(new + 1..) {
                if let Some(slot) = map.get_mut(line as usize) {
                    *slot = Some(found);
                }
            }
        };
        for hunk in diff.hunks() {
            carry(hunk.before.start, old, new);
            (old, new) = (hunk.before.end, hunk.after.end);
        }
        carry(u32::try_from(before.len()).unwrap_or(u32::MAX), old, new);
        Self { after: map }
    }

    /// The line that `line` became, both counted from 1; nothing if it is gone.
    pub fn line(&self, line: u32) -> Option<u32> {
        let index = (line as usize).checked_sub(1)?;
        self.after.get(index).copied().flatten()
    }

    /// What an arc became; nothing if one of its ends is gone. An end is a line, or with a minus the
    /// code object that begins there. A module begins at line 1 whatever its text is, and so may a
    /// function: an arc that enters or leaves one of them becomes an arc of both.
    pub fn arc(&self, (from, to): (i32, i32)) -> impl Iterator<Item = (i32, i32)> + '_ {
        let froms = self.arc_ends(from);
        froms.flat_map(move |from| self.arc_ends(to).map(move |to| (from, to)))
    }

    fn arc_ends(&self, end: i32) -> impl Iterator<Item = i32> + use<> {
        let module = (end == MODULE).then_some(MODULE);
        let line = self.line(end.unsigned_abs());
        let line = line.and_then(|line| i32::try_from(line).ok());
        let line = line.map(|line| line * end.signum());
        let line = line.filter(|line| Some(*line) != module);
        module.into_iter().chain(line)
    }

    /// The lines that something became, in rising order.
    pub fn lines_after(&self) -> impl Iterator<Item = u32> + '_ {
        self.after.iter().copied().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(before: &str, after: &str) -> Vec<Option<u32>> {
        let map = LineMap::new(before.as_bytes(), after.as_bytes());
        let count = u32::try_from(before.lines().count()).unwrap();
        (1..=count).map(|line| map.line(line)).collect()
    }

    #[test]
    fn lines_are_followed_around_what_changed() {
        let before = "a = 1\nb = 2\nc = 3\nd = 4\n";
        assert_eq!(
            map(before, "a = 1\nx = 0\n  b=2\nc = 9\nd = 4\n"),
            [Some(1), Some(3), None, Some(5)]
        );
        assert_eq!(map(before, ""), [None; 4]);
        assert_eq!(map(before, before), [Some(1), Some(2), Some(3), Some(4)]);
        assert_eq!(map("a\nb", "b\n"), [None, Some(1)]);
    }

    #[test]
    fn ends_of_arcs_keep_their_side_and_the_module_its_number() {
        let map = LineMap::new(b"a\nb\n", b"x\na\nb\n");
        let arcs = |arc| map.arc(arc).collect::<Vec<_>>();
        assert_eq!(arcs((1, 2)), [(2, 3)]);
        assert_eq!(arcs((-2, 2)), [(-3, 3)]);
        assert_eq!(arcs((2, -1)), [(3, -1), (3, -2)]);
        assert_eq!(arcs((-1, 1)), [(-1, 2), (-2, 2)]);
        assert_eq!((arcs((2, 7)), map.line(0)), (vec![], None));
        assert_eq!(map.lines_after().collect::<Vec<_>>(), [2, 3]);
        // Also where the first line is another one.
        let map = LineMap::new(b"a\nb\n", b"x\nb\n");
        assert_eq!(map.arc((2, -1)).collect::<Vec<_>>(), [(2, -1)]);
    }
}
