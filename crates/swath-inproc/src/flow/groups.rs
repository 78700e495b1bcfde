//! The ends of `except*` in byte code of 3.12 and 3.13: branches of no line, which go on or raise by
//! what all the clauses did.

use core::ops::Range;

use super::{FARTHEST, Flow, goes_on, leads_to_target};
use crate::interpreter::VERSION;
use crate::operations::Kind;
use crate::state::Gil;

/// A line beside the end of an `except*`.
pub(crate) enum Around {
    Before(u32),
    Behind(u32),
}

impl Flow {
    /// Tells apart the branches of no line: they are the compiler's own, at the end of `except*`.
    pub(super) fn mark_group_ends(&mut self, gil: Gil<'_>) {
        self.has_groups = false;
        if !(0x030c..0x030e).contains(&VERSION.get(gil)) {
            return;
        }
        let branches = self.units.values_mut().iter_mut();
        for unit in branches.filter(|unit| unit.kind == Kind::Branch && unit.line == 0) {
            unit.kind = Kind::GroupEnd;
            self.has_groups = true;
        }
    }

    /// The target that control comes to from a unit on without another line; none where that is not sure.
    pub(crate) fn landing(&self, gil: Gil<'_>, mut index: usize) -> Option<i32> {
        for _ in 0..FARTHEST {
            let unit = self.units().get(index)?;
            if unit.line != 0 && !unit.kind.is_no_operation() {
                return Some(unit.line as i32);
            }
            index = match unit.kind {
                Kind::Jump => unit.target as usize,
                Kind::Return => return Some(self.way_out()),
                Kind::Raise | Kind::Reraise => match self.handler(gil, index) {
                    Some(handler) => handler,
                    None => return Some(self.way_out()),
                },
                Kind::GroupEnd => return None,
                _ => index + 1,
            };
        }
        None
    }

    /// Calls `each` with what is before and behind each end of an `except*`, by lines: a line that may
    /// come to it, or one that it may go on to.
    pub(crate) fn around_group_ends(&self, mut each: impl FnMut(Around)) {
        if !self.has_groups {
            return;
        }
        for (index, unit) in self.units().iter().enumerate() {
            if unit.kind == Kind::GroupEnd
                && let Some(line) = self.first_line(self.behind(index))
            {
                each(Around::Behind(line));
            }
            let comes_to_end = |next| self.first_stop(next) == Some(Kind::GroupEnd);
            if unit.line != 0
                && ((goes_on(unit.kind) && comes_to_end(index + 1))
                    || (leads_to_target(unit.kind) && comes_to_end(unit.target as usize)))
            {
                each(Around::Before(unit.line));
            }
        }
    }

    /// What the first unit of a line from a unit on does, or the first one that may lead elsewhere.
    fn first_stop(&self, mut index: usize) -> Option<Kind> {
        for _ in 0..FARTHEST {
            let unit = self.units().get(index)?;
            index = match unit.kind {
                kind if kind.is_no_operation() => index + 1,
                kind if unit.line != 0 => return Some(kind),
                Kind::Jump => unit.target as usize,
                kind @ (Kind::Return | Kind::Raise | Kind::Reraise | Kind::GroupEnd) => {
                    return Some(kind);
                }
                _ => index + 1,
            };
        }
        None
    }

    /// The units of the `except*` whose end this unit is: from the first of its clauses to where what
    /// they left is raised.
    pub(crate) fn group(&self, gil: Gil<'_>, end: usize) -> Option<Range<usize>> {
        let clean_up = self.handler(gil, end)? as u32;
        let ranges = self.handlers.values().iter();
        let guarded = ranges.filter(|[_, _, handler]| *handler == clean_up);
        let first = guarded.map(|[start, _, _]| *start as usize).min()?;
        let raise = self.units().get(end)?.target as usize;
        let rest = self.units().get(raise..)?;
        let count = rest.iter().position(|unit| unit.kind == Kind::Reraise)?;
        Some(first..raise + count + 1)
    }
}
