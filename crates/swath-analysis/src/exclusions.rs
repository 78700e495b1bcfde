//! Excluded lines: the lines that match, then whole suites, then whole definitions and `case` clauses.

use ruff_python_ast::token::{Token, TokenKind};
use ruff_python_ast::visitor::{Visitor, walk_expr, walk_stmt};
use ruff_python_ast::{Decorator, Expr, Identifier, MatchCase, Pattern, Stmt};
use ruff_text_size::{Ranged, TextRange, TextSize};

use crate::LineSet;
use crate::logical_lines::{LineCursor, LogicalLines};
use crate::rules::{Needles, Patterns};
use crate::suites::{for_each_suite, has_docstring};

/// The first lines of all lines that a match touches.
pub(crate) fn matching_lines(
    patterns: &Patterns,
    lines: &LogicalLines<'_>,
    present: Needles,
) -> LineSet {
    let mut found = LineSet::new();
    let Some(regex) = patterns.matching(lines.source, present) else {
        return found;
    };
    let mut cursor = LineCursor::default();
    let offset = |at: usize| TextSize::from(u32::try_from(at).unwrap_or(u32::MAX));
    for (start, end) in regex.find_iter(lines.source) {
        let (first, last) = (
            cursor.line(lines, offset(start)),
            cursor.line(lines, offset(end)),
        );
        found.extend((first..=last).map(|line| lines.first_line(line)));
    }
    found
}

/// Excludes the suite of each compound statement with an excluded line from its start to its colon.
/// Says whether there is any token at all.
pub(crate) fn exclude_suites(
    excluded: &mut LineSet,
    tokens: &[Token],
    lines: &LogicalLines<'_>,
    minor: u8,
) -> bool {
    if excluded.is_empty() {
        return tokens.iter().any(|token| is_code(token.kind()));
    }
    let mut scan = SuiteScan {
        excluded,
        lines,
        cursor: LineCursor::default(),
        indent: 0,
        nesting: 0,
        first: 0,
        until: None,
    };
    let mut has_token = false;
    let mut f_string_depth = 0u32;
    for token in tokens {
        // Before 3.12 an f-string is a single token.
        if minor < 12 {
            match token.kind() {
                TokenKind::FStringStart => {
                    f_string_depth += 1;
                    if f_string_depth > 1 {
                        continue;
                    }
                }
                TokenKind::FStringEnd => {
                    f_string_depth = f_string_depth.saturating_sub(1);
                    continue;
                }
                _ if f_string_depth > 0 => continue,
                _ => {}
            }
        }
        has_token |= scan.token(token);
    }
    has_token
}

/// Whether a token is more than white space or a comment.
fn is_code(kind: TokenKind) -> bool {
    !matches!(
        kind,
        TokenKind::Indent
            | TokenKind::Dedent
            | TokenKind::Newline
            | TokenKind::NonLogicalNewline
            | TokenKind::Comment
            | TokenKind::EndOfFile
    )
}

struct SuiteScan<'a, 's> {
    excluded: &'a mut LineSet,
    lines: &'a LogicalLines<'s>,
    cursor: LineCursor,
    indent: u32,
    nesting: i32,
    /// The first line of the statement, 0 between statements.
    first: u32,
    /// While a suite is excluded, the indentation that ends it.
    until: Option<u32>,
}

impl SuiteScan<'_, '_> {
    /// Says whether the token is more than white space or a comment.
    fn token(&mut self, token: &Token) -> bool {
        match token.kind() {
            TokenKind::Indent => self.indent += 1,
            TokenKind::Dedent => self.indent = self.indent.saturating_sub(1),
            TokenKind::Newline => self.first = 0,
            kind if is_code(kind) => {
                self.operator(kind, token.start());
                self.start_statement(token.range());
                return true;
            }
            _ => {}
        }
        false
    }

    fn operator(&mut self, kind: TokenKind, at: TextSize) {
        match kind {
            TokenKind::Colon if self.nesting == 0 && self.until.is_none() => {
                let line = self.cursor.line(self.lines, at);
                if self.excluded.contains_any(self.first, line) {
                    self.excluded.insert(line);
                    self.until = Some(self.indent);
                }
            }
            TokenKind::Lpar | TokenKind::Lsqb | TokenKind::Lbrace => self.nesting += 1,
            TokenKind::Rpar | TokenKind::Rsqb | TokenKind::Rbrace => self.nesting -= 1,
            _ => {}
        }
    }

    fn start_statement(&mut self, range: TextRange) {
        if self.first != 0 {
            return;
        }
        self.first = self.cursor.line(self.lines, range.start());
        if self.until.is_some_and(|indent| self.indent <= indent) {
            self.until = None;
        }
        if self.until.is_some() {
            self.excluded.insert(self.lines.physical(range.end()));
        }
    }
}

/// Excludes definitions whose decorators or signature are excluded, and the last `case` of a `match` if its whole
/// suite is; collects the lines of docstrings.
pub(crate) struct Definitions<'a, 's> {
    pub(crate) lines: &'a LogicalLines<'s>,
    /// The logical lines with bytecode.
    pub(crate) executable: &'a LineSet,
    pub(crate) excluded: &'a mut LineSet,
    pub(crate) docstrings: &'a mut LineSet,
}

impl Definitions<'_, '_> {
    /// Walks a module or a suite.
    pub(crate) fn suite(&mut self, body: &[Stmt]) {
        for statement in body {
            match statement {
                Stmt::FunctionDef(function) => {
                    self.definition(
                        &function.decorator_list,
                        &function.name,
                        function.end(),
                        &function.body,
                    );
                }
                Stmt::ClassDef(class) => {
                    self.definition(&class.decorator_list, &class.name, class.end(), &class.body);
                }
                Stmt::Match(choice) => {
                    for case in &choice.cases {
                        self.case(case);
                    }
                }
                _ => {}
            }
            for_each_suite(statement, |suite| self.suite(suite));
        }
    }

    /// Notes the lines of a suite's docstring.
    pub(crate) fn docstring(&mut self, body: &[Stmt]) {
        if has_docstring(body)
            && let Some(docstring) = body.first()
        {
            self.docstrings.insert_range(
                self.lines.physical(docstring.start()),
                last_line(self.lines, docstring.end()),
            );
        }
    }

    fn definition(
        &mut self,
        decorators: &[Decorator],
        name: &Identifier,
        end: TextSize,
        body: &[Stmt],
    ) {
        self.docstring(body);
        let line = self.lines.logical(name.start());
        let first = decorators
            .iter()
            .map(|it| self.lines.physical(it.expression.start()))
            .min()
            .unwrap_or(line);
        if self.excluded.contains_any(first, line) {
            self.excluded
                .insert_range(first, last_line(self.lines, end));
        }
    }

    fn case(&mut self, case: &MatchCase) {
        let (Some(first), Some(last)) = (case.body.first(), case.body.last()) else {
            return;
        };
        if case.guard.is_some() || !matches_everything(&case.pattern) {
            return;
        }
        let (first, last) = (
            self.lines.physical(definition_start(first)),
            last_line(self.lines, last.end()),
        );
        let mut has_statement = false;
        for line in self.executable.iter_range(first, last) {
            if !self.excluded.contains(line) {
                return;
            }
            has_statement = true;
        }
        if has_statement && !self.has_code_on_continuation_lines(&case.body) {
            let range = case.pattern.range();
            self.excluded.insert_range(
                self.lines.physical(range.start()),
                last_line(self.lines, range.end()),
            );
        }
    }

    /// coverage.py compares the raw lines of the bytecode with excluded first lines here, so that a statement with
    /// code on several lines never counts as excluded, unless it is part of an excluded definition.
    fn has_code_on_continuation_lines(&self, body: &[Stmt]) -> bool {
        let mut search = ContinuationCode {
            lines: self.lines,
            executable: self.executable,
            excluded: self.excluded,
            is_live: false,
            found: false,
        };
        search.visit_body(body);
        search.found
    }
}

struct ContinuationCode<'a, 's> {
    lines: &'a LogicalLines<'s>,
    executable: &'a LineSet,
    excluded: &'a LineSet,
    /// The innermost statement has code.
    is_live: bool,
    found: bool,
}

impl<'a> Visitor<'a> for ContinuationCode<'_, '_> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        if !self.found {
            let outer = self.is_live;
            let line = self.lines.logical(definition_start(statement));
            self.is_live = self.executable.contains(line);
            walk_stmt(self, statement);
            self.is_live = outer;
        }
    }

    fn visit_expr(&mut self, expression: &'a Expr) {
        if !self.is_live {
            return;
        }
        let line = self.lines.physical(expression.start());
        self.found |= self.lines.first_line(line) != line && !self.excluded.contains(line);
        if !self.found && !matches!(expression, Expr::Tuple(_)) {
            walk_expr(self, expression);
        }
    }
}

/// coverage.py's idea of a `case` that catches all.
pub(crate) fn matches_everything(pattern: &Pattern) -> bool {
    let mut pattern = pattern;
    while let Pattern::MatchOr(alternatives) = pattern {
        match alternatives.patterns.last() {
            Some(last) => pattern = last,
            None => return false,
        }
    }
    while let Pattern::MatchAs(capture) = pattern {
        match capture.pattern.as_deref() {
            Some(inner) => pattern = inner,
            None => return true,
        }
    }
    false
}

/// Where Python's tree says that a statement begins: at `def` or `class`, not at the decorator.
pub(crate) fn definition_start(statement: &Stmt) -> TextSize {
    match statement {
        Stmt::FunctionDef(function) => function.name.start(),
        Stmt::ClassDef(class) => class.name.start(),
        _ => statement.start(),
    }
}

/// The line of the last character before an offset.
pub(crate) fn last_line(lines: &LogicalLines<'_>, end: TextSize) -> u32 {
    lines.physical(end.checked_sub(TextSize::from(1)).unwrap_or(end))
}
