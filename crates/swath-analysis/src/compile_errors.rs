//! What CPython's compiler refuses in a source that its grammar accepts, as far as statements show it.

use ruff_python_ast::{ExceptHandler, Stmt, StmtImportFrom, StmtTry};
use ruff_text_size::{Ranged, TextSize};

use crate::suites::{for_each_suite, has_docstring};

/// The features that `from __future__` knows.
const FEATURES: &[&str] = &[
    "nested_scopes",
    "generators",
    "division",
    "absolute_import",
    "with_statement",
    "print_function",
    "unicode_literals",
    "barry_as_FLUFL",
    "generator_stop",
    "annotations",
];

const JUMP_FROM_EXCEPT_STAR: &str =
    "'break', 'continue' and 'return' cannot appear in an except* block";

/// What is wrong, and where.
pub(crate) struct CompileError {
    pub(crate) message: String,
    pub(crate) offset: TextSize,
}

/// The first error in a module.
pub(crate) fn first(body: &[Stmt], minor: u8) -> Option<CompileError> {
    let leading = usize::from(has_docstring(body));
    let futures = body
        .iter()
        .skip(leading)
        .take_while(|it| future_import(it).is_some())
        .count();
    for statement in body.iter().skip(leading).take(futures) {
        if let Some(error) = future_import(statement).and_then(unknown_feature) {
            return Some(error);
        }
    }
    let mut check = Check { minor, found: None };
    check.suite(&body[..leading], Place::default());
    check.suite(&body[leading + futures..], Place::default());
    check.found
}

fn future_import(statement: &Stmt) -> Option<&StmtImportFrom> {
    match statement {
        Stmt::ImportFrom(import) if import.level == 0 => import
            .module
            .as_ref()
            .filter(|module| module.as_str() == "__future__")
            .map(|_| import),
        _ => None,
    }
}

fn unknown_feature(import: &StmtImportFrom) -> Option<CompileError> {
    let name = import
        .names
        .iter()
        .map(|alias| alias.name.as_str())
        .find(|name| !FEATURES.contains(name))?;
    let message = match name {
        "braces" => "not a chance".to_owned(),
        _ => format!("future feature {name} is not defined"),
    };
    Some(CompileError {
        message,
        offset: import.start(),
    })
}

/// What encloses a statement.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a question of its own about the place"
)]
#[derive(Clone, Copy, Default)]
struct Place {
    in_function: bool,
    in_loop: bool,
    /// Inside an `except*` suite.
    in_except_star: bool,
    /// Inside an `except*` suite, with no loop between.
    leaves_except_star: bool,
}

struct Check {
    minor: u8,
    found: Option<CompileError>,
}

impl Check {
    fn suite(&mut self, body: &[Stmt], place: Place) {
        for statement in body {
            if self.found.is_some() {
                return;
            }
            self.statement(statement, place);
        }
    }

    fn statement(&mut self, statement: &Stmt, place: Place) {
        match statement {
            Stmt::Return(_) if !place.in_function => {
                self.refuse(statement, "'return' outside function");
            }
            Stmt::Break(_) | Stmt::Continue(_) if place.leaves_except_star => {
                self.refuse(statement, JUMP_FROM_EXCEPT_STAR);
            }
            Stmt::Return(_) if place.in_except_star => {
                self.refuse(statement, JUMP_FROM_EXCEPT_STAR);
            }
            Stmt::Break(_) if !place.in_loop => self.refuse(statement, "'break' outside loop"),
            Stmt::Continue(_) if !place.in_loop => {
                self.refuse(statement, "'continue' not properly in loop");
            }
            Stmt::ImportFrom(_) if future_import(statement).is_some() => {
                self.refuse(
                    statement,
                    "from __future__ imports must occur at the beginning of the file",
                );
            }
            // The parser does not see to this where `match` could have been a name.
            Stmt::Match(_) if self.minor < 10 => self.refuse(statement, "invalid syntax"),
            Stmt::FunctionDef(function) => {
                self.suite(
                    &function.body,
                    Place {
                        in_function: true,
                        ..Place::default()
                    },
                );
            }
            Stmt::ClassDef(class) => self.suite(&class.body, Place::default()),
            Stmt::For(each) => {
                self.suite(
                    &each.body,
                    Place {
                        in_loop: true,
                        leaves_except_star: false,
                        ..place
                    },
                );
                self.suite(&each.orelse, place);
            }
            Stmt::While(cycle) => {
                self.suite(
                    &cycle.body,
                    Place {
                        in_loop: true,
                        leaves_except_star: false,
                        ..place
                    },
                );
                self.suite(&cycle.orelse, place);
            }
            Stmt::Try(attempt) => self.attempt(attempt, place),
            _ => for_each_suite(statement, |suite| self.suite(suite, place)),
        }
    }

    fn attempt(&mut self, attempt: &StmtTry, place: Place) {
        self.suite(&attempt.body, place);
        let in_handler = Place {
            in_except_star: place.in_except_star || attempt.is_star,
            leaves_except_star: place.leaves_except_star || attempt.is_star,
            ..place
        };
        for (index, handler) in (1..).zip(&attempt.handlers) {
            let ExceptHandler::ExceptHandler(handler) = handler;
            if handler.type_.is_none() && index < attempt.handlers.len() && self.found.is_none() {
                let message = "default 'except:' must be last".to_owned();
                self.found = Some(CompileError {
                    message,
                    offset: handler.start(),
                });
            }
            self.suite(&handler.body, in_handler);
        }
        self.suite(&attempt.orelse, place);
        self.suite(&attempt.finalbody, place);
    }

    fn refuse(&mut self, statement: &Stmt, message: &str) {
        self.found = Some(CompileError {
            message: message.to_owned(),
            offset: statement.start(),
        });
    }
}

#[cfg(test)]
mod tests {
    use ruff_python_parser::parse_module;

    use super::*;

    #[track_caller]
    fn check(source: &str, expect: Option<&str>) {
        let parsed = parse_module(source).expect("the grammar accepts the test's source");
        assert_eq!(
            first(parsed.suite(), 13)
                .map(|error| error.message)
                .as_deref(),
            expect,
            "{source}"
        );
    }

    #[test]
    fn jumps_need_something_to_leave() {
        check(
            "def f():\n  return\nfor x in y:\n  if x: break\n  else: continue\n",
            None,
        );
        check("return\n", Some("'return' outside function"));
        check("class C:\n  return\n", Some("'return' outside function"));
        check(
            "for x in y:\n  pass\nelse:\n  break\n",
            Some("'break' outside loop"),
        );
        check(
            "for x in y:\n  def f():\n    continue\n",
            Some("'continue' not properly in loop"),
        );
        let jump = "'break', 'continue' and 'return' cannot appear in an except* block";
        check("for x in y:\n  try: pass\n  except* E: break\n", Some(jump));
        check("try: pass\nexcept* E:\n  for x in y: break\n", None);
        check(
            "try: pass\nexcept: pass\nexcept E: pass\n",
            Some("default 'except:' must be last"),
        );
    }

    #[test]
    fn future_imports_come_first_and_are_known() {
        check(
            "'doc'\nfrom __future__ import annotations\nfrom __future__ import division\nx\n",
            None,
        );
        check(
            "x\nfrom __future__ import division\n",
            Some("from __future__ imports must occur at the beginning of the file"),
        );
        check("from __future__ import braces\n", Some("not a chance"));
        check(
            "from __future__ import tea\n",
            Some("future feature tea is not defined"),
        );
        check("from .__future__ import tea\n", None);
    }
}
