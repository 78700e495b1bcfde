//! Where coverage.py explains a message: the end of the ones that have a page.

use crate::COVERAGE_URL;

/// An error as coverage.py prints it: with the page of its slug, if it has one.
///
/// ```
/// let text = swath_report::error_with_page("No source for code: 'a.py'.", Some("no-source"));
/// assert!(text.starts_with("No source for code: 'a.py'; see https://"));
/// ```
pub fn error_with_page(text: &str, slug: Option<&str>) -> String {
    match slug {
        Some(slug) => {
            let text = text.trim_end_matches('.');
            format!("{text}; see {COVERAGE_URL}/messages.html#error-{slug}")
        }
        None => text.to_owned(),
    }
}

/// A warning as coverage.py prints it.
pub fn warning_with_page(text: &str, slug: &str) -> String {
    format!("{text} ({slug}); see {COVERAGE_URL}/messages.html#warning-{slug}")
}
