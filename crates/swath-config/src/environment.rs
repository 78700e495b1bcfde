//! Environment variables, as settings see them.

use std::collections::{BTreeMap, HashMap};
use std::hash::BuildHasher;

/// Where the values of environment variables come from.
pub trait Environment {
    /// The value of the variable `name`, if it is set.
    fn value(&self, name: &str) -> Option<String>;
}

/// The environment of this process.
#[derive(Debug, Clone, Copy, Default)]
pub struct ProcessEnvironment;

impl Environment for ProcessEnvironment {
    fn value(&self, name: &str) -> Option<String> {
        // Names that no variable can have would make the standard library panic.
        if name.is_empty() || name.contains(['=', '\0']) {
            return None;
        }
        Some(std::env::var_os(name)?.to_string_lossy().into_owned())
    }
}

impl<S: BuildHasher> Environment for HashMap<String, String, S> {
    fn value(&self, name: &str) -> Option<String> {
        self.get(name).cloned()
    }
}

impl Environment for BTreeMap<String, String> {
    fn value(&self, name: &str) -> Option<String> {
        self.get(name).cloned()
    }
}

/// The value of `name` unless it is empty.
pub(crate) fn filled(environment: &dyn Environment, name: &str) -> Option<String> {
    environment.value(name).filter(|value| !value.is_empty())
}
