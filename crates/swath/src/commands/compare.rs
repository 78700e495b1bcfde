//! `swath compare`: two data files side by side.

use std::path::{Path, PathBuf};

use swath_coverage::{Reached, Report, SetReport};
use swath_model::{Message, printable};
use swath_report::{SetOptions, render_sets, write_sets_json};

use super::refusal::{Refusal, usage};
use super::{no_data, put_report, written};
use crate::arguments::{CompareArguments, CompareFormat};
use crate::exit::Exit;
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

fn perform(arguments: &CompareArguments) -> Result<(), Refusal> {
    let [first, second] = both(arguments)?;
    let options = arguments.reading.session();
    let session = Session::begin_reading(&options).map_err(|error| error.message())?;
    let lines_of = shown(arguments, [&first.name, &second.name])?;
    let reports = [model(&session, &first)?, model(&session, &second)?];
    let names = [first.name, second.name];
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
    Ok(())
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

fn model(session: &Session, named: &Named) -> Result<Report, Message> {
    let path = Path::new(session.settings.directory.path()).join(&named.path);
    let data = session.read(&path).map_err(|error| error.message())?;
    if data.is_empty() {
        return Err(no_data(&path));
    }
    let wanted = Wanted {
        contexts: true,
        details: true,
        sources: false,
        ..Wanted::default()
    };
    session
        .model(&data, &[], wanted)
        .map_err(|error| error.message())
}
