//! Text made safe to print: what steers a terminal or disguises a name reaches neither a terminal nor
//! a report.

use std::borrow::Cow;

/// The text with `?` for what Python calls not printable.
pub fn neutralize_control(text: &str) -> String {
    text.chars()
        .map(|c| if is_printable(c) { c } else { '?' })
        .collect()
}

/// A message, which may have several lines, with a replacement character for what Python calls not
/// printable: control characters, marks of direction, and the like.
pub fn printable(text: &str) -> Cow<'_, str> {
    let is_tame = |c: char| c == '\n' || c == '\t' || is_printable(c);
    if text.chars().all(is_tame) {
        return Cow::Borrowed(text);
    }
    let tamed = text.chars().map(|c| {
        if is_tame(c) {
            c
        } else {
            char::REPLACEMENT_CHARACTER
        }
    });
    Cow::Owned(tamed.collect())
}

/// Whether Python calls the character printable.
fn is_printable(character: char) -> bool {
    if character.is_ascii() {
        return (' '..='~').contains(&character);
    }
    // The standard library escapes what Python does not print: control, format, private,
    // unassigned characters and blanks. A letter in front keeps combining marks as they are.
    let text: String = ['a', character].iter().collect();
    text.escape_debug().nth(1) != Some('\\')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_keep_their_lines_and_nothing_else_that_steers() {
        let hostile = "a\u{1b}]0;x\u{7}\n\tb\r\u{9b}31m\u{202e}\u{2066}\u{200f}\u{feff}\u{7f}\0c";
        let tame = "a\u{fffd}]0;x\u{fffd}\n\tb\u{fffd}\u{fffd}31m\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}c";
        assert_eq!(printable(hostile), tame);
        assert!(matches!(
            printable("é e\u{301} 文 \u{fffd}\n"),
            Cow::Borrowed(_)
        ));
    }

    #[test]
    fn what_steers_a_terminal_is_replaced() {
        assert_eq!(neutralize_control("a\u{1b}[2Jb\n\u{202e}"), "a?[2Jb??");
        assert_eq!(neutralize_control("\u{3000}\u{7f}\u{e000}"), "???");
        assert_eq!(neutralize_control("é e\u{301} \\ 文"), "é e\u{301} \\ 文");
    }
}
