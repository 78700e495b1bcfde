//! One service of a stack: its tasks get the agent.

use super::addition::{TaskAddition, TaskVolume};
use super::environment::add_agent;
use super::note::{LeftService, ServiceOutcome};
use super::{Rules, SHIP_SERVICE, VOLUME};
use crate::node::Node;

/// The keys under which a service has something at a path of its tasks.
const MOUNTS: [&str; 3] = ["volumes", "configs", "secrets"];

/// Gives a service the agent, if it gets it; says what became of it. It stays as it is otherwise.
pub(super) fn inject(name: &str, service: &mut Node, rules: &Rules<'_>) -> ServiceOutcome {
    let mut changed = service.clone();
    match try_inject(name, &mut changed, rules) {
        Ok(may_lose_path) => {
            *service = changed;
            ServiceOutcome::Injected { may_lose_path }
        }
        Err(reason) => ServiceOutcome::Left(reason),
    }
}

fn try_inject(name: &str, service: &mut Node, rules: &Rules<'_>) -> Result<bool, LeftService> {
    let malformed = LeftService::Malformed;
    if name == SHIP_SERVICE {
        return Err(LeftService::Own);
    }
    if !is_plain(name) {
        return Err(LeftService::Name);
    }
    if !rules.choice.is_measured(name) {
        return Err(LeftService::NotChosen);
    }
    let placed = service.at(&["deploy", "placement"]);
    let constraints = placed.map_or(&[][..], |placed| placed.items("constraints"));
    let is_windows = |constraint: &Node| {
        let text = constraint.as_text().unwrap_or_default().replace(' ', "");
        text == "node.platform.os==windows"
    };
    if constraints.iter().any(is_windows) {
        return Err(LeftService::Windows);
    }
    let of_image = rules.choice.python_path(name);
    let may_lose_path =
        add_agent(service, &rules.agent(), name, of_image).ok_or(malformed("environment"))?;
    let addition = TaskAddition {
        service: name,
        run: &rules.request.run,
        folder: rules.folder,
        volume: TaskVolume::Named(VOLUME),
        configs: &rules.configs,
    };
    addition.add_to_compose(service).map_err(malformed)?;
    Ok(may_lose_path)
}

/// The paths at which a service has something in its tasks.
pub(super) fn targets(service: &Node) -> Vec<String> {
    let mut targets = Vec::new();
    for key in MOUNTS {
        for mount in service.items(key) {
            let short = mount.as_text().filter(|_| key == "volumes");
            let target = match short {
                Some(short) => short.split(':').nth(1).or(Some(short)),
                None => mount.text_at(&["target"]),
            };
            targets.extend(target.map(str::to_owned));
        }
    }
    let one = service.text_at(&["tmpfs"]).map(str::to_owned);
    let several = service.items("tmpfs").iter();
    let several = several.filter_map(|path| path.as_text().map(str::to_owned));
    targets.extend(one.into_iter().chain(several));
    targets
}

/// Whether a name can be a folder's.
fn is_plain(name: &str) -> bool {
    const LONGEST: usize = 63;
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
    !name.is_empty()
        && name.len() <= LONGEST
        && !name.starts_with('.')
        && name.chars().all(is_plain)
}
