//! Who made what: so that what a killed run left in an engine is found and removed.

use std::path::{Component, Path, PathBuf};

use fs_err as fs;
use serde_json::{Value, json};
use swath_checkout::{Life, OwnedFolder, Owner};

use crate::engine::{Content, Engine, escape};
use crate::error::EngineError;
use crate::python::Carrier;
use crate::volume::{extract, inert};

/// The label on everything that swath itself makes in an engine.
pub(crate) const OWNER_LABEL: &str = "swath.owner";
/// The label of a volume that names the folder here for what is recorded in it.
pub(crate) const DATA_LABEL: &str = "swath.data";
/// The label of a volume that names the image of its container.
pub(crate) const IMAGE_LABEL: &str = "swath.image";

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
pub(crate) fn remove_leftovers(engine: &Engine) -> Result<bool, EngineError> {
    let mut all_gone = true;
    let filter = escape(&json!({"label": [OWNER_LABEL]}).to_string());
    let containers = engine.json(
        "GET",
        &format!("/containers/json?all=1&filters={filter}"),
        &Content::Nothing,
    )?;
    for container in owned(&containers) {
        if let Some(id) = container["Id"].as_str() {
            engine.remove_container(id)?;
        }
    }
    let volumes = engine.json(
        "GET",
        &format!("/volumes?filters={filter}"),
        &Content::Nothing,
    )?;
    for volume in owned(&volumes["Volumes"]) {
        if let Some(name) = volume["Name"].as_str() {
            if let Err(error) = salvage(engine, name, &volume["Labels"]) {
                // Better a volume too many than a line too few.
                tracing::debug!("the volume {name} stays: {error}");
                all_gone = false;
                continue;
            }
            match engine.remove_volume(name) {
                Err(EngineError::Refused { status: 409, .. }) => all_gone = false,
                other => other?,
            }
        }
    }
    Ok(all_gone)
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
    let archive = match engine.get_archive(&carrier.id, "/swath/data") {
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
    engine.put_archive(&carrier.id, "/swath", &inert().map_err(broken)?)?;
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
