//! How numbers of a history and their changes are written.

use swath_coverage::Numbers;
use swath_history::Entry;

/// A percentage as reports show it.
pub(super) fn percent(numbers: &Numbers, precision: usize) -> String {
    format!("{}%", numbers.shown_percent(precision))
}

/// By how many points of a percentage something changed, to a tenth at least: `+1.2`, `−0.3`, `±0`.
pub(super) fn change(before: &Numbers, now: &Numbers, precision: usize) -> String {
    let points = now.percent() - before.percent();
    let text = format!("{:.*}", precision.max(1), points.abs());
    if text.bytes().all(|byte| matches!(byte, b'0' | b'.')) {
        "±0".to_owned()
    } else if points < 0.0 {
        format!("−{text}")
    } else {
        format!("+{text}")
    }
}

/// `+1.2 points since main (d151e0f)`.
pub(crate) fn points_since(now: &Numbers, before: &Entry, precision: usize) -> String {
    let change = change(&before.totals(), now, precision);
    let branch = swath_model::neutralize_control(before.branch.as_deref().unwrap_or_default());
    let commit = short(before.commit.as_deref());
    let what = match (branch.is_empty(), commit.is_empty()) {
        (false, false) => format!("{branch} ({commit})"),
        (false, true) => branch,
        (true, false) => commit,
        (true, true) => when(before.time),
    };
    format!("{change} points since {what}")
}

/// The beginning of a commit's id.
pub(super) fn short(commit: Option<&str>) -> String {
    let commit = commit.unwrap_or_default();
    let is_digit = |letter: &char| letter.is_ascii_hexdigit();
    commit.chars().take_while(is_digit).take(7).collect()
}

/// A time in nanoseconds since 1970, to the minute.
pub(super) fn when(time: i64) -> String {
    jiff::Timestamp::from_nanosecond(i128::from(time)).map_or_else(
        |_| String::new(),
        |time| time.strftime("%Y-%m-%d %H:%M").to_string(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_told_to_a_tenth() {
        let of = |missing| Numbers {
            statements: 1000,
            missing,
            ..Numbers::default()
        };
        assert_eq!(change(&of(100), &of(88), 0), "+1.2");
        assert_eq!(change(&of(88), &of(91), 0), "−0.3");
        assert_eq!(change(&of(88), &of(88), 0), "±0");
        assert_eq!(change(&of(100), &of(88), 2), "+1.20");
        // Too little to be told is no change.
        let large = |missing| Numbers {
            statements: 1_000_000,
            missing,
            ..Numbers::default()
        };
        assert_eq!(change(&large(2), &large(1), 1), "±0");
    }
}
