//! How deeply a source is nested, judged from its tokens alone.
//!
//! Python refuses more than 99 levels of indentation and more than 200 nested brackets, and gives up on
//! expressions nested thousands of levels deep. The analysis must know before it walks a tree recursively.

use ruff_python_ast::token::TokenKind;

/// CPython's tokenizer knows this many indentation levels.
const MAX_INDENTS: usize = 100;
/// CPython's tokenizer knows this many open brackets.
const MAX_BRACKETS: usize = 200;
/// Every CPython's compiler gives up well before this depth.
const MAX_DEPTH: usize = 10_000;

/// A bound on the depth of the syntax tree, built up token by token.
#[derive(Default)]
pub(crate) struct Nesting {
    indents: usize,
    /// For each open bracket, and the statement itself, how many operators nest in it.
    levels: Vec<Level>,
    depth: usize,
    deepest: usize,
    violation: Option<&'static str>,
}

#[derive(Default, Clone, Copy)]
struct Level {
    operators: usize,
    has_lambda: bool,
}

impl Nesting {
    /// Takes the next token into account; the first violation of a limit is kept.
    pub(crate) fn add(&mut self, kind: TokenKind) {
        match kind {
            TokenKind::Indent => self.indents += 1,
            TokenKind::Dedent => self.indents = self.indents.saturating_sub(1),
            TokenKind::Newline | TokenKind::Semi => self.end_statement(),
            TokenKind::Lpar | TokenKind::Lsqb | TokenKind::Lbrace => {
                self.add_operator(false);
                self.levels.push(Level::default());
            }
            TokenKind::Rpar | TokenKind::Rsqb | TokenKind::Rbrace => {
                if self.levels.len() > 1
                    && let Some(level) = self.levels.pop()
                {
                    self.depth -= level.operators;
                }
            }
            TokenKind::Comma => {
                if let Some(level) = self.levels.last_mut().filter(|level| !level.has_lambda) {
                    self.depth -= level.operators;
                    level.operators = 0;
                }
            }
            TokenKind::Lambda => self.add_operator(true),
            _ if nests(kind) => self.add_operator(false),
            _ => return,
        }
        self.deepest = self.deepest.max(self.depth + self.indents);
        if self.violation.is_none() {
            self.violation = self.broken_limit();
        }
    }

    /// A bound on the depth of the syntax tree so far.
    pub(crate) fn deepest(&self) -> usize {
        self.deepest
    }

    /// What Python says about the first limit that was exceeded.
    pub(crate) fn violation(&self) -> Option<&'static str> {
        self.violation
    }

    fn add_operator(&mut self, is_lambda: bool) {
        if self.levels.is_empty() {
            self.levels.push(Level::default());
        }
        if let Some(level) = self.levels.last_mut() {
            level.operators += 1;
            level.has_lambda |= is_lambda;
            self.depth += 1;
        }
    }

    fn end_statement(&mut self) {
        self.levels.clear();
        self.depth = 0;
    }

    fn broken_limit(&self) -> Option<&'static str> {
        if self.indents >= MAX_INDENTS {
            Some("too many levels of indentation")
        } else if self.levels.len() > MAX_BRACKETS + 1 {
            Some("too many nested parentheses")
        } else if self.depth > MAX_DEPTH {
            Some("maximum recursion depth exceeded during compilation")
        } else {
            None
        }
    }
}

/// Whether an operator puts one expression into another, so that a chain of them makes a deep tree.
fn nests(kind: TokenKind) -> bool {
    matches!(
        kind,
        TokenKind::Plus
            | TokenKind::Minus
            | TokenKind::Star
            | TokenKind::DoubleStar
            | TokenKind::Slash
            | TokenKind::DoubleSlash
            | TokenKind::Percent
            | TokenKind::At
            | TokenKind::LeftShift
            | TokenKind::RightShift
            | TokenKind::Amper
            | TokenKind::Vbar
            | TokenKind::CircumFlex
            | TokenKind::Tilde
            | TokenKind::Dot
            | TokenKind::Not
            | TokenKind::If
            | TokenKind::Else
            | TokenKind::Await
            | TokenKind::Yield
            | TokenKind::ColonEqual
            | TokenKind::FStringStart
            | TokenKind::TStringStart
    )
}

#[cfg(test)]
mod tests {
    use ruff_python_parser::{Mode, lexer::lex};

    use super::*;

    fn nesting(source: &str) -> Nesting {
        let mut lexer = lex(source, Mode::Module);
        let mut nesting = Nesting::default();
        loop {
            match lexer.next_token() {
                TokenKind::EndOfFile => return nesting,
                kind => nesting.add(kind),
            }
        }
    }

    #[test]
    fn long_lists_and_many_statements_are_not_deep() {
        assert!(nesting(&format!("x = [{}]\n", "-1, (2), f(a.b), ".repeat(5_000))).deepest() < 10);
        assert!(nesting(&"x = a + b\n".repeat(5_000)).deepest() < 3);
        assert!(nesting(&"x = a + b; ".repeat(5_000)).deepest() < 3);
    }

    #[test]
    fn chains_are_as_deep_as_they_are_long() {
        for chain in [
            "1 + ",
            "- ",
            "not ",
            "lambda a, b: ",
            "a if b else ",
            "a ** ",
            "await ",
            "a.",
        ] {
            let nesting = nesting(&format!("x = {}1\n", chain.repeat(5_000)));
            assert!(nesting.deepest() >= 4_999, "{chain}: {}", nesting.deepest());
        }
    }

    #[test]
    fn limits_of_the_tokenizer_are_named() {
        let brackets = format!("x = {}{}\n", "(".repeat(201), ")".repeat(201));
        assert_eq!(
            nesting(&brackets).violation(),
            Some("too many nested parentheses")
        );
        let brackets = format!("x = {}{}\n", "(".repeat(200), ")".repeat(200));
        assert_eq!(nesting(&brackets).violation(), None);
        let blocks = (0..100)
            .map(|level| " ".repeat(level) + "if x:\n")
            .collect::<Vec<_>>()
            .concat();
        assert_eq!(
            nesting(&format!("{blocks}{}x\n", " ".repeat(100))).violation(),
            Some("too many levels of indentation")
        );
    }
}
