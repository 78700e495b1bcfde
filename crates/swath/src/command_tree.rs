//! The whole command line as one tree: `run` as clap reads it, coverage.py's verbs as their own tables define them.
//! Completions, manual pages and the reference are made from it.

use std::ffi::{OsStr, OsString};
use std::fmt::Write as _;

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, Command, CommandFactory as _, ValueHint};
use clap_complete::Shell;

use crate::arguments::Cli;
use crate::coverage_cli::{BADGE, Choice, Takes, Verb, verbs};
use crate::exit::Exit;

/// The command of a shell, or of a manual: all verbs with all options.
pub(crate) fn command_tree() -> Command {
    let mut tree = Cli::command();
    for verb in verbs()
        .chain([&BADGE])
        .filter(|verb| !matches!(verb.name, "run" | "help"))
    {
        tree = tree.mut_subcommand(verb.name, |command| with_options(command, verb));
    }
    tree
}

fn with_options(command: Command, verb: &Verb) -> Command {
    let options = verb.options.iter().filter(|option| option.key != "help");
    let arguments = Arg::new("arguments")
        .num_args(0..)
        .value_hint(ValueHint::AnyPath)
        .hide(true);
    command
        .args(options.filter_map(argument))
        .arg(arguments)
        .override_usage(format!("swath {} {}", verb.name, verb.usage))
}

fn argument(option: &Choice) -> Option<Arg> {
    let name = option
        .long
        .map(|long| long.trim_start_matches('-'))
        .or(Some(option.key))?;
    let mut argument = Arg::new(name).help(option.help_under(true));
    if option.long.is_some() {
        argument = argument.long(name);
    }
    if let Some(short) = option.short {
        argument = argument.short(short);
    }
    Some(match option.takes {
        Takes::Nothing(_) => argument.action(ArgAction::SetTrue),
        Takes::OneOf(choices) => argument
            .value_name(option.metavar)
            .value_parser(PossibleValuesParser::new(choices)),
        Takes::Texts => argument
            .value_name(option.metavar)
            .action(ArgAction::Append),
        Takes::Text | Takes::Integer | Takes::Float => argument
            .value_name(option.metavar)
            .value_hint(hint(option.key)),
    })
}

fn hint(key: &str) -> ValueHint {
    match key {
        "data_file" | "outfile" | "rcfile" => ValueHint::FilePath,
        "directory" => ValueHint::DirPath,
        "python" => ValueHint::ExecutablePath,
        _ => ValueHint::Other,
    }
}

/// The script that teaches a shell to complete the command line.
pub(crate) fn completions(shell: Shell) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command_tree(), "swath", &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

/// The manual page of the command, or of a verb; nothing for a word that is no verb.
pub(crate) fn manual(verb: Option<&OsString>) -> Option<String> {
    let mut tree = command_tree();
    tree.build();
    let command = match verb {
        None => tree,
        Some(verb) => {
            let verb = tree.find_subcommand(OsStr::new(verb))?.clone();
            let name = format!("swath-{}", verb.get_name());
            verb.name(name)
        }
    };
    let mut page = Vec::new();
    clap_mangen::Man::new(command).render(&mut page).ok()?;
    Some(String::from_utf8_lossy(&page).into_owned())
}

/// What is installed beside the command for shells and for `man`: names in their folders, and texts.
pub fn shell_files() -> Vec<(String, String)> {
    let shells = [
        ("completions/swath.bash", Shell::Bash),
        ("completions/_swath", Shell::Zsh),
        ("completions/swath.fish", Shell::Fish),
    ];
    let mut files: Vec<(String, String)> = shells
        .map(|(name, shell)| (name.to_owned(), completions(shell)))
        .into();
    let tree = command_tree();
    let verbs = tree.get_subcommands().filter(|verb| !verb.is_hide_set());
    let verbs = verbs.map(|verb| Some(OsString::from(verb.get_name())));
    for verb in [None].into_iter().chain(verbs) {
        let name = verb.as_ref().map_or_else(
            || "man/swath.1".to_owned(),
            |verb| format!("man/swath-{}.1", verb.display()),
        );
        files.extend(manual(verb.as_ref()).map(|page| (name, page)));
    }
    files
}

/// The reference of the command line, in Markdown.
pub fn reference() -> String {
    let mut tree = command_tree();
    tree.build();
    let mut page = String::from(
        "<!-- Made by `cargo xtask gen` from the definitions of the command line. -->\n\n# The command line\n\n\
         `swath VERB -h` shows what is asked for most, `swath VERB --help` everything. `swath completions bash` (or \
         zsh, fish) prints a script for the shell, `swath man [VERB]` a page for `man -l -`.\n",
    );
    for verb in tree.get_subcommands().filter(|verb| !verb.is_hide_set()) {
        if verb.get_name() == "help" {
            continue;
        }
        let about = verb.get_about().map(ToString::to_string);
        let _ = write!(
            page,
            "\n## swath {}\n\n{}.\n",
            verb.get_name(),
            about.unwrap_or_default().trim_end_matches('.')
        );
        describe_options(&mut page, verb, true);
        for inner in verb.get_subcommands() {
            if inner.get_name() == "help" {
                continue;
            }
            let about = inner.get_about().map(ToString::to_string);
            let _ = write!(
                page,
                "\n### swath {} {}\n\n{}.\n",
                verb.get_name(),
                inner.get_name(),
                about.unwrap_or_default().trim_end_matches('.')
            );
            describe_options(&mut page, inner, false);
        }
    }
    page += "\n## Exit codes\n\nFailed tests come first: `run` ends with their code, whatever else there is to say.\n\n";
    page += &Exit::table();
    page
}

/// The options of a verb; those that all verbs in another one share are the outer one's.
fn describe_options(page: &mut String, verb: &Command, with_shared: bool) {
    let mut heading = None;
    for option in verb
        .get_arguments()
        .filter(|argument| !argument.is_hide_set())
        .filter(|argument| with_shared || !argument.is_global_set())
    {
        if option.is_positional() || option.get_id() == "help" {
            continue;
        }
        if heading != Some(option.get_help_heading()) {
            heading = Some(option.get_help_heading());
            let title = option.get_help_heading().unwrap_or("Options");
            let _ = write!(page, "\n| {title} | |\n|---|---|\n");
        }
        let short = option.get_short().map(|short| format!("-{short}"));
        let long = option.get_long().map(|long| format!("--{long}"));
        let names: Vec<String> = short.into_iter().chain(long).collect();
        let takes_value = matches!(option.get_action(), ArgAction::Set | ArgAction::Append);
        let value = option
            .get_value_names()
            .filter(|_| takes_value)
            .map(|names| format!(" {}", names.join(" ")))
            .unwrap_or_default();
        let help = option
            .get_help()
            .map(ToString::to_string)
            .unwrap_or_default();
        let _ = writeln!(
            page,
            "| `{}{}` | {} |",
            names.join("`, `"),
            value.replace('|', "\\|"),
            help.replace('|', "\\|")
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tree_is_sound() {
        command_tree().debug_assert();
    }

    #[test]
    fn options_of_run_are_the_same_under_both_names() {
        let tree = command_tree();
        let own = tree.find_subcommand("run").unwrap();
        let theirs = verbs().find(|verb| verb.name == "run").unwrap();
        for option in theirs.options.iter().filter(|option| option.key != "debug") {
            let Some(long) = option.long.map(|long| long.trim_start_matches('-')) else {
                continue;
            };
            if long == "help" {
                continue;
            }
            let argument = own
                .get_arguments()
                .find(|argument| argument.get_long() == Some(long))
                .unwrap_or_else(|| panic!("swath run has no --{long}"));
            assert_eq!(argument.get_short(), option.short, "--{long}");
            let takes = matches!(argument.get_action(), ArgAction::Set | ArgAction::Append);
            assert_eq!(
                takes,
                !matches!(option.takes, Takes::Nothing(_)),
                "--{long}"
            );
        }
    }

    #[test]
    fn every_shell_and_every_verb_has_its_text() {
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
            let script = completions(shell);
            for word in ["keep-combined", "no-plugins", "single-file", "test-service"] {
                assert!(script.contains(word), "{shell}: {word}");
            }
        }
        let page = manual(Some(&"report".into())).unwrap();
        assert!(page.contains("swath\\-report"), "{page}");
        assert!(page.contains("skip\\-covered"), "{page}");
        assert!(manual(None).unwrap().contains("swath"));
        assert_eq!(manual(Some(&"nothing".into())), None);
    }
}
