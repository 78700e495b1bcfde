//! The order in which a code object's constants come into being.
//!
//! A nested code object that nothing loads can stay in the table of constants, and with it its lines: 3.8 and 3.9
//! keep all constants, 3.10 and 3.11 all up to the last one used, later ones the first and those that are used.

use std::borrow::{Borrow, Cow};

use ruff_python_ast::visitor::Visitor;
use ruff_python_ast::{Expr, Identifier, Parameters, Pattern, Stmt, StmtFunctionDef, StmtReturn};
use ruff_text_size::{Ranged, TextRange, TextSize};

use super::const_search::{Constant, Constants, Found};
use super::{Child, ChildKind, Code, Scope};
use crate::constants::{folded, folded_early};

impl<'a> Code<'a> {
    /// Notes the constants of a statement's own expressions.
    pub(super) fn note_constants(&mut self, statement: &'a Stmt) {
        if !self.needs_constants() {
            return;
        }
        match statement {
            Stmt::Return(statement) => self.note_expressions(self.returned_early(statement)),
            Stmt::Delete(statement) => self.note_expressions(&statement.targets),
            Stmt::Assign(statement) => {
                self.note_expressions([&*statement.value]);
                self.note_expressions(&statement.targets);
            }
            Stmt::AugAssign(statement) => {
                self.note_expressions([&*statement.target, &*statement.value]);
            }
            Stmt::AnnAssign(statement) => {
                self.note_expressions(statement.value.as_deref());
                self.note_expressions([&*statement.target]);
                if statement.simple && self.scope != Scope::Function {
                    self.note_string(self.text(statement.target.range()));
                }
            }
            Stmt::Expr(statement) if folded_early(&statement.value, self.minor()).is_none() => {
                self.note_expressions([&*statement.value]);
            }
            Stmt::If(statement) => self.note_test(&statement.test),
            Stmt::While(statement) => self.note_test(&statement.test),
            Stmt::For(statement) => self.note_expressions([&*statement.iter, &*statement.target]),
            Stmt::With(statement) => {
                self.note_expressions(statement.items.iter().map(|item| &item.context_expr));
            }
            Stmt::Assert(statement) => {
                self.note_test(&statement.test);
                self.note_expressions(statement.msg.as_deref());
            }
            Stmt::Raise(statement) => {
                self.note_expressions(statement.exc.as_deref());
                self.note_expressions(statement.cause.as_deref());
            }
            Stmt::Match(statement) => self.note_expressions([&*statement.subject]),
            Stmt::Import(_) => {
                self.note("0");
                self.note("None");
            }
            Stmt::ImportFrom(statement) => {
                self.note("0");
                self.note_names(statement.names.iter().map(|alias| &alias.name));
            }
            Stmt::TypeAlias(statement) => {
                if statement.type_params.is_none() {
                    self.note_string(self.text(statement.name.range()));
                }
                let number = self.note_code(statement.start());
                self.children.push(Child {
                    kind: ChildKind::Expression(self.line),
                    number,
                });
            }
            Stmt::FunctionDef(statement) => {
                self.note_expressions(statement.decorator_list.iter().map(|it| &it.expression));
            }
            Stmt::ClassDef(statement) => {
                self.note_expressions(statement.decorator_list.iter().map(|it| &it.expression));
            }
            _ => {}
        }
    }

    /// What a `return` computes before the enclosing blocks are left: a constant is loaded behind that.
    pub(super) fn returned_early(&self, statement: &'a StmtReturn) -> Option<&'a Expr> {
        let value = statement.value.as_deref();
        value.filter(|value| folded_early(value, self.minor()).is_none())
    }

    /// Notes what a `return` loads once the enclosing blocks are left.
    pub(super) fn note_returned_late(&mut self, statement: &'a StmtReturn) {
        match statement.value.as_deref() {
            None => self.note("None"),
            Some(value) if self.returned_early(statement).is_none() => {
                self.note_expressions([value]);
            }
            Some(_) => {}
        }
    }

    /// Notes what a definition loads: its defaults, its code, its name. Gives the number of its code object.
    pub(super) fn note_definition(&mut self, kind: &ChildKind<'a>) -> u32 {
        match kind {
            ChildKind::Function(function) => {
                self.note_signature(function);
                let number = self.note_code(function.start());
                if self.minor() <= 10 {
                    self.note_string(self.text(function.name.range()));
                }
                number
            }
            ChildKind::Class(class) => {
                let number = self.note_code(class.start());
                self.note_string(self.text(class.name.range()));
                number
            }
            ChildKind::Expression(_) => self.constant_count,
        }
    }

    /// Notes what matching a pattern loads.
    pub(super) fn note_pattern(&mut self, pattern: &'a Pattern) {
        if !self.needs_constants() {
            return;
        }
        match pattern {
            Pattern::MatchValue(value) => self.note_expressions([&*value.value]),
            Pattern::MatchSingleton(singleton) => self.note(self.text(singleton.range())),
            Pattern::MatchSequence(sequence) => {
                self.note_sequence_pattern(&sequence.patterns);
            }
            Pattern::MatchMapping(mapping) => {
                if !mapping.keys.is_empty() {
                    self.note_length(mapping.keys.len());
                }
                self.note_expressions(&mapping.keys);
                if !mapping.keys.is_empty() {
                    self.note_late(&[]);
                }
                self.note_none_of_match();
                self.note_patterns(&mapping.patterns);
            }
            Pattern::MatchClass(class) => {
                self.note_expressions([&*class.cls]);
                let keywords = &class.arguments.keywords;
                if keywords.is_empty() {
                    self.note("()");
                } else {
                    self.note_names(keywords.iter().map(|keyword| &keyword.attr));
                }
                self.note_none_of_match();
                self.note_patterns(&class.arguments.patterns);
                for keyword in &class.arguments.keywords {
                    self.note_pattern(&keyword.pattern);
                }
            }
            Pattern::MatchAs(capture) => {
                if let Some(pattern) = capture.pattern.as_deref() {
                    self.note_pattern(pattern);
                }
            }
            Pattern::MatchOr(alternatives) => self.note_patterns(&alternatives.patterns),
            Pattern::MatchStar(_) => {}
        }
    }

    fn note_sequence_pattern(&mut self, patterns: &'a [Pattern]) {
        let star = patterns.iter().position(Pattern::is_match_star);
        let length = patterns.len() - usize::from(star.is_some());
        if length > 0 || star.is_none() {
            self.note_length(length);
        }
        let Some(star) = star.filter(|&star| is_wildcard(&patterns[star])) else {
            self.note_patterns(patterns);
            return;
        };
        // Around a `*_` each element is fetched by its place.
        for (place, pattern) in patterns.iter().enumerate() {
            if is_wildcard(pattern) {
                continue;
            }
            self.note_length(if place < star {
                place
            } else {
                patterns.len() - place
            });
            self.note_pattern(pattern);
        }
    }

    fn note_length(&mut self, length: usize) {
        const DIGITS: [&str; 10] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];
        self.note(DIGITS.get(length).unwrap_or(&"length"));
    }

    /// From 3.11 on a failed match is known by its `None`.
    fn note_none_of_match(&mut self) {
        if self.minor() >= 11 {
            self.note("None");
        }
    }

    fn note_patterns(&mut self, patterns: &'a [Pattern]) {
        for pattern in patterns {
            self.note_pattern(pattern);
        }
    }

    /// Notes the defaults and annotations of a function.
    fn note_signature(&mut self, function: &'a StmtFunctionDef) {
        if !self.needs_constants() {
            return;
        }
        let parameters: &'a Parameters = &function.parameters;
        let positional = parameters.posonlyargs.iter().chain(&parameters.args);
        let defaults: Vec<&Expr> = positional
            .filter_map(|parameter| parameter.default())
            .collect();
        self.note_expressions(defaults.iter().copied());
        if !defaults.is_empty() && defaults.iter().all(|default| folded(default).is_some()) {
            let texts: Vec<&str> = defaults
                .iter()
                .map(|default| self.text(default.range()))
                .collect();
            self.note_late(&texts);
        }
        let mut named = parameters
            .kwonlyargs
            .iter()
            .filter_map(|it| Some((it.name(), it.default()?)))
            .peekable();
        let has_keyword_defaults = named.peek().is_some();
        for (_, default) in named {
            self.note_expressions([default]);
        }
        if has_keyword_defaults {
            self.note("keyword defaults");
        }
        if function.type_params.is_some() {
            // The code of the parameters evaluates them.
        } else if self.minor() < 14 || self.target.has_future_annotations {
            self.note_annotations(function);
        } else if is_annotated(function) {
            // Code of its own evaluates them.
            self.note("annotations");
        }
    }

    fn note_annotations(&mut self, function: &'a StmtFunctionDef) {
        let of_parameters = function
            .parameters
            .iter()
            .filter_map(|it| Some((it.name().as_str(), it.annotation()?)));
        let result = function
            .returns
            .as_deref()
            .map(|annotation| ("return", annotation));
        let mut is_empty = true;
        let mut is_constant = true;
        for (name, annotation) in of_parameters.chain(result) {
            is_empty = false;
            self.note_string(name);
            if self.target.has_future_annotations {
                self.note_string(self.text(annotation.range()));
            } else {
                is_constant &= folded(annotation).is_some();
                self.note_expressions([annotation]);
            }
        }
        if is_constant && !is_empty {
            self.note_late(&[]);
        }
    }

    pub(super) fn note_expressions(&mut self, expressions: impl IntoIterator<Item = &'a Expr>) {
        if !self.needs_constants() {
            return;
        }
        let mut constants = Constants::new(self.minor());
        for expression in expressions {
            constants.visit_expr(expression);
        }
        self.note_found(constants.found);
    }

    /// Notes the constants of a test, on whose values jumps depend.
    pub(super) fn note_test(&mut self, test: &'a Expr) {
        if !self.needs_constants() {
            return;
        }
        let mut constants = Constants::new(self.minor());
        constants.test(test);
        self.note_found(constants.found);
    }

    fn note_found(&mut self, all: Vec<Found<'a>>) {
        for found in all {
            match found {
                Found::Constant(constant) => self.note_constant(&constant),
                Found::Decided(constant) => {
                    let pending = self.pending_constant;
                    self.note_constant(&constant);
                    self.pending_constant = pending;
                }
                Found::None => self.note("None"),
                Found::LateTuple(ranges) => {
                    let texts: Vec<&str> =
                        ranges.into_iter().map(|range| self.text(range)).collect();
                    self.note_late(&texts);
                }
                Found::Code(start) => {
                    let number = self.note_code(start);
                    self.children.push(Child {
                        kind: ChildKind::Expression(self.line),
                        number,
                    });
                }
            }
        }
    }

    /// From 3.12 on only the first constant matters.
    fn needs_constants(&self) -> bool {
        self.muted == 0 && (self.minor() < 12 || self.constant_count == 0)
    }

    fn text(&self, range: TextRange) -> &'a str {
        let source: &'a str = self.target.lines.source;
        &source[range.start().to_usize()..range.end().to_usize()]
    }

    fn note_constant(&mut self, constant: &Constant<'a>) {
        match *constant {
            Constant::Text(range) => self.note(self.text(range)),
            Constant::String(value) => self.note_string(value),
            Constant::Names(keywords) => {
                self.note_names(keywords.iter().filter_map(|keyword| keyword.arg.as_ref()));
            }
        }
    }

    /// Notes the tuple of some names, as a source would most often have it.
    fn note_names(&mut self, names: impl IntoIterator<Item = &'a Identifier>) {
        if !self.needs_constants() {
            return;
        }
        let texts: Vec<String> = (names.into_iter())
            .map(|name| format!("'{name}'"))
            .collect();
        self.note_key((false, Cow::Owned(tuple_text(&texts))));
    }

    fn note_string(&mut self, value: &'a str) {
        self.note_key((true, Cow::Borrowed(value)));
    }

    /// Notes a constant that is no string, known by its text.
    pub(super) fn note(&mut self, constant: &'a str) {
        self.note_key((false, Cow::Borrowed(constant)));
    }

    fn note_key(&mut self, key: (bool, Cow<'a, str>)) {
        if !self.needs_constants() {
            return;
        }
        let next = self.constant_count + 1;
        let number = *self.constants.entry(key).or_insert(next);
        self.constant_count = self.constant_count.max(number);
        self.pending_constant = self.pending_constant.max(number);
    }

    /// Notes a tuple of constants that becomes a constant itself only when all others are numbered, unless the source
    /// has the same one.
    fn note_late(&mut self, elements: &[&str]) {
        self.pending_tuples.push(tuple_text(elements));
    }

    /// The highest number of a constant that live instructions load.
    pub(super) fn last_constant_used(&self, live: &[bool]) -> u32 {
        let is_live = |index: usize| live.get(index).copied().unwrap_or(false);
        let numbered = self
            .instructions
            .iter()
            .zip(live)
            .filter(|&(_, &is_live)| is_live)
            .map(|(instruction, _)| instruction.constant);
        let late = self
            .late_tuples
            .iter()
            .filter(|(index, _)| is_live(*index))
            .map(|(_, text)| {
                let same = self.constants.get(&(false, Cow::Borrowed(text.as_str())));
                same.copied().unwrap_or(u32::MAX)
            });
        numbered.chain(late).max().unwrap_or(0)
    }

    /// Notes the code object that begins at an offset; copies of it are the same constant.
    fn note_code(&mut self, start: TextSize) -> u32 {
        let next = self.constant_count + 1;
        let number = *self.nested_numbers.entry(start).or_insert(next);
        self.constant_count = self.constant_count.max(number);
        self.pending_constant = self.pending_constant.max(number);
        number
    }
}

/// A tuple as it is written; nothing stands for one that no source has.
fn tuple_text<S: Borrow<str>>(elements: &[S]) -> String {
    match elements {
        [] => String::new(),
        [only] => format!("({},)", only.borrow()),
        _ => format!("({})", elements.join(", ")),
    }
}

/// Whether a pattern is `_` or `*_`.
fn is_wildcard(pattern: &Pattern) -> bool {
    match pattern {
        Pattern::MatchAs(capture) => capture.pattern.is_none() && capture.name.is_none(),
        Pattern::MatchStar(star) => star.name.is_none(),
        _ => false,
    }
}

fn is_annotated(function: &StmtFunctionDef) -> bool {
    let mut parameters = function.parameters.iter();
    function.returns.is_some() || parameters.any(|it| it.annotation().is_some())
}
