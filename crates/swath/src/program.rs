//! `swath run PROGRAM`: one program, as `coverage run` does it: everything counts, no report.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use swath_data::{CoverageData, read_data_file};
use swath_report::warning_with_page;
use swath_run::{Counted, Observer, RunEvent, RunRequest};

use crate::arguments::RunArguments;
use crate::commands::report::{current_folder, fail, print_warnings};
use crate::commands::run::{load_settings, run_failure};
use crate::diagnostic::Diagnostic;
use crate::exit::Exit;
use crate::interpreter::find_interpreter;
use crate::measurement::{Measurement, measure};
use crate::settings::Settings;
use crate::summary;

/// Runs the program (or module) that `words` begins with; the exit code is its own.
pub(crate) fn run(arguments: &RunArguments, words: &[OsString]) -> Exit {
    if words.is_empty() {
        return fail("No module specified for -m");
    }
    if arguments.program.append && arguments.program.parallel_mode {
        return fail("Can't append to data files in parallel mode.");
    }
    match measured(arguments, words) {
        Ok(exit) => exit,
        Err(diagnostic) => {
            diagnostic.print();
            Exit::Failure
        }
    }
}

fn measured(arguments: &RunArguments, words: &[OsString]) -> Result<Exit, Diagnostic> {
    let folder = current_folder();
    let settings = load_settings(arguments, arguments.measure.rcfile.as_deref(), &folder)?;
    let request = RunRequest {
        services: Vec::new(),
        command: command(arguments, words),
        environment: vec![("COVERAGE_RUN".to_owned(), "true".to_owned())],
        command_decides: true,
        containers: false,
        compose: None,
        folder,
        scope: settings.scope()?,
    };
    if let Some(missing) = missing_program(arguments, words) {
        return Ok(fail(&format!("No file to run: '{}'", missing.display())));
    }
    let data_file = data_file(arguments, &settings);
    let mut measurement = match measure(&request, Counted::All, &data_file, &mut Silent) {
        Ok(measurement) => measurement,
        Err(error) => return Ok(run_failure(&error)),
    };
    if let Some(error) = &measurement.outcome.failure {
        return Ok(run_failure(error));
    }
    save(arguments, &settings, &mut measurement, &data_file)?;
    for warning in measurement
        .warnings
        .iter()
        .chain(&summary::warnings(&measurement.account, Counted::All))
    {
        warning.print();
    }
    let code = measurement
        .outcome
        .test
        .and_then(|test| test.ending.exit_code())
        .unwrap_or(1);
    Ok(Exit::Passed(code))
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
        crate::measurement::beside(&data_file)
    } else {
        data_file
    }
}

fn save(
    arguments: &RunArguments,
    settings: &Settings,
    measurement: &mut Measurement,
    data_file: &Path,
) -> Result<(), Diagnostic> {
    let (mut data, never_imported) = measurement.data(settings)?;
    for package in never_imported {
        let text = format!("Module {package} was never imported.");
        print_warnings(&[warning_with_page(&text, "module-not-imported")]);
    }
    if !measurement.touched_anything() {
        // A module that could not be found has been named by Python, and has no data to miss.
        let test = measurement.outcome.test.as_ref();
        let is_failure = test.is_some_and(|test| test.ending.exit_code() == Some(1));
        if !(arguments.program.module && is_failure) {
            let text = warning_with_page("No data was collected.", "no-data-collected");
            print_warnings(&[text]);
        }
    }
    if data.is_empty() {
        measurement.discard();
        return Ok(());
    }
    if arguments.program.append && data_file.exists() {
        data = appended(data_file, &data)?;
    }
    measurement.save(&data, data_file)?;
    Ok(())
}

fn appended(data_file: &Path, new: &CoverageData) -> Result<CoverageData, Diagnostic> {
    let failed =
        |error: swath_data::DataError| Diagnostic::error("data-not-appended", error.to_string());
    let mut all = read_data_file(data_file).map_err(failed)?;
    all.update(
        new,
        (&data_file.to_string_lossy(), "this run"),
        str::to_owned,
    )
    .map_err(failed)?;
    Ok(all)
}

/// A program's run says nothing of itself.
struct Silent;

impl Observer for Silent {
    fn event(&mut self, _event: RunEvent<'_>) {}
}
