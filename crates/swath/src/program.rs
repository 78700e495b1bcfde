//! `swath run PROGRAM`: one program, as `coverage run` does it: everything counts, no report.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;

use swath_model::{Finding, Message};
use swath_report::warning_with_page;
use swath_run::{
    FinishedRun, Inject, Observer, RunError, RunEvent, RunKind, RunRequest, Settings, beside,
};

use crate::arguments::RunArguments;
use crate::commands::report::{current_folder, print_warnings};
use crate::commands::run::{load_settings, run_failure};
use crate::diagnostic::Show as _;
use crate::exit::Exit;
use crate::interpreter::find_interpreter;
use crate::log;
use crate::slips;

/// Runs the program (or module) that `words` begins with; the exit code is its own.
pub(crate) fn run(arguments: &RunArguments, words: &[OsString]) -> Exit {
    if let Some(slip) = slips::of_program(arguments, words) {
        return refused(arguments, &slip);
    }
    match request(arguments, words) {
        Ok(request) => perform(arguments, &request),
        Err(message) => refused(arguments, &message),
    }
}

/// What could not be begun; coverage.py has one code for that, and swath one that no test command has.
fn refused(arguments: &RunArguments, message: &Message) -> Exit {
    message.print();
    if arguments.program.as_coverage {
        Exit::Failure
    } else {
        Exit::RunFailure
    }
}

fn request(arguments: &RunArguments, words: &[OsString]) -> Result<RunRequest, Message> {
    let folder = current_folder();
    let overrides = arguments.overrides();
    let rcfile = arguments.measure.rcfile.as_deref();
    let mut settings = load_settings(&overrides, rcfile, &folder)?;
    if arguments.program.as_coverage && !settings.plugins.file_tracers().is_empty() {
        return Err(handed_to_coverage_py(arguments));
    }
    if let Some(concurrency) = &arguments.program.concurrency {
        let names = concurrency.split(',').map(str::to_owned).collect();
        let config = &mut settings.config;
        config
            .set_concurrency(names)
            .map_err(|error| Message::error(error.code(), error.to_string()).hint(error.hint()))?;
    }
    say_of_settings(arguments, &settings)?;
    let data_file = data_file(arguments, &settings);
    if let Some(folder) = data_file.parent() {
        fs_err::create_dir_all(folder)
            .map_err(|error| Message::error("data-not-saved", error.to_string()))?;
    }
    let command = command(arguments, words);
    Ok(RunRequest {
        environment: vec![("COVERAGE_RUN".to_owned(), "true".to_owned())],
        // One program that swath itself starts: it is reached as it is.
        inject: Some(arguments.services.inject.map_or(Inject::Path, Into::into)),
        attribution: arguments.services.attribution,
        data_file,
        overrides,
        rcfile_named: rcfile.is_some(),
        append: arguments.program.append,
        replaces_by_nothing: arguments.program.as_coverage,
        ..RunRequest::of(RunKind::Program, command, folder, settings)
    })
}

/// Says what is odd about the settings. Plugins that cannot be loaded stop coverage.py.
fn say_of_settings(arguments: &RunArguments, settings: &Settings) -> Result<(), Message> {
    for finding in settings.findings() {
        if finding == Finding::IncludeIgnored {
            let text = "--include is ignored because --source is set";
            warn(settings, text, "include-ignored");
        } else {
            finding.message().print();
        }
    }
    match settings.plugins.finding() {
        Some(finding) if arguments.program.as_coverage && settings.plugins.error().is_some() => {
            Err(finding.message())
        }
        _ => Ok(()),
    }
}

/// Warns as coverage.py does, unless the settings say that nobody wants to know.
fn warn(settings: &Settings, text: &str, slug: &'static str) {
    let disabled = &settings.config.disable_warnings;
    if !disabled.iter().any(|disabled| disabled == slug) {
        print_warnings(&[warning_with_page(text, slug)]);
    }
}

/// Has coverage.py itself do what swath was asked in its place: files of other kinds are measured by plugins inside the
/// program, which only coverage.py can do. Comes back with what kept it from that.
fn handed_to_coverage_py(arguments: &RunArguments) -> Message {
    use std::os::unix::process::CommandExt as _;
    let interpreter = find_interpreter(arguments.program.python.as_deref());
    let words = std::env::args_os().skip(1);
    let error = Command::new(&interpreter)
        .args(["-m", "coverage"])
        .args(words)
        .exec();
    let named = interpreter.to_string_lossy();
    let text = format!("`{named} -m coverage` could not be started: {error}");
    Message::error("command-not-runnable", text)
}

fn perform(arguments: &RunArguments, request: &RunRequest) -> Exit {
    let run = match swath_run::run(request, &mut Silent) {
        Ok(run) => run,
        Err(error @ RunError::NotAppendable(_)) => return refused(arguments, &error.message()),
        Err(error) => return run_failure(&error),
    };
    if let Some(error) = &run.failure {
        return run_failure(error);
    }
    show(arguments, request, &run);
    if let Some(lost) = &run.not_saved {
        lost.message().print();
        return Exit::Failure;
    }
    Exit::Passed(
        run.test_end
            .and_then(|test| test.ending.exit_code())
            .unwrap_or(1),
    )
}

/// Says what coverage.py would say, and what only swath knows.
fn show(arguments: &RunArguments, request: &RunRequest, run: &FinishedRun) {
    for finding in &run.findings {
        if let Finding::ModuleNotImported { package, .. } = finding {
            let text = format!("Module {package} was never imported.");
            warn(&run.settings, &text, "module-not-imported");
        }
    }
    let has_earlier = request.append && request.data_file.exists();
    if !run.touched_anything && !has_earlier {
        // A module that could not be found has been named by Python, and has no data to miss.
        let is_failure = run.tests_exit_code() == Some(1);
        if !(arguments.program.module && is_failure) {
            warn(&run.settings, "No data was collected.", "no-data-collected");
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

/// Where the data goes. With `multiprocessing` coverage.py writes a file for each process, and builds combine them.
fn data_file(arguments: &RunArguments, settings: &Settings) -> PathBuf {
    let config = &settings.config;
    let data_file = settings.data_file();
    let multiprocessing = config
        .concurrency
        .iter()
        .any(|name| name == "multiprocessing");
    if arguments.program.parallel_mode || config.parallel || multiprocessing {
        beside(&data_file)
    } else {
        data_file
    }
}

/// A program's run says nothing of itself.
struct Silent;

impl Observer for Silent {
    fn event(&mut self, event: RunEvent<'_>) {
        if let RunEvent::Begun { history } = event {
            log::attach(history);
        }
    }
}
