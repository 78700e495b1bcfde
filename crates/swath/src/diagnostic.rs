//! Messages for people: what failed, what was seen, what to do.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use swath_model::{Message, Severity, printable};

use crate::terminal::tell_styled;

/// Shows a message.
pub(crate) trait Show {
    /// The message as text with colors; the stream that prints it takes them out where they do not
    /// belong.
    fn render(&self) -> String;

    /// Prints it to stderr.
    fn print(&self);
}

impl Show for Message {
    fn render(&self) -> String {
        let (word, color) = match self.severity {
            Severity::Error => ("error", AnsiColor::Red),
            Severity::Warning => ("warning", AnsiColor::Yellow),
        };
        let strong = Style::new().bold().fg_color(Some(color.into()));
        let cyan = Style::new().fg_color(Some(AnsiColor::Cyan.into()));
        let mut text = String::new();
        let _ = writeln!(
            text,
            "{strong}{word}[{}]{strong:#}: {}",
            self.code,
            printable(&self.text)
        );
        for note in &self.notes {
            let _ = writeln!(text, "  {}", printable(note));
        }
        if let Some(hint) = &self.hint {
            let _ = writeln!(text, "\n{cyan}hint:{cyan:#} {}", printable(hint));
        }
        text
    }

    fn print(&self) {
        tell_styled(&self.render());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_has_evidence_and_a_hint() {
        let message = Message::error("x-y", "`a` failed")
            .note("seen once")
            .hint("do `b`".to_owned());
        let plain = anstream::adapter::strip_str(&message.render()).to_string();
        assert_eq!(
            plain,
            "error[x-y]: `a` failed\n  seen once\n\nhint: do `b`\n"
        );
    }

    #[test]
    fn names_cannot_steer_the_terminal() {
        let message = Message::warning("w", "a\x1b[2Jb\u{202e}");
        let plain = anstream::adapter::strip_str(&message.render()).to_string();
        assert_eq!(plain, "warning[w]: a\u{fffd}[2Jb\u{fffd}\n");
    }
}
