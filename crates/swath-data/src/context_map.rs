//! Something for each context, as a sorted list: most files have one context, for which a tree
//! would take ten times the memory. Of data that says what each of many tests reached, many contexts
//! have the same: they have it in common.

use std::sync::Arc;

use rustc_hash::FxHashSet;

use crate::coverage_data::ContextId;

/// Values by context, in the order of the contexts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ContextMap<T> {
    entries: Vec<(ContextId, Arc<T>)>,
}

impl<T> Default for ContextMap<T> {
    fn default() -> Self {
        Self {
            entries: Vec::new(),
        }
    }
}

impl<T> ContextMap<T> {
    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (ContextId, &T)> {
        self.entries
            .iter()
            .map(|(context, value)| (*context, value.as_ref()))
    }

    /// The values, to be had in common.
    pub(crate) fn shared(&self) -> impl Iterator<Item = (ContextId, Arc<T>)> {
        let entries = self.entries.iter();
        entries.map(|(context, value)| (*context, Arc::clone(value)))
    }

    /// The values of the contexts that are wanted; what several have in common comes once.
    pub(crate) fn distinct(&self, wanted: impl Fn(ContextId) -> bool) -> impl Iterator<Item = &T> {
        let mut known = FxHashSet::default();
        let is_alone = self.entries.len() == 1;
        let entries = self.entries.iter();
        let chosen = entries.filter(move |(context, _)| wanted(*context));
        let fresh = chosen.filter(move |(_, value)| is_alone || known.insert(Arc::as_ptr(value)));
        fresh.map(|(_, value)| value.as_ref())
    }

    /// Takes in more; `join` adds what a context has in there to what it has here.
    pub(crate) fn merge(
        &mut self,
        more: impl IntoIterator<Item = (ContextId, Arc<T>)>,
        join: impl Fn(&mut T, &T),
    ) where
        T: Clone,
    {
        let mut more: Vec<(ContextId, Arc<T>)> = more.into_iter().collect();
        if self.entries.is_empty() {
            // Room for what there is: more is rare.
            self.entries.reserve_exact(more.len());
        }
        // A sort finds the two rising runs, and merges them.
        self.entries.append(&mut more);
        self.entries.sort_by_key(|(context, _)| *context);
        self.entries.dedup_by(|(context, value), (known, here)| {
            let is_same = context == known;
            if is_same && !Arc::ptr_eq(here, value) {
                join(Arc::make_mut(here), value);
            }
            is_same
        });
    }

    /// The value of a context, which is made if there is none.
    pub(crate) fn get_or_default(&mut self, context: ContextId) -> &mut T
    where
        T: Default + Clone,
    {
        let found = self.entries.binary_search_by_key(&context, |(id, _)| *id);
        let place = match found {
            Ok(place) => place,
            Err(place) => {
                if self.entries.is_empty() {
                    // Room for one: another is rare.
                    self.entries.reserve_exact(1);
                }
                self.entries.insert(place, (context, Arc::default()));
                place
            }
        };
        Arc::make_mut(&mut self.entries[place].1)
    }
}

/// Each context must come once.
impl<T> FromIterator<(ContextId, Arc<T>)> for ContextMap<T> {
    fn from_iter<I: IntoIterator<Item = (ContextId, Arc<T>)>>(entries: I) -> Self {
        let mut entries: Vec<(ContextId, Arc<T>)> = entries.into_iter().collect();
        entries.sort_by_key(|(context, _)| *context);
        entries.shrink_to_fit();
        Self { entries }
    }
}

impl<T> IntoIterator for ContextMap<T> {
    type Item = (ContextId, Arc<T>);
    type IntoIter = std::vec::IntoIter<(ContextId, Arc<T>)>;

    fn into_iter(self) -> Self::IntoIter {
        self.entries.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contexts_are_in_order_however_they_come() {
        let mut map: ContextMap<u32> = ContextMap::default();
        for context in [3, 1, 2, 1] {
            *map.get_or_default(ContextId(context)) += context;
        }
        let entries: Vec<(ContextId, Arc<u32>)> = map.clone().into_iter().collect();
        let numbers: Vec<(u32, u32)> = map.iter().map(|(id, value)| (id.0, *value)).collect();
        assert_eq!(numbers, [(1, 2), (2, 2), (3, 3)]);
        let backwards: ContextMap<u32> = entries.into_iter().rev().collect();
        assert_eq!(backwards, map);
    }

    #[test]
    fn what_contexts_have_in_common_stays_theirs_when_one_of_them_gets_more() {
        let common = Arc::new(5);
        let mut map: ContextMap<u32> = [3, 1]
            .map(|id| (ContextId(id), Arc::clone(&common)))
            .into_iter()
            .collect();
        assert_eq!(map.distinct(|_| true).collect::<Vec<_>>(), [&5]);
        map.merge(
            [
                (ContextId(2), Arc::new(7)),
                (ContextId(3), Arc::new(2)),
                (ContextId(1), common),
            ],
            |here, more| *here += more,
        );
        let numbers: Vec<(u32, u32)> = map.iter().map(|(id, value)| (id.0, *value)).collect();
        assert_eq!(numbers, [(1, 5), (2, 7), (3, 7)]);
        assert_eq!(map.distinct(|id| id.0 != 1).collect::<Vec<_>>(), [&7, &7]);
    }
}
