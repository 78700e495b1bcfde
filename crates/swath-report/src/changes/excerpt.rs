//! The lines around what the change left untested.

use std::ops::RangeInclusive;

use swath_coverage::UntestedPart;

/// Parts that are near each other, and the lines to show of them.
pub(super) struct Excerpt<'a> {
    pub(super) lines: RangeInclusive<u32>,
    pub(super) parts: Vec<&'a UntestedPart>,
}

/// The parts with `around` lines on both sides, in a text of `count` lines; those whose lines meet
/// are one.
pub(super) fn excerpts(parts: &[UntestedPart], around: u32, count: u32) -> Vec<Excerpt<'_>> {
    let mut excerpts: Vec<Excerpt<'_>> = Vec::new();
    for part in parts {
        let first = part.first.saturating_sub(around).max(1);
        let last = part.last.saturating_add(around).min(count.max(1));
        match excerpts.last_mut() {
            Some(excerpt) if first <= excerpt.lines.end().saturating_add(1) => {
                let last = last.max(*excerpt.lines.end());
                excerpt.lines = *excerpt.lines.start()..=last;
                excerpt.parts.push(part);
            }
            _ => excerpts.push(Excerpt {
                lines: first..=last,
                parts: vec![part],
            }),
        }
    }
    excerpts
}

#[cfg(test)]
mod tests {
    use swath_coverage::Untested;

    use super::*;

    #[test]
    fn parts_that_are_near_are_shown_together() {
        let part = |first, last| UntestedPart {
            first,
            last,
            what: Untested::NotRun,
        };
        let parts = [part(2, 2), part(9, 10), part(30, 31)];
        let found: Vec<_> = excerpts(&parts, 3, 32)
            .iter()
            .map(|excerpt| (excerpt.lines.clone(), excerpt.parts.len()))
            .collect();
        assert_eq!(found, [(1..=13, 2), (27..=32, 1)]);
    }
}
