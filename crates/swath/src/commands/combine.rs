//! `swath combine`: data files, and hit stores of a run that was killed, into one data file.

use std::path::{Path, PathBuf};

use swath_data::{
    Combine, CombineError, Combined, ProcessNote, StoredProcess, combine as combine_files,
};
use swath_pattern::PathAliases;
use swath_run::{Role, roles_of};

use crate::arguments::CombineArguments;
use crate::commands::report::{current_folder, fail, print_warnings};
use crate::exit::Exit;
use crate::settings::Settings;

/// Combines data files and hit stores into one data file.
pub(crate) fn combine(arguments: &CombineArguments) -> Exit {
    let mut settings = match Settings::load(arguments.rcfile.as_deref(), &current_folder()) {
        Ok(settings) => settings,
        Err(error) => return fail(&error.to_string()),
    };
    print_warnings(&settings.warnings);
    if let Some(data_file) = &arguments.data_file {
        settings.config.data_file.clone_from(data_file);
    }
    let output = settings.data_file();
    match combine_into(
        &settings,
        &output,
        &arguments.paths,
        arguments.append,
        arguments.keep,
    ) {
        Ok(combined) => {
            print_warnings(&combined.warnings);
            if !arguments.quiet {
                say(&combined.to_string());
            }
            Exit::Success
        }
        Err(failure) => {
            print_warnings(&failure.warnings);
            fail(&failure.message)
        }
    }
}

/// Parallel data files beside the data file, before a report: coverage.py combines them by itself.
pub(crate) fn combine_before_report(settings: &Settings, keep: bool) {
    let output = settings.data_file();
    if let Ok(combined) = combine_into(settings, &output, &[], true, keep) {
        print_warnings(&combined.warnings);
        say(&combined.to_string());
    }
}

/// Why nothing was combined, in coverage.py's words.
struct Failure {
    message: String,
    warnings: Vec<String>,
}

fn combine_into(
    settings: &Settings,
    output: &Path,
    inputs: &[PathBuf],
    append: bool,
    keep: bool,
) -> Result<Combined, Failure> {
    let config = &settings.config;
    let lists = config.paths.iter().map(|(_, list)| list.as_slice());
    let aliases = PathAliases::from_lists(lists, settings.directory.clone(), config.relative_files)
        .map_err(|error| Failure {
            message: error.to_string(),
            warnings: Vec::new(),
        })?;
    combine_files(Combine {
        output,
        inputs,
        append,
        keep,
        aliases,
        note: &note_of_killed,
    })
    .map_err(|error| {
        let message = error.to_string();
        let warnings = match error {
            CombineError::NoUsableData(warnings) => warnings,
            _ => Vec::new(),
        };
        Failure { message, warnings }
    })
}

/// What the hit stores of a killed run say themselves: the services count, or all without one.
fn note_of_killed(process: &StoredProcess, all: &[StoredProcess]) -> ProcessNote {
    let roles = roles_of(all);
    let role = all
        .iter()
        .position(|other| other.id == process.id)
        .and_then(|index| roles.get(index))
        .copied();
    let role = role.unwrap_or(Role::Tool);
    let counted = role == Role::Service || (role == Role::Tests && !roles.contains(&Role::Service));
    ProcessNote {
        counted,
        role: role.name().to_owned(),
        ..ProcessNote::default()
    }
}

fn say(text: &str) {
    anstream::eprintln!("{text}");
}
