//! Annotations in the form that GitHub reads from the output of a step.

use std::fmt::Write as _;

use swath_coverage::ChangeReport;
use swath_model::neutralize_control;

use super::words::sentence;

/// Renders a warning for each part that the change left untested.
pub fn render_change_annotations(report: &ChangeReport) -> String {
    let mut out = String::new();
    for file in &report.files {
        let path = escape_property(&neutralize_control(&file.change.path));
        for part in file.untested() {
            let message = escape_message(&sentence(file, &part));
            let (first, last) = (part.first, part.last);
            let _ = writeln!(
                out,
                "::warning file={path},line={first},endLine={last},title=Changed and not tested::{message}"
            );
        }
    }
    out
}

fn escape_message(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

fn escape_property(text: &str) -> String {
    escape_message(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_separates_is_escaped() {
        assert_eq!(escape_property("a%b:c,d\n"), "a%25b%3Ac%2Cd%0A");
        assert_eq!(escape_message("50%: a, b"), "50%25: a, b");
    }
}
