//! Code that CPython has for annotations, and that coverage.py leaves out by its name.

use ruff_python_ast::Stmt;
use ruff_python_parser::Parsed;
use ruff_text_size::Ranged as _;
use swath_model::PythonVersion;

use crate::LineSet;
use crate::logical_lines::LogicalLines;
use crate::source::decode_source;
use crate::suites::for_each_suite;
use crate::syntax::with_module;

/// The logical lines on which only code of deferred annotations may be: from 3.14 on those of annotated
/// assignments, and what definitions named `__annotate__` hold.
/// Empty where the source cannot be parsed.
#[must_use]
pub fn annotation_lines(source: &[u8], version: PythonVersion) -> LineSet {
    let Ok(text) = decode_source(source) else {
        return LineSet::new();
    };
    let walk = |parsed: &Parsed<_>| {
        let mut search = Search {
            lines: &LogicalLines::new(&text, parsed.tokens()),
            are_deferred: version >= PythonVersion::new(3, 14),
            found: LineSet::new(),
        };
        search.suite(parsed.suite());
        Ok(search.found)
    };
    with_module(&text, version, walk).unwrap_or_default()
}

struct Search<'a> {
    lines: &'a LogicalLines<'a>,
    are_deferred: bool,
    found: LineSet,
}

impl Search<'_> {
    fn suite(&mut self, suite: &[Stmt]) {
        for statement in suite {
            match statement {
                Stmt::AnnAssign(assignment) if self.are_deferred => {
                    self.found.insert(self.lines.logical(assignment.start()));
                }
                Stmt::FunctionDef(function) if &function.name == "__annotate__" => {
                    self.whole(&function.body);
                }
                Stmt::ClassDef(class) if &class.name == "__annotate__" => self.whole(&class.body),
                _ => for_each_suite(statement, |suite| self.suite(suite)),
            }
        }
    }

    fn whole(&mut self, suite: &[Stmt]) {
        let (Some(first), Some(last)) = (suite.first(), suite.last()) else {
            return;
        };
        let lines = self.lines.physical(first.start())..=self.lines.physical(last.end());
        for line in lines {
            self.found.insert(self.lines.first_line(line));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn assignments_and_what_is_called_annotate() {
        let source = b"\
x: int
y: (
    str
) = 1
class C:
    z: int = 2
    def __annotate__(format):
        try:
            return {}
        finally:
            pass
    def other(a: int, b: str = 'c') -> int:
        return a
";
        let lines = annotation_lines(source, PythonVersion::new(3, 14));
        assert_eq!(lines.iter().collect::<Vec<_>>(), [1, 2, 6, 8, 9, 10, 11]);
        let lines = annotation_lines(source, PythonVersion::new(3, 13));
        assert_eq!(lines.iter().collect::<Vec<_>>(), [8, 9, 10, 11]);
        let broken = annotation_lines(b"x: int\n(\n", PythonVersion::new(3, 14));
        assert!(broken.is_empty());
    }
}
