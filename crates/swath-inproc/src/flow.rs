//! How control can go through one code object: its code units, their lines, and the steps from
//! line to line.
//!
//! A *line* here is a number of the interpreter's own table; 0 stands for none. A *target* is a
//! line, or minus the line that the code object is defined on: the way out of it.

mod groups;
mod steps;

pub(crate) use groups::Around;

use crate::code::CodeField;
use crate::ffi::Object;
use crate::interpreter::VERSION;
use crate::line_table;
use crate::object::{attribute, bytes};
use crate::operations::{self, Kind, Operations, Reach};
use crate::scratch::Scratch;
use crate::state::{Gil, Global};

/// Longer code is not looked at: its branches are not recorded.
const LARGEST: usize = 1 << 20;
/// So many units without a line, or of one line, are followed to find the next one.
const FARTHEST: usize = 1 << 16;

/// One code unit.
#[derive(Clone, Copy)]
pub(crate) struct Unit {
    pub kind: Kind,
    /// Where it may go besides the next one, by kind.
    pub target: u32,
    /// Its line; 0 for none.
    pub line: u32,
    /// Whether it cannot raise (3.12 and 3.13; elsewhere it is not known).
    pub is_quiet: bool,
    /// How many other units lead here: more than two are two.
    pub reached_by: u8,
    /// Whether exceptions lead here (3.8 to 3.10).
    is_handler: bool,
    /// Behind the unit that guards this one against exceptions; 0 for none (3.8 to 3.10).
    guard: u32,
    shown: Shown,
}

/// How a unit's line shows to a tracer. 3.8 and 3.9 report it at the first unit of a line only, and where
/// control goes back to; 3.9 also where exceptions lead to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shown {
    /// Not: control comes to the middle of the line from another one, which was reported last.
    Passed,
    /// Not here, but it may be the one that was reported last when control is here.
    Before,
    /// When control comes here.
    Here,
}

/// One code object, taken apart.
pub(crate) struct Flow {
    units: Scratch<Unit>,
    /// Units to look at, and what guards them.
    todo: Scratch<(u32, u32)>,
    /// The steps from line to line: the unit that leaves a line, the line, and the target.
    steps: Scratch<(u32, u32, i32)>,
    /// Where exceptions go, by ranges of units: first, behind the last, handler (3.11 and newer).
    handlers: Scratch<[u32; 3]>,
    /// Whether there is an `except*` (3.12 and 3.13).
    has_groups: bool,
    /// The line that the code object is defined on.
    pub definition: u32,
    /// The first unit of the body.
    pub body: usize,
}

static FLOW: Global<Flow> = Global::new(Flow::NONE);

/// So many handlers in a row are followed.
const MOST_HANDLERS: usize = 64;
/// So many units in the middle of lines are followed.
const MOST_UNREPORTED: u32 = 256;

/// Where a way from one unit on comes to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// A target, by a step from this unit.
    To(i32, usize),
    /// A target behind something that raises: what coverage.py concludes from 3.14 on.
    Behind(i32),
    /// Another branch, which has ways of its own; or nowhere that can be known.
    Open,
}

/// A way, and whether it is sure.
#[derive(Clone, Copy)]
pub(crate) struct Path {
    pub way: Way,
    /// Whether nothing on the way may raise and lead elsewhere.
    pub is_sure: bool,
    /// Whether nothing on the way may raise at all.
    pub is_quiet: bool,
}

/// What becomes of an exception that a unit raises.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It leaves the frame, and no line runs before.
    Leaves,
    /// It is handled from a unit on.
    Handled(usize),
}

/// Takes a code object apart. The result is good until the next one is taken apart.
pub(crate) unsafe fn of<'a>(gil: Gil<'_>, code: Object) -> Option<&'a mut Flow> {
    // SAFETY: with the GIL held nobody else takes code apart; the code is alive, and its bytes are
    // looked at while `all` holds them.
    unsafe {
        let flow = &mut *FLOW.place();
        let operations = operations::of(VERSION.get(gil));
        let all = CodeField::Bytes.of(gil, code)?;
        let all = bytes(gil, all.object())?;
        let count = all.len() / 2;
        if count == 0 || count > LARGEST {
            return None;
        }
        flow.definition = u32::try_from(CodeField::FirstLine.number_of(gil, code)).ok()?;
        flow.decode(gil, all, operations)?;
        match VERSION.get(gil) {
            0..=0x0309 => flow.place_by_table(gil, code)?,
            _ => flow.place_by_ranges(gil, code)?,
        }
        flow.mark_group_ends(gil);
        flow.handlers.clear();
        if VERSION.get(gil) >= 0x030b {
            flow.read_handlers(gil, code)?;
        }
        flow.mark_reached();
        if VERSION.get(gil) < 0x030a {
            flow.mark_own(gil)?;
        }
        if VERSION.get(gil) < 0x030b {
            flow.place_guards()?;
        }
        flow.list_steps(gil)?;
        Some(flow)
    }
}

impl Flow {
    /// Of nothing.
    const NONE: Self = Self {
        units: Scratch::new(),
        todo: Scratch::new(),
        steps: Scratch::new(),
        handlers: Scratch::new(),
        has_groups: false,
        definition: 0,
        body: 0,
    };

    /// The units.
    pub(crate) fn units(&self) -> &[Unit] {
        self.units.values()
    }

    fn decode(&mut self, gil: Gil<'_>, all: &[u8], operations: &Operations) -> Option<()> {
        self.units.clear();
        self.body = 0;
        let mut front = 0_u32;
        let mut checked = 0_u8;
        for (index, pair) in all.as_chunks::<2>().0.iter().enumerate() {
            let [operation, low] = *pair;
            let argument = front | u32::from(low);
            let (mut kind, reach) = operations.kind(operation);
            front = if operation == operations.extended {
                argument << 8
            } else {
                0
            };
            if kind == Kind::Branch && checked > 0 {
                kind = Kind::Handling;
            }
            if operations.checks_exception(operation, argument) {
                // A conversion to a truth value may stand between.
                checked = 2;
            } else if !matches!(kind, Kind::Cache | Kind::Front) {
                checked = checked.saturating_sub(1);
            }
            if self.body == 0 && operation != 0 && operation == operations.resume {
                self.body = index + 1;
            }
            let target = if has_target(kind) {
                target(all, index, argument, reach, operations)
            } else {
                0
            };
            self.units.add(Unit {
                kind,
                target,
                line: 0,
                is_quiet: operations.is_quiet(operation),
                reached_by: 0,
                is_handler: false,
                guard: 0,
                shown: if VERSION.get(gil) < 0x030a {
                    Shown::Passed
                } else {
                    Shown::Here
                },
            })?;
        }
        Some(())
    }

    /// Gives the units their lines on 3.10 and newer.
    unsafe fn place_by_ranges(&mut self, gil: Gil<'_>, code: Object) -> Option<()> {
        let body = self.body * 2;
        let units = self.units.values_mut();
        // SAFETY: the code is alive, as the caller promises.
        unsafe {
            line_table::for_each_range(gil, code, body, |start, end, line| {
                if let Some(some) = units.get_mut(start.max(body) / 2..end / 2) {
                    for unit in some {
                        unit.line = line;
                    }
                }
                Some(())
            })
        }
    }

    /// Gives the units their lines on 3.8 and 3.9.
    unsafe fn place_by_table(&mut self, gil: Gil<'_>, code: Object) -> Option<()> {
        // SAFETY: the code is alive.
        let table = unsafe { attribute(gil, code, c"co_lnotab") }?;
        // SAFETY: the bytes are looked at while `table` holds them.
        self.place_by_pairs(gil, unsafe { bytes(gil, table.object()) }?)
    }

    fn place_by_pairs(&mut self, gil: Gil<'_>, pairs: &[u8]) -> Option<()> {
        let units = self.units.values_mut();
        let mut line = i32::try_from(self.definition).ok()?;
        let mut place = 0;
        let end = units.len() * 2;
        // The line before the first unit counts as another one.
        let mut is_new = true;
        let mut give = |from: usize, to: usize, line: i32, is_new: bool| {
            let line = u32::try_from(line).unwrap_or(0);
            if let Some(some) = units.get_mut(from / 2..to / 2) {
                for unit in some.iter_mut() {
                    unit.line = line;
                }
                if let Some(first) = some.first_mut().filter(|_| is_new) {
                    first.shown = Shown::Here;
                }
            }
        };
        for pair in pairs.as_chunks::<2>().0 {
            let [distance, change] = *pair;
            if distance != 0 {
                let next = place + usize::from(distance);
                give(place, next, line, is_new);
                place = next;
                is_new = false;
            }
            line = line.wrapping_add(i32::from(change as i8));
            is_new |= change != 0;
        }
        give(place, end, line, is_new);
        // 3.9 reports where an exception leads to, on whatever line.
        if VERSION.get(gil) == 0x0309 {
            let ends = units.iter_mut().filter(|unit| unit.kind == Kind::AsyncEnd);
            ends.for_each(|unit| unit.shown = Shown::Here);
        }
        Some(())
    }

    /// Reads the table of exception handlers of 3.11 and newer.
    unsafe fn read_handlers(&mut self, gil: Gil<'_>, code: Object) -> Option<()> {
        // SAFETY: the code is alive.
        let table = unsafe { CodeField::ExceptionTable.of(gil, code) }?;
        // SAFETY: the bytes are looked at while `table` holds them.
        self.add_handlers(unsafe { bytes(gil, table.object()) }?)
    }

    fn add_handlers(&mut self, table: &[u8]) -> Option<()> {
        let mut rest = table.iter().copied();
        // Numbers of six bits a byte, the highest first; 64 says that more follow.
        let mut next = || {
            let mut byte = rest.next()?;
            let mut value = u32::from(byte & 63);
            while byte & 64 != 0 {
                byte = rest.next()?;
                value = value << 6 | u32::from(byte & 63);
            }
            Some(value)
        };
        while let (Some(start), Some(length), Some(handler), Some(_)) =
            (next(), next(), next(), next())
        {
            self.handlers
                .add([start, start.saturating_add(length), handler])?;
        }
        Some(())
    }

    /// Where an exception that a unit raises goes, in this frame.
    pub(crate) fn handler(&self, gil: Gil<'_>, index: usize) -> Option<usize> {
        if VERSION.get(gil) < 0x030b {
            let guard = self.units().get(index)?.guard.checked_sub(1)?;
            return Some(self.units().get(guard as usize)?.target as usize);
        }
        let index = index as u32;
        let ranges = self.handlers.values().iter();
        let mut found = ranges.filter(|[start, end, _]| (*start..*end).contains(&index));
        found.next().map(|[_, _, handler]| *handler as usize)
    }

    /// Whether any exception may be handled (3.11 and newer).
    pub(crate) fn has_handlers(&self) -> bool {
        !self.handlers.values().is_empty()
    }

    /// Calls `each` with the line of each `with` whose whole suite is on that line (3.12 and 3.13).
    pub(crate) fn one_line_suites(&self, mut each: impl FnMut(u32)) {
        for [_, _, handler] in self.handlers.values() {
            let Some(catch) = self.units().get(*handler as usize) else {
                continue;
            };
            let is_one_line = catch.kind == Kind::Catch
                && catch.line != 0
                && self.handlers.values().iter().all(|[start, end, other]| {
                    let units = self.units().get(*start as usize..*end as usize);
                    let mut units = units.unwrap_or(&[]).iter();
                    other != handler || units.all(|unit| unit.line == 0 || unit.line == catch.line)
                });
            if is_one_line {
                each(catch.line);
            }
        }
    }

    /// What becomes of an exception that a unit raises (3.11 and newer). What only cleans up or asks
    /// the end of a `with`, and raises again, is passed unless it is on another line.
    pub(crate) fn fate(&self, gil: Gil<'_>, index: usize) -> Fate {
        let line = self.units().get(index).map_or(0, |unit| unit.line);
        let mut index = index;
        for _ in 0..MOST_HANDLERS {
            let Some(handler) = self.handler(gil, index) else {
                return Fate::Leaves;
            };
            match self.end_of_clean_up(line, handler) {
                Some(end) => index = end,
                None => return Fate::Handled(handler),
            }
        }
        Fate::Leaves
    }

    /// Where what only cleans up raises again.
    fn end_of_clean_up(&self, line: u32, handler: usize) -> Option<usize> {
        let is_placed = self.units().get(handler).is_some_and(|unit| unit.line != 0);
        for index in handler..self.units().len() {
            let unit = self.units().get(index)?;
            if unit.line != 0 && unit.line != line && !unit.kind.is_no_operation() {
                return None;
            }
            match unit.kind {
                Kind::Reraise | Kind::AsyncEnd | Kind::Throw => return Some(index),
                Kind::Plain | Kind::Cache | Kind::Front => {}
                Kind::Catch | Kind::Handling if is_placed => {}
                _ => return None,
            }
        }
        None
    }

    /// Notes which units are reached other than by an exception.
    fn mark_reached(&mut self) {
        let units = self.units.values_mut();
        let reach = |index: usize, units: &mut [Unit]| {
            if let Some(unit) = units.get_mut(index) {
                unit.reached_by = (unit.reached_by + 1).min(2);
            }
        };
        for index in 0..units.len() {
            let Some(unit) = units.get(index).copied() else {
                return;
            };
            if goes_on(unit.kind) {
                reach(index + 1, units);
            }
            if leads_to_target(unit.kind) {
                reach(unit.target as usize, units);
            }
            if unit.kind == Kind::Guard
                && let Some(handler) = units.get_mut(unit.target as usize)
            {
                handler.is_handler = true;
            }
        }
    }

    /// Notes which units may run while their own line is the one that was reported last (3.8 and 3.9).
    fn mark_own(&mut self, gil: Gil<'_>) -> Option<()> {
        let reports_handlers = VERSION.get(gil) == 0x0309;
        let (units, todo) = (self.units.values_mut(), &mut self.todo);
        todo.clear();
        for (index, unit) in units.iter().enumerate() {
            if unit.shown == Shown::Here {
                add_next(todo, index as u32, unit)?;
            } else if unit.is_handler && reports_handlers {
                todo.add((index as u32, unit.line))?;
            }
            // What goes back is reported wherever it comes to.
            let back = match unit.kind {
                Kind::Call => index as u32 + 1,
                kind if leads_to_target(kind) && unit.target as usize <= index => unit.target,
                _ => continue,
            };
            if let Some(at) = units.get(back as usize) {
                todo.add((back, at.line))?;
            }
        }
        while let Some((index, line)) = todo.take() {
            if let Some(unit) = units.get_mut(index as usize)
                && unit.shown == Shown::Passed
                && unit.line == line
            {
                unit.shown = Shown::Before;
                add_next(todo, index, unit)?;
            }
        }
        Some(())
    }

    /// Notes what guards each unit against exceptions (3.8 to 3.10).
    fn place_guards(&mut self) -> Option<()> {
        /// A unit that is not reached yet.
        const UNKNOWN: u32 = u32::MAX;
        if !self.units().iter().any(|unit| unit.kind == Kind::Guard) {
            return Some(());
        }
        let units = self.units.values_mut();
        for unit in units.iter_mut() {
            unit.guard = UNKNOWN;
        }
        let todo = &mut self.todo;
        todo.clear();
        todo.add((0, 0))?;
        while let Some((index, guard)) = todo.take() {
            let outer = |guard: u32, units: &[Unit]| {
                let inner = guard.checked_sub(1).and_then(|at| units.get(at as usize));
                inner.map_or(0, |unit| unit.guard)
            };
            let after = outer(guard, units);
            let Some(unit) = units.get_mut(index as usize) else {
                continue;
            };
            if unit.guard != UNKNOWN {
                continue;
            }
            unit.guard = guard;
            let next = match unit.kind {
                Kind::Guard => index + 1,
                Kind::GuardEnd => after,
                _ => guard,
            };
            if goes_on(unit.kind) {
                todo.add((index + 1, next))?;
            }
            if leads_to_target(unit.kind) || unit.kind == Kind::Guard {
                todo.add((unit.target, guard))?;
            }
            if unit.kind == Kind::Call {
                todo.add((index + 1, guard))?;
            }
        }
        for unit in units.iter_mut().filter(|unit| unit.guard == UNKNOWN) {
            unit.guard = 0;
        }
        Some(())
    }

    /// Calls `entry` with each line that control may come to from elsewhere than another line: by
    /// the start of the frame or by an exception.
    pub(crate) fn entries(&self, mut entry: impl FnMut(u32)) {
        for (index, unit) in self.units().iter().enumerate().skip(self.body) {
            if (index == self.body || unit.is_handler || unit.reached_by == 0)
                && let Some(line) = self.first_line(index)
            {
                entry(line);
            }
        }
    }

    /// The first line from a unit on, which may be the unit's own.
    fn first_line(&self, index: usize) -> Option<u32> {
        let first = self.first_placed(index)?;
        self.units().get(first).map(|unit| unit.line)
    }

    /// The first unit with a line from a unit on, which may be that one.
    pub(crate) fn first_placed(&self, mut index: usize) -> Option<usize> {
        for _ in 0..FARTHEST {
            let unit = self.units().get(index)?;
            if unit.line != 0 && !unit.kind.is_no_operation() {
                return Some(index);
            }
            index = match unit.kind {
                Kind::Jump => unit.target as usize,
                Kind::Return | Kind::Raise | Kind::Reraise | Kind::GroupEnd => return None,
                _ => index + 1,
            };
        }
        None
    }

    /// Follows the way from a unit on that is come to from `line`, until another target is sure.
    /// `may_pass_raise`: from 3.14 on, what raises does not end the way.
    pub(crate) fn follow(
        &self,
        gil: Gil<'_>,
        line: u32,
        mut index: usize,
        may_pass_raise: bool,
    ) -> Path {
        let mut has_passed_raise = false;
        // Where the exceptions go that what is passed may raise.
        let mut raised: Option<Option<usize>> = None;
        let mut is_sure = true;
        let new = VERSION.get(gil) >= 0x030e;
        let open = Path {
            way: Way::Open,
            is_sure: true,
            is_quiet: true,
        };
        for _ in 0..FARTHEST {
            let Some(unit) = self.units().get(index) else {
                return open;
            };
            let path = |way| Path {
                way,
                is_sure: new || (is_sure && raised.is_none()),
                is_quiet: is_sure && raised.is_none(),
            };
            if unit.line != 0 && unit.line != line && !unit.kind.is_no_operation() {
                return path(way_to(unit.line as i32, index, has_passed_raise));
            }
            index = match unit.kind {
                Kind::Return => return path(way_to(self.way_out(), index, has_passed_raise)),
                Kind::Branch | Kind::Handling | Kind::GroupEnd => return open,
                Kind::Raise if new && may_pass_raise => {
                    has_passed_raise = true;
                    index + 1
                }
                // From 3.14 on coverage.py itself follows byte code like this: it stops where
                // something is awaited, and takes what raises for something that goes on.
                Kind::Await | Kind::AsyncEnd | Kind::Raise | Kind::Reraise if new => return open,
                Kind::Raise | Kind::Reraise => {
                    let handler = self.handler(gil, index);
                    // What is raised on the way to a `raise` goes where that goes.
                    is_sure &= raised.take().is_none_or(|other| other == handler);
                    match handler {
                        Some(handler) => handler,
                        None => return path_out(self.way_out(), index, is_sure),
                    }
                }
                // What waits is taken to be resumed.
                Kind::Jump | Kind::Call => unit.target as usize,
                Kind::Await => {
                    is_sure = false;
                    unit.target as usize
                }
                _ => {
                    // What is of no line is the compiler's own, and does not raise by itself.
                    let may_raise = unit.line != 0 && !unit.is_quiet;
                    if may_raise && !unit.kind.is_no_operation() {
                        let handler = self.handler(gil, index);
                        is_sure &= *raised.get_or_insert(handler) == handler;
                    }
                    index + 1
                }
            };
        }
        open
    }

    /// The target that stands for leaving the frame.
    pub(crate) fn way_out(&self) -> i32 {
        -(self.definition as i32)
    }

    /// The unit before the mark behind which an `async for` goes on (3.14). What ends the iteration names
    /// that unit, or one that is a little before it where the compiler miscounts.
    pub(crate) fn before_mark(&self, source: usize) -> usize {
        let rest = self.units().get(source + 1..).unwrap_or(&[]).iter();
        let mark = rest.take(3).position(|unit| unit.kind == Kind::Cache);
        source + mark.unwrap_or(0)
    }

    /// Where a branch that is not taken goes on.
    pub(crate) fn behind(&self, index: usize) -> usize {
        let rest = self.units().get(index + 1..).unwrap_or(&[]);
        let caches = rest.iter().take_while(|unit| unit.kind == Kind::Cache);
        index + 1 + caches.count()
    }
}

fn way_to(target: i32, index: usize, has_passed_raise: bool) -> Way {
    if has_passed_raise {
        Way::Behind(target)
    } else {
        Way::To(target, index)
    }
}

fn path_out(out: i32, index: usize, is_sure: bool) -> Path {
    Path {
        way: Way::To(out, index),
        is_sure,
        is_quiet: false,
    }
}

/// Adds the units that one leads to, with its line.
fn add_next(todo: &mut Scratch<(u32, u32)>, index: u32, unit: &Unit) -> Option<()> {
    if goes_on(unit.kind) {
        todo.add((index + 1, unit.line))?;
    }
    if leads_to_target(unit.kind) {
        todo.add((unit.target, unit.line))?;
    }
    Some(())
}

fn goes_on(kind: Kind) -> bool {
    !matches!(
        kind,
        Kind::Jump | Kind::Return | Kind::Raise | Kind::Reraise | Kind::Call
    )
}

fn leads_to_target(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Jump | Kind::Branch | Kind::Handling | Kind::Await | Kind::Call | Kind::GroupEnd
    )
}

/// Whether the argument of a unit of this kind leads to another one.
fn has_target(kind: Kind) -> bool {
    leads_to_target(kind) || matches!(kind, Kind::Guard | Kind::AsyncEnd)
}

/// The unit that a jump leads to.
fn target(all: &[u8], index: usize, argument: u32, reach: Reach, operations: &Operations) -> u32 {
    let distance = argument.wrapping_mul(operations.scale) / 2;
    // Distances count from behind the caches.
    let mut next = index + 1;
    if operations.resume != 0 {
        while all.get(next * 2) == Some(&0) {
            next += 1;
        }
    }
    let next = next as u32;
    match reach {
        Reach::Forward => next.saturating_add(distance),
        Reach::Backward => next.saturating_sub(distance),
        Reach::Absolute => distance,
    }
}

#[cfg(test)]
mod tests;
