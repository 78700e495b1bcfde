//! The code of `try`.

use ruff_python_ast::{ExceptHandler, ExceptHandlerExceptHandler, StmtTry};
use ruff_text_size::Ranged;

use super::{Block, Code, Flow, Label};

impl<'a> Code<'a> {
    pub(super) fn try_except(&mut self, attempt: &'a StmtTry) {
        let (handlers, otherwise, end) = (self.new_label(), self.new_label(), self.new_label());
        self.emit(Flow::SetUp(handlers));
        self.blocks.push(Block::Other);
        self.conditional_body(&attempt.body);
        self.blocks.pop();
        self.emit_artificial(Flow::Next);
        let else_is_first = self.minor() >= 11 && !attempt.is_star;
        if else_is_first {
            self.conditional_body(&attempt.orelse);
            self.emit_artificial(Flow::Jump(end));
        } else {
            self.emit_artificial(Flow::Jump(otherwise));
        }
        self.place(handlers);
        for ExceptHandler::ExceptHandler(handler) in &attempt.handlers {
            self.handler(handler, end);
        }
        if attempt.is_star {
            // Control goes on after the statement when nothing is left to raise.
            self.emit_artificial(Flow::Either(end));
        }
        self.emit_artificial(Flow::Reraise);
        self.forget_line();
        if !else_is_first {
            self.place(otherwise);
            self.conditional_body(&attempt.orelse);
        }
        self.place(end);
    }

    fn handler(&mut self, handler: &'a ExceptHandlerExceptHandler, end: Label) {
        self.line = self.target.lines.logical(handler.start());
        let (next, clean_up) = (self.new_label(), self.new_label());
        self.emit(Flow::Next);
        if handler.type_.is_some() {
            self.emit(Flow::Either(next));
        }
        self.emit(Flow::Next);
        if handler.name.is_some() {
            self.emit(Flow::SetUp(clean_up));
        }
        self.blocks.push(if handler.name.is_some() {
            Block::NamedHandler
        } else {
            Block::Other
        });
        self.conditional_body(&handler.body);
        self.blocks.pop();
        if handler.name.is_some() {
            self.note("None");
        }
        self.emit_artificial(Flow::Next);
        self.emit_artificial(Flow::Jump(end));
        self.place(clean_up);
        if handler.name.is_some() {
            self.note("None");
            self.emit_artificial(Flow::Reraise);
        }
        self.place(next);
    }

    /// The `finally` suite is there twice: for the way out and for an exception.
    pub(super) fn try_finally(&mut self, attempt: &'a StmtTry) {
        if self.minor() == 8 && self.muted > 0 {
            // 3.8 compiles the `finally` suite first, so that the line of what stands before it
            // is left over.
            self.conditional_body(&attempt.finalbody);
            self.guarded_suites(attempt);
            return;
        }
        let (handler, clean_up, exit) = (self.new_label(), self.new_label(), self.new_label());
        self.emit(Flow::SetUp(handler));
        self.blocks.push(Block::Finally(&attempt.finalbody));
        self.guarded_suites(attempt);
        self.emit_artificial(Flow::Next);
        self.blocks.pop();
        if self.minor() >= 9 {
            self.conditional_body(&attempt.finalbody);
            self.emit_artificial(Flow::Jump(exit));
        }
        self.place(handler);
        if self.minor() >= 11 {
            self.emit_artificial(Flow::Either(clean_up));
        }
        self.blocks.push(Block::Other);
        self.conditional_body(&attempt.finalbody);
        self.blocks.pop();
        self.end_of_finally(clean_up);
        if self.minor() >= 9 {
            self.place(exit);
        }
    }

    /// All but the `finally` suite.
    fn guarded_suites(&mut self, attempt: &'a StmtTry) {
        if attempt.handlers.is_empty() {
            self.conditional_body(&attempt.body);
        } else {
            self.try_except(attempt);
        }
    }

    /// The exception goes on; 3.10 and 3.11 give that the line of the last statement, even if it is dead.
    fn end_of_finally(&mut self, clean_up: Label) {
        match self.minor() {
            ..=10 => self.emit(Flow::Reraise),
            11 => {
                self.emit(Flow::Reraise);
                self.place(clean_up);
                self.emit(Flow::Reraise);
            }
            _ => {
                self.emit_artificial(Flow::Reraise);
                self.place(clean_up);
                self.emit_artificial(Flow::Reraise);
            }
        }
    }
}
