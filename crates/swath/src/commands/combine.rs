//! `swath combine`: data files, and hit stores of a run that was killed, into one data file.

use std::path::PathBuf;

use swath_data::{
    Combine, CombineError, Combined, PathMap, ProcessNote, StoredProcess, combine as combine_files,
    read_hit_stores,
};
use swath_model::Role;
use swath_pattern::PathAliases;
use swath_run::roles_of_killed;

use crate::coverage_cli::Parsed;
use crate::exit::Exit;
use crate::reporting::{Failure, Session};

/// Combines data files and hit stores into one data file.
pub(crate) fn combine(parsed: &Parsed) -> Exit {
    match combine_named(parsed) {
        Ok(()) => Exit::Success,
        Err(failure) => failure.print(),
    }
}

fn combine_named(parsed: &Parsed) -> Result<(), Failure> {
    let session = Session::begin(parsed)?;
    let inputs: Vec<PathBuf> = parsed.arguments.iter().map(PathBuf::from).collect();
    let (append, keep) = (parsed.is_set("append"), parsed.is_set("keep"));
    match combine_into(&session, &inputs, append, keep)? {
        Ok(combined) => {
            session.messages.warn(&combined.warnings);
            session.messages.say(&combined.to_string());
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

/// Before a report, the parallel data files beside the data file are combined into it.
pub(crate) fn combine_parallel(session: &Session, keep: bool) -> Result<(), Failure> {
    let (warnings, text) = match combine_into(session, &[], true, keep)? {
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
    append: bool,
    keep: bool,
) -> Result<Result<Combined, CombineError>, Failure> {
    let patience = session.messages.patience("Combining");
    Ok(combine_files(Combine {
        output: &session.settings.data_file(),
        inputs,
        append,
        keep,
        aliases: aliases(session, inputs)?,
        note: &note_of_killed,
        progress: &|done, total| patience.note(done, total),
    }))
}

/// The rules of `[paths]` and, for hit stores that come from a container of a killed run, where
/// its folders lie here.
fn aliases(session: &Session, inputs: &[PathBuf]) -> Result<PathAliases, Failure> {
    let mut aliases = session.aliases()?;
    let stores = inputs
        .iter()
        .filter(|path| path.is_dir())
        .flat_map(|path| [path.join("data"), path.clone()])
        .filter_map(|path| read_hit_stores(&path).ok())
        .flat_map(|stores| stores.processes)
        .collect::<Vec<_>>();
    let foreign = stores
        .iter()
        .flat_map(|process| &process.files)
        .filter(|file| !std::path::Path::new(&file.path).exists())
        .collect::<Vec<_>>();
    if foreign.is_empty() {
        return Ok(aliases);
    }
    let mut paths = PathMap::new(
        &crate::commands::report::current_folder(),
        session.aliases()?,
    );
    paths.learn(foreign.iter().copied());
    for file in foreign {
        let Some(here) = paths.map(&file.path, file.hash) else {
            continue;
        };
        let folder = |path: &str| path.rsplit_once('/').map(|(folder, _)| folder.to_owned());
        if let (Some(there), Some(here)) = (folder(&file.path), folder(&here)) {
            // A folder with characters that patterns use keeps its own name.
            let _ = aliases.add(&there, &here);
        }
    }
    Ok(aliases)
}

/// What the hit stores of a killed run say themselves: the services count, or all without one.
fn note_of_killed(process: &StoredProcess, all: &[StoredProcess]) -> ProcessNote {
    let roles = roles_of_killed(all);
    let role = all
        .iter()
        .position(|other| other.id == process.id)
        .and_then(|index| roles.get(index))
        .copied();
    let role = role.unwrap_or(Role::Tool);
    let counted = role == Role::Service || (role == Role::Tests && !roles.contains(&Role::Service));
    ProcessNote {
        counted,
        role: Some(role),
        ..ProcessNote::default()
    }
}
