//! Whether a patch fits a text: the lines that it shows are there.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

/// The lines that a patch shows of a text after the change: their numbers, and a hash of each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AddedText(Vec<(u32, u64)>);

impl AddedText {
    pub(crate) fn push(&mut self, number: u32, line: &[u8]) {
        self.0.push((number, hash(line)));
    }

    /// The first line of `text` that is not what the patch says; nothing if the patch fits.
    pub fn first_difference(&self, text: &[u8]) -> Option<u32> {
        let lines: Vec<&[u8]> = text.split(|&byte| byte == b'\n').collect();
        let is_there = |number: u32, expected: u64| {
            let index = (number as usize).checked_sub(1)?;
            let line = lines.get(index)?;
            Some(hash(line) == expected)
        };
        let mut differing = self.0.iter();
        differing
            .find(|(number, expected)| is_there(*number, *expected) != Some(true))
            .map(|(number, _)| *number)
    }
}

/// Ends of lines are as the system, or a mail, makes them.
fn hash(line: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    line.strip_suffix(b"\r").unwrap_or(line).hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patch_of_another_text_is_noticed() {
        let mut text = AddedText::default();
        text.push(1, b"a");
        text.push(3, b"c\r");
        assert_eq!(text.first_difference(b"a\nb\nc\n"), None);
        assert_eq!(text.first_difference(b"a\r\nb\nd"), Some(3));
        assert_eq!(text.first_difference(b"a\n"), Some(3));
        text.push(0, b"z");
        assert_eq!(text.first_difference(b"a\nb\nc\n"), Some(0));
    }
}
