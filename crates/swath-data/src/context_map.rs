//! Something for each context, as a sorted list: most files have one context, for which a tree
//! would take ten times the memory.

use crate::coverage_data::ContextId;

/// Values by context, in the order of the contexts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ContextMap<T> {
    entries: Vec<(ContextId, T)>,
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
            .map(|(context, value)| (*context, value))
    }

    /// The value of a context, which is made if there is none.
    pub(crate) fn get_or_default(&mut self, context: ContextId) -> &mut T
    where
        T: Default,
    {
        let found = self.entries.binary_search_by_key(&context, |(id, _)| *id);
        let place = match found {
            Ok(place) => place,
            Err(place) => {
                if self.entries.is_empty() {
                    // Room for one: another is rare.
                    self.entries.reserve_exact(1);
                }
                self.entries.insert(place, (context, T::default()));
                place
            }
        };
        &mut self.entries[place].1
    }
}

/// Each context must come once.
impl<T> FromIterator<(ContextId, T)> for ContextMap<T> {
    fn from_iter<I: IntoIterator<Item = (ContextId, T)>>(entries: I) -> Self {
        let mut entries: Vec<(ContextId, T)> = entries.into_iter().collect();
        entries.sort_by_key(|(context, _)| *context);
        entries.shrink_to_fit();
        Self { entries }
    }
}

impl<T> IntoIterator for ContextMap<T> {
    type Item = (ContextId, T);
    type IntoIter = std::vec::IntoIter<(ContextId, T)>;

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
        let entries: Vec<(ContextId, u32)> = map.clone().into_iter().collect();
        assert_eq!(
            entries,
            [(ContextId(1), 2), (ContextId(2), 2), (ContextId(3), 3)]
        );
        let backwards: ContextMap<u32> = entries.into_iter().rev().collect();
        assert_eq!(backwards, map);
    }
}
