//! `swath xml`: the report in Cobertura's format.

use std::time::{SystemTime, UNIX_EPOCH};

use swath_coverage::existing_sources;
use swath_report::{COVERAGE_VERSION, XmlOptions, render_xml};

use crate::coverage_cli::Parsed;
use crate::exit::Exit;
use crate::output_file::write_report;
use crate::reporting::{Session, Wanted};

/// Writes the XML report of the data file.
pub(crate) fn xml(parsed: &Parsed) -> Exit {
    let (session, data) = match Session::begin_report(&parsed.into()) {
        Ok(begun) => begun,
        Err(failure) => return failure.print(),
    };
    let config = &session.settings.config;
    let output = parsed.text("outfile").unwrap_or(&config.xml_output);
    write_report(&session, "XML report", output, |out| {
        let wanted = Wanted {
            contexts: false,
            details: false,
            sources: false,
            ..Wanted::default()
        };
        let report = session.model(&data, &parsed.words(), wanted)?;
        session.say_verdict(&data, &report);
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let directory = &session.settings.directory;
        let options = XmlOptions {
            skip_empty: config.skip_empty || parsed.is_set("skip_empty"),
            package_depth: usize::try_from(config.xml_package_depth).unwrap_or(0),
            source_paths: existing_sources(config, directory),
            relative_files: config.relative_files,
            directory,
            version: COVERAGE_VERSION,
            timestamp: u64::try_from(now.as_millis()).unwrap_or(u64::MAX),
        };
        let (text, total) = render_xml(&report, &options);
        out.write_all(text.as_bytes())?;
        Ok(total)
    })
}
