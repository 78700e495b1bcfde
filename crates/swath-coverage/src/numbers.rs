//! Totals and percentages, rounded as coverage.py rounds them.

use std::iter::Sum;
use std::ops::AddAssign;

/// More digits than this have no meaning, and no formatter takes many more.
pub(crate) const MOST_DIGITS: usize = 10_000;

/// What one file, or all of them together, count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Numbers {
    /// Files.
    pub files: usize,
    /// Statements.
    pub statements: usize,
    /// Statements left out by exclusion rules.
    pub excluded: usize,
    /// Statements that did not run.
    pub missing: usize,
    /// Exits of lines that have more than one.
    pub branches: usize,
    /// Exits not taken of lines that ran.
    pub partial_branches: usize,
    /// Exits not taken.
    pub missing_branches: usize,
}

impl Numbers {
    /// Statements that ran.
    pub fn executed(&self) -> usize {
        self.statements.saturating_sub(self.missing)
    }

    /// Exits taken.
    pub fn executed_branches(&self) -> usize {
        self.branches.saturating_sub(self.missing_branches)
    }

    /// The share of statements and branches that ran, in percent: 100 if there is nothing to run.
    pub fn percent(&self) -> f64 {
        percent(
            self.executed() + self.executed_branches(),
            self.statements + self.branches,
        )
    }

    /// The share of statements that ran, in percent.
    pub fn percent_statements(&self) -> f64 {
        percent(self.executed(), self.statements)
    }

    /// The share of branches that ran, in percent.
    pub fn percent_branches(&self) -> f64 {
        percent(self.executed_branches(), self.branches)
    }

    /// [`Numbers::percent`] as reports show it.
    pub fn shown_percent(&self, precision: usize) -> String {
        display_percent(self.percent(), precision)
    }
}

#[expect(clippy::cast_precision_loss, reason = "no program has 2⁵³ statements")]
fn percent(part: usize, whole: usize) -> f64 {
    if whole == 0 {
        return 100.0;
    }
    (100.0 * part as f64) / whole as f64
}

impl AddAssign for Numbers {
    fn add_assign(&mut self, other: Self) {
        self.files += other.files;
        self.statements += other.statements;
        self.excluded += other.excluded;
        self.missing += other.missing;
        self.branches += other.branches;
        self.partial_branches += other.partial_branches;
        self.missing_branches += other.missing_branches;
    }
}

impl Sum for Numbers {
    fn sum<I: Iterator<Item = Self>>(numbers: I) -> Self {
        numbers.fold(Self::default(), |mut total, some| {
            total += some;
            total
        })
    }
}

/// A percentage as reports show it: 0 and 100 only where they are exact.
///
/// ```
/// use swath_coverage::display_percent;
///
/// assert_eq!(display_percent(99.99, 0), "99");
/// assert_eq!(display_percent(0.01, 1), "0.1");
/// assert_eq!(display_percent(12.5, 0), "12");
/// ```
pub fn display_percent(percent: f64, precision: usize) -> String {
    let precision = precision.min(MOST_DIGITS);
    let near_zero = 10f64
        .powi(i32::try_from(precision).unwrap_or(i32::MAX))
        .recip();
    let shown = if 0.0 < percent && percent < near_zero {
        near_zero
    } else if 100.0 - near_zero < percent && percent < 100.0 {
        100.0 - near_zero
    } else {
        percent
    };
    format!("{shown:.precision$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_round_half_to_even_and_keep_off_the_ends() {
        for (percent, precision, shown) in [
            (0.0, 0, "0"),
            (0.3, 0, "1"),
            (37.5, 0, "38"),
            (62.5, 0, "62"),
            (99.5, 0, "99"),
            (100.0, 2, "100.00"),
            (99.999, 2, "99.99"),
            (0.001, 2, "0.01"),
            (6.25, 1, "6.2"),
        ] {
            assert_eq!(display_percent(percent, precision), shown);
        }
    }

    #[test]
    fn nothing_to_run_is_all_run() {
        assert_eq!(Numbers::default().shown_percent(0), "100");
    }
}
