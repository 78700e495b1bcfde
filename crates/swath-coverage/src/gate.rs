//! Gates: the lowest shares that pass, and those that do not.

use swath_config::{GateSetting, GateSubject, Ratchet, is_percentage};
use swath_pattern::{Directory, GlobError, Globs, prepare_globs};

use crate::numbers::MOST_DIGITS;
use crate::{ChangeReport, GateFailure, Numbers, Report, ServiceGap, display_percent};

/// The share that counts, as what was reached, and of how many.
fn parts(subject: &GateSubject, numbers: &Numbers) -> (usize, usize) {
    let lines = (numbers.executed(), numbers.statements);
    let branches = (numbers.executed_branches(), numbers.branches);
    match subject {
        GateSubject::Lines => lines,
        GateSubject::Branches => branches,
        _ => (lines.0 + branches.0, lines.1 + branches.1),
    }
}

fn percent(subject: &GateSubject, numbers: &Numbers) -> f64 {
    match subject {
        GateSubject::Lines => numbers.percent_statements(),
        GateSubject::Branches => numbers.percent_branches(),
        _ => numbers.percent(),
    }
}

fn things(subject: &GateSubject, numbers: &Numbers) -> &'static str {
    match subject {
        GateSubject::Lines => "lines",
        GateSubject::Branches => "branches",
        _ if numbers.branches > 0 => "lines or branches",
        _ => "lines",
    }
}

/// The lowest share that passes.
#[derive(Clone, Debug, PartialEq)]
pub struct Gate {
    subject: GateSubject,
    fail_under: f64,
    precision: usize,
}

/// Holds a total against that of a run of another time; nothing if it is no more than the
/// tolerance less.
pub fn judge_ratchet(
    now: &Numbers,
    before: &Numbers,
    ratchet: &Ratchet,
    precision: usize,
) -> Option<GateFailure> {
    let points = before.percent() - now.percent();
    // A share is a quotient, which a decimal tolerance never meets to the last bit.
    if points <= ratchet.tolerance + 1e-9 {
        return None;
    }
    let digits = precision.max(1);
    // What is less is never shown as nothing, or as what would pass.
    let is_told = |digits: &usize| {
        let scale = 10_f64.powi(i32::try_from(*digits).unwrap_or(0));
        (points * scale).round() > (ratchet.tolerance * scale).round()
    };
    let digits = (digits..12).find(is_told).unwrap_or(digits);
    Some(GateFailure::Less {
        shown: display_percent(now.percent(), digits),
        before: display_percent(before.percent(), digits),
        branch: ratchet.branch.clone(),
        points: format!("{points:.digits$}"),
        tolerance: ratchet.tolerance.to_string(),
    })
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
        if !is_percentage(fail_under) {
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

    /// A gate as it is set.
    pub fn of_setting(setting: &GateSetting, precision: usize) -> Result<Self, GateError> {
        Self::of(setting.subject.clone(), setting.minimum, precision)
    }

    /// `None` if a report passes. Changed lines and services are no part of one: see
    /// [`Gate::judge_changes`] and [`Gate::judge_service`].
    pub fn judge_report(
        &self,
        report: &Report,
        directory: &Directory,
    ) -> Result<Option<GateFailure>, GlobError> {
        let numbers = match &self.subject {
            GateSubject::Branches if !report.has_arcs => {
                return Ok(Some(GateFailure::NoBranches));
            }
            GateSubject::Files(pattern) => {
                let globs = Globs::new(prepare_globs(std::slice::from_ref(pattern), directory))?;
                let files = report.files.iter();
                let matching = files.filter(|file| globs.is_match(&directory.absolute(&file.path)));
                let numbers: Numbers = matching.map(|file| file.numbers).sum();
                if numbers.files == 0 {
                    let pattern = pattern.clone();
                    return Ok(Some(GateFailure::NoFile { pattern }));
                }
                numbers
            }
            _ => report.totals,
        };
        Ok(self.judge(&numbers))
    }

    /// `None` if a service passes, of which `numbers` are known, or the reason why they are not.
    pub fn judge_service(
        &self,
        service: &str,
        numbers: Result<Numbers, ServiceGap>,
    ) -> Option<GateFailure> {
        match numbers {
            Ok(numbers) => self.judge(&numbers),
            Err(gap) => Some(GateFailure::NoService {
                service: service.to_owned(),
                gap,
            }),
        }
    }

    /// `None` if a change passes: all of it is known, and enough of it covered.
    pub fn judge_changes(&self, changes: &ChangeReport) -> Option<GateFailure> {
        let files = changes.not_judged();
        let unknown =
            (files > 0 && self.fail_under > 0.0).then_some(GateFailure::NotJudged { files });
        self.judge(&changes.totals).or(unknown)
    }

    /// `None` if the numbers pass.
    pub fn judge(&self, numbers: &Numbers) -> Option<GateFailure> {
        let shown = self.share_below(percent(&self.subject, numbers))?;
        let (wanted, precision) = (self.fail_under, self.precision);
        Some(GateFailure::Below {
            shown,
            minimum: format!("{wanted:.precision$}"),
            short: self.shortfall(numbers),
            things: things(&self.subject, numbers),
            subject: self.subject.clone(),
        })
    }

    /// How many more lines or branches must be reached for the gate to pass, which rounds as it
    /// judges; at least one.
    pub fn shortfall(&self, numbers: &Numbers) -> usize {
        let (reached, whole) = parts(&self.subject, numbers);
        // A share that grows passes from some count on: the first one is searched.
        let (mut fails, mut passes) = (reached, whole);
        while fails + 1 < passes {
            let middle = fails.midpoint(passes);
            #[expect(clippy::cast_precision_loss, reason = "no program has 2⁵³ statements")]
            let share = 100.0 * middle as f64 / whole as f64;
            if self.share_below(share).is_some() {
                fails = middle;
            } else {
                passes = middle;
            }
        }
        passes.saturating_sub(reached).max(1)
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
    use crate::FileReport;

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
        // 895 of 1000 are shown as 90%, and pass.
        let many = Numbers {
            statements: 1000,
            missing: 110,
            ..Numbers::default()
        };
        assert_eq!(
            gate(90.0).judge(&many).unwrap().to_string(),
            "changed lines: 89% covered, 90% is the minimum: 5 lines short"
        );
        assert_eq!(gate(100.0).shortfall(&many), 110);
    }

    fn judged(subject: GateSubject, minimum: f64, has_arcs: bool) -> Option<String> {
        let file = |name: &str, numbers: Numbers| FileReport {
            path: name.to_owned(),
            numbers,
            ..FileReport::default()
        };
        let numbers = |statements, missing, branches, missing_branches| Numbers {
            files: 1,
            statements,
            missing,
            branches,
            missing_branches,
            ..Numbers::default()
        };
        let files = vec![
            file("src/pay/card.py", numbers(10, 5, 4, 4)),
            file("src/shop.py", numbers(30, 5, 0, 0)),
        ];
        let report = Report {
            totals: files.iter().map(|file| file.numbers).sum(),
            files,
            has_arcs,
            ..Report::default()
        };
        let directory = Directory::new(std::path::Path::new("/project"));
        let gate = Gate::of(subject, minimum, 0).unwrap();
        let failure = gate.judge_report(&report, &directory).unwrap();
        failure.map(|failure| failure.to_string())
    }

    #[test]
    fn lines_branches_and_files_are_judged_apart() {
        let files = |pattern: &str| GateSubject::Files(pattern.to_owned());
        for (subject, minimum, expected) in [
            (GateSubject::Lines, 75.0, None),
            (
                GateSubject::Lines,
                76.0,
                Some("lines: 75% covered, 76% is the minimum: 1 line short"),
            ),
            (
                GateSubject::Branches,
                50.0,
                Some("branches: 0% covered, 50% is the minimum: 2 branches short"),
            ),
            (GateSubject::Total, 68.0, None),
            (
                files("src/pay/*"),
                80.0,
                Some(
                    "files `src/pay/*`: 36% covered, 80% is the minimum: 7 lines or branches short",
                ),
            ),
            (files("src/*"), 60.0, None),
            (
                files("lib/*"),
                1.0,
                Some("files `lib/*`: none was measured"),
            ),
        ] {
            assert_eq!(judged(subject, minimum, true).as_deref(), expected);
        }
        assert_eq!(
            judged(GateSubject::Branches, 0.0, false).as_deref(),
            Some("branches: not measured")
        );
    }
}
