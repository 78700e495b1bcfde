//! What makers of random Python programs share: the text as it grows, chance, and the statements
//! that only differ in what they are made of.

use std::fmt::Write;

use crate::Random;

/// The text of a program that is being written.
pub struct Draft {
    random: Random,
    /// The minor version of the Python that is to run it.
    pub minor: u8,
    /// What is written so far.
    pub text: String,
    /// How many blocks are open.
    pub depth: usize,
}

impl Draft {
    /// A program for a Python of this minor version, which begins with `text`.
    pub fn new(random: Random, minor: u8, text: String) -> Self {
        Self {
            random,
            minor,
            text,
            depth: 0,
        }
    }
}

/// What the enclosing statements allow.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a question of its own about the place"
)]
#[derive(Clone, Copy, Default)]
pub struct Place {
    /// `return` is allowed.
    pub in_function: bool,
    /// `await` is allowed.
    pub is_async: bool,
    /// The function yields.
    pub is_generator: bool,
    /// `break` and `continue` are allowed.
    pub in_loop: bool,
    /// `return` may not leave an `except*` suite, nor may `break` and `continue` of a loop around
    /// it.
    pub in_except_star: bool,
}

impl Place {
    /// The place in a loop that stands here.
    #[must_use]
    pub fn in_loop(self) -> Self {
        Self {
            in_loop: true,
            ..self
        }
    }

    /// The place in a handler that stands here.
    #[must_use]
    pub fn in_handler(self, is_star: bool) -> Self {
        Self {
            in_except_star: is_star || self.in_except_star,
            in_loop: self.in_loop && !is_star,
            ..self
        }
    }
}

/// Writes a program statement by statement.
pub trait ProgramWriter {
    /// The program.
    fn draft(&mut self) -> &mut Draft;

    /// Writes a clause whose first line begins with `head`, with some suite.
    fn clause(&mut self, head: &str);

    /// Writes the handlers of a `try`.
    fn handlers(&mut self, is_star: bool);

    /// A number below `bound`.
    fn below(&mut self, bound: u64) -> u64 {
        self.draft().random.below(bound)
    }

    /// True once in `count` times.
    fn one_in(&mut self, count: u64) -> bool {
        self.below(count) == 0
    }

    /// One of these.
    fn pick(&mut self, items: &[&'static str]) -> &'static str {
        let index = self.below(items.len() as u64);
        items[usize::try_from(index).expect("an index is small")]
    }

    /// Writes `code`, in which `@` stands for the indent of its later lines and `§` for `@`.
    fn line(&mut self, code: &str) {
        let draft = self.draft();
        let indent = " ".repeat(4 * draft.depth);
        let code = code.replace('@', &indent).replace('§', "@");
        let _ = writeln!(draft.text, "{indent}{code}");
    }

    /// An `if`, followed by an `elif` once in `elif_in` times.
    fn choice(&mut self, tests: &[&'static str], elif_in: u64) {
        let test = self.pick(tests);
        self.clause(&format!("if {test}"));
        while self.one_in(elif_in) {
            let test = self.pick(tests);
            self.clause(&format!("elif {test}"));
        }
        if self.one_in(3) {
            self.clause("else");
        }
    }

    /// A `try`, whose handlers are `except*` once in `star_in` times, where Python has that.
    fn attempt(&mut self, star_in: u64) {
        self.clause("try");
        let has_handlers = !self.one_in(3);
        if has_handlers {
            let is_star = self.draft().minor >= 11 && self.one_in(star_in);
            self.handlers(is_star);
            if self.one_in(3) {
                self.clause("else");
            }
        }
        if !has_handlers || self.one_in(3) {
            self.clause("finally");
        }
    }
}
