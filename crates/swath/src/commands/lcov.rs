//! `swath lcov`: the report in LCOV's format.

use swath_report::{LcovOptions, write_lcov};

use crate::coverage_cli::Parsed;
use crate::exit::Exit;
use crate::output_file::write_report;
use crate::reporting::{Session, Wanted};

/// Writes the LCOV report of the data file.
pub(crate) fn lcov(parsed: &Parsed) -> Exit {
    let (session, data) = match Session::begin_report(&parsed.into()) {
        Ok(begun) => begun,
        Err(failure) => return failure.print(),
    };
    let config = &session.settings.config;
    let output = parsed.text("outfile").unwrap_or(&config.lcov_output);
    write_report(&session, "LCOV report", output, |out| {
        let wanted = Wanted {
            contexts: false,
            details: true,
            sources: true,
            ..Wanted::default()
        };
        let report = session.model(&data, &parsed.words(), wanted)?;
        session.say_verdict(&data, &report);
        let options = LcovOptions {
            skip_empty: config.skip_empty,
            line_checksums: config.lcov_line_checksums,
        };
        Ok(write_lcov(&report, options, out)?)
    })
}
