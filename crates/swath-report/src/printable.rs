//! Names made safe to print: no control characters reach a terminal or a report.

/// The text with `?` for what Python calls not printable.
pub fn neutralize_control(text: &str) -> String {
    text.chars()
        .map(|c| if is_printable(c) { c } else { '?' })
        .collect()
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
    fn what_steers_a_terminal_is_replaced() {
        assert_eq!(neutralize_control("a\u{1b}[2Jb\n\u{202e}"), "a?[2Jb??");
        assert_eq!(neutralize_control("\u{3000}\u{7f}\u{e000}"), "???");
        assert_eq!(neutralize_control("é e\u{301} \\ 文"), "é e\u{301} \\ 文");
    }
}
