//! The code of simple statements and definitions, and the dispatch to the compound ones.

use ruff_python_ast::visitor::{Visitor, walk_expr};
use ruff_python_ast::{Decorator, Expr, Identifier, Stmt, StmtAnnAssign, StmtAssert};
use ruff_text_size::Ranged;

use super::{Block, Child, ChildKind, Code, Flow, Label, Scope};
use crate::constants::folded;

impl<'a> Code<'a> {
    pub(super) fn statement(&mut self, statement: &'a Stmt) {
        self.set_statement_line(statement);
        self.forget_pending();
        self.note_constants(statement);
        if self.is_old() && jumps_inside(statement) {
            self.emit_target();
        }
        match statement {
            Stmt::FunctionDef(function) => {
                self.definition(
                    &function.decorator_list,
                    &function.name,
                    ChildKind::Function(function),
                );
            }
            Stmt::ClassDef(class) => {
                self.definition(&class.decorator_list, &class.name, ChildKind::Class(class));
            }
            Stmt::Return(value) => {
                self.emit(Flow::Next);
                self.unwind(false);
                self.note_returned_late(value);
                self.emit(Flow::Return);
            }
            Stmt::Raise(_) => {
                self.emit(Flow::Next);
                self.emit(Flow::Raise);
            }
            Stmt::Delete(delete) if !delete.targets.iter().any(deletes_something) => {}
            Stmt::Delete(_)
            | Stmt::TypeAlias(_)
            | Stmt::Assign(_)
            | Stmt::AugAssign(_)
            | Stmt::Import(_)
            | Stmt::ImportFrom(_) => self.emit(Flow::Next),
            Stmt::AnnAssign(assignment) => self.annotated_assignment(assignment),
            Stmt::Global(_) | Stmt::Nonlocal(_) | Stmt::IpyEscapeCommand(_) => {}
            Stmt::Pass(_) => self.emit_placeholder(),
            Stmt::Expr(expression) if folded(&expression.value).is_some() => {
                self.emit_placeholder();
            }
            Stmt::Expr(_) => {
                self.emit(Flow::Next);
                self.forget_line();
            }
            Stmt::Break(_) => self.leave_loop(|_, exit| exit),
            Stmt::Continue(_) => self.leave_loop(|top, _| top),
            Stmt::Assert(assertion) => self.assertion(assertion),
            Stmt::If(choice) => self.choice(choice),
            Stmt::For(each) => self.for_loop(each),
            Stmt::While(cycle) => self.while_loop(cycle),
            Stmt::With(with) => self.with(with),
            Stmt::Try(attempt) if attempt.finalbody.is_empty() => self.try_except(attempt),
            Stmt::Try(attempt) => self.try_finally(attempt),
            Stmt::Match(choice) => self.match_statement(choice),
        }
    }

    /// The line where a statement's own code begins; for a definition that of its `def` or `class`.
    pub(super) fn set_statement_line(&mut self, statement: &Stmt) {
        self.set_line_at(match statement {
            Stmt::FunctionDef(function) => function.name.start(),
            Stmt::ClassDef(class) => class.name.start(),
            _ => statement.start(),
        });
    }

    /// The first line of a definition: that of its first decorator.
    pub(super) fn set_definition_line(&mut self, decorators: &[Decorator], name: &Identifier) {
        self.set_line_at(
            decorators
                .first()
                .map_or(name.start(), |decorator| decorator.expression.start()),
        );
    }

    /// A NOP that keeps the line of a statement that does nothing; 3.8 and 3.9 have none.
    fn emit_placeholder(&mut self) {
        if !self.is_old() {
            self.emit(Flow::Next);
        }
    }

    fn definition(
        &mut self,
        decorators: &'a [Decorator],
        name: &'a Identifier,
        kind: ChildKind<'a>,
    ) {
        for decorator in decorators {
            self.set_line_at(decorator.expression.start());
            self.emit(Flow::Next);
        }
        self.set_line_at(name.start());
        if self.muted > 0 {
            return;
        }
        let number = self.note_definition(&kind);
        self.emit(Flow::Next);
        self.children.push(Child { kind, number });
        if let Some(instruction) = self.instructions.last_mut() {
            instruction.child = u32::try_from(self.children.len()).unwrap_or(0);
        }
    }

    fn assertion(&mut self, assertion: &'a StmtAssert) {
        let end = self.new_label();
        self.jump_if(&assertion.test, end, true);
        self.emit(Flow::Next);
        self.emit(Flow::Raise);
        self.place(end);
    }

    fn leave_loop(&mut self, to: impl FnOnce(Label, Label) -> Label) {
        self.emit_placeholder();
        if let Some((top, exit)) = self.unwind(true) {
            self.emit(Flow::Jump(to(top, exit)));
        }
    }

    /// Whether annotations of this scope's names are evaluated where they stand.
    fn evaluates_annotations(&self) -> bool {
        self.scope != Scope::Function && (self.minor() < 14 || self.target.has_future_annotations)
    }

    fn annotated_assignment(&mut self, assignment: &'a StmtAnnAssign) {
        let is_name = matches!(*assignment.target, Expr::Name(_));
        let is_stored = match &*assignment.target {
            Expr::Name(_) => assignment.value.is_some(),
            _ => true,
        };
        let is_annotated = if !is_name || !assignment.simple {
            // Evaluated for its errors alone.
            self.evaluates_annotations() && (self.is_old() || !self.target.has_future_annotations)
        } else if self.evaluates_annotations() {
            true
        } else {
            // A deferred annotation leaves a mark that it was passed, except where it is always passed.
            self.minor() >= 14
                && (self.scope == Scope::Module
                    || (self.scope == Scope::Class && self.conditional > 0))
        };
        if is_stored || is_annotated {
            self.emit(Flow::Next);
        }
    }

    /// Emits what leaving the enclosing blocks takes; with `to_loop` up to the innermost loop, whose labels it gives.
    fn unwind(&mut self, to_loop: bool) -> Option<(Label, Label)> {
        // A block's clean-up runs outside of it, so it and those within are hidden meanwhile.
        let mut hidden = Vec::new();
        let mut found = None;
        while let Some(block) = self.blocks.pop() {
            hidden.push(block);
            match block {
                Block::Loop { top, exit } if to_loop => {
                    found = Some((top, exit));
                    break;
                }
                Block::Loop { .. } => {}
                Block::Other => self.emit(Flow::Next),
                Block::NamedHandler => {
                    self.note("None");
                    self.emit(Flow::Next);
                }
                Block::With => {
                    self.note("None");
                    self.emit(Flow::Next);
                    self.forget_line();
                }
                Block::Finally(suite) => {
                    self.emit(Flow::Next);
                    // 3.8 calls the one copy of the suite.
                    if self.minor() > 8 {
                        let line = self.line;
                        self.body(suite);
                        self.line = line;
                        self.forget_line();
                    }
                }
            }
        }
        self.blocks.extend(hidden.into_iter().rev());
        found
    }
}

/// Whether a target of `del` has any code: `del ()` has none.
fn deletes_something(target: &Expr) -> bool {
    match target {
        Expr::Tuple(tuple) => tuple.elts.iter().any(deletes_something),
        Expr::List(list) => list.elts.iter().any(deletes_something),
        _ => true,
    }
}

/// Whether the value of a statement that computes one takes jumps.
fn jumps_inside(statement: &Stmt) -> bool {
    let value = match statement {
        Stmt::Return(it) => it.value.as_deref(),
        Stmt::Assign(it) => Some(&*it.value),
        Stmt::AugAssign(it) => Some(&*it.value),
        Stmt::AnnAssign(it) => it.value.as_deref(),
        Stmt::Expr(it) => Some(&*it.value),
        Stmt::Raise(it) => it.exc.as_deref(),
        _ => None,
    };
    let mut search = JumpSearch { found: false };
    if let Some(value) = value {
        search.visit_expr(value);
    }
    search.found
}

struct JumpSearch {
    found: bool,
}

impl<'a> Visitor<'a> for JumpSearch {
    fn visit_expr(&mut self, expression: &'a Expr) {
        match expression {
            Expr::BoolOp(_) | Expr::If(_) => self.found = true,
            Expr::Compare(comparison) if comparison.ops.len() > 1 => self.found = true,
            // Code of their own.
            Expr::Lambda(_)
            | Expr::ListComp(_)
            | Expr::SetComp(_)
            | Expr::DictComp(_)
            | Expr::Generator(_) => {}
            _ => walk_expr(self, expression),
        }
    }
}
