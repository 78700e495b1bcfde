//! `swath init`: looks around, shows what a run here still needs, and writes it.

use std::fmt::Write as _;
use std::io;
use std::path::Path;

use swath_checkout::{check_folder_writable, check_writable, write_file};
use swath_model::{Message, count};
use swath_setup::{ChangeKind, FileChange, Preparation, Proposal, WrittenSettings, prepare};

use crate::arguments::InitArguments;
use crate::diagnostic::Show as _;
use crate::exit::Exit;
use crate::progress::status;
use crate::reporting::current_folder;
use crate::terminal::{ask, can_ask, print, tell};
use crate::unprepared::{look, tell_found};

/// Looks around and writes what is missing.
pub(crate) fn init(arguments: &InitArguments) -> Exit {
    let folder = current_folder();
    let proposal = look(&folder);
    let preparation = prepare(&folder, &proposal, arguments.ci.map(Into::into));
    let is_unprepared = matches!(WrittenSettings::of(&folder), WrittenSettings::None);
    if is_unprepared && proposal.test.is_none() && !proposal.starts_services() {
        return nothing_found(&folder, proposal);
    }
    tell_found(&proposal);
    for kept in &preparation.kept {
        status("Kept", kept);
    }
    for left in &preparation.left {
        status("Note", &left.replace('\n', " "));
    }
    if preparation.changes.is_empty() {
        let text = if preparation.left.is_empty() {
            "nothing is missing"
        } else {
            "nothing can be added"
        };
        status("Done", text);
        return Exit::Success;
    }
    print(&shown(&preparation));
    if arguments.dry_run {
        return Exit::Success;
    }
    if !arguments.yes && !is_agreed(&preparation) {
        return Exit::Failure;
    }
    match write(&folder, &preparation) {
        Ok(()) => {
            tell_next(&proposal);
            Exit::Success
        }
        Err(message) => {
            message.print();
            Exit::Failure
        }
    }
}

fn nothing_found(folder: &Path, proposal: Proposal) -> Exit {
    let text = format!(
        "neither a service nor system tests were found in `{}`",
        folder.display()
    );
    Message::error("nothing-found", text)
        .notes(proposal.remarks)
        .note("nothing was written")
        .hint("call it in the project's folder, or `swath run -- COMMAND` with a COMMAND that starts both".to_owned())
        .print();
    Exit::Failure
}

/// Whether the user wants it written.
fn is_agreed(preparation: &Preparation) -> bool {
    if !can_ask() {
        Message::error(
            "not-confirmed",
            "nothing was written: there is no terminal to ask on",
        )
        .hint("swath init --yes".to_owned())
        .print();
        return false;
    }
    let files = count(preparation.changes.len(), "file");
    let agreed = ask(&format!("Write {files}?"));
    if !agreed {
        tell("Nothing was written.");
    }
    agreed
}

/// The changes as text: each file with the lines that it gets.
fn shown(preparation: &Preparation) -> String {
    let mut text = String::new();
    for change in &preparation.changes {
        let what = match change.kind {
            ChangeKind::New => "new",
            ChangeKind::Extended => "extended",
        };
        let _ = writeln!(text, "{} ({what})", change.path);
        for (number, line) in change.added_lines() {
            let line = format!("{number:>5} + {line}");
            let _ = writeln!(text, "{}", line.trim_end());
        }
        text.push('\n');
    }
    text
}

/// Writes all of it, or says what could not be written. What can be known to fail is tried first.
fn write(folder: &Path, preparation: &Preparation) -> Result<(), Message> {
    for change in &preparation.changes {
        let path = folder.join(&change.path);
        let checked = is_as_it_was(&path, change).and_then(|()| match path.parent() {
            Some(parent) if !parent.is_dir() => check_folder_can_be_made(parent),
            _ => check_writable(&path),
        });
        checked.map_err(|error| not_written(change, &error).note("nothing was written"))?;
    }
    for change in &preparation.changes {
        let path = folder.join(&change.path);
        let parent = path.parent().unwrap_or(folder);
        let written = fs_err::create_dir_all(parent)
            .and_then(|()| is_as_it_was(&path, change))
            .and_then(|()| write_file(&path, change.after.as_bytes()));
        written.map_err(|error| not_written(change, &error))?;
        status("Wrote", &change.path);
    }
    Ok(())
}

fn check_folder_can_be_made(folder: &Path) -> io::Result<()> {
    let mut above = folder.ancestors().filter(|folder| folder.exists());
    match above.next() {
        Some(above) if above.is_dir() => check_folder_writable(above),
        Some(above) => Err(io::Error::other(format!(
            "`{}` is not a folder",
            above.display()
        ))),
        None => Ok(()),
    }
}

/// Nobody made or changed the file since it was looked at.
fn is_as_it_was(path: &Path, change: &FileChange) -> io::Result<()> {
    let is_same = match change.kind {
        ChangeKind::New => fs_err::symlink_metadata(path).is_err(),
        ChangeKind::Extended => fs_err::read(path)? == change.before.as_bytes(),
    };
    if is_same {
        Ok(())
    } else {
        Err(io::Error::other("it was changed in the meantime"))
    }
}

fn not_written(change: &FileChange, error: &io::Error) -> Message {
    let text = format!("`{}` cannot be written: {error}", change.path);
    Message::error("init-not-written", text)
}

fn tell_next(proposal: &Proposal) {
    if proposal.has_tests() {
        tell("\nNext: `swath doctor` checks that everything is there, `swath run` runs the tests.");
    } else {
        tell(
            "\nNext: write the command of your system tests into swath.toml, as `test`; then `swath run`.",
        );
    }
}
