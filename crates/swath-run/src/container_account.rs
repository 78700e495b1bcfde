//! The account of a run's containers: whose lines count, under which paths, and how each ended.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use serde::Serialize;
use swath_data::{PathMap, SourceHash, StoredFile, StoredProcess, UnreadableStore};
use swath_docker::{ContainerNote, ContainerRecord, Endpoint, EngineError, read_source};
use swath_model::{Ending, Role};
use swath_pattern::{GlobError, Globs};

use crate::account::{Account, Judged, account_for_processes};
use crate::command_line::{base_name, is_python_name, is_shell, is_test_runner};
use crate::not_measured::not_measured_in_container;
use crate::orchestra::RunOutcome;
use crate::request::Scope;

/// No process id reaches it: those of the containers are moved apart by multiples of it.
const PIDS: u32 = 1 << 22;
/// More containers than that keep their process ids apart no more.
const MOST_APART: usize = 1000;
/// More sources than that are not fetched from containers.
const MOST_FETCHED: usize = 500;

/// What came of the containers of a run.
#[derive(Debug, Default)]
pub(crate) struct ContainerRun {
    pub(crate) records: Vec<ContainerRecord>,
    pub(crate) stores: Vec<Vec<StoredProcess>>,
    /// The engine, where the proxy ran.
    pub(crate) endpoint: Option<Endpoint>,
    /// What there is to say about them.
    pub notes: Vec<ContainerNote>,
    /// Sources that are not in the checkout, by their path in a container: where they are now.
    pub fetched: BTreeMap<String, String>,
    /// Hit stores that could not be read.
    pub unreadable: Vec<UnreadableStore>,
}

/// One container in the accounting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ContainerAccount {
    /// Its name.
    pub name: String,
    /// Its Compose service, else its name.
    pub service: String,
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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

    /// The names of the containers, each once.
    pub(crate) fn names(&self) -> Vec<String> {
        let names: BTreeSet<String> = self.records.iter().map(|r| r.name.clone()).collect();
        names.into_iter().collect()
    }

    /// The configuration files that the containers' own environments name, as paths in them.
    pub(crate) fn rcfiles(&self) -> impl Iterator<Item = &str> {
        let counted = self.records.iter().filter(|r| !r.in_foreground());
        counted.filter_map(|record| record.rcfile.as_deref())
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

    /// Fetches the sources that are in scope and not in the checkout, into `folder`.
    pub(crate) fn fetch_sources(
        &mut self,
        scope: &Scope,
        paths: &mut PathMap,
        folder: &Path,
    ) -> Result<(), GlobError> {
        let (scope, Some(endpoint)) = (FileScope::new(scope)?, &self.endpoint) else {
            return Ok(());
        };
        for (record, stores) in self.records.iter().zip(&self.stores) {
            if record.in_foreground() {
                continue;
            }
            for file in stores.iter().flat_map(|process| &process.files) {
                let Some(hash) = file.hash.filter(|_| scope.holds(&file.path, None)) else {
                    continue;
                };
                if file.hit.is_empty()
                    || self.fetched.len() >= MOST_FETCHED
                    || self.fetched.contains_key(&file.path)
                    || paths.map(&file.path, Some(hash)).is_some()
                {
                    continue;
                }
                match fetch(endpoint, record, file, hash, folder) {
                    Ok(Some(here)) => {
                        self.fetched.insert(file.path.clone(), here);
                    }
                    Ok(None) => {}
                    Err(error) => tracing::debug!("{} stays unmapped: {error}", file.path),
                }
            }
        }
        Ok(())
    }

    /// Every file that a container recorded.
    pub(crate) fn files(&self) -> impl Iterator<Item = &StoredFile> {
        self.stores.iter().flatten().flat_map(|p| &p.files)
    }

    /// The processes of the host and of the containers, with the paths of the checkout, and the
    /// account of all of them.
    pub(crate) fn account(
        &self,
        host: &[StoredProcess],
        outcome: &RunOutcome,
        request: &Judged<'_>,
        paths: &mut PathMap,
    ) -> Result<(Vec<StoredProcess>, Account), GlobError> {
        let scope = FileScope::new(request.scope)?;
        let mut processes = host.to_vec();
        let mut origin = vec![None; host.len()];
        for (index, record) in self.records.iter().enumerate() {
            let mut own = self.stores[index].clone();
            for process in &mut own {
                localise(process, paths, &scope, &self.fetched);
            }
            assign_service(&mut own, record);
            move_pids(&mut own, index, true);
            origin.extend(own.iter().map(|_| Some(index)));
            processes.extend(own);
        }
        let mut account = account_for_processes(&processes, outcome, request);
        for (process, origin) in processes.iter_mut().zip(&origin) {
            if let Some(index) = *origin {
                move_pids(std::slice::from_mut(process), index, false);
                self.settle(process, index, &mut account);
            }
        }
        for (record, stores) in self.records.iter().zip(&self.stores) {
            account
                .not_measured
                .extend(not_measured_in_container(record, stores));
        }
        account.containers = self
            .records
            .iter()
            .enumerate()
            .map(|(index, record)| container_account(record, &self.stores[index], &account))
            .collect();
        Ok((processes, account))
    }

    /// Corrects what the account says of a container's process.
    fn settle(&self, process: &StoredProcess, index: usize, account: &mut Account) {
        let record = &self.records[index];
        let entries = account.processes.iter_mut();
        for entry in entries.filter(|entry| entry.id == process.id) {
            entry.pid = process.pid;
            entry.parent_pid = process.parent_pid;
            entry.container = Some(record.name.clone());
            if entry.role == Role::Service {
                entry.service = Some(record.service().to_owned());
            }
            if record.running && entry.ending == Ending::Abruptly {
                entry.ending = Ending::StillRunning;
            }
        }
    }
}

/// Gives the files of a process their paths in the checkout, and leaves out what is not in scope.
fn localise(
    process: &mut StoredProcess,
    paths: &mut PathMap,
    scope: &FileScope,
    fetched: &BTreeMap<String, String>,
) {
    process.files.retain_mut(|file| {
        let there = std::mem::take(&mut file.path);
        let here = paths.map(&there, file.hash);
        let keep = scope.holds(&there, here.as_deref());
        file.path = here
            .or_else(|| fetched.get(&there).cloned())
            .unwrap_or(there);
        keep
    });
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
    fs_err::write(&path, text)?;
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
        if is_health_check(&process.command, &record.health_check) {
            process.files.clear();
        }
        // What was started in a running container has no parent in it.
        let executed = process.parent_pid == 0 && process.pid != 1;
        process.service = (is_service && !executed).then(|| record.service().to_owned());
    }
}

/// Whether a command line is what the container's health check starts.
pub(crate) fn is_health_check(command: &[String], check: &[String]) -> bool {
    let Some((kind, words)) = check.split_first() else {
        return false;
    };
    let arguments = command.get(1..).unwrap_or_default();
    match kind.as_str() {
        "CMD" => words.ends_with(arguments) && !arguments.is_empty(),
        "CMD-SHELL" => {
            let text = words.join(" ");
            !arguments.is_empty() && arguments.iter().all(|word| text.contains(word.as_str()))
        }
        _ => false,
    }
}

/// Process ids are unique in a container only: moves those of each container apart, or back.
fn move_pids(processes: &mut [StoredProcess], index: usize, apart: bool) {
    let place = u32::try_from(index % MOST_APART).unwrap_or(0) + 1;
    let distance = place.saturating_mul(PIDS);
    for process in processes {
        for pid in [&mut process.pid, &mut process.parent_pid] {
            *pid = if apart {
                pid.wrapping_add(distance)
            } else {
                pid.wrapping_sub(distance)
            };
        }
    }
}

fn container_account(
    record: &ContainerRecord,
    stores: &[StoredProcess],
    account: &Account,
) -> ContainerAccount {
    let role = account
        .processes
        .iter()
        .filter(|entry| stores.iter().any(|process| process.id == entry.id))
        .map(|entry| entry.role)
        .min();
    ContainerAccount {
        name: record.name.clone(),
        service: record.service().to_owned(),
        image: record.image.clone(),
        role,
        processes: stores.len(),
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

/// The scope of a run, for files of containers: an entry may name the path there or here.
struct FileScope {
    folders: Vec<PathBuf>,
    packages: Vec<String>,
    include: Option<Globs>,
    omit: Globs,
}

impl FileScope {
    fn new(scope: &Scope) -> Result<FileScope, GlobError> {
        let include = (!scope.include.is_empty())
            .then(|| Globs::new(scope.include.iter().map(String::as_str)))
            .transpose()?;
        Ok(FileScope {
            folders: scope.source_folders.clone(),
            packages: scope
                .source_packages
                .iter()
                .map(|name| name.replace('.', "/"))
                .collect(),
            include,
            omit: Globs::new(scope.omit.iter().map(String::as_str))?,
        })
    }

    fn holds(&self, there: &str, here: Option<&str>) -> bool {
        let either = |test: &dyn Fn(&str) -> bool| test(there) || here.is_some_and(test);
        let wanted = if !self.folders.is_empty() || !self.packages.is_empty() {
            either(&|path| self.in_source(path))
        } else if let Some(include) = &self.include {
            either(&|path| include.is_match(path))
        } else {
            true
        };
        wanted && !either(&|path| self.omit.is_match(path))
    }

    fn in_source(&self, path: &str) -> bool {
        self.folders
            .iter()
            .any(|folder| Path::new(path).starts_with(folder))
            || self.packages.iter().any(|package| {
                path.contains(&format!("/{package}/")) || path.ends_with(&format!("/{package}.py"))
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn process(pid: u32, parent_pid: u32, command: &[&str]) -> StoredProcess {
        StoredProcess {
            pid,
            parent_pid,
            command: command.iter().map(|&word| word.to_owned()).collect(),
            files: vec![StoredFile::default()],
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
        foreground.compose_service = Some("web".to_owned());
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
    fn pids_are_moved_apart_and_back() {
        let mut processes = vec![process(7, 1, &[])];
        move_pids(&mut processes, 3, true);
        assert_eq!(processes[0].pid, 7 + 4 * PIDS);
        move_pids(&mut processes, 3, false);
        assert_eq!((processes[0].pid, processes[0].parent_pid), (7, 1));
    }

    #[test]
    fn an_entry_matches_the_path_there_or_here() {
        let scope = Scope {
            source_folders: vec![PathBuf::from("/home/me/xy/source")],
            omit: vec!["*/gen/*".to_owned()],
            ..Scope::default()
        };
        let scope = FileScope::new(&scope).unwrap();
        assert!(scope.holds("/xy/a.py", Some("/home/me/xy/source/a.py")));
        assert!(!scope.holds("/xy/a.py", None));
        assert!(!scope.holds("/xy/gen/a.py", Some("/home/me/xy/source/a.py")));
        let scope = Scope {
            source_packages: vec!["xy.web".to_owned()],
            ..Scope::default()
        };
        let scope = FileScope::new(&scope).unwrap();
        assert!(scope.holds("/lib/site-packages/xy/web/a.py", None));
        assert!(!scope.holds("/lib/site-packages/xy/a.py", None));
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
