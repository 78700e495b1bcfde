//! Functions and classes as regions of lines.

use ruff_python_ast::{Identifier, MatchCase, Stmt};
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
    /// One more than the decisions in it, without those of the functions inside it. A class has none
    /// of its own: 1.
    pub complexity: u32,
}

/// A module's functions and classes, each in the order in which they begin.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Regions {
    /// The functions and methods.
    pub functions: Vec<Region>,
    /// The classes.
    pub classes: Vec<Region>,
    /// The complexity of the code that is in no function; 0 if nobody knows the functions.
    pub outside_complexity: u32,
}

pub(crate) fn find_regions(body: &[Stmt], lines: &LogicalLines<'_>) -> Regions {
    let mut search = Search {
        lines,
        found: Regions {
            outside_complexity: 1,
            ..Regions::default()
        },
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
            let decisions = decisions(statement);
            *self.complexity() += decisions;
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
        if let Some(outer) = self.innermost_function() {
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

    /// The innermost function of where the search is, by its index.
    fn innermost_function(&self) -> Option<usize> {
        self.context.iter().rev().find_map(|context| match context {
            Context::Function(function) => Some(*function),
            Context::Class(_) => None,
        })
    }

    /// What the decisions of where the search is are added to.
    fn complexity(&mut self) -> &mut u32 {
        match self.innermost_function() {
            Some(function) => &mut self.found.functions[function].complexity,
            None => &mut self.found.outside_complexity,
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
        Region {
            name,
            start,
            lines,
            complexity: 1,
        }
    }
}

/// How many more ways through the code there are with a statement than without it: the cyclomatic
/// count, of statements alone.
fn decisions(statement: &Stmt) -> u32 {
    let count = match statement {
        Stmt::If(choice) => {
            let clauses = &choice.elif_else_clauses;
            1 + clauses
                .iter()
                .filter(|clause| clause.test.is_some())
                .count()
        }
        Stmt::For(_) | Stmt::While(_) => 1,
        Stmt::Try(attempt) => attempt.handlers.len(),
        Stmt::Match(choice) => {
            let takes_all =
                |case: &MatchCase| case.guard.is_none() && case.pattern.is_irrefutable();
            let all = choice.cases.iter();
            all.filter(|case| !takes_all(case)).count()
        }
        _ => 0,
    };
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use swath_model::PythonVersion;

    use crate::{ExclusionRules, analyze_text_regions};

    #[test]
    fn decisions_belong_to_the_innermost_function() {
        let source = "\
if DEBUG:
    LEVEL = 1


def plain():
    return 1


def outer(items):
    for item in items:
        while item:
            item -= 1
    else:
        pass

    def inner(a):
        try:
            return 1 / a
        except ZeroDivisionError:
            return 0
        except TypeError:
            return 1

    return inner


class Cart:
    if WIDE:
        width = 2

    def total(self, kind):
        if kind == 1:
            return 1
        elif kind == 2:
            return 2
        else:
            pass
        match kind:
            case 3:
                return 3
            case other if other > 4:
                return 4
            case _:
                return 5
";
        let version = PythonVersion::new(3, 12);
        let analysis = analyze_text_regions(source, version, &ExclusionRules::default());
        let regions = &analysis.regions;
        let found: Vec<(&str, u32)> = regions
            .functions
            .iter()
            .map(|function| (function.name.as_str(), function.complexity))
            .collect();
        assert_eq!(
            found,
            [
                ("plain", 1),
                ("outer", 3),
                ("outer.inner", 3),
                ("Cart.total", 5)
            ]
        );
        assert_eq!(regions.outside_complexity, 3);
    }
}
