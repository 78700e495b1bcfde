//! Sets of line numbers in coverage.py's *numbits* form: bit `n % 8` of byte `n / 8` is line `n`.

use std::fmt;

/// The largest line number a set takes in; what claims to lie beyond is damage, not a program.
const MAX_LINE: u32 = (1 << 27) - 1;

/// A set of line numbers, kept as the bytes that a `.coverage` file holds.
///
/// Trailing zero bytes carry no meaning: they are not kept, so equal sets have equal bytes.
#[derive(Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LineSet {
    bits: Vec<u8>,
}

impl LineSet {
    /// The empty set.
    pub fn new() -> Self {
        Self::default()
    }

    /// The set that a numbits blob stands for.
    pub fn from_numbits(numbits: &[u8]) -> Self {
        let length = numbits
            .iter()
            .rposition(|&byte| byte != 0)
            .map_or(0, |last| last + 1);
        Self {
            bits: numbits[..length].to_vec(),
        }
    }

    /// The numbits blob of this set: empty for the empty set.
    pub fn as_numbits(&self) -> &[u8] {
        &self.bits
    }

    /// Adds a line; numbers beyond 2²⁷ are ignored, no program has them.
    pub fn insert(&mut self, line: u32) {
        if line > MAX_LINE {
            return;
        }
        let byte = (line / 8) as usize;
        if byte >= self.bits.len() {
            self.bits.resize(byte + 1, 0);
        }
        self.bits[byte] |= 1 << (line % 8);
    }

    /// Takes a line out.
    pub fn remove(&mut self, line: u32) {
        if let Some(byte) = self.bits.get_mut((line / 8) as usize) {
            *byte &= !(1 << (line % 8));
        }
        while self.bits.last() == Some(&0) {
            self.bits.pop();
        }
    }

    /// Whether the set holds `line`.
    pub fn contains(&self, line: u32) -> bool {
        self.bits
            .get((line / 8) as usize)
            .is_some_and(|byte| byte & (1 << (line % 8)) != 0)
    }

    /// How many lines the set holds.
    pub fn len(&self) -> usize {
        self.bits
            .iter()
            .map(|byte| byte.count_ones() as usize)
            .sum()
    }

    /// Whether the set holds nothing.
    pub fn is_empty(&self) -> bool {
        self.bits.is_empty()
    }

    /// Adds every line of `other`.
    pub fn union_with(&mut self, other: &LineSet) {
        self.union_with_numbits(&other.bits);
    }

    /// Adds every line of a numbits blob.
    pub fn union_with_numbits(&mut self, numbits: &[u8]) {
        let length = numbits
            .iter()
            .rposition(|&byte| byte != 0)
            .map_or(0, |last| last + 1);
        if length > self.bits.len() {
            self.bits.resize(length, 0);
        }
        for (mine, theirs) in self.bits.iter_mut().zip(&numbits[..length]) {
            *mine |= theirs;
        }
    }

    /// The lines in rising order.
    pub fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        self.bits.iter().enumerate().flat_map(|(index, &byte)| {
            let base = u32::try_from(index * 8).unwrap_or(u32::MAX - 8);
            (0..8u32)
                .filter(move |bit| byte & (1 << bit) != 0)
                .map(move |bit| base + bit)
        })
    }
}

impl FromIterator<u32> for LineSet {
    fn from_iter<I: IntoIterator<Item = u32>>(lines: I) -> Self {
        let mut set = Self::new();
        set.extend(lines);
        set
    }
}

impl Extend<u32> for LineSet {
    fn extend<I: IntoIterator<Item = u32>>(&mut self, lines: I) {
        for line in lines {
            self.insert(line);
        }
    }
}

impl fmt::Debug for LineSet {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(lines: &[u32], numbits: &[u8]) {
        let set: LineSet = lines.iter().copied().collect();
        assert_eq!(set.as_numbits(), numbits);
        assert_eq!(LineSet::from_numbits(numbits), set);
        assert_eq!(set.iter().collect::<Vec<_>>(), lines);
        assert_eq!(set.len(), lines.len());
    }

    #[test]
    fn bytes_are_those_of_coverage_py() {
        check(&[], b"");
        check(&[0], b"\x01");
        check(&[1, 2, 3], b"\x0e");
        check(&[7, 8, 23], b"\x80\x01\x80");
    }

    #[test]
    fn trailing_zeros_do_not_make_sets_differ() {
        assert_eq!(
            LineSet::from_numbits(b"\x02\0\0"),
            [1].into_iter().collect()
        );
        assert!(LineSet::from_numbits(b"\0\0").is_empty());
    }

    #[test]
    fn union_keeps_both_sides() {
        let mut short: LineSet = [1, 9].into_iter().collect();
        short.union_with(&[2, 40].into_iter().collect());
        assert_eq!(short.iter().collect::<Vec<_>>(), [1, 2, 9, 40]);
        short.union_with_numbits(b"\x08\0\0\0\0\0\0\0");
        assert_eq!(short.iter().collect::<Vec<_>>(), [1, 2, 3, 9, 40]);
    }

    #[test]
    fn absurd_lines_are_ignored() {
        let mut set = LineSet::new();
        set.insert(u32::MAX);
        assert!(set.is_empty());
        assert!(!set.contains(u32::MAX));
    }
}
