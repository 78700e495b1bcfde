//! A set of line numbers as a bit vector: one bit a line, set operations a word at a time.

use std::fmt;

/// A set of 1-based line numbers.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct LineSet {
    // Invariant: the last word is not zero, so that equal sets are equal vectors.
    words: Vec<u64>,
}

const BITS: u32 = u64::BITS;

impl LineSet {
    /// The empty set.
    #[must_use]
    pub const fn new() -> Self {
        Self { words: Vec::new() }
    }

    /// Adds a line; says whether it is new.
    pub fn insert(&mut self, line: u32) -> bool {
        let word = (line / BITS) as usize;
        if word >= self.words.len() {
            self.words.resize(word + 1, 0);
        }
        let bit = 1 << (line % BITS);
        let is_new = self.words[word] & bit == 0;
        self.words[word] |= bit;
        is_new
    }

    /// Adds every line from `first` to `last`, both included.
    pub fn insert_range(&mut self, first: u32, last: u32) {
        for line in first..=last {
            self.insert(line);
        }
    }

    /// Whether the line is in the set.
    #[must_use]
    pub fn contains(&self, line: u32) -> bool {
        self.words
            .get((line / BITS) as usize)
            .is_some_and(|word| word & (1 << (line % BITS)) != 0)
    }

    /// Whether any line from `first` to `last`, both included, is in the set.
    #[must_use]
    pub fn contains_any(&self, first: u32, last: u32) -> bool {
        if first > last {
            return false;
        }
        let (start, end) = ((first / BITS) as usize, (last / BITS) as usize);
        let low = u64::MAX << (first % BITS);
        let high = u64::MAX >> (BITS - 1 - last % BITS);
        (start..=end.min(self.words.len().saturating_sub(1))).any(|index| {
            let mut word = self.words.get(index).copied().unwrap_or(0);
            if index == start {
                word &= low;
            }
            if index == end {
                word &= high;
            }
            word != 0
        })
    }

    /// How many lines there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.words
            .iter()
            .map(|word| word.count_ones() as usize)
            .sum()
    }

    /// Whether there is no line.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// The lines in ascending order.
    pub fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        (0u32..).zip(&self.words).flat_map(|(index, &word)| {
            let mut rest = word;
            std::iter::from_fn(move || {
                if rest == 0 {
                    return None;
                }
                let bit = rest.trailing_zeros();
                rest &= rest - 1;
                Some(index * BITS + bit)
            })
        })
    }

    /// The lines from `first` to `last`, both included, in ascending order.
    pub fn iter_range(&self, first: u32, last: u32) -> impl Iterator<Item = u32> + '_ {
        let end = u32::try_from(self.words.len())
            .unwrap_or(u32::MAX)
            .saturating_mul(BITS);
        (first..=last.min(end)).filter(|&line| self.contains(line))
    }

    /// Takes out every line of `other`.
    pub fn subtract(&mut self, other: &Self) {
        for (word, gone) in self.words.iter_mut().zip(&other.words) {
            *word &= !gone;
        }
        self.trim();
    }

    /// Adds every line of `other`.
    pub fn extend_from(&mut self, other: &Self) {
        if other.words.len() > self.words.len() {
            self.words.resize(other.words.len(), 0);
        }
        for (word, more) in self.words.iter_mut().zip(&other.words) {
            *word |= more;
        }
    }

    /// The lines that are in both sets.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        let words = self
            .words
            .iter()
            .zip(&other.words)
            .map(|(left, right)| left & right)
            .collect();
        let mut both = Self { words };
        both.trim();
        both
    }

    /// The lines that are in this set but not in `other`.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Self {
        let mut rest = self.clone();
        rest.subtract(other);
        rest
    }

    fn trim(&mut self) {
        while self.words.last() == Some(&0) {
            self.words.pop();
        }
    }
}

impl fmt::Debug for LineSet {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.iter()).finish()
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn operations_agree_with_a_tree_set(
            left in prop::collection::btree_set(0u32..400, 0..60),
            right in prop::collection::btree_set(0u32..400, 0..60),
            (first, last) in (0u32..400, 0u32..400),
        ) {
            let (a, b): (LineSet, LineSet) = (left.iter().copied().collect(), right.iter().copied().collect());
            prop_assert_eq!(a.iter().collect::<BTreeSet<_>>(), left.clone());
            prop_assert_eq!(a.len(), left.len());
            prop_assert_eq!(a.difference(&b), left.difference(&right).copied().collect::<LineSet>());
            prop_assert_eq!(a.intersection(&b), left.intersection(&right).copied().collect::<LineSet>());
            let mut both = a.clone();
            both.extend_from(&b);
            prop_assert_eq!(both, left.union(&right).copied().collect::<LineSet>());
            prop_assert_eq!(a.contains_any(first, last), first <= last && left.range(first..=last).next().is_some());
        }
    }
}
