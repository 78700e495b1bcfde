//! The lines of `.gitignore` that keep data files out of commits.

use std::path::Path;

use crate::file_change::{FileChange, Preparation};
use crate::line_ends::kept_by;
use crate::project::Project;

const FILE: &str = ".gitignore";

/// What a run writes into the project. The folder of the HTML report brings a `.gitignore` of its own.
const WRITTEN: [&str; 2] = [".coverage", ".coverage.*"];

/// Adds what no `.gitignore` of the checkout leaves out yet.
pub(crate) fn extend(preparation: &mut Preparation, project: &Project) {
    let top = project
        .root()
        .ancestors()
        .find(|folder| folder.join(".git").exists());
    let before = match project.text_of(FILE) {
        Ok(before) => before,
        Err(error) => {
            preparation.leave(format!("`{FILE}` cannot be read: {error}"));
            return;
        }
    };
    if top.is_none() && before.is_none() {
        return;
    }
    let top = top.unwrap_or(project.root());
    let folders = project
        .root()
        .ancestors()
        .take_while(|folder| folder.starts_with(top));
    // Of two lines the later one counts, and the nearer file.
    let mut texts: Vec<(bool, String)> = folders
        .filter_map(|folder| Some((folder == project.root(), read(folder)?)))
        .collect();
    texts.reverse();
    let is_ignored = |wanted: &&str| {
        let mut is_ignored = false;
        for (is_here, text) in &texts {
            for line in text.lines().map(str::trim) {
                match line.strip_prefix('!') {
                    Some(line) if covers(line, wanted, *is_here) => is_ignored = false,
                    None if covers(line, wanted, *is_here) => is_ignored = true,
                    _ => {}
                }
            }
        }
        is_ignored
    };
    let missing: Vec<&str> = WRITTEN
        .into_iter()
        .filter(|wanted| !is_ignored(wanted))
        .collect();
    if missing.is_empty() {
        preparation.keep(format!("{FILE} leaves the data files out"));
        return;
    }
    let added = missing.join("\n") + "\n";
    let text = before.as_deref().unwrap_or_default();
    let after = kept_by(text, |text| {
        let gap = if text.is_empty() || text.ends_with('\n') {
            ""
        } else {
            "\n"
        };
        Some(format!("{text}{gap}{added}"))
    });
    preparation.changes.push(match before {
        None => FileChange::new(FILE, added),
        Some(before) => FileChange::extended(FILE, before, after.unwrap_or_default()),
    });
}

fn read(folder: &Path) -> Option<String> {
    Project::new(folder).read(FILE)
}

/// Whether a line leaves out files with a name, or with a start before `*`. One that begins with `/` holds for its own
/// folder alone, and one that ends so for folders.
fn covers(line: &str, wanted: &str, is_here: bool) -> bool {
    let line = match line.strip_prefix('/') {
        Some(rest) if is_here => rest,
        Some(_) => return false,
        None => line,
    };
    match line.strip_suffix('*') {
        _ if line.is_empty() || line.starts_with('#') => false,
        Some(start) => wanted.trim_end_matches('*').starts_with(start),
        None => line == wanted,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn extended(text: Option<&str>) -> Option<String> {
        let folder = tempfile::tempdir().unwrap();
        fs_err::create_dir(folder.path().join(".git")).unwrap();
        if let Some(text) = text {
            fs_err::write(folder.path().join(FILE), text).unwrap();
        }
        let mut preparation = Preparation::default();
        extend(&mut preparation, &Project::new(folder.path()));
        preparation.changes.pop().map(|change| change.after)
    }

    #[test]
    fn only_what_is_missing_is_added() {
        for (text, expected) in [
            (None, Some(".coverage\n.coverage.*\n")),
            (Some("*.pyc"), Some("*.pyc\n.coverage\n.coverage.*\n")),
            (Some("/.coverage\n"), Some("/.coverage\n.coverage.*\n")),
            (
                Some("# .coverage\n!.coverage.*\n"),
                Some("# .coverage\n!.coverage.*\n.coverage\n.coverage.*\n"),
            ),
            (Some(".coverage*\n"), None),
            // A folder of that name, which nobody has.
            (
                Some(".coverage/\n.coverage.*\n"),
                Some(".coverage/\n.coverage.*\n.coverage\n"),
            ),
            (
                Some(".coverage*\n!.coverage\n"),
                Some(".coverage*\n!.coverage\n.coverage\n"),
            ),
            (
                Some("*.pyc\r\n*.log"),
                Some("*.pyc\r\n*.log\r\n.coverage\r\n.coverage.*\r\n"),
            ),
            (Some(".coverage\n.coverage.*\nhtmlcov/\n"), None),
        ] {
            assert_eq!(extended(text).as_deref(), expected, "{text:?}");
        }
    }

    #[test]
    fn without_git_there_is_nothing_to_leave_out() {
        let folder = tempfile::tempdir().unwrap();
        let mut preparation = Preparation::default();
        extend(&mut preparation, &Project::new(folder.path()));
        assert_eq!(preparation, Preparation::default());
    }

    #[test]
    fn a_file_that_cannot_be_read_stays_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        fs_err::create_dir(folder.path().join(".git")).unwrap();
        fs_err::write(folder.path().join(FILE), [0xff]).unwrap();
        let mut preparation = Preparation::default();
        extend(&mut preparation, &Project::new(folder.path()));
        assert!(preparation.changes.is_empty(), "{preparation:?}");
        assert!(preparation.left[0].contains("cannot be read"));
    }

    #[test]
    fn lines_above_hold_for_their_own_folder_only_where_they_say_so() {
        let folder = tempfile::tempdir().unwrap();
        fs_err::create_dir(folder.path().join(".git")).unwrap();
        let below = folder.path().join("sub");
        fs_err::create_dir(&below).unwrap();
        fs_err::write(folder.path().join(FILE), "/.coverage\n.coverage.*\n").unwrap();
        let mut preparation = Preparation::default();
        extend(&mut preparation, &Project::new(&below));
        assert_eq!(preparation.changes[0].after, ".coverage\n");
    }
}
