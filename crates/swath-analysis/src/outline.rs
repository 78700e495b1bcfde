//! A source as its logical lines and its functions, so that two texts of it can be held against each
//! other.

mod bindings;
mod leaving;

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use ruff_python_ast::token::{Token, TokenKind};
use ruff_python_ast::{ModModule, Stmt, StmtFunctionDef};
use ruff_python_parser::Parsed;
use ruff_text_size::{Ranged, TextSize};
use swath_model::PythonVersion;

use crate::LineSet;
use crate::codegen::executable_lines;
use crate::exclusions::last_line;
use crate::logical_lines::{LineCursor, LogicalLines};
use crate::problem::{Problem, ProblemKind};
use crate::suites::{for_each_suite, has_docstring};
use crate::syntax::{rules_minor, with_module};
use bindings::shape_of;
use leaving::leaving_statements;

/// A source as its logical lines and its functions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outline {
    /// The logical lines, in order: what stands between two ends of statements, comments apart.
    pub lines: Vec<OutlineLine>,
    /// The functions, in the order in which they begin.
    pub functions: Vec<OutlineFunction>,
}

/// A logical line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutlineLine {
    /// Its first physical line.
    pub first: u32,
    /// Its last physical line.
    pub last: u32,
    /// The place of the innermost function that runs it; `None` for what runs with the module. Of a
    /// definition this is the function around it, and so it is of a docstring.
    pub function: Option<usize>,
    /// The place of the function that it defines: its decorators, its `def`, its docstring.
    pub defines: Option<usize>,
    /// A hash of what it says and of how deep it is indented: blanks, comments and the ends of lines
    /// do not count.
    pub text: u64,
    /// How deep it is indented.
    pub depth: u32,
    /// Whether another text in its place concerns nobody but who ran it: reaching it leaves a trace,
    /// and it is no clause such as `else`, which holds other lines together.
    pub is_traced: bool,
    /// Whether it may leave something behind that outlives the call of its function.
    pub leaves: bool,
}

/// A function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutlineFunction {
    /// The dotted name, such as `Class.method`; a second one of the same name has `#2` behind it.
    pub name: String,
    /// The line at which its definition begins, with its decorators.
    pub definition: u32,
    /// The first line of its body.
    pub first: u32,
    /// The last line of its body.
    pub last: u32,
    /// A hash of what a line of it can change for all others: the names that it and the functions
    /// inside it bind, and whether it is a generator.
    pub shape: u64,
    /// Whether a decorator says by its name that what it returns is kept for later calls.
    pub keeps_result: bool,
}

/// Reads a decoded source as its logical lines and its functions.
pub fn outline(text: &str, version: PythonVersion) -> Result<Outline, Problem> {
    with_module(text, version, |parsed| outline_of(text, parsed, version))
}

fn outline_of(
    text: &str,
    parsed: &Parsed<ModModule>,
    version: PythonVersion,
) -> Result<Outline, Problem> {
    let lines = LogicalLines::new(text, parsed.tokens());
    let minor = rules_minor(version);
    let executable = executable_lines(parsed.suite(), minor, &lines).map_err(|_| {
        let message = "the code is too deeply nested to be compiled";
        Problem::new(ProblemKind::TooComplex, message, 1, 0)
    })?;
    let mut search = Search {
        lines: &lines,
        found: Vec::new(),
        names: Vec::new(),
        counts: BTreeMap::new(),
        leaving: BTreeSet::new(),
    };
    search.suite(parsed.suite());
    // Handlers are visited last.
    let leaving = std::mem::take(&mut search.leaving);
    search.found.sort_by_key(|(body, _)| body.definition);
    let (bodies, functions): (Vec<Body>, Vec<OutlineFunction>) = search.found.into_iter().unzip();
    let scan = Scan {
        lines: &lines,
        executable: &executable,
        bodies: &bodies,
        leaving: &leaving,
    };
    Ok(Outline {
        lines: scan.read(parsed.tokens()),
        functions,
    })
}

/// Where the body of a function is, without its docstring.
#[derive(Clone, Copy)]
struct Body {
    /// Where its definition begins.
    definition: TextSize,
    start: TextSize,
    end: TextSize,
}

/// The search for functions.
struct Search<'a, 's> {
    lines: &'a LogicalLines<'s>,
    found: Vec<(Body, OutlineFunction)>,
    names: Vec<&'a str>,
    counts: BTreeMap<String, u32>,
    /// Where statements begin that may leave something behind.
    leaving: BTreeSet<TextSize>,
}

impl<'a> Search<'a, '_> {
    fn suite(&mut self, body: &'a [Stmt]) {
        for statement in body {
            match statement {
                Stmt::FunctionDef(function) => self.function(function),
                Stmt::ClassDef(class) => {
                    self.names.push(&class.name);
                    self.suite(&class.body);
                    self.names.pop();
                }
                _ => for_each_suite(statement, |suite| self.suite(suite)),
            }
        }
    }

    fn function(&mut self, function: &'a StmtFunctionDef) {
        let body = &function.body;
        let (Some(first), Some(last)) = (body.first(), body.last()) else {
            return;
        };
        self.leaving.extend(leaving_statements(function));
        self.names.push(&function.name);
        let mut name = self.names.join(".");
        let count = self.counts.entry(name.clone()).or_default();
        *count += 1;
        if *count > 1 {
            name = format!("{name}#{count}");
        }
        let start = if has_docstring(body) {
            first.end()
        } else {
            first.start()
        };
        let place = Body {
            definition: function.start(),
            start,
            end: last.end(),
        };
        let function = OutlineFunction {
            name,
            definition: self.lines.physical(function.start()),
            first: self.lines.physical(first.start()),
            last: last_line(self.lines, last.end()),
            shape: shape_of(body),
            keeps_result: self.keeps_result(function),
        };
        self.found.push((place, function));
        self.suite(body);
        self.names.pop();
    }

    fn keeps_result(&self, function: &StmtFunctionDef) -> bool {
        function.decorator_list.iter().any(|decorator| {
            let range = decorator.range();
            let text = &self.lines.source[range.start().into()..range.end().into()];
            let text = text.to_ascii_lowercase();
            KEEPING.iter().any(|word| text.contains(word))
        })
    }
}

/// What the names of decorators have in them that keep results: `functools.lru_cache`,
/// `cached_property`, `memoize`, `run_once`.
const KEEPING: [&str; 4] = ["cache", "memo", "once", "lazy"];

/// The scan of the tokens for logical lines.
struct Scan<'a, 's> {
    lines: &'a LogicalLines<'s>,
    executable: &'a LineSet,
    /// Of the functions, in the order in which they begin.
    bodies: &'a [Body],
    leaving: &'a BTreeSet<TextSize>,
}

impl Scan<'_, '_> {
    fn read(&self, tokens: &[Token]) -> Vec<OutlineLine> {
        let mut found = Vec::new();
        let mut cursor = LineCursor::default();
        let mut depth = 0_u32;
        let mut open: Vec<usize> = Vec::new();
        let mut next = 0;
        let mut rest = tokens;
        while let Some(token) = rest.first() {
            match token.kind() {
                TokenKind::Indent => depth += 1,
                TokenKind::Dedent => depth = depth.saturating_sub(1),
                kind if is_blank(kind) => {}
                _ => {
                    let end = rest.iter().position(|one| one.kind() == TokenKind::Newline);
                    let (words, after) = rest.split_at(end.unwrap_or(rest.len()));
                    let start = token.start();
                    let begins = |body: &Body| body.definition <= start;
                    while self.bodies.get(next).is_some_and(begins) {
                        open.push(next);
                        next += 1;
                    }
                    open.retain(|&place| start < self.bodies[place].end);
                    let is_in_body = |place: &&usize| self.bodies[**place].start <= start;
                    let innermost = open.last().copied();
                    let first = cursor.line(self.lines, start);
                    let last = words.last().map_or(first, |word| {
                        let end = word.end().checked_sub(TextSize::from(1));
                        cursor.line(self.lines, end.unwrap_or(start))
                    });
                    found.push(OutlineLine {
                        first,
                        last,
                        function: open.iter().rev().find(is_in_body).copied(),
                        defines: innermost.filter(|place| !is_in_body(&place)),
                        text: self.hash(words, depth),
                        depth,
                        leaves: words.last().is_some_and(|last| {
                            let mut leaving = self.leaving.range(start..last.end());
                            leaving.next().is_some()
                        }),
                        is_traced: self.executable.contains(first) && is_plain(words),
                    });
                    rest = after;
                    continue;
                }
            }
            rest = &rest[1..];
        }
        found
    }

    fn hash(&self, words: &[Token], depth: u32) -> u64 {
        let mut hasher = DefaultHasher::new();
        depth.hash(&mut hasher);
        for word in words.iter().filter(|word| !is_blank(word.kind())) {
            let range = word.range();
            let text = &self.lines.source[range.start().into()..range.end().into()];
            text.hash(&mut hasher);
        }
        hasher.finish()
    }
}

fn is_blank(kind: TokenKind) -> bool {
    matches!(
        kind,
        TokenKind::Newline
            | TokenKind::NonLogicalNewline
            | TokenKind::Comment
            | TokenKind::Indent
            | TokenKind::Dedent
            | TokenKind::EndOfFile
    )
}

/// Whether a logical line does no more than run: definitions, clauses, and what suspends the
/// function or leaves no trace of its own on every Python do more.
fn is_plain(words: &[Token]) -> bool {
    let mut kinds = words
        .iter()
        .map(Token::kind)
        .filter(|kind| !is_blank(*kind));
    let first = kinds.next();
    let second = kinds.next();
    let is_special = match first {
        Some(TokenKind::Except) => second == Some(TokenKind::Colon),
        Some(kind) => matches!(
            kind,
            TokenKind::Def
                | TokenKind::Class
                | TokenKind::At
                | TokenKind::Async
                | TokenKind::Else
                | TokenKind::Try
                | TokenKind::Finally
                | TokenKind::Case
                | TokenKind::Match
                | TokenKind::Type
                | TokenKind::Global
                | TokenKind::Nonlocal
                | TokenKind::Pass
                | TokenKind::Break
                | TokenKind::Continue
        ),
        None => true,
    };
    let suspends = |word: &Token| {
        matches!(
            word.kind(),
            TokenKind::Yield | TokenKind::Await | TokenKind::Async
        )
    };
    !is_special && !words.iter().any(suspends)
}

#[cfg(test)]
mod tests;
