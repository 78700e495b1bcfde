//! Works out the arcs of one code object from its byte code, and puts them into the store.

mod group_survey;

use core::ptr::{null, null_mut};

use swath_store::layout;

use crate::branches::{
    Arc, Branches, GroupStep, SEVERAL, Side, Site, SiteKind, THOROUGH, Throw, Watch,
};
use crate::ffi;
use crate::file;
use crate::flow::{Around, Flow, Path, Way};
use crate::interpreter::VERSION;
use crate::map;
use crate::mirror::Mirror;
use crate::operations::Kind;
use crate::scratch::{self, Scratch};
use crate::state::{Gil, Global};

/// So many arcs in a row are taken to follow from one branch: a test may be written over several
/// lines, and its last part may go on from an earlier line than its own.
const LONGEST_CHAIN: usize = 3;

/// What a line has that its ways on depend on, as bits: what makes a function, a branch (which
/// tells where it goes on), a `raise`, a whole `with`, code that can never run behind a jump.
const MAKES: u8 = 1;
const FORKS: u8 = 2;
const RAISES: u8 = 4;
const ENDS: u8 = 8;
const JUMPS: u8 = 16;

/// Lines that the arcs of a code object are about, and where their hits are.
#[derive(Clone, Copy)]
pub(crate) struct Lines {
    pub file: u32,
    pub first: u32,
    pub span: u32,
    pub hits: *mut u8,
}

pub(crate) struct Survey {
    /// By line, the one line that leads to it; 0 for none, [`SEVERAL`] for more.
    pub before: Scratch<i32>,
    /// By line, the one target it leads to; 0 for none, [`SEVERAL`] for more.
    pub after: Scratch<i32>,
    pub arcs: Scratch<Arc>,
    pub keys: Scratch<u64>,
    pub sites: Scratch<Site>,
    pub site_of: Scratch<u16>,
    arcs_of: Scratch<u32>,
    marks: Scratch<u8>,
    /// The arcs that a line or branch alone does not prove, as something may raise.
    pub unsure: Scratch<u64>,
    pub meanings: Scratch<u8>,
    pub watched_lines: Scratch<u8>,
    pub throws: Scratch<Throw>,
    pub group_steps: Scratch<GroupStep>,
}

static SURVEY: Global<Survey> = Global::new(Survey {
    before: Scratch::new(),
    after: Scratch::new(),
    arcs: Scratch::new(),
    keys: Scratch::new(),
    sites: Scratch::new(),
    site_of: Scratch::new(),
    arcs_of: Scratch::new(),
    marks: Scratch::new(),
    unsure: Scratch::new(),
    meanings: Scratch::new(),
    watched_lines: Scratch::new(),
    throws: Scratch::new(),
    group_steps: Scratch::new(),
});

/// An arc as a number.
pub(crate) fn key(from: u32, to: i32) -> u64 {
    u64::from(from) << 32 | u64::from(to as u32)
}

/// The arc that a number stands for.
pub(crate) fn arc_of(key: u64) -> (u32, i32) {
    ((key >> 32) as u32, key as u32 as i32)
}

/// Notes one more neighbour of a line.
fn note(list: &mut Scratch<i32>, index: u32, neighbour: i32) {
    if let Some(place) = list.values_mut().get_mut(index as usize) {
        *place = match *place {
            0 => neighbour,
            same if same == neighbour => same,
            _ => SEVERAL,
        };
    }
}

impl Lines {
    pub(crate) fn index(self, line: u32) -> u32 {
        line.wrapping_sub(self.first)
    }

    /// The place in the store of the byte of a line.
    pub(crate) fn place(self, gil: Gil<'_>, line: u32) -> u32 {
        let index = self.index(line);
        if index >= self.span {
            return 0;
        }
        map::place_of(gil, self.hits.wrapping_add(index as usize))
    }
}

/// The ways on from a site.
#[derive(Clone, Copy)]
enum SiteWay {
    /// Behind its unit, or to another one.
    Either(usize),
    /// Behind its unit.
    Only(SiteKind),
}

impl Survey {
    /// Finds out which lines have one neighbour only.
    fn learn_neighbours(&mut self, gil: Gil<'_>, flow: &Flow, lines: Lines) -> Option<()> {
        self.arcs.clear();
        self.sites.clear();
        let (before, after) = (&mut self.before, &mut self.after);
        before.zeros(lines.span as usize)?;
        after.zeros(lines.span as usize)?;
        flow.steps(|line, target| {
            note(after, lines.index(line), target);
            if let Ok(to) = u32::try_from(target) {
                note(before, lines.index(to), line as i32);
            }
        });
        flow.entries(|line| note(before, lines.index(line), SEVERAL));
        // Which lines went on through the end of an `except*`, no line tells.
        flow.around_group_ends(|around| match around {
            Around::Before(line) => note(after, lines.index(line), SEVERAL),
            Around::Behind(line) => note(before, lines.index(line), SEVERAL),
        });
        // A branch may also lead to what raises, and what waits may never go on: no way is sure.
        // What makes a function may raise, and the function may be left from its own line.
        let is_old = VERSION.get(gil) < 0x030c;
        for unit in flow.units() {
            let forks = matches!(unit.kind, Kind::Branch | Kind::Yield | Kind::Await)
                || (is_old && unit.kind == Kind::Make);
            if forks && unit.line != 0 {
                note(after, lines.index(unit.line), SEVERAL);
            }
        }
        // What the compiler dropped was another way on, to the reader of a report.
        file::for_each_jump_line(gil, lines.file, |line| {
            if after.values().get(lines.index(line) as usize) != Some(&0) {
                note(after, lines.index(line), SEVERAL);
            }
        });
        Some(())
    }

    /// The place of the line that proves an arc; 0 for none.
    pub(crate) fn proof(&self, gil: Gil<'_>, lines: Lines, from: u32, to: i32) -> u32 {
        let Ok(line) = u32::try_from(to) else {
            return 0;
        };
        if THOROUGH.get(gil) {
            return 0;
        }
        match self.before.values().get(lines.index(line) as usize) {
            Some(only) if *only == from as i32 => lines.place(gil, line),
            _ => 0,
        }
    }

    /// Adds the arcs that follow from going on at a unit, coming from a line.
    fn add_side(
        &mut self,
        gil: Gil<'_>,
        flow: &Flow,
        lines: Lines,
        line: u32,
        unit: usize,
    ) -> Option<Side> {
        let first = self.arcs.values().len() as u32;
        let (mut from, mut unit) = (line, unit);
        let is_new = VERSION.get(gil) >= 0x030e;
        let mut proof = 0;
        let (branch, mut went_back, mut may_pass_raise) = (line, false, true);
        let (mut may_raise, mut is_watched) = (false, false);
        for step in 0..LONGEST_CHAIN {
            let Path {
                way,
                is_sure,
                is_quiet,
            } = flow.follow(gil, from, unit, may_pass_raise);
            let (to, at) = match way {
                Way::To(to, at) => (to, Some(at)),
                Way::Behind(to) => (to, None),
                Way::Open => break,
            };
            // From 3.14 on coverage.py concludes one step from a branch, and takes what raises on it
            // for something that goes on. More steps are needed within the branch's own statement
            // only, which comes back to its line, and not by a loop; what follows behind it has events
            // of its own.
            let comes_back = to <= branch as i32 && to > 0 && at.is_some_and(|at| at > unit);
            if is_new && step > 0 && !is_quiet && from > branch && !comes_back {
                break;
            }
            may_raise |= !is_sure;
            if may_raise {
                is_watched |= self.add_unsure(gil, lines, from, to)?;
            } else {
                proof = match step {
                    // Each way is told once: there is nothing to save.
                    0 if is_new => layout::ARC_CONCLUDED,
                    0 => self.proof(gil, lines, from, to),
                    _ if at.is_none() => layout::ARC_CONCLUDED,
                    _ if is_new => 0,
                    _ => proof,
                };
                self.arcs.add(Arc { from, to, proof })?;
            }
            let (Ok(line), Some(at)) = (u32::try_from(to), at) else {
                break;
            };
            // An `assert` over several lines goes back to where it begins to raise.
            went_back |= line < from;
            may_pass_raise = went_back && line <= branch;
            (from, unit) = (line, at);
        }
        let count = self.arcs.values().len() as u32 - first;
        Some(Side {
            first,
            count,
            settled: !is_watched && (count == 0 || (proof != 0 && !is_new)),
            seen: false,
            is_watched,
        })
    }

    fn add_site(
        &mut self,
        gil: Gil<'_>,
        flow: &Flow,
        lines: Lines,
        unit: usize,
        line: u32,
        way: SiteWay,
    ) -> Option<()> {
        let behind = flow.behind(unit);
        let site = Site {
            behind: behind as u32,
            on: self.add_side(gil, flow, lines, line, behind)?,
            away: match way {
                SiteWay::Either(away) => self.add_side(gil, flow, lines, line, away)?,
                SiteWay::Only(_) => Side::NONE,
            },
            kind: match way {
                SiteWay::Either(_) => SiteKind::Branch,
                SiteWay::Only(kind) => kind,
            },
        };
        if site.on.settled && site.away.settled && site.on.count == 0 && site.away.count == 0 {
            return Some(());
        }
        // 3.14 tells of an `async for` that goes on at the mark behind it.
        let places = match way {
            SiteWay::Either(_) => unit..behind,
            SiteWay::Only(_) => unit..unit + 1,
        };
        self.put_site(site, places)
    }

    /// Adds a site, at some units.
    pub(crate) fn put_site(&mut self, site: Site, places: core::ops::Range<usize>) -> Option<()> {
        self.sites.add(site)?;
        let number = u16::try_from(self.sites.values().len()).ok()?;
        let units = self.site_of.values_mut().get_mut(places);
        for place in units.into_iter().flatten() {
            *place = number;
        }
        Some(())
    }

    /// Makes the site of a unit that of others, too.
    fn copy_site(&mut self, unit: usize, others: core::ops::Range<usize>) {
        let sites = self.site_of.values_mut();
        let number = sites.get(unit).copied().unwrap_or(0);
        if let Some(others) = sites.get_mut(others) {
            others.fill(number);
        }
    }

    fn add_sites(&mut self, gil: Gil<'_>, flow: &Flow, lines: Lines) -> Option<()> {
        let units = flow.units();
        self.site_of.zeros(units.len())?;
        let new = VERSION.get(gil) >= 0x030e;
        let iterates = units.iter().any(|unit| unit.kind == Kind::AsyncEnd);
        for (index, unit) in units.iter().enumerate() {
            match unit.kind {
                Kind::Branch if unit.line != 0 => {
                    let away = SiteWay::Either(unit.target as usize);
                    self.add_site(gil, flow, lines, index, unit.line, away)?;
                }
                Kind::AsyncEnd if new => {
                    let source = unit.target as usize;
                    let site = flow.before_mark(source);
                    let line = units.get(site).map_or(0, |unit| unit.line);
                    self.add_site(gil, flow, lines, site, line, SiteWay::Either(index + 1))?;
                    self.copy_site(site, source..site);
                }
                // Before 3.14 no branch is reported: that these units run says the same. The end
                // of the iteration is reached by any exception, and raises all others again.
                Kind::AsyncEnd => {
                    let edge = SiteWay::Only(SiteKind::Edge);
                    self.add_site(gil, flow, lines, index, unit.line, edge)?;
                }
                Kind::Await if iterates && !new => {
                    let mark = SiteWay::Only(SiteKind::Mark);
                    self.add_site(gil, flow, lines, unit.target as usize, unit.line, mark)?;
                }
                _ => {}
            }
        }
        Some(())
    }

    /// Notes what the lines have that their ways on depend on.
    fn learn_marks(&mut self, gil: Gil<'_>, flow: &Flow, lines: Lines) -> Option<()> {
        self.marks.zeros(lines.span as usize)?;
        let marks = self.marks.values_mut();
        for unit in flow.units() {
            if let Some(place) = marks.get_mut(lines.index(unit.line) as usize) {
                *place |= match unit.kind {
                    Kind::Make => MAKES,
                    Kind::Branch | Kind::Handling => FORKS,
                    Kind::Raise => RAISES,
                    _ => 0,
                }
            }
        }
        let mut mark = |line, bit| {
            if let Some(place) = marks.get_mut(lines.index(line) as usize) {
                *place |= bit;
            }
        };
        flow.one_line_suites(|line| mark(line, ENDS));
        file::for_each_jump_line(gil, lines.file, |line| mark(line, JUMPS));
        Some(())
    }

    /// Whether no branch tells where a line goes on that makes a function, has a whole `with`, or code
    /// that can never run.
    pub(crate) fn is_untold(&self, lines: Lines, line: u32) -> bool {
        let mark = self.marks.values().get(lines.index(line) as usize);
        mark.is_some_and(|mark| mark & (MAKES | FORKS) == MAKES || mark & (ENDS | JUMPS) != 0)
    }

    /// Whether a line has code that can never run behind a jump.
    pub(crate) fn has_code_behind_jump(&self, lines: Lines, line: u32) -> bool {
        let mark = self.marks.values().get(lines.index(line) as usize);
        mark.is_some_and(|mark| mark & JUMPS != 0)
    }

    /// Whether a line has a `raise`.
    pub(crate) fn raises(&self, lines: Lines, line: u32) -> bool {
        let mark = self.marks.values().get(lines.index(line) as usize);
        mark.is_some_and(|mark| mark & RAISES != 0)
    }

    /// Adds what follows from running a line of which no branch tells where it goes on, but that
    /// leads to several lines all the same: a decorated function, to one after the other; a `with`,
    /// by its suite or by what it swallows; a jump with code behind it, or by what raises instead.
    fn add_makers(&mut self, gil: Gil<'_>, flow: &Flow, lines: Lines) -> Option<()> {
        self.keys.clear();
        let mut full = false;
        flow.steps(|from, to| {
            let index = lines.index(from) as usize;
            let several = self.after.values().get(index) == Some(&SEVERAL);
            if several && self.is_untold(lines, from) {
                full |= self.keys.add(key(from, to)).is_none();
            }
        });
        if full {
            return None;
        }
        for place in 0..self.keys.values().len() {
            let (from, to) = arc_of(self.keys.values().get(place).copied()?);
            self.add_unsure(gil, lines, from, to)?;
        }
        Some(())
    }

    /// Adds, for each line with one way on, that way. The line may have several for a reader of
    /// the source: a function written on that same line is left from there, a test that is always
    /// the same is no branch any more, a statement over several lines goes on from another one.
    fn add_single_ways(&mut self, gil: Gil<'_>, lines: Lines) -> Option<()> {
        for index in 0..self.after.values().len() {
            let to = self.after.values().get(index).copied()?;
            if to == 0 || to == SEVERAL {
                continue;
            }
            let from = lines.first + index as u32;
            if VERSION.get(gil) >= 0x030c && self.is_untold(lines, from) {
                self.add_unsure(gil, lines, from, to)?;
            } else {
                let proof = lines.place(gil, from);
                self.arcs.add(Arc { from, to, proof })?;
            }
        }
        Some(())
    }

    /// Adds every arc of the lines that have several ways on, sorted.
    fn add_forks(&mut self, gil: Gil<'_>, flow: &Flow, lines: Lines) -> Option<()> {
        self.keys.clear();
        let (keys, after) = (&mut self.keys, &self.after);
        let mut full = false;
        flow.steps(|line, target| {
            if after.values().get(lines.index(line) as usize) == Some(&SEVERAL) {
                full |= keys.add(key(line, target)).is_none();
            }
        });
        if full {
            return None;
        }
        scratch::sort(self.keys.values_mut());
        let mut latest = u64::MAX;
        for place in 0..self.keys.values().len() {
            let key = self.keys.values().get(place).copied().unwrap_or(u64::MAX);
            if key != latest {
                latest = key;
                let (from, to) = arc_of(key);
                let proof = self.proof(gil, lines, from, to);
                self.arcs.add(Arc { from, to, proof })?;
            }
        }
        Some(())
    }

    /// Notes by line where its arcs begin.
    fn index_arcs(&mut self, lines: Lines) -> Option<()> {
        self.arcs_of.zeros(lines.span as usize + 1)?;
        let arcs = self.arcs.values();
        let places = self.arcs_of.values_mut();
        let mut place = 0;
        for (index, begin) in places.iter_mut().enumerate() {
            while arcs
                .get(place)
                .is_some_and(|arc| (lines.index(arc.from) as usize) < index)
            {
                place += 1;
            }
            *begin = place as u32;
        }
        Some(())
    }

    /// Puts the arcs into the store.
    fn record(&self, gil: Gil<'_>, lines: Lines) -> Option<(*const Arc, *mut u8, u32)> {
        let arcs = self.arcs.values();
        let count = u32::try_from(arcs.len()).ok()?;
        if count == 0 {
            return Some((null(), null_mut(), 0));
        }
        let length = arcs.len() * (layout::ARC_LENGTH + 1);
        let draft = map::append(gil, layout::KIND_ARCS, lines.file, count, length)?;
        // SAFETY: an arc is three numbers of four bytes, so the arcs are so many bytes, which a
        // record's alignment suits. The payload was asked for as long as the arcs and a byte for
        // each, and both stay in the map.
        unsafe {
            let bytes = core::slice::from_raw_parts(arcs.as_ptr().cast(), size_of_val(arcs));
            draft.put(0, bytes);
            let states = draft.payload().add(bytes.len());
            core::ptr::write_bytes(states, layout::LINE_EXECUTABLE, arcs.len());
            let arcs = draft.payload().cast_const().cast();
            draft.commit(gil);
            Some((arcs, states, count))
        }
    }
}

/// Keeps something for the process's life.
fn keep<T>(value: T) -> Option<*mut T> {
    // SAFETY: the C library's, for any numbers: it looks for an overflow itself.
    let memory = unsafe { ffi::calloc(1, size_of::<T>()) }.cast::<T>();
    if memory.is_null() {
        return None;
    }
    // SAFETY: fresh memory of this size, aligned for any type of the language, which nobody else
    // knows.
    unsafe { memory.write(value) };
    Some(memory)
}

/// The arcs of code that is watched by events of its branches (3.12 and newer); null when there
/// are none.
pub(crate) fn by_sites(gil: Gil<'_>, flow: &Flow, lines: Lines) -> Option<*mut Branches> {
    // SAFETY: with the GIL held nobody else uses the survey.
    let survey = unsafe { &mut *SURVEY.place() };
    survey.unsure.clear();
    survey.learn_neighbours(gil, flow, lines)?;
    survey.add_sites(gil, flow, lines)?;
    let mut watch = Watch::NONE;
    if VERSION.get(gil) < 0x030e {
        survey.learn_marks(gil, flow, lines)?;
        survey.add_single_ways(gil, lines)?;
        survey.add_makers(gil, flow, lines)?;
        survey.add_watch(gil, flow, lines, &mut watch)?;
    }
    if survey.arcs.values().is_empty() && watch.meanings.is_null() {
        return Some(null_mut());
    }
    let (arcs, states, count) = survey.record(gil, lines)?;
    keep(Branches {
        arcs,
        states,
        count,
        site_of: survey.site_of.kept()?,
        units: flow.units().len() as u32,
        sites: survey.sites.kept()?,
        site_count: survey.sites.values().len() as u32,
        arcs_of: null(),
        after: null(),
        first: lines.first,
        span: lines.span,
        watch,
        at_first: null(),
        mirror: Mirror::NONE,
    })
}

/// The arcs of code that is watched line by line (3.8 to 3.11). `exits` gets the lines that lead
/// only out of the frame.
pub(crate) unsafe fn by_lines(
    gil: Gil<'_>,
    flow: &Flow,
    lines: Lines,
    exits: *mut u8,
) -> Option<*mut Branches> {
    // SAFETY: with the GIL held nobody else uses the survey; the exits are as many as the lines,
    // and so are the targets.
    unsafe {
        let survey = &mut *SURVEY.place();
        survey.learn_neighbours(gil, flow, lines)?;
        survey.add_forks(gil, flow, lines)?;
        survey.index_arcs(lines)?;
        let out = flow.way_out();
        for (index, target) in survey.after.values().iter().enumerate() {
            if *target == out {
                exits.add(index).write(layout::LINE_EXECUTABLE);
            }
        }
        let sorted = survey.arcs.values().len();
        survey.add_single_ways(gil, lines)?;
        let (arcs, states, _) = survey.record(gil, lines)?;
        keep(Branches {
            arcs,
            states,
            count: sorted as u32,
            site_of: null(),
            units: 0,
            sites: null_mut(),
            site_count: 0,
            arcs_of: survey.arcs_of.kept()?,
            after: survey.after.kept()?,
            first: lines.first,
            span: lines.span,
            watch: Watch::NONE,
            at_first: null(),
            mirror: Mirror::NONE,
        })
    }
}
