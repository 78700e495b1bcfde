//! Text from outside, made safe and visible.

use std::fmt::Write as _;

/// Which bytes stand for themselves, in an element and in an attribute.
type Plain = [bool; 256];

const fn plain(markup: &[u8]) -> Plain {
    let mut plain = [false; 256];
    let mut byte = b' ';
    while byte < 0x7f {
        plain[byte as usize] = true;
        byte += 1;
    }
    plain[b'\t' as usize] = true;
    let mut index = 0;
    while index < markup.len() {
        plain[markup[index] as usize] = false;
        index += 1;
    }
    plain
}

static IN_TEXT: Plain = plain(b"<>&");
static IN_ATTRIBUTE: Plain = plain(b"<>&\"");

/// Appends text for an element. What would steer the page (markup, control characters, marks that
/// turn the direction of reading) is shown instead.
pub(crate) fn push_text(out: &mut String, text: &str) {
    push(out, text, &IN_TEXT);
}

/// Appends text for an attribute in double quotes.
pub(crate) fn push_attribute(out: &mut String, text: &str) {
    push(out, text, &IN_ATTRIBUTE);
}

fn push(out: &mut String, text: &str, is_plain: &Plain) {
    let mut rest = text;
    loop {
        let special = rest.bytes().position(|byte| !is_plain[usize::from(byte)]);
        let Some(special) = special else {
            out.push_str(rest);
            return;
        };
        out.push_str(&rest[..special]);
        rest = &rest[special..];
        let Some(character) = rest.chars().next() else {
            return;
        };
        push_special(out, character);
        rest = &rest[character.len_utf8()..];
    }
}

fn push_special(out: &mut String, character: char) {
    match character {
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        '&' => out.push_str("&amp;"),
        '"' => out.push_str("&quot;"),
        // The pictures of the C0 controls follow their order.
        '\0'..='\x1f' => out.push(char::from_u32(0x2400 + character as u32).unwrap_or('\u{fffd}')),
        '\x7f' => out.push('\u{2421}'),
        _ if steers_reading(character) => {
            let _ = write!(out, "[U+{:04X}]", character as u32);
        }
        _ => out.push(character),
    }
}

/// Whether a character is invisible and changes how others are shown.
fn steers_reading(character: char) -> bool {
    matches!(
        character,
        '\u{80}'..='\u{9f}'
            | '\u{61c}'
            | '\u{200b}'
            | '\u{200e}'
            | '\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{e0000}'..='\u{e007f}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> String {
        let mut out = String::new();
        push_text(&mut out, text);
        out
    }

    #[test]
    fn markup_is_text() {
        assert_eq!(
            text("</script><b a='1' b=\"2\">&amp;"),
            "&lt;/script&gt;&lt;b a='1' b=\"2\"&gt;&amp;amp;"
        );
        let mut attribute = String::new();
        push_attribute(&mut attribute, "\"><a '");
        assert_eq!(attribute, "&quot;&gt;&lt;a '");
    }

    #[test]
    fn what_is_invisible_becomes_visible() {
        assert_eq!(
            text("a\u{202e}b\u{1b}[2J\n\tc\u{7f}"),
            "a[U+202E]b␛[2J␊\tc␡"
        );
        assert_eq!(text("é文 e\u{301} 👩‍👩‍👧"), "é文 e\u{301} 👩‍👩‍👧");
    }
}
