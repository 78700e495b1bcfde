//! The parser's findings in Python's words.

use std::fmt::Write as _;

use ruff_python_ast::ModModule;
use ruff_python_ast::token::{Token, TokenKind};
use ruff_python_parser::{
    InterpolatedStringErrorType, LexicalErrorType, ParseErrorType, Parsed, UnsupportedSyntaxError,
    UnsupportedSyntaxErrorKind,
};
use ruff_text_size::{Ranged, TextRange, TextSize};

use crate::problem::{Problem, ProblemKind};

/// What the parser says when it has nothing better to say.
const GENERIC: &str = "invalid syntax";
const END_OF_FILE: &str = "unexpected EOF while parsing";

/// The first reason for which this Python rejects the source.
pub(crate) fn first(source: &str, parsed: &Parsed<ModModule>) -> Option<Problem> {
    let syntax =
        |message: String, offset| Problem::at(source, ProblemKind::Syntax, message, offset);
    if let Some(error) = parsed.errors().first() {
        let offset = error.location.start();
        let message = match &error.error {
            ParseErrorType::Lexical(LexicalErrorType::UnclosedStringError) => {
                unterminated_string(source, error.location)
            }
            ParseErrorType::OtherError(text) if text.starts_with("Expected an indented block") => {
                missing_block(source, parsed, text, offset)
            }
            other => python_words(other),
        };
        // Python then asks its tokenizer about the rest.
        let better = [GENERIC, END_OF_FILE]
            .contains(&message.as_str())
            .then(|| of_tokens(source, parsed, offset))
            .flatten();
        let (message, offset) = better.unwrap_or((message, offset));
        return Some(syntax(message, offset));
    }
    let mut unsupported = parsed.unsupported_syntax_errors().iter();
    let unsupported = unsupported.find(|error| !is_tuple(parsed, error))?;
    Some(syntax(GENERIC.to_owned(), unsupported.range().start()))
}

/// Whether what the parser takes for several context managers in parentheses is a tuple to Python
/// before 3.9: legal, though no context manager.
fn is_tuple(parsed: &Parsed<ModModule>, error: &UnsupportedSyntaxError) -> bool {
    if error.kind != UnsupportedSyntaxErrorKind::ParenthesizedContextManager {
        return false;
    }
    let mut depth = 0_usize;
    let inside = parsed
        .tokens()
        .iter()
        .skip_while(|token| token.start() < error.start());
    for token in inside {
        match token.kind() {
            TokenKind::Lpar | TokenKind::Lsqb | TokenKind::Lbrace => depth += 1,
            TokenKind::Rpar | TokenKind::Rsqb | TokenKind::Rbrace if depth <= 1 => return true,
            TokenKind::Rpar | TokenKind::Rsqb | TokenKind::Rbrace => depth -= 1,
            TokenKind::As if depth == 1 => return false,
            _ => {}
        }
    }
    false
}

/// What is wrong with brackets or strings, for a source with an error at `error`.
fn of_tokens(
    source: &str,
    parsed: &Parsed<ModModule>,
    error: TextSize,
) -> Option<(String, TextSize)> {
    let string = parsed.errors().iter().find(|it| {
        matches!(
            it.error,
            ParseErrorType::Lexical(LexicalErrorType::UnclosedStringError)
        )
    });
    let before_string =
        |token: &&Token| string.is_none_or(|it| token.start() < it.location.start());
    let mut open: Vec<&Token> = Vec::new();
    for token in parsed.tokens().iter().take_while(before_string) {
        let expected = match token.kind() {
            TokenKind::Lpar | TokenKind::Lsqb | TokenKind::Lbrace => {
                open.push(token);
                continue;
            }
            TokenKind::Rpar => TokenKind::Lpar,
            TokenKind::Rsqb => TokenKind::Lsqb,
            TokenKind::Rbrace => TokenKind::Lbrace,
            _ => continue,
        };
        let closing = &source[token.range()];
        let Some(opening) = open.pop() else {
            return Some((format!("unmatched '{closing}'"), token.start()));
        };
        if opening.kind() != expected {
            let mut message = format!(
                "closing parenthesis '{closing}' does not match opening parenthesis '{}'",
                &source[opening.range()]
            );
            let line = line_of(source, opening.start());
            if line != line_of(source, token.start()) {
                let _ = write!(message, " on line {line}");
            }
            return Some((message, token.start()));
        }
    }
    if let Some(string) = string {
        let message = unterminated_string(source, string.location);
        return Some((message, string.location.start()));
    }
    let unclosed = open.pop()?;
    let is_earlier = line_of(source, unclosed.start()) < line_of(source, error)
        || error.to_usize() == source.len();
    is_earlier.then(|| {
        let bracket = &source[unclosed.range()];
        (format!("'{bracket}' was never closed"), unclosed.start())
    })
}

fn line_of(source: &str, offset: TextSize) -> usize {
    source[..offset.to_usize()].matches('\n').count() + 1
}

/// A block is missing at `error`: the parser's words, and the line of the statement before.
fn missing_block(source: &str, parsed: &Parsed<ModModule>, words: &str, error: TextSize) -> String {
    let after = words
        .replacen("Expected", "expected", 1)
        .replace("`class`", "class")
        .replace(" clause", " statement")
        .replace('`', "'");
    let is_text = |token: &&Token| !token.kind().is_trivia() && token.kind() != TokenKind::Newline;
    let tokens = parsed.tokens();
    let mut before = tokens.iter().rev().skip_while(|it| it.start() >= error);
    let header = before
        .by_ref()
        .skip_while(|token| !is_text(token))
        .take_while(|token| token.kind() != TokenKind::Newline)
        .filter(is_text)
        .last();
    match header {
        Some(token) => format!("{after} on line {}", line_of(source, token.start())),
        None => after,
    }
}

fn unterminated_string(source: &str, string: TextRange) -> String {
    let text = source[string].trim_start_matches(|c: char| c.is_ascii_alphabetic());
    let is_triple = text.starts_with("\"\"\"") || text.starts_with("'''");
    let upto = &source[..string.end().to_usize()];
    let line = upto.matches('\n').count() + usize::from(!upto.ends_with('\n'));
    let kind = if is_triple { "triple-quoted " } else { "" };
    format!("unterminated {kind}string literal (detected at line {line})")
}

fn python_words(error: &ParseErrorType) -> String {
    match error {
        ParseErrorType::UnexpectedIndentation => "unexpected indent".to_owned(),
        ParseErrorType::ExpectedToken { expected, .. } => match expected {
            TokenKind::Colon => "expected ':'".to_owned(),
            TokenKind::Lpar => "expected '('".to_owned(),
            _ => GENERIC.to_owned(),
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
        _ => GENERIC.to_owned(),
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
        LexicalErrorType::Eof => END_OF_FILE.to_owned(),
        LexicalErrorType::InvalidByteLiteral => {
            "bytes can only contain ASCII literal characters".to_owned()
        }
        LexicalErrorType::FStringError(inner) => interpolated_words("f-string", inner),
        LexicalErrorType::TStringError(inner) => interpolated_words("t-string", inner),
        _ => GENERIC.to_owned(),
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
