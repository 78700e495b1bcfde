//! The line-to-line arcs that control can take, as coverage.py models them.
//!
//! Each statement is told where control goes next and adds its own arcs; the answer is whether control can leave
//! it that way. Leaving a `with` goes through its first line; coverage.py hides that step, in the possible arcs and
//! in the measured ones.

mod legacy;
mod statements;

use std::fmt;
use std::sync::Arc as Shared;

use ruff_python_ast::{Expr, Stmt};
use ruff_text_size::Ranged;
use rustc_hash::FxHashMap;
use swath_model::Arc;
use swath_pattern::python_repr;

use crate::LineSet;
use crate::logical_lines::LogicalLines;
use crate::suites::for_each_suite;
use legacy::Step;

/// How control leaves a code object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WayOut {
    /// The module's end.
    Module,
    /// The end of the body of the class of that name.
    Class(Shared<str>),
    /// The end of the function of that name, or a `return`.
    Return(Shared<str>),
    /// A `raise` in the function of that name.
    Raise(Shared<str>),
}

/// In coverage.py's words.
impl fmt::Display for WayOut {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (words, name) = match self {
            Self::Module => return formatter.write_str("exit the module"),
            Self::Class(name) => ("exit class", name),
            Self::Return(name) => ("return from function", name),
            Self::Raise(name) => ("except from function", name),
        };
        write!(formatter, "{words} {}", python_repr(name))
    }
}

/// The arcs of a module.
pub(crate) struct ModuleArcs {
    /// Sorted, each once.
    pub(crate) arcs: Vec<Arc>,
    /// Measured arcs that go through a `with` on the way out, and what takes their place, if anything.
    pub(crate) with_jumps: Vec<(Arc, Option<Arc>)>,
    /// How the arcs that leave a code object do so, but for those through the end of a `with`: of
    /// lines with several arcs, sorted.
    pub(crate) ways_out: Vec<(Arc, WayOut)>,
}

/// Whether the arcs of a version are those of the Pythons before 3.10.
pub(crate) fn has_old_arcs(minor: u8) -> bool {
    minor < 10
}

/// Finds the arcs; `executable` are the logical lines with bytecode.
pub(crate) fn find_arcs(
    body: &[Stmt],
    lines: &LogicalLines<'_>,
    executable: &LineSet,
    minor: u8,
) -> ModuleArcs {
    let mut builder = Builder {
        lines,
        executable,
        is_old: has_old_arcs(minor),
        arcs: Vec::new(),
        with_jumps: FxHashMap::default(),
        with_lines: LineSet::new(),
        loops_left: Vec::new(),
        ways_out: FxHashMap::default(),
        scope: WayOut::Module,
    };
    builder.module(body);
    builder.arcs.sort_unstable();
    builder.arcs.dedup();
    let mut with_jumps: Vec<_> = builder.with_jumps.into_iter().collect();
    with_jumps.sort_unstable();
    let arcs = builder.arcs;
    let mut ways_out: Vec<_> = builder.ways_out.into_iter().collect();
    ways_out.retain(|((from, _), _)| {
        let first = arcs.partition_point(|arc| arc.0 < *from);
        arcs.get(first + 1).is_some_and(|arc| arc.0 == *from)
    });
    ways_out.sort_unstable_by_key(|(arc, _)| *arc);
    ModuleArcs {
        arcs,
        with_jumps,
        ways_out,
    }
}

/// Where control goes.
#[derive(Clone, Copy)]
struct Goal {
    /// The line that it reaches next.
    line: i32,
    /// The line that it reaches when the ways out of `with`s are skipped.
    landing: i32,
    /// The next line is a `with` that is being left.
    leaves_with: bool,
    /// That `with` is left for the way out of the code object itself, not for another `with`.
    is_outermost: bool,
}

impl Goal {
    const fn plain(line: i32) -> Self {
        Self {
            line,
            landing: line,
            leaves_with: false,
            is_outermost: false,
        }
    }
}

/// Where control can go from a statement; `None` where that leads to no arc.
#[derive(Clone, Copy)]
struct Ways {
    next: Option<Goal>,
    break_to: Option<Goal>,
    continue_to: Option<Goal>,
    return_to: Option<Goal>,
    raise_to: Option<Goal>,
}

impl Ways {
    /// The ways inside a code object that has no way out but its end.
    const fn only_next(goal: Goal) -> Self {
        Self {
            next: Some(goal),
            break_to: None,
            continue_to: None,
            return_to: None,
            raise_to: None,
        }
    }
}

struct Builder<'a> {
    lines: &'a LogicalLines<'a>,
    executable: &'a LineSet,
    is_old: bool,
    arcs: Vec<Arc>,
    with_jumps: FxHashMap<Arc, Option<Arc>>,
    with_lines: LineSet,
    /// For each enclosing loop whether a `break` leaves it.
    loops_left: Vec<bool>,
    ways_out: FxHashMap<Arc, WayOut>,
    /// How the end of the code object at hand leaves it.
    scope: WayOut,
}

fn signed(line: u32) -> i32 {
    i32::try_from(line).unwrap_or(i32::MAX)
}

impl<'a> Builder<'a> {
    fn line_of(&self, node: &impl Ranged) -> i32 {
        signed(self.lines.logical(node.start()))
    }

    /// The line at which control enters a statement: for a definition that of its first decorator.
    fn entry(&self, statement: &Stmt) -> i32 {
        let (decorators, name) = match statement {
            Stmt::FunctionDef(function) => (&function.decorator_list, &function.name),
            Stmt::ClassDef(class) => (&class.decorator_list, &class.name),
            _ => return self.line_of(statement),
        };
        match decorators.first() {
            Some(decorator) => self.line_of(&decorator.expression),
            None => self.line_of(name),
        }
    }

    fn is_executable(&self, line: i32) -> bool {
        u32::try_from(line).is_ok_and(|line| self.executable.contains(line))
    }

    fn add(&mut self, from: i32, to: i32) {
        if from != to {
            self.arcs.push((from, to));
        }
    }

    fn go(&mut self, from: i32, goal: Option<Goal>) {
        let Some(goal) = goal else { return };
        if goal.leaves_with {
            self.with_jumps
                .entry((from, goal.line))
                .or_insert(Some((from, goal.landing)));
        }
        self.add(from, goal.landing);
        // A `with` hides how it is left, unless its suite is on its own line.
        let is_told = !goal.leaves_with || (goal.is_outermost && from == goal.line);
        if goal.landing < 0 && is_told {
            let way = || self.scope.clone();
            self.ways_out
                .entry((from, goal.landing))
                .or_insert_with(way);
        }
    }

    /// The entry of the first statement of a suite that has code.
    fn suite_entry(&self, body: &[Stmt]) -> Option<i32> {
        if self.is_old {
            return self.steps(body).first().map(Step::line);
        }
        body.iter()
            .map(|statement| self.entry(statement))
            .find(|&line| self.is_executable(line))
    }

    /// Control enters a suite from a line; says whether it can reach `ways.next`.
    fn suite(&mut self, from: i32, body: &'a [Stmt], ways: Ways) -> bool {
        let Some(entry) = self.suite_entry(body) else {
            self.go(from, ways.next);
            return true;
        };
        self.add(from, entry);
        self.run(body, ways)
    }

    /// Control is in a suite already; says whether it can reach `ways.next`.
    fn run(&mut self, body: &'a [Stmt], ways: Ways) -> bool {
        let steps = self.steps(body);
        self.run_steps(&steps, ways)
    }

    fn run_steps(&mut self, steps: &[Step<'a>], ways: Ways) -> bool {
        let mut completes = false;
        for (index, step) in steps.iter().enumerate() {
            let next = match steps.get(index + 1) {
                Some(next) => Some(Goal::plain(next.line())),
                None => ways.next,
            };
            completes = self.step(step, Ways { next, ..ways });
        }
        completes
    }

    fn step(&mut self, step: &Step<'a>, ways: Ways) -> bool {
        match step {
            &Step::Statement(statement, line) => self.statement(statement, line, ways),
            &Step::Passage(line) => {
                self.go(line, ways.next);
                true
            }
            Step::VanishedLoop(body, line, top) => self.vanished_loop(body, *line, *top, ways),
            &Step::Clauses(clause, rest, line) => {
                self.clauses(line, clause.test.as_ref(), &clause.body, rest, ways)
            }
        }
    }

    /// The suite of a loop that begins at `top`; says whether a `break` leaves it.
    fn loop_body(&mut self, from: i32, top: i32, body: &'a [Stmt], ways: Ways) -> bool {
        self.loops_left.push(false);
        let again = Some(Goal::plain(top));
        self.suite(
            from,
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

    fn module(&mut self, body: &'a [Stmt]) {
        let start = match body.first() {
            Some(first) if self.is_old => self.entry(first),
            _ => signed(self.lines.first_line(1)),
        };
        if body.is_empty() {
            self.add(start, -start);
        } else {
            self.run(body, Ways::only_next(Goal::plain(-start)));
        }
        self.nested_code(body);
    }

    /// The code objects inside a suite, each on its own.
    fn nested_code(&mut self, body: &'a [Stmt]) {
        for statement in body {
            match statement {
                Stmt::FunctionDef(function) => {
                    self.scope = WayOut::Return(function.name.as_str().into());
                    let exit = Some(Goal::plain(-self.entry(statement)));
                    let ways = Ways {
                        next: exit,
                        break_to: None,
                        continue_to: None,
                        return_to: exit,
                        raise_to: exit,
                    };
                    self.run(&function.body, ways);
                }
                Stmt::ClassDef(class) => {
                    self.scope = WayOut::Class(class.name.as_str().into());
                    let exit = Goal::plain(-self.entry(statement));
                    self.run(&class.body, Ways::only_next(exit));
                }
                _ => {}
            }
            for_each_suite(statement, |suite| self.nested_code(suite));
        }
    }
}

/// Whether the test decides itself, in coverage.py's eyes.
fn constant(test: &Expr) -> Option<bool> {
    crate::constants::constant_test(test)
}
