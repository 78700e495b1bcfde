//! The order in which people expect names: numbers in them compare as numbers.

use std::cmp::Ordering;

/// A name taken apart: text and digits in turns, text first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NaturalKey {
    chunks: Vec<Chunk>,
    name: String,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Chunk {
    /// Digits without leading zeros: the longer number is the larger one.
    Number(usize, String),
    Text(String),
}

impl NaturalKey {
    /// The key of a name.
    pub fn new(name: &str) -> Self {
        let mut chunks = Vec::new();
        let mut rest = name;
        loop {
            let text_end = rest
                .find(|c: char| c.is_ascii_digit())
                .unwrap_or(rest.len());
            let (text, from_digits) = rest.split_at(text_end);
            chunks.push(Chunk::Text(text.to_owned()));
            if from_digits.is_empty() {
                break;
            }
            let digits_end = from_digits
                .find(|c: char| !c.is_ascii_digit())
                .unwrap_or(from_digits.len());
            let (digits, after) = from_digits.split_at(digits_end);
            let digits = digits.trim_start_matches('0');
            chunks.push(Chunk::Number(digits.len(), digits.to_owned()));
            rest = after;
        }
        Self {
            chunks,
            name: name.to_owned(),
        }
    }
}

impl Ord for NaturalKey {
    fn cmp(&self, other: &Self) -> Ordering {
        (&self.chunks, &self.name).cmp(&(&other.chunks, &other.name))
    }
}

impl PartialOrd for NaturalKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_compare_as_numbers() {
        let mut names = [
            "z10.py", "z9.py", "z.py", "a/b.py", "Z1.py", "z009.py", "10", "9", "",
        ];
        names.sort_by_key(|name| NaturalKey::new(name));
        assert_eq!(
            names,
            [
                "", "9", "10", "Z1.py", "a/b.py", "z009.py", "z9.py", "z10.py", "z.py"
            ]
        );
    }
}
