//! The steps from line to line: which are possible, and which unit takes each.

use super::{Fate, Flow, MOST_UNREPORTED, Shown, Unit, goes_on, leads_to_target};
use crate::interpreter::VERSION;
use crate::operations::Kind;
use crate::scratch::Scratch;
use crate::state::Gil;

impl Flow {
    /// Calls `step` with a line and each target that one step from it leads to.
    pub(crate) fn steps(&self, mut step: impl FnMut(u32, i32)) {
        self.leaving_steps(|_, line, target| step(line, target));
    }

    /// As `steps`, with the unit that leaves the line.
    pub(crate) fn leaving_steps(&self, mut leave: impl FnMut(usize, u32, i32)) {
        for (index, line, target) in self.steps.values() {
            leave(*index as usize, *line, *target);
        }
    }

    /// Lists the steps: they are asked for several times. `None` without memory.
    pub(super) fn list_steps(&mut self, gil: Gil<'_>) -> Option<()> {
        let mut steps = core::mem::replace(&mut self.steps, Scratch::new());
        steps.clear();
        let mut is_full = false;
        self.find_steps(gil, |index, line, target| {
            is_full |= steps.add((index as u32, line, target)).is_none();
        });
        self.steps = steps;
        (!is_full).then_some(())
    }

    fn find_steps(&self, gil: Gil<'_>, mut leave: impl FnMut(usize, u32, i32)) {
        let reports_all = VERSION.get(gil) >= 0x030a;
        for (index, unit) in self.units().iter().enumerate() {
            if unit.line == 0 || unit.kind.is_no_operation() || unit.shown == Shown::Passed {
                continue;
            }
            let line = unit.line;
            let mut step = |line, target| leave(index, line, target);
            match unit.kind {
                Kind::Return => step(line, self.way_out()),
                Kind::Raise if VERSION.get(gil) < 0x030c => {
                    self.step_by_raising(gil, index, &mut step);
                }
                Kind::Guard => self.step_to_end_of_iteration(gil, *unit, &mut step),
                Kind::CallEnd => self.step_to_callers(line, &mut step),
                _ => {}
            }
            // On 3.8 the end of an iteration goes on from the line that it was reached from.
            let is_lost = unit.kind == Kind::AsyncEnd && unit.shown != Shown::Here;
            if goes_on(unit.kind) && !is_lost && !(reports_all && self.stays(index)) {
                self.step_to(line, index, index + 1, &mut step);
            }
            if leads_to_target(unit.kind) && unit.kind != Kind::Handling {
                self.step_to(line, index, unit.target as usize, &mut step);
            }
        }
    }

    /// Whether the operation behind a unit is of the same line, as most are.
    #[inline]
    fn stays(&self, index: usize) -> bool {
        let rest = self.units().get(index..).unwrap_or(&[]);
        let (Some(unit), behind) = (rest.first(), rest.get(1..).unwrap_or(&[])) else {
            return false;
        };
        let next = behind.iter().find(|next| !next.kind.is_no_operation());
        next.is_some_and(|next| next.line == unit.line)
    }

    /// Calls `step` with the step that each `raise` is.
    pub(crate) fn raising_steps(&self, gil: Gil<'_>, mut step: impl FnMut(u32, i32)) {
        for (index, unit) in self.units().iter().enumerate() {
            if unit.kind == Kind::Raise && unit.line != 0 {
                self.step_by_raising(gil, index, &mut step);
            }
        }
    }

    /// The step that a `raise` is: before 3.12 all steps of a line are watched alike.
    fn step_by_raising(&self, gil: Gil<'_>, index: usize, step: &mut impl FnMut(u32, i32)) {
        let line = self.units().get(index).map_or(0, |unit| unit.line);
        let handler = match VERSION.get(gil) {
            0..=0x030a => self.handler(gil, index),
            _ => match self.fate(gil, index) {
                Fate::Leaves => None,
                Fate::Handled(handler) => Some(handler),
            },
        };
        match handler {
            None => step(line, self.way_out()),
            Some(handler) => match self.first_line(handler) {
                Some(next) if next != line => step(line, next as i32),
                _ => {}
            },
        }
    }

    /// The step from an `async for` on when there is nothing more, before 3.10.
    fn step_to_end_of_iteration(&self, gil: Gil<'_>, guard: Unit, step: &mut impl FnMut(u32, i32)) {
        let end = guard.target as usize;
        let ends = self.units().get(end).map(|unit| unit.kind) == Some(Kind::AsyncEnd);
        if ends && VERSION.get(gil) < 0x030a {
            self.pass_unreported(guard.line, end, &mut { MOST_UNREPORTED }, step);
        }
    }

    /// The steps from the end of a `finally` back to where it was called from (3.8).
    fn step_to_callers(&self, line: u32, step: &mut impl FnMut(u32, i32)) {
        for (index, unit) in self.units().iter().enumerate() {
            if unit.kind == Kind::Call {
                self.step_to(line, usize::MAX, index + 1, step);
            }
        }
    }

    fn step_to(&self, line: u32, from: usize, to: usize, step: &mut impl FnMut(u32, i32)) {
        if self
            .units()
            .get(to)
            .is_some_and(|unit| unit.shown == Shown::Here || to <= from)
        {
            match self.first_line(to) {
                Some(next) if next != line => step(line, next as i32),
                _ => {}
            }
        } else {
            self.pass_unreported(line, to, &mut { MOST_UNREPORTED }, step);
        }
    }

    /// Follows control through units that are not reported, which go on as if they were of the
    /// line before.
    fn pass_unreported(
        &self,
        line: u32,
        mut index: usize,
        rest: &mut u32,
        step: &mut impl FnMut(u32, i32),
    ) {
        let mut before = 0;
        while let Some(left) = rest.checked_sub(1) {
            *rest = left;
            let Some(unit) = self.units().get(index) else {
                return;
            };
            if (unit.shown == Shown::Here || index < before) && unit.line != 0 {
                if unit.line != line {
                    step(line, unit.line as i32);
                }
                return;
            }
            before = index;
            index = match unit.kind {
                Kind::Return => {
                    step(line, self.way_out());
                    return;
                }
                Kind::Raise | Kind::Reraise => return,
                Kind::Jump | Kind::Call => unit.target as usize,
                Kind::Branch => {
                    self.pass_unreported(line, unit.target as usize, rest, step);
                    index + 1
                }
                _ => index + 1,
            };
        }
    }
}
