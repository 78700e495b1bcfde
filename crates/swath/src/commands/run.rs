//! `swath run`: tests against services, or one program.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use swath_checkout::write_file;
use swath_data::{Attribution, test_of};
use swath_model::{Counted, Finding, Message, NothingMeasured, count};
use swath_report::{TextError, TextOptions, render_text};
use swath_run::{
    FinishedRun, Output, Plan, PlanError, ReportError, RunError, RunKind, RunRequest, Settings,
    SettingsOverrides, account_json, beside, error_account_json, leftovers, plan,
    rcfile_of_services, rescue_killed_runs, twin_of_services,
};

use crate::arguments::{ChangeArguments, RunArguments, Target};
use crate::change_source::{ChangeSource, changes_since};
use crate::ci_report::{CiFormat, show_on_github};
use crate::commands::html::{HtmlRequest, write_html};
use crate::commands::report::current_folder;
use crate::diagnostic::Show as _;
use crate::exit::Exit;
use crate::gates::{Gates, Judged, all_passed, judge_total};
use crate::log;
use crate::progress::{Progress, status, status_bad};
use crate::terminal::print;
use crate::{program, slips, summary, unprepared};

/// Runs what the target names.
pub(crate) fn run(arguments: &mut RunArguments, target: Option<Target>) -> Exit {
    let command = match target {
        Some(Target::Program(words)) => return program::run(arguments, &words),
        Some(Target::Tests(command)) => command,
        None => Vec::new(),
    };
    if let Some(slip) = slips::of_command(arguments) {
        return not_run(arguments, &slip, Exit::RunFailure);
    }
    let prepared = request(arguments, &command).and_then(|request| {
        let gates = gates(&arguments.report.gate, &request)?;
        Ok((request, gates))
    });
    match prepared {
        Ok((request, gates)) => perform(arguments, &request, &gates),
        Err(message) => not_run(arguments, &message, Exit::RunFailure),
    }
}

/// The gates, tried before the tests run: git may have no answer to give.
pub(crate) fn gates(wanted: &[String], request: &RunRequest) -> Result<Gates, Message> {
    let folder = &request.folder;
    let gates = Gates::load(folder, wanted).map_err(|error| error.message())?;
    let may_have =
        request.attribution || request.fleet.is_some() || request.kind == RunKind::Gathered;
    if gates.ask_for_endpoints() && !may_have {
        let text = "the gates of endpoints ask for what only attribution records";
        let hint = "swath run --attribution, or `attribution = true` in swath.toml".to_owned();
        return Err(Message::error("no-attribution", text).hint(hint));
    }
    if gates.ask_for_changes() {
        let wanted = ChangeArguments::default();
        ChangeSource::find(&wanted, folder).map_err(|error| error.message())?;
    }
    Ok(gates)
}

/// Joins the command line with the files.
fn request(arguments: &mut RunArguments, command: &[OsString]) -> Result<RunRequest, Message> {
    let folder = current_folder();
    let Plan {
        services,
        compose,
        command,
        left_out,
        wishes,
        findings,
    } = plan_or_offer(arguments, command, &folder)?;
    arguments.take_in(&wishes);
    for finding in findings {
        finding.message().print();
    }
    if !left_out.is_empty() {
        name_left_out(&left_out);
    }
    let environments = services
        .iter()
        .map(|service| service.environment.as_slice())
        .collect::<Vec<_>>();
    let named = arguments.measure.rcfile.clone();
    let rcfile = named.clone().or_else(|| rcfile_of_services(&environments));
    let overrides = arguments.overrides();
    let (settings, ci) = settings_of_report(&overrides, rcfile.as_deref(), &folder)?;
    if let Some(variable) = twin_of_services(&environments) {
        let variable = variable.to_owned();
        Finding::CoveragePyToo { variable }.message().print();
    }
    let timeout = arguments.services.ready_timeout.as_deref();
    let fleet = arguments.cluster.request(timeout)?;
    let shipping = arguments.cluster.shipping()?;
    Ok(RunRequest {
        services,
        command,
        environment: Vec::new(),
        kind: RunKind::SystemTest,
        containers: !arguments.services.no_docker,
        inject: arguments.services.inject.map(Into::into),
        compose,
        fleet,
        shipping,
        data_file: if arguments.program.parallel_mode {
            beside(&settings.data_file())
        } else {
            settings.data_file()
        },
        folder,
        settings,
        overrides,
        rcfile_named: named.is_some(),
        counted: arguments
            .services
            .count
            .map_or_else(Counted::default, Counted::from),
        append: arguments.program.append,
        replaces_by_nothing: false,
        attribution: arguments.services.attribution,
        details: arguments.report.html.is_some() || ci == Some(CiFormat::GitHub),
        outputs: outputs(&wishes_of(arguments)),
    })
}

/// What is to be started. Where nothing says so, what fits the project is offered.
fn plan_or_offer(
    arguments: &mut RunArguments,
    command: &[OsString],
    folder: &Path,
) -> Result<Plan, Message> {
    let plan = |arguments: &RunArguments, command: &[OsString]| {
        let (services, compose) = (arguments.service_options(), arguments.compose_options());
        plan(&services, &compose, command, folder)
    };
    match plan(arguments, command) {
        Err(error @ PlanError::NoCommand { settings: None, .. }) => {
            let command = unprepared::offer(arguments, folder, error.message())?;
            plan(arguments, &command).map_err(|error| error.message())
        }
        planned => planned.map_err(|error| error.message()),
    }
}

/// The settings of a run that ends with a report, and for whom that is.
pub(crate) fn settings_of_report(
    overrides: &SettingsOverrides,
    rcfile: Option<&str>,
    folder: &Path,
) -> Result<(Settings, Option<CiFormat>), Message> {
    let mut settings = load_settings(overrides, rcfile, folder)?;
    for finding in settings
        .findings()
        .iter()
        .chain(&settings.plugins.finding())
    {
        finding.message().print();
    }
    settings.config.show_missing = true;
    let ci = CiFormat::parse(settings.config.format.as_deref());
    if ci == Some(CiFormat::GitLab) {
        let text = "`gitlab` is the format of a file, which a run does not write";
        return Err(Message::error("usage", text)
            .hint("swath report --format=gitlab > gl-code-quality-report.json".to_owned()));
    }
    Ok((settings, ci))
}

/// The settings of a run.
pub(crate) fn load_settings(
    overrides: &SettingsOverrides,
    rcfile: Option<&str>,
    folder: &Path,
) -> Result<Settings, Message> {
    let mut settings = Settings::load(rcfile, folder)
        .map_err(|error| Message::error(error.code(), error.to_string()).hint(error.hint()))?;
    overrides.apply(&mut settings);
    Ok(settings)
}

/// What will be written besides the data.
pub(crate) fn outputs(wishes: &Wishes<'_>) -> Vec<Output> {
    let output = |option, path: Option<&Path>, is_folder| {
        path.map(|path| Output {
            option,
            path: path.to_owned(),
            is_folder,
        })
    };
    [
        output("--json", wishes.json, false),
        output("--html", wishes.html, true),
    ]
    .into_iter()
    .flatten()
    .collect()
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

/// Names the data of runs of this folder that were killed.
fn name_leftovers(folder: &Path) {
    rescue_killed_runs();
    for leftover in leftovers(folder) {
        if !leftover.named {
            leftover.finding().message().print();
            leftover.note_named();
        }
    }
}

/// A run that was not started: nothing is there but the reason, which `--json` holds too.
fn not_run(arguments: &RunArguments, message: &Message, exit: Exit) -> Exit {
    told(arguments.services.json.as_deref(), message);
    exit
}

/// Says why there is no run, in the file of `--json` as well.
pub(crate) fn told(json: Option<&Path>, message: &Message) {
    message.print();
    if let Some(path) = json {
        write_json(path, &error_account_json(message));
    }
}

fn perform(arguments: &RunArguments, request: &RunRequest, gates: &Gates) -> Exit {
    name_leftovers(&request.folder);
    match swath_run::run(request, &mut Progress::new()) {
        Ok(run) => show(&wishes_of(arguments), &run, gates),
        Err(error) => not_run(arguments, &log::named(error.message()), exit_of(&error)),
    }
}

/// What the end of a run is to leave, besides the data.
pub(crate) struct Wishes<'a> {
    /// `--json`.
    pub(crate) json: Option<&'a Path>,
    /// `--html`.
    pub(crate) html: Option<&'a Path>,
    /// `--require-complete`.
    pub(crate) require_complete: bool,
    /// `--attribution`.
    pub(crate) attribution: bool,
}

fn wishes_of(arguments: &RunArguments) -> Wishes<'_> {
    Wishes {
        json: arguments.services.json.as_deref(),
        html: arguments.report.html.as_deref(),
        require_complete: arguments.services.require_complete,
        attribution: arguments.services.attribution,
    }
}

/// Shows what came of a run, writes what was asked for, and gives the exit code. What cannot be
/// written takes nothing else along.
pub(crate) fn show(wishes: &Wishes<'_>, run: &FinishedRun, gates: &Gates) -> Exit {
    show_gathered(wishes, run);
    if let Some(saved) = &run.saved {
        let path = &saved.path;
        let folder = Path::new(run.settings.directory.path());
        let shown = path.strip_prefix(folder).unwrap_or(path).display();
        let partial = if run.account.partial {
            " (partial)"
        } else {
            ""
        };
        status("Saved", &format!("{shown}{partial}  {}", bytes(saved.size)));
    }
    if let Some(kept) = &run.kept {
        let text = format!("what the start ran, in {}", kept.path.display());
        status("Kept", &text);
    }
    let tests_ran = run.is_reported;
    let table_error = if tests_ran { show_table(run) } else { None };
    let gate_failure = tests_ran.then(|| gate_failure(run)).flatten();
    if let Some(failure) = &gate_failure {
        print(&format!("Coverage failure: {failure}\n"));
    }
    let page = tests_ran.then(|| write_pages(wishes, run)).flatten();
    // That was said before the run, as what else there is to say of the settings.
    let said = run.settings.plugins.finding();
    let findings = run.findings.iter();
    for finding in findings.filter(|&finding| Some(finding) != said.as_ref()) {
        finding.message().print();
    }
    let gates = if tests_ran {
        judge(gates, run)
    } else {
        Ok(true)
    };
    let error = failure(run, table_error.as_ref()).map(log::named);
    let is_written = wishes
        .json
        .is_none_or(|path| write_json(path, &account_json(run, error.as_ref())));
    if let Some(message) = &error {
        if let Some(RunError::ServiceExited { service, how, .. }) = &run.failure {
            status_bad("Failed", &format!("service {service} {how}"));
        }
        message.print();
    }
    if let Some(page) = &page {
        let folder = Path::new(run.settings.directory.path());
        let page = page.strip_prefix(folder).unwrap_or(page);
        status("Report", &page.display().to_string());
    }
    if run.failure.is_none() && run.nothing_measured.is_none() && tests_ran {
        summary::print_verdict(run);
    }
    let is_judged = gates.is_ok();
    let below = gate_failure.is_some() || gates == Ok(false);
    match exit_code(wishes, run, below) {
        // What was asked for is not there, or not whole.
        Exit::Success if table_error.is_some() || !is_written || !is_judged => Exit::RunFailure,
        exit => exit,
    }
}

fn show_gathered(wishes: &Wishes<'_>, run: &FinishedRun) {
    let processes = run.account.processes.len();
    if processes > 0 {
        let text = format!(
            "{}, {} ({})",
            count(processes, "process"),
            count(run.files.len(), "file"),
            summary::by_role(&run.account)
        );
        status("Gathered", &text);
    }
    let attribution = &run.data.accounting.attribution;
    if !attribution.is_empty() {
        show_attributed(attribution);
    } else if wishes.attribution && run.nothing_measured.is_none() {
        let text = "nothing: swath knows none of the servers and test runners that ran";
        status("Attributed", text);
    }
}

/// How many tests the data tells apart, and how to list them.
fn show_attributed(attribution: &Attribution) {
    let tests: BTreeSet<&str> = attribution.tests().map(|(name, _)| test_of(name)).collect();
    let text = match tests.len() {
        0 => "no test: none named itself".to_owned(),
        tests => format!("{} (swath report --by test)", count(tests, "test")),
    };
    status("Attributed", &text);
}

/// Prints the table; gives why there is none, where there should be one.
fn show_table(run: &FinishedRun) -> Option<TextError> {
    if run.nothing_measured.is_some() {
        return None;
    }
    let report = run.report.as_ref().ok()?;
    let mut options = TextOptions::from_config(&run.settings.config);
    let on_github = CiFormat::parse(options.format.as_deref()) == Some(CiFormat::GitHub);
    if on_github {
        options.format = None;
    }
    let shown = render_text(report, &options).and_then(|text| {
        print(&format!("\n{text}"));
        if on_github {
            show_on_github(report, &run.verdict, &options)
        } else {
            Ok(())
        }
    });
    match shown {
        // The findings say why no file is left.
        Ok(()) | Err(TextError::NoData) => None,
        Err(error) => Some(error),
    }
}

/// What the gate says of the total, table or not.
fn gate_failure(run: &FinishedRun) -> Option<String> {
    let config = &run.settings.config;
    if config.fail_under == 0.0 || run.nothing_measured.is_some() {
        return None;
    }
    let report = match &run.report {
        Ok(report) if report.totals.files > 0 => report,
        // A total of nothing has not passed; another error is told by itself.
        report => {
            let is_no_data = report.as_ref().err().is_none_or(ReportError::is_no_data);
            return is_no_data.then(|| "no file is left to report".to_owned());
        }
    };
    judge_total(config, report.totals.percent()).unwrap_or_else(|error| Some(error.to_string()))
}

/// Whether all gates passed; says which did not. An error has been told.
fn judge(gates: &Gates, run: &FinishedRun) -> Result<bool, ()> {
    if gates.is_empty() || run.nothing_measured.is_some() {
        return Ok(true);
    }
    let told = |message: Message| message.print();
    let Ok(report) = &run.report else {
        let text = "gates: no file is left to report";
        told(Message::error("below-minimum", text));
        return Ok(false);
    };
    let changes = if gates.ask_for_changes() {
        let wanted = ChangeArguments::default();
        let changes = changes_since(&wanted, report, &run.data, &run.settings);
        Some(changes.map_err(|error| told(error.message()))?)
    } else {
        None
    };
    let failures = gates.judge(Judged {
        report,
        changes: changes.as_ref(),
        data: &run.data,
        settings: &run.settings,
    });
    Ok(all_passed(
        &failures.map_err(|error| told(error.message()))?,
    ))
}

/// Writes the HTML report into a folder; gives its first page. Everything else of the run is done
/// by then, so that a folder that cannot be written is a warning.
fn write_pages(wishes: &Wishes<'_>, run: &FinishedRun) -> Option<PathBuf> {
    let target = wishes.html?;
    let report = run.report.as_ref().ok()?;
    let request = HtmlRequest {
        config: &run.settings.config,
        directory: &run.settings.directory,
        target,
        single_file: false,
        no_source: false,
        description: None,
        changed: BTreeMap::new(),
    };
    match write_html(&run.data, report, &request) {
        Ok(_) => Some(target.join("index.html")),
        Err(error) => {
            Message::warning("html-not-written", error.to_string()).print();
            None
        }
    }
}

/// Writes the account; gives whether it is there.
fn write_json(path: &Path, text: &str) -> bool {
    let written = write_file(path, text.as_bytes());
    if let Err(error) = &written {
        let text = format!("cannot write `{}`: {error}", path.display());
        Message::error("json-not-written", text).print();
    }
    written.is_ok()
}

/// Why the command fails for a reason of its own, if it does.
fn failure(run: &FinishedRun, table_error: Option<&TextError>) -> Option<Message> {
    if let Some(lost) = &run.not_saved {
        return Some(lost.message());
    }
    if let Some(error) = &run.failure {
        let by_user = matches!(error, RunError::InterruptedBeforeTests);
        return (!by_user || run.interruption.is_none()).then(|| error.message());
    }
    if let Some(why) = &run.nothing_measured {
        return Some(nothing_measured(why));
    }
    let report_error = run
        .report
        .as_ref()
        .err()
        .filter(|error| !error.is_no_data());
    let error = report_error
        .map(ToString::to_string)
        .or_else(|| table_error.map(ToString::to_string))?;
    let message = Message::error("report-failed", error);
    Some(match &run.saved {
        Some(saved) => message.note(format!("the data is in {}", saved.path.display())),
        None => message,
    })
}

fn nothing_measured(why: &NothingMeasured) -> Message {
    let message = Message::error(
        "nothing-measured",
        "no Python process of the run touched a file in scope",
    );
    match why {
        NothingMeasured::Unreadable => message
            .note("what they recorded could not be read")
            .hint("the warnings above say why and what helps".to_owned()),
        NothingMeasured::NoPython => message.note("no Python was seen at all").hint(
            "start the services below this command, or name them with `--service`".to_owned(),
        ),
        NothingMeasured::NoAgent { seen } => message
            .note(format!(
                "{} seen, none carried the agent",
                count(*seen, "Python process")
            ))
            .hint("the warnings above say why and what helps".to_owned()),
        NothingMeasured::Service { service } => message
            .note(format!("service `{service}` ran no line that counts"))
            .hint(
                "check that it serves what the tests ask for, and that its code is in `source`"
                    .to_owned(),
            ),
        NothingMeasured::OutOfScope { processes } => message
            .note(format!(
                "{} carried the agent",
                count(*processes, "Python process")
            ))
            .hint("check `source`, `include` and `omit`".to_owned()),
    }
}

fn exit_of(error: &RunError) -> Exit {
    match error {
        RunError::CommandNotFound { .. } => Exit::NotFound,
        RunError::CommandNotRunnable { .. } => Exit::NotRunnable,
        _ => Exit::RunFailure,
    }
}

fn exit_code(wishes: &Wishes<'_>, run: &FinishedRun, below: bool) -> Exit {
    if let Some(error) = &run.failure
        && (!matches!(error, RunError::InterruptedBeforeTests) || run.interruption.is_none())
    {
        return exit_of(error);
    }
    if let Some(interruption) = run.interruption {
        return Exit::Passed(128 + interruption.signal);
    }
    if let Some(code) = run.tests_exit_code() {
        return Exit::Passed(code);
    }
    let report_failed = run.report.as_ref().is_err_and(|error| !error.is_no_data());
    // A gate that may not be in force has not been passed.
    let report_failed = report_failed || run.settings.plugins.error().is_some();
    if run.not_saved.is_some() || run.nothing_measured.is_some() || report_failed {
        Exit::RunFailure
    } else if below {
        Exit::BelowFailUnder
    } else if wishes.require_complete && !run.is_complete() {
        Exit::Incomplete
    } else {
        Exit::Success
    }
}

/// Prints why a run failed, and gives its exit code.
pub(crate) fn run_failure(error: &RunError) -> Exit {
    if let RunError::ServiceExited { service, how, .. } = error {
        status_bad("Failed", &format!("service {service} {how}"));
    }
    log::named(error.message()).print();
    exit_of(error)
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
