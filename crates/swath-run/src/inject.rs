//! How the agent gets into the processes of a run.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

/// The variable by which CPython finds modules.
pub(crate) const PYTHON_PATH: &str = "PYTHONPATH";
/// The variable by which the loader adds objects to every program.
pub(crate) const PRELOAD: &str = "LD_PRELOAD";

/// A way into a Python that does not know of swath.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Inject {
    /// By a `sitecustomize` on `PYTHONPATH`: programs that are no Python see nothing of it.
    #[default]
    Path,
    /// By an object that the loader adds to every program: Pythons that ignore or replace
    /// `PYTHONPATH` are measured as well.
    Preload,
    /// Both ways.
    Both,
}

impl Inject {
    fn is_by_path(self) -> bool {
        self != Inject::Preload
    }

    /// Whether the loader brings the agent.
    pub(crate) fn is_by_preload(self) -> bool {
        self != Inject::Path
    }

    /// What a process gets: variables, with what they hold without swath given by `current`.
    pub(crate) fn variables(
        self,
        agent: &Path,
        current: impl Fn(&str) -> Option<OsString>,
    ) -> Vec<(&'static str, OsString)> {
        let mut variables = Vec::new();
        if self.is_by_path() {
            // Ours comes first: a `sitecustomize` behind it is run by it.
            let ours = agent.as_os_str();
            let theirs = current(PYTHON_PATH);
            variables.push((PYTHON_PATH, joined(Some(ours), theirs.as_deref())));
        }
        if self.is_by_preload() {
            // Ours comes last: some must be first, and ours does not care.
            let ours = agent.join(swath_agent::PRELOAD_FILE_NAME).into_os_string();
            let theirs = current(PRELOAD);
            variables.push((PRELOAD, joined(theirs.as_deref(), Some(&ours))));
        }
        variables
    }

    /// Whether this way can name a file there: the loader takes blanks and colons as separators.
    pub(crate) fn check(self, folder: &Path) -> io::Result<()> {
        let bytes = folder.as_os_str().as_bytes();
        if !self.is_by_preload() || !bytes.iter().any(|byte| b" :\t\n".contains(byte)) {
            return Ok(());
        }
        Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            format!(
                "LD_PRELOAD cannot name a file in `{}`, because of a blank or a colon",
                folder.display()
            ),
        ))
    }
}

fn joined(first: Option<&OsStr>, second: Option<&OsStr>) -> OsString {
    let mut value = OsString::new();
    for part in [first, second].into_iter().flatten() {
        if part.is_empty() {
            continue;
        }
        if !value.is_empty() {
            value.push(":");
        }
        value.push(part);
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(inject: Inject, current: &[(&str, &str)]) -> Vec<String> {
        let current = |name: &str| {
            let found = current.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| OsString::from(value))
        };
        let text = |(name, value): (&str, OsString)| format!("{name}={}", value.display());
        let variables = inject.variables(Path::new("/r/agent"), current);
        variables.into_iter().map(text).collect()
    }

    #[test]
    fn what_is_there_stays() {
        let current = [(PYTHON_PATH, "/a:/b"), (PRELOAD, "/x.so /y.so")];
        assert_eq!(
            variables(Inject::Path, &current),
            ["PYTHONPATH=/r/agent:/a:/b"]
        );
        assert_eq!(
            variables(Inject::Both, &current),
            [
                "PYTHONPATH=/r/agent:/a:/b",
                "LD_PRELOAD=/x.so /y.so:/r/agent/swath-preload.so"
            ]
        );
        assert_eq!(
            variables(Inject::Preload, &[(PRELOAD, "")]),
            ["LD_PRELOAD=/r/agent/swath-preload.so"]
        );
        assert_eq!(variables(Inject::Path, &[]), ["PYTHONPATH=/r/agent"]);
    }

    #[test]
    fn the_loader_cannot_name_every_folder() {
        assert!(Inject::Both.check(Path::new("/tmp/swath-1")).is_ok());
        assert!(Inject::Path.check(Path::new("/tmp/a b")).is_ok());
        let error = Inject::Preload.check(Path::new("/tmp/a:b")).unwrap_err();
        assert!(error.to_string().contains("`/tmp/a:b`"));
    }
}
