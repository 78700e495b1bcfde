//! What the stand-in wrote.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;

use serde_json::Value;

/// The log of the processes of one program.
pub(crate) struct Log {
    lines: Vec<Vec<Value>>,
}

/// A context: its kind and its strings; nothing where code belongs to none.
pub(crate) type Context = Vec<String>;

fn strings(value: &Value) -> Context {
    let items = value.as_array().cloned().unwrap_or_default();
    items
        .iter()
        .map(|item| item.as_str().unwrap().to_owned())
        .collect()
}

impl Log {
    /// Reads it. swath's own code must not have failed.
    pub(crate) fn read(path: &Path) -> Self {
        let text = fs_err::read_to_string(path).unwrap_or_default();
        let log = Self {
            lines: text
                .lines()
                .map(|line| serde_json::from_str(line).unwrap())
                .collect(),
        };
        assert_eq!(log.of("failed"), Vec::<&[Value]>::new());
        log
    }

    /// The lines of one kind, without their process.
    fn of(&self, kind: &str) -> Vec<&[Value]> {
        self.lines
            .iter()
            .filter(|line| line[1] == kind)
            .map(|line| &line[2..])
            .collect()
    }

    /// The places that ran, each with its context.
    pub(crate) fn ran(&self) -> Vec<(String, Context)> {
        self.of("ran")
            .iter()
            .map(|line| (line[0].as_str().unwrap().to_owned(), strings(&line[1])))
            .collect()
    }

    /// What clients sent: a place, and the test that it belongs to.
    pub(crate) fn sent(&self) -> BTreeMap<String, String> {
        self.of("sent")
            .iter()
            .map(|line| {
                let text = |at: usize| line[at].as_str().unwrap().to_owned();
                (text(0), text(1))
            })
            .collect()
    }

    /// Text that a test wrote down under this name.
    pub(crate) fn texts(&self, kind: &str) -> Vec<String> {
        self.of(kind)
            .iter()
            .map(|line| line[0].as_str().unwrap().to_owned())
            .collect()
    }

    /// What became known of contexts under this name, each once: the context's last strings, and the strings noted.
    pub(crate) fn notes(&self, what: &str) -> BTreeSet<String> {
        self.of("note")
            .iter()
            .filter(|line| line[1] == what)
            .map(|line| {
                let context = strings(&line[0]);
                let noted = line[2..].iter().map(|item| item.as_str().unwrap());
                // Of a request, without its test.
                let known = match context.first().map(String::as_str) {
                    Some("request") => &context[2..],
                    Some(_) => &context[1..],
                    None => &[],
                };
                let known = known.iter().map(String::as_str);
                known.chain(noted).collect::<Vec<_>>().join(" ")
            })
            .collect()
    }

    /// The places that ran and how tests ended, in order, as one text.
    pub(crate) fn story(&self) -> String {
        let mut story = String::new();
        for line in &self.lines {
            let context = |value: &Value| match strings(value) {
                none if none.is_empty() => "-".to_owned(),
                some => some[1..].join(" "),
            };
            let text = |at: usize| line[at].as_str().unwrap();
            if line[1] == "ran" {
                let _ = writeln!(story, "{}: {}", text(2), context(&line[3]));
            } else if line[1] == "note" && line[3] == "outcome" {
                let _ = writeln!(story, "= {}: {}", text(4), context(&line[2]));
            }
        }
        story
    }

    /// Each context is left as often as it is entered.
    pub(crate) fn assert_balanced(&self, name: &str) {
        let mut depths = BTreeMap::new();
        for (kind, step) in [("enter", 1), ("leave", -1)] {
            for line in self.of(kind) {
                *depths.entry(strings(&line[0])).or_insert(0) += step;
            }
        }
        depths.retain(|_, depth| *depth != 0);
        assert_eq!(depths, BTreeMap::new(), "{name}");
    }
}
