//! Merging many bodies of data into one, with each path and context looked up once an input.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::coverage_data::{ContextId, FileData};
use crate::plain_data::PlainData;
use crate::{Accounting, Arc, ArcSet, CoverageData, DataError, Mode};

/// Data that grows.
#[derive(Default)]
pub(crate) struct Merger {
    data: CoverageData,
    /// Where each path goes, as the inputs have it.
    slot_of: FxHashMap<String, usize>,
    slot_of_mapped: FxHashMap<String, usize>,
    slots: Vec<Slot>,
}

struct Slot {
    path: String,
    file: FileData,
    arcs: FxHashMap<ContextId, ArcBag>,
}

/// Arcs in no order, without doubles.
#[derive(Default)]
struct ArcBag {
    /// Arcs between lines that fit in 32 bits: all there are.
    small: FxHashSet<u64>,
    /// The others.
    large: Vec<Arc>,
}

impl ArcBag {
    fn extend(&mut self, arcs: impl IntoIterator<Item = Arc>) {
        for (from, to) in arcs {
            if let (Ok(small_from), Ok(small_to)) = (i32::try_from(from), i32::try_from(to)) {
                let (high, low) = (small_from.cast_unsigned(), small_to.cast_unsigned());
                self.small.insert(u64::from(high) << 32 | u64::from(low));
            } else {
                self.large.push((from, to));
            }
        }
    }

    fn finish(self) -> ArcSet {
        let unpacked = self.small.into_iter().map(|packed| {
            let [from, to] = [packed >> 32, packed & 0xffff_ffff];
            let signed =
                |half: u64| i64::from(u32::try_from(half).unwrap_or_default().cast_signed());
            (signed(from), signed(to))
        });
        unpacked.chain(self.large).collect()
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
        self.slot_of_mapped.clear();
        for (path, mut file) in std::mem::take(&mut data.files) {
            let arcs = std::mem::take(&mut file.arcs);
            let arcs = arcs.into_iter().map(|(context, arcs)| {
                let mut bag = ArcBag::default();
                bag.extend(arcs.iter());
                (context, bag)
            });
            self.slot_of_mapped.insert(path.clone(), self.slots.len());
            self.slots.push(Slot {
                path,
                file,
                arcs: arcs.collect(),
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
        let mut slots: FxHashMap<i64, usize> = FxHashMap::default();
        slots.reserve(other.files.len());
        for (id, path) in &other.files {
            slots.insert(*id, self.slot(path, &mut map_path));
        }
        self.take_tracers(other, &slots, known_before)?;
        let mut contexts: FxHashMap<i64, ContextId> = FxHashMap::default();
        for (id, name) in &other.contexts {
            contexts.insert(*id, self.data.intern_context(name));
        }
        for row in &other.lines {
            if let (Some(&slot), Some(&context)) =
                (slots.get(&row.file), contexts.get(&row.context))
            {
                let lines = self.slots[slot].file.lines.entry(context).or_default();
                lines.union_with_numbits(row.numbits());
            }
        }
        for run in &other.arcs {
            if let (Some(&slot), Some(&context)) =
                (slots.get(&run.file), contexts.get(&run.context))
            {
                let steps = other.steps.get(run.steps.clone()).unwrap_or_default();
                self.slots[slot]
                    .arcs
                    .entry(context)
                    .or_default()
                    .extend(steps.iter().copied());
            }
        }
        Ok(())
    }

    fn slot(&mut self, path: &str, mut map_path: impl FnMut(&str) -> String) -> usize {
        if let Some(&slot) = self.slot_of.get(path) {
            return slot;
        }
        let mapped = map_path(path).replace('\\', "/");
        let fresh = self.slots.len();
        let slot = *self.slot_of_mapped.entry(mapped.clone()).or_insert(fresh);
        if slot == fresh {
            self.slots.push(Slot {
                path: mapped,
                file: FileData::default(),
                arcs: FxHashMap::default(),
            });
        }
        self.slot_of.insert(path.to_owned(), slot);
        slot
    }

    /// A file that was known before must have the same tracer, or none, in both.
    fn take_tracers(
        &mut self,
        other: &PlainData<'_>,
        slots: &FxHashMap<i64, usize>,
        known_before: usize,
    ) -> Result<(), DataError> {
        let tracers: FxHashMap<i64, &str> = other
            .tracers
            .iter()
            .map(|(id, name)| (*id, name.as_str()))
            .collect();
        for (id, _) in &other.files {
            let slot = &mut self.slots[slots[id]];
            let there = tracers.get(id).copied().unwrap_or_default();
            let here = slot.file.tracer.as_deref().unwrap_or_default();
            if slots[id] < known_before && here != there {
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

/// The rows of one data file as data; `None` if there are lines and arcs, which no recorder writes.
pub(crate) fn data_of(plain: &PlainData<'_>) -> Option<CoverageData> {
    let mut merger = Merger::default();
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
