//! The steps of a suite, and what 3.8 and 3.9 do to statements that leave no code.

use ruff_python_ast::{ElifElseClause, Stmt, StmtWhile};

use super::{Builder, Goal, Ways};

/// A part of a suite that has code.
pub(super) enum Step<'a> {
    /// A statement and its entry.
    Statement(&'a Stmt, i32),
    /// A `while` whose constant test left no code: a loop that begins with its first statement.
    VanishedLoop(&'a StmtWhile, i32),
    /// An `elif` and what follows it, after tests that left no code.
    Clauses(&'a ElifElseClause, &'a [ElifElseClause], i32),
}

impl Step<'_> {
    pub(super) fn line(&self) -> i32 {
        match *self {
            Self::Statement(_, line) | Self::VanishedLoop(_, line) | Self::Clauses(_, _, line) => {
                line
            }
        }
    }
}

impl<'a> Builder<'a> {
    /// The statements of a suite that have code. Before 3.10 an `if` without code dissolves into its surviving suite.
    pub(super) fn steps<'b>(&self, body: &'b [Stmt]) -> Vec<Step<'b>> {
        let mut steps = Vec::with_capacity(body.len());
        self.add_steps(body, &mut steps);
        steps
    }

    fn add_steps<'b>(&self, body: &'b [Stmt], steps: &mut Vec<Step<'b>>) {
        for statement in body {
            let line = self.entry(statement);
            if self.is_executable(line) {
                steps.push(Step::Statement(statement, line));
            } else if self.is_old {
                self.add_vanished(statement, steps);
            }
        }
    }

    fn add_vanished<'b>(&self, statement: &'b Stmt, steps: &mut Vec<Step<'b>>) {
        match statement {
            Stmt::If(choice) => {
                let before = steps.len();
                self.add_steps(&choice.body, steps);
                if steps.len() == before {
                    self.add_clauses(&choice.elif_else_clauses, steps);
                }
            }
            Stmt::While(cycle) => {
                if let Some(first) = self.steps(&cycle.body).first() {
                    steps.push(Step::VanishedLoop(cycle, first.line()));
                }
            }
            _ => {}
        }
    }

    /// What is left of the clauses after the first test, where those tests have no code.
    pub(super) fn add_clauses<'b>(&self, clauses: &'b [ElifElseClause], steps: &mut Vec<Step<'b>>) {
        let before = steps.len();
        for (index, clause) in clauses.iter().enumerate() {
            let line = self.line_of(clause);
            if clause.test.is_some() && self.is_executable(line) {
                steps.push(Step::Clauses(clause, &clauses[index + 1..], line));
            } else {
                self.add_steps(&clause.body, steps);
            }
            if steps.len() > before {
                return;
            }
        }
    }

    pub(super) fn vanished_loop(&mut self, cycle: &'a StmtWhile, line: i32, ways: Ways) -> bool {
        self.loops_left.push(false);
        let again = Some(Goal::plain(line));
        self.run(
            &cycle.body,
            Ways {
                next: again,
                continue_to: again,
                break_to: ways.next,
                ..ways
            },
        );
        self.loops_left.pop().unwrap_or(false)
    }
}
