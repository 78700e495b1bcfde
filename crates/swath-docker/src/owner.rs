//! Who made what: so that what a killed run left in an engine is found and removed.

use std::path::{Component, Path, PathBuf};

use fs_err as fs;
use serde_json::{Value, json};
use swath_checkout::{Life, OwnedFolder, Owner};

use crate::engine::{Content, Engine, escape};
use crate::error::EngineError;
use crate::python::Carrier;
use crate::shipped::remove_service;
use crate::volume::{barred, extract, inert};

/// The label on everything that swath itself makes in an engine.
pub(crate) const OWNER_LABEL: &str = "swath.owner";
/// The label of a volume that names the folder here for what is recorded in it.
pub(crate) const DATA_LABEL: &str = "swath.data";
/// The label of a volume that names the image of its container.
pub(crate) const IMAGE_LABEL: &str = "swath.image";

/// The label of a volume of tasks that names the folder in it with all that they recorded.
pub(crate) const TASKS_LABEL: &str = "swath.tasks";

/// This process, as the label on what it makes.
pub(crate) fn this_process() -> String {
    Owner::this_process().to_string()
}

/// Whether the owner that a label names can be seen to be gone.
fn is_gone(owner: &str) -> bool {
    owner
        .parse::<Owner>()
        .is_ok_and(|owner| owner.life() == Life::Gone)
}

/// Removes the containers and volumes of owners that are gone, once what their containers recorded
/// is in the folder of the run that was killed. A volume that a container of the user's still
/// refers to stays, with an agent that does nothing, until that container is gone as well. Says
/// whether all are gone.
///
/// # Errors
/// When something could not be looked for or removed; whatever else there was is gone all the same.
pub(crate) fn remove_leftovers(engine: &Engine) -> Result<bool, EngineError> {
    let filter = escape(&json!({"label": [OWNER_LABEL]}).to_string());
    let list = |target: &str| engine.json("GET", target, &Content::Nothing);
    let mut removal = Removal::default();
    let containers = list(&format!("/containers/json?all=1&filters={filter}"));
    if let Some(containers) = removal.found(containers) {
        for id in owned(&containers).filter_map(|one| one["Id"].as_str()) {
            removal.went(engine.remove_container(id).map(|()| true));
        }
    }
    let volumes = list(&format!("/volumes?filters={filter}"));
    if let Some(volumes) = removal.found(volumes) {
        for volume in owned(&volumes["Volumes"]) {
            if let Some(name) = volume["Name"].as_str() {
                removal.went(remove_leftover_volume(engine, name, &volume["Labels"]));
            }
        }
    }
    // What ships for a run that is gone ships nothing that anybody waits for. An engine that manages no
    // Swarm has neither services nor configs.
    if let Ok(services) = list(&format!("/services?filters={filter}")) {
        for id in owned_by_swarm(&services) {
            removal.went(remove_service(engine, id).map(|()| true));
        }
    }
    // Those of a service that is still there stay.
    if let Ok(configs) = list(&format!("/configs?filters={filter}")) {
        for id in owned_by_swarm(&configs) {
            removal.went(Ok(remove_config(engine, id)));
        }
    }
    removal.result()
}

/// What became of the removal of several things: none is left because another one could not be removed.
#[derive(Default)]
struct Removal {
    stays: bool,
    problems: Vec<EngineError>,
}

impl Removal {
    /// What was looked for, if that could be done.
    fn found(&mut self, list: Result<Value, EngineError>) -> Option<Value> {
        list.map_err(|error| self.problems.push(error)).ok()
    }

    /// Takes note of one thing: whether it is gone.
    fn went(&mut self, gone: Result<bool, EngineError>) {
        match gone {
            Ok(is_gone) => self.stays |= !is_gone,
            Err(error) => self.problems.push(error),
        }
    }

    /// Whether all is gone.
    fn result(mut self) -> Result<bool, EngineError> {
        match self.problems.len() {
            0 => Ok(!self.stays),
            1 => Err(self.problems.remove(0)),
            _ => Err(EngineError::Several {
                problems: self.problems,
            }),
        }
    }
}

/// Removes a volume, once what is in it is here; whether it is gone.
fn remove_leftover_volume(
    engine: &Engine,
    name: &str,
    labels: &Value,
) -> Result<bool, EngineError> {
    if let Err(error) = salvage(engine, name, labels) {
        // Better a volume too many than a line too few.
        tracing::debug!("the volume {name} stays: {error}");
        return Ok(false);
    }
    match engine.remove_volume(name) {
        Err(EngineError::Refused { status: 409, .. }) => Ok(false),
        other => other.map(|()| true),
    }
}

/// Removes a config; whether it is gone.
pub(crate) fn remove_config(engine: &Engine, id: &str) -> bool {
    let target = format!("/configs/{}", escape(id));
    match engine.ask("DELETE", &target, &Content::Nothing) {
        Ok(_) => true,
        Err(error) if error.is_not_found() => true,
        Err(error) => {
            tracing::debug!("a config stays: {error}");
            false
        }
    }
}

/// Takes over what is in the volume of a killed run. Where the folder of that run is gone, its data
/// has been combined already, or nobody wants it.
fn salvage(engine: &Engine, volume: &str, labels: &Value) -> Result<(), EngineError> {
    let Some(folder) = folder_of_killed_run(labels) else {
        return Ok(());
    };
    // Once only: a container that still runs goes on writing, for no run.
    let taken = folder.with_extension("taken");
    if taken.exists() {
        return Ok(());
    }
    let image = labels[IMAGE_LABEL].as_str().unwrap_or_default();
    let bind = format!("{volume}:/swath");
    let carrier = Carrier::create_for(engine, image, &this_process(), &bind)?;
    let of_tasks = labels[TASKS_LABEL].as_str();
    let inside = format!("/swath/{}", of_tasks.unwrap_or("data"));
    let archive = match engine.get_archive(&carrier.id, &inside) {
        Ok(archive) => archive,
        // Killed before the volume was filled.
        Err(error) if error.is_not_found() => return Ok(()),
        Err(error) => return Err(error),
    };
    let broken = |source| EngineError::Broken {
        what: format!("the data in the volume {volume}"),
        source,
    };
    extract(archive, &folder).map_err(broken)?;
    let end = match of_tasks {
        Some(tasks) => barred(&[tasks]),
        None => inert(),
    };
    engine.put_archive(&carrier.id, "/swath", &end.map_err(broken)?)?;
    fs::write(taken, "").map_err(broken)
}

/// The folder here that a volume's label names, if it lies in that of a run which the volume's owner
/// made: whoever can speak to the engine can make a volume with any label.
fn folder_of_killed_run(labels: &Value) -> Option<PathBuf> {
    let folder = Path::new(labels[DATA_LABEL].as_str()?);
    let run = OwnedFolder::at(folder.ancestors().nth(2)?)?;
    let inside = folder.strip_prefix(run.path()).ok()?;
    let is_plain = inside
        .components()
        .all(|part| matches!(part, Component::Normal(_)));
    let is_owners = labels[OWNER_LABEL].as_str() == Some(run.owner().to_string().as_str());
    (is_plain && is_owners).then(|| folder.to_owned())
}

fn owned(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array()
        .into_iter()
        .flatten()
        .filter(|thing| thing["Labels"][OWNER_LABEL].as_str().is_some_and(is_gone))
}

/// The ids of a Swarm's services or configs whose owners are gone.
fn owned_by_swarm(list: &Value) -> impl Iterator<Item = &str> {
    let is_owned = |thing: &&Value| {
        let owner = thing["Spec"]["Labels"][OWNER_LABEL].as_str();
        owner.is_some_and(is_gone)
    };
    let list = list.as_array().into_iter().flatten();
    list.filter(is_owned)
        .filter_map(|thing| thing["ID"].as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_here_and_is_no_more_is_gone() {
        assert!(!is_gone(&this_process()));
        let this = this_process();
        let (process, _) = this.rsplit_once(' ').unwrap();
        assert!(is_gone(&format!("{process} 1")), "another start time");
        assert!(!is_gone("other-boot pid:[1] 4194999 1"));
        assert!(!is_gone("") && !is_gone("a b"));
    }

    #[test]
    fn a_label_leads_only_into_the_folder_of_the_owners_run() {
        let base = tempfile::tempdir().unwrap();
        let run = OwnedFolder::create(base.path()).unwrap();
        let at = |folder: &Path| json!({OWNER_LABEL: this_process(), DATA_LABEL: folder});
        let own = run.path().join("containers/web");
        assert_eq!(folder_of_killed_run(&at(&own)), Some(own.clone()));
        let out = run.path().join("containers/..");
        assert_eq!(folder_of_killed_run(&at(&out)), None);
        let victim = base.path().join("victim");
        fs::create_dir(&victim).unwrap();
        assert_eq!(folder_of_killed_run(&at(&victim.join("a/b"))), None);
        let mut others = at(&own);
        others[OWNER_LABEL] = json!("other-boot pid:[1] 4194999 1");
        assert_eq!(folder_of_killed_run(&others), None);
    }
}
