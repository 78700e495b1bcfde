//! The arcs of a data file as its table has them: one run after the other, each of a file and a
//! context.

use crate::arc_set::PackedArc;

/// Runs that grow at their end.
#[derive(Default)]
pub(crate) struct ArcRuns {
    runs: Vec<ArcRun>,
    /// The arcs of all runs.
    steps: Vec<PackedArc>,
    /// The file and the context of the last run.
    last: (i32, i32),
}

/// The arcs of a file and a context that follow each other in the table.
struct ArcRun {
    file: i32,
    context: i32,
    /// Its first arc, among all.
    start: usize,
}

impl ArcRuns {
    pub(crate) fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Adds the next row of the table.
    #[inline]
    pub(crate) fn push(&mut self, [file, context, from, to]: [i32; 4]) {
        if self.last != (file, context) || self.runs.is_empty() {
            self.last = (file, context);
            self.runs.push(ArcRun {
                file,
                context,
                start: self.steps.len(),
            });
        }
        self.steps.push(PackedArc::new((from, to)));
    }

    /// The file, the context and the arcs of each run.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (i32, i32, &[PackedArc])> {
        let ends = self.runs.iter().skip(1).map(|run| run.start);
        (self.runs.iter())
            .zip(ends.chain([self.steps.len()]))
            .map(|(run, end)| (run.file, run.context, &self.steps[run.start..end]))
    }
}

/// Stands for a run of arcs, in any order: their number, their sum, and the sum of each one mixed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct RunHash(usize, u64, u64);

impl RunHash {
    pub(crate) fn of(steps: &[PackedArc]) -> Self {
        let (mut sum, mut mixed) = (0u64, 0u64);
        for step in steps {
            let bits = step.bits();
            let product =
                u128::from(bits ^ 0x9E37_79B9_7F4A_7C15) * u128::from(0xD6E8_FEB8_6659_FD93_u64);
            let high = u64::try_from(product >> 64).unwrap_or_default();
            let low = u64::try_from(product & u128::from(u64::MAX)).unwrap_or_default();
            sum = sum.wrapping_add(bits);
            mixed = mixed.wrapping_add(high ^ low);
        }
        Self(steps.len(), sum, mixed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash_of(arcs: &[(i32, i32)]) -> RunHash {
        let steps: Vec<PackedArc> = (arcs.iter())
            .map(|&(from, to)| PackedArc::new((from, to)))
            .collect();
        RunHash::of(&steps)
    }

    #[test]
    fn runs_are_known_in_any_order_and_by_every_arc() {
        let arcs: Vec<(i32, i32)> = (0..200).map(|line| (line, line + 1)).collect();
        let mut other = arcs.clone();
        other.reverse();
        assert_eq!(hash_of(&arcs), hash_of(&other));
        for place in 0..arcs.len() {
            let mut other = arcs.clone();
            other[place].1 += 1;
            assert_ne!(hash_of(&arcs), hash_of(&other));
            // The same sum.
            other[(place + 7) % 200].1 -= 1;
            assert_ne!(hash_of(&arcs), hash_of(&other));
            other.remove(place);
            assert_ne!(hash_of(&arcs), hash_of(&other));
        }
    }

    #[test]
    fn a_run_ends_where_the_file_or_the_context_changes() {
        let mut runs = ArcRuns::default();
        for row in [
            [0, 0, 1, 2],
            [1, 1, 5, 6],
            [1, 1, 6, -1],
            [1, 2, 5, 6],
            [2, 2, 5, 6],
            [1, 1, -1, 5],
        ] {
            runs.push(row);
        }
        let found: Vec<_> = runs
            .iter()
            .map(|(file, context, steps)| {
                let arcs = steps.iter().map(|arc| arc.arc()).collect::<Vec<_>>();
                (file, context, arcs)
            })
            .collect();
        assert_eq!(
            found,
            [
                (0, 0, vec![(1, 2)]),
                (1, 1, vec![(5, 6), (6, -1)]),
                (1, 2, vec![(5, 6)]),
                (2, 2, vec![(5, 6)]),
                (1, 1, vec![(-1, 5)]),
            ]
        );
    }
}
