//! Sets of arcs: pairs of line numbers, negative where a code object is entered or left.

use swath_model::Arc;

/// An arc as one number, in the order of arcs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct PackedArc(u64);

/// Turns the order of signed numbers into that of unsigned ones.
const SIGN: u32 = 1 << 31;

impl PackedArc {
    #[inline]
    pub(crate) fn new((from, to): Arc) -> Self {
        let ordered = |line: i32| u64::from(line.cast_unsigned() ^ SIGN);
        Self(ordered(from) << 32 | ordered(to))
    }

    pub(crate) fn bits(self) -> u64 {
        self.0
    }

    pub(crate) fn arc(self) -> Arc {
        let signed = |half: u64| {
            let half = u32::try_from(half & 0xffff_ffff).unwrap_or_default();
            (half ^ SIGN).cast_signed()
        };
        (signed(self.0 >> 32), signed(self.0))
    }
}

/// A set of arcs, sorted, in one allocation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ArcSet {
    arcs: Vec<Arc>,
}

impl ArcSet {
    /// The empty set.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many arcs the set holds.
    pub fn len(&self) -> usize {
        self.arcs.len()
    }

    /// Whether the set holds nothing.
    pub fn is_empty(&self) -> bool {
        self.arcs.is_empty()
    }

    /// Whether the set holds `arc`.
    pub fn contains(&self, arc: Arc) -> bool {
        self.arcs.binary_search(&arc).is_ok()
    }

    /// The arcs in rising order.
    pub fn iter(&self) -> impl Iterator<Item = Arc> + '_ {
        self.arcs.iter().copied()
    }

    /// Adds one arc.
    pub fn insert(&mut self, arc: Arc) {
        match self.arcs.last() {
            Some(last) if *last >= arc => {
                if let Err(place) = self.arcs.binary_search(&arc) {
                    self.arcs.insert(place, arc);
                }
            }
            _ => self.arcs.push(arc),
        }
    }

    /// Adds every arc of `other`.
    pub fn union_with(&mut self, other: &ArcSet) {
        let mut fresh = other.difference(self).peekable();
        if fresh.peek().is_none() {
            return;
        }
        let fresh: Vec<Arc> = fresh.collect();
        self.arcs.extend(fresh);
        self.arcs.sort_unstable();
    }

    /// The arcs that are here and not in `other`, by one walk over both.
    fn difference<'a>(&'a self, other: &'a ArcSet) -> impl Iterator<Item = Arc> + 'a {
        let mut rest = other.arcs.as_slice();
        self.arcs.iter().copied().filter(move |arc| {
            while let [first, tail @ ..] = rest {
                if first >= arc {
                    break;
                }
                rest = tail;
            }
            rest.first() != Some(arc)
        })
    }
}

impl FromIterator<Arc> for ArcSet {
    fn from_iter<I: IntoIterator<Item = Arc>>(arcs: I) -> Self {
        let mut arcs: Vec<Arc> = arcs.into_iter().collect();
        arcs.sort_unstable();
        arcs.dedup();
        Self { arcs }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn union_keeps_both_sides_sorted_and_once() {
        let mut left: ArcSet = [(1, 2), (-1, 1), (5, -1)].into_iter().collect();
        left.union_with(&[(1, 2), (1, 3), (-9, 9)].into_iter().collect());
        assert_eq!(
            left.iter().collect::<Vec<_>>(),
            [(-9, 9), (-1, 1), (1, 2), (1, 3), (5, -1)]
        );
    }

    #[test]
    fn packed_arcs_keep_their_value_and_their_order() {
        let arcs = [
            (i32::MIN, 3),
            (-5, -1),
            (-5, 1),
            (-1, 7),
            (0, 0),
            (1, i32::MIN),
            (1, -1),
            (1, i32::MAX),
        ];
        let packed = arcs.map(PackedArc::new);
        assert_eq!(packed.map(PackedArc::arc), arcs);
        assert!(packed.is_sorted());
    }

    #[test]
    fn insert_takes_arcs_in_any_order() {
        let mut set = ArcSet::new();
        for arc in [(3, 4), (1, 2), (3, 4), (9, -1), (2, 3)] {
            set.insert(arc);
        }
        assert_eq!(set, [(1, 2), (2, 3), (3, 4), (9, -1)].into_iter().collect());
        assert!(set.contains((2, 3)) && !set.contains((2, 4)));
    }
}
