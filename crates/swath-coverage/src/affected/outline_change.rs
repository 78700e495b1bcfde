//! What of a source is another one: its module, or some of its functions.

use std::collections::{BTreeMap, BTreeSet};

use swath_analysis::{Outline, OutlineLine};

/// First and last line.
pub(super) type Span = (u32, u32);

/// What of a source changed, in terms of one of its two texts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct OutlineChange {
    /// Whether anything changed that runs with the module.
    pub(super) module: bool,
    /// The functions that changed, by name.
    pub(super) functions: BTreeMap<String, FunctionChange>,
}

/// What of a function changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FunctionChange {
    /// In the old text: the changed lines where nothing but them is concerned, or the whole body.
    pub(super) old: Vec<Span>,
    /// The same in the new text.
    pub(super) new: Vec<Span>,
    /// The lines of the new text that the old one has not.
    pub(super) written: Vec<Span>,
    /// Whether the whole body is concerned.
    pub(super) is_whole: bool,
    /// Whether what it returns is kept for later calls, which do not run it.
    pub(super) keeps_result: bool,
}

impl OutlineChange {
    /// Holds two texts of a source against each other.
    pub(super) fn between(old: &Outline, new: &Outline) -> Self {
        let mut change = Self::default();
        let (old_lines, new_lines) = (own_lines(old), own_lines(new));
        let of = |lines: &BTreeMap<Option<usize>, Vec<OutlineLine>>, place| {
            lines.get(&place).cloned().unwrap_or_default()
        };
        change.module = !same(&of(&old_lines, None), &of(&new_lines, None));
        let names = new.functions.iter().enumerate();
        let names: BTreeMap<&str, usize> = names
            .map(|(place, function)| (function.name.as_str(), place))
            .collect();
        for (place, before) in old.functions.iter().enumerate() {
            // What has a new definition, or none any more, changed the code around it.
            let Some(&now) = names.get(before.name.as_str()) else {
                continue;
            };
            let after = &new.functions[now];
            let (old_own, new_own) = (of(&old_lines, Some(place)), of(&new_lines, Some(now)));
            if same(&old_own, &new_own) {
                continue;
            }
            let written = written(&old_own, &new_own);
            let traced = traced_lines(&old_own, &new_own);
            let traced = traced.filter(|_| before.shape == after.shape);
            let is_whole = traced.is_none();
            let (old, new) = traced.unwrap_or_else(|| {
                let whole = |function: &swath_analysis::OutlineFunction| {
                    vec![(function.first, function.last)]
                };
                (whole(before), whole(after))
            });
            let function = FunctionChange {
                old,
                new,
                written,
                is_whole,
                keeps_result: before.keeps_result || after.keeps_result,
            };
            change.functions.insert(before.name.clone(), function);
        }
        change
    }

    /// Whether nothing but blanks and comments changed.
    pub(super) fn is_empty(&self) -> bool {
        !self.module && self.functions.is_empty()
    }
}

/// The lines of each function, and of the module.
fn own_lines(outline: &Outline) -> BTreeMap<Option<usize>, Vec<OutlineLine>> {
    let mut lines: BTreeMap<Option<usize>, Vec<OutlineLine>> = BTreeMap::new();
    for line in &outline.lines {
        lines.entry(line.function).or_default().push(*line);
    }
    lines
}

fn same(old: &[OutlineLine], new: &[OutlineLine]) -> bool {
    let texts = |lines: &[OutlineLine]| lines.iter().map(|line| line.text).collect::<Vec<_>>();
    old.len() == new.len() && texts(old) == texts(new)
}

/// The lines that differ, in both texts, if each of them stands where it stood and concerns nobody
/// but who runs it.
fn traced_lines(old: &[OutlineLine], new: &[OutlineLine]) -> Option<(Vec<Span>, Vec<Span>)> {
    if old.len() != new.len() {
        return None;
    }
    let mut spans = (Vec::new(), Vec::new());
    for (old, new) in old.iter().zip(new) {
        if old.depth != new.depth {
            return None;
        }
        if old.text == new.text {
            continue;
        }
        if !old.is_traced || !new.is_traced {
            return None;
        }
        spans.0.push((old.first, old.last));
        spans.1.push((new.first, new.last));
    }
    Some(spans)
}

/// The new lines that are not among the old ones.
fn written(old: &[OutlineLine], new: &[OutlineLine]) -> Vec<Span> {
    let known: BTreeSet<u64> = old.iter().map(|line| line.text).collect();
    let fresh = new.iter().filter(|line| !known.contains(&line.text));
    let spans: Vec<Span> = fresh.map(|line| (line.first, line.last)).collect();
    if spans.is_empty() {
        // Something was only taken away.
        return new
            .first()
            .map(|line| (line.first, line.last))
            .into_iter()
            .collect();
    }
    spans
}

#[cfg(test)]
mod tests {
    use swath_analysis::{PythonVersion, outline};

    use super::*;

    const OLD: &str = "\
import os


def one(a):
    if a:
        b = 1
    else:
        b = 2
    return b


class Cart:
    def two(self):
        return os
";

    /// By name.
    type Functions = Vec<(String, [Vec<Span>; 3])>;

    /// Whether the module changed, and for each function that did its lines before and after, and
    /// those that are new.
    fn change(old: &str, new: &str) -> (bool, Functions) {
        assert_eq!(OLD.matches(old).count(), 1, "{old}");
        let read = |text: &str| outline(text, PythonVersion::new(3, 12)).unwrap();
        let change = OutlineChange::between(&read(OLD), &read(&OLD.replace(old, new)));
        let functions = change.functions.into_iter();
        let functions = functions.map(|(name, it)| (name, [it.old, it.new, it.written]));
        (change.module, functions.collect())
    }

    fn of_one(old: Span, new: Span, written: Span) -> Functions {
        vec![("one".to_owned(), [vec![old], vec![new], vec![written]])]
    }

    #[test]
    fn a_line_in_its_place_stands_for_itself() {
        let line = (8, 8);
        assert_eq!(change("b = 2", "b = 3"), (false, of_one(line, line, line)));
        let longer = (8, 10);
        let expected = (false, of_one(line, longer, longer));
        let call = "b = f(\n            3,\n        )";
        assert_eq!(change("b = 2", call), expected);
        assert_eq!(change("b = 1", "b = 1  # one"), (false, vec![]));
    }

    #[test]
    fn what_holds_lines_together_stands_for_the_function() {
        let body = (5, 9);
        for (old, new, last, written) in [
            ("    else:\n", "    elif a == 0:\n", 9, (7, 7)),
            ("    return b\n", "        return b\n", 9, (9, 9)),
            ("b = 1\n", "c = 1\n", 9, (6, 6)),
            ("b = 1\n", "pass\n", 9, (6, 6)),
            ("b = 1\n", "b = yield\n", 9, (6, 6)),
            ("    return b\n", "    a = 1\n    return b\n", 10, (9, 9)),
        ] {
            let expected = (false, of_one(body, (5, last), written));
            assert_eq!(change(old, new), expected, "{new}");
        }
        // Where something was only taken away, the first line of what is left is named.
        let expected = (false, of_one(body, (5, 8), (5, 5)));
        assert_eq!(change("    return b\n", ""), expected);
    }

    #[test]
    fn definitions_are_of_what_is_around_them() {
        for (old, new) in [
            ("import os", "import os, sys"),
            ("def one(a)", "def one(a, b=1)"),
            (
                "    def two(self):\n",
                "    @property\n    def two(self):\n",
            ),
            ("class Cart:", "class Cart(dict):"),
            (
                "    def two(self):\n",
                "    def two(self):\n        'Two.'\n",
            ),
        ] {
            assert_eq!(change(old, new), (true, vec![]), "{new}");
        }
    }
}
