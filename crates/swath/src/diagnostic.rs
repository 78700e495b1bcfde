//! Messages for people: what failed, what was seen, what to do.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use swath_model::printable;

use crate::terminal::tell_styled;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    Error,
    Warning,
}

/// One message in the form of swath's own verbs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Diagnostic {
    level: Level,
    code: &'static str,
    message: String,
    notes: Vec<String>,
    hint: Option<String>,
}

impl Diagnostic {
    pub(crate) fn error(code: &'static str, message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            level: Level::Error,
            code,
            message: message.into(),
            notes: Vec::new(),
            hint: None,
        }
    }

    pub(crate) fn warning(code: &'static str, message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            level: Level::Warning,
            ..Diagnostic::error(code, message)
        }
    }

    pub(crate) fn note(mut self, note: impl Into<String>) -> Diagnostic {
        self.notes.push(note.into());
        self
    }

    pub(crate) fn notes(mut self, notes: impl IntoIterator<Item = String>) -> Diagnostic {
        self.notes.extend(notes);
        self
    }

    pub(crate) fn hint(mut self, hint: impl Into<Option<String>>) -> Diagnostic {
        self.hint = hint.into();
        self
    }

    /// The name by which the message is known.
    pub(crate) fn code(&self) -> &'static str {
        self.code
    }

    /// The message and its notes on one line.
    pub(crate) fn plain(&self) -> String {
        std::iter::once(self.message.as_str())
            .chain(self.notes.iter().map(String::as_str))
            .collect::<Vec<_>>()
            .join("; ")
    }

    /// The message as text with colours; the stream that prints it takes them out where they do not belong.
    pub(crate) fn render(&self) -> String {
        let (word, colour) = match self.level {
            Level::Error => ("error", AnsiColor::Red),
            Level::Warning => ("warning", AnsiColor::Yellow),
        };
        let strong = Style::new().bold().fg_color(Some(colour.into()));
        let cyan = Style::new().fg_color(Some(AnsiColor::Cyan.into()));
        let mut text = String::new();
        let _ = writeln!(
            text,
            "{strong}{word}[{}]{strong:#}: {}",
            self.code,
            printable(&self.message)
        );
        for note in &self.notes {
            let _ = writeln!(text, "  {}", printable(note));
        }
        if let Some(hint) = &self.hint {
            let _ = writeln!(text, "\n{cyan}hint:{cyan:#} {}", printable(hint));
        }
        text
    }

    /// Prints the message to stderr.
    pub(crate) fn print(&self) {
        tell_styled(&self.render());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_has_evidence_and_a_hint() {
        let diagnostic = Diagnostic::error("x-y", "`a` failed")
            .note("seen once")
            .hint("do `b`".to_owned());
        let plain = anstream::adapter::strip_str(&diagnostic.render()).to_string();
        assert_eq!(
            plain,
            "error[x-y]: `a` failed\n  seen once\n\nhint: do `b`\n"
        );
    }

    #[test]
    fn names_cannot_steer_the_terminal() {
        let plain =
            anstream::adapter::strip_str(&Diagnostic::warning("w", "a\x1b[2Jb\u{202e}").render())
                .to_string();
        assert_eq!(plain, "warning[w]: a\u{fffd}[2Jb\u{fffd}\n");
    }
}
