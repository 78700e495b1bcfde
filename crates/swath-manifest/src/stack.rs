//! The file of a Swarm's stack: its services get the agent.
//!
//! The engines of a Swarm's nodes create the tasks of its services themselves, so what a task gets is
//! in its service's specification, and that comes from the stack file. The agent is delivered in
//! configs, which the Swarm brings to every node.

pub(crate) mod addition;
mod environment;
pub(crate) mod note;
pub(crate) mod request;
mod service;
pub(crate) mod shipper;

use std::collections::BTreeMap;

pub use environment::without_templates;

use swath_checkout::yaml_nests_too_deep;

use crate::choice::Choice;
use crate::documents::{Document, documents};
use crate::error::{Input, ManifestError};
use crate::kubernetes::rules::is_label;
use crate::node::{Mapping, Node, Style};
use crate::order::DeclaredContainer;
use crate::yaml::{self, Problem};
use addition::{agent_in, tasks_in};
use note::{LeftService, ServiceNote, ServiceOutcome};
use request::{AgentConfig, InjectedStack, StackRequest};

/// The volume of each node that its tasks record into, and the service that ships from it.
pub(super) const VOLUME: &str = "swath-tasks";
/// The service that ships.
pub const SHIP_SERVICE: &str = "swath-ship";
/// The label of a service that carries the agent, and of its tasks, with its name in the stack file.
pub const SERVICE_LABEL: &str = "swath.dev/injected";
/// The label of a service, and of its tasks, that says for which run they are measured.
pub const RUN_LABEL: &str = "swath.dev/run";
/// Where a task has what is swath's. The second is for stacks that have something at the first.
const FOLDERS: [&str; 2] = ["/swath", "/swath-run"];
/// The first version of the format in which configs can be templates.
const OLDEST: (u32, u32) = (3, 8);
/// A volume of memory that every user can write to: one of the disk belongs to whoever the first task
/// runs as. The engine keeps it while a task of the node, or the service that ships, has it.
const MOUNT_OPTIONS: &str = "mode=1777,nosuid,nodev,size=1g";

/// What is asked for, ready to be applied.
struct Rules<'a> {
    request: &'a StackRequest,
    choice: Choice<'a>,
    /// Where a task has what is swath's.
    folder: &'static str,
    /// The files of the agent, as configs.
    configs: Vec<AgentConfig>,
}

impl Rules<'_> {
    /// The folder of the agent in a task.
    fn agent(&self) -> String {
        agent_in(self.folder)
    }
}

/// Gives the services of a stack file the agent. `configs` makes the files of an agent that finds the
/// folders of tasks below the folder that it is given. A document without a service that gets it is
/// in the result byte for byte; of the others, comments inside are lost.
pub fn inject_stack(
    text: &str,
    request: &StackRequest,
    configs: &mut dyn FnMut(&str) -> Vec<AgentConfig>,
) -> Result<InjectedStack, ManifestError> {
    if !is_label(&request.run) {
        let run = request.run.clone();
        return Err(ManifestError::Run { run });
    }
    let choice = Choice::of(&request.measure, &request.python_paths, Input::StackFile)?;
    let mut rules = Rules {
        request,
        choice,
        folder: FOLDERS[0],
        configs: Vec::new(),
    };
    let mut injected = InjectedStack::default();
    for document in documents(text) {
        let body = rewrite(&document, &mut rules, configs, &mut injected.services)?;
        let body = body.as_deref().unwrap_or(document.body);
        injected.text.extend([document.head, body, document.tail]);
    }
    injected.unused = rules.choice.unused();
    Ok(injected)
}

/// The text of a document in which something got the agent.
fn rewrite(
    document: &Document<'_>,
    rules: &mut Rules<'_>,
    configs: &mut dyn FnMut(&str) -> Vec<AgentConfig>,
    notes: &mut Vec<ServiceNote>,
) -> Result<Option<String>, ManifestError> {
    let line = document.line + document.head.matches('\n').count();
    let input = Input::StackFile;
    if yaml_nests_too_deep(document.body) {
        return Err(ManifestError::TooDeep { line, input });
    }
    let mut trees = yaml::parse(document.body).map_err(|problem| match problem {
        Problem::Syntax { line: inner, what } => {
            let line = line + inner.saturating_sub(1);
            ManifestError::NotYaml { line, what, input }
        }
        // Compose's own tags are about how several files become one.
        Problem::Tag(tag) => ManifestError::NotYaml {
            line,
            what: format!("it has the tag `{tag}`, which the text would lose"),
            input,
        },
    })?;
    let [tree] = &mut trees[..] else {
        return Ok(None);
    };
    let Some(Node::Mapping(services)) = tree.get("services") else {
        return Ok(None);
    };
    rules.folder = free_folder(services);
    rules.configs = configs(&tasks_in(rules.folder));
    if !inject_services(tree, rules, notes) {
        return Ok(None);
    }
    let text = yaml::render(tree).ok_or(ManifestError::NotWritable { line, input })?;
    // The marker stood on a line with what followed it.
    let marker = if document.body.starts_with("---") {
        "---\n"
    } else {
        ""
    };
    Ok(Some([marker, &text].concat()))
}

/// Gives the services the agent, and the stack what they need; whether anything was changed.
fn inject_services(tree: &mut Node, rules: &Rules<'_>, notes: &mut Vec<ServiceNote>) -> bool {
    let taken = taken(tree);
    let Some(Node::Mapping(services)) = tree.get_mut("services") else {
        return false;
    };
    let mut places = BTreeMap::new();
    for (name, service) in services.iter_mut() {
        let name = name.as_text().unwrap_or_default().to_owned();
        let outcome = match &taken {
            Some(taken) if name != SHIP_SERVICE => ServiceOutcome::Left(taken.clone()),
            _ => service::inject(&name, service, rules),
        };
        if let ServiceOutcome::Injected { .. } = outcome {
            places.insert(name.clone(), place_of(&name, service));
        }
        if outcome != ServiceOutcome::Left(LeftService::Own) {
            notes.push(ServiceNote {
                service: name,
                outcome,
            });
        }
    }
    if places.is_empty() {
        return false;
    }
    services.push((Node::text(SHIP_SERVICE), shipper::service(rules, places)));
    // Every step found a mapping, or nothing.
    let _ = add(tree, rules);
    raise_version(tree);
    true
}

/// Why no service of the stack can get the agent, if none can: a name that swath needs is in use.
fn taken(tree: &Node) -> Option<LeftService> {
    let has = |key: &str, name: &str| tree.at(&[key, name]).is_some();
    if has("services", SHIP_SERVICE) {
        let is_own = tree.at(&["services", SHIP_SERVICE, "deploy", "labels", RUN_LABEL]);
        let run = is_own.and_then(Node::as_text).map(str::to_owned);
        return Some(run.map_or(LeftService::NameTaken("service"), LeftService::Already));
    }
    has("volumes", VOLUME).then_some(LeftService::NameTaken("volume"))
}

/// Adds the configs, the volume and the secret to a stack.
fn add(tree: &mut Node, rules: &Rules<'_>) -> Option<()> {
    let configs = tree.mapping_mut("configs")?;
    for config in &rules.configs {
        let mut declared = Node::mapping([("file", Node::text(config.path.clone()))]);
        if config.is_template {
            declared.set("template_driver", Node::text("golang"))?;
        }
        configs.set(&config.key, declared)?;
    }
    let options = Node::mapping([
        ("type", Node::text("tmpfs")),
        ("device", Node::text("tmpfs")),
        ("o", Node::text(MOUNT_OPTIONS)),
    ]);
    let volume = Node::mapping([("driver", Node::text("local")), ("driver_opts", options)]);
    tree.mapping_mut("volumes")?.set(VOLUME, volume)?;
    if let Some(secret) = &rules.request.store_secret {
        let secrets = tree.mapping_mut("secrets")?;
        if secrets.get(secret).is_none() {
            let declared = Node::mapping([("external", Node::plain("true"))]);
            secrets.set(secret, declared)?;
        }
    }
    Some(())
}

/// Configs can be templates from a certain version of the format on. One that is not written is the
/// newest.
fn raise_version(tree: &mut Node) {
    let Some(version) = tree.get_mut("version") else {
        return;
    };
    let Node::Scalar(scalar) = version else {
        return;
    };
    let (major, minor) = scalar.text.split_once('.').unwrap_or((&scalar.text, "0"));
    if let (Ok(major), Ok(minor)) = (major.parse::<u32>(), minor.parse::<u32>())
        && (major, minor) < OLDEST
        && major == OLDEST.0
    {
        scalar.text = format!("{}.{}", OLDEST.0, OLDEST.1);
        scalar.style = Style::Double;
    }
}

/// Where tasks have what is swath's: a folder that no service uses.
fn free_folder(services: &Mapping) -> &'static str {
    let is_free = |folder: &&str| {
        let services = services.iter().map(|(_, service)| service);
        let mut mounts = services.flat_map(service::targets);
        !mounts.any(|target| {
            let rest = target.strip_prefix(*folder);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    };
    // Where both are in use, what is there is hidden by nothing: the second has files of its own.
    FOLDERS.into_iter().find(is_free).unwrap_or(FOLDERS[1])
}

/// What a stack file says of a service.
fn place_of(name: &str, service: &Node) -> DeclaredContainer {
    // Compose writes a dollar twice.
    let word = |word: &str| word.replace("$$", "$");
    let words = |key: &str| match service.get(key) {
        Some(Node::Sequence(words)) => words.iter().filter_map(Node::as_text).map(word).collect(),
        // A line, as a shell would read it: nothing is judged by where its words end.
        Some(line) => {
            let line = line.as_text().unwrap_or_default();
            line.split_whitespace().map(word).collect()
        }
        None => Vec::new(),
    };
    DeclaredContainer {
        name: name.to_owned(),
        image: service.text_at(&["image"]).unwrap_or_default().to_owned(),
        command: words("entrypoint"),
        args: words("command"),
        working_folder: service.text_at(&["working_dir"]).map(str::to_owned),
        environment: environment::settings(service),
    }
}

#[cfg(test)]
mod tests;
