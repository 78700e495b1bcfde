//! Walking over statements: the suites inside a compound statement, docstrings, annotations.

use ruff_python_ast::{ExceptHandler, Stmt};

/// Calls `visit` with each suite of a compound statement, those of `def` and `class` included, in the order in which
/// Python's tree lists them: handlers come last.
pub(crate) fn for_each_suite<'a>(statement: &'a Stmt, mut visit: impl FnMut(&'a [Stmt])) {
    match statement {
        Stmt::FunctionDef(function) => visit(&function.body),
        Stmt::ClassDef(class) => visit(&class.body),
        Stmt::If(choice) => {
            visit(&choice.body);
            for clause in &choice.elif_else_clauses {
                visit(&clause.body);
            }
        }
        Stmt::For(each) => {
            visit(&each.body);
            visit(&each.orelse);
        }
        Stmt::While(cycle) => {
            visit(&cycle.body);
            visit(&cycle.orelse);
        }
        Stmt::With(with) => visit(&with.body),
        Stmt::Match(choice) => {
            for case in &choice.cases {
                visit(&case.body);
            }
        }
        Stmt::Try(attempt) => {
            visit(&attempt.body);
            visit(&attempt.orelse);
            visit(&attempt.finalbody);
            for ExceptHandler::ExceptHandler(handler) in &attempt.handlers {
                visit(&handler.body);
            }
        }
        _ => {}
    }
}

/// Whether the suite begins with a docstring.
pub(crate) fn has_docstring(body: &[Stmt]) -> bool {
    matches!(body.first(), Some(Stmt::Expr(statement)) if statement.value.is_string_literal_expr())
}

/// Whether a module begins with `from __future__ import annotations`.
pub(crate) fn has_future_annotations(body: &[Stmt]) -> bool {
    body.iter()
        .skip(usize::from(has_docstring(body)))
        .map_while(|statement| match statement {
            Stmt::ImportFrom(import)
                if import
                    .module
                    .as_ref()
                    .is_some_and(|module| module.as_str() == "__future__") =>
            {
                Some(import)
            }
            _ => None,
        })
        .any(|import| {
            import
                .names
                .iter()
                .any(|name| name.name.as_str() == "annotations")
        })
}

/// Whether any statement of this scope, in nested suites too, is an annotated assignment.
pub(crate) fn has_annotation(body: &[Stmt]) -> bool {
    body.iter().any(|statement| match statement {
        Stmt::AnnAssign(_) => true,
        Stmt::FunctionDef(_) | Stmt::ClassDef(_) => false,
        _ => {
            let mut found = false;
            for_each_suite(statement, |suite| found = found || has_annotation(suite));
            found
        }
    })
}
