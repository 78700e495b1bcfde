//! How a run uses the Docker API proxy: what the test command starts in containers is measured too.

pub(crate) mod account;
pub(crate) mod build_context;
pub(crate) mod findings;
pub(crate) mod silent;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use fs_err as fs;
use swath_agent::Inject;
use swath_checkout::{Life, Links, Owner, read_regular};
use swath_data::read_hit_stores;
use swath_docker::{
    AgentFile, ContainerNote, ContainerPlace, Delivery, Endpoint, Gathered, Limits, ProjectView,
    Proxy, SettingsOf, TaskConfig, TaskConfigs, remove_leftovers_of_killed_runs,
};

use crate::agent_settings;
use crate::container::account::ContainerRun;
use crate::fleet::{TaskFile, task_files};
use crate::history::{ENGINE_FILE, RunHistory, note_engine, runs};
use crate::installed_copy::OwnPackages;
use crate::place::settings::settings_of;
use crate::request::{RunRequest, Scope};
use crate::run_folder::RunFolder;
use crate::settings::is_test_function;
use crate::signals::StopRequests;

pub use account::{ContainerAccount, ContainerEnd};

/// No note about an engine is longer.
const LONGEST_NOTE: u64 = 64 << 10;

/// The proxy of a run that goes on.
pub(crate) struct Containers {
    proxy: Option<Proxy>,
    problem: Option<String>,
    engine_file: PathBuf,
}

impl Containers {
    /// Starts the proxy and points the commands of the request to it. An engine that cannot be
    /// used is no reason not to run.
    pub(crate) fn start(
        request: &mut RunRequest,
        scope: &Scope,
        folder: &RunFolder,
        history: &RunHistory,
    ) -> Containers {
        let engine_file = history.path().join(ENGINE_FILE);
        let mut containers = Containers {
            proxy: None,
            problem: None,
            engine_file: engine_file.clone(),
        };
        if !request.containers {
            return containers;
        }
        let endpoint = match Endpoint::in_effect(&|name| std::env::var(name).ok()) {
            Ok(endpoint) if endpoint.is_plausible() => endpoint,
            Ok(_) => return containers,
            Err(error) => {
                let hint = error
                    .hint()
                    .map_or_else(String::new, |hint| format!(": {hint}"));
                containers.problem = Some(format!("{error}{hint}"));
                return containers;
            }
        };
        let address = endpoint.to_string();
        let on_contact = move || note_engine(&engine_file, &address);
        if let Some(compose) = &mut request.compose {
            compose.endpoint = Some(endpoint.clone());
        }
        let socket = folder.engine().join("docker.sock");
        match Proxy::start(
            &socket,
            endpoint,
            delivery(request, scope, folder),
            on_contact,
        ) {
            Ok(proxy) => {
                let variable = ("DOCKER_HOST".to_owned(), proxy.address());
                for service in &mut request.services {
                    service.environment.push(variable.clone());
                }
                request.environment.push(variable);
                containers.proxy = Some(proxy);
            }
            Err(error) => containers.problem = Some(format!("the proxy did not start: {error}")),
        }
        containers
    }

    /// Why the engine cannot be used, where it cannot.
    pub(crate) fn problem(&self) -> Option<&str> {
        match &self.proxy {
            Some(_) => None,
            None => Some(self.problem.as_deref().unwrap_or("there is none")),
        }
    }

    /// Gathers what is left, removes what swath made in the engine, and reads the hit stores.
    pub(crate) fn finish(self) -> ContainerRun {
        let mut run = ContainerRun::default();
        if let Some(what) = self.problem {
            run.notes.push(ContainerNote::EngineUnusable { what });
        }
        let Some(proxy) = self.proxy else {
            return run;
        };
        run.endpoint = Some(proxy.endpoint().clone());
        let Some(gathered) = gather(proxy) else {
            let what = "swath failed while it gathered what containers recorded".to_owned();
            run.notes.push(ContainerNote::Failed { what });
            run.is_lost = true;
            return run;
        };
        // What is still in the engine is fetched by the next run, which this file tells. A run that
        // contacted no engine has no such file.
        let is_whole = gathered.containers.iter().all(|one| one.problem.is_none());
        if is_whole && !gathered.keeps_volume {
            let _ = fs::remove_file(&self.engine_file);
        }
        run.keeps_volume = gathered.keeps_volume;
        run.notes.extend(gathered.notes);
        run.shipped = gathered.shipped;
        for record in gathered.containers {
            // Where nothing was gathered, it never ran, or its record says why.
            let stores = read_hit_stores(&record.data).unwrap_or_else(|error| {
                if record.data.exists() {
                    let what = format!("the data of the container {}: {error}", record.name);
                    run.notes.push(ContainerNote::Failed { what });
                }
                swath_data::Gathered::default()
            });
            run.add(record, stores);
        }
        run
    }
}

/// Gathers what is left; `None` if that failed for a reason of swath's own. Who asks for an end twice
/// does not want to wait for the engine.
fn gather(proxy: Proxy) -> Option<Gathered> {
    const TICK: Duration = Duration::from_millis(20);
    let Ok(mut requests) = StopRequests::install() else {
        return Some(proxy.finish());
    };
    let give_up = proxy.give_up();
    let (sender, receiver) = channel();
    let finishing = std::thread::spawn(move || {
        let gathered = proxy.finish();
        let _ = sender.send(());
        gathered
    });
    let mut asked = 0;
    while receiver.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
        asked += requests.take().len();
        if asked > 1 {
            give_up.now();
        }
    }
    finishing.join().ok()
}

/// Takes over what the containers of runs that were killed recorded, and removes from the engines
/// what those runs left there.
pub fn rescue_killed_runs() {
    for run in runs() {
        let file = run.join(ENGINE_FILE);
        let Ok(text) = read_regular(&file, Links::Refuse, LONGEST_NOTE) else {
            continue;
        };
        let text = String::from_utf8_lossy(&text);
        let mut lines = text.lines();
        let (Some(owner), Some(address)) = (lines.next(), lines.next()) else {
            continue;
        };
        if !owner
            .parse::<Owner>()
            .is_ok_and(|owner| owner.life() == Life::Gone)
        {
            continue;
        }
        let project = lines.find_map(|line| line.strip_prefix("project "));
        let cleaned = Endpoint::parse(address, false).and_then(|endpoint| {
            if let Some(project) = project {
                ProjectView::new(endpoint.clone()).remove(project)?;
            }
            remove_leftovers_of_killed_runs(&endpoint)
        });
        match cleaned {
            Ok(true) => {
                let _ = fs::remove_file(file);
            }
            Ok(false) => {}
            Err(error) => tracing::debug!("leftovers stay: {error}"),
        }
    }
}

/// The names of containers of this folder's Compose project that run and were started before. Where
/// no engine answers there are none.
pub(crate) fn running_before(folder: &Path) -> Vec<String> {
    Endpoint::in_effect(&|name| std::env::var(name).ok())
        .ok()
        .filter(Endpoint::is_plausible)
        .and_then(|endpoint| {
            let view = ProjectView::without_patience(endpoint);
            view.running_unmeasured(folder).ok()
        })
        .unwrap_or_default()
}

/// How many nodes the Swarm has whose services the tests can make; none where there is no such Swarm.
pub(crate) fn nodes_of_swarm() -> usize {
    let endpoint = Endpoint::in_effect(&|name| std::env::var(name).ok());
    endpoint
        .ok()
        .filter(Endpoint::is_plausible)
        .map_or(0, |endpoint| swath_docker::nodes_of_swarm(&endpoint))
}

/// The name of a run for engines and stores, where other machines' runs have theirs, too.
pub(crate) fn name_of_run(folder: &RunFolder) -> String {
    let name = folder.path().file_name().unwrap_or_default();
    let name = name.to_string_lossy().replace("swath-", "");
    let run = name
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .collect::<String>();
    format!("{}-{}", run.to_ascii_lowercase(), std::process::id())
}

fn delivery(request: &RunRequest, scope: &Scope, folder: &RunFolder) -> Delivery {
    // Which of its files are in scope is decided where the checkout is.
    let (scope, folder_here) = (scope.clone(), request.folder.clone());
    let packages = OwnPackages::in_folder(&folder_here);
    let overrides = request.overrides.clone();
    let rcfile_named = request.rcfile_named;
    let attribution = request.attribution;
    let inject = request.inject.unwrap_or(Inject::Both);
    let settings = Arc::new(move |place: &ContainerPlace| {
        let mut scope = scope.clone();
        let own = settings_of(place, &overrides, &folder_here).filter(|_| !rcfile_named);
        if let Some(Ok(own)) = own {
            scope.branch = own.config.branch;
            scope.cover_pylib = own.config.cover_pylib;
            scope.test_functions = is_test_function(&own.config);
        }
        agent_settings::in_container(attribution, &scope, &packages)
    });
    let agent = move || {
        let preloads = swath_agent::preloads().filter(move |_| inject.is_by_preload());
        swath_agent::files(attribution).chain(preloads)
    };
    let run = name_of_run(folder);
    let configs = TaskConfigs::new({
        let (settings, run) = (Arc::clone(&settings), run.clone());
        move |place, tasks| {
            let files = task_files(agent(), settings(place), &run, tasks);
            let config = |file: TaskFile| TaskConfig {
                config: file.config(""),
                content: file.content,
            };
            files.into_iter().map(config).collect()
        }
    });
    Delivery {
        run,
        agent: agent()
            .map(|(name, bytes)| AgentFile {
                name: name.to_owned(),
                bytes: bytes.to_vec(),
            })
            .collect(),
        inject,
        settings: SettingsOf::new(move |place| settings(place)),
        configs,
        shipping: request.shipping.clone(),
        is_beside_fleet: request.fleet.is_some(),
        gather_into: folder.containers(),
        services: request
            .compose
            .iter()
            .flat_map(|compose| compose.measured.iter().cloned())
            .collect(),
        limits: Limits::default(),
    }
}
