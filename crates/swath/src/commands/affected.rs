//! `swath affected`: the tests that a change can affect.

use swath_analysis::{MEASURED_MINORS, PythonVersion};
use swath_coverage::{AffectedQuestion, AffectedTests, Cause, FileEffect, names_tests};
use swath_data::{CoverageData, PythonRelease};
use swath_model::{Message, count, printable};
use swath_report::write_affected_json;

use super::{no_data, not_written, put_report, written};
use crate::arguments::{AffectedArguments, AffectedFormat};
use crate::change_source::{ChangeSource, Changed};
use crate::diagnostic::Show as _;
use crate::exit::Exit;
use crate::progress::status;
use crate::reporting::{Session, current_folder};
use crate::terminal::print_records;

/// So many changed files are named on standard error.
const MOST_FILES: usize = 12;

/// Prints the tests that a change can affect.
pub(crate) fn affected(arguments: &AffectedArguments) -> Exit {
    match perform(arguments) {
        Ok(()) => Exit::Success,
        Err(message) => {
            message.print();
            Exit::Failure
        }
    }
}

fn perform(arguments: &AffectedArguments) -> Result<(), Message> {
    let folder = current_folder();
    let change = ChangeSource::find_exactly(&arguments.change, &arguments.files, &folder);
    let change = change.map_err(|error| error.message())?;
    change.say_warnings();
    let session = Session::begin_reading(&arguments.data.session());
    let session = session.map_err(|error| error.message())?;
    let path = session.settings.data_file();
    let data = session.read(&path).map_err(|error| error.message())?;
    if data.is_empty() {
        return Err(no_data(&path));
    }
    if !names_tests(&data) {
        let text = "the data does not say which test ran what";
        let hint = "swath run --attribution".to_owned();
        return Err(Message::error("no-attribution", text).hint(hint));
    }
    let Changed { sources, measured } = change.sources(&data, &session.settings);
    let question = AffectedQuestion {
        data: &data,
        measured: &measured,
        top: change.top(),
        directory: &session.settings.directory,
        python: python(&session, &data),
    };
    let found = AffectedTests::find(question, &sources, change.gaps());
    put(arguments, &found, &change)?;
    say(&found, &change);
    Ok(())
}

/// The Python whose rules hold where the data does not say it.
fn python(session: &Session, data: &CoverageData) -> PythonVersion {
    let said = session.python.as_ref().map(|said| said.version);
    let processes = data.accounting.processes.iter();
    let newest = processes.filter_map(|process| process.python).max();
    let known = said.or(newest.map(PythonRelease::version));
    known.unwrap_or(PythonVersion::new(3, *MEASURED_MINORS.end()))
}

/// Prints the tests, or writes them to a file.
fn put(
    arguments: &AffectedArguments,
    found: &AffectedTests,
    change: &ChangeSource,
) -> Result<(), Message> {
    let output = arguments.output.file.as_deref();
    if arguments.output.format == AffectedFormat::Json {
        let json = written(|out| write_affected_json(found, &change.comparison, out))?;
        return put_report(&json, output);
    }
    let (tests, strange): (Vec<&String>, Vec<&String>) =
        found.tests.iter().partition(|test| is_plain(test));
    if !strange.is_empty() {
        let text = format!(
            "{} cannot be given to a command by name: left out",
            count(strange.len(), "affected test")
        );
        let notes = strange
            .iter()
            .take(3)
            .map(|test| printable(test).into_owned());
        let hint = "swath affected --format json".to_owned();
        let message = Message::warning("strange-test-names", text).notes(notes);
        message.hint(hint).print();
    }
    let end = match arguments.output.format {
        AffectedFormat::Null => '\0',
        AffectedFormat::Lines | AffectedFormat::Json => '\n',
    };
    match output {
        None => print_records(tests.iter().map(|test| test.as_str()), end),
        Some(path) => {
            let mut text = String::new();
            for test in tests {
                text.push_str(test);
                text.push(end);
            }
            swath_checkout::write_file(path, text.as_bytes())
                .map_err(|error| not_written(&error))?;
            status("Wrote", &path.display().to_string());
        }
    }
    Ok(())
}

/// Whether a name is one word of a command line that is neither an option nor a file of them: a
/// request to a service may have named the test.
fn is_plain(test: &str) -> bool {
    !test.starts_with(['-', '@']) && !test.is_empty() && printable(test) == test
}

/// Says on standard error what was selected, and why.
fn say(found: &AffectedTests, change: &ChangeSource) {
    if found.is_incomplete {
        let text = format!(
            "the data is not complete: all of its {} are selected",
            count(found.known, "test")
        );
        let hint = "`swath report` says what is missing from it".to_owned();
        Message::warning("affected-by-incomplete", text)
            .hint(hint)
            .print();
    }
    let names = found.tests.len();
    let selected = match names {
        0 => "no test".to_owned(),
        // One name may stand for tests with several parameters.
        _ if names < found.selected => {
            let tests = count(found.selected, "test");
            format!("{tests} by {}", count(names, "name"))
        }
        _ => count(names, "test"),
    };
    let known = count(found.known, "test");
    let comparison = &change.comparison;
    status(
        "Affected",
        &format!("{selected}, by changes {comparison}; the data has {known}"),
    );
    let mut files: Vec<&FileEffect> = found.files.iter().collect();
    files.retain(|file| !file.causes.is_empty());
    files.sort_by_key(|file| std::cmp::Reverse(file.tests));
    for file in files.iter().take(MOST_FILES) {
        let causes: Vec<String> = file.causes.iter().map(Cause::to_string).collect();
        let text = format!(
            "{}: {}, as {}",
            file.path,
            concerned(file),
            causes.join("; ")
        );
        status("Changed", &text);
    }
    if let Some(more) = files.len().checked_sub(MOST_FILES).filter(|more| *more > 0) {
        let text = format!("{} more, which `--format json` names", count(more, "file"));
        status("Changed", &text);
    }
    if found.obscure > 0 {
        let text = format!(
            "{} more: skipped, failed, or without a line in the data",
            count(found.obscure, "test")
        );
        status("Unknown", &text);
    }
    if found.gone > 0 {
        status("Gone", &count(found.gone, "test"));
    }
    for file in found.files.iter().filter(|file| !file.unreached.is_empty()) {
        let ranges: Vec<String> = file.unreached.iter().copied().map(range).collect();
        status("Untested", &format!("{}:{}", file.path, ranges.join(",")));
    }
}

/// How many tests a changed file concerns.
fn concerned(file: &FileEffect) -> String {
    match (file.tests, file.has_new_tests) {
        (tests, false) => count(tests, "test"),
        (0, true) => "new tests".to_owned(),
        (tests, true) => format!("{} and new ones", count(tests, "test")),
    }
}

fn range((first, last): (u32, u32)) -> String {
    if first == last {
        first.to_string()
    } else {
        format!("{first}-{last}")
    }
}
