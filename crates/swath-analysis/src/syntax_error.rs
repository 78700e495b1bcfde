//! The parser's findings in Python's words.

use ruff_python_ast::ModModule;
use ruff_python_ast::token::TokenKind;
use ruff_python_parser::{InterpolatedStringErrorType, LexicalErrorType, ParseErrorType, Parsed};
use ruff_text_size::Ranged;

use crate::problem::{Problem, ProblemKind};
use crate::syntax::problem_at;

/// The first reason for which this Python rejects the source.
pub(crate) fn first(source: &str, parsed: &Parsed<ModModule>) -> Option<Problem> {
    if let Some(error) = parsed.errors().first() {
        let message = python_words(&error.error);
        return Some(problem_at(
            source,
            ProblemKind::Syntax,
            message,
            error.location.start(),
        ));
    }
    let unsupported = parsed.unsupported_syntax_errors().first()?;
    Some(problem_at(
        source,
        ProblemKind::Syntax,
        "invalid syntax",
        unsupported.range().start(),
    ))
}

fn python_words(error: &ParseErrorType) -> String {
    match error {
        ParseErrorType::UnexpectedIndentation => "unexpected indent".to_owned(),
        ParseErrorType::ExpectedToken { expected, .. } => match expected {
            TokenKind::Colon => "expected ':'".to_owned(),
            TokenKind::Lpar => "expected '('".to_owned(),
            _ => "invalid syntax".to_owned(),
        },
        ParseErrorType::PositionalAfterKeywordArgument => {
            "positional argument follows keyword argument".to_owned()
        }
        ParseErrorType::PositionalAfterKeywordUnpacking => {
            "positional argument follows keyword argument unpacking".to_owned()
        }
        ParseErrorType::UnparenthesizedGeneratorExpression => {
            "Generator expression must be parenthesized".to_owned()
        }
        ParseErrorType::NonDefaultParamAfterDefaultParam => {
            "parameter without a default follows parameter with a default".to_owned()
        }
        ParseErrorType::FStringError(inner) => interpolated_words("f-string", inner),
        ParseErrorType::TStringError(inner) => interpolated_words("t-string", inner),
        ParseErrorType::Lexical(inner) => lexical_words(inner),
        ParseErrorType::OtherError(text) if text.starts_with("Expected an indented block") => {
            text.replacen("Expected", "expected", 1)
        }
        _ => "invalid syntax".to_owned(),
    }
}

fn lexical_words(error: &LexicalErrorType) -> String {
    match error {
        LexicalErrorType::UnclosedStringError => "unterminated string literal".to_owned(),
        LexicalErrorType::IndentationError => {
            "unindent does not match any outer indentation level".to_owned()
        }
        LexicalErrorType::LineContinuationError => {
            "unexpected character after line continuation character".to_owned()
        }
        LexicalErrorType::Eof => "unexpected EOF while parsing".to_owned(),
        LexicalErrorType::InvalidByteLiteral => {
            "bytes can only contain ASCII literal characters".to_owned()
        }
        LexicalErrorType::FStringError(inner) => interpolated_words("f-string", inner),
        LexicalErrorType::TStringError(inner) => interpolated_words("t-string", inner),
        _ => "invalid syntax".to_owned(),
    }
}

fn interpolated_words(prefix: &str, error: &InterpolatedStringErrorType) -> String {
    match error {
        InterpolatedStringErrorType::UnclosedLbrace => format!("{prefix}: expecting '}}'"),
        InterpolatedStringErrorType::SingleRbrace => {
            format!("{prefix}: single '}}' is not allowed")
        }
        InterpolatedStringErrorType::UnterminatedString => format!("unterminated {prefix} literal"),
        InterpolatedStringErrorType::UnterminatedTripleQuotedString => {
            format!("unterminated triple-quoted {prefix} literal")
        }
        _ => format!("{prefix}: invalid syntax"),
    }
}
