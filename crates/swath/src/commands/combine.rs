//! `swath combine`: data files, and hit stores of a run that was killed, into one data file.

use std::path::{Path, PathBuf};

use swath_data::{
    Combine, CombineError, Combined, DataError, FileFacts, ProcessNote, PythonRelease,
    StoredProcess, combine as combine_files, read_data_file, write_data_file,
};
use swath_model::Role;
use swath_run::roles_of_killed;

use crate::coverage_cli::Parsed;
use crate::exit::Exit;
use crate::recorder::SaidPython;
use crate::reporting::{Failure, Session, current_folder};

/// Combines data files and hit stores into one data file.
pub(crate) fn combine(parsed: &Parsed) -> Exit {
    match combine_named(parsed) {
        Ok(()) => Exit::Success,
        Err(failure) => failure.print(),
    }
}

fn combine_named(parsed: &Parsed) -> Result<(), Failure> {
    let session = Session::begin_with_plugins(&parsed.into())?;
    let inputs: Vec<PathBuf> = parsed.arguments.iter().map(PathBuf::from).collect();
    let (append, keep) = (parsed.is_set("append"), parsed.is_set("keep"));
    let labelled = labelled(parsed.texts("label"))?;
    match combine_into(&session, &inputs, &labelled, append, keep)? {
        Ok(combined) => {
            session.messages.warn(&combined.warnings);
            session.messages.say(&combined.to_string());
            if let Some(said) = &session.python {
                write_down(said, &session.settings.data_file())?;
            }
            Ok(())
        }
        Err(CombineError::Data(error)) => Err(error.into()),
        Err(error) => {
            if let CombineError::NoUsableData(warnings) = &error {
                session.messages.warn(warnings);
            }
            Err(Failure::new(error.to_string()))
        }
    }
}

/// The values of `--label`.
fn labelled(values: &[String]) -> Result<Vec<(String, PathBuf)>, Failure> {
    let labelled = values.iter().map(|value| {
        let parts = value.split_once('=');
        let parts = parts.filter(|(name, path)| !name.is_empty() && !path.is_empty());
        let (name, path) =
            parts.ok_or_else(|| Failure::new(format!("`--label {value}` is not NAME=PATH")))?;
        if name.contains(',') {
            let text = format!("`{name}` is not a label: `--labels` lists them with commas");
            return Err(Failure::new(text));
        }
        Ok((name.to_owned(), PathBuf::from(path)))
    });
    labelled.collect()
}

/// Notes in the data which Python recorded the files that do not say it, so that every later report knows.
fn write_down(said: &SaidPython, data_file: &Path) -> Result<(), DataError> {
    let mut data = read_data_file(data_file)?;
    let facts = FileFacts {
        hash: None,
        is_absent: false,
        python: Some(PythonRelease::said(said.version.major, said.version.minor)),
    };
    let unknown: Vec<String> = data
        .files()
        .map(|(path, _)| path)
        .filter(|path| data.accounting.python(path).is_none())
        .map(str::to_owned)
        .collect();
    if unknown.is_empty() {
        return Ok(());
    }
    for path in unknown {
        let known = data.accounting.files.entry(path).or_default();
        known.insert(facts);
    }
    write_data_file(&data, data_file)
}

/// Before a report, the parallel data files beside the data file are combined into it.
pub(crate) fn combine_parallel(session: &Session, keep: bool) -> Result<(), Failure> {
    let (warnings, text) = match combine_into(session, &[], &[], true, keep)? {
        Ok(combined) => (combined.warnings.clone(), combined.to_string()),
        Err(CombineError::NoData) => return Ok(()),
        Err(CombineError::NoUsableData(warnings)) if warnings.is_empty() => return Ok(()),
        Err(CombineError::NoUsableData(warnings)) => {
            let text = Combined {
                errored: warnings.len(),
                ..Combined::default()
            };
            (warnings, text.to_string())
        }
        Err(CombineError::Data(error)) => return Err(error.into()),
        Err(error) => return Err(Failure::new(error.to_string())),
    };
    session.messages.warn(&warnings);
    session.messages.say(&text);
    Ok(())
}

fn combine_into(
    session: &Session,
    inputs: &[PathBuf],
    labelled: &[(String, PathBuf)],
    append: bool,
    keep: bool,
) -> Result<Result<Combined, CombineError>, Failure> {
    let patience = session.messages.patience("Combining");
    Ok(combine_files(Combine {
        output: &session.settings.data_file(),
        inputs,
        labelled,
        append,
        keep,
        aliases: session.aliases()?,
        checkout: Some(&current_folder()),
        notes: &notes_of_killed,
        progress: &|done, total| patience.note(done, total),
    }))
}

/// What the hit stores of a killed run say themselves: the services count, or all without one.
fn notes_of_killed(processes: &[StoredProcess]) -> Vec<ProcessNote> {
    let roles = roles_of_killed(processes);
    let has_services = roles.contains(&Role::Service);
    let note = |role: Role| ProcessNote {
        counted: role == Role::Service || (role == Role::Tests && !has_services),
        role: Some(role),
        ..ProcessNote::default()
    };
    roles.into_iter().map(note).collect()
}
