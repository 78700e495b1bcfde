//! Merging many bodies of data into one, with each path and context looked up once an input.

use std::borrow::Cow;
use std::hash::Hasher as _;
use std::sync::Arc as Shared;

use crate::arc_runs::RunHash;
use crate::arc_set::PackedArc;
use crate::coverage_data::{ContextId, FileData};
use crate::plain_data::PlainData;
use crate::{Accounting, ArcSet, CoverageData, DataError, LineSet, Mode};
use rustc_hash::{FxHashMap, FxHashSet, FxHasher};

/// Data that grows.
#[derive(Default)]
pub(crate) struct Merger {
    data: CoverageData,
    /// Where each path goes, as the inputs have it.
    slot_of: FxHashMap<String, usize>,
    last_files: LastFiles,
    has_tracers: bool,
    slot_of_mapped: FxHashMap<String, usize>,
    slots: Vec<Slot>,
    /// A backslash in a path stays: this is one file that is read, not several that are combined,
    /// for which coverage.py takes it for a separator.
    as_written: bool,
}

struct Slot {
    path: String,
    file: FileData,
    lines: ByContext<Shared<LineSet>>,
    arcs: ByContext<ArcBag>,
    common: Common,
}

impl Slot {
    fn new(path: String) -> Self {
        Self {
            path,
            file: FileData::default(),
            lines: ByContext::default(),
            arcs: ByContext::default(),
            common: Common::default(),
        }
    }

    fn add_lines(&mut self, context: ContextId, numbits: &[u8]) {
        if self.lines.is_other(context) {
            let common = self.common.lines(numbits);
            self.lines.others.insert(context, common);
        } else {
            let lines = self.lines.get_or_default(context);
            Shared::make_mut(lines).union_with_numbits(numbits);
        }
    }

    fn add_arcs(&mut self, context: ContextId, steps: &[PackedArc]) {
        if self.arcs.is_other(context) {
            let common = self.common.arcs(steps);
            self.arcs.others.insert(context, common);
        } else {
            self.arcs.get_or_default(context).extend_packed(steps);
        }
    }
}

/// What contexts but the first have in common in a file: of many tests, many reach the same.
#[derive(Default)]
struct Common {
    lines: FxHashMap<u64, Shared<LineSet>>,
    arcs: FxHashMap<RunHash, Shared<ArcSet>>,
}

impl Common {
    fn lines(&mut self, numbits: &[u8]) -> Shared<LineSet> {
        let mut hasher = FxHasher::default();
        hasher.write(numbits);
        let fresh = || Shared::new(LineSet::from_numbits(numbits));
        let common = self.lines.entry(hasher.finish()).or_insert_with(fresh);
        if common.as_numbits() == numbits {
            Shared::clone(common)
        } else {
            fresh()
        }
    }

    fn arcs(&mut self, steps: &[PackedArc]) -> ArcBag {
        let hash = RunHash::of(steps);
        let fresh = || Shared::new(steps.iter().map(|step| step.arc()).collect());
        let arcs = self.arcs.entry(hash).or_insert_with(fresh);
        ArcBag::One(hash, Shared::clone(arcs))
    }
}

/// Something for each context. Most data has a single one, which is where no search is needed.
struct ByContext<T> {
    first: Option<(ContextId, T)>,
    others: FxHashMap<ContextId, T>,
}

impl<T> Default for ByContext<T> {
    fn default() -> Self {
        Self {
            first: None,
            others: FxHashMap::default(),
        }
    }
}

impl<T> ByContext<T> {
    /// Whether the context is new here, and not the first.
    fn is_other(&self, context: ContextId) -> bool {
        let first = self.first.as_ref();
        first.is_some_and(|(first, _)| *first != context) && !self.others.contains_key(&context)
    }
}

impl<T: Default> ByContext<T> {
    fn get_or_default(&mut self, context: ContextId) -> &mut T {
        let (known, first) = self.first.get_or_insert_with(|| (context, T::default()));
        if *known == context {
            first
        } else {
            self.others.entry(context).or_default()
        }
    }
}

impl<T> FromIterator<(ContextId, T)> for ByContext<T> {
    fn from_iter<I: IntoIterator<Item = (ContextId, T)>>(all: I) -> Self {
        let mut all = all.into_iter();
        Self {
            first: all.next(),
            others: all.collect(),
        }
    }
}

impl<T> IntoIterator for ByContext<T> {
    type Item = (ContextId, T);
    type IntoIter = std::iter::Chain<
        std::option::IntoIter<(ContextId, T)>,
        std::collections::hash_map::IntoIter<ContextId, T>,
    >;

    fn into_iter(self) -> Self::IntoIter {
        self.first.into_iter().chain(self.others)
    }
}

/// The files of the input before: most inputs have the same ones in the same order. Their paths
/// stand behind each other, so that they are fetched from memory in one go.
#[derive(Default)]
struct LastFiles {
    paths: String,
    /// Where each path ends, and its slot.
    ends: Vec<(usize, usize)>,
}

impl LastFiles {
    fn clear(&mut self) {
        self.truncate(0);
    }

    fn truncate(&mut self, length: usize) {
        self.ends.truncate(length);
        self.paths
            .truncate(self.ends.last().map_or(0, |(end, _)| *end));
    }

    fn push(&mut self, path: &str, slot: usize) {
        self.paths.push_str(path);
        self.ends.push((self.paths.len(), slot));
    }

    /// The slots of the files that are the same from the first one on.
    fn same<'a>(&'a self, files: &'a [(i64, Cow<'_, str>)]) -> impl Iterator<Item = usize> + 'a {
        let mut start = 0;
        self.ends
            .iter()
            .zip(files)
            .map_while(move |(&(end, slot), (_, path))| {
                let known = self.paths.get(start..end)?;
                start = end;
                (known == path).then_some(slot)
            })
    }
}

/// Arcs in no order, without doubles.
enum ArcBag {
    /// Those of one run, which other contexts may have as well.
    One(RunHash, Shared<ArcSet>),
    Mixed(Box<MixedArcs>),
}

impl Default for ArcBag {
    fn default() -> Self {
        Self::Mixed(Box::default())
    }
}

#[derive(Default)]
struct MixedArcs {
    arcs: FxHashSet<PackedArc>,
    /// What has been taken in: processes of one program often run the same arcs of a source.
    known: FxHashSet<RunHash>,
}

/// The most runs that a bag remembers: more than that are not the same few over and over.
const MOST_KNOWN: usize = 128;

impl ArcBag {
    fn of(arcs: Shared<ArcSet>) -> Self {
        let steps: Vec<PackedArc> = arcs.iter().map(PackedArc::new).collect();
        Self::One(RunHash::of(&steps), arcs)
    }

    fn extend_packed(&mut self, steps: &[PackedArc]) {
        let hash = RunHash::of(steps);
        let mixed = match self {
            Self::One(known, _) if *known == hash => return,
            Self::One(known, arcs) => {
                let mut mixed = MixedArcs::default();
                mixed.arcs.extend(arcs.iter().map(PackedArc::new));
                mixed.known.insert(*known);
                *self = Self::Mixed(Box::new(mixed));
                return self.extend_packed(steps);
            }
            Self::Mixed(mixed) => mixed,
        };
        if mixed.known.contains(&hash) {
            return;
        }
        if mixed.known.len() < MOST_KNOWN {
            mixed.known.insert(hash);
        }
        mixed.arcs.extend(steps);
    }

    fn finish(self) -> Shared<ArcSet> {
        let mixed = match self {
            Self::One(_, arcs) => return arcs,
            Self::Mixed(mixed) => mixed,
        };
        let mut arcs: Vec<PackedArc> = mixed.arcs.into_iter().collect();
        arcs.sort_unstable();
        Shared::new(arcs.into_iter().map(PackedArc::arc).collect())
    }
}

impl Merger {
    pub(crate) fn new(data: CoverageData) -> Self {
        let mut merger = Self::default();
        merger.restart(data);
        merger
    }

    fn restart(&mut self, mut data: CoverageData) {
        self.slots.clear();
        self.slot_of.clear();
        self.last_files.clear();
        self.slot_of_mapped.clear();
        for (path, mut file) in std::mem::take(&mut data.files) {
            let lines = std::mem::take(&mut file.lines);
            let arcs = std::mem::take(&mut file.arcs);
            let arcs = arcs
                .into_iter()
                .map(|(context, arcs)| (context, ArcBag::of(arcs)));
            self.has_tracers |= file.tracer.is_some();
            self.slot_of_mapped.insert(path.clone(), self.slots.len());
            self.slots.push(Slot {
                file,
                lines: lines.into_iter().collect(),
                arcs: arcs.collect(),
                ..Slot::new(path)
            });
        }
        self.data = data;
    }

    /// The data so far.
    pub(crate) fn finish(mut self) -> CoverageData {
        self.take_data()
    }

    fn take_data(&mut self) -> CoverageData {
        let mut data = std::mem::take(&mut self.data);
        for slot in self.slots.drain(..) {
            let mut file = slot.file;
            file.lines = slot.lines.into_iter().collect();
            file.arcs = (slot.arcs.into_iter())
                .map(|(context, arcs)| (context, arcs.finish()))
                .collect();
            data.files.insert(slot.path, file);
        }
        data
    }

    /// Takes in other data that is in memory.
    pub(crate) fn update(
        &mut self,
        other: &CoverageData,
        names: (&str, &str),
        map_path: impl FnMut(&str) -> String,
    ) -> Result<(), DataError> {
        let mut data = self.take_data();
        let result = data.update(other, names, map_path);
        self.restart(data);
        result
    }

    /// Whether anything in here was recorded by swath.
    pub(crate) fn is_recorded(&self) -> bool {
        !self.data.accounting.is_foreign()
    }

    /// Takes in what swath knows beyond coverage.py's data.
    pub(crate) fn merge_accounting(
        &mut self,
        accounting: &Accounting,
        mut map_path: impl FnMut(&str) -> String,
    ) {
        let map_path = |path: &str| map_path(path).replace('\\', "/");
        self.data.accounting.merge(accounting, map_path);
    }

    /// Makes a file known.
    pub(crate) fn touch(&mut self, path: &str, map_path: impl FnMut(&str) -> String) {
        self.slot(path, map_path);
    }

    /// Takes in the rows of a data file.
    pub(crate) fn update_plain(
        &mut self,
        other: &PlainData<'_>,
        names: (&str, &str),
        mut map_path: impl FnMut(&str) -> String,
    ) -> Result<(), DataError> {
        self.data.take_mode(
            other.mode,
            !other.arcs.is_empty(),
            !other.lines.is_empty(),
            names,
        )?;
        let known_before = self.slots.len();
        let slots = self.slots_of(&other.files, &mut map_path);
        self.take_tracers(other, &slots, known_before)?;
        let contexts: Vec<ContextId> = (other.contexts.iter())
            .map(|(_, name)| self.data.intern_context(name))
            .collect();
        let places = |file, context| {
            let slot = *slots.get(place_of(&other.files, file)?)?;
            Some((slot, *contexts.get(place_of(&other.contexts, context)?)?))
        };
        for row in &other.lines {
            if let Some((slot, context)) = places(row.file, row.context) {
                self.slots[slot].add_lines(context, &row.numbits);
            }
        }
        for (file, context, steps) in other.arcs.iter() {
            if let Some((slot, context)) = places(file.into(), context.into()) {
                self.slots[slot].add_arcs(context, steps);
            }
        }
        Ok(())
    }

    /// Where each file of an input goes.
    fn slots_of(
        &mut self,
        files: &[(i64, Cow<'_, str>)],
        mut map_path: impl FnMut(&str) -> String,
    ) -> Vec<usize> {
        let mut slots = Vec::with_capacity(files.len());
        slots.extend(self.last_files.same(files));
        if slots.len() < files.len() {
            self.last_files.truncate(slots.len());
            for (_, path) in &files[slots.len()..] {
                let slot = self.slot(path, &mut map_path);
                self.last_files.push(path, slot);
                slots.push(slot);
            }
        }
        slots
    }

    fn slot(&mut self, path: &str, mut map_path: impl FnMut(&str) -> String) -> usize {
        if let Some(&slot) = self.slot_of.get(path) {
            return slot;
        }
        let mapped = map_path(path);
        let mapped = if self.as_written {
            mapped
        } else {
            mapped.replace('\\', "/")
        };
        let fresh = self.slots.len();
        let slot = *self.slot_of_mapped.entry(mapped.clone()).or_insert(fresh);
        if slot == fresh {
            self.slots.push(Slot::new(mapped));
        }
        self.slot_of.insert(path.to_owned(), slot);
        slot
    }

    /// A file that was known before must have the same tracer, or none, in both.
    fn take_tracers(
        &mut self,
        other: &PlainData<'_>,
        slots: &[usize],
        known_before: usize,
    ) -> Result<(), DataError> {
        if !self.has_tracers && other.tracers.is_empty() {
            return Ok(());
        }
        self.has_tracers = true;
        let tracers: FxHashMap<i64, &str> = other
            .tracers
            .iter()
            .map(|(id, name)| (*id, name.as_str()))
            .collect();
        for ((id, _), &place) in other.files.iter().zip(slots) {
            let slot = &mut self.slots[place];
            let there = tracers.get(id).copied().unwrap_or_default();
            let here = slot.file.tracer.as_deref().unwrap_or_default();
            if place < known_before && here != there {
                return Err(DataError::TracerConflict {
                    path: slot.path.clone(),
                    here: here.to_owned(),
                    other: there.to_owned(),
                });
            }
            if slot.file.tracer.is_none() && !there.is_empty() {
                slot.file.tracer = Some(there.to_owned());
            }
        }
        Ok(())
    }
}

/// Where the row with a number is; most tables have every number from 1 on.
fn place_of<T>(rows: &[(i64, T)], id: i64) -> Option<usize> {
    let place = usize::try_from(id).ok()?.wrapping_sub(1);
    if rows.get(place).is_some_and(|row| row.0 == id) {
        return Some(place);
    }
    rows.binary_search_by_key(&id, |row| row.0).ok()
}

/// The rows of one data file as data; `None` if there are lines and arcs, which no recorder writes.
pub(crate) fn data_of(plain: &PlainData<'_>) -> Option<CoverageData> {
    let mut merger = Merger {
        as_written: true,
        ..Merger::default()
    };
    merger.update_plain(plain, ("", ""), str::to_owned).ok()?;
    let mut data = merger.finish();
    // What the file says of itself stands, with rows or without.
    data.set_mode(plain.mode);
    Some(data)
}

impl CoverageData {
    /// Checks that rows of a kind may come in, and notes which kind this data now has.
    fn take_mode(
        &mut self,
        declared: Mode,
        has_arcs: bool,
        has_lines: bool,
        names: (&str, &str),
    ) -> Result<(), DataError> {
        let mode = self.mode_after(declared, has_arcs, has_lines, names)?;
        self.set_mode(mode);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arc_runs::ArcRuns;

    #[test]
    fn files_are_found_where_they_were_in_the_input_before() {
        let files = |names: &[&'static str]| -> Vec<(i64, Cow<'static, str>)> {
            names.iter().map(|name| (1, Cow::Borrowed(*name))).collect()
        };
        let mut merger = Merger::default();
        for (names, slots) in [
            (&["a", "bc", "d"][..], &[0, 1, 2][..]),
            (&["a", "bc", "d"], &[0, 1, 2]),
            (&["a", "b", "c", "d"], &[0, 3, 4, 2]),
            (&["a"], &[0]),
            (&["ab", "c", "d", "a"], &[5, 4, 2, 0]),
            (&["ab", "c", "d", "a", "bc"], &[5, 4, 2, 0, 1]),
        ] {
            assert_eq!(merger.slots_of(&files(names), str::to_owned), slots);
        }
    }

    #[test]
    fn a_bag_takes_every_arc_of_runs_that_overlap() {
        let mut runs = ArcRuns::default();
        for start in 0..3 * 200 {
            for context in [1, 2] {
                for line in start..start + 10 {
                    runs.push([1, context, line, -line]);
                }
            }
        }
        let mut bag = ArcBag::default();
        for (_, _, steps) in runs.iter() {
            bag.extend_packed(steps);
        }
        let all: ArcSet = (0..609).map(|line| (line, -line)).collect();
        assert!(*bag.finish() == all);
    }
}
