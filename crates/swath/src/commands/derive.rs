//! `swath intersect` and `swath subtract`: a data file of what all of several hold, or of what only the
//! first does.

use std::path::Path;

use swath_data::{CoverageData, DataError, Derivation, derive as derive_data, write_data_file};
use swath_model::{Message, printable};

use super::read;
use super::refusal::{Refusal, usage};
use crate::arguments::DeriveArguments;
use crate::diagnostic::Show as _;
use crate::exit::Exit;
use crate::progress::status;
use crate::reporting::{Session, SessionOptions};

/// Derives a data file from others.
pub(crate) fn derive(derivation: Derivation, arguments: &DeriveArguments) -> Exit {
    match perform(derivation, arguments) {
        Ok(()) => Exit::Success,
        Err(refusal) => refusal.print(),
    }
}

fn perform(derivation: Derivation, arguments: &DeriveArguments) -> Result<(), Refusal> {
    let verb = derivation.name();
    let wrong = |text: String| usage(text, format!("swath {verb} A B -o only.coverage"));
    let Some(output) = &arguments.output else {
        let text = format!("`{verb}` writes a data file, and `--output` names none");
        return Err(wrong(text));
    };
    if arguments.files.len() < 2 {
        return Err(wrong(format!("`{verb}` takes two data files or more")));
    }
    let options = SessionOptions {
        rcfile: arguments.rcfile.clone(),
        no_plugins: arguments.no_plugins,
        ..SessionOptions::default()
    };
    let session = Session::begin_with_plugins(&options).map_err(|error| error.message())?;
    let folder = Path::new(session.settings.directory.path()).to_path_buf();
    let output = folder.join(output);
    if is_part_of(&output, &session.settings.data_file()) {
        let text = format!(
            "the next report would combine `{}` into the data file, and delete it",
            output.display()
        );
        return Err(wrong(text));
    }
    let mut inputs = Vec::new();
    for file in &arguments.files {
        let name = printable(&file.to_string_lossy()).into_owned();
        inputs.push((name, read(&session, file)?));
    }
    let named: Vec<(&str, &CoverageData)> = inputs
        .iter()
        .map(|(name, data)| (name.as_str(), data))
        .collect();
    let (first, others) = named.split_first().expect("at least two files were named");
    let derived = derive_data(derivation, *first, others).map_err(|error| message(&error))?;
    for path in &derived.different_texts {
        let text = format!("`{path}` ran as different texts");
        Message::warning("texts-differ", text)
            .note("nothing of it is kept: reports leave it out and name it")
            .print();
    }
    write_data_file(&derived.data, &output).map_err(|error| message(&error))?;
    status("Wrote", &output.display().to_string());
    Ok(())
}

/// Whether `combine`, and every report, would take a file for a part of the data file.
fn is_part_of(file: &Path, data_file: &Path) -> bool {
    let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    let (file, data_file) = (absolute(file), absolute(data_file));
    let name = |path: &Path| {
        path.file_name()
            .unwrap_or_default()
            .as_encoded_bytes()
            .to_vec()
    };
    let rest = name(&file);
    let rest = rest.strip_prefix(name(&data_file).as_slice());
    file.parent() == data_file.parent() && rest.is_some_and(|rest| rest.starts_with(b"."))
}

fn message(error: &DataError) -> Message {
    let text = error.to_string();
    match error {
        DataError::KindsDiffer { .. } => Message::error("kinds-differ", text)
            .hint("measure all of them with `--branch`, or none".to_owned()),
        _ => Message::error("data-not-written", text),
    }
}
