//! Random patterns and texts, made of the pieces that have rules of their own.

use swath_test::Random;

pub(crate) struct Generator(Random);

const NAMES: [&str; 12] = [
    "src", "pkg", "a", "b.py", "x.PY", "test_1", "lib", "loop", "root", "ü", "a+b", "c d",
];

const GLOB_PIECES: [&str; 24] = [
    "*", "*", "**", "?", "/", "/", "/", "\\", "a", "src", "pkg", ".py", "*.py", "[ab]", "[!a]",
    "[a-c]", "[", "]", "[]a]", ".", "+", "ü", "**/", "/*",
];

/// Atoms of a regular expression.
const ATOMS: [&str; 44] = [
    "a",
    "b",
    "A",
    "é",
    " ",
    "#",
    "\\.",
    ".",
    "\\w",
    "\\W",
    "\\s",
    "\\S",
    "\\d",
    "\\D",
    "[ab]",
    "[^a]",
    "[a-c]",
    "[\\w-]",
    "[^\\s#]",
    "[]a]",
    "[[a]",
    "[a&&b]",
    "[a~~]",
    "[\\]\\-x]",
    "^",
    "$",
    "\\b",
    "\\B",
    "\\A",
    "\\Z",
    "\\x41",
    "\\u00e9",
    "\\07",
    "\\101",
    "\\n",
    "\n",
    "{",
    "}",
    "a{",
    "{,}",
    "-",
    "&",
    "\\<",
    "0",
];

const OPENINGS: [&str; 14] = [
    "(", "(", "(", "(?:", "(?:", "(?P<n>", "(?=", "(?!", "(?<=", "(?<!", "(?>", "(?i:", "(?s-m:",
    "(?-s:",
];

const QUANTIFIERS: [&str; 16] = [
    "*", "+", "?", "*?", "+?", "??", "*+", "++", "{2}", "{1,2}", "{,2}", "{1,}", "{0}", "{2,1}",
    "{1}?", "{,1}+",
];

/// Pieces that are wrong at most places.
const NOISE: [&str; 30] = [
    "(",
    ")",
    "[",
    "]",
    "*",
    "+",
    "|",
    "\\",
    "\\q",
    "\\1",
    "\\2",
    "\\12",
    "(?P=n)",
    "(?P<n>a)",
    "(?P<1>a)",
    "(?i)",
    "(?x)",
    "(?z)",
    "(?P>",
    "(?<x)",
    "(?#note)",
    "(?(1)a|b)",
    "(?(n)a)",
    "(?(9)a)",
    "[b-a]",
    "[\\d-z]",
    "\\x4",
    "(?-a:b)",
    "(?ii-i:b)",
    "(?i-)",
];

impl Generator {
    pub(crate) fn new() -> Self {
        Self(Random::new(swath_test::seed()))
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.0.below(bound as u64)).unwrap()
    }

    fn one_of<'a>(&mut self, items: &[&'a str]) -> &'a str {
        items[self.below(items.len())]
    }

    pub(crate) fn some<T>(&mut self, most: usize, mut make: impl FnMut(&mut Self) -> T) -> Vec<T> {
        (0..self.below(most + 1)).map(|_| make(self)).collect()
    }

    pub(crate) fn glob(&mut self) -> String {
        (0..=self.below(6))
            .map(|_| self.one_of(&GLOB_PIECES))
            .collect()
    }

    pub(crate) fn letter(&mut self) -> &'static str {
        self.one_of(&["a", "b", "src", "zzz"])
    }

    pub(crate) fn path(&mut self, here: &str) -> String {
        let separator = self.one_of(&["/", "/", "/", "\\"]);
        let start = match self.below(5) {
            0 => separator.to_owned(),
            1 | 2 => format!("{here}/"),
            3 => "c:\\".to_owned(),
            _ => String::new(),
        };
        let parts: Vec<&str> = (0..=self.below(4))
            .map(|_| match self.below(16) {
                0 => "..",
                1 => ".",
                2 => "",
                _ => self.one_of(&NAMES),
            })
            .collect();
        format!("{start}{}", parts.join(separator))
    }

    /// Where an alias leads to.
    pub(crate) fn directory(&mut self, here: &str) -> String {
        match self.below(5) {
            0 => "src".to_owned(),
            1 => "./src/".to_owned(),
            2 => ".".to_owned(),
            3 => "c:\\work".to_owned(),
            _ => format!("{here}/lib"),
        }
    }

    pub(crate) fn module(&mut self) -> String {
        let parts = self.some(3, |generator| generator.one_of(&["a", "ab", "b"]));
        parts.join(".")
    }

    pub(crate) fn regex(&mut self) -> String {
        let mut pattern = match self.below(12) {
            0 => "(?i)".to_owned(),
            1 => "(?s)".to_owned(),
            2 => "(?x) ".to_owned(),
            3 => "(?a)".to_owned(),
            _ => String::new(),
        };
        self.alternatives(&mut pattern, 3);
        pattern
    }

    fn alternatives(&mut self, pattern: &mut String, depth: usize) {
        loop {
            for _ in 0..self.below(4) {
                self.item(pattern, depth);
            }
            if self.below(4) > 0 {
                break;
            }
            pattern.push('|');
        }
    }

    fn item(&mut self, pattern: &mut String, depth: usize) {
        match self.below(20) {
            0 => pattern.push_str(self.one_of(&NOISE)),
            1..=5 if depth > 0 => {
                pattern.push_str(self.one_of(&OPENINGS));
                self.alternatives(pattern, depth - 1);
                pattern.push(')');
            }
            _ => pattern.push_str(self.one_of(&ATOMS)),
        }
        if self.below(3) == 0 {
            pattern.push_str(self.one_of(&QUANTIFIERS));
        }
    }

    pub(crate) fn text(&mut self) -> String {
        const PIECES: [&str; 16] = [
            "a", "b", "A", "é", "É", " ", "#", "\n", "0", "_", ".", "-", "\u{1c}", "²", "{", "ab",
        ];
        (0..self.below(14)).map(|_| self.one_of(&PIECES)).collect()
    }
}
