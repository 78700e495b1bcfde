//! Every command line that the documentation shows is one that swath understands.

use std::ffi::OsString;
use std::path::Path;

use swath_test::{console_commands, documentation};

use crate::coverage_cli;
use crate::invocation;

/// Where a shell ends one command.
const ENDS: [&str; 7] = ["|", "||", "&&", ";", ">", ">>", "<"];

/// The command lines of a page: what is typed, and what scripts say.
fn command_lines(page: &Path) -> Vec<String> {
    let text = fs_err::read_to_string(page).unwrap();
    let mut lines: Vec<String> = console_commands(&text)
        .into_iter()
        .map(|(words, _)| words)
        .collect();
    for block in text.split("```sh\n").skip(1) {
        let block = block.split("```").next().unwrap_or_default();
        lines.extend(block.lines().map(|line| line.trim().to_owned()));
    }
    lines
}

/// What the sentences of a page name of a command line, which may lack what comes next.
fn named(page: &Path) -> Vec<String> {
    let text = fs_err::read_to_string(page).unwrap();
    let outside = text.split("```").step_by(2);
    let spans = outside.flat_map(|text| text.split('`').skip(1).step_by(2));
    let spans = spans.filter(|span| span.starts_with("swath ") && !span.contains("VERB"));
    spans.map(str::to_owned).collect()
}

fn words(line: &str) -> Option<Vec<OsString>> {
    let line = line.split(" #").next().unwrap_or_default();
    let words = shell_words::split(line).ok()?;
    let own = words.iter().position(|word| word == "swath")?;
    let words = words.into_iter().skip(own);
    let words = words.take_while(|word| !ENDS.contains(&word.as_str()));
    Some(words.map(OsString::from).collect())
}

/// What swath says against a command line.
fn problem(words: Vec<OsString>) -> Option<String> {
    match invocation::parse(words) {
        Ok(invocation) => coverage_cli::problem(&invocation.shared),
        Err(error) => error.use_stderr().then(|| error.to_string()),
    }
}

#[test]
fn every_command_line_of_the_documentation_is_understood() {
    let mut seen = 0;
    for page in documentation() {
        for line in command_lines(&page) {
            let Some(words) = words(&line) else { continue };
            seen += 1;
            assert_eq!(problem(words), None, "{}: `{line}`", page.display());
        }
    }
    assert!(seen > 40, "{seen}");
}

#[test]
fn every_option_that_a_sentence_names_is_known() {
    let unknown = ["unrecognized", "unexpected argument", "no such option"];
    let mut seen = 0;
    for page in documentation() {
        for line in named(&page) {
            let Some(words) = words(&line) else { continue };
            seen += 1;
            let said = problem(words).unwrap_or_default();
            let is_unknown = unknown.iter().any(|text| said.contains(text));
            assert!(!is_unknown, "{}: `{line}`: {said}", page.display());
        }
    }
    assert!(seen > 100, "{seen}");
}
