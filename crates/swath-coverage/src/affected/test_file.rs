//! What of a file of tests changed: some of its tests, or what they share.

use std::collections::{BTreeMap, BTreeSet};

use swath_analysis::{Outline, OutlineFunction};

/// What of a file of tests changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct TestFileChange {
    /// Whether anything else did than whole tests: a fixture, a helper, what runs on import.
    pub(super) all: bool,
    /// The dotted names of the tests that changed, or are new.
    pub(super) changed: BTreeSet<String>,
    /// The dotted names of those that are gone.
    pub(super) gone: BTreeSet<String>,
}

impl TestFileChange {
    pub(super) fn between(old: &Outline, new: &Outline) -> Self {
        let (old, new) = (Parts::of(old), Parts::of(new));
        let changed = new.tests.iter();
        let changed = changed.filter(|(name, lines)| old.tests.get(*name) != Some(*lines));
        let gone = old
            .tests
            .keys()
            .filter(|name| !new.tests.contains_key(*name));
        Self {
            all: old.rest != new.rest,
            changed: changed.map(|(name, _)| (*name).to_owned()).collect(),
            gone: gone.map(|name| (*name).to_owned()).collect(),
        }
    }

    /// Whether nothing but blanks and comments changed.
    pub(super) fn is_empty(&self) -> bool {
        !self.all && self.changed.is_empty() && self.gone.is_empty()
    }
}

/// The lines of each test, and all others, by what they say.
struct Parts<'a> {
    tests: BTreeMap<&'a str, Vec<u64>>,
    rest: Vec<u64>,
}

impl<'a> Parts<'a> {
    fn of(outline: &'a Outline) -> Self {
        let mut parts = Self {
            tests: BTreeMap::new(),
            rest: Vec::new(),
        };
        let functions = outline.functions.iter();
        let is_inside = |one: &OutlineFunction| {
            let mut others = outline.functions.iter();
            others.any(|other| other.first <= one.definition && one.definition <= other.last)
        };
        let tests = functions.filter(|one| is_test(one) && !is_inside(one));
        let tests: Vec<&OutlineFunction> = tests.collect();
        let mut next = 0;
        for line in &outline.lines {
            while tests.get(next).is_some_and(|test| test.last < line.first) {
                next += 1;
            }
            match tests.get(next).filter(|test| test.definition <= line.first) {
                // A second one of the same name takes the place of the first.
                Some(test) => parts
                    .tests
                    .entry(plain(&test.name))
                    .or_default()
                    .push(line.text),
                None => parts.rest.push(line.text),
            }
        }
        parts
    }
}

/// Whether runners take a function for a test, by its name.
fn is_test(function: &OutlineFunction) -> bool {
    let name = plain(&function.name);
    let (outer, name) = name.rsplit_once('.').unwrap_or(("", name));
    let is_class = |name: &str| name.starts_with(|letter: char| letter.is_uppercase());
    name.starts_with("test")
        && outer
            .split('.')
            .all(|outer| outer.is_empty() || is_class(outer))
}

fn plain(name: &str) -> &str {
    name.split_once('#').map_or(name, |(name, _)| name)
}

#[cfg(test)]
mod tests {
    use swath_analysis::{PythonVersion, outline};

    use super::*;

    fn change(old: &str, new: &str) -> (bool, Vec<String>, Vec<String>) {
        let read = |text| outline(text, PythonVersion::new(3, 12)).unwrap();
        let change = TestFileChange::between(&read(old), &read(new));
        let names = |names: BTreeSet<String>| names.into_iter().collect();
        (change.all, names(change.changed), names(change.gone))
    }

    const OLD: &str = "\
import pytest

def helper():
    return 1

@pytest.mark.parametrize('a', [1])
def test_one(a):
    assert a == helper()

class TestCart:
    def test_two(self):
        '''Doc.'''
        assert 1
";

    #[test]
    fn tests_change_one_by_one() {
        let new = OLD.replace("[1]", "[1, 2]");
        assert_eq!(
            change(OLD, &new),
            (false, vec!["test_one".to_owned()], vec![])
        );
        let new = format!("{OLD}    def test_three(self):\n        pass\n");
        let new = new.replace("test_one", "test_four");
        let expected = ["TestCart.test_three", "test_four"].map(str::to_owned);
        assert_eq!(
            change(OLD, &new),
            (false, expected.to_vec(), vec!["test_one".to_owned()])
        );
        assert_eq!(change(OLD, &format!("# x\n{OLD}")), (false, vec![], vec![]));
    }

    #[test]
    fn what_tests_share_changes_all() {
        for (before, after) in [
            ("return 1", "return 2"),
            ("import pytest", "import pytest, os"),
            ("class TestCart:", "class TestCart(Base):"),
        ] {
            assert!(change(OLD, &OLD.replace(before, after)).0, "{after}");
        }
    }
}
