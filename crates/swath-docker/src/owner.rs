//! Who made what: so that what a killed run left in an engine is found and removed.

use fs_err as fs;
use serde_json::{Value, json};

use crate::engine::{Content, Engine, escape};
use crate::error::EngineError;

/// The label on everything that swath itself makes in an engine.
pub(crate) const OWNER_LABEL: &str = "swath.owner";

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

/// Removes the containers and volumes of owners that are gone. A volume that a container of the
/// user's still refers to stays, until that container is gone as well. Says whether all are gone.
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
            match engine.remove_volume(name) {
                Err(EngineError::Refused { status: 409, .. }) => all_gone = false,
                other => other?,
            }
        }
    }
    Ok(all_gone)
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
