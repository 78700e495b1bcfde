//! Functions and classes as regions of lines.

use ruff_python_ast::{Identifier, Stmt};
use ruff_text_size::Ranged;

use crate::LineSet;
use crate::exclusions::{definition_start, last_line};
use crate::logical_lines::LogicalLines;
use crate::suites::for_each_suite;

/// The lines that belong to a function or a class, and to no other inside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Region {
    /// The dotted name, such as `Class.method`.
    pub name: String,
    /// The line of the `def` or `class`.
    pub start: u32,
    /// All lines, those without statements too. A class has the lines of its methods.
    pub lines: LineSet,
}

/// A module's functions and classes, each in the order in which they begin.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Regions {
    /// The functions and methods.
    pub functions: Vec<Region>,
    /// The classes.
    pub classes: Vec<Region>,
}

pub(crate) fn find_regions(body: &[Stmt], lines: &LogicalLines<'_>) -> Regions {
    let mut search = Search {
        lines,
        found: Regions::default(),
        context: Vec::new(),
    };
    search.suite(body);
    search.found
}

/// An enclosing definition: its index in its list.
#[derive(Clone, Copy)]
enum Context {
    Function(usize),
    Class(usize),
}

struct Search<'a, 's> {
    lines: &'a LogicalLines<'s>,
    found: Regions,
    context: Vec<Context>,
}

impl Search<'_, '_> {
    fn suite(&mut self, body: &[Stmt]) {
        for statement in body {
            match statement {
                Stmt::FunctionDef(function) => self.function(&function.name, &function.body),
                Stmt::ClassDef(class) => self.class(&class.name, &class.body),
                _ => for_each_suite(statement, |suite| self.suite(suite)),
            }
        }
    }

    fn function(&mut self, name: &Identifier, body: &[Stmt]) {
        let (Some(first), Some(last)) = (body.first(), body.last()) else {
            return;
        };
        let first = self.lines.physical(definition_start(first));
        let last = last_line(self.lines, last.end());
        let mut lines = LineSet::new();
        lines.insert_range(first, last);
        if let Some(&Context::Class(class)) = self.context.last() {
            self.found.classes[class].lines.union_with(&lines);
        }
        let outer = self.context.iter().rev().find_map(|context| match context {
            Context::Function(function) => Some(*function),
            Context::Class(_) => None,
        });
        if let Some(outer) = outer {
            self.found.functions[outer].lines.subtract(&lines);
        }
        let region = self.region(name, lines);
        self.found.functions.push(region);
        self.context
            .push(Context::Function(self.found.functions.len() - 1));
        self.suite(body);
        self.context.pop();
    }

    fn class(&mut self, name: &Identifier, body: &[Stmt]) {
        let region = self.region(name, LineSet::new());
        self.found.classes.push(region);
        let class = self.found.classes.len() - 1;
        self.context.push(Context::Class(class));
        self.suite(body);
        self.context.pop();
        let lines = self.found.classes[class].lines.clone();
        for context in &self.context {
            if let Context::Class(outer) = *context {
                self.found.classes[outer].lines.subtract(&lines);
            }
        }
    }

    fn region(&self, name: &Identifier, lines: LineSet) -> Region {
        let outer = self.context.last().map(|context| match *context {
            Context::Function(function) => self.found.functions[function].name.as_str(),
            Context::Class(class) => self.found.classes[class].name.as_str(),
        });
        let start = self.lines.logical(name.start());
        let name = match outer {
            Some(outer) => format!("{outer}.{name}"),
            None => name.to_string(),
        };
        Region { name, start, lines }
    }
}
