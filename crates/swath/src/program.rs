//! `swath run PROGRAM`: one program, as `coverage run` does it: everything counts, no report.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use swath_config::CoverageConfig;
use swath_data::{CoverageData, DataError, Mode, read_data_file};
use swath_report::warning_with_page;
use swath_run::{Counted, Observer, RunEvent, RunRequest};

use crate::arguments::RunArguments;
use crate::commands::report::{current_folder, print_warnings};
use crate::commands::run::{load_settings, run_failure};
use crate::diagnostic::Diagnostic;
use crate::exit::Exit;
use crate::hints::include_is_ignored;
use crate::interpreter::find_interpreter;
use crate::measurement::{Measurement, measure};
use crate::plugins::{PluginChoice, Plugins};
use crate::settings::Settings;
use crate::{slips, summary};

/// Runs the program (or module) that `words` begins with; the exit code is its own.
pub(crate) fn run(arguments: &RunArguments, words: &[OsString]) -> Exit {
    match measured(arguments, words) {
        Ok(exit) => exit,
        Err(diagnostic) => {
            diagnostic.print();
            if arguments.program.as_coverage {
                Exit::Failure
            } else {
                Exit::RunFailure
            }
        }
    }
}

fn measured(arguments: &RunArguments, words: &[OsString]) -> Result<Exit, Diagnostic> {
    if let Some(slip) = slips::of_program(arguments, words) {
        return Err(slip);
    }
    let folder = current_folder();
    let mut settings = load_settings(arguments, arguments.measure.rcfile.as_deref(), &folder)?;
    if arguments.program.as_coverage && !settings.plugins.file_tracers().is_empty() {
        return Err(handed_to_coverage_py(arguments));
    }
    if let Some(concurrency) = &arguments.program.concurrency {
        let names = concurrency.split(',').map(str::to_owned).collect();
        settings.config.set_concurrency(names).map_err(|error| {
            Diagnostic::error(error.code(), error.to_string()).hint(error.hint())
        })?;
    }
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
    if include_is_ignored(&settings.config) {
        let text = "--include is ignored because --source is set";
        warn(&settings, text, "include-ignored");
    }
    let data_file = data_file(arguments, &settings);
    if let Some(folder) = data_file.parent() {
        fs_err::create_dir_all(folder)
            .map_err(|error| Diagnostic::error("data-not-saved", error.to_string()))?;
    }
    let earlier = earlier_data(arguments, &settings.config, &data_file)?;
    let mut measurement = match measure(&request, Counted::All, &data_file, &mut Silent) {
        Ok(measurement) => measurement,
        Err(error) => return Ok(run_failure(&error)),
    };
    if let Some(error) = &measurement.outcome.failure {
        return Ok(run_failure(error));
    }
    save(arguments, &settings, &mut measurement, &data_file, earlier)?;
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

/// Has coverage.py itself do what swath was asked in its place: files of other kinds are measured by plugins inside the
/// program, which only coverage.py can do. Comes back with what kept it from that.
fn handed_to_coverage_py(arguments: &RunArguments) -> Diagnostic {
    use std::os::unix::process::CommandExt as _;
    let interpreter = find_interpreter(arguments.program.python.as_deref());
    let words = std::env::args_os().skip(1);
    let error = Command::new(&interpreter)
        .args(["-m", "coverage"])
        .args(words)
        .exec();
    let named = interpreter.to_string_lossy();
    let text = format!("`{named} -m coverage` could not be started: {error}");
    Diagnostic::error("plugins-not-loaded", text)
}

/// Has the plugins of the settings change them, and says what they cannot do.
pub(crate) fn apply_plugins(
    arguments: &RunArguments,
    settings: &mut Settings,
) -> Result<(), Diagnostic> {
    let program = &arguments.program;
    let choice = PluginChoice {
        interpreter: program.python.clone(),
        path: program.program_folder.clone(),
        left_out: program.no_plugins,
    };
    settings.plugins = Plugins::apply(&mut settings.config, choice);
    let failure = settings.plugins.without_effect();
    if let Some(error) = failure {
        if program.as_coverage && settings.plugins.error().is_some() {
            return Err(error);
        }
        error.print();
    }
    // coverage.py will run the program if a plugin measures files.
    let handed_over = program.as_coverage && !settings.plugins.file_tracers().is_empty();
    for warning in settings.plugins.not_at_runs() {
        if !handed_over {
            warning.print();
        }
    }
    Ok(())
}

/// Warns as coverage.py does, unless the settings say that nobody wants to know.
fn warn(settings: &Settings, text: &str, slug: &'static str) {
    let disabled = &settings.config.disable_warnings;
    if !disabled.iter().any(|disabled| disabled == slug) {
        print_warnings(&[warning_with_page(text, slug)]);
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

/// Where the data goes, if the settings and not the command line ask for a parallel name: with `multiprocessing`
/// coverage.py writes a file for each process, and the builds combine them.
fn data_file(arguments: &RunArguments, settings: &Settings) -> PathBuf {
    let config = &settings.config;
    let multiprocessing = || {
        let mut libraries = config.concurrency.iter();
        libraries.any(|library| library == "multiprocessing")
    };
    let data_file = settings.data_file();
    if !arguments.program.parallel_mode && (config.parallel || multiprocessing()) {
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
    earlier: Option<CoverageData>,
) -> Result<(), Diagnostic> {
    let (data, never_imported) = measurement.data(settings)?;
    for package in never_imported {
        let text = format!("Module {package} was never imported.");
        warn(settings, &text, "module-not-imported");
    }
    let has_earlier = earlier.as_ref().is_some_and(|earlier| !earlier.is_empty());
    if !measurement.touched_anything() && !has_earlier {
        // A module that could not be found has been named by Python, and has no data to miss.
        let test = measurement.outcome.test.as_ref();
        let is_failure = test.is_some_and(|test| test.ending.exit_code() == Some(1));
        if !(arguments.program.module && is_failure) {
            warn(settings, "No data was collected.", "no-data-collected");
        }
    }
    if data.is_empty() && (earlier.is_some() || !arguments.program.as_coverage) {
        measurement.discard();
        return Ok(());
    }
    // Empty data is written as well when swath is coverage.py: the next report is about this run.
    let (data, data_file) = joined(earlier, data, data_file.to_owned());
    measurement.save(&data, &data_file)?;
    Ok(())
}

/// The data that `--append` adds to, read before anything runs: what cannot be added to is no reason to lose a run.
pub(crate) fn earlier_data(
    arguments: &RunArguments,
    config: &CoverageConfig,
    data_file: &Path,
) -> Result<Option<CoverageData>, Diagnostic> {
    if !arguments.program.append || !data_file.exists() {
        return Ok(None);
    }
    let mode = if config.branch {
        Mode::Arcs
    } else {
        Mode::Lines
    };
    let mut earlier = read_data_file(data_file).map_err(|error| not_appended(&error))?;
    // Nothing of the right kind shows whether the kinds go together.
    add(&mut earlier, &CoverageData::new(mode), data_file)?;
    Ok(Some(earlier))
}

/// The earlier data with that of this run, and where it goes: beside the earlier data if they do not go together
/// after all.
pub(crate) fn joined(
    earlier: Option<CoverageData>,
    new: CoverageData,
    data_file: PathBuf,
) -> (CoverageData, PathBuf) {
    let Some(mut all) = earlier else {
        return (new, data_file);
    };
    match add(&mut all, &new, &data_file) {
        Ok(()) => (all, data_file),
        Err(diagnostic) => {
            let beside = crate::measurement::beside(&data_file);
            diagnostic
                .note(format!("the data of this run is in {}", beside.display()))
                .print();
            (new, beside)
        }
    }
}

fn add(all: &mut CoverageData, new: &CoverageData, data_file: &Path) -> Result<(), Diagnostic> {
    let names = (&*data_file.to_string_lossy(), "this run");
    all.update(new, names, str::to_owned)
        .map_err(|error| not_appended(&error))
}

fn not_appended(error: &DataError) -> Diagnostic {
    Diagnostic::error("data-not-appended", error.to_string())
        .hint("leave `--append` out, or name another file with `--data-file`".to_owned())
}

/// A program's run says nothing of itself.
struct Silent;

impl Observer for Silent {
    fn event(&mut self, _event: RunEvent<'_>) {}
}
