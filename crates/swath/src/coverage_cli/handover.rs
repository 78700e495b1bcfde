//! `coverage run`, which swath's own parser takes over once coverage.py's rules have read it.

use std::ffi::OsString;

use clap::Parser as _;
use swath_run::Settings;

use crate::arguments::{Cli, Target, Verb};
use crate::commands;
use crate::exit::Exit;
use crate::reporting::current_folder;
use crate::terminal::print_usage;

use super::{CommandLine, Parsed};

/// Options of `run` that multiprocessing takes from a configuration file only.
const NOT_WITH_MULTIPROCESSING: [&str; 6] =
    ["branch", "include", "omit", "pylib", "source", "timid"];

/// `coverage run`.
pub(super) fn run(command_line: &CommandLine, parsed: &Parsed) -> Exit {
    let mut program = parsed.arguments.clone();
    let mut module = parsed.is_set("module");
    if module && program.is_empty() {
        return command_line.usage_error("No module specified for -m");
    }
    let settings = match Settings::load(parsed.text("rcfile"), &current_folder()) {
        Ok(settings) => settings,
        Err(error) => return crate::reporting::fail(&error.to_string()),
    };
    if program.is_empty() {
        let line = settings.config.command_line.clone().unwrap_or_default();
        let words = shell_words::split(&line).unwrap_or_default();
        program = words.into_iter().map(OsString::from).collect();
        if program
            .first()
            .is_some_and(|word| word == "-m" || word == "--module")
        {
            module = true;
            program.remove(0);
        }
    }
    if program.is_empty() {
        return command_line.usage_error("Nothing to do.");
    }
    if parsed.is_set("append") && (parsed.is_set("parallel_mode") || settings.config.parallel) {
        return command_line.usage_error("Can't append to data files in parallel mode.");
    }
    let concurrency = parsed.text("concurrency").unwrap_or_default();
    if concurrency
        .split(',')
        .any(|library| library == "multiprocessing")
        && let Some(option) = NOT_WITH_MULTIPROCESSING
            .iter()
            .find(|key| parsed.is_set(key) || parsed.text(key).is_some())
    {
        return command_line.usage_error(&format!(
            "Options affecting multiprocessing must only be specified in a configuration \
             file.\nRemove --{option} from the command line."
        ));
    }
    let mut words: Vec<OsString> = vec!["swath".into(), "run".into()];
    words.extend(parsed.canonical(&["debug"]));
    if module && !parsed.is_set("module") {
        words.push("--module".into());
    }
    match Cli::try_parse_from(words) {
        Ok(Cli {
            verb: Verb::Run(arguments),
            ..
        }) => commands::run::run(&arguments, Some(Target::Program(program))),
        Ok(_) => Exit::Failure,
        Err(error) => {
            print_usage(&error);
            Exit::Failure
        }
    }
}
