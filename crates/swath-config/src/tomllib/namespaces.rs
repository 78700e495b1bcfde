//! Which tables may still be opened or changed.

use std::collections::BTreeMap;

use super::Key;

/// What is known of the tables, by their keys.
#[derive(Debug, Default)]
pub(super) struct Namespaces {
    root: BTreeMap<String, Namespace>,
    /// Tables made by dotted keys: no header may open them once another header has begun.
    pending: Vec<Key>,
}

#[derive(Debug, Default)]
struct Namespace {
    /// Made by a header or by dotted keys.
    explicit: bool,
    /// An inline table or an array: nothing in it may be changed.
    frozen: bool,
    nested: BTreeMap<String, Namespace>,
}

impl Namespaces {
    pub(super) fn add_pending(&mut self, key: &[String]) {
        self.pending.push(key.to_vec());
    }

    pub(super) fn close_pending(&mut self) {
        for key in std::mem::take(&mut self.pending) {
            self.make_explicit(&key);
        }
    }

    pub(super) fn make_explicit(&mut self, key: &[String]) {
        if let Some(namespace) = self.obtain(key) {
            namespace.explicit = true;
        }
    }

    pub(super) fn freeze(&mut self, key: &[String]) {
        if let Some(namespace) = self.obtain(key) {
            namespace.frozen = true;
        }
    }

    fn obtain(&mut self, key: &[String]) -> Option<&mut Namespace> {
        let (last, parents) = key.split_last()?;
        let mut nested = &mut self.root;
        for part in parents {
            nested = &mut nested.entry(part.clone()).or_default().nested;
        }
        Some(nested.entry(last.clone()).or_default())
    }

    /// Forgets all about `key` and what is in it.
    pub(super) fn forget(&mut self, key: &[String]) {
        let Some((last, parents)) = key.split_last() else {
            return;
        };
        let mut nested = &mut self.root;
        for part in parents {
            match nested.get_mut(part) {
                Some(namespace) => nested = &mut namespace.nested,
                None => return,
            }
        }
        nested.remove(last);
    }

    pub(super) fn is_explicit(&self, key: &[String]) -> bool {
        let mut nested = &self.root;
        let mut explicit = false;
        for part in key {
            let Some(namespace) = nested.get(part) else {
                return false;
            };
            explicit = namespace.explicit;
            nested = &namespace.nested;
        }
        explicit
    }

    /// Whether `key` or a table around it is frozen.
    pub(super) fn is_frozen(&self, key: &[String]) -> bool {
        let mut nested = &self.root;
        for part in key {
            let Some(namespace) = nested.get(part) else {
                return false;
            };
            if namespace.frozen {
                return true;
            }
            nested = &namespace.nested;
        }
        false
    }
}
