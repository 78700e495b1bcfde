//! The order in which a code object's constants come into being.
//!
//! A nested code object that nothing loads can stay in the table of constants, and with it its lines: 3.8 and 3.9
//! keep all constants, 3.10 and 3.11 all up to the last one used, later ones the first and those that are used.

use ruff_python_ast::visitor::{Visitor, walk_expr, walk_interpolated_string_element};
use ruff_python_ast::{
    Expr, InterpolatedStringElement, Parameters, Pattern, Stmt, StmtFunctionDef,
};
use ruff_text_size::{Ranged, TextRange};

use super::{Child, ChildKind, Code, Scope};
use crate::constants::folded;

impl<'a> Code<'a> {
    /// Notes the constants of a statement's own expressions.
    pub(super) fn note_constants(&mut self, statement: &'a Stmt) {
        if !self.needs_constants() {
            return;
        }
        match statement {
            Stmt::Return(statement) => match statement.value.as_deref() {
                Some(value) => self.note_expressions([value]),
                None => self.note("None"),
            },
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
                    self.note(self.text(statement.target.range()));
                }
            }
            Stmt::Expr(statement) if folded(&statement.value).is_none() => {
                self.note_expressions([&*statement.value]);
            }
            Stmt::If(statement) => self.note_expressions([&*statement.test]),
            Stmt::While(statement) => self.note_expressions([&*statement.test]),
            Stmt::For(statement) => self.note_expressions([&*statement.iter, &*statement.target]),
            Stmt::With(statement) => {
                self.note_expressions(statement.items.iter().map(|item| &item.context_expr));
            }
            Stmt::Assert(statement) => {
                self.note_expressions([&*statement.test]);
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
                if let (Some(first), Some(last)) = (statement.names.first(), statement.names.last())
                {
                    self.note(self.text(first.range().cover(last.range())));
                }
            }
            Stmt::TypeAlias(statement) => {
                if statement.type_params.is_none() {
                    self.note(self.text(statement.name.range()));
                }
                let number = self.note_code();
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

    /// Notes what a definition loads: its defaults, its code, its name. Gives the number of its code object.
    pub(super) fn note_definition(&mut self, kind: &ChildKind<'a>) -> u32 {
        match kind {
            ChildKind::Function(function) => {
                self.note_signature(function);
                let number = self.note_code();
                if self.minor() <= 10 {
                    self.note(self.text(function.name.range()));
                }
                number
            }
            ChildKind::Class(class) => {
                let number = self.note_code();
                self.note(self.text(class.name.range()));
                number
            }
            ChildKind::Expression(_) => self.note_code(),
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
                self.note("length");
                self.note_patterns(&sequence.patterns);
            }
            Pattern::MatchMapping(mapping) => {
                self.note("length");
                self.note_expressions(&mapping.keys);
                if !mapping.keys.is_empty() {
                    self.note_late(&[]);
                }
                self.note_none_of_match();
                self.note_patterns(&mapping.patterns);
            }
            Pattern::MatchClass(class) => {
                self.note_expressions([&*class.cls]);
                self.note("attributes");
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
        if self.minor() < 14 {
            self.note_annotations(function);
        }
    }

    fn note_annotations(&mut self, function: &'a StmtFunctionDef) {
        let of_parameters = function
            .parameters
            .iter()
            .filter_map(|it| Some((it.name().range(), it.annotation()?)));
        let result = function
            .returns
            .as_deref()
            .map(|annotation| (annotation.range(), annotation));
        let mut is_empty = true;
        let mut is_constant = true;
        for (name, annotation) in of_parameters.chain(result) {
            is_empty = false;
            self.note(self.text(name));
            if self.target.has_future_annotations {
                self.note(self.text(annotation.range()));
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
        let mut constants = Constants {
            minor: self.minor(),
            found: Vec::new(),
        };
        for expression in expressions {
            constants.visit_expr(expression);
        }
        for found in constants.found {
            match found {
                Found::Constant(range) => self.note(self.text(range)),
                Found::None => self.note("None"),
                Found::LateTuple(ranges) => {
                    let texts: Vec<&str> =
                        ranges.into_iter().map(|range| self.text(range)).collect();
                    self.note_late(&texts);
                }
                Found::Code => {
                    let number = self.note_code();
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

    /// Notes a constant, known by its text.
    pub(super) fn note(&mut self, constant: &'a str) {
        if !self.needs_constants() {
            return;
        }
        let next = self.constant_count + 1;
        let number = *self.constants.entry(constant).or_insert(next);
        self.constant_count = self.constant_count.max(number);
        self.pending_constant = self.pending_constant.max(number);
    }

    /// Notes a tuple of constants that becomes a constant itself only when all others are numbered, unless the source
    /// has the same one.
    fn note_late(&mut self, elements: &[&str]) {
        let text = match elements {
            [only] => format!("({only},)"),
            _ => format!("({})", elements.join(", ")),
        };
        let number = self
            .constants
            .get(text.as_str())
            .copied()
            .unwrap_or(u32::MAX);
        self.pending_constant = self.pending_constant.max(number);
    }

    fn note_code(&mut self) -> u32 {
        self.constant_count += 1;
        self.pending_constant = self.pending_constant.max(self.constant_count);
        self.constant_count
    }
}

enum Found {
    Constant(TextRange),
    /// The `None` that is sent or yielded.
    None,
    /// A tuple of constants that becomes a constant after all others.
    LateTuple(Vec<TextRange>),
    Code,
}

/// Collects constants and code objects in the order in which they are loaded.
struct Constants {
    minor: u8,
    found: Vec<Found>,
}

impl<'a> Visitor<'a> for Constants {
    fn visit_expr(&mut self, expression: &'a Expr) {
        match expression {
            Expr::Lambda(lambda) => {
                let parameters = lambda
                    .parameters
                    .iter()
                    .flat_map(|parameters| parameters.iter_non_variadic_params());
                let defaults: Vec<&Expr> = parameters
                    .filter_map(|parameter| parameter.default())
                    .collect();
                for default in &defaults {
                    self.visit_expr(default);
                }
                if !defaults.is_empty() && defaults.iter().all(|default| folded(default).is_some())
                {
                    self.found.push(Found::LateTuple(
                        defaults.iter().map(ruff_text_size::Ranged::range).collect(),
                    ));
                }
                self.found.push(Found::Code);
            }
            Expr::Await(_) => {
                walk_expr(self, expression);
                self.found.push(Found::None);
            }
            Expr::Yield(value) if value.value.is_none() => self.found.push(Found::None),
            Expr::Generator(_) => self.found.push(Found::Code),
            // Later versions put these comprehensions into the code around them.
            Expr::ListComp(_) | Expr::SetComp(_) | Expr::DictComp(_) if self.minor < 12 => {
                self.found.push(Found::Code);
            }
            _ if folded(expression).is_some() => {
                self.found.push(Found::Constant(expression.range()));
            }
            Expr::FString(string) => {
                for element in string.value.elements() {
                    self.visit_interpolated_string_element(element);
                }
            }
            Expr::Call(call) => {
                walk_expr(self, expression);
                // The names of keyword arguments are one constant.
                if let (Some(first), Some(last)) = (
                    call.arguments.keywords.first(),
                    call.arguments.keywords.last(),
                ) {
                    self.found
                        .push(Found::Constant(first.range().cover(last.range())));
                }
            }
            _ => walk_expr(self, expression),
        }
    }

    fn visit_interpolated_string_element(&mut self, element: &'a InterpolatedStringElement) {
        if let InterpolatedStringElement::Literal(literal) = element {
            self.found.push(Found::Constant(literal.range()));
        }
        walk_interpolated_string_element(self, element);
    }
}
