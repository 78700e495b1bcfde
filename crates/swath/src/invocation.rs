//! Where swath's own arguments of `run` end and those of the measured program begin.

#[cfg(test)]
mod documented;

use std::ffi::OsString;

use clap::{ArgAction, Command, CommandFactory as _, Parser as _};

use crate::arguments::{Cli, Target, Verb};
use crate::coverage_cli::is_shared_verb;

/// A parsed command line.
pub(crate) struct Invocation {
    pub(crate) cli: Cli,
    /// What `run` is to start; `None` for other verbs.
    pub(crate) target: Option<Target>,
    /// A verb of coverage.py's and its words, which coverage.py's own rules are for.
    pub(crate) shared: Vec<OsString>,
}

/// Parses the arguments; the first is the program's own name.
///
/// Options of `run` end at `--` or at the first word that is none: everything behind it belongs to
/// the program, as with `coverage run` (and `python`).
pub(crate) fn parse(arguments: Vec<OsString>) -> Result<Invocation, clap::Error> {
    let command = Cli::command();
    let verb =
        Some(end_of_options(&command, &arguments, 1)).filter(|&index| index < arguments.len());
    if let Some((cli, shared)) = shared_verb(&arguments, verb)? {
        return Ok(Invocation {
            cli,
            target: None,
            shared,
        });
    }
    let is_run = verb
        .and_then(|index| arguments.get(index))
        .is_some_and(|verb| verb == "run");
    let Some(verb) = verb.filter(|_| is_run) else {
        return Ok(Invocation {
            cli: Cli::try_parse_from(arguments)?,
            target: None,
            shared: Vec::new(),
        });
    };
    let end = end_of_options(&command, &arguments, verb + 1);
    let (own, rest) = arguments.split_at(end);
    let cli = Cli::try_parse_from(own)?;
    let target = match rest.split_first() {
        Some((separator, command)) if separator == "--" => Target::Tests(command.to_vec()),
        None if !wants_module(&cli) => Target::Tests(Vec::new()),
        _ => Target::Program(rest.to_vec()),
    };
    Ok(Invocation {
        cli,
        target: Some(target),
        shared: Vec::new(),
    })
}

/// swath's own options before a verb of coverage.py's, and the verb with its words.
fn shared_verb(
    arguments: &[OsString],
    verb: Option<usize>,
) -> Result<Option<(Cli, Vec<OsString>)>, clap::Error> {
    let Some((own, words)) = verb.and_then(|index| arguments.split_at_checked(index)) else {
        return Ok(None);
    };
    let name = match words {
        [help, topic, ..] if help == "help" && is_shared_verb(topic) => topic,
        [verb, ..] if is_shared_verb(verb) => verb,
        _ => return Ok(None),
    };
    let cli = Cli::try_parse_from(own.iter().chain([name]))?;
    Ok(Some((cli, words.to_vec())))
}

fn wants_module(cli: &Cli) -> bool {
    matches!(&cli.verb, Verb::Run(run) if run.program.module)
}

fn is_option(word: &OsString) -> bool {
    word.to_str()
        .is_some_and(|word| word.starts_with('-') && word != "-" && word != "--")
}

/// The index of the first argument of `run` that is neither an option nor an option's value.
fn end_of_options(command: &Command, arguments: &[OsString], start: usize) -> usize {
    let run = command.find_subcommand("run");
    let takes_value = |matches: &dyn Fn(&clap::Arg) -> bool| {
        run.into_iter()
            .flat_map(Command::get_arguments)
            .chain(command.get_arguments())
            .find(|argument| matches(argument))
            .is_some_and(|argument| {
                matches!(argument.get_action(), ArgAction::Set | ArgAction::Append)
            })
    };
    let mut index = start;
    while let Some(word) = arguments.get(index).filter(|word| is_option(word)) {
        index += 1;
        let Some(word) = word.to_str() else { continue };
        let value_follows = match word.strip_prefix("--") {
            Some(long) => {
                !long.contains('=') && takes_value(&|argument| argument.get_long() == Some(long))
            }
            // Only the last of joined short options can take the next word as its value.
            None => word
                .chars()
                .last()
                .is_some_and(|short| takes_value(&|argument| argument.get_short() == Some(short))),
        };
        if value_follows {
            index += 1;
        }
    }
    index.min(arguments.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(line: &[&str]) -> Target {
        let words = line.iter().map(OsString::from).collect();
        parse(words)
            .map_err(|error| error.to_string())
            .unwrap()
            .target
            .unwrap()
    }

    fn words(line: &[&str]) -> Vec<OsString> {
        line.iter().map(OsString::from).collect()
    }

    #[test]
    fn what_follows_the_separator_is_the_tests_command() {
        let got = target(&[
            "swath", "run", "--source", "src", "--branch", "--", "make", "-j", "--", "x",
        ]);
        assert_eq!(got, Target::Tests(words(&["make", "-j", "--", "x"])));
    }

    #[test]
    fn nothing_means_the_tests_of_the_configuration() {
        assert_eq!(
            target(&["swath", "run", "--rcfile=x"]),
            Target::Tests(vec![])
        );
    }

    #[test]
    fn a_program_keeps_its_own_options() {
        let got = target(&[
            "swath", "run", "--omit", "a,b", "prog.py", "--source", "--", "-m",
        ]);
        assert_eq!(
            got,
            Target::Program(words(&["prog.py", "--source", "--", "-m"]))
        );
    }

    #[test]
    fn a_module_keeps_its_own_options() {
        let got = target(&[
            "swath", "--color", "never", "run", "-m", "pytest", "-m", "slow",
        ]);
        assert_eq!(got, Target::Program(words(&["pytest", "-m", "slow"])));
    }
}
