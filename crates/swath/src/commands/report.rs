//! `swath report`: in coverage.py's words, on coverage.py's streams.

use std::borrow::Cow;
use std::path::Path;

use swath_config::GateSubject;
use swath_coverage::{FileChange, FileReport, Report, read_source, verdict};
use swath_data::CoverageData;
use swath_model::{Completeness, Message};
use swath_report::{Comment, TextError, TextOptions, render_comment, render_text};
use swath_run::Settings;

use super::by::By;
use crate::arguments::ChangeArguments;
use crate::change_source::changes_since;
use crate::ci_report::{CiFormat, show_for_gitlab, show_on_github};
use crate::commands::source_links::ForgeSources;
use crate::coverage_cli::Parsed;
use crate::diagnostic::Show as _;
use crate::exit::Exit;
use crate::gates::{Gates, GatesError, Judged, all_passed};
use crate::reporting::{Failure, Session, Stdout, Wanted};

pub(crate) use crate::reporting::{current_folder, print_warnings};
pub(crate) use crate::terminal::print;

/// Prints the text report of the data file.
pub(crate) fn report(parsed: &Parsed) -> Exit {
    render(parsed).unwrap_or_else(|failure| failure.print())
}

fn render(parsed: &Parsed) -> Result<Exit, Failure> {
    let mut gates = match gates(parsed) {
        Ok(gates) => gates,
        Err(error) => return Ok(told(&error.message())),
    };
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
    let ci = CiFormat::parse(options.format.as_deref()).filter(|_| !parsed.as_coverage);
    if ci.is_none() {
        check_format(options.format.as_deref())?;
    }
    let by = match By::of(parsed, options.format.as_deref()) {
        Ok(by) => by,
        Err(message) => return Ok(told(&message)),
    };
    if let Some(description) = by.as_ref().and_then(By::description) {
        gates.describe(description.clone());
    }
    let is_comment = parsed.text("since").is_some();
    if is_comment && options.format.as_deref() != Some("markdown") {
        let text = "`--since` belongs to a comment";
        let hint = "swath report --format=markdown --since REVISION, or swath diff".to_owned();
        return Ok(told(&Message::error("usage", text).hint(hint)));
    }
    let wanted = Wanted {
        contexts: true,
        details: is_comment || ci.is_some(),
        sources: ci.is_some(),
        or_nothing: false,
    };
    let report = session.model(&data, &parsed.words(), wanted)?;
    if let Some(since) = parsed.text("since") {
        let comment = CommentRequest {
            session: &session,
            data: &data,
            report: &report,
            options: &options,
            require_complete: parsed.is_set("require_complete"),
        };
        return Ok(comment
            .perform(since, gates)
            .unwrap_or_else(|message| told(&message)));
    }
    match ci {
        Some(CiFormat::GitHub) => {
            show_on_github(&report, &verdict(&data, &report), &options)?;
            session.say_verdict(&data, &report);
        }
        Some(CiFormat::GitLab) => {
            show_for_gitlab(&report);
            session.say_verdict(&data, &report);
        }
        None => {
            let text = match by.map(|by| by.render(&data, &report, &session)) {
                Some(Ok(text)) => text,
                Some(Err(message)) => return Ok(told(&message)),
                None => render_text(&report, &options)?,
            };
            let last_line = session.verdict_under_table(&data, &report, options.format.as_deref());
            print(&text);
            print(&last_line);
        }
    }
    let stdout = match options.format.as_deref() {
        Some("gitlab" | "markdown" | "total") => Stdout::Data,
        _ => Stdout::Text,
    };
    let exit = session.judge(report.totals.percent(), stdout);
    let passed = match judge(&gates, &session, &data, &report) {
        Ok(passed) => passed,
        Err(message) => return Ok(told(&message)),
    };
    let whole = verdict(&data, &report).completeness == Completeness::Complete;
    Ok(match exit {
        Exit::Success | Exit::Failure if !passed => Exit::BelowFailUnder,
        Exit::Success if parsed.is_set("require_complete") && !whole => Exit::Incomplete,
        other => other,
    })
}

/// The gates besides `fail_under`; coverage.py knows none.
fn gates(parsed: &Parsed) -> Result<Gates, GatesError> {
    if parsed.as_coverage {
        return Ok(Gates::default());
    }
    let said = parsed.texts("gate").iter();
    let said = said.flat_map(|text| text.split(',')).map(str::to_owned);
    Gates::load(&current_folder(), &said.collect::<Vec<_>>())
}

/// Whether all gates passed; says which did not.
fn judge(
    gates: &Gates,
    session: &Session,
    data: &CoverageData,
    report: &Report,
) -> Result<bool, Message> {
    let wanted = ChangeArguments::default();
    let changes = gates
        .ask_for_changes()
        .then(|| changes_since(&wanted, report, data, &session.settings));
    let changes = changes.transpose().map_err(|error| error.message())?;
    let failures = gates.judge(Judged {
        report,
        changes: changes.as_ref(),
        data,
        settings: &session.settings,
    });
    Ok(all_passed(&failures.map_err(|error| error.message())?))
}

/// A comment for a pull request.
struct CommentRequest<'a> {
    session: &'a Session,
    data: &'a CoverageData,
    report: &'a Report,
    options: &'a TextOptions,
    require_complete: bool,
}

impl CommentRequest<'_> {
    /// Prints the comment, with what the gates say; so it is all that stands on standard output.
    fn perform(&self, since: &str, mut gates: Gates) -> Result<Exit, Message> {
        let Settings {
            config, directory, ..
        } = &self.session.settings;
        if config.fail_under > 0.0 {
            gates.add(GateSubject::Total, config.fail_under);
        }
        let wanted = ChangeArguments {
            since: Some(since.to_owned()),
            ..ChangeArguments::default()
        };
        let changes = changes_since(&wanted, self.report, self.data, &self.session.settings);
        let changes = changes.map_err(|error| error.message())?;
        let failures = gates
            .judge(Judged {
                report: self.report,
                changes: Some(&changes),
                data: self.data,
                settings: &self.session.settings,
            })
            .map_err(|error| error.message())?;
        let verdict = verdict(self.data, self.report);
        // A remote's branch, as the history would have it.
        let branch = since.strip_prefix("origin/").unwrap_or(since);
        let before = gates.last_run(branch).map_err(|error| error.message())?;
        let comment = Comment {
            before: before.as_ref(),
            report: self.report,
            changes: &changes,
            verdict: &verdict,
            failures: &failures,
            options: self.options,
        };
        let source_of = |file: &FileChange| {
            let text = read_source(&file.file, directory);
            text.ok().map(Cow::Owned)
        };
        let forge = ForgeSources::find(Path::new(directory.path()));
        let link_of = |file: &FileReport, first, last| forge.as_ref()?.link(file, first, last);
        let text = render_comment(comment, &source_of, &link_of);
        print(&text.map_err(|error| Failure::from(error).message())?);
        Ok(if !all_passed(&failures) {
            Exit::BelowFailUnder
        } else if self.session.is_unsure() {
            Exit::Failure
        } else if self.require_complete && verdict.completeness != Completeness::Complete {
            Exit::Incomplete
        } else {
            Exit::Success
        })
    }
}

fn told(message: &Message) -> Exit {
    message.print();
    Exit::Failure
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
