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
    pub const fn new() -> Self {
        Self { bits: Vec::new() }
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

    /// Adds a line, and says whether it is new. Numbers beyond 2²⁷ are ignored, no program has them.
    pub fn insert(&mut self, line: u32) -> bool {
        if line > MAX_LINE {
            return false;
        }
        let byte = (line / 8) as usize;
        if byte >= self.bits.len() {
            self.bits.resize(byte + 1, 0);
        }
        let bit = 1 << (line % 8);
        let is_new = self.bits[byte] & bit == 0;
        self.bits[byte] |= bit;
        is_new
    }

    /// Adds every line from `first` to `last`, both included.
    pub fn insert_range(&mut self, first: u32, last: u32) {
        for line in first..=last.min(MAX_LINE) {
            self.insert(line);
        }
    }

    /// Takes a line out.
    pub fn remove(&mut self, line: u32) {
        if let Some(byte) = self.bits.get_mut((line / 8) as usize) {
            *byte &= !(1 << (line % 8));
        }
        self.trim();
    }

    /// Whether the set holds `line`.
    pub fn contains(&self, line: u32) -> bool {
        self.bits
            .get((line / 8) as usize)
            .is_some_and(|byte| byte & (1 << (line % 8)) != 0)
    }

    /// Whether any line from `first` to `last`, both included, is in the set.
    pub fn contains_any(&self, first: u32, last: u32) -> bool {
        self.words_between(first, last).any(|(_, word)| word != 0)
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

    /// Takes out every line of `other`.
    pub fn subtract(&mut self, other: &Self) {
        for (mine, gone) in self.bits.iter_mut().zip(&other.bits) {
            *mine &= !gone;
        }
        self.trim();
    }

    /// The lines that are in this set but not in `other`.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Self {
        let mut rest = self.clone();
        rest.subtract(other);
        rest
    }

    /// The lines that are in both sets.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        let bits = self.bits.iter().zip(&other.bits);
        let mut both = Self {
            bits: bits.map(|(mine, theirs)| mine & theirs).collect(),
        };
        both.trim();
        both
    }

    /// The lines in rising order.
    pub fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        self.words_from(0).flat_map(lines_of)
    }

    /// The lines from `first` to `last`, both included, in rising order.
    pub fn iter_range(&self, first: u32, last: u32) -> impl Iterator<Item = u32> + '_ {
        self.words_between(first, last).flat_map(lines_of)
    }

    /// The words with the lines from `first` to `last`, without any others.
    fn words_between(&self, first: u32, last: u32) -> impl Iterator<Item = (u32, u64)> + '_ {
        self.words_from(first / WORD)
            .take_while(move |(begin, _)| *begin <= last)
            .map(move |(begin, mut word)| {
                if begin < first {
                    word &= u64::MAX << (first - begin);
                }
                if last - begin < WORD - 1 {
                    word &= u64::MAX >> (WORD - 1 - (last - begin));
                }
                (begin, word)
            })
    }

    /// The set as words with the line that each begins with, from the word with this index on.
    fn words_from(&self, index: u32) -> impl Iterator<Item = (u32, u64)> + '_ {
        let start = (index as usize).saturating_mul(8).min(self.bits.len());
        let begins = (index.saturating_mul(WORD)..).step_by(WORD as usize);
        begins.zip(self.bits[start..].chunks(8).map(|bytes| {
            let mut word = [0; 8];
            word[..bytes.len()].copy_from_slice(bytes);
            u64::from_le_bytes(word)
        }))
    }

    fn trim(&mut self) {
        while self.bits.last() == Some(&0) {
            self.bits.pop();
        }
    }
}

/// How many lines a word stands for.
const WORD: u32 = u64::BITS;

fn lines_of((begin, word): (u32, u64)) -> impl Iterator<Item = u32> {
    let mut rest = word;
    std::iter::from_fn(move || {
        if rest == 0 {
            return None;
        }
        let bit = rest.trailing_zeros();
        rest &= rest - 1;
        Some(begin + bit)
    })
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
    use std::collections::BTreeSet;

    use proptest::prelude::*;

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

    proptest! {
        #[test]
        fn operations_agree_with_a_tree_set(
            left in prop::collection::btree_set(0u32..400, 0..60),
            right in prop::collection::btree_set(0u32..400, 0..60),
            (first, last) in (0u32..400, 0u32..400),
        ) {
            let set = |lines: &BTreeSet<u32>| lines.iter().copied().collect::<LineSet>();
            let (a, b) = (set(&left), set(&right));
            prop_assert_eq!(a.iter().collect::<BTreeSet<_>>(), left.clone());
            prop_assert_eq!(a.len(), left.len());
            prop_assert_eq!(a.difference(&b), set(&(&left - &right)));
            prop_assert_eq!(a.intersection(&b), set(&(&left & &right)));
            let mut both = a.clone();
            both.union_with(&b);
            prop_assert_eq!(both, set(&(&left | &right)));
            let inside = left.iter().copied().filter(|line| (first..=last).contains(line));
            prop_assert_eq!(a.iter_range(first, last).collect::<Vec<_>>(), inside.collect::<Vec<_>>());
            prop_assert_eq!(a.contains_any(first, last), a.iter_range(first, last).count() > 0);
        }
    }
}
