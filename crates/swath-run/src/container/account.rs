//! The account of a run's containers: whose lines count, under which paths, and how each ended.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use rustc_hash::FxHashMap;
use schemars::JsonSchema;
use serde::Serialize;
use swath_checkout::{Mapped, write_private_file};
use swath_data::{
    Gathered, SharedFiles, SourceHash, StoredFile, StoredProcess, UnreadableStore, distinct_files,
};
use swath_docker::{
    ContainerNote, ContainerRecord, Endpoint, EngineError, ShippedTasks, read_source,
};
use swath_model::{Ending, Finding, Orchestrator, Role};

use crate::account::{Account, Judged, ProcessAccount, account_for_places};
use crate::command_line::{base_name, is_python_name, is_shell, is_test_runner};
use crate::not_measured::{not_measured_in_container, unseen_in_container};
use crate::orchestra::RunOutcome;
use crate::place::{PlaceOfRun, Places};

/// More sources than that are not fetched from containers.
const MOST_FETCHED: usize = 500;

/// What came of the containers of a run.
#[derive(Debug, Default)]
pub(crate) struct ContainerRun {
    pub(crate) records: Vec<ContainerRecord>,
    pub(crate) stores: Vec<Vec<StoredProcess>>,
    /// What replicas recorded alike.
    files: SharedFiles,
    /// The engine, where the proxy ran.
    pub(crate) endpoint: Option<Endpoint>,
    /// What tasks of a Swarm's services recorded that is still in an object store.
    pub(crate) shipped: Option<ShippedTasks>,
    /// What there is to say about them.
    pub notes: Vec<ContainerNote>,
    /// Sources that are not in the checkout, by their path in a container: where they are now.
    pub fetched: BTreeMap<(String, SourceHash), String>,
    /// Hit stores that could not be read.
    pub unreadable: Vec<UnreadableStore>,
    /// Whether nothing is known of them, for a reason of swath's own.
    pub(crate) is_lost: bool,
    /// Whether what tasks recorded is still in the engine, of which nobody could be told.
    pub(crate) keeps_volume: bool,
}

/// One container in the accounting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ContainerAccount {
    /// Its name.
    pub name: String,
    /// Its service, as its engine calls it, else its name.
    pub service: String,
    /// What runs it.
    #[serde(skip)]
    pub orchestrator: Orchestrator,
    /// Its image, as it was named when it was created.
    pub image: String,
    /// What its processes are to the run; none where no Python ran.
    pub role: Option<Role>,
    /// How many Python processes carried the agent.
    pub processes: usize,
    /// Its first process.
    pub command: Vec<String>,
    /// Whether the engine puts an init before its first process.
    pub init: bool,
    /// Whether it still ran at the end.
    pub running: bool,
    /// How it ended, each time, as the engine reports it.
    pub ends: Vec<ContainerEnd>,
    /// Why its data could not be gathered.
    pub problem: Option<String>,
}

/// How a container ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ContainerEnd {
    /// The exit code.
    pub code: i64,
    /// The signals that it was sent.
    pub signals: Vec<i64>,
    /// Whether it ran out of memory.
    pub out_of_memory: bool,
}

impl ContainerEnd {
    /// Whether it ignored a signal and was killed in the end.
    pub fn ignored_signal(&self) -> Option<i64> {
        let first = self.signals.iter().copied().find(|&signal| signal != 9)?;
        (self.code == 137 && self.signals.last() == Some(&9)).then_some(first)
    }
}

impl ContainerAccount {
    /// Whether its first process is a Python, which as the first one ignores SIGTERM.
    pub fn starts_with_bare_python(&self) -> bool {
        !self.init
            && self
                .command
                .first()
                .is_some_and(|program| is_python_name(program))
            && !self
                .command
                .iter()
                .any(|word| word.contains("gunicorn") || word.contains("uvicorn"))
    }

    /// Whether its first process is a shell or a shell's script, which pass no signals on.
    pub fn starts_with_shell(&self) -> bool {
        self.command.first().is_some_and(|program| {
            is_shell(program) || Path::new(program).extension().is_some_and(|e| e == "sh")
        })
    }
}

impl ContainerRun {
    /// Whether no container was created with the agent.
    pub(crate) fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Adds a container with what was read of its hit stores.
    pub(crate) fn add(&mut self, record: ContainerRecord, mut gathered: Gathered) {
        for process in &mut gathered.processes {
            self.files.share(process);
        }
        self.unreadable.extend(gathered.unreadable);
        self.stores.push(gathered.processes);
        self.records.push(record);
    }

    /// Adds containers that ran elsewhere.
    pub(crate) fn extend(&mut self, others: ContainerRun) {
        self.records.extend(others.records);
        self.stores.extend(others.stores);
        self.unreadable.extend(others.unreadable);
    }

    /// Whether what a container recorded is still in the engine.
    pub(crate) fn is_ungathered(&self) -> bool {
        self.is_lost
            || self.keeps_volume
            || self.records.iter().any(|record| record.problem.is_some())
    }

    /// Takes note of commands that went past the proxy.
    pub(crate) fn note_bypasses(&mut self, outcome: &RunOutcome) {
        if self.endpoint.is_none() {
            return;
        }
        let commands = outcome
            .sightings
            .values()
            .map(|sighting| sighting.arguments.as_slice())
            .filter(|words| goes_around(words))
            .map(|words| swath_data::without_secrets(words).join(" "))
            .collect::<BTreeSet<_>>();
        let notes = commands.into_iter();
        self.notes
            .extend(notes.map(|command| ContainerNote::AroundProxy { command }));
    }

    /// Fetches the sources that are in scope and not in the checkout, into `folder`. An engine that
    /// says nothing is asked once.
    pub(crate) fn fetch_sources(&mut self, places: &Places<'_>, folder: &Path) {
        let Some(endpoint) = &self.endpoint else {
            return;
        };
        let containers = self.records.iter().zip(&self.stores);
        for ((record, stores), place) in containers.zip(places.of_records()) {
            if record.in_foreground() || record.is_elsewhere {
                continue;
            }
            for file in distinct_files(stores) {
                let Some(hash) = file.hash.filter(|_| !file.hit.is_empty()) else {
                    continue;
                };
                let key = (file.path.clone(), hash);
                if self.fetched.len() >= MOST_FETCHED || self.fetched.contains_key(&key) {
                    continue;
                }
                if place.judge(&file.path, Some(hash)) != (Mapped::Nowhere, true) {
                    continue;
                }
                match fetch(endpoint, record, file, hash, folder) {
                    Ok(Some(here)) => {
                        self.fetched.insert(key, here);
                    }
                    Ok(None) => {}
                    Err(FetchError::Engine(error)) if error.is_silence() => return,
                    Err(error) => tracing::debug!("{} stays unmapped: {error}", file.path),
                }
            }
        }
    }

    /// Gives the processes of the containers the paths of the checkout; the account of them and of the
    /// host's, and the files of which it is not known which they are here.
    pub(crate) fn account(
        &mut self,
        host: &[StoredProcess],
        outcome: &RunOutcome,
        judged: &Judged<'_>,
        places: &Places<'_>,
    ) -> (Account, Vec<Finding>) {
        let mut localiser = Localiser::new(&self.fetched);
        let containers = self.records.iter().zip(&mut self.stores);
        for ((record, own), place) in containers.zip(places.of_records()) {
            for process in &mut *own {
                localiser.localise(process, place);
            }
            assign_service(own, record);
        }
        let ambiguous = localiser.ambiguous;
        let mut account = account_for_places(host, &self.stores, outcome, judged);
        let mut by_id: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (index, entry) in account.processes.iter().enumerate() {
            by_id.entry(entry.id.clone()).or_default().push(index);
        }
        let mut containers = Vec::new();
        for (record, own) in self.records.iter().zip(&self.stores) {
            let entries = own.iter().filter_map(|process| by_id.get(&process.id));
            let mut role: Option<Role> = None;
            for &index in entries.flatten() {
                if let Some(entry) = account.processes.get_mut(index) {
                    settle(entry, record);
                    role = Some(role.map_or(entry.role, |role| role.min(entry.role)));
                }
            }
            let seen = not_measured_in_container(record, own);
            let unseen = unseen_in_container(record, own, &seen);
            account.not_measured.extend(seen.into_iter().chain(unseen));
            containers.push(container_account(record, own.len(), role));
        }
        account.containers = containers;
        (account, ambiguous.into_values().collect())
    }

    /// The processes of the containers, which are not needed here any more.
    pub(crate) fn take_processes(&mut self) -> impl Iterator<Item = StoredProcess> {
        std::mem::take(&mut self.stores).into_iter().flatten()
    }
}

/// Says in the account what only the container's record says of a process.
fn settle(entry: &mut ProcessAccount, record: &ContainerRecord) {
    entry.container = Some(record.name.clone());
    if entry.role == Role::Service {
        entry.service = Some(record.service().to_owned());
    }
    if record.running && entry.ending == Ending::Abruptly {
        entry.ending = Ending::StillRunning;
    }
}

/// Gives files of containers their paths in the checkout.
struct Localiser<'f, 'p> {
    /// Where sources are that only a container had.
    fetched: &'f BTreeMap<(String, SourceHash), String>,
    /// What became of a file in a place, with the file as it was: replicas have theirs in common.
    known: FxHashMap<FileOfPlace<'p>, (Arc<StoredFile>, Option<Arc<StoredFile>>)>,
    /// The files of which it is not known which they are here, by place and path.
    ambiguous: BTreeMap<(String, String), Finding>,
}

/// A place and a file, by where they are in memory.
type FileOfPlace<'p> = (*const PlaceOfRun<'p>, *const StoredFile);

impl<'f, 'p> Localiser<'f, 'p> {
    fn new(fetched: &'f BTreeMap<(String, SourceHash), String>) -> Self {
        Self {
            fetched,
            known: FxHashMap::default(),
            ambiguous: BTreeMap::new(),
        }
    }

    /// Gives the files of a process their paths, and leaves out what is not in scope or can be
    /// several files here.
    fn localise(&mut self, process: &mut StoredProcess, place: &PlaceOfRun<'p>) {
        process.files.retain_mut(|file| {
            let key = (std::ptr::from_ref(place), Arc::as_ptr(file));
            let here = if let Some((_, here)) = self.known.get(&key) {
                here.clone()
            } else {
                let here = self.file_here(file, place);
                self.known.insert(key, (Arc::clone(file), here.clone()));
                here
            };
            let Some(here) = here else {
                return false;
            };
            *file = here;
            true
        });
    }

    fn file_here(
        &mut self,
        file: &Arc<StoredFile>,
        place: &PlaceOfRun<'_>,
    ) -> Option<Arc<StoredFile>> {
        let (here, keep) = place.judge(&file.path, file.hash);
        let path = match here {
            Mapped::Here(here) => here,
            Mapped::Ambiguous(candidates) => {
                // An empty file has no line that could be somebody else's.
                if keep && file.hash != Some(SourceHash::of(b"")) {
                    let path = file.path.clone();
                    let place = place.place.to_string();
                    let key = (place.clone(), path.clone());
                    self.ambiguous.entry(key).or_insert(Finding::PathAmbiguous {
                        path,
                        place,
                        candidates,
                    });
                }
                return None;
            }
            Mapped::Nowhere => {
                let key = file.hash.map(|hash| (file.path.clone(), hash));
                let fetched = key.and_then(|key| self.fetched.get(&key));
                fetched.unwrap_or(&file.path).clone()
            }
        };
        keep.then(|| {
            Arc::new(StoredFile {
                path,
                ..StoredFile::clone(file)
            })
        })
    }
}

/// Writes a file of a container into a folder named by its content; `None` where it is not the one
/// that ran.
fn fetch(
    endpoint: &Endpoint,
    record: &ContainerRecord,
    file: &StoredFile,
    hash: SourceHash,
    folder: &Path,
) -> Result<Option<String>, FetchError> {
    let text = read_source(endpoint, record, &file.path)?;
    if SourceHash::of(&text) != hash {
        return Ok(None);
    }
    let inside = Path::new(&file.path)
        .components()
        .filter(|part| matches!(part, Component::Normal(_)));
    let short = hash.to_string().chars().take(12).collect::<String>();
    let path = folder.join(short).join(inside.collect::<PathBuf>());
    if let Some(parent) = path.parent() {
        fs_err::create_dir_all(parent)?;
    }
    write_private_file(&path, &text)?;
    Ok(path.to_str().map(str::to_owned))
}

/// Why a source could not be fetched.
#[derive(Debug, thiserror::Error)]
enum FetchError {
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error(transparent)]
    System(#[from] std::io::Error),
}

/// Whether a command line starts containers at an engine that it names itself.
fn goes_around(words: &[String]) -> bool {
    let is_docker = |word: &String| matches!(base_name(word), "docker" | "docker-compose");
    // Compose 1 is a Python script.
    let Some(program) = words.iter().take(2).position(is_docker) else {
        return false;
    };
    let mut names_engine = false;
    let mut rest = words.get(program + 1..).unwrap_or_default().iter();
    while let Some(word) = rest.next() {
        let (option, value) = match word.split_once('=') {
            Some((option, value)) => (option, Some(value)),
            None => (word.as_str(), None),
        };
        match option {
            // The default context is the one that DOCKER_HOST names.
            "--context" | "-c" => {
                let value = value.or_else(|| rest.next().map(String::as_str));
                names_engine |= value != Some("default");
            }
            "--host" | "-H" => {
                names_engine = true;
                if value.is_none() {
                    rest.next();
                }
            }
            option if option.starts_with('-') => {}
            "run" | "create" | "start" | "restart" | "up" => return names_engine,
            _ => {}
        }
    }
    false
}

/// Says which processes belong to the service that a container runs.
fn assign_service(processes: &mut [StoredProcess], record: &ContainerRecord) {
    let has_runner = processes.iter().any(|p| is_test_runner(&p.command));
    let is_service = !record.in_foreground() && !has_runner;
    for process in processes {
        if process.pid != 1 && is_health_check(&process.command, &record.health_check) {
            process.files.clear();
        }
        // What was started in a running container has no parent in it.
        let executed = process.parent_pid == 0 && process.pid != 1;
        process.service = (is_service && !executed).then(|| record.service().to_owned());
    }
}

/// Whether a command line is what the container's health check starts: its program is not compared,
/// as it is another one once a shell and links have been gone through.
pub(crate) fn is_health_check(command: &[String], check: &[String]) -> bool {
    let Some((kind, words)) = check.split_first() else {
        return false;
    };
    let arguments = command.get(1..).unwrap_or_default();
    if arguments.is_empty() {
        return false;
    }
    match kind.as_str() {
        // What is before the arguments is the program, and what starts it: `timeout 5 python`.
        "CMD" => words.len() > arguments.len() && words.ends_with(arguments),
        "CMD-SHELL" => {
            let text = without_quotes(&words.join(" "));
            let arguments = without_quotes(&arguments.join(" "));
            text.match_indices(&arguments).any(|(start, _)| {
                let rest = &text[start + arguments.len()..];
                can_precede(&text[..start], &arguments) && is_end_of_command(rest)
            })
        }
        _ => false,
    }
}

/// Whether a Python's arguments can follow this text of a shell: options follow a Python, a script
/// may be a command itself.
fn can_precede(text: &str, arguments: &str) -> bool {
    let is_separate = text.is_empty() || text.ends_with([' ', ';', '|', '&', '(']);
    let last = text.split_whitespace().next_back().unwrap_or_default();
    is_separate && (!arguments.starts_with('-') || is_python_name(base_name(last)))
}

/// Whether a command of a shell's text ends before this.
fn is_end_of_command(rest: &str) -> bool {
    let is_separate = rest.is_empty() || rest.starts_with(char::is_whitespace);
    let next = rest.trim_start();
    let is_redirection = next
        .trim_start_matches(|c: char| c.is_ascii_digit())
        .starts_with(['<', '>']);
    rest.starts_with([';', '|', '&', ')'])
        || (is_separate
            && (next.is_empty() || next.starts_with([';', '|', '&', ')']) || is_redirection))
}

fn without_quotes(text: &str) -> String {
    text.replace(['\'', '"'], "")
}

fn container_account(
    record: &ContainerRecord,
    processes: usize,
    role: Option<Role>,
) -> ContainerAccount {
    ContainerAccount {
        name: record.name.clone(),
        service: record.service().to_owned(),
        orchestrator: record.orchestrator(),
        image: record.image.clone(),
        role,
        processes,
        command: swath_data::without_secrets(&record.command),
        init: record.init,
        running: record.running,
        ends: record
            .exits
            .iter()
            .map(|exit| ContainerEnd {
                code: exit.code,
                signals: exit.signals.clone(),
                out_of_memory: exit.out_of_memory,
            })
            .collect(),
        problem: record.problem.clone(),
    }
}

#[cfg(test)]
mod tests {
    use swath_docker::ServicePart;

    use super::*;

    fn process(pid: u32, parent_pid: u32, command: &[&str]) -> StoredProcess {
        StoredProcess {
            pid,
            parent_pid,
            command: command.iter().map(|&word| word.to_owned()).collect(),
            files: vec![Arc::default()],
            ..StoredProcess::default()
        }
    }

    fn services(record: &ContainerRecord, mut processes: Vec<StoredProcess>) -> Vec<bool> {
        assign_service(&mut processes, record);
        processes.iter().map(|p| p.service.is_some()).collect()
    }

    #[test]
    fn a_detached_container_is_a_service_unless_it_runs_the_tests() {
        let web = || vec![process(1, 0, &["gunicorn"]), process(7, 1, &["gunicorn"])];
        let detached = ContainerRecord::default();
        assert_eq!(services(&detached, web()), [true, true]);
        let mut foreground = ContainerRecord::default();
        foreground.attached = true;
        assert_eq!(services(&foreground, web()), [false, false]);
        foreground.part_of = Some(ServicePart {
            orchestrator: Orchestrator::Compose,
            service: "web".to_owned(),
            compose: None,
        });
        assert_eq!(services(&foreground, web()), [true, true], "compose up");
        foreground.one_off = true;
        assert_eq!(services(&foreground, web()), [false, false], "compose run");
        let tests = vec![process(1, 0, &["python", "-m", "pytest"])];
        assert_eq!(services(&detached, tests), [false]);
        let executed = vec![
            process(1, 0, &["gunicorn"]),
            process(30, 0, &["python", "x.py"]),
        ];
        assert_eq!(services(&detached, executed), [true, false]);
    }

    #[test]
    fn health_checks_are_tools() {
        let words = |words: &[&str]| words.iter().map(|&w| w.to_owned()).collect::<Vec<_>>();
        let probe = words(&["/usr/bin/python", "-c", "import probe"]);
        let check = words(&["CMD", "python", "-c", "import probe"]);
        assert!(is_health_check(&probe, &check));
        let shell = words(&["CMD-SHELL", "python -c 'import probe' || exit 1"]);
        assert!(is_health_check(&probe, &shell));
        assert!(!is_health_check(&words(&["gunicorn", "app"]), &shell));
        assert!(!is_health_check(&words(&["python"]), &check));
        let of_line = |command: &str, check: &str| {
            let command: Vec<&str> = command.split(' ').collect();
            is_health_check(&words(&command), &words(&["CMD-SHELL", check]))
        };
        assert!(of_line(
            "python3.12 -m app.health",
            "python -m app.health >/dev/null"
        ));
        assert!(of_line(
            "python app.py --check",
            "cd /x; python app.py --check; true"
        ));
        assert!(of_line(
            "python -m app.health",
            "/bin/python -m app.health 2>&1 || exit 1"
        ));
        assert!(
            !of_line("python -m app", "python -m app.health"),
            "the service itself"
        );
        assert!(of_line("python ./probe.py", "timeout 5 ./probe.py || true"));
        assert!(!of_line("python app.py", "python app.py --check || exit 1"));
        assert!(!of_line("python -m web", "curl -m 5 http://web:8000/"));
        let service = process(1, 0, &["python", "-c", "import probe"]);
        let mut record = ContainerRecord::default();
        record.health_check.clone_from(&shell);
        let mut processes = [service];
        assign_service(&mut processes, &record);
        assert_eq!(processes[0].files.len(), 1, "the first process is no check");
        assert!(!is_health_check(&probe, &[]));
    }

    #[test]
    fn a_command_that_names_its_engine_goes_around_the_proxy() {
        let around =
            |line: &str| goes_around(&line.split(' ').map(str::to_owned).collect::<Vec<_>>());
        assert!(around("docker --context far run -d web"));
        assert!(around(
            "/usr/bin/docker -H tcp://far:1 compose -f a.yml up -d"
        ));
        assert!(around("python3 /usr/bin/docker-compose --context=far up"));
        assert!(!around("docker run -c 512 web"));
        assert!(!around("docker --context default run web"));
        assert!(!around("docker --context far ps"));
        assert!(!around("sh -c docker"));
    }

    #[test]
    fn a_swallowed_signal_shows_in_the_end() {
        let end = |code, signals: &[i64]| ContainerEnd {
            code,
            signals: signals.to_vec(),
            out_of_memory: false,
        };
        assert_eq!(end(137, &[2, 15, 9]).ignored_signal(), Some(2));
        assert_eq!(end(137, &[9]).ignored_signal(), None);
        assert_eq!(end(0, &[15]).ignored_signal(), None);
    }
}
