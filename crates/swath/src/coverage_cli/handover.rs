//! `coverage run`, which swath's own parser takes over once coverage.py's rules have read it.

use std::ffi::OsString;
use std::path::Path;

use clap::Parser as _;
use swath_report::warning_with_page;
use swath_run::{Settings, first_on_path};

use crate::arguments::{Cli, Target, Verb};
use crate::commands;
use crate::exit::Exit;
use crate::interpreter::find_interpreter;
use crate::reporting::{current_folder, fail, print_warnings};
use crate::terminal::print_usage;

use super::refusals::Request;
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
    let mut settings = match Settings::load(parsed.text("rcfile"), &current_folder()) {
        Ok(settings) => settings,
        Err(error) => return fail(&error.to_string()),
    };
    if let Some(source) = parsed.list("source") {
        settings.config.source = Some(source);
    }
    if let Some(include) = parsed.list("include") {
        settings.config.run_include = include;
    }
    if let Some(omit) = parsed.list("omit") {
        settings.config.run_omit = omit;
    }
    if let Some(concurrency) = parsed.list("concurrency")
        && let Err(error) = settings.config.set_concurrency(concurrency)
    {
        return fail(&error.to_string());
    }
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
    let Some(name) = program.first().cloned() else {
        return command_line.usage_error("Nothing to do.");
    };
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
    let interpreter = find_interpreter(None);
    let request = Request {
        config: &settings.config,
        program: &name,
        module,
        interpreter: Path::new(&interpreter),
    };
    if let Some(refusal) = request.refusal() {
        // coverage.py was measuring by then, and nothing came of it.
        if refusal.starts_with("Couldn't run") && !module {
            let text = warning_with_page("No data was collected.", "no-data-collected");
            print_warnings(&[text]);
        }
        return fail(&refusal);
    }
    let mut words: Vec<OsString> = vec!["swath".into(), "run".into()];
    words.extend(parsed.canonical(&["debug"]));
    if module && !parsed.is_set("module") {
        words.push("--module".into());
    }
    match Cli::try_parse_from(words) {
        Ok(Cli {
            verb: Verb::Run(mut arguments),
            ..
        }) => {
            arguments.program.as_coverage = true;
            if !module {
                arguments.program.program_folder = first_on_path(Path::new(&name));
            }
            commands::run::run(&mut arguments, Some(Target::Program(program)))
        }
        Ok(_) => Exit::Failure,
        Err(error) => {
            print_usage(&error);
            Exit::Failure
        }
    }
}
