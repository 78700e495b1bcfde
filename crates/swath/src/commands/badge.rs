//! `swath badge`: the total as a picture.

use swath_coverage::verdict;
use swath_report::render_badge;

use crate::coverage_cli::Parsed;
use crate::exit::Exit;
use crate::output_file::write_report;
use crate::reporting::{Session, Wanted};

/// Where the badge goes unless somebody says otherwise.
const FILE: &str = "coverage.svg";

/// Draws the badge of the data file.
pub(crate) fn badge(parsed: &Parsed) -> Exit {
    let (session, data) = match Session::begin_report(&parsed.into()) {
        Ok(begun) => begun,
        Err(failure) => return failure.print(),
    };
    let output = parsed.text("outfile").unwrap_or(FILE);
    let precision = usize::try_from(session.settings.config.precision).unwrap_or(0);
    write_report(&session, "badge", output, |out| {
        let wanted = Wanted {
            contexts: false,
            details: false,
            sources: false,
            ..Wanted::default()
        };
        let report = session.model(&data, &parsed.words(), wanted)?;
        session.say_verdict(&data, &report);
        let verdict = verdict(&data, &report);
        out.write_all(render_badge(&report, &verdict, precision).as_bytes())?;
        Ok(report.totals.percent())
    })
}
