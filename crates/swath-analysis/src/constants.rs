//! Compile-time constants, as CPython's compiler sees them.

use ruff_python_ast::{
    BoolOp, Expr, ExprBinOp, ExprUnaryOp, InterpolatedStringElement, Number, Operator, UnaryOp,
};

/// The truth value of an expression that CPython's optimizer turns into a constant.
pub(crate) fn folded(expression: &Expr) -> Option<bool> {
    match expression {
        Expr::BooleanLiteral(literal) => Some(literal.value),
        Expr::NoneLiteral(_) => Some(false),
        Expr::EllipsisLiteral(_) => Some(true),
        Expr::NumberLiteral(literal) => Some(match &literal.value {
            Number::Int(value) => value.as_u8() != Some(0),
            Number::Float(value) => *value != 0.0,
            Number::Complex { real, imag } => *real != 0.0 || *imag != 0.0,
        }),
        Expr::StringLiteral(literal) => Some(!literal.value.is_empty()),
        Expr::BytesLiteral(literal) => Some(literal.value.iter().any(|part| !part.is_empty())),
        Expr::Name(name) if name.id.as_str() == "__debug__" => Some(true),
        Expr::Tuple(tuple) => tuple
            .elts
            .iter()
            .all(|element| folded(element).is_some())
            .then_some(!tuple.elts.is_empty()),
        Expr::UnaryOp(unary) => folded_unary(unary),
        Expr::BinOp(_) => integer(expression).map(|value| value != 0),
        _ => None,
    }
}

fn folded_unary(unary: &ExprUnaryOp) -> Option<bool> {
    match unary.op {
        UnaryOp::Not => folded(&unary.operand).map(|value| !value),
        UnaryOp::USub | UnaryOp::UAdd => matches!(
            *unary.operand,
            Expr::NumberLiteral(_) | Expr::BooleanLiteral(_)
        )
        .then(|| folded(&unary.operand))?,
        UnaryOp::Invert => integer(&unary.operand).map(|value| value != -1),
    }
}

/// The value of integer arithmetic on literals.
fn integer(expression: &Expr) -> Option<i64> {
    match expression {
        Expr::NumberLiteral(literal) => match &literal.value {
            Number::Int(value) => value.as_i64(),
            _ => None,
        },
        Expr::UnaryOp(unary) => match unary.op {
            UnaryOp::USub => integer(&unary.operand)?.checked_neg(),
            UnaryOp::UAdd => integer(&unary.operand),
            UnaryOp::Invert => integer(&unary.operand).map(|value| !value),
            UnaryOp::Not => None,
        },
        Expr::BinOp(binary) => binary_integer(binary),
        _ => None,
    }
}

fn binary_integer(binary: &ExprBinOp) -> Option<i64> {
    let (left, right) = (integer(&binary.left)?, integer(&binary.right)?);
    match binary.op {
        Operator::Add => left.checked_add(right),
        Operator::Sub => left.checked_sub(right),
        Operator::Mult => left.checked_mul(right),
        Operator::BitAnd => Some(left & right),
        Operator::BitOr => Some(left | right),
        Operator::BitXor => Some(left ^ right),
        Operator::Pow => left.checked_pow(u32::try_from(right).ok()?),
        Operator::LShift => left.checked_mul(1i64.checked_shl(u32::try_from(right).ok()?)?),
        Operator::RShift => left.checked_shr(u32::try_from(right).ok()?),
        _ => None,
    }
}

/// The truth value of an expression that is a constant before CPython generates code.
pub(crate) fn folded_early(expression: &Expr, minor: u8) -> Option<bool> {
    match expression {
        // From 3.14 on operators and tuples are folded only after dead code has been removed.
        Expr::Tuple(_) | Expr::BinOp(_) | Expr::UnaryOp(_) if minor >= 14 => None,
        _ => folded(expression),
    }
}

/// The truth value of a test that CPython knows when it compiles a jump.
pub(crate) fn folded_test(expression: &Expr, minor: u8) -> Option<bool> {
    match expression {
        Expr::FString(_) => folded_f_string(expression, minor),
        _ => folded_early(expression, minor),
    }
}

/// The truth value of an f-string without fields; 3.13 was the first to know that of an empty one.
fn folded_f_string(expression: &Expr, minor: u8) -> Option<bool> {
    let Expr::FString(string) = expression else {
        return None;
    };
    if minor < 13 && string.value.elements().next().is_none() {
        return None;
    }
    let mut is_true = false;
    for element in string.value.elements() {
        let InterpolatedStringElement::Literal(literal) = element else {
            return None;
        };
        is_true |= !literal.value.is_empty();
    }
    Some(is_true)
}

/// The truth value of a test that coverage.py's branch model takes for constant.
pub(crate) fn constant_test(expression: &Expr) -> Option<bool> {
    match expression {
        Expr::BooleanLiteral(_)
        | Expr::NoneLiteral(_)
        | Expr::EllipsisLiteral(_)
        | Expr::NumberLiteral(_)
        | Expr::StringLiteral(_)
        | Expr::BytesLiteral(_)
        | Expr::Name(_) => folded(expression),
        Expr::UnaryOp(unary) if unary.op == UnaryOp::Not => {
            constant_test(&unary.operand).map(|value| !value)
        }
        Expr::BoolOp(operation) => {
            let mut any = false;
            let mut all = true;
            for value in &operation.values {
                let value = constant_test(value)?;
                any |= value;
                all &= value;
            }
            Some(if operation.op == BoolOp::Or { any } else { all })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use ruff_python_parser::parse_expression;

    use super::*;

    #[track_caller]
    fn check(source: &str, compiler: Option<bool>, branches: Option<bool>) {
        let parsed = parse_expression(source).expect("the test's expression is valid");
        assert_eq!(
            (folded(parsed.expr()), constant_test(parsed.expr())),
            (compiler, branches),
            "{source}"
        );
    }

    #[test]
    fn the_compiler_folds_more_than_the_branch_model() {
        check("0", Some(false), Some(false));
        check("...", Some(true), Some(true));
        check("__debug__", Some(true), Some(true));
        check("not 0.0", Some(true), Some(true));
        check("2 - 2", Some(false), None);
        check("(1, 2)", Some(true), None);
        check("(1, x)", None, None);
        check("-1", Some(true), None);
        check("~0", Some(true), None);
        check("1 and 0", None, Some(false));
        check("x or 1", None, None);
        check("9223372036854775807 + 1", None, None);
        check("''", Some(false), Some(false));
        check("b'a'", Some(true), Some(true));
    }
}
