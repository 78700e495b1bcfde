//! One run, from the private folder to the account: what both forms of `run` have in common.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use swath_coverage::{AnalysisDifference, check_analysis, touch_unexecuted};
use swath_data::{
    CoverageData, PathMap, ProcessNote, RunRecord, StoredProcess, parallel_name, read_hit_stores,
    to_coverage_data, write_data_file,
};
use swath_pattern::GlobError;
use swath_run::{
    Account, ContainerRun, Containers, Counted, Ending, Judged, Observer, ProcessAccount, RunError,
    RunFolder, RunHistory, RunOutcome, RunRequest, account_for_processes, execute,
};

use crate::diagnostic::Diagnostic;
use crate::settings::Settings;

/// What a run gave. The hit stores are removed with this value unless the data could not be saved.
pub(crate) struct Measurement {
    pub(crate) outcome: RunOutcome,
    pub(crate) account: Account,
    pub(crate) processes: Vec<StoredProcess>,
    pub(crate) warnings: Vec<Diagnostic>,
    pub(crate) containers: ContainerRun,
    /// What `--append` adds to.
    pub(crate) earlier: Option<CoverageData>,
    folder: RunFolder,
    history: RunHistory,
    data_file_before: Fingerprint,
    begun: Instant,
    /// Facts of the run that go into the data file, beside those of the account.
    facts: Vec<(String, String)>,
}

/// Warnings whose content the tables of processes and facts of their own hold.
const IN_TABLES: [&str; 3] = ["not-measured", "agent-failed", "no-room"];

/// Executes the request and accounts for every process.
pub(crate) fn measure(
    request: &RunRequest,
    counted: Counted,
    data_file: &Path,
    observer: &mut dyn Observer,
) -> Result<Measurement, RunError> {
    let begun = Instant::now();
    let data_file_before = Fingerprint::of(data_file);
    let history = RunHistory::create()?;
    let folder = RunFolder::create(&request.scope)?;
    history.mark_active(folder.path());
    let mut request = request.clone();
    let containers = Containers::start(&mut request, &folder, &history);
    if let Some(what) = containers.problem().filter(|_| request.compose.is_some()) {
        history.mark_ended();
        return Err(RunError::NoEngine {
            what: what.to_owned(),
        });
    }
    let outcome = execute(&request, &folder, &history, observer);
    let mut containers = containers.finish();
    let outcome = match outcome {
        Ok(outcome) => outcome,
        Err(error) => {
            history.mark_ended();
            return Err(error);
        }
    };
    containers.note_bypasses(&outcome);
    let gathered = read_hit_stores(&folder.data()).map_err(|source| RunError::System {
        what: "the hit stores could not be read",
        source,
    })?;
    let warnings = gathered
        .unreadable
        .iter()
        .chain(&containers.unreadable)
        .map(|store| Diagnostic::warning("hit-store-unreadable", store.error.to_string()))
        .collect();
    let account = account_for_processes(&gathered.processes, &outcome, counted, &request.folder);
    Ok(Measurement {
        outcome,
        account,
        processes: gathered.processes,
        warnings,
        containers,
        earlier: None,
        folder,
        history,
        data_file_before,
        begun,
        facts: Vec::new(),
    })
}

impl Measurement {
    /// Takes the processes of the containers into the account.
    pub(crate) fn account_for_containers(
        &mut self,
        judged: &Judged<'_>,
        paths: &mut PathMap,
    ) -> Result<(), GlobError> {
        let sources = self.history.sources();
        self.containers
            .fetch_sources(judged.scope, paths, &sources)?;
        let account = self
            .containers
            .account(&self.processes, &self.outcome, judged, paths);
        (self.processes, self.account) = account?;
        Ok(())
    }

    /// The lines of the processes that count, with the files under `source` that nobody ran; and the packages there
    /// that no process imported.
    pub(crate) fn data(
        &self,
        settings: &Settings,
    ) -> Result<(CoverageData, Vec<String>), Diagnostic> {
        let notes = self
            .account
            .processes
            .iter()
            .map(|process| (process.id.as_str(), process))
            .collect::<BTreeMap<_, _>>();
        let context = settings.config.context.as_deref().unwrap_or_default();
        let mut data = to_coverage_data(&self.processes, self.record(), context, |process| {
            notes
                .get(process.id.as_str())
                .map(|account| note_of(account))
                .unwrap_or_default()
        });
        if settings.config.relative_files {
            data = relative(&data, settings);
        }
        let touched = touch_unexecuted(&mut data, &settings.config, &settings.directory)
            .map_err(|error| Diagnostic::error("source-not-found", error.to_string()))?;
        Ok((data, touched.never_imported))
    }

    /// Notes warnings, so that reports made from the data file alone show them too.
    pub(crate) fn note_warnings<'w>(&mut self, warnings: impl IntoIterator<Item = &'w Diagnostic>) {
        for warning in warnings {
            if !IN_TABLES.contains(&warning.code()) {
                let text = format!("{}: {}", warning.code(), warning.plain());
                self.facts.push(("warning".to_owned(), text));
            }
        }
    }

    /// Whether any process that counts ran a line.
    pub(crate) fn measured_anything(&self) -> bool {
        let counted = self.account.counted_ids();
        self.processes
            .iter()
            .filter(|process| counted.contains(process.id.as_str()))
            .any(|process| process.files.iter().any(|file| !file.hit.is_empty()))
    }

    /// Whether any process that counts ran a file in scope, be it an empty one.
    pub(crate) fn touched_anything(&self) -> bool {
        let counted = self.account.counted_ids();
        self.processes
            .iter()
            .any(|process| counted.contains(process.id.as_str()) && !process.files.is_empty())
    }

    /// Where the analysis and the interpreters that ran the files disagree about their statements.
    pub(crate) fn analysis_differences(&self, settings: &Settings) -> Vec<AnalysisDifference> {
        let counted = self.account.counted_ids();
        let processes = self
            .processes
            .iter()
            .filter(|process| counted.contains(process.id.as_str()));
        check_analysis(processes, &settings.directory)
    }

    /// The files that any process ran lines of.
    pub(crate) fn files(&self) -> BTreeSet<PathBuf> {
        self.processes
            .iter()
            .flat_map(|process| &process.files)
            .filter(|file| !file.hit.is_empty())
            .map(|file| PathBuf::from(&file.path))
            .collect()
    }

    /// Writes the data file, or one beside it when somebody else wrote it during the run; gives its path.
    pub(crate) fn save(
        &mut self,
        data: &CoverageData,
        data_file: &Path,
    ) -> Result<PathBuf, Diagnostic> {
        let path = if Fingerprint::of(data_file) == self.data_file_before {
            data_file.to_owned()
        } else {
            beside(data_file)
        };
        write_data_file(data, &path).map_err(|error| {
            // Nothing is lost: the hit stores stay, and combine reads them.
            self.folder.keep();
            Diagnostic::error("data-not-saved", error.to_string())
                .note(format!(
                    "the hit stores are kept in {}",
                    self.folder.data().display()
                ))
                .hint(format!("swath combine {}", self.folder.data().display()))
        })?;
        self.history.mark_ended();
        Ok(path)
    }

    /// Notes that there is nothing to save.
    pub(crate) fn discard(&self) {
        self.history.mark_ended();
    }

    /// The folder that keeps the logs and the account of the last ten runs.
    pub(crate) fn history(&self) -> &Path {
        self.history.path()
    }

    /// From the call of the command to the start of the first service or of the tests.
    pub(crate) fn time_before(&self) -> Duration {
        self.outcome.started_at - self.begun
    }

    /// From the end of the last service until now.
    pub(crate) fn time_after(&self) -> Duration {
        self.outcome.ended_at.elapsed()
    }

    fn record(&self) -> RunRecord {
        let complete = u8::from(self.account.is_complete());
        let mut facts = vec![("complete".to_owned(), complete.to_string())];
        if self.account.partial {
            facts.push(("partial".to_owned(), "1".to_owned()));
        }
        for missed in &self.account.not_measured {
            let (command, reason) = (missed.command.join(" "), missed.reason);
            let remedy = reason.remedy();
            facts.push((
                "not-measured".to_owned(),
                format!("{command}: {reason} ({remedy})"),
            ));
        }
        for (service, how) in &self.outcome.services_ended {
            facts.push(("service-ended".to_owned(), format!("{service}: {how}")));
        }
        facts.extend(self.facts.iter().cloned());
        RunRecord {
            id: random_id(),
            facts,
        }
    }
}

fn note_of(account: &ProcessAccount) -> ProcessNote {
    let ended = match account.ending {
        Ending::Cleanly | Ending::Exited(_) => "cleanly",
        Ending::Abruptly | Ending::Signalled(_) => "abruptly",
        Ending::ReplacedByExec => "exec",
        Ending::StillRunning => "running",
    };
    ProcessNote {
        counted: account.counted,
        role: account.role.name().to_owned(),
        service: account.service.clone(),
        ended: Some(ended.to_owned()),
        exit_status: match account.ending {
            Ending::Exited(code) => Some(code),
            Ending::Signalled(signal) => Some(-signal),
            _ => None,
        },
        state: Some(account.agent.clone()),
    }
}

/// The same data with paths relative to the folder, as `relative_files` asks.
fn relative(data: &CoverageData, settings: &Settings) -> CoverageData {
    let mut mapped = CoverageData::new(data.mode());
    let relative = |path: &str| settings.directory.relative(path).to_owned();
    // Data of one run has one kind of rows, so nothing can conflict.
    if mapped.update(data, ("", ""), relative).is_err() {
        return data.clone();
    }
    mapped
}

/// What shows that a file was written: size, time and inode.
#[derive(Debug, PartialEq, Eq)]
struct Fingerprint(Option<(u64, Option<SystemTime>, u64)>);

impl Fingerprint {
    fn of(path: &Path) -> Fingerprint {
        use std::os::unix::fs::MetadataExt as _;
        Fingerprint(
            std::fs::metadata(path)
                .ok()
                .map(|file| (file.len(), file.modified().ok(), file.ino())),
        )
    }
}

/// A parallel name, as coverage.py makes them: `.coverage.HOST.pid123.XAbCdEfx`.
pub(crate) fn beside(data_file: &Path) -> PathBuf {
    let host = fs_err::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let host = match host.trim() {
        "" => "localhost",
        host => host,
    };
    parallel_name(data_file, host, std::process::id(), random())
}

fn random_id() -> String {
    format!("{:016x}", random())
}

fn random() -> u64 {
    use std::hash::{BuildHasher as _, Hasher as _, RandomState};
    RandomState::new().build_hasher().finish()
}
