//! What the caller chooses by patterns of names: what is measured, and what images set.

use std::cell::Cell;

use swath_pattern::Globs;

use crate::error::{Input, ManifestError};

/// What images set as `PYTHONPATH`, which no manifest shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PythonPath {
    /// A glob of `WORKLOAD/CONTAINER`, or of a stack's services; `None` means every container.
    pub containers: Option<String>,
    /// The path, folders with colons between them.
    pub path: String,
}

/// What is chosen, ready to be applied to names.
pub(crate) struct Choice<'a> {
    measure: Vec<Chosen<'a>>,
    python_paths: Vec<(Option<Globs>, &'a str)>,
}

/// A glob of `--measure`, and whether it chose anything.
struct Chosen<'a> {
    written: &'a str,
    globs: Globs,
    is_used: Cell<bool>,
}

impl<'a> Choice<'a> {
    pub(crate) fn of(
        measure: &'a [String],
        python_paths: &'a [PythonPath],
        input: Input,
    ) -> Result<Choice<'a>, ManifestError> {
        let measure = measure.iter().map(|written| {
            Ok(Chosen {
                written,
                globs: globs(written, input)?,
                is_used: Cell::new(false),
            })
        });
        let python_paths = python_paths.iter().map(|one| {
            let written = one.containers.as_deref();
            let chosen = written.map(|written| globs(written, input)).transpose()?;
            Ok((chosen, one.path.as_str()))
        });
        Ok(Choice {
            measure: measure.collect::<Result<_, _>>()?,
            python_paths: python_paths.collect::<Result<_, _>>()?,
        })
    }

    /// Whether what has this name is to be measured: everything, where nothing was chosen.
    pub(crate) fn is_measured(&self, name: &str) -> bool {
        let mut is_chosen = self.measure.is_empty();
        for chosen in &self.measure {
            if chosen.globs.is_match(name) {
                chosen.is_used.set(true);
                is_chosen = true;
            }
        }
        is_chosen
    }

    /// What the image of what has this name sets as `PYTHONPATH`, as far as the user says.
    pub(crate) fn python_path(&self, name: &str) -> Option<&'a str> {
        let fits = |globs: &Option<Globs>| globs.as_ref().is_none_or(|globs| globs.is_match(name));
        let mut all = self.python_paths.iter();
        let (_, path) = all.find(|(globs, _)| fits(globs))?;
        Some(path)
    }

    /// The globs that chose nothing.
    pub(crate) fn unused(&self) -> Vec<String> {
        let unused = self.measure.iter().filter(|one| !one.is_used.get());
        unused.map(|one| one.written.to_owned()).collect()
    }
}

/// A glob of containers. One without a slash means all containers of the workloads that it matches;
/// the services of a stack have one container.
fn globs(written: &str, input: Input) -> Result<Globs, ManifestError> {
    let glob = if written.contains('/') || input == Input::StackFile {
        written.to_owned()
    } else {
        format!("{written}/*")
    };
    Globs::new([glob]).map_err(|source| ManifestError::Glob {
        glob: written.to_owned(),
        source,
        input,
    })
}
