//! Lines as ranges: memory in proportion to what was written, not to the numbers in it.

use std::fmt;

/// Line numbers, as ranges in rising order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LineRanges(Vec<(u32, u32)>);

impl LineRanges {
    /// Every line that a file can have.
    pub fn all() -> Self {
        Self(vec![(1, u32::MAX)])
    }

    /// Adds a line that is not before any that is there; others are left out.
    pub(crate) fn push(&mut self, line: u32) {
        match self.0.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(line) => *last = line,
            Some((_, last)) if *last >= line => {}
            _ => self.0.push((line, line)),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// First and last line of each range.
    pub fn iter(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        self.0.iter().copied()
    }

    /// Whether any line from `first` to `last` is among them.
    pub fn contains_any(&self, first: u32, last: u32) -> bool {
        let after = self.0.partition_point(|range| range.1 < first);
        self.0.get(after).is_some_and(|range| range.0 <= last)
    }

    /// Whether `line` is among them.
    pub fn contains(&self, line: u32) -> bool {
        self.contains_any(line, line)
    }
}

impl FromIterator<u32> for LineRanges {
    /// Of lines in rising order.
    fn from_iter<I: IntoIterator<Item = u32>>(lines: I) -> Self {
        let mut ranges = Self::default();
        lines.into_iter().for_each(|line| ranges.push(line));
        ranges
    }
}

/// `1-2, 7`.
impl fmt::Display for LineRanges {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (first, last)) in self.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            if first == last {
                write!(formatter, "{comma}{first}")?;
            } else {
                write!(formatter, "{comma}{first}-{last}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_join_and_answer() {
        let ranges: LineRanges = [2, 3, 4, 9, 9, 4].into_iter().collect();
        assert_eq!(ranges.to_string(), "2-4, 9");
        for (first, last, expected) in [
            (1, 1, false),
            (1, 2, true),
            (4, 4, true),
            (5, 8, false),
            (5, 9, true),
            (10, 12, false),
        ] {
            assert_eq!(ranges.contains_any(first, last), expected, "{first}-{last}");
        }
        assert!(LineRanges::all().contains(u32::MAX));
    }
}
