//! One pod that an API server asks about before it creates it: the answer that gives it the agent.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use swath_model::neutralize_control;

use super::inject_workload;
use super::json::{of_json, to_json};
use super::note::{LeftContainer, LeftWorkload, Outcome, WorkloadNote};
use super::pod::RUN_LABEL;
use super::request::KubernetesRequest;
use super::rules::{Rules, is_label};
use super::workload::{self, Found};
use crate::error::ManifestError;
use crate::node::Node;

/// The versions of the API that are answered; both have the same fields as far as they are used here.
pub(super) const VERSIONS: [&str; 2] = ["v1", "v1beta1"];
const GROUP: &str = "admission.k8s.io";

/// The most commas and colons in the JSON of a pod that is read: a tree takes far more memory than its
/// text. API servers keep no pod that comes near it.
const MOST_MARKS: usize = 30_000;

/// The most letters of a warning: API servers cut what is much longer.
const LONGEST_WARNING: usize = 250;

/// What pods that are being created get.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admission {
    request: KubernetesRequest,
}

/// A review that was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admitted {
    /// The answer, as JSON. It never refuses the pod.
    pub answer: String,
    /// What became of the pod; `None` if the review is about something else.
    pub note: Option<WorkloadNote>,
    /// Nothing is created: somebody wants to see what would be.
    pub dry_run: bool,
}

/// Why there is no answer to a review.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("this is no AdmissionReview: {what}")]
pub struct ReviewError {
    what: String,
}

#[derive(Deserialize)]
struct Review<'a> {
    #[serde(rename = "apiVersion")]
    version: String,
    kind: String,
    #[serde(borrow)]
    request: Request<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request<'a> {
    uid: String,
    kind: Kind,
    #[serde(default)]
    sub_resource: String,
    #[serde(default)]
    namespace: String,
    operation: String,
    #[serde(default)]
    dry_run: bool,
    /// Read only if it is a pod's.
    #[serde(borrow, default)]
    object: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Kind {
    #[serde(default)]
    group: String,
    kind: String,
}

impl Admission {
    /// What is asked for, if it can be done. A run need not be named: pods may say theirs in the label
    /// `swath.dev/run`, which counts more.
    pub fn new(request: KubernetesRequest) -> Result<Admission, ManifestError> {
        if request.image.is_none() {
            let workload = "every pod".to_owned();
            return Err(ManifestError::NoImage { workload });
        }
        let mut with_run = request.clone();
        with_run.run.get_or_insert_with(|| "run".to_owned());
        Rules::of(&with_run)?;
        Ok(Admission { request })
    }

    /// Answers a review.
    pub fn answer(&self, review: &[u8]) -> Result<Admitted, ReviewError> {
        let review: Review<'_> = serde_json::from_slice(review).map_err(|error| ReviewError {
            what: error.to_string(),
        })?;
        let version = review.version.strip_prefix(GROUP);
        let version = version.and_then(|rest| rest.strip_prefix('/'));
        if review.kind != "AdmissionReview" || !version.is_some_and(|one| VERSIONS.contains(&one)) {
            let what = format!("it is of the kind {} of {}", review.kind, review.version);
            return Err(ReviewError { what });
        }
        let request = &review.request;
        let mut response = json!({"uid": request.uid, "allowed": true});
        let decided = self.decide(request);
        if let Some((note, patch)) = &decided {
            if let Some(patch) = patch {
                response["patchType"] = json!("JSONPatch");
                response["patch"] = json!(STANDARD.encode(patch.to_string()));
            }
            if let Some(text) = warning(note) {
                response["warnings"] = json!([text]);
            }
        }
        let answer = json!({
            "apiVersion": review.version, "kind": review.kind, "response": response,
        });
        Ok(Admitted {
            answer: answer.to_string(),
            note: decided.map(|(note, _)| note),
            dry_run: request.dry_run,
        })
    }

    /// What becomes of a pod, and the patch that makes it so; `None` if this is about something else.
    fn decide(&self, request: &Request<'_>) -> Option<(WorkloadNote, Option<Value>)> {
        let kind = &request.kind;
        let is_pod = kind.group.is_empty() && kind.kind == "Pod" && request.sub_resource.is_empty();
        if !is_pod || request.operation != "CREATE" {
            return None;
        }
        let unread = |reason| {
            let note = WorkloadNote {
                workload: "a pod".to_owned(),
                outcome: Outcome::Left(reason),
            };
            Some((note, None))
        };
        let malformed = LeftWorkload::Malformed { what: "object" };
        let text = request.object.map_or("", RawValue::get);
        let marks = text.bytes().filter(|byte| matches!(byte, b',' | b':'));
        if marks.count() > MOST_MARKS {
            let what = "it holds more than swath reads".to_owned();
            return unread(LeftWorkload::Refused { what });
        }
        let Ok(pod) = serde_json::from_str(text) else {
            return unread(malformed);
        };
        let mut pod = of_json(pod);
        let before = to_json(&pod);
        let Found::Workload(mut workload) = workload::find(&pod) else {
            return unread(malformed);
        };
        // The API server knows it, and not every version of it writes it into the pod.
        if !request.namespace.is_empty() {
            workload.namespace = Some(request.namespace.clone());
        }
        let asked = match self.of_run(&pod) {
            Ok(asked) => asked,
            Err(reason) => return Some((workload.note(Outcome::Left(reason)), None)),
        };
        let note = Rules::of(&asked).and_then(|rules| inject_workload(&mut pod, &workload, &rules));
        let note = note.unwrap_or_else(|error| {
            let what = error.to_string();
            workload.note(Outcome::Left(LeftWorkload::Refused { what }))
        });
        let is_injected = matches!(note.outcome, Outcome::Injected { .. });
        let patch = is_injected.then(|| json!(json_patch::diff(&before, &to_json(&pod))));
        Some((note, patch))
    }

    /// What is asked for, with the run that a pod names.
    fn of_run(&self, pod: &Node) -> Result<KubernetesRequest, LeftWorkload> {
        let mut request = self.request.clone();
        if let Some(run) = pod.text_at(&["metadata", "labels", RUN_LABEL]) {
            // Labels are checked after all webhooks have seen them.
            if !is_label(run) {
                let run = run.to_owned();
                return Err(LeftWorkload::RunLabel { run });
            }
            request.run = Some(run.to_owned());
        }
        if request.store.is_some() && request.run.is_none() {
            return Err(LeftWorkload::NoRun);
        }
        Ok(request)
    }
}

/// What whoever creates the pod should know.
fn warning(note: &WorkloadNote) -> Option<String> {
    let Outcome::Left(reason) = &note.outcome else {
        return None;
    };
    let is_asked = |(_, reason): &(String, LeftContainer)| {
        matches!(reason, LeftContainer::NotChosen | LeftContainer::Init)
    };
    let is_as_asked = match reason {
        LeftWorkload::Already { .. } | LeftWorkload::Namespace | LeftWorkload::Mirror => true,
        LeftWorkload::NoContainer { left } => left.iter().all(is_asked),
        _ => false,
    };
    let text = neutralize_control(&format!("swath does not measure {note}"));
    (!is_as_asked).then(|| text.chars().take(LONGEST_WARNING).collect())
}

#[cfg(test)]
mod tests;
