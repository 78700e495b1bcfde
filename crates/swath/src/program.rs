//! `swath run PROGRAM`: one program, as `coverage run` does it: everything counts, no report.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use swath_model::{Counted, Finding, Message};
use swath_report::warning_with_page;
use swath_run::{FinishedRun, Observer, RunEvent, RunKind, RunRequest, Settings, beside};

use crate::arguments::RunArguments;
use crate::commands::report::{current_folder, fail, print_warnings};
use crate::commands::run::{load_settings, run_failure};
use crate::diagnostic::Show as _;
use crate::exit::Exit;
use crate::interpreter::find_interpreter;

/// Runs the program (or module) that `words` begins with; the exit code is its own.
pub(crate) fn run(arguments: &RunArguments, words: &[OsString]) -> Exit {
    if words.is_empty() {
        return fail("No module specified for -m");
    }
    if arguments.program.append && arguments.program.parallel_mode {
        return fail("Can't append to data files in parallel mode.");
    }
    match request(arguments, words) {
        Ok(request) => perform(arguments, &request, words),
        Err(message) => {
            message.print();
            Exit::Failure
        }
    }
}

fn request(arguments: &RunArguments, words: &[OsString]) -> Result<RunRequest, Message> {
    let folder = current_folder();
    let overrides = arguments.overrides();
    let rcfile = arguments.measure.rcfile.as_deref();
    let settings = load_settings(&overrides, rcfile, &folder)?;
    Ok(RunRequest {
        services: Vec::new(),
        command: command(arguments, words),
        environment: vec![("COVERAGE_RUN".to_owned(), "true".to_owned())],
        kind: RunKind::Program,
        containers: false,
        compose: None,
        folder,
        data_file: data_file(arguments, &settings),
        settings,
        overrides,
        rcfile_named: rcfile.is_some(),
        counted: Counted::All,
        append: arguments.program.append,
        details: false,
        outputs: Vec::new(),
    })
}

fn perform(arguments: &RunArguments, request: &RunRequest, words: &[OsString]) -> Exit {
    if let Some(missing) = missing_program(arguments, words) {
        return fail(&format!("No file to run: '{}'", missing.display()));
    }
    let run = match swath_run::run(request, &mut Silent) {
        Ok(run) => run,
        Err(error) => return run_failure(&error),
    };
    if let Some(error) = &run.failure {
        return run_failure(error);
    }
    show(arguments, &run);
    if let Some(lost) = &run.not_saved {
        let kept = lost.kept.display();
        Message::error("data-not-saved", lost.error.clone())
            .note(format!("the hit stores are kept in {kept}"))
            .hint(format!("swath combine --append {kept}"))
            .print();
        return Exit::Failure;
    }
    Exit::Passed(
        run.test_end
            .and_then(|test| test.ending.exit_code())
            .unwrap_or(1),
    )
}

/// Says what coverage.py would say, and what only swath knows.
fn show(arguments: &RunArguments, run: &FinishedRun) {
    for finding in &run.findings {
        if let Finding::ModuleNotImported { package, .. } = finding {
            let text = format!("Module {package} was never imported.");
            print_warnings(&[warning_with_page(&text, "module-not-imported")]);
        }
    }
    if !run.touched_anything {
        // A module that could not be found has been named by Python, and has no data to miss.
        let is_failure = run.tests_exit_code() == Some(1);
        if !(arguments.program.module && is_failure) {
            let text = warning_with_page("No data was collected.", "no-data-collected");
            print_warnings(&[text]);
        }
    }
    for finding in &run.findings {
        // What concerns reports is said by the reports of the file.
        let of_report = matches!(
            finding,
            Finding::ModuleNotImported { .. }
                | Finding::SourceChanged { .. }
                | Finding::PathsUnmapped { .. }
                | Finding::NotAnalyzed { .. }
                | Finding::NothingToReport
        );
        if !of_report {
            finding.message().print();
        }
    }
}

fn command(arguments: &RunArguments, words: &[OsString]) -> Vec<OsString> {
    let mut command = Vec::new();
    if let Some(signal) = arguments.program.save_signal.as_deref() {
        // Nothing has to be saved, and the signal must not end the program. A signal that is
        // ignored stays so in what is executed next.
        let script = r#"trap '' "$1"; shift; exec "$@""#;
        command.extend(["/bin/sh", "-c", script, "sh", signal].map(OsString::from));
    }
    command.push(find_interpreter(arguments.program.python.as_deref()));
    if arguments.program.module {
        command.push("-m".into());
    }
    command.extend(words.iter().cloned());
    command
}

/// The program's file, if there is none; absolute, as Python has it.
fn missing_program(arguments: &RunArguments, words: &[OsString]) -> Option<PathBuf> {
    let path = Path::new(words.first()?);
    let is_missing = !arguments.program.module && !path.exists();
    is_missing.then(|| std::path::absolute(path).unwrap_or_else(|_| path.to_owned()))
}

fn data_file(arguments: &RunArguments, settings: &Settings) -> PathBuf {
    let data_file = settings.data_file();
    if arguments.program.parallel_mode || settings.config.parallel {
        beside(&data_file)
    } else {
        data_file
    }
}

/// A program's run says nothing of itself.
struct Silent;

impl Observer for Silent {
    fn event(&mut self, _event: RunEvent<'_>) {}
}
