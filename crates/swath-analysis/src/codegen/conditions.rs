//! Conditional jumps.

use ruff_python_ast::{BoolOp, Expr, UnaryOp};

use super::{Code, Flow, Label};
use crate::constants::folded_test;

impl<'a> Code<'a> {
    /// Jumps to the label if the truth of the expression is `when`, and goes on otherwise.
    pub(super) fn jump_if(&mut self, expression: &'a Expr, to: Label, when: bool) {
        match expression {
            Expr::UnaryOp(unary)
                if unary.op == UnaryOp::Not && folded_test(expression, self.minor()).is_none() =>
            {
                self.jump_if(&unary.operand, to, !when);
            }
            Expr::BoolOp(operation) => {
                let Some((last, rest)) = operation.values.split_last() else {
                    return;
                };
                let decides = operation.op == BoolOp::Or;
                // Where a value that decides the operation early leads.
                let (early, end) = if decides == when {
                    (to, None)
                } else {
                    let end = self.new_label();
                    (end, Some(end))
                };
                for value in rest {
                    self.jump_if(value, early, decides);
                }
                self.jump_if(last, to, when);
                if let Some(end) = end {
                    self.place(end);
                }
            }
            Expr::If(choice) => {
                let (end, otherwise) = (self.new_label(), self.new_label());
                self.jump_if(&choice.test, otherwise, false);
                self.jump_if(&choice.body, to, when);
                self.emit_artificial(Flow::Jump(end));
                self.place(otherwise);
                self.jump_if(&choice.orelse, to, when);
                self.place(end);
            }
            Expr::Compare(comparison) if comparison.ops.len() > 1 && self.is_old() => {
                self.jump_if_chain(to, when);
            }
            _ => self.jump_on_value(expression, to, when),
        }
    }

    /// A chain of comparisons: what cleans up after its first ones is a target of its own.
    fn jump_if_chain(&mut self, to: Label, when: bool) {
        let (clean_up, end) = (self.new_label(), self.new_label());
        self.emit(Flow::Next);
        self.emit(Flow::Either(clean_up));
        self.emit(Flow::Either(to));
        self.emit(Flow::Jump(end));
        self.place(clean_up);
        self.emit(Flow::Next);
        if !when {
            self.emit(Flow::Jump(to));
        }
        self.place(end);
    }

    fn jump_on_value(&mut self, expression: &Expr, to: Label, when: bool) {
        match folded_test(expression, self.minor()) {
            // The peephole optimizer drops it with its line.
            Some(true) if !when && self.is_old() => {}
            // Any other constant is tested like a value: where the test leads is a target.
            Some(_) if self.is_old() => {
                self.emit(Flow::Next);
                self.emit(Flow::Either(to));
            }
            Some(value) if value == when => self.emit(Flow::Jump(to)),
            Some(_) => self.emit(Flow::Next),
            None => {
                self.emit(Flow::Next);
                self.emit(Flow::Either(to));
            }
        }
    }
}
