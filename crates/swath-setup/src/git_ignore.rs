//! The lines of `.gitignore` that keep data files out of commits.

use std::path::Path;

use crate::file_change::{FileChange, Preparation};
use crate::project::Project;

const FILE: &str = ".gitignore";

/// What a run writes into the project. The folder of the HTML report brings a `.gitignore` of its own.
const WRITTEN: [&str; 2] = [".coverage", ".coverage.*"];

/// Adds what no `.gitignore` of the checkout leaves out yet.
pub(crate) fn extend(preparation: &mut Preparation, project: Project<'_>) {
    let top = project
        .root()
        .ancestors()
        .find(|folder| folder.join(".git").exists());
    let before = project.read(FILE);
    if top.is_none() && before.is_none() {
        return;
    }
    let top = top.unwrap_or(project.root());
    let folders = project
        .root()
        .ancestors()
        .take_while(|folder| folder.starts_with(top));
    let texts: Vec<String> = folders.filter_map(read).collect();
    let is_ignored = |wanted: &&str| {
        let mut lines = texts.iter().flat_map(|text| text.lines());
        lines.any(|line| covers(line, wanted))
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
    preparation.changes.push(match before {
        None => FileChange::new(FILE, added),
        Some(before) => {
            let gap = if before.is_empty() || before.ends_with('\n') {
                ""
            } else {
                "\n"
            };
            let after = format!("{before}{gap}{added}");
            FileChange::extended(FILE, before, after)
        }
    });
}

fn read(folder: &Path) -> Option<String> {
    Project::new(folder).read(FILE)
}

/// Whether a line leaves out what another would.
fn covers(line: &str, wanted: &str) -> bool {
    let line = line.trim().trim_matches('/');
    let wanted = wanted.trim_matches('/');
    match line.strip_suffix('*') {
        _ if line.is_empty() || line.starts_with(['#', '!']) => false,
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
        extend(&mut preparation, Project::new(folder.path()));
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
            (Some(".coverage\n.coverage.*\nhtmlcov/\n"), None),
        ] {
            assert_eq!(extended(text).as_deref(), expected, "{text:?}");
        }
    }

    #[test]
    fn without_git_there_is_nothing_to_leave_out() {
        let folder = tempfile::tempdir().unwrap();
        let mut preparation = Preparation::default();
        extend(&mut preparation, Project::new(folder.path()));
        assert_eq!(preparation, Preparation::default());
    }
}
