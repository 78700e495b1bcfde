//! Numbers as cells: percentages, counts and bars.

use std::fmt::Write as _;

use swath_coverage::{Numbers, display_percent};

/// The share that a file, a folder or a function has run, as text; `–` where nothing can run.
pub(super) fn share(executed: usize, whole: usize, precision: usize) -> String {
    if whole == 0 {
        return "–".to_owned();
    }
    #[expect(clippy::cast_precision_loss, reason = "no program has 2⁵³ statements")]
    let percent = 100.0 * executed as f64 / whole as f64;
    format!("{}%", display_percent(percent, precision))
}

/// The share of statements and branches.
pub(crate) fn cover(numbers: &Numbers, precision: usize) -> String {
    share(
        numbers.executed() + numbers.executed_branches(),
        numbers.statements + numbers.branches,
        precision,
    )
}

/// A count, or `–` where there is nothing to count.
pub(super) fn count(count: usize, whole: usize) -> String {
    if whole == 0 {
        "–".to_owned()
    } else {
        count.to_string()
    }
}

/// A bar of the share that has run. It says no more than the number beside it.
pub(crate) fn push_bar(out: &mut String, executed: usize, whole: usize) {
    if whole == 0 {
        return;
    }
    let width = executed * 100 / whole;
    let _ = write!(
        out,
        "<svg class=b aria-hidden=true><rect width={width}% height=8></rect></svg>"
    );
}

/// `1 file`, `2 files`.
pub(super) fn plural(count: usize, thing: &str) -> String {
    let ending = if count == 1 { "" } else { "s" };
    format!("{} {thing}{ending}", grouped(count))
}

/// A number with its thousands apart: `12 345`.
pub(super) fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push('\u{202f}');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_to_run_is_neutral() {
        assert_eq!(share(0, 0, 1), "–");
        assert_eq!(share(999, 1000, 0), "99%");
        assert_eq!(count(0, 0), "–");
        assert_eq!(count(0, 3), "0");
    }

    #[test]
    fn thousands_are_apart() {
        assert_eq!(grouped(1_234_567), "1\u{202f}234\u{202f}567");
        assert_eq!(grouped(123), "123");
        assert_eq!(plural(1, "line"), "1 line");
    }
}
