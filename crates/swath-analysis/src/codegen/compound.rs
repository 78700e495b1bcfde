//! The code of `if`, loops and `with`.

use ruff_python_ast::{Expr, Stmt, StmtFor, StmtIf, StmtWhile, StmtWith};
use ruff_text_size::Ranged;

use super::{Block, Code, Flow};
use crate::constants::folded;

impl<'a> Code<'a> {
    /// An `if` with its `elif`s: each clause but the last jumps to the end, past the rest.
    pub(super) fn choice(&mut self, choice: &'a StmtIf) {
        let mut ends = Vec::new();
        let mut muted = 0;
        let mut test = Some(&*choice.test);
        let mut body: &'a [Stmt] = &choice.body;
        let mut clauses = choice.elif_else_clauses.iter();
        loop {
            let following = clauses.next();
            muted += self.clause(test, body, following.is_some(), &mut ends);
            let Some(clause) = following else { break };
            if let Some(test) = &clause.test {
                self.line = self.target.lines.logical(clause.start());
                self.note_test(test);
            }
            test = clause.test.as_ref();
            body = &clause.body;
        }
        self.muted -= muted;
        for end in ends.into_iter().rev() {
            self.place(end);
        }
        // A new block begins in any case.
        self.has_returned = false;
    }

    /// One clause; says how many times it muted what follows.
    fn clause(
        &mut self,
        test: Option<&'a Expr>,
        body: &'a [Stmt],
        has_next: bool,
        ends: &mut Vec<super::Label>,
    ) -> u32 {
        let Some(test) = test else {
            self.conditional_body(body);
            return 0;
        };
        if self.is_old()
            && let Some(is_true) = folded(test)
        {
            let hides = u32::from(!is_true);
            self.muted += hides;
            self.conditional_body(body);
            self.muted -= hides;
            self.muted += u32::from(is_true);
            return u32::from(is_true);
        }
        let next = self.new_label();
        self.jump_if(test, next, false);
        self.conditional_body(body);
        if has_next {
            let end = self.new_label();
            self.emit_artificial(Flow::Jump(end));
            ends.push(end);
        }
        self.place(next);
        0
    }

    pub(super) fn for_loop(&mut self, each: &'a StmtFor) {
        let (top, clean_up, end) = (self.new_label(), self.new_label(), self.new_label());
        self.emit(Flow::Next);
        if each.is_async {
            self.note("None");
        }
        self.place(top);
        self.emit(Flow::Either(clean_up));
        self.blocks.push(Block::Loop { top, exit: end });
        self.emit(Flow::Next);
        self.conditional_body(&each.body);
        self.emit_artificial(Flow::Jump(top));
        self.forget_line();
        self.blocks.pop();
        self.place(clean_up);
        if each.is_async && self.is_old() {
            // What ends the loop has the line of its last statement, even if that is dead; in 3.9
            // that of what follows in an `else`.
            if let Some(first) = each.orelse.first().filter(|_| self.minor() == 9) {
                self.set_statement_line(first);
            }
            self.emit_artificial(Flow::Next);
        } else if each.is_async {
            // What ends the loop has the line of the iterator.
            self.set_line_at(each.iter.start());
        }
        self.conditional_body(&each.orelse);
        self.place(end);
    }

    /// The test stands at the top, and again at the bottom, where it jumps back.
    pub(super) fn while_loop(&mut self, cycle: &'a StmtWhile) {
        if self.is_old() {
            self.old_while_loop(cycle);
            return;
        }
        let (top, body, otherwise, end) = (
            self.new_label(),
            self.new_label(),
            self.new_label(),
            self.new_label(),
        );
        let line = self.line;
        self.place(top);
        self.blocks.push(Block::Loop { top, exit: end });
        self.jump_if(&cycle.test, otherwise, false);
        self.place(body);
        self.conditional_body(&cycle.body);
        self.line = line;
        self.jump_if(&cycle.test, body, true);
        self.blocks.pop();
        self.place(otherwise);
        self.conditional_body(&cycle.orelse);
        self.place(end);
    }

    fn old_while_loop(&mut self, cycle: &'a StmtWhile) {
        let constant = folded(&cycle.test);
        let (top, otherwise, end) = (self.new_label(), self.new_label(), self.new_label());
        if constant == Some(false) {
            self.muted += 1;
            self.blocks.push(Block::Loop { top, exit: end });
            self.conditional_body(&cycle.body);
            self.blocks.pop();
            self.muted -= 1;
            self.conditional_body(&cycle.orelse);
            return;
        }
        self.place(top);
        self.blocks.push(Block::Loop { top, exit: end });
        if constant.is_none() {
            self.jump_if(&cycle.test, otherwise, false);
        }
        self.conditional_body(&cycle.body);
        self.emit(Flow::Jump(top));
        self.blocks.pop();
        self.place(otherwise);
        self.conditional_body(&cycle.orelse);
        self.place(end);
    }

    pub(super) fn with(&mut self, with: &'a StmtWith) {
        let (handler, exit, suppressed) = (self.new_label(), self.new_label(), self.new_label());
        let line = self.line;
        if with.is_async {
            self.note("None");
        }
        self.emit(Flow::Next);
        self.emit(Flow::Either(handler));
        self.blocks.push(Block::With);
        self.conditional_body(&with.body);
        if matches!(self.minor(), 10 | 11) && with.is_async {
            self.emit(Flow::Next);
        } else {
            self.emit_artificial(Flow::Next);
        }
        self.blocks.pop();
        if !self.is_old() {
            self.line = line;
        }
        self.note("None");
        self.emit(Flow::Next);
        self.emit(Flow::Jump(exit));
        self.place(handler);
        self.emit(Flow::Next);
        // An exception that the context manager swallows ends after the block.
        self.emit(Flow::Either(suppressed));
        self.emit_artificial(Flow::Reraise);
        self.place(suppressed);
        self.emit_artificial(Flow::Next);
        if self.minor() >= 11 {
            self.line = 0;
        }
        self.place(exit);
    }
}
