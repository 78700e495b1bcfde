//! `swath diff`: what of a change was measured.

use std::borrow::Cow;
use std::io;
use std::path::Path;

use swath_config::GateSubject;
use swath_coverage::{ChangeReport, FileChange, FileReport, Gate, Report, read_source, verdict};
use swath_data::CoverageData;
use swath_model::{Message, Verdict};
use swath_report::{
    TextOptions, change_annotations, change_remarks, code_quality, github_command,
    render_change_markdown, render_change_page, render_change_text, verdict_line,
    write_change_json,
};

use super::{no_data, not_written, put_report, written};
use crate::arguments::{DiffArguments, DiffFormat};
use crate::change_source::ChangeSource;
use crate::commands::source_links::ForgeSources;
use crate::diagnostic::Show as _;
use crate::exit::Exit;
use crate::gates::{Gates, GatesError, Judged, all_passed};
use crate::page_folder::PageFolder;
use crate::progress::status;
use crate::reporting::{Failure, Session, Wanted, current_folder};
use crate::terminal::tell;

/// Reports what of a change was measured.
pub(crate) fn diff(arguments: &DiffArguments) -> Exit {
    perform(arguments).unwrap_or_else(|message| {
        message.print();
        Exit::Failure
    })
}

fn perform(arguments: &DiffArguments) -> Result<Exit, Message> {
    let folder = current_folder();
    let gates = match gates(arguments, &folder) {
        Ok(gates) => gates,
        Err(error) if error.is_usage() => {
            error.message().print();
            return Ok(Exit::RunFailure);
        }
        Err(error) => return Err(error.message()),
    };
    let change = ChangeSource::find(&arguments.change, &folder).map_err(|error| error.message())?;
    change.say_warnings();
    let options = arguments.data.session();
    let session = Session::begin_reading(&options).map_err(|error| error.message())?;
    // A question changes no file: nothing is combined, as `report` does.
    let path = session.settings.data_file();
    let data = session.read(&path).map_err(|error| error.message())?;
    if data.is_empty() {
        return Err(no_data(&path));
    }
    let directory = &session.settings.directory;
    let matched = change.matched(&data, directory);
    let files = if gates.ask_for_all() {
        Some(Vec::new())
    } else {
        let known: Vec<String> = matched.known.keys().cloned().collect();
        Some(known).filter(|known| !known.is_empty())
    };
    let report = model(&session, &data, &change, files).map_err(|error| error.message())?;
    let verdict = verdict(&data, &report);
    // Gates of the whole are about the files that `report` has: what was followed is not measured
    // as it is here. A model of many files is large: a copy is made for the gates that ask for it alone.
    let judged = gates.ask_for_all().then(|| report.without_followed());
    let comparison = change.comparison.clone();
    let changes = matched.report(report, comparison, (&data, &path), directory);
    let shown = Shown {
        session: &session,
        changes: &changes,
        verdict: &verdict,
    };
    shown.report(arguments)?;
    let judged = Judged {
        report: &judged.unwrap_or_default(),
        changes: Some(&changes),
        data: &data,
        settings: &session.settings,
    };
    let failures = gates.judge(judged).map_err(|error| error.message())?;
    Ok(if !all_passed(&failures) {
        Exit::BelowFailUnder
    } else if session.is_unsure() {
        Exit::Failure
    } else {
        Exit::Success
    })
}

/// The gates, before anything is looked at.
fn gates(arguments: &DiffArguments, folder: &Path) -> Result<Gates, GatesError> {
    let mut gates = Gates::load(folder, &arguments.report.gate)?;
    if let Some(minimum) = arguments.report.fail_under {
        Gate::of(GateSubject::Changed, minimum, 0)?;
        gates.set(GateSubject::Changed, minimum);
    }
    Ok(gates)
}

/// Analyses these files; none at all, if nothing is to be analyzed.
fn model(
    session: &Session,
    data: &CoverageData,
    change: &ChangeSource,
    files: Option<Vec<String>>,
) -> Result<Report, Failure> {
    let Some(files) = files else {
        return Ok(Report {
            has_arcs: data.has_arcs(),
            ..Report::default()
        });
    };
    let wanted = Wanted {
        contexts: true,
        // Of all files something must be left to be judged, but not of those that changed.
        or_nothing: !files.is_empty(),
        ..Wanted::default()
    };
    session.model_followed(data, &files, wanted, Some(&|hashes| change.texts(hashes)))
}

/// What is shown of a change.
struct Shown<'a> {
    session: &'a Session,
    changes: &'a ChangeReport,
    verdict: &'a Verdict,
}

impl Shown<'_> {
    fn report(&self, arguments: &DiffArguments) -> Result<(), Message> {
        let wanted = &arguments.report;
        let text = self.render(wanted.format)?;
        put_report(&text, wanted.output.as_deref())?;
        if wanted.format == DiffFormat::Github || wanted.format == DiffFormat::Gitlab {
            // The annotations have no place for what is about no line.
            for remark in change_remarks(self.changes) {
                tell(&remark);
            }
            tell(&verdict_line(self.verdict));
        }
        if let Some(folder) = &wanted.html {
            self.write_page(folder)
                .map_err(|error| not_written(&error))?;
            status("Wrote", &folder.join("index.html").display().to_string());
        }
        Ok(())
    }

    fn render(&self, format: DiffFormat) -> Result<String, Message> {
        let options = TextOptions {
            show_missing: true,
            format: None,
            ..TextOptions::from_config(&self.session.settings.config)
        };
        let failed = |error: swath_report::TextError| Failure::from(error).message();
        let source_of = |file: &FileChange| self.source_of(file);
        match format {
            DiffFormat::Text => {
                let table = render_change_text(self.changes, &options).map_err(failed)?;
                Ok(format!("{table}\n{}\n", verdict_line(self.verdict)))
            }
            DiffFormat::Markdown => {
                let folder = Path::new(self.session.settings.directory.path());
                let forge = ForgeSources::find(folder);
                let link_of =
                    |file: &FileReport, first, last| forge.as_ref()?.link(file, first, last);
                let (changes, verdict) = (self.changes, self.verdict);
                render_change_markdown(changes, &options, verdict, &source_of, &link_of)
                    .map_err(failed)
            }
            DiffFormat::Json => written(|out| write_change_json(self.changes, self.verdict, out)),
            DiffFormat::Github => {
                let annotations = change_annotations(self.changes, &source_of);
                Ok(annotations.iter().map(github_command).collect())
            }
            DiffFormat::Gitlab => Ok(code_quality(&change_annotations(self.changes, &source_of))),
        }
    }

    /// The text of a file, while it is here.
    fn source_of(&self, file: &FileChange) -> Option<Cow<'static, str>> {
        let text = read_source(&file.file, &self.session.settings.directory);
        text.ok().map(Cow::Owned)
    }

    fn write_page(&self, folder: &Path) -> io::Result<()> {
        let config = &self.session.settings.config;
        let pages = PageFolder::open(folder)?;
        let precision = usize::try_from(config.precision).unwrap_or(0);
        let source_of = |file: &FileChange| self.source_of(file);
        let page = render_change_page(
            self.changes,
            &config.html_title,
            precision,
            self.verdict,
            &source_of,
        );
        for piece in page {
            pages.put(&piece)?;
        }
        pages.finish().map(drop)
    }
}
