//! The variables of a service.

use std::collections::BTreeMap;

use swath_store::settings::SERVICE_VARIABLE;

use crate::node::Node;
use crate::order::SETTINGS_OF_COVERAGE;
use crate::python_path::{PYTHON_PATH, in_front_of};

/// What a variable holds.
enum Value {
    Text(String),
    /// What the shell of whoever deploys the stack has, if anything.
    OfShell,
}

/// Puts the agent's folder in front of the service's own path. `of_image` is what the user says that
/// its image sets. Says whether a path may be lost that is not to be seen here; `None` if the
/// variables are not as Compose has them.
pub(super) fn add_agent(
    service: &mut Node,
    agent: &str,
    name: &str,
    of_image: Option<&str>,
) -> Option<bool> {
    if service.get("environment").is_none() {
        service.set("environment", Node::Mapping(Vec::new()))?;
    }
    let variables = service.get_mut("environment")?;
    let own = find(variables, PYTHON_PATH);
    let path = match (&own, of_image) {
        (Some(Value::Text(path)), _) => in_front_of(agent, path),
        // It may not have one, and an empty part would be a folder, too.
        (Some(Value::OfShell), _) => in_front_of(agent, &format!("${{{PYTHON_PATH}:-{agent}}}")),
        (None, Some(path)) => in_front_of(agent, &literal(path)),
        (None, None) => agent.to_owned(),
    };
    set(variables, PYTHON_PATH, &path)?;
    if find(variables, SERVICE_VARIABLE).is_none() {
        set(variables, SERVICE_VARIABLE, name)?;
    }
    Some(own.is_none() && of_image.is_none())
}

/// The variables that name coverage.py's settings, where the file holds their values.
pub(super) fn settings(service: &Node) -> BTreeMap<String, String> {
    let variables = service.get("environment");
    let value = |name: &str| match find(variables?, name)? {
        Value::Text(text) => Some((name.to_owned(), text)),
        Value::OfShell => None,
    };
    SETTINGS_OF_COVERAGE.into_iter().filter_map(value).collect()
}

/// A variable that is there.
fn find(variables: &Node, name: &str) -> Option<Value> {
    match variables {
        Node::Mapping(entries) => {
            let is_it = |key: &Node| key.as_text() == Some(name);
            let (_, value) = entries.iter().rfind(|(key, _)| is_it(key))?;
            let text = |value: &Node| match value.as_text() {
                Some(text) => Value::Text(text.to_owned()),
                None => Value::OfShell,
            };
            Some(text(value))
        }
        Node::Sequence(items) => {
            let texts = items.iter().rev().filter_map(Node::as_text);
            let mut found = texts.filter_map(|text| match text.split_once('=') {
                Some((key, value)) => (key == name).then(|| Value::Text(value.to_owned())),
                None => (text == name).then_some(Value::OfShell),
            });
            found.next()
        }
        Node::Scalar(_) => None,
    }
}

/// Sets a variable, in whatever way the others are written.
fn set(variables: &mut Node, name: &str, value: &str) -> Option<()> {
    match variables {
        Node::Mapping(_) => variables.set(name, Node::text(value)),
        Node::Sequence(items) => {
            let is_it = |item: &Node| {
                let text = item.as_text().unwrap_or_default();
                text.split_once('=').map_or(text, |(key, _)| key) == name
            };
            items.retain(|item| !is_it(item));
            items.push(Node::text(format!("{name}={value}")));
            Some(())
        }
        Node::Scalar(_) => None,
    }
}

/// A value in which neither Compose nor the Swarm finds anything to fill in.
pub(super) fn literal(text: &str) -> String {
    without_templates(text).replace('$', "$$")
}

/// A text in which a Swarm finds no template.
pub fn without_templates(text: &str) -> String {
    text.replace("{{", r#"{{"{{"}}"#)
}
