//! The code of `match`.

use ruff_python_ast::{Pattern, StmtMatch};
use ruff_text_size::Ranged;

use super::{Code, Flow};

impl<'a> Code<'a> {
    pub(super) fn match_statement(&mut self, choice: &'a StmtMatch) {
        self.emit(Flow::Next);
        let end = self.new_label();
        let count = choice.cases.len();
        for (number, case) in (1..).zip(&choice.cases) {
            let line = self.target.lines.logical(case.pattern.start());
            self.line = line;
            let next = self.new_label();
            self.note_pattern(&case.pattern);
            self.emit(Flow::Next);
            if !irrefutable(&case.pattern) {
                self.emit(Flow::Either(next));
            }
            if let Some(guard) = &case.guard {
                self.note_test(guard);
                self.jump_if(guard, next, false);
            }
            self.conditional_body(&case.body);
            let is_default = number == count && count > 1 && is_wildcard(&case.pattern);
            if self.minor() < 11 && !is_default {
                self.emit(Flow::Jump(end));
            } else {
                if self.minor() == 11 && !is_default {
                    self.line = 0;
                }
                self.emit_artificial(Flow::Jump(end));
            }
            if self.minor() == 11 && is_default {
                self.line = 0;
            } else if self.minor() <= 11 && !is_default {
                // What cleans up after a pattern that does not match is on its line.
                self.line = line;
            }
            self.place(next);
        }
        self.place(end);
    }
}

/// Whether the pattern matches whatever reaches it.
fn irrefutable(pattern: &Pattern) -> bool {
    match pattern {
        Pattern::MatchAs(capture) => capture.pattern.as_deref().is_none_or(irrefutable),
        Pattern::MatchOr(alternatives) => alternatives.patterns.last().is_some_and(irrefutable),
        _ => false,
    }
}

fn is_wildcard(pattern: &Pattern) -> bool {
    matches!(pattern, Pattern::MatchAs(capture) if capture.pattern.is_none() && capture.name.is_none())
}
