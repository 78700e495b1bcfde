//! `swath report`: in coverage.py's words, on coverage.py's streams.

use swath_coverage::verdict;
use swath_model::Completeness;
use swath_report::{TextError, TextOptions, render_text};

use crate::coverage_cli::Parsed;
use crate::exit::Exit;
use crate::reporting::{Failure, Session, Wanted};

pub(crate) use crate::reporting::{current_folder, print_warnings};
pub(crate) use crate::terminal::print;

/// Prints the text report of the data file.
pub(crate) fn report(parsed: &Parsed) -> Exit {
    render(parsed).unwrap_or_else(|failure| failure.print())
}

fn render(parsed: &Parsed) -> Result<Exit, Failure> {
    let (mut session, data) = Session::begin_report(&parsed.into())?;
    let config = &mut session.settings.config;
    config.show_missing |= parsed.is_set("show_missing");
    if let Some(skip_covered) = parsed.said("skip_covered") {
        config.skip_covered = skip_covered;
    }
    config.skip_empty |= parsed.is_set("skip_empty");
    if let Some(sort) = parsed.text("sort") {
        config.sort = Some(sort.to_owned());
    }
    if let Some(format) = parsed.text("format") {
        config.format = Some(format.to_owned());
    }
    let options = TextOptions::from_config(config);
    check_format(options.format.as_deref())?;
    let wanted = Wanted {
        contexts: true,
        details: false,
        sources: false,
    };
    let report = session.model(&data, &parsed.words(), wanted)?;
    let last_line = session.verdict_under_table(&data, &report, options.format.as_deref());
    print(&render_text(&report, &options)?);
    print(&last_line);
    let exit = session.judge(report.totals.percent());
    let whole = verdict(&data, &report).completeness == Completeness::Complete;
    Ok(match exit {
        Exit::Success if parsed.is_set("require_complete") && !whole => Exit::Incomplete,
        other => other,
    })
}

/// coverage.py looks at the format before it looks at any file.
fn check_format(format: Option<&str>) -> Result<(), TextError> {
    match format.unwrap_or_default() {
        "" | "text" | "markdown" | "total" => Ok(()),
        other => Err(TextError::Format {
            format: other.to_owned(),
        }),
    }
}
