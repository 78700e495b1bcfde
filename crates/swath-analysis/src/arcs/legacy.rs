//! The steps of a suite, and what 3.8 and 3.9 do to statements that leave no code.
//!
//! coverage.py puts what survives of them into lists, whose line is that of the first statement: for a decorated
//! definition its `def`, not its decorator. Those lines are steps of their own here.

use ruff_python_ast::{ElifElseClause, Stmt};

use super::{Builder, Goal, Ways, signed};
use crate::exclusions::definition_start;

/// A part of a suite that has code.
pub(super) enum Step<'a> {
    /// A statement and its entry.
    Statement(&'a Stmt, i32),
    /// A line that control passes on its way to the next step.
    Passage(i32),
    /// A `while` whose constant test left no code: a loop, its line, and that to which it goes back.
    VanishedLoop(Vec<Step<'a>>, i32, i32),
    /// An `elif` and what follows it, after tests that left no code.
    Clauses(&'a ElifElseClause, &'a [ElifElseClause], i32),
}

impl Step<'_> {
    pub(super) fn line(&self) -> i32 {
        match *self {
            Self::Statement(_, line)
            | Self::Passage(line)
            | Self::VanishedLoop(_, line, _)
            | Self::Clauses(_, _, line) => line,
        }
    }
}

/// What survives of a statement or a suite.
enum Survivor<'a> {
    Statement(&'a Stmt),
    Clauses(&'a ElifElseClause, &'a [ElifElseClause], i32),
    Loop(Vec<Survivor<'a>>, i32, i32),
    /// What is left, the line of the list, and that of its first statement, which may itself have no code.
    List(Vec<Survivor<'a>>, i32, i32),
}

impl<'a> Builder<'a> {
    /// The statements of a suite that have code. Before 3.10 an `if` without code dissolves into its surviving suite.
    pub(super) fn steps<'b>(&self, body: &'b [Stmt]) -> Vec<Step<'b>> {
        if !self.is_old {
            return self.executable_steps(body);
        }
        self.steps_of(self.survivors(body))
    }

    fn executable_steps<'b>(&self, body: &'b [Stmt]) -> Vec<Step<'b>> {
        let mut steps = Vec::with_capacity(body.len());
        for statement in body {
            let line = self.entry(statement);
            if self.is_executable(line) {
                steps.push(Step::Statement(statement, line));
            }
        }
        steps
    }

    /// What is left of the clauses after the first test, where those tests have no code.
    pub(super) fn clause_steps<'b>(&self, clauses: &'b [ElifElseClause]) -> Vec<Step<'b>> {
        self.steps_of(self.survivor_of_clauses(clauses).into_iter().collect())
    }

    fn steps_of<'b>(&self, survivors: Vec<Survivor<'b>>) -> Vec<Step<'b>> {
        let mut steps = Vec::with_capacity(survivors.len());
        self.add_steps(survivors, &mut steps);
        steps
    }

    fn add_steps<'b>(&self, survivors: Vec<Survivor<'b>>, steps: &mut Vec<Step<'b>>) {
        for survivor in survivors {
            match survivor {
                Survivor::Statement(statement) => {
                    steps.push(Step::Statement(statement, self.entry(statement)));
                }
                Survivor::Clauses(clause, rest, line) => {
                    steps.push(Step::Clauses(clause, rest, line));
                }
                Survivor::Loop(body, line, top) => {
                    steps.push(Step::VanishedLoop(self.steps_of(body), line, top));
                }
                Survivor::List(list, line, _) => {
                    let inner = self.steps_of(list);
                    if inner.first().is_none_or(|first| first.line() != line) {
                        steps.push(Step::Passage(line));
                    }
                    steps.extend(inner);
                }
            }
        }
    }

    fn survivors<'b>(&self, body: &'b [Stmt]) -> Vec<Survivor<'b>> {
        body.iter()
            .filter_map(|statement| self.survivor(statement))
            .collect()
    }

    fn survivor<'b>(&self, statement: &'b Stmt) -> Option<Survivor<'b>> {
        if self.is_executable(self.entry(statement)) {
            return Some(Survivor::Statement(statement));
        }
        match statement {
            Stmt::If(choice) => self
                .survivor_of_suite(&choice.body)
                .or_else(|| self.survivor_of_clauses(&choice.elif_else_clauses)),
            Stmt::While(cycle) => {
                let body = self.survivor_of_suite(&cycle.body)?;
                let line = self.line_of_survivor(&body);
                let (body, top) = self.body_of(body);
                Some(Survivor::Loop(body, line, top.unwrap_or(line)))
            }
            _ => None,
        }
    }

    /// A suite as a list if its first statement has code; else what survives, as a list if that is more than one.
    fn survivor_of_suite<'b>(&self, body: &'b [Stmt]) -> Option<Survivor<'b>> {
        let first = body.first()?;
        let line = self.definition_line(first);
        let mut survivors = self.survivors(body);
        if self.is_executable(line) {
            return Some(Survivor::List(survivors, line, self.entry(first)));
        }
        if survivors.len() < 2 {
            return survivors.pop();
        }
        let line = self.line_of_survivor(&survivors[0]);
        let top = self.entry_of_survivor(&survivors[0]);
        Some(Survivor::List(survivors, line, top))
    }

    fn survivor_of_clauses<'b>(&self, clauses: &'b [ElifElseClause]) -> Option<Survivor<'b>> {
        let (clause, rest) = clauses.split_first()?;
        let line = self.line_of(clause);
        if clause.test.is_none() {
            return self.survivor_of_suite(&clause.body);
        }
        if self.is_executable(line) {
            let clauses = Survivor::Clauses(clause, rest, line);
            return Some(Survivor::List(vec![clauses], line, line));
        }
        self.survivor_of_suite(&clause.body)
            .or_else(|| self.survivor_of_clauses(rest))
    }

    /// What coverage.py takes for the suite of a vanished loop, and the line of its first statement: where a single
    /// statement survives, that one's suite.
    fn body_of<'b>(&self, survivor: Survivor<'b>) -> (Vec<Survivor<'b>>, Option<i32>) {
        let suite = match survivor {
            Survivor::List(body, _, top) | Survivor::Loop(body, _, top) => {
                return (body, Some(top));
            }
            Survivor::Clauses(clause, _, _) => &clause.body,
            Survivor::Statement(statement) => match statement {
                Stmt::FunctionDef(it) => &it.body,
                Stmt::ClassDef(it) => &it.body,
                Stmt::If(it) => &it.body,
                Stmt::For(it) => &it.body,
                Stmt::While(it) => &it.body,
                Stmt::With(it) => &it.body,
                Stmt::Try(it) => &it.body,
                // coverage.py fails here.
                _ => return (vec![survivor], None),
            },
        };
        let top = suite.first().map(|first| self.entry(first));
        (self.survivors(suite), top)
    }

    fn entry_of_survivor(&self, survivor: &Survivor<'_>) -> i32 {
        match *survivor {
            Survivor::Statement(statement) => self.entry(statement),
            _ => self.line_of_survivor(survivor),
        }
    }

    fn line_of_survivor(&self, survivor: &Survivor<'_>) -> i32 {
        match *survivor {
            Survivor::Statement(statement) => self.definition_line(statement),
            Survivor::Clauses(_, _, line)
            | Survivor::Loop(_, line, _)
            | Survivor::List(_, line, _) => line,
        }
    }

    /// The line of a statement's own first word: `def`, not the decorator.
    pub(super) fn definition_line(&self, statement: &Stmt) -> i32 {
        signed(self.lines.logical(definition_start(statement)))
    }

    pub(super) fn vanished_loop(
        &mut self,
        body: &[Step<'a>],
        line: i32,
        top: i32,
        ways: Ways,
    ) -> bool {
        self.loops_left.push(false);
        self.add(line, body.first().map_or(top, Step::line));
        let again = Some(Goal::plain(top));
        self.run_steps(
            body,
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
