//! What swath says of itself: a message explained, the schema of its settings, completions, manual pages.

use std::ffi::OsString;

use clap_complete::Shell;
use swath_model::{MESSAGES, Message, MessageEntry, message_entry};

use crate::arguments::CompletionShell;
use crate::command_tree;
use crate::diagnostic::Show as _;
use crate::exit::Exit;
use crate::terminal::print;

/// How alike two names must be for one to be suggested for the other.
const ALIKE: f64 = 0.8;

/// Explains a message by its name.
pub(crate) fn explain(name: &str) -> Exit {
    // As it is printed: `error[not-measured]`.
    let code = name.rsplit('[').next().unwrap_or(name);
    let code = code.trim_end_matches([']', ':']);
    if let Some(entry) = message_entry(code) {
        print(&explanation(entry));
        return Exit::Success;
    }
    let entries = MESSAGES.iter().flat_map(|group| group.entries);
    let nearest = entries
        .map(|entry| (strsim::jaro_winkler(code, entry.code), entry.code))
        .max_by(|one, other| one.0.total_cmp(&other.0))
        .filter(|(likeness, _)| *likeness >= ALIKE);
    Message::error("usage", format!("there is no message `{code}`"))
        .hint(nearest.map(|(_, nearest)| format!("swath explain {nearest}")))
        .print();
    Exit::RunFailure
}

/// What there is to say about a message: its cause, how it looks, and what helps.
fn explanation(entry: &MessageEntry) -> String {
    let mut text = format!("{}: {}\n\nFor example:\n\n", entry.code, entry.meaning);
    for line in entry.example().lines() {
        if !line.is_empty() {
            text.extend(["    ", line]);
        }
        text.push('\n');
    }
    text.extend(["\nWhat to do: ", entry.remedy, "\n"]);
    text
}

/// Prints the schema of swath.toml.
pub(crate) fn schema() -> Exit {
    print(&swath_config::settings_schema());
    Exit::Success
}

/// Prints a script for a shell.
pub(crate) fn completions(shell: CompletionShell) -> Exit {
    print(&command_tree::completions(match shell {
        CompletionShell::Bash => Shell::Bash,
        CompletionShell::Zsh => Shell::Zsh,
        CompletionShell::Fish => Shell::Fish,
    }));
    Exit::Success
}

/// Prints a manual page.
pub(crate) fn manual(verb: Option<&OsString>) -> Exit {
    if let Some(page) = command_tree::manual(verb) {
        print(&page);
        return Exit::Success;
    }
    let verb = verb.map(|verb| verb.to_string_lossy().into_owned());
    let text = format!("there is no verb `{}`", verb.unwrap_or_default());
    Message::error("usage", text)
        .hint("swath --help".to_owned())
        .print();
    Exit::RunFailure
}
