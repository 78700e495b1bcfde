//! What was seen of the instances of a fleet, over all that their engine told.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// What was seen of an instance that carries the agent: a pod, or the task of a Swarm.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct SeenInstance {
    pub(super) name: String,
    /// Whether something measured of it has run.
    pub(super) has_run: bool,
    /// Whether it serves, or need not any more: it has ended, or is about to.
    pub(super) is_settled: bool,
    /// What its engine says of it that is no good, such as `OOMKilled`.
    pub(super) trouble: Option<String>,
}

/// Instances by their uid, which no other one ever has.
pub(super) type Instances = BTreeMap<String, SeenInstance>;

/// What an engine says that there is.
#[derive(Debug, Default)]
pub(super) struct Now {
    /// The instances that carry the agent.
    pub(super) instances: Instances,
    /// What else is waited for, in the engine's words: services that have too few instances.
    pub(super) lacking: Vec<String>,
    /// Where they ship to.
    pub(super) stores: BTreeSet<String>,
}

impl SeenInstance {
    /// Takes over what is told now. What ran has run, and what was wrong is not forgotten.
    pub(super) fn learn(&mut self, now: SeenInstance) {
        let before = std::mem::replace(self, now);
        self.has_run |= before.has_run;
        self.trouble = self.trouble.take().or(before.trouble);
    }
}

/// Takes over what is told of instances now.
pub(super) fn learn(all: &mut Instances, now: impl IntoIterator<Item = (String, SeenInstance)>) {
    for (uid, instance) in now {
        all.entry(uid).or_default().learn(instance);
    }
}

impl fmt::Display for SeenInstance {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.trouble {
            Some(trouble) => write!(formatter, "{} ({trouble})", self.name),
            None => formatter.write_str(&self.name),
        }
    }
}
