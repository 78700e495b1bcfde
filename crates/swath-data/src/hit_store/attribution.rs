//! What a process ran on behalf of each of its contexts, from the places in its hit store.
//!
//! A store holds millions of places: each is found by the piece of the store that it is in, and
//! what a context reached of a file is kept once, however many contexts reached the same.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::Hasher as _;
use std::ops::Range;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHasher};
use swath_store::{ContextPlaces, Record, TakenArc, records};

use crate::stored_context::{ContextKind, ContextShare, Reached, StoredContext};
use crate::stored_context::{offer_of, started_for};
use crate::{ArcSet, LineSet};

/// Lines further down are counted for no context: only a damaged store has them, and each set of
/// lines is as long as its last line asks for.
const LAST_LINE: u32 = 1 << 20;

/// The most bytes of sets that differ, and the most bytes of sets in all. What a store asks for
/// beyond that is counted for no context.
const MOST_KEPT: usize = 256 << 20;
const MOST_SEEN: usize = 4 << 30;

/// The contexts of a process.
#[derive(Default)]
pub(super) struct Contexts {
    pub(super) all: Vec<StoredContext>,
    places: FxHashMap<u32, usize>,
    pub(super) offers: BTreeSet<(String, String)>,
    /// The test that the process was started for, if it ended within the part of it that did so.
    started_for: String,
}

impl Contexts {
    /// Takes over a record, if it is one of a context.
    pub(super) fn take(&mut self, record: &Record<'_>) {
        match record {
            // The first one that has a number is the one that the other records mean.
            Record::Context(context)
                if context.id > 0 && !self.places.contains_key(&context.id) =>
            {
                if let Some(known) = StoredContext::read(context) {
                    self.places.insert(context.id, self.all.len());
                    self.all.push(known);
                }
            }
            Record::ContextNote(note) if note.context == 0 => {
                self.offers.extend(offer_of(note));
                if let Some(test) = started_for(note) {
                    self.started_for = test;
                }
            }
            Record::ContextNote(note) => {
                let context = self.places.get(&note.context).copied();
                if let Some(context) = context.and_then(|place| self.all.get_mut(place)) {
                    context.note(note);
                }
            }
            _ => {}
        }
    }

    /// The context of all that ran in a process which was started for a test, and has no context of its own.
    pub(super) fn of_program(&mut self) -> Option<usize> {
        if self.started_for.is_empty() || !self.all.is_empty() {
            return None;
        }
        self.all.push(StoredContext {
            kind: ContextKind::Test(std::mem::take(&mut self.started_for)),
            ..StoredContext::default()
        });
        Some(0)
    }

    /// What each context reached, by the numbers of the files.
    pub(super) fn shares(&self, bytes: &[u8]) -> BTreeMap<u32, FileShares> {
        let mut states = States::of(bytes);
        let mut lists: Vec<(usize, ContextPlaces<'_>)> = Vec::new();
        for record in records(bytes) {
            if let Record::ContextPlaces(list) = record
                && let Some(&context) = self.places.get(&list.context)
            {
                lists.push((context, list));
            }
        }
        lists.sort_by_key(|(context, _)| *context);
        for lists in lists.chunk_by(|(one, _), (next, _)| one == next) {
            let Some((context, _)) = lists.first() else {
                continue;
            };
            for (_, list) in lists {
                list.places().for_each(|place| states.set(place));
            }
            states.end_context(*context);
        }
        states.finish()
    }
}

/// What the states in a piece of the store are of.
#[derive(Clone, Copy)]
enum Piece {
    /// Lines, from this one on.
    Lines { first: u32 },
    /// Arcs of the file, from this one among them on.
    Arcs { first: usize },
}

/// A piece of the store in which each byte is a state.
struct Segment {
    places: Range<u32>,
    file: usize,
    piece: Piece,
    /// The arcs that its lines prove, among all those that are proved.
    proofs: Range<usize>,
}

/// An arc that is taken where a line ran.
struct Proof {
    /// The place of the line's state.
    place: u32,
    file: usize,
    arc: u32,
}

/// All states of a store, and what is set of them on behalf of one context.
struct States {
    segments: Vec<Segment>,
    proofs: Vec<Proof>,
    files: Vec<FileStates>,
    numbers: BTreeMap<u32, usize>,
    /// The segment of the place before: the next one is often in it too.
    last: usize,
    /// The files in which something is set.
    touched: Vec<usize>,
    kept: usize,
    seen: usize,
}

/// What is set in a file on behalf of one context.
#[derive(Default)]
struct FileStates {
    shares: FileShares,
    /// The sets that are known, by the hash of their content.
    known: FxHashMap<u64, Vec<u32>>,
    is_touched: bool,
    bits: Vec<u8>,
    arcs: Vec<u32>,
}

impl States {
    fn of(bytes: &[u8]) -> Self {
        let mut states = Self {
            segments: Vec::new(),
            proofs: Vec::new(),
            files: Vec::new(),
            numbers: BTreeMap::new(),
            last: 0,
            touched: Vec::new(),
            kept: 0,
            seen: 0,
        };
        for record in records(bytes) {
            match record {
                Record::Code(code) => states.add_code(&code),
                Record::Arcs(arcs) => states.add_arcs(&arcs),
                _ => {}
            }
        }
        states.proofs.sort_by_key(|proof| proof.place);
        for segment in &mut states.segments {
            let before = |place: u32| states.proofs.partition_point(|proof| proof.place < place);
            segment.proofs = before(segment.places.start)..before(segment.places.end);
        }
        states
    }

    fn file(&mut self, number: u32) -> usize {
        let fresh = self.files.len();
        let file = *self.numbers.entry(number).or_insert(fresh);
        if file == fresh {
            self.files.push(FileStates::default());
        }
        file
    }

    fn add_code(&mut self, code: &swath_store::Code<'_>) {
        let file = self.file(code.file);
        self.add_segment(
            code.place,
            code.lines.len(),
            file,
            Piece::Lines {
                first: code.first_line,
            },
        );
        let Some(definition) = code.definition.and_then(|line| i32::try_from(line).ok()) else {
            return;
        };
        let arcs = &mut self.files[file].shares.arcs;
        let first = arcs.len();
        let lines = (0..code.exits.len()).map(|index| {
            let index = u32::try_from(index).unwrap_or(u32::MAX);
            code.first_line.saturating_add(index)
        });
        arcs.extend(lines.map(|from| TakenArc {
            from,
            to: -definition,
            is_concluded: false,
        }));
        let place = code.place.saturating_add(code.lines.len());
        self.add_segment(place, code.exits.len(), file, Piece::Arcs { first });
    }

    fn add_arcs(&mut self, record: &swath_store::Arcs<'_>) {
        let file = self.file(record.file);
        let arcs = &mut self.files[file].shares.arcs;
        let first = arcs.len();
        for known in record.all() {
            if let (Some(place), Ok(arc)) = (known.proof, u32::try_from(arcs.len())) {
                self.proofs.push(Proof { place, file, arc });
            }
            arcs.push(known.taken);
        }
        let count = arcs.len() - first;
        self.add_segment(record.place, count, file, Piece::Arcs { first });
    }

    /// Records come in the order of their places, so segments do.
    fn add_segment(&mut self, place: usize, length: usize, file: usize, piece: Piece) {
        let end = place.saturating_add(length);
        if let (Ok(start), Ok(end)) = (u32::try_from(place), u32::try_from(end)) {
            self.segments.push(Segment {
                places: start..end,
                file,
                piece,
                proofs: 0..0,
            });
        }
    }

    /// Sets a state. A place where there is none is skipped.
    fn set(&mut self, place: u32) {
        let is_there = |segment: &Segment| segment.places.contains(&place);
        if !self.segments.get(self.last).is_some_and(is_there) {
            let next = self
                .segments
                .partition_point(|segment| segment.places.end <= place);
            if !self.segments.get(next).is_some_and(is_there) {
                return;
            }
            self.last = next;
        }
        let segment = &self.segments[self.last];
        let offset = place - segment.places.start;
        match segment.piece {
            Piece::Lines { first } => {
                let line = first.saturating_add(offset);
                if (1..=LAST_LINE).contains(&line) {
                    touch(&mut self.files, &mut self.touched, segment.file).set_line(line);
                }
                let proofs = &self.proofs[segment.proofs.clone()];
                let from = proofs.partition_point(|proof| proof.place < place);
                for proof in proofs[from..].iter().take_while(|one| one.place == place) {
                    let file = touch(&mut self.files, &mut self.touched, proof.file);
                    file.arcs.push(proof.arc);
                }
            }
            Piece::Arcs { first } => {
                let offset = usize::try_from(offset).unwrap_or(usize::MAX);
                if let Ok(arc) = u32::try_from(first.saturating_add(offset)) {
                    touch(&mut self.files, &mut self.touched, segment.file)
                        .arcs
                        .push(arc);
                }
            }
        }
    }

    /// Keeps what is set as that of a context, and begins anew.
    fn end_context(&mut self, context: usize) {
        for file in self.touched.drain(..) {
            let file = &mut self.files[file];
            self.seen += file.size();
            if self.seen <= MOST_SEEN && self.kept <= MOST_KEPT {
                self.kept += file.keep(context);
            }
            file.clear();
        }
    }

    fn finish(self) -> BTreeMap<u32, FileShares> {
        let mut files: Vec<FileShares> = self.files.into_iter().map(|file| file.shares).collect();
        self.numbers
            .into_iter()
            .map(|(number, file)| (number, std::mem::take(&mut files[file])))
            .filter(|(_, file)| !file.by_context.is_empty())
            .collect()
    }
}

fn touch<'states>(
    files: &'states mut [FileStates],
    touched: &mut Vec<usize>,
    file: usize,
) -> &'states mut FileStates {
    let states = &mut files[file];
    if !states.is_touched {
        states.is_touched = true;
        touched.push(file);
    }
    states
}

impl FileStates {
    fn set_line(&mut self, line: u32) {
        let byte = (line / 8) as usize;
        if byte >= self.bits.len() {
            self.bits.resize(byte + 1, 0);
        }
        self.bits[byte] |= 1 << (line % 8);
    }

    fn size(&self) -> usize {
        self.bits.len() + self.arcs.len() * size_of::<u32>()
    }

    /// Keeps what is set, and says how many bytes that takes that were not there before.
    fn keep(&mut self, context: usize) -> usize {
        self.arcs.sort_unstable();
        self.arcs.dedup();
        let mut hasher = FxHasher::default();
        hasher.write(&self.bits);
        for arc in &self.arcs {
            hasher.write_u32(*arc);
        }
        let alike = self.known.entry(hasher.finish()).or_default();
        let sets = &mut self.shares.sets;
        let is_same = |set: &u32| {
            let set = &sets[*set as usize];
            set.lines.as_numbits() == self.bits && *set.arcs == *self.arcs
        };
        let known = alike.iter().copied().find(is_same);
        let set = known.unwrap_or_else(|| {
            let set = u32::try_from(sets.len()).unwrap_or(u32::MAX);
            alike.push(set);
            sets.push(RawSet {
                lines: LineSet::from_numbits(&self.bits),
                arcs: self.arcs.as_slice().into(),
            });
            set
        });
        self.shares.by_context.push((context, set));
        if known.is_some() { 0 } else { self.size() }
    }

    /// The bits end with the last line that is set, so that equal sets have equal bits.
    fn clear(&mut self) {
        self.bits.clear();
        self.arcs.clear();
        self.is_touched = false;
    }
}

/// What contexts reached of a file; the arcs are not judged yet.
#[derive(Default)]
pub(super) struct FileShares {
    /// All arcs of the file.
    arcs: Vec<TakenArc>,
    sets: Vec<RawSet>,
    /// The place of each context with that of its set.
    by_context: Vec<(usize, u32)>,
}

struct RawSet {
    lines: LineSet,
    arcs: Box<[u32]>,
}

impl FileShares {
    /// What contexts reached of what ran of a file, and what none did for the context `nothing`: all
    /// of it together. `before` says of a line whether it ran in a process that this one was forked
    /// from.
    pub(super) fn judge(
        self,
        (hit, taken): (&LineSet, &ArcSet),
        nothing: usize,
        before: impl Fn(u32) -> bool,
    ) -> Vec<ContextShare> {
        let mut rest = hit.clone();
        let whole: Vec<swath_model::Arc> = taken.iter().collect();
        let mut is_reached = vec![false; whole.len()];
        // An arc of a context is one of the file, judged by the lines of the context.
        let place_of = |lines: &LineSet, arc: &TakenArc| {
            let ran = |line: i32| u32::try_from(line).is_ok_and(|line| lines.contains(line));
            let is_taken = (lines.contains(arc.from) || before(arc.from))
                && (arc.to < 0 || arc.is_concluded || ran(arc.to));
            let from = i32::try_from(arc.from).ok().filter(|_| is_taken)?;
            whole.binary_search(&(from, arc.to)).ok()
        };
        let mut sets: Vec<Arc<Reached>> = Vec::with_capacity(self.sets.len());
        for set in &self.sets {
            rest.subtract(&set.lines);
            let arcs = set
                .arcs
                .iter()
                .filter_map(|arc| self.arcs.get(*arc as usize));
            let places: Vec<usize> = arcs.filter_map(|arc| place_of(&set.lines, arc)).collect();
            for place in &places {
                is_reached[*place] = true;
            }
            sets.push(Arc::new(Reached {
                lines: set.lines.intersection(hit),
                arcs: places.into_iter().map(|place| whole[place]).collect(),
            }));
        }
        let share = |(context, set): &(usize, u32)| {
            let reached = sets.get(*set as usize)?;
            (!reached.is_empty()).then(|| ContextShare {
                context: *context,
                reached: Arc::clone(reached),
            })
        };
        let mut shares: Vec<ContextShare> = self.by_context.iter().filter_map(share).collect();
        let left = whole
            .iter()
            .zip(&is_reached)
            .filter(|(_, reached)| !**reached);
        let rest = Reached {
            lines: rest,
            arcs: left.map(|(arc, _)| *arc).collect(),
        };
        give_rest(&mut shares, nothing, rest);
        shares
    }
}

/// Adds to what belongs to no context.
fn give_rest(shares: &mut Vec<ContextShare>, nothing: usize, rest: Reached) {
    if rest.is_empty() {
        return;
    }
    match shares.iter_mut().find(|share| share.context == nothing) {
        Some(share) => {
            let reached = Arc::make_mut(&mut share.reached);
            reached.lines.union_with(&rest.lines);
            reached.arcs.union_with(&rest.arcs);
        }
        None => shares.push(ContextShare {
            context: nothing,
            reached: Arc::new(rest),
        }),
    }
}

#[cfg(test)]
mod tests;
