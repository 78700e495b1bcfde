//! The one module that calls the parser.
//!
//! Its crate promises no stable interface, so everything else sees only the syntax tree and the tokens.

use std::ops::RangeInclusive;
use std::thread;

use ruff_python_ast::token::TokenKind;
use ruff_python_ast::{ModModule, PythonVersion as TargetVersion};
use ruff_python_parser::{Mode, ParseOptions, Parsed, lexer, parse_unchecked};
use ruff_text_size::Ranged;
use swath_model::PythonVersion;
use swath_store::Version;

use crate::compile_errors;
use crate::nesting::Nesting;
use crate::problem::{Problem, ProblemKind};
use crate::syntax_error;

/// A larger source is judged before it is parsed: the parser's stack grows with the nesting.
const UNJUDGED_SIZE: usize = 256 * 1024;
/// A tree this deep is walked on the caller's stack.
const SHALLOW: usize = 200;
/// What a level of the tree may take on the stack, and what everything else takes.
const STACK_PER_LEVEL: usize = 4 * 1024;
const STACK_BASE: usize = 16 * 1024 * 1024;

/// Parses a source, and calls `walk` with the tree if Python accepts it; on a large stack if the tree is deep.
pub(crate) fn with_module<T: Send>(
    source: &str,
    version: PythonVersion,
    walk: impl FnOnce(&Parsed<ModModule>) -> Result<T, Problem> + Send,
) -> Result<T, Problem> {
    if source.len() > UNJUDGED_SIZE {
        judge(source)?;
    }
    // The parser accepts a null byte where Python accepts none.
    if source.contains('\0') {
        return Err(Problem::new(
            ProblemKind::Syntax,
            "source code string cannot contain null bytes",
            0,
            0,
        ));
    }
    let target = TargetVersion {
        major: version.major.max(3),
        minor: rules_minor(version),
    };
    let options = ParseOptions::from(Mode::Module).with_target_version(target);
    let Some(parsed) = parse_unchecked(source, options).try_into_module() else {
        return Err(Problem::new(ProblemKind::Syntax, "invalid syntax", 1, 0));
    };
    let mut nesting = Nesting::default();
    let mut violation = None;
    for token in parsed.tokens() {
        nesting.add(token.kind());
        if violation.is_none()
            && let Some(message) = nesting.violation()
        {
            violation = Some(Problem::at(
                source,
                ProblemKind::TooComplex,
                message,
                token.start(),
            ));
        }
    }
    let depth = nesting.deepest();
    let job = move || {
        if let Some(problem) = violation {
            return Err(problem);
        }
        if let Some(problem) = syntax_error::first(source, &parsed) {
            return Err(problem);
        }
        if let Some(error) = compile_errors::first(parsed.suite(), rules_minor(version)) {
            return Err(Problem::at(
                source,
                ProblemKind::Syntax,
                error.message,
                error.offset,
            ));
        }
        walk(&parsed)
    };
    if depth <= SHALLOW {
        job()
    } else {
        on_large_stack(depth, job)
    }
}

/// Runs the job, which owns the tree and drops it, on a stack that is large enough for its depth.
fn on_large_stack<T: Send>(
    depth: usize,
    job: impl FnOnce() -> Result<T, Problem> + Send,
) -> Result<T, Problem> {
    let no_memory = || {
        Problem::new(
            ProblemKind::TooComplex,
            "no memory to analyse the deeply nested code",
            1,
            0,
        )
    };
    thread::scope(|scope| {
        let builder = thread::Builder::new().stack_size(STACK_BASE + depth * STACK_PER_LEVEL);
        match builder.spawn_scoped(scope, job) {
            Ok(handle) => handle.join().unwrap_or_else(|_| Err(no_memory())),
            Err(_) => Err(no_memory()),
        }
    })
}

/// Finds sources that are nested too deeply without building a tree.
fn judge(source: &str) -> Result<(), Problem> {
    let mut lexer = lexer::lex(source, Mode::Module);
    let mut nesting = Nesting::default();
    let mut line = 1;
    loop {
        let kind = lexer.next_token();
        if kind == TokenKind::EndOfFile {
            return Ok(());
        }
        nesting.add(kind);
        if let Some(message) = nesting.violation() {
            return Err(Problem::new(ProblemKind::TooComplex, message, line, 0));
        }
        line += u32::from(matches!(
            kind,
            TokenKind::Newline | TokenKind::NonLogicalNewline
        ));
    }
}

/// The minor versions of Python 3 that are measured, and whose rules are known.
pub const MEASURED_MINORS: RangeInclusive<u8> = Version::OLDEST.minor()..=Version::NEWEST.minor();

/// The minor version whose rules are used: those of the oldest one that is measured for anything
/// older, of the newest one for anything newer.
pub(crate) fn rules_minor(version: PythonVersion) -> u8 {
    match version.major {
        0..=2 => Version::OLDEST.minor(),
        3 => version
            .minor
            .clamp(*MEASURED_MINORS.start(), *MEASURED_MINORS.end()),
        _ => Version::NEWEST.minor(),
    }
}
