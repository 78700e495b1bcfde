//! `swath html`: the report as pages, in coverage.py's words and on its streams.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use swath_changes::LineRanges;
use swath_config::CoverageConfig;
use swath_coverage::{FileReport, Report, chosen_contexts, read_source};
use swath_data::CoverageData;
use swath_model::Message;
use swath_pattern::Directory;
use swath_report::{Description, HtmlOptions, render_html};

use super::api_description::read_description;
use crate::arguments::ChangeArguments;
use crate::change_source::ChangeSource;
use crate::coverage_cli::Parsed;
use crate::diagnostic::Show as _;
use crate::exit::Exit;
use crate::page_folder::PageFolder;
use crate::reporting::{Failure, ReportError, Session, Stdout, Wanted};
use crate::terminal::tell;

/// A larger single file is slow to open.
const LARGE: usize = 20 * 1024 * 1024;

/// Writes the HTML report of the data file.
pub(crate) fn html(parsed: &Parsed) -> Exit {
    write(parsed).unwrap_or_else(|failure| failure.print())
}

fn write(parsed: &Parsed) -> Result<Exit, Failure> {
    let (mut session, data) = Session::begin_report(&parsed.into())?;
    override_config(&mut session.settings.config, parsed);
    let config = &session.settings.config;
    let single_file = parsed.is_set("single_file");
    let report = session.model(
        &data,
        &parsed.words(),
        Wanted {
            contexts: true,
            details: true,
            sources: false,
            ..Wanted::default()
        },
    )?;
    let request = HtmlRequest {
        config,
        directory: &session.settings.directory,
        target: Path::new(&config.html_dir),
        single_file,
        no_source: parsed.is_set("no_source"),
        description: match described(parsed) {
            Ok(description) => description,
            Err(message) => {
                message.print();
                return Ok(Exit::Failure);
            }
        },
        changed: match parsed.text("since") {
            Some(since) => match changed_lines(since, &data, &session) {
                Ok(changed) => changed,
                Err(message) => {
                    message.print();
                    return Ok(Exit::Failure);
                }
            },
            None => BTreeMap::new(),
        },
    };
    let largest = write_html(&data, &report, &request)?;
    let index = config.html_dir.trim_end_matches('/');
    session
        .messages
        .say(&format!("Wrote HTML report to {index}/index.html"));
    session.say_verdict(&data, &report);
    if largest > LARGE && single_file {
        tell(&format!(
            "warning[large-report]: the report has {} MB in one file and opens slowly; without `--single-file` every page is a file of its own",
            largest / (1024 * 1024)
        ));
    }
    // coverage.py's HTML report calls nothing to run 0 %.
    let total = match report.totals.statements {
        0 => 0.0,
        _ => report.totals.percent(),
    };
    Ok(session.judge(total, Stdout::Text))
}

/// What an API promises, if a description of it is named.
fn described(parsed: &Parsed) -> Result<Option<Description>, Message> {
    let description = parsed.text("openapi").map(Path::new);
    description.map(read_description).transpose()
}

/// The lines to mark: what a change wrote, by the paths in the data.
fn changed_lines(
    since: &str,
    data: &CoverageData,
    session: &Session,
) -> Result<BTreeMap<String, LineRanges>, Message> {
    let wanted = ChangeArguments {
        since: Some(since.to_owned()),
        ..ChangeArguments::default()
    };
    let directory = &session.settings.directory;
    let change = ChangeSource::find(&wanted, Path::new(directory.path()));
    let change = change.map_err(|error| error.message())?;
    change.say_warnings();
    let known = change.matched(data, directory).known.into_iter();
    Ok(known.map(|(path, file)| (path, file.lines)).collect())
}

fn override_config(config: &mut CoverageConfig, parsed: &Parsed) {
    if let Some(skip_covered) = parsed.said("skip_covered") {
        config.html_skip_covered = Some(skip_covered);
    }
    if parsed.is_set("skip_empty") {
        config.html_skip_empty = Some(true);
    }
    config.show_contexts |= parsed.is_set("show_contexts");
    if let Some(directory) = parsed.text("directory") {
        directory.clone_into(&mut config.html_dir);
    }
    if let Some(title) = parsed.text("title") {
        title.clone_into(&mut config.html_title);
    }
}

/// What an HTML report is made from, besides the data and its model.
pub(crate) struct HtmlRequest<'a> {
    pub(crate) config: &'a CoverageConfig,
    pub(crate) directory: &'a Directory,
    /// The report's folder.
    pub(crate) target: &'a Path,
    pub(crate) single_file: bool,
    pub(crate) no_source: bool,
    /// What an API promises.
    pub(crate) description: Option<Description>,
    /// Lines that a change wrote, by the paths in the data.
    pub(crate) changed: BTreeMap<String, LineRanges>,
}

/// Why there is no HTML report.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HtmlError {
    #[error(transparent)]
    Report(#[from] ReportError),
    #[error("Couldn't write the HTML report: {0}")]
    Write(#[from] io::Error),
}

impl From<HtmlError> for Failure {
    fn from(error: HtmlError) -> Self {
        match error {
            HtmlError::Report(error) => error.into(),
            HtmlError::Write(_) => Self::new(error.to_string()),
        }
    }
}

/// Writes the report of a model that has details. Gives the size of its largest file.
pub(crate) fn write_html(
    data: &CoverageData,
    report: &Report,
    request: &HtmlRequest<'_>,
) -> Result<usize, HtmlError> {
    let config = request.config;
    let mut options = HtmlOptions::from_config(config).map_err(ReportError::from)?;
    options.contexts = chosen_contexts(config, data).map_err(ReportError::from)?;
    // Who ran a line is what such data is for.
    options.show_contexts |= !data.accounting.attribution.is_empty();
    options.description.clone_from(&request.description);
    options.single_file = request.single_file;
    options.no_source = request.no_source;
    options.changed.clone_from(&request.changed);
    let folder = Path::new(request.directory.path());
    if let Some(style) = config.extra_css.as_ref().filter(|style| !style.is_empty()) {
        options.extra_css = Some(fs_err::read(folder.join(style))?);
    }
    let pages = PageFolder::open(&folder.join(request.target))?;
    // A text that cannot be read any more is missing on its page, which says so.
    let source_of = |file: &FileReport| {
        let text = read_source(file, request.directory);
        text.ok().map(Cow::Owned)
    };
    render_html(report, data, &options, &source_of, &|piece| {
        pages.put(&piece)
    })?;
    Ok(pages.finish()?)
}
