//! What came out, class by class, and what is known not to pass.

use std::collections::{BTreeMap, BTreeSet};

/// Why a case says nothing about swath.
const REASONS: [&str; 4] = [
    "imports coverage's API",
    "plugin",
    "recorder's internals",
    "debug text",
];

/// Counted as failed: swath differs, and should not.
const OPEN: &str = "open";

/// The cases that are listed, each with its reason.
pub(super) struct Listed {
    reasons: BTreeMap<String, String>,
}

impl Listed {
    pub(super) fn parse(text: &str) -> Self {
        let mut reasons = BTreeMap::new();
        for line in text.lines() {
            let (name, reason) = line.rsplit_once(": ").expect("`NAME: REASON`");
            assert!(
                REASONS.contains(&reason) || reason == OPEN,
                "{reason} is no reason"
            );
            reasons.insert(name.to_owned(), reason.to_owned());
        }
        Self { reasons }
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.reasons.contains_key(name)
    }

    fn does_not_apply(&self, name: &str) -> bool {
        self.reasons.get(name).is_some_and(|reason| reason != OPEN)
    }

    /// The listed cases that are recorded command lines.
    pub(super) fn recorded(&self) -> impl Iterator<Item = &str> {
        let names = self.reasons.keys().map(String::as_str);
        names.filter(|name| name.contains(" > "))
    }
}

/// `test_file::Class` of `tests/test_file.py::Class::test_name`.
pub(super) fn class_of(name: &str) -> String {
    let name = name.strip_prefix("tests/").unwrap_or(name);
    let mut parts = name.split("::");
    let file = parts.next().unwrap_or_default().trim_end_matches(".py");
    format!("{file}::{}", parts.next().unwrap_or_default())
}

/// The cases that did not pass; one that did not run has not passed.
pub(super) fn failing_names(
    cases: &[String],
    outcomes: &BTreeMap<String, bool>,
) -> BTreeSet<String> {
    let passed = |name: &String| outcomes.get(name).copied().unwrap_or(false);
    cases.iter().filter(|name| !passed(name)).cloned().collect()
}

/// Passed, applicable, and not applicable cases of each class.
pub(super) fn by_class(
    cases: &[String],
    failing: &BTreeSet<String>,
    listed: &Listed,
) -> BTreeMap<String, (usize, usize, usize)> {
    let mut classes: BTreeMap<String, (usize, usize, usize)> = BTreeMap::new();
    for name in cases {
        let (passed, counted, aside) = classes.entry(class_of(name)).or_default();
        if listed.does_not_apply(name) {
            *aside += 1;
        } else {
            *counted += 1;
            *passed += usize::from(!failing.contains(name));
        }
    }
    classes
}

/// Whether a case may be in a sample: those of concurrency wait a lot.
pub(super) fn is_quick(name: &str) -> bool {
    !name.contains("test_concurrency") && !name.contains("test_venv")
}
