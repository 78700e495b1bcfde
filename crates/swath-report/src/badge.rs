//! A badge: the number on a small sign, as an SVG picture.

use swath_coverage::Report;
use swath_model::{Completeness, Verdict};

/// The width of a letter in the badge's type, in tenths of a unit; letters differ, and a badge has room.
const LETTER: usize = 68;
/// The space before and after a text.
const MARGIN: usize = 6;

/// The total as a badge. A number that is not vouched for says so, and has no color: it is not complete, or it is and
/// something else speaks against it, such as tests that failed.
#[must_use]
pub fn render_badge(report: &Report, verdict: &Verdict, precision: usize) -> String {
    const LABEL: &str = "coverage";
    let percent = report.totals.shown_percent(precision);
    let (value, color) = match () {
        () if report.totals.files == 0 => ("no data".to_owned(), "#6e7681"),
        () if !verdict.is_sound() => (format!("{percent}% {}", word(verdict)), "#6e7681"),
        () => (format!("{percent}%"), color_of(report.totals.percent())),
    };
    let width = |text: &str| text.chars().count() * LETTER / 10 + 2 * MARGIN;
    let (left, right) = (width(LABEL), width(&value));
    let whole = left + right;
    let (label_at, value_at) = (left / 2, left + right / 2);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{whole}\" height=\"20\" role=\"img\" aria-label=\"{LABEL}: \
         {value}\">\n<title>{LABEL}: {value}</title>\n<clipPath id=\"r\"><rect width=\"{whole}\" height=\"20\" \
         rx=\"3\"/></clipPath>\n<g clip-path=\"url(#r)\"><rect width=\"{left}\" height=\"20\" fill=\"#444c56\"/><rect \
         x=\"{left}\" width=\"{right}\" height=\"20\" fill=\"{color}\"/></g>\n<g fill=\"#fff\" text-anchor=\"middle\" \
         font-family=\"Verdana,Geneva,DejaVu Sans,sans-serif\" font-size=\"11\">\n<text x=\"{label_at}\" \
         y=\"14\">{LABEL}</text>\n<text x=\"{value_at}\" y=\"14\">{value}</text>\n</g>\n</svg>\n"
    )
}

/// What is wrong with a number that is not vouched for.
fn word(verdict: &Verdict) -> &'static str {
    match verdict.completeness {
        Completeness::Incomplete => "incomplete",
        Completeness::Partial => "partial",
        Completeness::Complete | Completeness::Unknown => "unverified",
    }
}

/// From red to green; white letters can be read on each (a contrast of 4.5 or more).
fn color_of(percent: f64) -> &'static str {
    match percent {
        percent if percent >= 90.0 => "#1a7f37",
        percent if percent >= 75.0 => "#5c6b00",
        percent if percent >= 60.0 => "#9a6700",
        percent if percent >= 40.0 => "#bc4c00",
        _ => "#cf222e",
    }
}

#[cfg(test)]
mod tests {
    use swath_coverage::Numbers;

    use super::*;

    fn badge(missing: usize, completeness: Completeness) -> String {
        badge_with(missing, completeness, &[])
    }

    fn badge_with(missing: usize, completeness: Completeness, doubts: &[&str]) -> String {
        let report = Report {
            totals: Numbers {
                files: 1,
                statements: 100,
                missing,
                ..Numbers::default()
            },
            ..Report::default()
        };
        let verdict = Verdict {
            completeness,
            gaps: Vec::new(),
            doubts: doubts.iter().map(|&doubt| doubt.to_owned()).collect(),
            measured: 1,
            seen: 1,
        };
        render_badge(&report, &verdict, 0)
    }

    #[test]
    fn the_color_follows_the_number_and_only_a_complete_number_has_one() {
        let complete = badge(5, Completeness::Complete);
        assert!(
            complete.contains(">95%<") && complete.contains("#1a7f37"),
            "{complete}"
        );
        assert!(badge(70, Completeness::Complete).contains("#cf222e"));
        let incomplete = badge(5, Completeness::Incomplete);
        assert!(incomplete.contains(">95% incomplete<"), "{incomplete}");
        assert!(!incomplete.contains("#1a7f37"));
        // Nothing is missing where the tests failed, or where nobody looked.
        let failed = badge_with(5, Completeness::Complete, &["the tests failed"]);
        for badge in [failed, badge(5, Completeness::Unknown)] {
            assert!(badge.contains(">95% unverified<"), "{badge}");
            assert!(!badge.contains("#1a7f37"));
        }
        assert!(badge(5, Completeness::Partial).contains(">95% partial<"));
    }

    #[test]
    fn white_letters_can_be_read_on_every_color() {
        let part = |hex: &str| {
            let value = f64::from(u8::from_str_radix(hex, 16).unwrap()) / 255.0;
            if value <= 0.040_45 {
                value / 12.92
            } else {
                ((value + 0.055) / 1.055).powf(2.4)
            }
        };
        for color in [95.0, 80.0, 65.0, 45.0, 5.0]
            .map(color_of)
            .into_iter()
            .chain(["#6e7681", "#444c56"])
        {
            let (red, green, blue) = (part(&color[1..3]), part(&color[3..5]), part(&color[5..7]));
            let luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
            let contrast = 1.05 / (luminance + 0.05);
            assert!(contrast >= 4.5, "{color}: {contrast}");
        }
    }
}
