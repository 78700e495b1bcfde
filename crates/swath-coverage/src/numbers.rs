//! Totals, percentages and the gate, rounded as coverage.py rounds them.

use std::iter::Sum;
use std::ops::AddAssign;

/// More digits than this have no meaning, and no formatter takes many more.
const MOST_DIGITS: usize = 10_000;

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

/// The lowest total that passes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gate {
    fail_under: f64,
    precision: usize,
}

/// A threshold that no total can be compared with.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error("fail_under={} is invalid. Must be between 0 and 100.", python_float(*fail_under))]
pub struct GateError {
    fail_under: f64,
}

impl Gate {
    /// The gate of `fail_under`, with at least `precision` digits.
    pub fn new(fail_under: f64, precision: usize) -> Result<Self, GateError> {
        if !(0.0..=100.0).contains(&fail_under) {
            return Err(GateError { fail_under });
        }
        let text = fail_under.to_string();
        let decimals = text.split_once('.').map_or(0, |(_, digits)| digits.len());
        Ok(Self {
            fail_under,
            precision: precision.max(decimals).min(MOST_DIGITS),
        })
    }

    /// `None` if the total passes, else what coverage.py prints after `Coverage failure: `.
    pub fn failure(&self, total: f64) -> Option<String> {
        let precision = self.precision;
        let rounded: f64 = format!("{total:.precision$}").parse().unwrap_or(total);
        // Only an exact 100 passes a gate of 100.
        let all = self.fail_under >= 100.0;
        let shown = if all && total < 100.0 {
            display_percent(total, precision)
        } else if rounded < self.fail_under {
            format!("{total:.precision$}")
        } else {
            return None;
        };
        let wanted = self.fail_under;
        Some(format!(
            "total of {shown} is less than fail-under={wanted:.precision$}"
        ))
    }
}

fn python_float(value: f64) -> String {
    if value.fract() == 0.0 {
        format!("{value:.1}")
    } else {
        value.to_string()
    }
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

    fn failure(total: f64, fail_under: f64, precision: usize) -> Option<String> {
        Gate::new(fail_under, precision).unwrap().failure(total)
    }

    #[test]
    fn the_gate_rounds_with_the_digits_of_its_threshold() {
        assert_eq!(failure(42.857, 43.0, 0), None);
        assert_eq!(
            failure(42.857, 42.9, 3).as_deref(),
            Some("total of 42.857 is less than fail-under=42.900")
        );
        assert_eq!(failure(42.857, 42.86, 0), None);
        assert_eq!(
            failure(42.857, 42.88, 0).as_deref(),
            Some("total of 42.86 is less than fail-under=42.88")
        );
    }

    #[test]
    fn a_gate_of_100_takes_nothing_less() {
        assert_eq!(
            failure(99.8, 100.0, 0).as_deref(),
            Some("total of 99 is less than fail-under=100")
        );
        assert_eq!(failure(100.0, 100.0, 0), None);
    }

    #[test]
    fn impossible_thresholds_are_errors_in_pythons_words() {
        assert_eq!(
            Gate::new(101.0, 0).unwrap_err().to_string(),
            "fail_under=101.0 is invalid. Must be between 0 and 100."
        );
    }
}
