//! `swath json`: the report for programs.

use std::collections::BTreeSet;

use swath_data::{ContextId, CoverageData};
use swath_report::{COVERAGE_VERSION, JsonOptions, TextError, write_json};

use crate::coverage_cli::Parsed;
use crate::exit::Exit;
use crate::output_file::write_report;
use crate::reporting::{Failure, Session, Wanted};

/// Writes the JSON report of the data file.
pub(crate) fn json(parsed: &Parsed) -> Exit {
    let (session, data) = match Session::begin_report(&parsed.into()) {
        Ok(begun) => begun,
        Err(failure) => return failure.print(),
    };
    let config = &session.settings.config;
    let output = parsed.text("outfile").unwrap_or(&config.json_output);
    let show_contexts = config.json_show_contexts || parsed.is_set("show_contexts");
    write_report(&session, "JSON report", output, |out| {
        let chosen = chosen_contexts(&session, &data)?;
        let wanted = Wanted {
            contexts: true,
            details: true,
            sources: true,
            ..Wanted::default()
        };
        let report = session.model(&data, &parsed.words(), wanted)?;
        session.say_verdict(&data, &report);
        let precision = usize::try_from(config.precision);
        let options = JsonOptions {
            pretty_print: config.json_pretty_print || parsed.is_set("pretty_print"),
            contexts: show_contexts.then_some(&data),
            chosen,
            precision: precision.map_err(|_| negative(config.precision))?,
            version: COVERAGE_VERSION,
            timestamp: &timestamp(),
        };
        Ok(write_json(&report, &options, out)?)
    })
}

fn negative(precision: i64) -> Failure {
    TextError::Precision { precision }.into()
}

fn chosen_contexts(
    session: &Session,
    data: &CoverageData,
) -> Result<Option<BTreeSet<ContextId>>, Failure> {
    let contexts = session.settings.config.report_contexts.as_deref();
    let contexts = contexts.filter(|contexts| !contexts.is_empty());
    Ok(contexts
        .map(|contexts| data.matching_contexts(contexts))
        .transpose()?)
}

/// The local time as Python's `isoformat` writes it.
fn timestamp() -> String {
    let now = jiff::Zoned::now();
    match now.subsec_nanosecond() / 1_000 {
        0 => now.strftime("%Y-%m-%dT%H:%M:%S").to_string(),
        _ => now.strftime("%Y-%m-%dT%H:%M:%S%.6f").to_string(),
    }
}
