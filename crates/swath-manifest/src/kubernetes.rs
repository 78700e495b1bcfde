//! Manifests of Kubernetes: every workload in them gets the agent.

pub(crate) mod added;
pub(crate) mod admission;
mod environment;
pub(crate) mod installation;
mod json;
pub(crate) mod note;
mod owner;
pub(crate) mod pod;
pub(crate) mod request;
pub(crate) mod rules;
mod workload;

use swath_checkout::yaml_nests_too_deep;

use crate::documents::{Document, documents};
use crate::error::{Input, ManifestError};
use crate::node::Node;
use crate::yaml::{self, Problem};
use json::of_json;
use note::{LeftWorkload, Outcome, WorkloadNote};
use request::{Injected, KubernetesRequest};
use rules::Rules;
use workload::{Found, Workload};

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
    let input = Input::Manifests;
    // Every workload has them; whatever else a stream holds is nobody's business here.
    if !document.body.contains("containers") {
        return Ok(None);
    }
    if yaml_nests_too_deep(document.body) {
        return Err(ManifestError::TooDeep { line, input });
    }
    let mut trees = match parse(document.body) {
        Ok(trees) => trees,
        Err(Problem::Syntax { line: inner, what }) => {
            let line = line + inner.saturating_sub(1);
            return Err(ManifestError::NotYaml { line, what, input });
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
    let text = yaml::render(tree).ok_or(ManifestError::NotWritable { line, input })?;
    Ok(Some(text))
}

/// Gives an object the agent, if it is a workload that gets it; says whether it was changed.
fn inject_object(
    object: &mut Node,
    rules: &Rules<'_>,
    notes: &mut Vec<WorkloadNote>,
) -> Result<bool, ManifestError> {
    let note = match workload::find(object) {
        Found::Nothing => return Ok(false),
        Found::Unknown(workload) => workload.note(Outcome::Left(LeftWorkload::Kind)),
        Found::Workload(workload) => inject_workload(object, &workload, rules)?,
    };
    let is_changed = matches!(note.outcome, Outcome::Injected { .. });
    notes.push(note);
    Ok(is_changed)
}

/// Gives a workload the agent, if it gets it; says what became of it.
fn inject_workload(
    object: &mut Node,
    workload: &Workload,
    rules: &Rules<'_>,
) -> Result<WorkloadNote, ManifestError> {
    let left = |reason| Ok(workload.note(Outcome::Left(reason)));
    if !rules.is_in_namespace(workload) {
        return left(LeftWorkload::Namespace);
    }
    // Only one that is whole takes the object's place.
    let mut changed = object.clone();
    let Some(template) = changed.at_mut(workload.template) else {
        return left(LeftWorkload::Malformed { what: "spec" });
    };
    match pod::inject(template, workload, rules) {
        Ok(injected) => {
            if rules.image.is_none() {
                let workload = workload.to_string();
                return Err(ManifestError::NoImage { workload });
            }
            *object = changed;
            Ok(workload.note(injected))
        }
        Err(reason) => left(reason),
    }
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

#[cfg(test)]
mod tests;
