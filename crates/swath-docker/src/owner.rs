//! Who made what: so that what a killed run left in an engine is found and removed.

use std::path::Path;

use fs_err as fs;
use serde_json::{Value, json};

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

/// This process, for as long as the machine is up: boot, pid namespace, pid and start time.
pub(crate) fn this_process() -> String {
    let pid = std::process::id();
    format!("{} {pid} {}", this_machine(), start_ticks(pid).unwrap_or(0))
}

fn this_machine() -> String {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    let namespace = fs::read_link("/proc/self/ns/pid").unwrap_or_default();
    format!("{} {}", boot.trim(), namespace.display())
}

/// Field 22 of `/proc/PID/stat`; `None` when the process is gone.
fn start_ticks(pid: u32) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name, in parentheses, may hold anything.
    let (_, rest) = text.rsplit_once(") ")?;
    rest.split(' ').nth(19)?.parse().ok()
}

/// Whether an owner can be seen to be gone: it was on this machine, and is no more.
fn is_gone(owner: &str) -> bool {
    let mut parts = owner.rsplitn(3, ' ');
    let (Some(ticks), Some(pid), Some(machine)) = (parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    let (Ok(ticks), Ok(pid)) = (ticks.parse::<u64>(), pid.parse::<u32>()) else {
        return false;
    };
    machine == this_machine() && start_ticks(pid) != Some(ticks)
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
    let folder = labels[DATA_LABEL].as_str().map(Path::new);
    let Some(folder) = folder.filter(|folder| folder.ancestors().nth(2).is_some_and(Path::is_dir))
    else {
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
    extract(archive, folder).map_err(broken)?;
    engine.put_archive(&carrier.id, "/swath", &inert().map_err(broken)?)?;
    fs::write(taken, "").map_err(broken)
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
        let (machine, pid) = (this_machine(), std::process::id());
        assert!(is_gone(&format!("{machine} {pid} 1")), "another start time");
        assert!(is_gone(&format!("{machine} 4194999 1")));
        assert!(!is_gone("other-boot pid:[1] 4194999 1"));
        assert!(!is_gone("") && !is_gone("a b"));
    }
}
