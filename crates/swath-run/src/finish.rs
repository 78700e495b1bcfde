//! From the evidence of a run to what came of it: account, data, report, verdict.
//!
//! The data is saved first. Whatever fails after that is a finding, and whatever is wrong with the
//! settings by then costs no line of what was recorded.

mod run_data;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Instant;

use swath_checkout::Checkout;
use swath_config::{CoverageConfig, Ready};
use swath_coverage::{check_analysis, file_findings, verdict};
use swath_data::{
    CoverageData, RecordedFinding, RunFacts, RunRecord, StoredProcess, distinct_files,
    without_secrets,
};
use swath_model::{Finding, NothingMeasured, TestsResult};

use self::run_data::data_of;
use crate::account::findings::of_account;
use crate::account::{self, Account, Judged, account_for_processes};
use crate::container::account::ContainerRun;
use crate::container::findings as container_findings;
use crate::container::running_before;
use crate::container::silent::silent_containers;
use crate::data_file::{SavedData, appended, random_id, save};
use crate::error::RunError;
use crate::event::Observer;
use crate::finished_run::{FinishedRun, NotSaved};
use crate::left_out::tests_left_out;
use crate::measurement::{Measurement, measure};
use crate::orchestra::RunOutcome;
use crate::place::{PlaceOfRun, Places, other_report_rules, places_of};
use crate::process_table::Sightings;
use crate::python_question::compiled_lines::KnownInterpreters;
use crate::report::analyze;
use crate::request::{RunKind, RunRequest, Scope};
use crate::settings::Settings;
use crate::unseen_service::unseen_services;
use crate::{source_hints, tests_result};

/// How many differences of the analysis are named.
const NAMED: usize = 5;

/// Performs a run, from the check of what it will write to its verdict.
///
/// # Errors
/// When nothing could be started. Whatever fails later is in the result, beside what was measured.
pub fn run(request: &RunRequest, observer: &mut dyn Observer) -> Result<FinishedRun, RunError> {
    let measurement = measure(request, observer)?;
    Ok(finish_measurement(request, measurement))
}

/// Finishes a run from its evidence, whatever that came from.
pub(crate) fn finish_measurement(
    request: &RunRequest,
    mut measurement: Measurement,
) -> FinishedRun {
    let judged = timed("accounting", || judge(request, &mut measurement));
    timed("saving and analysis", || {
        finish(request, measurement, judged)
    })
}

/// Whether there is a number to be saved and reported: the tests were started, or they were none of
/// this run's.
fn has_number(request: &RunRequest, measurement: &Measurement) -> bool {
    request.kind == RunKind::Gathered || measurement.outcome.test.is_some()
}

/// Does one part of the work, and logs how long it took.
fn timed<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let begun = Instant::now();
    let result = work();
    tracing::debug!("{what} took {:.3} s", begun.elapsed().as_secs_f64());
    result
}

/// The evidence, judged.
struct Judgement {
    settings: Settings,
    /// What counts though it never ran: the sources of every place whose processes count.
    unexecuted: Vec<CoverageConfig>,
    account: Account,
    processes: Vec<StoredProcess>,
    findings: Vec<Finding>,
    tests: TestsResult,
}

/// Accounts for every process, by the settings of the place where it ran.
fn judge(request: &RunRequest, measurement: &mut Measurement) -> Judgement {
    let mut findings = std::mem::take(&mut measurement.findings);
    let settings = request.settings.clone();
    let mut unexecuted = vec![settings.config.clone()];
    findings.extend(settings.plugins.findings_of_run());
    let (processes, mut account) = match account_with_containers(request, measurement) {
        Ok(Some(theirs)) => {
            unexecuted = theirs.unexecuted;
            findings.extend(theirs.findings);
            (theirs.processes, theirs.account)
        }
        other => {
            findings.extend(other.err());
            let host = &measurement.processes;
            let scope = request.settings.scope().unwrap_or_default();
            let judged = judged(request, &scope);
            let account = account_for_processes(host, &measurement.outcome, &judged);
            (host.clone(), account)
        }
    };
    if measurement.outcome.test.is_some() {
        let unseen = unseen_services(request, &account);
        account.not_measured.extend(unseen);
    }
    findings.extend(of_account(
        &account,
        &processes,
        request,
        has_number(request, measurement),
    ));
    findings.append(&mut measurement.outcome.findings);
    findings.extend(container_findings::of_fetched(
        &measurement.containers.fetched,
    ));
    if request.containers && !account.service_found {
        let containers = running_before(&request.folder);
        if !containers.is_empty() {
            findings.push(Finding::ContainersRanBefore { containers });
        }
    }
    findings.extend(container_findings::of_notes(&measurement.containers.notes));
    findings.extend(container_findings::of_containers(&account.containers));
    Judgement {
        settings,
        unexecuted,
        account,
        processes,
        findings,
        tests: tests_result::of_run(request, measurement.outcome.test),
    }
}

fn judged<'a>(request: &'a RunRequest, scope: &'a Scope) -> Judged<'a> {
    Judged {
        counted: request.counted,
        declared: !request.services.is_empty()
            || request.compose.is_some()
            || request.fleet.is_some(),
        folder: &request.folder,
        scope,
    }
}

/// What the containers of a run change about its judgement.
struct WithContainers {
    unexecuted: Vec<CoverageConfig>,
    findings: Vec<Finding>,
    processes: Vec<StoredProcess>,
    account: Account,
}

fn account_with_containers(
    request: &RunRequest,
    measurement: &mut Measurement,
) -> Result<Option<WithContainers>, Finding> {
    if measurement.containers.is_empty() {
        return Ok(None);
    }
    // The scope was sound before the run.
    let scope = request.settings.scope().unwrap_or_default();
    let checkout = Checkout::new(&request.folder);
    let places =
        places_of(request, &measurement.containers, &checkout, &scope).map_err(|error| {
            Finding::ContainersNotMeasured {
                what: error.to_string(),
            }
        })?;
    let sources = measurement.history.sources();
    let containers = &mut measurement.containers;
    containers.fetch_sources(&places, &sources);
    let (account, ambiguous) = containers.account(
        &measurement.processes,
        &measurement.outcome,
        &judged(request, &scope),
        &places,
    );
    let counted = counted_places(&account, &places, containers);
    let mut findings = places.findings.clone();
    findings.extend(ambiguous);
    findings.extend(other_report_rules(
        &request.settings,
        &counted.with_settings,
    ));
    findings.extend(silent_containers(containers));
    let mut unexecuted: Vec<CoverageConfig> = counted
        .with_settings
        .iter()
        .filter_map(|place| place.unexecuted())
        .collect();
    if counted.by_run {
        unexecuted.push(request.settings.config.clone());
    }
    let host = measurement.processes.iter().cloned();
    let processes = host
        .chain(measurement.containers.take_processes())
        .collect();
    Ok(Some(WithContainers {
        unexecuted,
        findings,
        processes,
        account,
    }))
}

/// The places whose processes count.
struct CountedPlaces<'p, 'c> {
    /// Those with a configuration file of their own.
    with_settings: Vec<&'p PlaceOfRun<'c>>,
    /// Whether the settings of the run hold for any: for this host, or a container without a file.
    by_run: bool,
}

fn counted_places<'p, 'c>(
    account: &Account,
    places: &'p Places<'c>,
    containers: &ContainerRun,
) -> CountedPlaces<'p, 'c> {
    let counted: BTreeSet<Option<&str>> = account
        .processes
        .iter()
        .filter(|process| process.counted)
        .map(|process| process.container.as_deref())
        .collect();
    let mut found = CountedPlaces {
        with_settings: Vec::new(),
        by_run: counted.contains(&None) || counted.is_empty(),
    };
    for (place, record) in places.of_records().zip(&containers.records) {
        if !counted.contains(&Some(record.name.as_str())) {
            continue;
        }
        if place.own.is_some() {
            if !found
                .with_settings
                .iter()
                .any(|&known| std::ptr::eq(known, place))
            {
                found.with_settings.push(place);
            }
        } else {
            found.by_run = true;
        }
    }
    found
}

/// Saves, analyzes, and gives the verdict.
fn finish(request: &RunRequest, mut measurement: Measurement, judged: Judgement) -> FinishedRun {
    let Judgement {
        settings,
        unexecuted,
        account,
        processes,
        mut findings,
        tests,
    } = judged;
    let counted = account.counted_ids();
    let counts = |process: &&StoredProcess| counted.contains(process.id.as_str());
    let touched_anything = processes.iter().filter(counts).any(|p| !p.files.is_empty());
    let nothing_measured = (!ran_anything(processes.iter().filter(counts)))
        .then(|| why_nothing(request, &account, &findings));
    let record = record_of(request, &measurement, &account, tests, &findings);
    let data = data_of(
        request,
        &settings,
        &unexecuted,
        &account,
        &processes,
        record,
        &mut findings,
    );
    let data = with_earlier(request, &measurement, data);
    let Outputs {
        saved,
        kept,
        not_saved,
    } = save_data(
        request,
        &mut measurement,
        &data,
        nothing_measured.is_none(),
        &mut findings,
    );
    let report = analyze(&data, &settings, request.details);
    let unvouched = swath_coverage::Report::default();
    let analyzed = report.as_ref().unwrap_or(&unvouched);
    findings.extend(file_findings(analyzed));
    if report
        .as_ref()
        .is_err_and(crate::report::ReportError::is_no_data)
        && nothing_measured.is_none()
    {
        findings.push(Finding::NothingToReport);
    }
    let files = files_of(&processes);
    if request.kind != RunKind::Program {
        let counted = processes.iter().filter(counts);
        let sightings = &measurement.outcome.sightings;
        findings.extend(differences(request, counted, &settings, sightings));
        let names_source = settings.names_source() || unexecuted.iter().any(names_source);
        findings.extend(hints(&settings, names_source, analyzed, &files));
        let versions = processes.iter().filter_map(|process| process.python);
        findings.extend(source_hints::compiled_modules(
            analyzed,
            &versions.collect(),
        ));
        findings.extend(tests_left_out(
            &account,
            &processes,
            analyzed,
            &settings.directory,
        ));
    }
    let is_reported = has_number(request, &measurement);
    let verdict = verdict(&data, analyzed);
    tracing::debug!("the verdict: {verdict}");
    let outcome = measurement.outcome;
    let finished = FinishedRun {
        verdict,
        tests,
        test_end: outcome.test,
        is_reported,
        failure: outcome.failure,
        interruption: outcome.interruption,
        nothing_measured,
        settings,
        data,
        saved,
        kept,
        not_saved,
        report,
        files,
        touched_anything,
        history: measurement.history.path().to_owned(),
        time_before: outcome.started_at - measurement.begun,
        time_after: outcome.ended_at.elapsed(),
        findings,
        account,
    };
    account::json::keep(&finished);
    finished
}

fn ran_anything<'a>(mut processes: impl Iterator<Item = &'a StoredProcess>) -> bool {
    processes.any(|process| process.files.iter().any(|file| !file.hit.is_empty()))
}

fn why_nothing(request: &RunRequest, account: &Account, findings: &[Finding]) -> NothingMeasured {
    let is_unreadable = |finding: &Finding| matches!(finding, Finding::HitStoreUnreadable { .. });
    if account.processes.is_empty() && findings.iter().any(is_unreadable) {
        return NothingMeasured::Unreadable;
    }
    let seen = account.processes.len() + account.not_measured.len();
    let carried = account
        .processes
        .iter()
        .filter(|process| process.is_measured())
        .count();
    match (seen, carried, request.services.first()) {
        (0, _, _) => NothingMeasured::NoPython,
        (seen, 0, _) => NothingMeasured::NoAgent { seen },
        (_, _, Some(service)) if !account.service_found => NothingMeasured::Service {
            service: service.name.clone(),
        },
        (_, processes, _) => NothingMeasured::OutOfScope { processes },
    }
}

/// The files that any process ran lines of.
fn files_of(processes: &[StoredProcess]) -> BTreeSet<PathBuf> {
    distinct_files(processes)
        .filter(|file| !file.hit.is_empty())
        .map(|file| PathBuf::from(&file.path))
        .collect()
}

/// What the data file says of the run.
fn record_of(
    request: &RunRequest,
    measurement: &Measurement,
    account: &Account,
    tests: TestsResult,
    findings: &[Finding],
) -> RunRecord {
    let words: Vec<String> = request
        .command
        .iter()
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    let facts = RunFacts {
        partial: account.partial,
        seen: account.processes.len() + account.not_measured.len(),
        tests,
        command: without_secrets(&words).join(" "),
        started: measurement.started,
        services: services_of(request, &measurement.outcome),
        ready_paths: ready_paths_of(request),
        findings: findings.iter().map(RecordedFinding::from).collect(),
    };
    facts.into_record(random_id())
}

/// The services that were to be started and measured, by name.
fn services_of(request: &RunRequest, outcome: &RunOutcome) -> Vec<String> {
    let own = request.services.iter().map(|service| service.name.clone());
    let measured = (request.compose.as_ref()).map_or(&[][..], |compose| &compose.measured);
    let of_project = if measured.is_empty() {
        &outcome.project_services
    } else {
        measured
    };
    own.chain(of_project.iter().cloned()).collect()
}

/// What readiness checks ask for over HTTP: a service that starts may answer it with an error.
fn ready_paths_of(request: &RunRequest) -> Vec<String> {
    let own = request.services.iter();
    let own = own.filter_map(|service| service.ready.as_ref());
    let of_project = request.compose.iter().flat_map(|one| one.ready.values());
    let paths: BTreeSet<&str> = own.chain(of_project).filter_map(Ready::http_path).collect();
    paths.into_iter().map(str::to_owned).collect()
}

/// With `--append` the report is about what the data file will hold, as the next report of it will be.
fn with_earlier(
    request: &RunRequest,
    measurement: &Measurement,
    data: CoverageData,
) -> CoverageData {
    if !request.append || !has_number(request, measurement) {
        return data;
    }
    // That it can be added to was seen before the run; what went wrong since is said when it is saved.
    appended(&data, &request.data_file).unwrap_or(data)
}

/// What became of the data.
#[derive(Debug, Default)]
struct Outputs {
    saved: Option<SavedData>,
    kept: Option<SavedData>,
    not_saved: Option<NotSaved>,
}

/// Writes the data file. Data of a run whose tests were not started, or that holds no line, replaces
/// nothing: the first is kept in the run's history, for whoever wants to see what the start ran.
fn save_data(
    request: &RunRequest,
    measurement: &mut Measurement,
    data: &CoverageData,
    measured: bool,
    findings: &mut Vec<Finding>,
) -> Outputs {
    let replaces = request.replaces_by_nothing && !request.append;
    if data.is_empty() && !replaces {
        measurement.end();
        return Outputs::default();
    }
    let tests_ran = has_number(request, measurement);
    let wanted = if !tests_ran {
        measurement.history.path().join("partial.coverage")
    } else if !measured && !replaces && request.data_file.exists() {
        measurement.end();
        return Outputs::default();
    } else {
        request.data_file.clone()
    };
    let written = if tests_ran && request.append {
        appended(data, &wanted).and_then(|all| save(&all, &wanted, &measurement.data_file_before))
    } else if tests_ran {
        save(data, &wanted, &measurement.data_file_before)
    } else {
        save(data, &wanted, &crate::data_file::Fingerprint::of(&wanted))
    };
    match written {
        Ok(saved) => {
            if saved.path != wanted {
                findings.push(Finding::DataFileWritten {
                    wanted: wanted.display().to_string(),
                    written: saved.path.display().to_string(),
                });
            }
            measurement.end();
            let (saved, kept) = if tests_ran {
                (Some(saved), None)
            } else {
                (None, Some(saved))
            };
            Outputs {
                saved,
                kept,
                not_saved: None,
            }
        }
        Err(error) => {
            // Nothing is lost: the hit stores stay, and combine reads them.
            let kept = measurement.folder.as_mut().map(|folder| {
                folder.keep();
                folder.data()
            });
            let not_saved = NotSaved {
                error: error.to_string(),
                kept,
            };
            measurement.history.mark_unsaved(&not_saved.error);
            Outputs {
                not_saved: Some(not_saved),
                ..Outputs::default()
            }
        }
    }
}

/// Where the analysis and the interpreters that ran the files disagree about their statements.
fn differences<'a>(
    request: &RunRequest,
    processes: impl Iterator<Item = &'a StoredProcess>,
    settings: &Settings,
    sightings: &Sightings,
) -> Vec<Finding> {
    let services = request.services.iter().map(|service| &service.command);
    let programs = services.filter_map(|command| command.first());
    let test = request.command.first().and_then(|word| word.to_str());
    let programs = programs.map(String::as_str).chain(test);
    let interpreters = KnownInterpreters::of(programs, &request.folder, sightings);
    let compiled =
        |interpreter: &str, source: &[u8]| interpreters.compiled_lines(interpreter, source);
    check_analysis(processes, &settings.directory, &compiled)
        .into_iter()
        .take(NAMED)
        .map(|difference| Finding::AnalysisDiffers {
            python: difference.python.to_string(),
            file: difference.name,
            lines: difference.lines,
        })
        .collect()
}

/// Whether settings say what the source is.
fn names_source(config: &CoverageConfig) -> bool {
    config.source.is_some() || !config.source_dirs.is_empty() || !config.source_pkgs.is_empty()
}

/// What the settings leave out or let in by mistake.
fn hints(
    settings: &Settings,
    names_source: bool,
    report: &swath_coverage::Report,
    files: &BTreeSet<PathBuf>,
) -> Option<Finding> {
    if names_source {
        let unexecuted = report
            .files
            .iter()
            .filter(|file| file.executed.is_empty() && !file.statements.is_empty());
        source_hints::tests_in_source(
            unexecuted.map(|file| std::path::Path::new(file.name.as_str())),
            &settings.directory,
        )
    } else {
        source_hints::never_imported(std::path::Path::new(settings.directory.path()), files)
    }
}
