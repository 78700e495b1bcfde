//! Licences of the dependencies: SPDX expressions against a list of what may be shipped.

/// Licences that a binary under MIT or Apache-2.0 may carry.
const ALLOWED: [&str; 15] = [
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-1-Clause",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "Unicode-3.0",
    "Unicode-DFS-2016",
    "Unlicense",
    "Zlib",
];

/// Whether the expression can be met with allowed licences alone.
pub(crate) fn is_allowed(expression: &str) -> bool {
    // Old manifests write `A/B` for `A OR B`.
    let spaced = expression
        .replace('/', " OR ")
        .replace('(', " ( ")
        .replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut parser = Parser {
        words: &words,
        at: 0,
    };
    let allowed = parser.either();
    allowed && parser.at == words.len()
}

struct Parser<'a> {
    words: &'a [&'a str],
    at: usize,
}

impl Parser<'_> {
    fn take(&mut self, word: &str) -> bool {
        let found = self.words.get(self.at) == Some(&word);
        self.at += usize::from(found);
        found
    }

    fn either(&mut self) -> bool {
        let mut allowed = self.both();
        while self.take("OR") {
            allowed |= self.both();
        }
        allowed
    }

    fn both(&mut self) -> bool {
        let mut allowed = self.one();
        while self.take("AND") {
            allowed &= self.one();
        }
        allowed
    }

    fn one(&mut self) -> bool {
        if self.take("(") {
            let allowed = self.either();
            return self.take(")") && allowed;
        }
        let Some(name) = self.words.get(self.at) else {
            return false;
        };
        self.at += 1;
        if self.take("WITH") {
            let exception = self.words.get(self.at).copied().unwrap_or("");
            self.at += 1;
            return ALLOWED.contains(&format!("{name} WITH {exception}").as_str());
        }
        ALLOWED.contains(name)
    }
}

#[cfg(test)]
mod tests {
    use super::{ALLOWED, is_allowed};

    #[test]
    fn cargo_deny_allows_the_same() {
        let path = swath_test::workspace_root().join("deny.toml");
        let text = fs_err::read_to_string(path).expect("deny.toml is in the checkout");
        let list = text.split_once("allow = [").expect("it has a list").1;
        let list = list.split(']').next().unwrap_or_default();
        let names: Vec<&str> = list.split('"').skip(1).step_by(2).collect();
        assert_eq!(names, ALLOWED);
    }

    #[test]
    fn one_allowed_choice_is_enough() {
        assert!(is_allowed("MIT OR GPL-3.0-only"));
        assert!(is_allowed("GPL-3.0/Apache-2.0"));
        assert!(is_allowed("Apache-2.0 WITH LLVM-exception OR LGPL-2.1"));
        assert!(!is_allowed("GPL-3.0-only OR AGPL-3.0-only"));
    }

    #[test]
    fn every_part_of_a_conjunction_counts() {
        assert!(is_allowed("(MIT OR Apache-2.0) AND Unicode-3.0"));
        assert!(!is_allowed("MIT AND GPL-2.0-only"));
        assert!(!is_allowed("Apache-2.0 WITH Other-exception"));
    }

    #[test]
    fn what_cannot_be_read_is_not_allowed() {
        for expression in ["", "(MIT", "MIT)", "MIT AND", "MIT Apache-2.0", "MIT WITH"] {
            assert!(!is_allowed(expression), "{expression}");
        }
    }
}
