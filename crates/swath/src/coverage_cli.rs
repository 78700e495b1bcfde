//! coverage.py's own command line: its verbs, its help, its usage errors, on its streams.
//!
//! Started as `coverage`, swath is this and nothing else; started as `swath`, coverage.py's verbs
//! (but `run`, which does more) are read by the same rules. The texts are coverage.py 7.17.3's.

mod choice;
mod handover;
mod help;
mod parser;
mod refusals;
mod verb;

use std::ffi::{OsStr, OsString};
use std::path::Path;

use swath_pattern::python_repr;
use swath_report::COVERAGE_URL;

pub(crate) use choice::{Choice, Takes};
pub(crate) use parser::Parsed;
pub(crate) use verb::{BADGE, Verb, verbs};

use crate::commands;
use crate::exit::Exit;
use crate::terminal::{print, tell};
use verb::{GLOBAL, verb_named};

/// Whether the command was started under coverage.py's name, such as `coverage` or `coverage3`.
pub(crate) fn is_coverage(program: &OsStr) -> bool {
    let name = program_name(program);
    let rest = name.strip_prefix("coverage");
    rest.is_some_and(|rest| {
        rest.chars()
            .all(|c| c.is_ascii_digit() || c == '-' || c == '.')
    })
}

/// Whether swath reads the arguments of this verb as coverage.py does, under its own name, too.
pub(crate) fn is_shared_verb(word: &OsStr) -> bool {
    word.to_str()
        .is_some_and(|word| !matches!(word, "run" | "help") && own_verb_named(word).is_some())
}

/// The verb of this name under swath's own name.
fn own_verb_named(name: &str) -> Option<&'static Verb> {
    verb_named(name).or_else(|| (name == BADGE.name).then_some(&BADGE))
}

fn program_name(program: &OsStr) -> String {
    let name = Path::new(program).file_name().unwrap_or(program);
    name.to_string_lossy().into_owned()
}

/// One run of the command line.
pub(crate) struct CommandLine {
    program: String,
}

impl CommandLine {
    /// `program` is the name swath was started by.
    pub(crate) fn new(program: &OsStr) -> Self {
        Self {
            program: program_name(program),
        }
    }

    /// Does what `words` say: a verb and its arguments.
    pub(crate) fn perform(&self, words: &[OsString]) -> Exit {
        let Some((first, rest)) = words.split_first() else {
            return self.topic("minimum_help");
        };
        let first = first.to_string_lossy();
        let (verb, words) = if first.starts_with('-') {
            (&GLOBAL, words)
        } else if let Some(verb) = self.verb_named(&first) {
            (verb, rest)
        } else {
            let name = python_repr(&first);
            return self.usage_error(&format!("Unknown command: {name}"));
        };
        let mut parsed = match parser::parse(verb, words) {
            Ok(parsed) => parsed,
            Err(problem) => return self.usage_error(&problem),
        };
        parsed.as_coverage = is_coverage(OsStr::new(&self.program));
        if parsed.is_set("help") {
            return if verb.name.is_empty() {
                self.topic("help")
            } else {
                self.describe(verb)
            };
        }
        match verb.name {
            "help" => self.help(&parsed.arguments),
            "" if parsed.is_set("version") => self.topic("version"),
            // coverage.py ends with a failed assertion here.
            "" => self.usage_error(&format!("Unknown command: {}", python_repr(&first))),
            "badge" => commands::badge::badge(&parsed),
            "annotate" => commands::annotate::annotate(&parsed),
            "combine" => commands::combine::combine(&parsed),
            "debug" => commands::debug::debug(self, &parsed),
            "erase" => commands::erase::erase(&parsed),
            "html" => commands::html::html(&parsed),
            "json" => commands::json::json(&parsed),
            "lcov" => commands::lcov::lcov(&parsed),
            "report" => commands::report::report(&parsed),
            "run" => handover::run(self, &parsed),
            _ => commands::xml::xml(&parsed),
        }
    }

    fn verb_named(&self, name: &str) -> Option<&'static Verb> {
        if self.is_own() {
            own_verb_named(name)
        } else {
            verb_named(name)
        }
    }

    fn help(&self, topics: &[OsString]) -> Exit {
        if topics.is_empty() {
            return self.topic("help");
        }
        for topic in topics {
            let topic = topic.to_string_lossy();
            match self.verb_named(&topic) {
                Some(verb) => self.describe(verb),
                None => self.topic(&topic),
            };
        }
        Exit::Success
    }

    /// What was wrong with the command line; everything but the last line is for people.
    pub(crate) fn usage_error(&self, problem: &str) -> Exit {
        let program = &self.program;
        tell(&format!("{problem}\nUse '{program} help' for help."));
        self.print_with_documentation("");
        Exit::Failure
    }

    fn describe(&self, verb: &Verb) -> Exit {
        let text = help::describe(verb, &self.program, self.is_own(), help::width());
        self.print_with_documentation(&format!("{}\n\n", text.trim()));
        Exit::Success
    }

    fn topic(&self, topic: &str) -> Exit {
        let text = help::topic(topic, &self.program)
            .unwrap_or_else(|| format!("Don't know topic {}", python_repr(topic)));
        self.print_with_documentation(&format!("{text}\n"));
        Exit::Success
    }

    fn is_own(&self) -> bool {
        !is_coverage(OsStr::new(&self.program))
    }

    /// coverage.py's documentation is about coverage.py.
    fn print_with_documentation(&self, text: &str) {
        if !self.is_own() {
            print(&format!("{text}Full documentation is at {COVERAGE_URL}\n"));
        } else if !text.is_empty() {
            print(&format!("{}\n", text.trim_end_matches('\n')));
        }
    }
}

/// What is wrong with a verb of swath's own name and its words; nothing with no words at all.
#[cfg(test)]
pub(crate) fn problem(words: &[OsString]) -> Option<String> {
    let (name, rest) = words.split_first()?;
    let name = name.to_string_lossy();
    let verb = own_verb_named(&name)?;
    parser::parse(verb, rest).err()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coverage_has_several_names() {
        for (name, expected) in [
            ("/usr/bin/coverage", true),
            ("coverage3", true),
            ("coverage-3.12", true),
            ("coverage_old", false),
            ("swath", false),
        ] {
            assert_eq!(is_coverage(OsStr::new(name)), expected, "{name}");
        }
    }
}
