//! Manifests of Kubernetes: every workload in them gets the agent.

pub(crate) mod added;
mod environment;
pub(crate) mod note;
pub(crate) mod pod;
pub(crate) mod request;
mod rules;
mod workload;

use swath_checkout::yaml_nests_too_deep;

use crate::documents::{Document, documents};
use crate::error::ManifestError;
use crate::node::{Node, Scalar, Style};
use crate::yaml::{self, Problem};
use note::{LeftWorkload, Outcome, WorkloadNote};
use request::{Injected, KubernetesRequest};
use rules::Rules;
use workload::Found;

/// Gives the workloads of a stream of manifests the agent. Documents without a workload that gets it
/// are in the result byte for byte; of the others, comments inside are lost.
pub fn inject(text: &str, request: &KubernetesRequest) -> Result<Injected, ManifestError> {
    let rules = Rules::of(request)?;
    let mut injected = Injected::default();
    for document in documents(text) {
        let rewritten = rewrite(&document, &rules, &mut injected.workloads)?;
        match rewritten {
            None => {
                let pieces = [document.head, document.body, document.tail];
                injected.text.extend(pieces);
            }
            Some(body) => {
                // The marker stood on a line with what followed it.
                let marker = if document.body.starts_with("---") {
                    "---\n"
                } else {
                    ""
                };
                let pieces = [document.head, marker, &body, document.tail];
                injected.text.extend(pieces);
            }
        }
    }
    injected.unused = rules.unused();
    Ok(injected)
}

/// The text of a document in which something got the agent.
fn rewrite(
    document: &Document<'_>,
    rules: &Rules<'_>,
    notes: &mut Vec<WorkloadNote>,
) -> Result<Option<String>, ManifestError> {
    let line = document.line + document.head.matches('\n').count();
    // Every workload has them; whatever else a stream holds is nobody's business here.
    if !document.body.contains("containers") {
        return Ok(None);
    }
    if yaml_nests_too_deep(document.body) {
        return Err(ManifestError::TooDeep { line });
    }
    let mut trees = match parse(document.body) {
        Ok(trees) => trees,
        Err(Problem::Syntax { line: inner, what }) => {
            let line = line + inner.saturating_sub(1);
            return Err(ManifestError::NotYaml { line, what });
        }
        Err(Problem::Tag(tag)) => {
            notes.push(WorkloadNote {
                workload: format!("the document on line {line}"),
                outcome: Outcome::Left(LeftWorkload::Tagged { tag }),
            });
            return Ok(None);
        }
    };
    let [tree] = &mut trees[..] else {
        return Ok(None);
    };
    let mut is_changed = false;
    for object in workload::objects(tree) {
        is_changed |= inject_object(object, rules, notes)?;
    }
    if !is_changed {
        return Ok(None);
    }
    let text = yaml::render(tree).ok_or(ManifestError::NotWritable { line })?;
    Ok(Some(text))
}

/// Gives an object the agent, if it is a workload that gets it; says whether it was changed.
fn inject_object(
    object: &mut Node,
    rules: &Rules<'_>,
    notes: &mut Vec<WorkloadNote>,
) -> Result<bool, ManifestError> {
    let workload = match workload::find(object) {
        Found::Nothing => return Ok(false),
        Found::Unknown(workload) => {
            notes.push(workload.note(Outcome::Left(LeftWorkload::Kind)));
            return Ok(false);
        }
        Found::Workload(workload) => workload,
    };
    if !rules.is_in_namespace(&workload) {
        notes.push(workload.note(Outcome::Left(LeftWorkload::Namespace)));
        return Ok(false);
    }
    // Only one that is whole takes the object's place.
    let mut changed = object.clone();
    let Some(template) = changed.at_mut(workload.template) else {
        return Ok(false);
    };
    let outcome = match pod::inject(template, &workload, rules) {
        Ok(injected) => {
            if rules.image.is_none() {
                let workload = workload.to_string();
                return Err(ManifestError::NoImage { workload });
            }
            *object = changed;
            injected
        }
        Err(reason) => Outcome::Left(reason),
    };
    let is_changed = matches!(outcome, Outcome::Injected { .. });
    notes.push(workload.note(outcome));
    Ok(is_changed)
}

/// The trees of a document. What other programs print as JSON is read as that: its escapes are not
/// all YAML's.
fn parse(body: &str) -> Result<Vec<Node>, Problem> {
    if body.trim_start().starts_with('{')
        && let Ok(value) = serde_json::from_str(body)
    {
        return Ok(vec![of_json(value)]);
    }
    yaml::parse(body)
}

fn of_json(value: serde_json::Value) -> Node {
    use serde_json::Value;
    match value {
        Value::Null => Node::plain("null"),
        Value::Bool(value) => Node::plain(if value { "true" } else { "false" }),
        Value::Number(number) => Node::plain(&number.to_string()),
        Value::String(text) if text.contains('\n') => Node::Scalar(Scalar {
            text,
            style: Style::Block,
        }),
        Value::String(text) => Node::text(text),
        Value::Array(items) => Node::Sequence(items.into_iter().map(of_json).collect()),
        Value::Object(entries) => Node::Mapping(
            entries
                .into_iter()
                .map(|(key, value)| (Node::text(key), of_json(value)))
                .collect(),
        ),
    }
}

#[cfg(test)]
mod tests;
