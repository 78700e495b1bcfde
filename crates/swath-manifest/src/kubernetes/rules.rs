//! A request that was found valid.

use std::cell::Cell;

use swath_pattern::Globs;

use super::request::{KubernetesRequest, Sidecars};
use super::workload::Workload;
use crate::error::ManifestError;
use crate::order::AgentOrder;

/// What is asked for, ready to be applied.
pub(super) struct Rules<'a> {
    pub(super) image: Option<&'a str>,
    pub(super) run: Option<&'a str>,
    /// Where a pod's container ships to.
    pub(super) store: Option<String>,
    pub(super) store_secret: Option<&'a str>,
    pub(super) agent: &'a AgentOrder,
    pub(super) sidecars: Sidecars,
    namespace: Option<&'a str>,
    measure: Vec<Chosen<'a>>,
    python_paths: Vec<(Option<Globs>, &'a str)>,
}

/// A glob of `--measure`, and whether it chose anything.
struct Chosen<'a> {
    written: &'a str,
    globs: Globs,
    is_used: Cell<bool>,
}

impl<'a> Rules<'a> {
    pub(super) fn of(request: &'a KubernetesRequest) -> Result<Rules<'a>, ManifestError> {
        let run = request.run.as_deref();
        if let Some(run) = run.filter(|run| !is_label(run)) {
            let run = run.to_owned();
            return Err(ManifestError::Run { run });
        }
        let store = match (&request.store, run) {
            (None, _) => None,
            (Some(_), None) => return Err(ManifestError::NoRun),
            (Some(store), Some(run)) => Some(format!("{}/{run}", store.trim_end_matches('/'))),
        };
        let measure = request.measure.iter().map(|written| {
            Ok(Chosen {
                written,
                globs: globs(written)?,
                is_used: Cell::new(false),
            })
        });
        let python_paths = request.python_paths.iter().map(|one| {
            let globs = one.containers.as_deref().map(globs).transpose()?;
            Ok((globs, one.path.as_str()))
        });
        Ok(Rules {
            image: request.image.as_deref(),
            run,
            store,
            store_secret: request.store_secret.as_deref(),
            agent: &request.agent,
            sidecars: request.sidecars,
            namespace: request.namespace.as_deref(),
            measure: measure.collect::<Result<_, _>>()?,
            python_paths: python_paths.collect::<Result<_, _>>()?,
        })
    }

    /// Whether a workload is in the namespace that was named, or may be put there.
    pub(super) fn is_in_namespace(&self, workload: &Workload) -> bool {
        match (self.namespace, workload.namespace.as_deref()) {
            (Some(wanted), Some(namespace)) => wanted == namespace,
            _ => true,
        }
    }

    /// Whether a container is to be measured.
    pub(super) fn is_chosen(&self, workload: &str, container: &str) -> bool {
        let path = format!("{workload}/{container}");
        let mut is_chosen = self.measure.is_empty();
        for chosen in &self.measure {
            if chosen.globs.is_match(&path) {
                chosen.is_used.set(true);
                is_chosen = true;
            }
        }
        is_chosen
    }

    /// What a container's image sets as `PYTHONPATH`, as far as the user says.
    pub(super) fn python_path(&self, workload: &str, container: &str) -> Option<&'a str> {
        let path = format!("{workload}/{container}");
        let fits = |globs: &Option<Globs>| globs.as_ref().is_none_or(|globs| globs.is_match(&path));
        let mut all = self.python_paths.iter();
        let (_, path) = all.find(|(globs, _)| fits(globs))?;
        Some(path)
    }

    /// The globs that chose nothing.
    pub(super) fn unused(&self) -> Vec<String> {
        let unused = self.measure.iter().filter(|one| !one.is_used.get());
        unused.map(|one| one.written.to_owned()).collect()
    }
}

/// A glob of containers. One without a slash means all containers of the workloads that it matches.
fn globs(written: &str) -> Result<Globs, ManifestError> {
    let glob = if written.contains('/') {
        written.to_owned()
    } else {
        format!("{written}/*")
    };
    Globs::new([glob]).map_err(|source| ManifestError::Glob {
        glob: written.to_owned(),
        source,
    })
}

/// Whether Kubernetes takes this as the value of a label. It is a folder's name in the store, too.
pub(super) fn is_label(text: &str) -> bool {
    const LONGEST: usize = 63;
    let is_outer = |letter: char| letter.is_ascii_alphanumeric();
    text.len() <= LONGEST
        && text.starts_with(is_outer)
        && text.ends_with(is_outer)
        && text
            .chars()
            .all(|letter| is_outer(letter) || "-_.".contains(letter))
}
