//! The constants and code objects of an expression, in the order in which they are loaded.

use ruff_python_ast::visitor::{Visitor, walk_expr, walk_interpolated_string_element};
use ruff_python_ast::{
    Arguments, BoolOp, Comprehension, Expr, ExprBoolOp, ExprLambda, InterpolatedStringElement,
    Keyword, UnaryOp,
};
use ruff_text_size::{Ranged, TextRange, TextSize};

use crate::constants::{folded_early, folded_test};

/// Something that has a number among the constants.
pub(super) enum Found<'a> {
    Constant(Constant<'a>),
    /// A constant that decides a jump: it has a number, but nothing loads it in the end.
    Decided(Constant<'a>),
    /// The `None` that is sent or yielded.
    None,
    /// A tuple of constants that becomes a constant after all others.
    LateTuple(Vec<TextRange>),
    /// A code object, by where it begins.
    Code(TextSize),
}

/// What makes two constants the same.
pub(super) enum Constant<'a> {
    Text(TextRange),
    String(&'a str),
    /// The tuple of the names of these arguments.
    Names(&'a [Keyword]),
}

impl<'a> Constant<'a> {
    fn of(expression: &'a Expr) -> Self {
        match expression {
            // The parser has the replacement character for every lone surrogate: only the source
            // tells such strings apart.
            Expr::StringLiteral(literal) if !literal.value.to_str().contains('\u{fffd}') => {
                Self::String(literal.value.to_str())
            }
            _ => Self::Text(expression.range()),
        }
    }
}

/// Collects what expressions load.
pub(super) struct Constants<'a> {
    minor: u8,
    pub(super) found: Vec<Found<'a>>,
}

impl<'a> Constants<'a> {
    pub(super) fn new(minor: u8) -> Self {
        Self {
            minor,
            found: Vec::new(),
        }
    }

    fn constant(&mut self, expression: &'a Expr) {
        self.found.push(Found::Constant(Constant::of(expression)));
    }

    fn decided(&mut self, expression: &'a Expr) {
        self.found.push(Found::Decided(Constant::of(expression)));
    }

    /// One side of a choice, which may never be taken.
    fn side(&mut self, expression: &'a Expr, is_dead: bool) {
        if is_dead && folded_early(expression, self.minor).is_some() {
            self.decided(expression);
        } else {
            self.visit_expr(expression);
        }
    }

    /// A test: the constants in it decide jumps.
    pub(super) fn test(&mut self, expression: &'a Expr) {
        match expression {
            _ if folded_early(expression, self.minor).is_some() => self.decided(expression),
            Expr::FString(string) if folded_test(expression, self.minor).is_some() => {
                let literals = string.value.elements().filter_map(|it| it.as_literal());
                let texts = literals.map(|it| Found::Decided(Constant::String(&it.value)));
                self.found.extend(texts);
            }
            Expr::UnaryOp(unary) if unary.op == UnaryOp::Not => self.test(&unary.operand),
            Expr::BoolOp(operation) => {
                for value in &operation.values {
                    self.test(value);
                }
            }
            Expr::If(choice) => {
                self.test(&choice.test);
                self.test(&choice.body);
                self.test(&choice.orelse);
            }
            _ => self.visit_expr(expression),
        }
    }

    /// The value of an operation that goes on after a constant that does not decide it.
    fn operation(&mut self, operation: &'a ExprBoolOp) {
        let decides = operation.op == BoolOp::Or;
        let Some((last, rest)) = operation.values.split_last() else {
            return;
        };
        let mut is_decided = false;
        for value in rest {
            match folded_early(value, self.minor) {
                Some(truth) if truth == decides && !is_decided => {
                    is_decided = true;
                    self.constant(value);
                }
                Some(_) => self.decided(value),
                None => self.visit_expr(value),
            }
        }
        if is_decided && folded_early(last, self.minor).is_some() {
            self.decided(last);
        } else {
            self.visit_expr(last);
        }
    }

    /// The names of keyword arguments are one constant, unless the call unpacks something.
    fn keywords(&mut self, arguments: &'a Arguments) {
        let unpacks = arguments.args.iter().any(Expr::is_starred_expr)
            || arguments
                .keywords
                .iter()
                .any(|keyword| keyword.arg.is_none());
        let keywords = &arguments.keywords;
        if unpacks {
            let names = keywords.iter().filter_map(|keyword| keyword.arg.as_ref());
            self.found
                .extend(names.map(|name| Found::Constant(Constant::String(name.as_str()))));
        } else if !keywords.is_empty() {
            self.found.push(Found::Constant(Constant::Names(keywords)));
        }
    }

    fn lambda(&mut self, lambda: &'a ExprLambda) {
        let parameters = lambda
            .parameters
            .iter()
            .flat_map(|parameters| parameters.iter_non_variadic_params());
        let defaults: Vec<&'a Expr> = parameters.filter_map(|it| it.default()).collect();
        for default in &defaults {
            self.visit_expr(default);
        }
        if !defaults.is_empty()
            && defaults
                .iter()
                .all(|it| folded_early(it, self.minor).is_some())
        {
            let ranges = defaults.iter().map(Ranged::range).collect();
            self.found.push(Found::LateTuple(ranges));
        }
        self.found.push(Found::Code(lambda.start()));
    }
}

impl<'a> Visitor<'a> for Constants<'a> {
    fn visit_expr(&mut self, expression: &'a Expr) {
        match expression {
            Expr::Lambda(lambda) => self.lambda(lambda),
            Expr::Await(_) => {
                walk_expr(self, expression);
                self.found.push(Found::None);
            }
            Expr::Yield(value) if value.value.is_none() => self.found.push(Found::None),
            Expr::Generator(generator) => {
                self.found.push(Found::Code(expression.start()));
                if let Some(first) = generator.generators.first() {
                    self.visit_expr(&first.iter);
                }
            }
            // Later versions put these comprehensions into the code around them.
            Expr::ListComp(_) | Expr::SetComp(_) | Expr::DictComp(_) if self.minor < 12 => {
                self.found.push(Found::Code(expression.start()));
            }
            _ if folded_early(expression, self.minor).is_some() => self.constant(expression),
            Expr::BoolOp(operation) => self.operation(operation),
            Expr::If(choice) => {
                self.test(&choice.test);
                let truth = folded_early(&choice.test, self.minor);
                self.side(&choice.body, truth == Some(false));
                self.side(&choice.orelse, truth == Some(true));
            }
            Expr::FString(string) => {
                for element in string.value.elements() {
                    self.visit_interpolated_string_element(element);
                }
            }
            Expr::TString(template) => {
                // Its texts come first.
                let first = match template.value.elements().next() {
                    Some(InterpolatedStringElement::Literal(literal)) => &literal.value,
                    _ => "",
                };
                self.found.push(Found::Constant(Constant::String(first)));
                walk_expr(self, expression);
            }
            Expr::Call(call) => {
                walk_expr(self, expression);
                self.keywords(&call.arguments);
            }
            _ => walk_expr(self, expression),
        }
    }

    fn visit_comprehension(&mut self, comprehension: &'a Comprehension) {
        self.visit_expr(&comprehension.iter);
        if comprehension.is_async {
            self.found.push(Found::None);
        }
        self.visit_expr(&comprehension.target);
        for test in &comprehension.ifs {
            self.test(test);
        }
    }

    fn visit_interpolated_string_element(&mut self, element: &'a InterpolatedStringElement) {
        if let InterpolatedStringElement::Literal(literal) = element {
            self.found
                .push(Found::Constant(Constant::String(&literal.value)));
        }
        walk_interpolated_string_element(self, element);
    }
}
