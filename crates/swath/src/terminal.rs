//! The way to the terminal: everything that is printed passes here, and nothing of it that came
//! from outside can steer the terminal or disguise itself.
//!
//! A terminal may go away, and a disk that takes standard error may be full: what cannot be printed
//! is lost, and nothing else is.

use std::io::{BufRead as _, IsTerminal as _, Write as _};

use swath_model::printable;

/// Prints text for people to standard error, with a newline.
pub(crate) fn tell(text: &str) {
    tell_styled(&format!("{}\n", printable(text)));
}

/// Prints a message of swath's own, with its colours, to standard error; what of it comes from
/// outside is printable.
pub(crate) fn tell_styled(text: &str) {
    let mut out = anstream::stderr().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Prints a line of swath's own, with its colours, to standard output; what of it comes from outside
/// is printable.
pub(crate) fn print_styled(line: &str) {
    let mut out = anstream::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

/// Prints a report, or a message of coverage.py's, to standard output; a closed pipe ends quietly.
pub(crate) fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out
        .write_all(printable(text).as_bytes())
        .and_then(|()| out.flush());
}

/// Prints a file for another program to standard output, as it is; on a terminal it is text like any
/// other. A closed pipe ends quietly.
pub(crate) fn print_file(text: &str) {
    if std::io::stdout().is_terminal() {
        return print(text);
    }
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Prints names to standard output for another program, each with this end; a closed pipe ends
/// quietly.
pub(crate) fn print_records<'a>(names: impl Iterator<Item = &'a str>, end: char) {
    let mut text = String::new();
    for name in names {
        text.push_str(&printable(name));
        text.push(end);
    }
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Whether somebody is there who can be asked.
pub(crate) fn can_ask() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// Asks a question to which Enter means yes. The end of the input means no.
pub(crate) fn ask(question: &str) -> bool {
    tell_styled(&format!("{} [Y/n] ", printable(question)));
    let mut answer = String::new();
    let read = std::io::stdin().lock().read_line(&mut answer);
    let answer = answer.trim().to_ascii_lowercase();
    read.is_ok_and(|bytes| bytes > 0) && matches!(answer.as_str(), "" | "y" | "yes")
}

/// Prints what is wrong with a command line, or the help that was asked for.
pub(crate) fn print_usage(error: &clap::Error) {
    let text = error.render().to_string();
    let shown = printable(&text);
    if shown == text {
        // With its colours. A closed pipe is no concern of the user's.
        let _ = error.print();
    } else {
        tell_styled(&shown);
    }
}
