//! What a line of a function can change for all its other lines: which names are the function's own,
//! and whether calling it runs it.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use ruff_python_ast::visitor::{
    Visitor, walk_comprehension, walk_except_handler, walk_expr, walk_pattern, walk_stmt,
};
use ruff_python_ast::{
    Alias, Comprehension, ExceptHandler, Expr, ExprContext, Parameter, Pattern, Stmt,
};

/// A hash of the names that the body of a function and the scopes inside it bind, and of what makes
/// generators and coroutines of them.
pub(super) fn shape_of(body: &[Stmt]) -> u64 {
    let mut bindings = Bindings::default();
    bindings.visit_body(body);
    let mut hasher = DefaultHasher::new();
    bindings.found.hash(&mut hasher);
    hasher.finish()
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Kind {
    Bound,
    Global,
    Nonlocal,
    Yields,
    Awaits,
}

#[derive(Default)]
struct Bindings<'a> {
    /// The names of the scopes inside the function that are open.
    scope: Vec<&'a str>,
    found: BTreeSet<(Vec<&'a str>, Kind, &'a str)>,
}

impl<'a> Bindings<'a> {
    fn note(&mut self, kind: Kind, name: &'a str) {
        self.found.insert((self.scope.clone(), kind, name));
    }

    fn inside(&mut self, scope: &'a str, visit: impl FnOnce(&mut Self)) {
        self.scope.push(scope);
        visit(self);
        self.scope.pop();
    }
}

impl<'a> Visitor<'a> for Bindings<'a> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::FunctionDef(function) => {
                self.note(Kind::Bound, &function.name);
                self.inside(&function.name, |inner| walk_stmt(inner, statement));
            }
            Stmt::ClassDef(class) => {
                self.note(Kind::Bound, &class.name);
                self.inside(&class.name, |inner| walk_stmt(inner, statement));
            }
            Stmt::Global(names) => {
                for name in &names.names {
                    self.note(Kind::Global, name);
                }
            }
            Stmt::Nonlocal(names) => {
                for name in &names.names {
                    self.note(Kind::Nonlocal, name);
                }
            }
            Stmt::For(r#loop) if r#loop.is_async => {
                self.note(Kind::Awaits, "");
                walk_stmt(self, statement);
            }
            Stmt::With(with) if with.is_async => {
                self.note(Kind::Awaits, "");
                walk_stmt(self, statement);
            }
            _ => walk_stmt(self, statement),
        }
    }

    fn visit_expr(&mut self, expression: &'a Expr) {
        match expression {
            Expr::Name(name) if name.ctx != ExprContext::Load => self.note(Kind::Bound, &name.id),
            Expr::Yield(_) | Expr::YieldFrom(_) => {
                self.note(Kind::Yields, "");
                walk_expr(self, expression);
            }
            Expr::Await(_) => {
                self.note(Kind::Awaits, "");
                walk_expr(self, expression);
            }
            Expr::Lambda(_)
            | Expr::ListComp(_)
            | Expr::SetComp(_)
            | Expr::DictComp(_)
            | Expr::Generator(_) => self.inside("<>", |inner| walk_expr(inner, expression)),
            _ => walk_expr(self, expression),
        }
    }

    fn visit_comprehension(&mut self, comprehension: &'a Comprehension) {
        if comprehension.is_async {
            self.note(Kind::Awaits, "");
        }
        walk_comprehension(self, comprehension);
    }

    fn visit_parameter(&mut self, parameter: &'a Parameter) {
        self.note(Kind::Bound, &parameter.name);
    }

    fn visit_alias(&mut self, alias: &'a Alias) {
        let name = alias.asname.as_ref().unwrap_or(&alias.name);
        let bound = name.split('.').next().unwrap_or(name);
        self.note(Kind::Bound, bound);
    }

    fn visit_except_handler(&mut self, handler: &'a ExceptHandler) {
        let ExceptHandler::ExceptHandler(one) = handler;
        if let Some(name) = &one.name {
            self.note(Kind::Bound, name);
        }
        walk_except_handler(self, handler);
    }

    fn visit_pattern(&mut self, pattern: &'a Pattern) {
        let name = match pattern {
            Pattern::MatchAs(capture) => capture.name.as_ref(),
            Pattern::MatchStar(capture) => capture.name.as_ref(),
            Pattern::MatchMapping(mapping) => mapping.rest.as_ref(),
            _ => None,
        };
        if let Some(name) = name {
            self.note(Kind::Bound, name);
        }
        walk_pattern(self, pattern);
    }
}
