//! Help as Python's `optparse` lays it out.

use std::fmt::Write as _;

use swath_report::COVERAGE_VERSION;

use crate::commands::debug::TOPICS;

use super::choice::{Choice, Takes};
use super::verb::Verb;

/// Columns of help: `COLUMNS`, or 80, without a margin.
pub(super) fn width() -> usize {
    let columns = std::env::var("COLUMNS").ok();
    let columns = columns.and_then(|columns| columns.trim().parse::<usize>().ok());
    columns.unwrap_or(80).saturating_sub(2)
}

/// A text that is no verb's.
pub(super) fn topic(name: &str, program: &str) -> Option<String> {
    let version = format!("version {COVERAGE_VERSION} with C extension");
    match name {
        "help" => Some(format!(
            "Coverage.py, {version}
Measure, collect, and report on code coverage in Python programs.

usage: {program} <command> [options] [args]

Commands:
    annotate    Annotate source files with execution information.
    combine     Combine a number of data files.
    debug       Display information about the internals of coverage.py
    erase       Erase previously collected coverage data.
    help        Get help on using coverage.py.
    html        Create an HTML report.
    json        Create a JSON report of coverage results.
    lcov        Create an LCOV report of coverage results.
    report      Report coverage stats on modules.
    run         Run a Python program and measure code execution.
    xml         Create an XML report of coverage results.

Use \"{program} help <command>\" for detailed help on any command."
        )),
        "minimum_help" => Some(format!(
            "Code coverage for Python, {version}. Use '{program} help' for help."
        )),
        "version" => Some(format!("Coverage.py, {version}")),
        _ => None,
    }
}

/// The help of a verb, with swath's `own` options or without.
pub(super) fn describe(verb: &Verb, program: &str, own: bool, width: usize) -> String {
    let name = verb.name;
    let mut text = format!("Usage: {program} {name} {}\n\n", verb.usage);
    let paragraphs: Vec<String> = paragraphs(verb, own)
        .iter()
        .map(|paragraph| wrap(paragraph, width.max(11)).join("\n"))
        .collect();
    let _ = writeln!(text, "{}\n", paragraphs.join("\n\n"));
    text.push_str("Options:\n");
    let options: Vec<&Choice> = verb
        .options
        .iter()
        .filter(|option| own || !option.own)
        .collect();
    let longest = options.iter().map(|option| names(option).len() + 2).max();
    let most = width.saturating_sub(20).clamp(4, 24);
    let position = most.min(longest.unwrap_or(0) + 2);
    for option in options {
        describe_option(
            &mut text,
            option,
            position,
            width.saturating_sub(position).max(11),
            own,
        );
    }
    text
}

/// What a verb is about. Under swath's own name nothing is said of what swath does not have.
fn paragraphs(verb: &Verb, own: bool) -> Vec<String> {
    if own && verb.name == "debug" {
        let topics = TOPICS
            .iter()
            .map(|(topic, what)| format!("'{topic}' {what}"));
        let intro = "Show the settings, the data, or what is made of a source. Topics are:";
        return std::iter::once(intro.to_owned()).chain(topics).collect();
    }
    let description = verb.description.iter();
    description.map(|&paragraph| paragraph.to_owned()).collect()
}

fn names(option: &Choice) -> String {
    let value = |separator: &str| match option.takes {
        Takes::Nothing(_) => String::new(),
        _ => format!("{separator}{}", option.metavar),
    };
    let short = option
        .short
        .map(|letter| format!("-{letter}{}", value(" ")));
    let long = option.long.map(|long| format!("{long}{}", value("=")));
    let names: Vec<String> = short.into_iter().chain(long).collect();
    names.join(", ")
}

fn describe_option(text: &mut String, option: &Choice, position: usize, width: usize, own: bool) {
    let names = names(option);
    let names_width = position.saturating_sub(4);
    let mut indent = if names.len() > names_width {
        let _ = writeln!(text, "  {names}");
        position
    } else {
        let _ = write!(text, "  {names:names_width$}  ");
        0
    };
    for line in wrap(option.help_under(own), width) {
        let _ = writeln!(text, "{:indent$}{line}", "");
        indent = position;
    }
}

/// Lines as Python's `textwrap` breaks them.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for (number, word) in text.split_whitespace().enumerate() {
        let mut space = if number > 0 { " " } else { "" };
        for mut chunk in chunks(word) {
            if !line.is_empty() && line.len() + space.len() + chunk.len() <= width {
                line.push_str(space);
                line.push_str(chunk);
                space = "";
                continue;
            }
            if chunk.len() <= width {
                flush(&mut line, &mut lines);
            }
            // A chunk that fits no line is cut, from the room that is left of this one.
            while chunk.len() > width {
                let used = line.len() + if line.is_empty() { 0 } else { space.len() };
                let room = width.saturating_sub(used);
                if room == 0 {
                    if used == width {
                        // `textwrap` forgets to drop this space.
                        line.push_str(space);
                    }
                    flush(&mut line, &mut lines);
                    continue;
                }
                if !line.is_empty() {
                    line.push_str(space);
                }
                let (head, tail) = chunk.split_at(room.max(1));
                line.push_str(head);
                flush(&mut line, &mut lines);
                chunk = tail;
            }
            line.push_str(chunk);
            space = "";
        }
    }
    flush(&mut line, &mut lines);
    lines
}

fn flush(line: &mut String, lines: &mut Vec<String>) {
    if !line.is_empty() {
        lines.push(std::mem::take(line));
    }
}

/// A word's parts: it may be broken behind a hyphen between letters.
fn chunks(word: &str) -> Vec<&str> {
    let bytes = word.as_bytes();
    let letter = |index: Option<usize>| {
        index
            .and_then(|index| bytes.get(index))
            .is_some_and(u8::is_ascii_alphabetic)
    };
    let hyphen = |index: Option<usize>| {
        index
            .and_then(|index| bytes.get(index))
            .is_some_and(|&byte| byte == b'-')
    };
    let mut parts = Vec::new();
    let mut start = 0;
    for index in 0..bytes.len() {
        let back = |count: usize| index.checked_sub(count);
        let before = letter(back(1)) && (letter(back(2)) || (hyphen(back(2)) && letter(back(3))));
        let next = Some(index + 1);
        let after = letter(next)
            && (letter(Some(index + 2)) || (hyphen(Some(index + 2)) && letter(Some(index + 3))));
        if bytes[index] == b'-' && before && after {
            parts.push(&word[start..=index]);
            start = index + 1;
        }
    }
    parts.push(&word[start..]);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_at_spaces_and_hyphens() {
        assert_eq!(
            wrap("Disable --skip-covered.", 16),
            ["Disable --skip-", "covered."]
        );
        assert_eq!(wrap("a comma-list of-x", 9), ["a comma-", "list of-x"]);
        assert_eq!(wrap("abcdefgh ij", 5), ["abcde", "fgh", "ij"]);
    }
}
