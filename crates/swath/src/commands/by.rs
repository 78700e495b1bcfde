//! `swath report --by`: a row for each test or endpoint.

use std::path::Path;

use swath_coverage::{AttributionReport, Report, chosen_contexts};
use swath_data::CoverageData;
use swath_model::Message;
use swath_report::{AttributionRows, Description, Promises, render_attribution};

use super::api_description::read_description;
use crate::coverage_cli::Parsed;
use crate::reporting::Session;

/// What is asked for.
pub(super) struct By {
    rows: AttributionRows,
    markdown: bool,
    description: Option<Description>,
}

impl By {
    /// What the command line asks for, if it does; `format` is the report's.
    pub(super) fn of(parsed: &Parsed, format: Option<&str>) -> Result<Option<Self>, Message> {
        let usage =
            |text: &str, hint: &str| Err(Message::error("usage", text).hint(hint.to_owned()));
        let openapi = parsed.text("openapi");
        let rows = match parsed.text("by") {
            Some("test") => AttributionRows::Tests,
            Some(_) => AttributionRows::Endpoints,
            None if openapi.is_some() => AttributionRows::Endpoints,
            None => return Ok(None),
        };
        if openapi.is_some() && rows == AttributionRows::Tests {
            return usage(
                "`--openapi` is about endpoints",
                "swath report --by endpoint --openapi FILE",
            );
        }
        let markdown = match format.unwrap_or_default() {
            "" | "text" => false,
            "markdown" => true,
            _ => {
                return usage(
                    "`--by` has the formats text and markdown",
                    "swath report --by test --format markdown",
                );
            }
        };
        if parsed.text("since").is_some() {
            return usage(
                "`--by` and `--since` do not go together",
                "swath report --by test",
            );
        }
        let description = openapi.map(|file| read_description(Path::new(file)));
        Ok(Some(Self {
            rows,
            markdown,
            description: description.transpose()?,
        }))
    }

    /// The description of an API that is given.
    pub(super) fn description(&self) -> Option<&Description> {
        self.description.as_ref()
    }

    /// The text of the report.
    pub(super) fn render(
        &self,
        data: &CoverageData,
        report: &Report,
        session: &Session,
    ) -> Result<String, Message> {
        // The model has read the contexts already.
        let chosen = chosen_contexts(&session.settings.config, data)
            .ok()
            .flatten();
        let found = AttributionReport::new(data, report, chosen.as_ref());
        let is_missing = match self.rows {
            AttributionRows::Tests => found.tests.is_empty(),
            AttributionRows::Endpoints => found.endpoints.is_empty(),
        };
        if is_missing && self.rows == AttributionRows::Tests && !found.is_empty() {
            let text = "no test named itself in what it asked of the services";
            return Err(
                Message::error("no-attribution", text).hint("swath test-start NAME".to_owned())
            );
        }
        if is_missing {
            let text = match self.rows {
                AttributionRows::Tests => "the data does not say which test ran what",
                AttributionRows::Endpoints => "the data does not say which endpoint ran what",
            };
            return Err(
                Message::error("no-attribution", text).hint("swath run --attribution".to_owned())
            );
        }
        let promises = self.description.as_ref();
        let promises = promises.map(|description| Promises::new(description, &found));
        Ok(render_attribution(
            &found,
            self.rows,
            promises.as_ref(),
            self.markdown,
        ))
    }
}
