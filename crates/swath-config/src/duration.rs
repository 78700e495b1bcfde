//! Durations such as `60s`, `500ms` or `2m`.

use std::time::Duration;

/// The longest duration that makes sense for a time-out.
const LONGEST_SECONDS: f64 = 7.0 * 24.0 * 3600.0;

/// Reads a duration: a number and one of the units `ms`, `s`, `m`, `h`.
#[must_use]
pub fn parse_duration(text: &str) -> Option<Duration> {
    let unit_at = text.find(|c: char| c.is_ascii_alphabetic())?;
    let (number, unit) = text.split_at(unit_at);
    let number = number.trim_end();
    if !number
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.')
    {
        return None;
    }
    let seconds = match unit {
        "ms" => 0.001,
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        _ => return None,
    };
    let total = number.parse::<f64>().ok()? * seconds;
    (total <= LONGEST_SECONDS).then(|| Duration::from_secs_f64(total))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unit_is_understood_and_nothing_else() {
        for (text, milliseconds) in [
            ("60s", Some(60_000)),
            ("500ms", Some(500)),
            ("2m", Some(120_000)),
            ("1.5 s", Some(1_500)),
            ("1h", Some(3_600_000)),
            ("0s", Some(0)),
            ("60", None),
            ("s", None),
            ("-1s", None),
            ("1e3s", None),
            ("1 second", None),
            ("999999h", None),
            ("1.2.3s", None),
            ("", None),
        ] {
            let expected = milliseconds.map(Duration::from_millis);
            assert_eq!(parse_duration(text), expected, "{text}");
        }
    }
}
