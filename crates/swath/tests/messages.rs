//! `docs/messages.md` names every message, and none that is gone.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;

use fancy_regex::Regex;
use swath_model::message_examples;

fn sources() -> Vec<String> {
    let root = swath_test::workspace_root();
    [
        "swath",
        "swath-manifest",
        "swath-run",
        "swath-model",
        "swath-changes",
        "swath-coverage",
        "swath-config",
        "swath-pattern",
        "swath-report",
        "swath-data",
        "swath-docker",
        "swath-fleet",
        "swath-checkout",
        "swath-store",
        "swath-webhook",
    ]
    .iter()
    .flat_map(|name| walkdir::WalkDir::new(root.join("crates").join(name).join("src")))
    .map(|entry| entry.unwrap())
    .filter(|entry| {
        entry
            .path()
            .extension()
            .is_some_and(|extension| extension == "rs")
    })
    .map(|entry| {
        let text = fs_err::read_to_string(entry.path()).unwrap();
        // What the unit tests make up is no message.
        text.split("#[cfg(test)]")
            .next()
            .unwrap_or_default()
            .to_owned()
    })
    .collect()
}

fn all(pattern: &str, text: &str) -> BTreeSet<String> {
    let regex = Regex::new(pattern).unwrap();
    regex
        .captures_iter(text)
        .map(|found| found.unwrap()[1].to_owned())
        .collect()
}

/// The fixed parts of every string literal of a source that has enough of them to be known by.
fn templates(source: &str) -> Vec<Vec<String>> {
    const ENOUGH: usize = 7;
    let literal =
        Regex::new(r##"(?s)'(?:\\.|[^'\\])'|//[^\n]*|r"[^"]*"|r#".*?"#|"((?:[^"\\]|\\.)*)""##)
            .unwrap();
    let continued = Regex::new(r"\\\n\s*").unwrap();
    let placeholder = Regex::new(r"\{[^{}]*\}").unwrap();
    let pieces = |text: &str| -> Vec<String> {
        let text = continued.replace_all(text, "").replace(r#"\""#, "\"");
        // A brace that is written twice is one, and begins no placeholder.
        let text = text.replace("{{", "\u{1}").replace("}}", "\u{2}");
        let parts = placeholder.split(&text).map(Result::unwrap);
        let braces = |part: &str| part.replace('\u{1}', "{").replace('\u{2}', "}");
        parts.map(braces).collect()
    };
    let letters = |part: &String| part.chars().filter(|c| c.is_alphabetic()).count();
    let found = literal.captures_iter(source).map(Result::unwrap);
    found
        .filter_map(|found| Some(pieces(found.get(1)?.as_str())))
        .filter(|parts| parts.iter().map(letters).sum::<usize>() >= ENOUGH)
        .collect()
}

/// Whether a template can become this text.
fn can_become(parts: &[String], text: &str) -> bool {
    let [first, middle @ .., last] = parts else {
        return parts.first().is_some_and(|only| only == text);
    };
    let Some(mut rest) = text.strip_prefix(first.as_str()) else {
        return false;
    };
    for part in middle {
        let Some((_, after)) = rest.split_once(part.as_str()) else {
            return false;
        };
        rest = after;
    }
    rest.ends_with(last.as_str())
}

/// Messages whose first line comes from elsewhere: the system, a library, or the pieces of an error
/// of Python's.
const NOT_IN_ONE_PIECE: [&str; 6] = [
    "json-not-written",
    "report-not-written",
    "html-not-written",
    "summary-not-written",
    "compose-failed",
    "bad-regex",
];

#[test]
fn examples_say_what_the_sources_say() {
    let templates: Vec<_> = sources().iter().flat_map(|text| templates(text)).collect();
    assert!(templates.len() > 1000, "the search finds the texts");
    let is_said = |text: &str| {
        let becomes = |text: &str| templates.iter().any(|parts| can_become(parts, text));
        // One error may hold another: `{what}: {source}`.
        let of_two = |(at, _): (usize, &str)| becomes(&text[..at]) || becomes(&text[at + 2..]);
        becomes(text) || text.match_indices(": ").any(of_two)
    };
    // A hint that is a command and a path, or a line of a file, has too few words of its own.
    let is_line = |hint: &str| {
        ["cat ", "ls ", "add `", "write `test = "]
            .iter()
            .any(|start| hint.starts_with(start))
    };
    let mut made_up = Vec::new();
    for example in message_examples() {
        let first = example.lines().next().unwrap_or_default();
        let (head, text) = first.split_once("]: ").unwrap();
        let is_whole = !NOT_IN_ONE_PIECE.iter().any(|code| head.ends_with(code));
        if is_whole && !is_said(text) {
            made_up.push(first);
        }
        let hint = example.lines().find_map(|line| line.strip_prefix("hint: "));
        made_up.extend(hint.filter(|hint| !is_line(hint) && !is_said(hint)));
    }
    assert!(made_up.is_empty(), "nothing says: {made_up:#?}");
    assert!(!is_said("command `pytest` was not seen"));
}

#[test]
fn every_message_is_documented_and_every_documented_one_exists() {
    let sources = sources().concat();
    let mut used = all(r#"Message::(?:error|warning)\(\s*"([a-z-]+)""#, &sources);
    // Made for the pages from the data, not by a run.
    used.extend(all(r#"code: "([a-z-]+)".to_owned\(\)"#, &sources));
    // Bodies of functions that give the names of errors: `fn code`, and `fn message` where one
    // match gives the name with notes and a hint.
    let bodies = [
        (
            r"fn code\(&self\) -> &'static str \{(?s:(.*?))\n    \}",
            r#""([a-z-]+)""#,
        ),
        (
            r"let \(code, (?:notes, )?hint\) = (?s:(.*?))\n        \};",
            r#"\(\s*"([a-z]+(?:-[a-z]+)+)","#,
        ),
    ];
    for (body, name) in bodies {
        for body in Regex::new(body).unwrap().captures_iter(&sources) {
            used.extend(all(name, body.unwrap().get(1).unwrap().as_str()));
        }
    }
    let page =
        fs_err::read_to_string(swath_test::workspace_root().join("docs/messages.md")).unwrap();
    let documented = all(r"(?m)^\| `([a-z-]+)` \|", &page);
    assert!(used.len() > 40, "the search finds the messages: {used:?}");
    let missing = used.difference(&documented).collect::<Vec<_>>();
    let gone = documented.difference(&used).collect::<Vec<_>>();
    assert!(
        missing.is_empty() && gone.is_empty(),
        "not in docs/messages.md: {missing:?}; gone: {gone:?}"
    );
}
