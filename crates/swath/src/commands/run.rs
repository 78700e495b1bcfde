//! `swath run`: tests against services, or one program.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use fs_err as fs;
use swath_coverage::Report;
use swath_data::CoverageData;
use swath_run::{Counted, RunError, RunHistory, RunRequest, rescue_killed_runs, running_before};

use crate::arguments::{Count, RunArguments, Target};
use crate::commands::html::{HtmlRequest, write_html};
use crate::commands::report::{current_folder, print};
use crate::diagnostic::Diagnostic;
use crate::exit::Exit;
use crate::measurement::{Measurement, beside, measure};
use crate::plan::{Plan, plan};
use crate::progress::{Progress, count, status, status_bad};
use crate::reporting::{Rendered, override_report, render};
use crate::settings::{Settings, rcfile_of_services, twin_of_services};
use crate::{containers, hints, program, run_report, slips, summary};

/// Runs what the target names.
pub(crate) fn run(arguments: &RunArguments, target: Option<Target>) -> Exit {
    match target {
        Some(Target::Program(words)) => program::run(arguments, &words),
        Some(Target::Tests(command)) => {
            system_test(arguments, &command).unwrap_or_else(|diagnostic| {
                diagnostic.print();
                Exit::RunFailure
            })
        }
        None => system_test(arguments, &[]).unwrap_or_else(|diagnostic| {
            diagnostic.print();
            Exit::RunFailure
        }),
    }
}

fn system_test(arguments: &RunArguments, command: &[OsString]) -> Result<Exit, Diagnostic> {
    if let Some(slip) = slips::of_command(arguments) {
        return Err(slip);
    }
    let folder = current_folder();
    let Plan {
        services,
        compose,
        command,
        left_out,
    } = plan(arguments, command, &folder)?;
    if !left_out.is_empty() {
        name_left_out(&left_out);
    }
    let environments = services
        .iter()
        .map(|service| service.environment.as_slice())
        .collect::<Vec<_>>();
    let rcfile = arguments
        .measure
        .rcfile
        .clone()
        .or_else(|| rcfile_of_services(&environments));
    let mut settings = load_settings(arguments, rcfile.as_deref(), &folder)?;
    settings.config.show_missing = true;
    let scope = settings.scope()?;
    name_leftovers();
    if let Some(variable) = twin_of_services(&environments) {
        Diagnostic::warning(
            "coverage-py-too",
            format!("coverage.py is started in the services as well: `{variable}` is set"),
        )
        .note("both measure, and both numbers are right")
        .hint("swath needs neither the variable nor a sitecustomize that calls coverage".to_owned())
        .print();
    }
    let request = RunRequest {
        services,
        command,
        environment: Vec::new(),
        command_decides: false,
        containers: !arguments.services.no_docker,
        compose,
        folder: folder.clone(),
        scope,
    };
    let counted = match arguments.services.count {
        Count::Services => Counted::Services,
        Count::Tests => Counted::Tests,
        Count::All => Counted::All,
    };
    let data_file = settings.data_file();
    let earlier = program::earlier_data(arguments, &settings.config, &data_file)?;
    let mut measurement = match measure(&request, counted, &data_file, &mut Progress::new()) {
        Ok(measurement) => measurement,
        Err(error) => return Ok(run_failure(&error)),
    };
    measurement.earlier = earlier;
    let settings = containers::judge(arguments, settings, &folder, &mut measurement, counted)?;
    let exit = finish(arguments, &settings, &folder, measurement, counted)?;
    // A gate that may not be in force has not been passed.
    let unsure = exit == Exit::Success && settings.plugins.error().is_some();
    Ok(if unsure { Exit::RunFailure } else { exit })
}

/// The settings of a run, with plugins and oddities named.
pub(crate) fn load_settings(
    arguments: &RunArguments,
    rcfile: Option<&str>,
    folder: &Path,
) -> Result<Settings, Diagnostic> {
    let mut settings = Settings::load(rcfile, folder)
        .map_err(|error| Diagnostic::error(error.code(), error.to_string()).hint(error.hint()))?;
    settings.override_by(&arguments.measure);
    settings.any_source = arguments.program.as_coverage;
    if arguments.program.parallel_mode {
        let parallel = beside(&settings.data_file());
        settings.config.data_file = parallel.to_string_lossy().into_owned();
    }
    if let Some(context) = &arguments.program.context {
        settings.config.context = Some(context.clone());
    }
    program::apply_plugins(arguments, &mut settings)?;
    override_report(&mut settings.config, &arguments.report.shared);
    for warning in &settings.warnings {
        Diagnostic::warning("configuration", warning.clone()).print();
    }
    if let Some(warning) = hints::dynamic_context_without_effect(&settings.config) {
        warning.print();
    }
    Ok(settings)
}

/// Says which services of the file are not started before a command of one's own.
fn name_left_out(services: &[String]) {
    let (are, them) = match services.len() {
        1 => ("is", "it"),
        _ => ("are", "them"),
    };
    let names = services.join(", ");
    let text =
        format!("{names} of swath.toml {are} left out of this run; --services starts {them}");
    status("Note", &text);
}

/// Names the data of runs that were killed.
fn name_leftovers() {
    rescue_killed_runs();
    for leftover in RunHistory::leftovers() {
        let message = format!(
            "a run was killed before it could save {}",
            count(leftover.hit_stores, "hit store")
        );
        Diagnostic::warning("leftover-run", message)
            .hint(format!("swath combine {}", leftover.data.display()))
            .print();
    }
}

/// What came of the data, for the last words.
#[derive(Default)]
struct Saved {
    rendered: Option<Rendered>,
    data_file: Option<PathBuf>,
    /// The first page of the HTML report.
    page: Option<PathBuf>,
    warnings: Vec<Diagnostic>,
}

fn finish(
    arguments: &RunArguments,
    settings: &Settings,
    folder: &Path,
    mut measurement: Measurement,
    counted: Counted,
) -> Result<Exit, Diagnostic> {
    let processes = measurement.account.processes.len();
    let gathered = format!(
        "{}, {} ({})",
        count(processes, "process"),
        count(measurement.files().len(), "file"),
        summary::by_role(&measurement.account)
    );
    if processes > 0 {
        status("Gathered", &gathered);
    }
    let mut known = summary::warnings(&measurement.account, counted);
    known.extend(containers::fetched(&measurement.containers.fetched));
    if !arguments.services.no_docker && !measurement.account.service_found {
        known.extend(containers::running_before(&running_before(folder)));
    }
    known.extend(containers::warnings(
        &measurement.account,
        &measurement.containers.notes,
    ));
    measurement.note_warnings(&known);
    measurement.note_warnings(&settings.plugins.without_effect());
    measurement.note_warnings(&settings.plugins.not_at_runs());
    let html = arguments.report.html.as_deref();
    let saved = if measurement.measured_anything() {
        save(settings, folder, &mut measurement, html)?
    } else {
        measurement.discard();
        Saved::default()
    };
    let report = saved.rendered.as_ref().map(|rendered| &rendered.report);
    let json = run_report::account_json(&measurement, report, saved.data_file.as_deref());
    // A copy for later; that it cannot be kept is no concern of the run's.
    let _ = write_beside(&measurement.history().join("account.json"), json.as_bytes());
    if let Some(path) = &arguments.services.json {
        write_beside(path, json.as_bytes())?;
    }
    if let Some(rendered) = &saved.rendered {
        print(&format!("\n{}", rendered.text));
        if let Some(failure) = &rendered.gate_failure {
            print(&format!("Coverage failure: {failure}\n"));
        }
    }
    let warnings = measurement.warnings.iter().chain(&saved.warnings);
    for warning in warnings.chain(&known) {
        warning.print();
    }
    Ok(conclude(arguments, &measurement, &saved))
}

/// The last lines, and the exit code.
fn conclude(arguments: &RunArguments, measurement: &Measurement, saved: &Saved) -> Exit {
    let outcome = &measurement.outcome;
    if saved.data_file.is_none() && outcome.failure.is_none() {
        nothing_measured(measurement).print();
    }
    if let Some(error) = &outcome.failure
        && (!matches!(error, RunError::InterruptedBeforeTests) || outcome.interruption.is_none())
    {
        return run_failure(error);
    }
    if let Some(page) = &saved.page {
        status("Report", &page.display().to_string());
    }
    if saved.data_file.is_some() {
        summary::print_verdict(
            &measurement.account,
            measurement.time_before(),
            measurement.time_after(),
        );
    }
    if let Some(interruption) = outcome.interruption {
        return Exit::Passed(128 + interruption.signal);
    }
    let tests = outcome
        .test
        .and_then(|test| test.ending.exit_code())
        .unwrap_or(0);
    let below = saved
        .rendered
        .as_ref()
        .is_some_and(|rendered| rendered.gate_failure.is_some());
    if tests != 0 {
        Exit::Passed(tests)
    } else if saved.data_file.is_none() {
        Exit::RunFailure
    } else if below {
        Exit::BelowFailUnder
    } else if arguments.services.require_complete && !measurement.account.is_complete() {
        Exit::Incomplete
    } else {
        Exit::Success
    }
}

/// Writes the data file and renders the report.
fn save(
    settings: &Settings,
    folder: &Path,
    measurement: &mut Measurement,
    html: Option<&Path>,
) -> Result<Saved, Diagnostic> {
    let (data, never_imported) = measurement.data(settings)?;
    let never_imported = never_imported.iter().map(|package| {
        let text = format!("`source` names `{package}`, which no process imported");
        Diagnostic::warning("module-not-imported", text)
    });
    let mut warnings: Vec<Diagnostic> = never_imported.collect();
    let earlier = measurement.earlier.take();
    let (data, wanted) = program::joined(earlier, data, settings.data_file());
    let path = measurement.save(&data, &wanted)?;
    let size = std::fs::metadata(&path).map_or(0, |file| file.len());
    let shown = path
        .strip_prefix(folder)
        .unwrap_or(&path)
        .display()
        .to_string();
    let partial = if measurement.account.partial {
        " (partial)"
    } else {
        ""
    };
    status("Saved", &format!("{shown}{partial}  {}", bytes(size)));
    if path != wanted {
        warnings.push(
            Diagnostic::warning(
                "data-file-written",
                format!(
                    "`{}` was written by another program during the run and was not touched",
                    wanted.display()
                ),
            )
            .hint("coverage combine --append takes both together".to_owned()),
        );
    }
    let details = html.is_some();
    let rendered = match render(&data, &settings.config, &settings.directory, details) {
        Ok(rendered) => rendered,
        Err(error) if error.is_no_data() => {
            warnings.push(Diagnostic::warning(
                "nothing-to-report",
                "`include` and `omit` leave nothing to report",
            ));
            return Ok(Saved {
                data_file: Some(path),
                warnings,
                ..Saved::default()
            });
        }
        Err(error) => {
            return Err(Diagnostic::error("report-failed", error.to_string())
                .note(format!("the data is in {}", path.display())));
        }
    };
    warnings.extend(
        rendered
            .report
            .warnings
            .iter()
            .map(|warning| Diagnostic::warning(warning.slug, warning.text.clone())),
    );
    warnings.extend(run_report::left_out(&rendered.report));
    let page = html.and_then(|target| {
        write_pages(&data, settings, &rendered.report, target)
            .map_err(|warning| warnings.push(warning))
            .ok()
    });
    let differences = measurement.analysis_differences(settings);
    warnings.extend(run_report::differences(&differences));
    if settings.names_source() {
        let unexecuted = rendered
            .report
            .files
            .iter()
            .filter(|file| file.executed.is_empty() && !file.statements.is_empty());
        warnings.extend(hints::tests_in_source(
            unexecuted.map(|file| Path::new(file.name.as_str())),
        ));
    } else {
        warnings.extend(hints::never_imported(folder, &measurement.files()));
    }
    Ok(Saved {
        rendered: Some(rendered),
        data_file: Some(path),
        page,
        warnings,
    })
}

/// Writes the HTML report into a folder; gives its first page. Everything else of the run is done
/// by then, so that a folder that cannot be written is a warning.
fn write_pages(
    data: &CoverageData,
    settings: &Settings,
    report: &Report,
    target: &Path,
) -> Result<PathBuf, Diagnostic> {
    let request = HtmlRequest {
        config: &settings.config,
        directory: &settings.directory,
        target,
        single_file: false,
        no_source: false,
    };
    write_html(data, report, &request)
        .map(|_| target.join("index.html"))
        .map_err(|error| Diagnostic::warning("html-not-written", error.to_string()))
}

fn nothing_measured(measurement: &Measurement) -> Diagnostic {
    let account = &measurement.account;
    let seen = account.processes.len() + account.not_measured.len();
    let diagnostic = Diagnostic::error(
        "nothing-measured",
        "no Python process of the run touched a file in scope",
    );
    if seen == 0 {
        return diagnostic
            .note("no Python was seen at all")
            .hint("start the services below this command, or name them by `--service`".to_owned());
    }
    let tools = account
        .processes
        .iter()
        .filter(|process| process.is_measured())
        .count();
    diagnostic
        .note(format!("{} seen, {tools} carried the agent", count(seen, "Python process")))
        .hint("check `source`, `include` and `omit`: without them the standard library and installed packages are left out".to_owned())
}

/// Prints why a run failed; the exit code says whose fault it was.
pub(crate) fn run_failure(error: &RunError) -> Exit {
    if let RunError::ServiceExited { service, how, .. } = error {
        status_bad("Failed", &format!("service {service} {how}"));
    }
    Diagnostic::error(error.code(), error.to_string())
        .notes(error.notes())
        .hint(error.hint())
        .print();
    match error {
        RunError::CommandNotFound { .. } => Exit::NotFound,
        RunError::CommandNotRunnable { .. } => Exit::NotRunnable,
        _ => Exit::RunFailure,
    }
}

/// Writes a file whole or not at all.
fn write_beside(path: &Path, bytes: &[u8]) -> Result<(), Diagnostic> {
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(format!(".{}", std::process::id()));
    let temporary = PathBuf::from(temporary);
    fs::write(&temporary, bytes)
        .and_then(|()| fs::rename(&temporary, path))
        .map_err(|error| Diagnostic::error("json-not-written", error.to_string()))
}

/// A size as people read it.
fn bytes(size: u64) -> String {
    match size {
        0..1_000 => format!("{size} B"),
        1_000..1_000_000 => format!("{} kB", size.div_ceil(1_000)),
        _ => format!("{}.{} MB", size / 1_000_000, size % 1_000_000 / 100_000),
    }
}

#[cfg(test)]
mod tests {
    use super::bytes;

    #[test]
    fn sizes_are_short() {
        assert_eq!(bytes(999), "999 B");
        assert_eq!(bytes(53_248), "54 kB");
        assert_eq!(bytes(1_340_000), "1.3 MB");
    }
}
