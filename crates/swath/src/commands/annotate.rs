//! `swath annotate`: copies of the sources, each line with a mark.

use std::fmt::Write as _;
use std::io;
use std::path::Path;

use fs_err as fs;
use sha3::{Digest as _, Sha3_256};
use swath_checkout::write_file;
use swath_coverage::FileReport;
use swath_report::render_annotated;

use crate::coverage_cli::Parsed;
use crate::exit::Exit;
use crate::reporting::{Failure, Session, Wanted};

/// Writes `FILE,cover` for every file of the data, beside it or into a folder.
pub(crate) fn annotate(parsed: &Parsed) -> Exit {
    match write_all(parsed) {
        Ok(()) => Exit::Success,
        Err(failure) => failure.print(),
    }
}

fn write_all(parsed: &Parsed) -> Result<(), Failure> {
    let (session, data) = Session::begin_report(&parsed.into())?;
    let wanted = Wanted {
        contexts: false,
        details: true,
        sources: true,
        ..Wanted::default()
    };
    let report = session.model(&data, &parsed.words(), wanted)?;
    session.say_verdict(&data, &report);
    let folder = Path::new(session.settings.directory.path());
    let directory = parsed.text("directory").filter(|name| !name.is_empty());
    let directory = directory.map(|directory| folder.join(directory));
    for file in &report.files {
        let path = match &directory {
            Some(directory) => directory.join(name_in_folder(&file.name)),
            None => folder.join(format!("{},cover", file.path)),
        };
        write(&path, file, directory.as_deref())
            .map_err(|error| Failure::new(format!("Couldn't write annotated file: {error}")))?;
    }
    Ok(())
}

fn write(path: &Path, file: &FileReport, directory: Option<&Path>) -> io::Result<()> {
    if let Some(directory) = directory {
        fs::create_dir_all(directory)?;
    }
    write_file(path, render_annotated(file).as_bytes())
}

/// A name that is no other file's in one folder: coverage.py's `flat_rootname`, ending kept.
fn name_in_folder(name: &str) -> String {
    let is_separator = |c: char| c == '/' || c == '\\';
    let (folder, base) = name.rsplit_once(is_separator).unwrap_or(("", name));
    let folder = match folder.trim_end_matches(is_separator) {
        "" => folder,
        trimmed => trimmed,
    };
    let prefix = if folder.is_empty() {
        String::new()
    } else {
        let digest = Sha3_256::digest(folder.as_bytes());
        let digits = digest
            .iter()
            .take(8)
            .fold(String::new(), |mut digits, byte| {
                let _ = write!(digits, "{byte:02x}");
                digits
            });
        format!("z_{digits}_")
    };
    let flat = format!("{prefix}{}", base.replace('.', "_"));
    // The ending is one that Python's `splitext` finds.
    let dot = base
        .rfind('.')
        .filter(|&dot| !base[..dot].trim_start_matches('.').is_empty());
    match dot {
        Some(dot) => {
            let ending = &base[dot..];
            let kept = flat.len() - ending.len();
            format!("{}{ending},cover", &flat[..kept])
        }
        None => format!("{flat},cover"),
    }
}

#[cfg(test)]
mod tests {
    use super::name_in_folder;

    #[test]
    fn names_in_one_folder_say_where_they_are_from() {
        for (name, expected) in [
            ("c.py", "c.py,cover"),
            ("a/b/c.py", "z_86bbcbe134d28fd2_c.py,cover"),
            ("a/b/c.d.py", "z_86bbcbe134d28fd2_c_d.py,cover"),
            (".hidden", "_hidden,cover"),
        ] {
            assert_eq!(name_in_folder(name), expected);
        }
    }
}
