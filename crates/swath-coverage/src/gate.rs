//! Gates: the lowest shares that pass, and what is said of those that do not.

use std::fmt;

use crate::numbers::MOST_DIGITS;
use crate::{Numbers, display_percent};

/// What a gate is held against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GateSubject {
    /// Statements and branches together, as coverage.py counts.
    Total,
    /// Statements and branches that a change wrote.
    Changed,
}

impl GateSubject {
    /// The share that counts, and of how many: what was reached, and what could be.
    fn parts(&self, numbers: &Numbers) -> (usize, usize) {
        match self {
            Self::Total | Self::Changed => (
                numbers.executed() + numbers.executed_branches(),
                numbers.statements + numbers.branches,
            ),
        }
    }

    fn percent(&self, numbers: &Numbers) -> f64 {
        match self {
            Self::Total | Self::Changed => numbers.percent(),
        }
    }

    fn things(&self, numbers: &Numbers) -> &'static str {
        match self {
            Self::Total | Self::Changed if numbers.branches > 0 => "lines or branches",
            Self::Total | Self::Changed => "lines",
        }
    }
}

impl fmt::Display for GateSubject {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Total => "total",
            Self::Changed => "changed lines",
        })
    }
}

/// The lowest share that passes.
#[derive(Clone, Debug, PartialEq)]
pub struct Gate {
    subject: GateSubject,
    fail_under: f64,
    precision: usize,
}

/// A gate that did not pass: what is missing, by how much.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GateFailure {
    /// What was judged.
    pub subject: GateSubject,
    /// Its share in percent, as reports show it.
    pub shown: String,
    /// The lowest share that passes, in percent.
    pub minimum: String,
    /// How many more lines or branches have to be reached.
    pub short: usize,
    things: &'static str,
}

impl fmt::Display for GateFailure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            subject,
            shown,
            minimum,
            short,
            things,
        } = self;
        let things = if *short == 1 {
            things
                .replace("lines", "line")
                .replace("branches", "branch")
        } else {
            (*things).to_owned()
        };
        write!(
            formatter,
            "{subject}: {shown}% covered, {minimum}% is the minimum: {short} {things} short"
        )
    }
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
        Self::of(GateSubject::Total, fail_under, precision)
    }

    /// A gate of anything, with at least `precision` digits.
    pub fn of(subject: GateSubject, fail_under: f64, precision: usize) -> Result<Self, GateError> {
        if !(0.0..=100.0).contains(&fail_under) {
            return Err(GateError { fail_under });
        }
        let text = fail_under.to_string();
        let decimals = text.split_once('.').map_or(0, |(_, digits)| digits.len());
        Ok(Self {
            subject,
            fail_under,
            precision: precision.max(decimals).min(MOST_DIGITS),
        })
    }

    /// `None` if the total passes, else what coverage.py prints after `Coverage failure: `.
    pub fn failure(&self, total: f64) -> Option<String> {
        let shown = self.share_below(total)?;
        let (wanted, precision) = (self.fail_under, self.precision);
        Some(format!(
            "total of {shown} is less than fail-under={wanted:.precision$}"
        ))
    }

    /// `None` if the numbers pass.
    pub fn judge(&self, numbers: &Numbers) -> Option<GateFailure> {
        let shown = self.share_below(self.subject.percent(numbers))?;
        let (wanted, precision) = (self.fail_under, self.precision);
        Some(GateFailure {
            shown,
            minimum: format!("{wanted:.precision$}"),
            short: self.shortfall(numbers),
            things: self.subject.things(numbers),
            subject: self.subject.clone(),
        })
    }

    /// How many lines or branches are missing from the share; at least one.
    pub fn shortfall(&self, numbers: &Numbers) -> usize {
        let (reached, whole) = self.subject.parts(numbers);
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a count of lines, rounded up"
        )]
        let needed = (whole as f64 * self.fail_under / 100.0).ceil() as usize;
        needed.saturating_sub(reached).max(1)
    }

    /// The share as it is shown, if it does not pass.
    fn share_below(&self, total: f64) -> Option<String> {
        let precision = self.precision;
        let rounded: f64 = format!("{total:.precision$}").parse().unwrap_or(total);
        // Only an exact 100 passes a gate of 100.
        let all = self.fail_under >= 100.0;
        if all && total < 100.0 {
            Some(display_percent(total, precision))
        } else if rounded < self.fail_under {
            Some(format!("{total:.precision$}"))
        } else {
            None
        }
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

    #[test]
    fn what_is_missing_is_said_by_how_much() {
        let numbers = Numbers {
            statements: 10,
            missing: 4,
            ..Numbers::default()
        };
        let gate = |minimum| Gate::of(GateSubject::Changed, minimum, 0).unwrap();
        assert_eq!(gate(60.0).judge(&numbers), None);
        assert_eq!(
            gate(81.0).judge(&numbers).unwrap().to_string(),
            "changed lines: 60% covered, 81% is the minimum: 3 lines short"
        );
        let branches = Numbers {
            branches: 2,
            missing_branches: 1,
            ..numbers
        };
        assert_eq!(
            gate(60.0).judge(&branches).unwrap().to_string(),
            "changed lines: 58% covered, 60% is the minimum: 1 line or branch short"
        );
        assert_eq!(gate(100.0).judge(&Numbers::default()), None);
    }
}
