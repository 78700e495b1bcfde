//! The arcs of each kind of statement.

use ruff_python_ast::{
    Decorator, ElifElseClause, ExceptHandler, Expr, Identifier, Stmt, StmtFor, StmtIf, StmtMatch,
    StmtTry, StmtWhile, StmtWith,
};

use super::{Builder, Goal, WayOut, Ways, constant};
use crate::exclusions::matches_everything;

impl<'a> Builder<'a> {
    /// Adds the arcs of a statement entered at `here`; says whether control can reach `ways.next`.
    pub(super) fn statement(&mut self, statement: &'a Stmt, here: i32, ways: Ways) -> bool {
        match statement {
            Stmt::FunctionDef(function) => {
                self.definition(&function.decorator_list, &function.name, ways)
            }
            Stmt::ClassDef(class) => self.definition(&class.decorator_list, &class.name, ways),
            Stmt::Return(_) => self.leave(here, ways.return_to),
            Stmt::Raise(_) => self.raise(here, ways.raise_to),
            Stmt::Continue(_) => self.leave(here, ways.continue_to),
            Stmt::Break(_) => self.break_loop(here, ways.break_to),
            Stmt::If(choice) => self.choice(here, choice, ways),
            Stmt::For(each) => self.for_loop(here, each, ways),
            Stmt::While(cycle) => self.while_loop(here, cycle, ways),
            Stmt::With(with) if self.is_old => self.suite(here, &with.body, ways),
            Stmt::With(with) => self.with(here, with, ways),
            Stmt::Try(attempt) => self.attempt(here, attempt, ways),
            Stmt::Match(choice) => self.match_statement(here, choice, ways),
            _ => {
                self.go(here, ways.next);
                true
            }
        }
    }

    fn leave(&mut self, here: i32, goal: Option<Goal>) -> bool {
        self.go(here, goal);
        false
    }

    fn raise(&mut self, here: i32, goal: Option<Goal>) -> bool {
        if let (Some(goal), WayOut::Return(name)) = (goal, &self.scope)
            && goal.line < 0
        {
            let way = WayOut::Raise(name.clone());
            self.ways_out.entry((here, goal.line)).or_insert(way);
        }
        self.leave(here, goal)
    }

    fn break_loop(&mut self, here: i32, goal: Option<Goal>) -> bool {
        if let Some(left) = self.loops_left.last_mut() {
            *left = true;
        }
        let is_one_line_with = u32::try_from(here).is_ok_and(|line| self.with_lines.contains(line));
        match goal {
            // coverage.py takes `with a: break` for the way out of the `with`, and hides it.
            Some(goal) if is_one_line_with => {
                self.with_jumps.insert((here, goal.line), None);
                false
            }
            _ => self.leave(here, goal),
        }
    }

    /// Each decorator leads to the next, the last one to the `def` or `class`.
    fn definition(
        &mut self,
        decorators: &'a [Decorator],
        name: &'a Identifier,
        ways: Ways,
    ) -> bool {
        let line = self.line_of(name);
        let mut previous = None;
        for decorator in decorators {
            let here = self.line_of(&decorator.expression);
            if let Some(previous) = previous {
                self.add(previous, here);
            }
            previous = Some(here);
        }
        if let Some(previous) = previous {
            self.add(previous, line);
        }
        self.go(line, ways.next);
        true
    }

    fn choice(&mut self, here: i32, choice: &'a StmtIf, ways: Ways) -> bool {
        self.clauses(
            here,
            Some(&choice.test),
            &choice.body,
            &choice.elif_else_clauses,
            ways,
        )
    }

    /// A test with its suite, and the clauses after it.
    pub(super) fn clauses(
        &mut self,
        here: i32,
        test: Option<&'a Expr>,
        body: &'a [Stmt],
        rest: &'a [ElifElseClause],
        ways: Ways,
    ) -> bool {
        let (mut here, mut test, mut body) = (here, test, body);
        let mut completes = false;
        for index in 0..=rest.len() {
            let Some(value) = test.map(constant) else {
                return completes | self.suite(here, body, ways);
            };
            if value != Some(false) {
                completes |= self.suite(here, body, ways);
            }
            if value == Some(true) {
                return completes;
            }
            let Some(clause) = rest.get(index) else { break };
            if clause.test.is_some() {
                let line = self.line_of(clause);
                if !self.is_executable(line) {
                    return completes | self.vanished_clauses(here, &rest[index..], ways);
                }
                self.add(here, line);
                here = line;
            }
            test = clause.test.as_ref();
            body = &clause.body;
        }
        self.go(here, ways.next);
        true
    }

    fn vanished_clauses(&mut self, here: i32, clauses: &'a [ElifElseClause], ways: Ways) -> bool {
        let steps = if self.is_old {
            self.clause_steps(clauses)
        } else {
            Vec::new()
        };
        let Some(first) = steps.first() else {
            self.go(here, ways.next);
            return true;
        };
        self.add(here, first.line());
        self.run_steps(&steps, ways)
    }

    fn for_loop(&mut self, here: i32, each: &'a StmtFor, ways: Ways) -> bool {
        let is_left = self.loop_body(here, here, &each.body, ways);
        if each.orelse.is_empty() {
            self.go(here, ways.next);
            return true;
        }
        self.suite(here, &each.orelse, ways) | is_left
    }

    fn while_loop(&mut self, here: i32, cycle: &'a StmtWhile, ways: Ways) -> bool {
        let is_constant = constant(&cycle.test).is_some();
        let top = match cycle.body.first() {
            Some(first) if self.is_old && is_constant => self.entry(first),
            _ => here,
        };
        let is_left = self.loop_body(here, top, &cycle.body, ways);
        if !cycle.orelse.is_empty() {
            self.suite(here, &cycle.orelse, ways) | is_left
        } else if is_constant {
            is_left
        } else {
            self.go(here, ways.next);
            true
        }
    }

    fn with(&mut self, here: i32, with: &'a StmtWith, ways: Ways) -> bool {
        if let Ok(line) = u32::try_from(here) {
            self.with_lines.insert(line);
        }
        let exit = match ways.next {
            Some(next) => Goal {
                line: here,
                landing: next.landing,
                leaves_with: true,
                is_outermost: !next.leaves_with,
            },
            None => Goal::plain(here),
        };
        let completes = self.suite(
            here,
            &with.body,
            Ways {
                next: Some(exit),
                ..ways
            },
        );
        if completes && let Some(next) = ways.next {
            // A suite on the `with`'s own line leaves no trace of its end, so there the way on stays.
            if !self.with_jumps.contains_key(&(here, here)) {
                self.with_jumps.insert((here, next.line), None);
            } else if next.leaves_with {
                self.with_jumps
                    .insert((here, next.line), Some((here, next.landing)));
            }
        }
        completes
    }

    fn attempt(&mut self, here: i32, attempt: &'a StmtTry, ways: Ways) -> bool {
        let final_entry = self.suite_entry(&attempt.finalbody);
        let after = final_entry.map(Goal::plain).or(ways.next);
        let handler_line = |builder: &Self, handler: &ExceptHandler| builder.line_of(handler);
        let else_entry = self.suite_entry(&attempt.orelse);
        let body_ways = Ways {
            next: else_entry.map(Goal::plain).or(after),
            raise_to: attempt
                .handlers
                .first()
                .map(|handler| Goal::plain(handler_line(self, handler))),
            ..ways
        };
        let mut completes = self.suite(here, &attempt.body, body_ways);
        // A raise that a `finally` delays leads nowhere.
        let raise_to = if attempt.finalbody.is_empty() {
            ways.raise_to
        } else {
            None
        };
        let rest = Ways {
            next: after,
            raise_to,
            ..ways
        };
        if else_entry.is_some() {
            completes = self.run(&attempt.orelse, rest);
        }
        for handler in &attempt.handlers {
            let line = handler_line(self, handler);
            let ExceptHandler::ExceptHandler(handler) = handler;
            completes |= self.suite(line, &handler.body, rest);
        }
        if final_entry.is_some() {
            let next = if completes { ways.next } else { None };
            completes &= self.run(&attempt.finalbody, Ways { next, ..ways });
        }
        completes
    }

    fn match_statement(&mut self, here: i32, choice: &'a StmtMatch, ways: Ways) -> bool {
        let mut completes = false;
        let mut previous = here;
        for case in &choice.cases {
            let line = self.line_of(&case.pattern);
            self.add(previous, line);
            completes |= self.suite(line, &case.body, ways);
            previous = line;
        }
        let catches_all = choice
            .cases
            .last()
            .is_some_and(|case| case.guard.is_none() && matches_everything(&case.pattern));
        if !catches_all {
            self.go(previous, ways.next);
            completes = true;
        }
        completes
    }
}
