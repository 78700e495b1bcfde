//! Which statements may leave something behind that outlives the call: what is started or stored
//! once may serve everybody who comes later.

use std::collections::BTreeSet;

use ruff_python_ast::visitor::{Visitor, walk_stmt};
use ruff_python_ast::{Expr, Identifier, Stmt, StmtFunctionDef};
use ruff_text_size::{Ranged, TextSize};

/// What writes a log is called so.
const LOGGING: [&str; 8] = [
    "critical",
    "debug",
    "error",
    "exception",
    "info",
    "log",
    "print",
    "warning",
];

/// Where the statements of a function begin that may leave something behind: those that store into
/// what is not the function's own, that call for the effect, and loops without an end.
pub(super) fn leaving_statements(function: &StmtFunctionDef) -> Vec<TextSize> {
    let mut names = OwnNames::default();
    names.visit_body(&function.body);
    let own = names.fresh.difference(&names.other).copied().collect();
    let mut search = Search {
        own,
        found: Vec::new(),
    };
    search.visit_body(&function.body);
    search.found
}

/// The names of a function by what they are bound to.
#[derive(Default)]
struct OwnNames<'a> {
    /// To what a call or a display made: as a rule something new.
    fresh: BTreeSet<&'a str>,
    /// To anything else, be it somebody else's.
    other: BTreeSet<&'a str>,
}

impl<'a> Visitor<'a> for OwnNames<'a> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::FunctionDef(_) | Stmt::ClassDef(_) => return,
            Stmt::Assign(assign) => {
                let is_fresh = matches!(
                    &*assign.value,
                    Expr::Call(_)
                        | Expr::List(_)
                        | Expr::Dict(_)
                        | Expr::Set(_)
                        | Expr::ListComp(_)
                        | Expr::DictComp(_)
                        | Expr::SetComp(_)
                );
                for target in &assign.targets {
                    if let Expr::Name(name) = target {
                        let names = if is_fresh {
                            &mut self.fresh
                        } else {
                            &mut self.other
                        };
                        names.insert(&name.id);
                    }
                }
            }
            Stmt::Global(global) => self
                .other
                .extend(global.names.iter().map(Identifier::as_str)),
            Stmt::Nonlocal(outer) => self
                .other
                .extend(outer.names.iter().map(Identifier::as_str)),
            _ => {}
        }
        walk_stmt(self, statement);
    }
}

struct Search<'a> {
    /// Names of what the function made itself.
    own: BTreeSet<&'a str>,
    found: Vec<TextSize>,
}

impl Search<'_> {
    fn is_own(&self, expression: &Expr) -> bool {
        match expression {
            Expr::Name(name) => self.own.contains(name.id.as_str()),
            Expr::Attribute(part) => self.is_own(&part.value),
            Expr::Subscript(part) => self.is_own(&part.value),
            Expr::Call(call) => self.is_own(&call.func),
            _ => false,
        }
    }

    /// Whether something is stored into what is not the function's own.
    fn stores(&self, target: &Expr) -> bool {
        match target {
            Expr::Attribute(part) => !self.is_own(&part.value),
            Expr::Subscript(part) => !self.is_own(&part.value),
            Expr::Tuple(tuple) => tuple.elts.iter().any(|one| self.stores(one)),
            Expr::List(list) => list.elts.iter().any(|one| self.stores(one)),
            Expr::Starred(one) => self.stores(&one.value),
            _ => false,
        }
    }

    fn calls(&self, expression: &Expr) -> bool {
        match expression {
            Expr::Await(one) => self.calls(&one.value),
            Expr::Call(call) => {
                let name = match &*call.func {
                    Expr::Name(name) => name.id.as_str(),
                    Expr::Attribute(part) => part.attr.as_str(),
                    _ => "",
                };
                !LOGGING.contains(&name) && !self.is_own(&call.func)
            }
            _ => false,
        }
    }
}

impl<'a> Visitor<'a> for Search<'a> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        let leaves = match statement {
            Stmt::FunctionDef(_) | Stmt::ClassDef(_) => return,
            Stmt::Expr(one) => self.calls(&one.value),
            Stmt::Assign(assign) => assign.targets.iter().any(|target| self.stores(target)),
            Stmt::AugAssign(assign) => self.stores(&assign.target),
            Stmt::AnnAssign(assign) => self.stores(&assign.target),
            Stmt::Delete(delete) => delete.targets.iter().any(|target| self.stores(target)),
            Stmt::For(r#loop) => self.stores(&r#loop.target),
            Stmt::While(r#loop) => is_true(&r#loop.test),
            Stmt::Global(_) | Stmt::Nonlocal(_) => true,
            _ => false,
        };
        if leaves {
            self.found.push(statement.start());
        }
        walk_stmt(self, statement);
    }
}

fn is_true(test: &Expr) -> bool {
    match test {
        Expr::BooleanLiteral(one) => one.value,
        Expr::NumberLiteral(_) => true,
        _ => false,
    }
}
