//! `swath compare`: two data files side by side.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use swath_coverage::{FileReport, FileSets, Reached, Report, SetReport, read_source};
use swath_data::CoverageData;
use swath_model::{Message, printable};
use swath_report::{SetOptions, render_set_pages, render_sets, write_sets_json};

use super::refusal::{Refusal, usage};
use super::{not_written, put_report, read, written};
use crate::arguments::{CompareArguments, CompareFormat};
use crate::exit::Exit;
use crate::page_folder::PageFolder;
use crate::progress::status;
use crate::reporting::{Session, Wanted};

/// Compares two data files.
pub(crate) fn compare(arguments: &CompareArguments) -> Exit {
    match perform(arguments) {
        Ok(()) => Exit::Success,
        Err(refusal) => refusal.print(),
    }
}

/// A data file, and what it is called.
struct Named {
    name: String,
    path: PathBuf,
}

/// What is compared.
enum Sides {
    Files([Named; 2]),
    /// Two labels of one data file.
    Labels([String; 2]),
}

impl Sides {
    fn of(arguments: &CompareArguments) -> Result<Self, Refusal> {
        if arguments.labels.is_empty() {
            return both(arguments).map(Self::Files);
        }
        let hint = "swath compare --labels system,unit .coverage";
        if arguments.files.len() > 1 {
            return Err(usage(
                "`--labels` compares two labels of one data file",
                hint,
            ));
        }
        match &arguments.labels[..] {
            [first, second] if first != second => Ok(Self::Labels([first.clone(), second.clone()])),
            labels => {
                let text = format!("`--labels {}` does not name two labels", labels.join(","));
                Err(usage(text, hint))
            }
        }
    }

    fn names(&self) -> [String; 2] {
        match self {
            Self::Files([first, second]) => [first.name.clone(), second.name.clone()],
            Self::Labels(labels) => labels.clone(),
        }
    }

    fn read(&self, session: &Session, file: Option<&Path>) -> Result<[CoverageData; 2], Message> {
        match self {
            Self::Files([first, second]) => {
                Ok([read(session, &first.path)?, read(session, &second.path)?])
            }
            Self::Labels([first, second]) => {
                let path = match file {
                    Some(file) => file.to_path_buf(),
                    None => session.settings.data_file(),
                };
                let data = read(session, &path)?;
                Ok([labelled(&data, first)?, labelled(&data, second)?])
            }
        }
    }
}

fn perform(arguments: &CompareArguments) -> Result<(), Refusal> {
    let sides = Sides::of(arguments)?;
    let names = sides.names();
    let lines_of = shown(arguments, [&names[0], &names[1]])?;
    let options = arguments.reading.session();
    let session = Session::begin_reading(&options).map_err(|error| error.message())?;
    let [first, second] = sides.read(&session, arguments.files.first().map(PathBuf::as_path))?;
    let reports = [model(&session, &first)?, model(&session, &second)?];
    let report = SetReport::new(names, &reports[0], &reports[1]);
    let text = match arguments.format {
        CompareFormat::Json => written(|out| write_sets_json(&report, out))?,
        format => render_sets(
            &report,
            SetOptions {
                markdown: format == CompareFormat::Markdown,
                lines_of,
            },
        ),
    };
    put_report(&text, arguments.output.as_deref())?;
    if let Some(folder) = &arguments.html {
        write_pages(&session, &report, &reports, folder).map_err(|error| not_written(&error))?;
        status("Wrote", &folder.join("index.html").display().to_string());
    }
    Ok(())
}

fn write_pages(
    session: &Session,
    sets: &SetReport,
    reports: &[Report; 2],
    folder: &Path,
) -> io::Result<()> {
    let all = reports.iter().flat_map(|report| &report.files);
    let files: BTreeMap<&str, &FileReport> = all.map(|file| (file.name.as_str(), file)).collect();
    let source_of = |file: &FileSets| {
        let file = files.get(file.name.as_str())?;
        let text = read_source(file, &session.settings.directory);
        text.ok().map(Cow::Owned)
    };
    let pages = PageFolder::open(folder)?;
    let title = &session.settings.config.html_title;
    render_set_pages(sets, title, &source_of, |piece| pages.put(&piece))?;
    pages.finish().map(drop)
}

/// The two data files, those with names first.
fn both(arguments: &CompareArguments) -> Result<[Named; 2], Refusal> {
    let wrong = |text: &str| {
        usage(
            text,
            "swath compare --name system=.coverage --name unit=unit.coverage",
        )
    };
    let mut all = Vec::new();
    for name in &arguments.name {
        let parts = name.split_once('=');
        let parts = parts.filter(|(name, path)| !name.is_empty() && !path.is_empty());
        let Some((name, path)) = parts else {
            return Err(wrong(&format!("`--name {name}` is not NAME=FILE")));
        };
        all.push(Named {
            name: name.to_owned(),
            path: PathBuf::from(path),
        });
    }
    for path in &arguments.files {
        all.push(Named {
            name: printable(&path.to_string_lossy()).into_owned(),
            path: path.clone(),
        });
    }
    let [first, second] = <[Named; 2]>::try_from(all).map_err(|all| {
        wrong(&format!(
            "two data files are compared, and {} named",
            count(&all)
        ))
    })?;
    if first.name == second.name {
        let text = format!("both data files are called `{}`", first.name);
        return Err(wrong(&text));
    }
    Ok([first, second])
}

fn count(all: &[Named]) -> String {
    match all.len() {
        0 => "none is".to_owned(),
        1 => "one is".to_owned(),
        count => format!("{count} are"),
    }
}

/// Whose lines are listed.
fn shown(arguments: &CompareArguments, names: [&str; 2]) -> Result<Option<Reached>, Refusal> {
    let Some(wanted) = arguments.show.as_deref() else {
        return Ok(None);
    };
    Ok(Some(match wanted {
        name if name == names[0] => Reached::First,
        name if name == names[1] => Reached::Second,
        "both" => Reached::Both,
        "neither" => Reached::Neither,
        other => {
            let [first, second] = names;
            let text = format!("`--show {other}` names none of the sets");
            let hint = format!("the sets are `{first}`, `{second}`, `both` and `neither`");
            return Err(usage(text, hint));
        }
    }))
}

/// What came in under a label.
fn labelled(data: &CoverageData, label: &str) -> Result<CoverageData, Message> {
    data.labelled(label).ok_or_else(|| {
        let known: Vec<String> = data
            .accounting
            .labels
            .names()
            .map(|name| format!("`{}`", printable(name)))
            .collect();
        let text = format!("the data has no label `{label}`");
        Message::error("no-label", text).hint(if known.is_empty() {
            "`swath combine --label NAME=FILE` gives labels".to_owned()
        } else {
            format!("its labels are {}", known.join(", "))
        })
    })
}

fn model(session: &Session, data: &CoverageData) -> Result<Report, Message> {
    let wanted = Wanted {
        contexts: true,
        details: true,
        sources: false,
        ..Wanted::default()
    };
    session
        .model(data, &[], wanted)
        .map_err(|error| error.message())
}
