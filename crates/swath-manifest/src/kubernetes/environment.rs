//! The variables of a measured container.

use swath_store::settings::SERVICE_VARIABLE;

use super::note::{LeftContainer, Remark};
use crate::node::Node;
use crate::python_path::{PYTHON_PATH, in_front_of};

/// Where a path of the container goes that the manifest does not hold itself.
const THEIR_PATH: &str = "SWATH_PYTHONPATH";

/// Puts the agent's folder in front of the container's own path. `of_image` is what the user says
/// that the image sets. Says what should be known of the container.
pub(super) fn add_agent(
    container: &mut Node,
    agent: &str,
    service: &str,
    of_image: Option<&str>,
) -> Result<Option<Remark>, LeftContainer> {
    let malformed = LeftContainer::Malformed;
    let has_others = !container.items("envFrom").is_empty();
    let variables = container.sequence_mut("env").ok_or(malformed)?;
    if variables
        .iter()
        .any(|variable| !matches!(variable, Node::Mapping(_)))
    {
        return Err(malformed);
    }
    let is_named = |variable: &Node, name: &str| variable.text_at(&["name"]) == Some(name);
    // The last one of a name counts.
    let own = variables
        .iter()
        .rposition(|variable| is_named(variable, PYTHON_PATH));
    let mut remark = None;
    let joined = |rest: &str| in_front_of(agent, rest);
    match own.and_then(|position| Some((position, variables.get_mut(position)?))) {
        Some((position, variable)) if variable.get("valueFrom").is_some() => {
            // Kubernetes puts the values of earlier variables into later ones.
            variable
                .set("name", Node::text(THEIR_PATH))
                .ok_or(malformed)?;
            let path = joined(&format!("$({THEIR_PATH})"));
            variables.insert(position + 1, variable_of(PYTHON_PATH, &path));
        }
        Some((_, variable)) => {
            let path = joined(variable.text_at(&["value"]).unwrap_or_default());
            variable.set("value", Node::text(path)).ok_or(malformed)?;
        }
        None => {
            let path = match of_image {
                Some(path) => joined(path),
                // What `envFrom` brings is an earlier variable, too.
                None if has_others => {
                    remark = Some(Remark::PathFromElsewhere);
                    joined(&format!("$({PYTHON_PATH})"))
                }
                None => {
                    remark = Some(Remark::PathOfImage);
                    joined("")
                }
            };
            variables.push(variable_of(PYTHON_PATH, &path));
        }
    }
    if !variables
        .iter()
        .any(|variable| is_named(variable, SERVICE_VARIABLE))
    {
        variables.push(variable_of(SERVICE_VARIABLE, service));
    }
    Ok(remark)
}

/// A variable with a value.
pub(super) fn variable_of(name: &str, value: &str) -> Node {
    Node::mapping([("name", Node::text(name)), ("value", Node::text(value))])
}

/// A value in which Kubernetes finds no variables to put in.
pub(super) fn literal(text: &str) -> String {
    text.replace('$', "$$")
}
