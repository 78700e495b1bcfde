//! Works out what single operations have to tell about one code object, on 3.12 and 3.13.
//!
//! A branch or a line proves an arc only where nothing that is on the way may raise. Else an
//! operation has to: the last one of the line if it cannot raise itself, the first one behind it if
//! nothing else leads there, or the two together. Where an exception takes the same arc as the
//! ordinary flow does, into a `finally` or the end of a `with`, it is looked at when it is caught.

use crate::arc_survey::{Lines, Survey, arc_of, key};
use crate::branches::{Arc, SEVERAL, Side, Site, SiteKind, Throw, Watch, meaning};
use crate::flow::{Fate, Flow};
use crate::interpreter::VERSION;
use crate::operations::Kind;
use crate::scratch::{self, Zero};
use crate::state::Gil;

// SAFETY: both fields are numbers.
unsafe impl Zero for Throw {}

impl Survey {
    /// Adds an arc that nothing proves but its end or an operation; whether it is an operation. A
    /// way out of the frame needs none: events tell of it.
    pub(crate) fn add_unsure(
        &mut self,
        gil: Gil<'_>,
        lines: Lines,
        from: u32,
        to: i32,
    ) -> Option<bool> {
        if to < 0 {
            return Some(false);
        }
        self.unsure.add(key(from, to))?;
        Some(self.proof(gil, lines, from, to) == 0)
    }

    /// Works out what is to be watched.
    pub(crate) fn add_watch(
        &mut self,
        gil: Gil<'_>,
        flow: &Flow,
        lines: Lines,
        watch: &mut Watch,
    ) -> Option<()> {
        let unsure = self.sort_unsure();
        if unsure == 0 && !flow.has_handlers() && !self.has_edges() {
            return Some(());
        }
        self.meanings.zeros(flow.units().len())?;
        self.watched_lines.zeros(lines.span as usize)?;
        self.add_proofs(gil, flow, lines)?;
        self.tell_edges(gil, flow, watch);
        self.note_escapes(gil, flow);
        self.add_group_steps(gil, flow, watch)?;
        let first = self.arcs.values().len() as u32;
        let catches = self.add_throws(gil, flow, lines)?;
        watch.thrown = (first, self.arcs.values().len() as u32);
        self.note_lines(flow, lines);
        watch.meanings = self.meanings.kept()?;
        if self.watched_lines.values().contains(&1) {
            watch.lines = self.watched_lines.kept()?;
        }
        if catches {
            watch.throws = self.throws.kept()?;
        }
        Some(())
    }

    /// Sorts the arcs that are not sure and drops those that are there twice; how many there are.
    fn sort_unsure(&mut self) -> usize {
        scratch::sort(self.unsure.values_mut());
        self.unsure.drop_repeated();
        self.unsure.values().len()
    }

    fn has_edges(&self) -> bool {
        let mut sites = self.sites.values().iter();
        sites.any(|site| site.kind == SiteKind::Edge)
    }

    /// Adds the arcs that are not sure, and sites where nothing else proves them.
    fn add_proofs(&mut self, gil: Gil<'_>, flow: &Flow, lines: Lines) -> Option<()> {
        let first = self.arcs.values().len() as u32;
        for place in 0..self.unsure.values().len() {
            let (from, to) = arc_of(self.unsure.values().get(place).copied()?);
            let proof = self.proof(gil, lines, from, to);
            self.arcs.add(Arc { from, to, proof })?;
        }
        let mut failed = false;
        flow.leaving_steps(|unit, from, to| {
            if let Ok(place) = self.unsure.values().binary_search(&key(from, to)) {
                failed |= self
                    .add_proof(flow, lines, unit, first + place as u32)
                    .is_none();
            }
        });
        (!failed).then_some(())
    }

    /// Adds a site at the unit that leaves the line of an arc.
    fn add_proof(&mut self, flow: &Flow, lines: Lines, index: usize, arc: u32) -> Option<()> {
        let proven = self.arcs.values().get(arc as usize)?;
        let unit = flow.units().get(index)?;
        // Events tell of branches.
        if proven.proof != 0 || unit.kind == Kind::Branch {
            return Some(());
        }
        self.watch_line(flow, lines, unit.line);
        let behind = flow.behind(index);
        let (place, kind) = if unit.is_quiet || unit.kind == Kind::Jump {
            (index, SiteKind::Mark)
        } else if flow
            .units()
            .get(behind)
            .is_some_and(|next| next.reached_by < 2)
        {
            (behind, SiteKind::Mark)
        } else {
            (index, SiteKind::Edge)
        };
        if self.site_of.values().get(place) != Some(&0) {
            return Some(());
        }
        let site = Site {
            behind: flow.behind(place) as u32,
            on: Side {
                first: arc,
                count: 1,
                settled: false,
                seen: false,
                is_watched: false,
            },
            away: Side::NONE,
            kind,
        };
        self.put_site(site, place..place + 1)
    }

    pub(crate) fn mean(&mut self, unit: usize, bits: u8) {
        if let Some(meaning) = self.meanings.values_mut().get_mut(unit) {
            *meaning |= bits;
        }
    }

    /// Notes that running a line of which no branch tells begins the watching.
    fn watch_line(&mut self, flow: &Flow, lines: Lines, line: u32) {
        if !self.is_untold(lines, line) {
            return;
        }
        for (index, unit) in flow.units().iter().enumerate() {
            if unit.line == line {
                self.mean(index, meaning::WATCH);
            }
        }
    }

    /// Notes the units that tell whether an edge was taken: its end, and where an exception goes.
    fn tell_edges(&mut self, gil: Gil<'_>, flow: &Flow, watch: &mut Watch) {
        for index in 0..flow.units().len() {
            let number = self.site_of.values().get(index).copied().unwrap_or(0);
            let Some(place) = usize::from(number).checked_sub(1) else {
                continue;
            };
            let Some(site) = self.sites.values().get(place).copied() else {
                continue;
            };
            if site.kind == SiteKind::Edge {
                watch.open_edges += 1;
                self.mean(index, meaning::TELLS_EDGE);
                self.mean(site.behind as usize, meaning::TELLS_EDGE);
                if let Some(handler) = flow.handler(gil, index) {
                    self.mean(handler, meaning::TELLS_EDGE);
                }
            }
        }
    }

    /// Notes the units whose exceptions leave the frame from their own line.
    fn note_escapes(&mut self, gil: Gil<'_>, flow: &Flow) {
        let mut before = false;
        let is_handled = flow.has_handlers();
        for (index, unit) in flow.units().iter().enumerate().skip(flow.body) {
            if unit.kind != Kind::Cache {
                let leaves = || !is_handled || flow.fate(gil, index) == Fate::Leaves;
                before = !waits(gil, flow, index) && leaves();
            }
            if before {
                self.mean(index, meaning::LEAVES);
            }
        }
    }

    /// Whether a line has several ways on, as far as an exception on it is concerned.
    fn forks(&self, lines: Lines, line: u32) -> bool {
        let index = lines.index(line) as usize;
        let several = self.after.values().get(index) == Some(&SEVERAL);
        several || self.is_untold(lines, line) || self.raises(lines, line)
    }

    /// Adds the arcs that exceptions take as the ordinary flow does; whether there are any.
    fn add_throws(&mut self, gil: Gil<'_>, flow: &Flow, lines: Lines) -> Option<bool> {
        if !flow.has_handlers() || !self.collect_forks(gil, flow, lines)? {
            return Some(false);
        }
        self.throws.zeros(flow.units().len())?;
        let first = self.arcs.values().len();
        let mut throw = Throw { arc: 0, caught: 0 };
        for (index, unit) in flow.units().iter().enumerate().skip(flow.body) {
            if unit.kind != Kind::Cache {
                throw = self.throw_of(gil, flow, lines, index, first)?;
            }
            if throw.arc != 0
                && let Some(place) = self.throws.values_mut().get_mut(index)
            {
                *place = throw;
            }
        }
        Some(self.arcs.values().len() > first)
    }

    /// The arc that an exception takes that a unit raises, if the ordinary flow may take it.
    fn throw_of(
        &mut self,
        gil: Gil<'_>,
        flow: &Flow,
        lines: Lines,
        index: usize,
        first: usize,
    ) -> Option<Throw> {
        let none = Throw { arc: 0, caught: 0 };
        let Some(unit) = flow.units().get(index).copied() else {
            return Some(none);
        };
        if unit.line == 0 || unit.is_quiet || !self.forks(lines, unit.line) {
            return Some(none);
        }
        let Fate::Handled(handler) = flow.fate(gil, index) else {
            return Some(none);
        };
        let is_catch = flow.units().get(handler).map(|unit| unit.kind) == Some(Kind::Catch);
        let Some(begin) = flow.first_placed(handler).filter(|_| is_catch) else {
            return Some(none);
        };
        let line = flow.units().get(begin).map_or(0, |unit| unit.line);
        let arc = key(unit.line, line as i32);
        if line == unit.line || self.keys.values().binary_search(&arc).is_err() {
            return Some(none);
        }
        let caught = flow.behind(handler);
        self.mean(caught, meaning::CATCHES);
        self.mean(begin, meaning::WATCH);
        let known = self.arcs.values().get(first..).unwrap_or(&[]);
        let same = known
            .iter()
            .position(|other| key(other.from, other.to) == arc);
        let place = if let Some(place) = same {
            first + place
        } else {
            let (from, to) = arc_of(arc);
            self.arcs.add(Arc { from, to, proof: 0 })?;
            self.arcs.values().len() - 1
        };
        Some(Throw {
            arc: place as u32 + 1,
            caught: caught as u32,
        })
    }

    /// Collects, sorted, the arcs of lines with several ways on that no line proves; whether there
    /// are any.
    fn collect_forks(&mut self, gil: Gil<'_>, flow: &Flow, lines: Lines) -> Option<bool> {
        self.keys.clear();
        let mut failed = false;
        let mut collect = |from, to| failed |= self.collect_fork(gil, lines, from, to).is_none();
        flow.steps(&mut collect);
        // Whatever else the line raises goes where its `raise` leads.
        flow.raising_steps(gil, &mut collect);
        // That may be a `raise` that the compiler dropped.
        for (index, unit) in flow.units().iter().enumerate().skip(flow.body) {
            if unit.line != 0
                && !unit.is_quiet
                && self.has_code_behind_jump(lines, unit.line)
                && let Fate::Handled(handler) = flow.fate(gil, index)
                && let Some(begin) = flow.first_placed(handler)
                && let Some(begin) = flow.units().get(begin)
                && begin.line != unit.line
            {
                self.collect_fork(gil, lines, unit.line, begin.line as i32)?;
            }
        }
        if failed {
            return None;
        }
        scratch::sort(self.keys.values_mut());
        self.keys.drop_repeated();
        Some(!self.keys.values().is_empty())
    }

    /// Collects an arc, if its line has several ways on and no line proves it.
    fn collect_fork(&mut self, gil: Gil<'_>, lines: Lines, from: u32, to: i32) -> Option<()> {
        if self.forks(lines, from) && to > 0 && self.proof(gil, lines, from, to) == 0 {
            self.keys.add(key(from, to))?;
        }
        Some(())
    }

    /// Notes the lines of units that mean something, for where an event of the line takes the
    /// place of that of the operation.
    fn note_lines(&mut self, flow: &Flow, lines: Lines) {
        for (index, unit) in flow.units().iter().enumerate() {
            let meaning = self.meanings.values().get(index).copied().unwrap_or(0);
            let number = self.site_of.values().get(index).copied().unwrap_or(0);
            let site = usize::from(number).checked_sub(1);
            let site = site.and_then(|place| self.sites.values().get(place));
            let is_single = site.is_some_and(|site| site.kind != SiteKind::Branch);
            if (meaning & !meaning::LEAVES != 0 || is_single)
                && let Some(place) = self
                    .watched_lines
                    .values_mut()
                    .get_mut(lines.index(unit.line) as usize)
            {
                *place = 1;
            }
        }
    }
}

/// Whether a frame that waits is said to be at a unit: an exception that is thrown in there and
/// leaves the frame is no way out for coverage.py.
fn waits(gil: Gil<'_>, flow: &Flow, index: usize) -> bool {
    let place = match VERSION.get(gil) {
        0..=0x030c => Some(index),
        _ => index.checked_sub(1),
    };
    let unit = place.and_then(|place| flow.units().get(place));
    unit.is_some_and(|unit| unit.kind == Kind::Yield)
}
