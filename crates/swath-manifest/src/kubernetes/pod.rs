//! One pod: its containers get the agent, and it gets what they need.

use std::collections::BTreeMap;

use super::added::{self, FOLDERS, PREPARE, SHIP, VOLUME};
use super::environment::add_agent;
use super::note::{LeftContainer, LeftWorkload, Outcome};
use super::request::Sidecars;
use super::rules::Rules;
use super::workload::Workload;
use crate::node::Node;
use crate::order::{DeclaredContainer, SETTINGS_OF_COVERAGE, VolumeOrder, is_container_name};

/// The label of a pod that says for which run it is measured.
pub(super) const RUN_LABEL: &str = "swath.dev/run";
/// The label of namespaces and pods that says whether the webhook measures them.
pub(super) const MEASURE_LABEL: &str = "swath.dev/measure";
/// The annotation of a pod that names its measured containers, with commas between.
pub const INJECTED: &str = "swath.dev/injected";
/// The annotation of a pod that the agent of a node made of a file there.
const MIRROR: &str = "kubernetes.io/config.mirror";

type Left = Vec<(String, LeftContainer)>;

/// Gives a pod the agent: says which containers are measured, which are not and why, and what should
/// be known. A pod that is left as it is may be half changed: it is to be thrown away.
pub(super) fn inject(
    pod: &mut Node,
    workload: &Workload,
    rules: &Rules<'_>,
) -> Result<Outcome, LeftWorkload> {
    let malformed = |what| LeftWorkload::Malformed { what };
    check(pod, workload, rules)?;
    let spec = pod.get("spec").ok_or(malformed("spec"))?;
    let (chosen, mut left) = choose(spec, &workload.name, rules)?;
    let folder = free_folder(spec).ok_or(LeftWorkload::FolderTaken)?;
    let spec = pod.get_mut("spec").ok_or(malformed("spec"))?;
    let mut order = VolumeOrder {
        agent: rules.agent.clone(),
        places: BTreeMap::new(),
    };
    let mut remarks = Vec::new();
    let containers = spec
        .sequence_mut("containers")
        .ok_or(malformed("containers"))?;
    for container in containers {
        let Some(name) = container.text_at(&["name"]).map(str::to_owned) else {
            continue;
        };
        if !chosen.contains(&name) {
            continue;
        }
        let place = place_of(container);
        let agent = format!("{folder}/{name}/agent");
        let service = if chosen.len() > 1 {
            format!("{}/{name}", workload.name)
        } else {
            workload.name.clone()
        };
        let of_image = rules.python_path(&workload.name, &name);
        let mut changed = container.clone();
        let added = add_agent(&mut changed, &agent, &service, of_image);
        let mounts = changed.sequence_mut("volumeMounts");
        let (Ok(remark), Some(mounts)) = (added, mounts) else {
            left.push((name, LeftContainer::Malformed));
            continue;
        };
        mounts.push(added::mount(folder));
        *container = changed;
        remarks.extend(remark.map(|remark| (name.clone(), remark)));
        order.places.insert(name, place);
    }
    if order.places.is_empty() {
        return Err(LeftWorkload::NoContainer { left });
    }
    order.fit();
    add(spec, workload, rules, &order, folder).ok_or(malformed("initContainers"))?;
    let is_measured = |name: &String| order.places.contains_key(name);
    let measured: Vec<String> = chosen.into_iter().filter(is_measured).collect();
    mark(pod, rules, &measured).ok_or(malformed("metadata"))?;
    Ok(Outcome::Injected {
        measured,
        left,
        remarks,
    })
}

/// Whether a pod can get the agent at all.
fn check(pod: &Node, workload: &Workload, rules: &Rules<'_>) -> Result<(), LeftWorkload> {
    if pod.at(&["metadata", "annotations", INJECTED]).is_some() {
        let run = pod.text_at(&["metadata", "labels", RUN_LABEL]);
        let run = run.map(str::to_owned);
        return Err(LeftWorkload::Already { run });
    }
    if pod.at(&["metadata", "annotations", MIRROR]).is_some() {
        return Err(LeftWorkload::Mirror);
    }
    let Some(spec) = pod.get("spec") else {
        return Err(LeftWorkload::Malformed { what: "spec" });
    };
    let systems = [
        spec.text_at(&["os", "name"]),
        spec.text_at(&["nodeSelector", "kubernetes.io/os"]),
    ];
    if systems.contains(&Some("windows")) {
        return Err(LeftWorkload::Windows);
    }
    let is_taken = |key: &str, name: &str| {
        let mut items = spec.items(key).iter();
        items.any(|item| item.text_at(&["name"]) == Some(name))
    };
    if is_taken("volumes", VOLUME) {
        return Err(LeftWorkload::NameTaken {
            what: "volume",
            name: VOLUME,
        });
    }
    for name in [PREPARE, SHIP] {
        if is_taken("containers", name) || is_taken("initContainers", name) {
            let what = "container";
            return Err(LeftWorkload::NameTaken { what, name });
        }
    }
    let policy = spec.text_at(&["restartPolicy"]);
    let ends = workload.ends || policy.is_some_and(|policy| policy != "Always");
    if ends && rules.sidecars == Sidecars::Plain && rules.store.is_some() {
        return Err(LeftWorkload::WouldNotEnd);
    }
    Ok(())
}

/// The names of the containers to measure, and of those that are left.
fn choose(
    spec: &Node,
    workload: &str,
    rules: &Rules<'_>,
) -> Result<(Vec<String>, Left), LeftWorkload> {
    let Some(Node::Sequence(containers)) = spec.get("containers") else {
        return Err(LeftWorkload::Malformed { what: "containers" });
    };
    let mut chosen = Vec::new();
    let mut left = Vec::new();
    for container in containers {
        let name = container.text_at(&["name"]).unwrap_or_default().to_owned();
        if !is_container_name(&name) {
            left.push((name, LeftContainer::Name));
        } else if rules.is_chosen(workload, &name) {
            chosen.push(name);
        } else {
            left.push((name, LeftContainer::NotChosen));
        }
    }
    for container in spec.items("initContainers") {
        let name = container.text_at(&["name"]).unwrap_or_default();
        left.push((name.to_owned(), LeftContainer::Init));
    }
    if chosen.is_empty() {
        return Err(LeftWorkload::NoContainer { left });
    }
    Ok((chosen, left))
}

/// Where the volume is mounted: a folder that none of the containers uses. It is the same in all of
/// them, because the agent's settings hold paths.
fn free_folder(spec: &Node) -> Option<&'static str> {
    let containers = spec.items("containers").iter();
    let mounts = containers.flat_map(|container| container.items("volumeMounts"));
    let taken: Vec<&str> = mounts
        .filter_map(|mount| mount.text_at(&["mountPath"]))
        .collect();
    FOLDERS.into_iter().find(|folder| {
        let is_taken = |path: &&str| {
            let rest = path.strip_prefix(folder);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        !taken.iter().any(is_taken)
    })
}

/// What a manifest says of a container.
fn place_of(container: &Node) -> DeclaredContainer {
    let text = |key: &str| container.text_at(&[key]).map(str::to_owned);
    let words = |key: &str| {
        let words = container.items(key).iter();
        words
            .filter_map(|word| word.as_text().map(str::to_owned))
            .collect()
    };
    let value = |name: &str| {
        let mut variables = container.items("env").iter().rev();
        let variable = variables.find(|variable| variable.text_at(&["name"]) == Some(name))?;
        Some((name.to_owned(), variable.text_at(&["value"])?.to_owned()))
    };
    DeclaredContainer {
        name: text("name").unwrap_or_default(),
        image: text("image").unwrap_or_default(),
        command: words("command"),
        args: words("args"),
        working_folder: text("workingDir"),
        environment: SETTINGS_OF_COVERAGE.into_iter().filter_map(value).collect(),
    }
}

/// Adds the volume and swath's own containers. `None` if something is not as Kubernetes has it.
fn add(
    spec: &mut Node,
    workload: &Workload,
    rules: &Rules<'_>,
    order: &VolumeOrder,
    folder: &str,
) -> Option<()> {
    let prepare = added::prepare(rules, order, folder, spec);
    let ship = added::ship(rules, workload, folder, spec);
    spec.sequence_mut("volumes")?.push(added::volume());
    let (before, beside) = match rules.sidecars {
        Sidecars::Native => (ship, None),
        Sidecars::Plain => (None, ship),
    };
    let first = spec.sequence_mut("initContainers")?;
    first.splice(0..0, [Some(prepare), before].into_iter().flatten());
    spec.sequence_mut("containers")?.extend(beside);
    Some(())
}

/// Says on the pod what was done to it.
fn mark(pod: &mut Node, rules: &Rules<'_>, measured: &[String]) -> Option<()> {
    let metadata = pod.mapping_mut("metadata")?;
    let annotations = metadata.mapping_mut("annotations")?;
    annotations.set(INJECTED, Node::text(measured.join(",")))?;
    match rules.run {
        Some(run) => {
            let labels = metadata.mapping_mut("labels")?;
            labels.set(RUN_LABEL, Node::text(run))
        }
        None => Some(()),
    }
}
