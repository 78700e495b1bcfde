//! The order in which a code object's constants come into being.
//!
//! Before 3.12 a nested code object that nothing loads can stay in the table of constants, and with it its lines.
//! Which ones stay depends on the constants that are used after it.

use ruff_python_ast::visitor::{Visitor, walk_expr};
use ruff_python_ast::{Expr, Stmt};
use ruff_text_size::Ranged;

use super::{Child, ChildKind, Code};
use crate::constants::folded;

impl<'a> Code<'a> {
    /// Notes the constants of a statement's own expressions.
    pub(super) fn note_constants(&mut self, statement: &'a Stmt) {
        if self.minor() >= 12 || self.muted > 0 {
            return;
        }
        match statement {
            Stmt::Return(statement) => match statement.value.as_deref() {
                Some(value) => self.note_expressions(&[value]),
                None => self.note("None"),
            },
            Stmt::Delete(statement) => self.note_expressions(&statement.targets.iter().collect::<Vec<_>>()),
            Stmt::Assign(statement) => {
                let mut expressions = vec![&*statement.value];
                expressions.extend(&statement.targets);
                self.note_expressions(&expressions);
            }
            Stmt::AugAssign(statement) => self.note_expressions(&[&statement.target, &statement.value]),
            Stmt::AnnAssign(statement) => {
                let mut expressions = vec![&*statement.target];
                expressions.extend(statement.value.as_deref());
                self.note_expressions(&expressions);
            }
            Stmt::Expr(statement) if folded(&statement.value).is_none() => self.note_expressions(&[&statement.value]),
            Stmt::If(statement) => self.note_expressions(&[&statement.test]),
            Stmt::While(statement) => self.note_expressions(&[&statement.test]),
            Stmt::For(statement) => self.note_expressions(&[&statement.iter, &statement.target]),
            Stmt::With(statement) => {
                self.note_expressions(&statement.items.iter().map(|item| &item.context_expr).collect::<Vec<_>>());
                self.note("None");
            }
            Stmt::Assert(statement) => {
                let mut expressions = vec![&*statement.test];
                expressions.extend(statement.msg.as_deref());
                self.note_expressions(&expressions);
            }
            Stmt::Raise(statement) => {
                let expressions: Vec<_> = statement.exc.as_deref().into_iter().chain(statement.cause.as_deref()).collect();
                self.note_expressions(&expressions);
            }
            Stmt::Import(_) => {
                self.note("0");
                self.note("None");
            }
            Stmt::ImportFrom(statement) => {
                if let (Some(first), Some(last)) = (statement.names.first(), statement.names.last()) {
                    let source = self.target.lines.source;
                    self.note("0");
                    self.note(&source[first.start().to_usize()..last.end().to_usize()]);
                }
            }
            Stmt::FunctionDef(statement) => {
                self.note_expressions(&statement.decorator_list.iter().map(|it| &it.expression).collect::<Vec<_>>());
            }
            Stmt::ClassDef(statement) => {
                self.note_expressions(&statement.decorator_list.iter().map(|it| &it.expression).collect::<Vec<_>>());
            }
            _ => {}
        }
    }

    pub(super) fn note_expressions(&mut self, expressions: &[&'a Expr]) {
        if self.minor() >= 12 || self.muted > 0 {
            return;
        }
        let mut constants = Constants { source: self.target.lines.source, found: Vec::new(), has_code: false };
        for expression in expressions {
            constants.visit_expr(expression);
        }
        if constants.has_code {
            self.is_first_use = true;
            self.children.push(Child { kind: ChildKind::Expression(self.line), loaded_at: self.instructions.len() });
        }
        for constant in constants.found {
            self.note(constant);
        }
    }

    fn note(&mut self, constant: &'a str) {
        if self.constants.insert(constant) {
            self.is_first_use = true;
        }
    }
}

/// Collects constants, and whether there is a code object among them.
struct Constants<'a> {
    source: &'a str,
    found: Vec<&'a str>,
    has_code: bool,
}

impl<'a> Visitor<'a> for Constants<'a> {
    fn visit_expr(&mut self, expression: &'a Expr) {
        match expression {
            Expr::Lambda(_) | Expr::Generator(_) | Expr::ListComp(_) | Expr::SetComp(_) | Expr::DictComp(_) => {
                self.has_code = true;
            }
            _ if folded(expression).is_some() => {
                self.found.push(&self.source[expression.start().to_usize()..expression.end().to_usize()]);
            }
            Expr::Call(call) => {
                walk_expr(self, expression);
                // The names of keyword arguments are one constant.
                if let (Some(first), Some(last)) = (call.arguments.keywords.first(), call.arguments.keywords.last()) {
                    self.found.push(&self.source[first.start().to_usize()..last.end().to_usize()]);
                }
            }
            _ => walk_expr(self, expression),
        }
    }
}
