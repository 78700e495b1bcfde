//! Which instructions stay, and the lines that they keep.

use ruff_text_size::Ranged;

use super::{ChildKind, Code, CodeTooLarge, Flow, Scope};
use crate::LineSet;

impl Code<'_> {
    /// Adds the lines of this code object and of those in it that stay.
    pub(super) fn finish(self, out: &mut LineSet) -> Result<(), CodeTooLarge> {
        if self.is_too_large {
            return Err(CodeTooLarge);
        }
        let live = if self.is_old() {
            self.live_in_sequence()
        } else {
            self.reachable()
        };
        // 3.10 gives a `return` that nothing leads up to the first line.
        if self.minor() == 10 && self.scope != Scope::Class && live.len() == 1 {
            out.insert(self.first_line);
        }
        let mut child_is_live = self.children_kept_as_constants(&live);
        for (instruction, _) in self
            .instructions
            .iter()
            .zip(&live)
            .filter(|&(_, &is_live)| is_live)
        {
            if instruction.line != 0 && !self.is_hidden {
                out.insert(instruction.line);
            }
            if let Some(child) = (instruction.child as usize).checked_sub(1) {
                child_is_live[child] = true;
            }
        }
        for (child, _) in self
            .children
            .iter()
            .zip(&child_is_live)
            .filter(|&(_, &is_live)| is_live)
        {
            // The parameters of a generic definition are code around its own.
            if let Some(name) = child.kind.generic_name() {
                out.insert(self.target.lines.logical(name.start()));
            }
            match child.kind {
                ChildKind::Expression(line) => {
                    out.insert(line);
                }
                ChildKind::Function(function) => {
                    let mut code = Code::new(self.target, Scope::Function);
                    code.function(function);
                    code.finish(out)?;
                }
                ChildKind::Class(class) => {
                    let mut code = Code::new(self.target, Scope::Class);
                    code.class(class);
                    code.finish(out)?;
                }
            }
        }
        Ok(())
    }

    /// From 3.10 on: what can be reached from the first instruction.
    fn reachable(&self) -> Vec<bool> {
        let mut live = vec![false; self.instructions.len()];
        let mut pending = vec![0];
        while let Some(start) = pending.pop() {
            let mut at = start;
            while live.get(at) == Some(&false) {
                live[at] = true;
                match self.instructions[at].flow {
                    Flow::Next => at += 1,
                    Flow::Jump(label) => at = self.target_of(label),
                    Flow::Either(label) | Flow::SetUp(label) => {
                        pending.push(self.target_of(label));
                        at += 1;
                    }
                    Flow::Return | Flow::Raise | Flow::Reraise => break,
                }
            }
        }
        live
    }

    /// Before 3.10: all but what follows a `return`, up to the next target of a jump.
    fn live_in_sequence(&self) -> Vec<bool> {
        let count = self.instructions.len();
        let mut is_target = vec![false; count];
        for (index, instruction) in self.instructions.iter().enumerate() {
            // The set-up of a `try` stays with what follows it, and so does raising again.
            is_target[index] |= matches!(instruction.flow, Flow::SetUp(_) | Flow::Reraise);
            if let Flow::Jump(label) | Flow::Either(label) | Flow::SetUp(label) = instruction.flow
                && let Some(target) = is_target.get_mut(self.target_of(label))
            {
                *target = true;
            }
        }
        let mut is_dead = false;
        let mut live: Vec<bool> = self
            .instructions
            .iter()
            .zip(is_target)
            .map(|(instruction, is_target)| {
                is_dead &= !is_target;
                let is_live = !is_dead;
                is_dead |= instruction.flow == Flow::Return;
                is_live
            })
            .collect();
        // Removed code at the very end leaves its last entry in the line table.
        if let Some(last) = live.last_mut() {
            *last = true;
        }
        live
    }

    /// Which nested code objects stay as constants, whether anything loads them or not.
    fn children_kept_as_constants(&self, live: &[bool]) -> Vec<bool> {
        let last_used = match self.minor() {
            10 | 11 => self.last_constant_used(live),
            _ => 0,
        };
        let is_kept = |number: u32| match self.minor() {
            ..=9 => true,
            // The first constant could be a docstring.
            10 | 11 => number <= last_used.max(1),
            _ => number == 1,
        };
        self.children
            .iter()
            .map(|child| is_kept(child.number))
            .collect()
    }
}
