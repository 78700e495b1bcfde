//! How the agent gets into the processes of a run.

use std::ffi::{OsStr, OsString};
use std::io::{self, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use swath_agent::Machine;

/// The variable by which CPython finds modules.
pub(crate) const PYTHON_PATH: &str = "PYTHONPATH";
/// The variable by which the loader adds objects to every program.
pub(crate) const PRELOAD: &str = "LD_PRELOAD";
/// The variable of programs that check memory. Those whose runtime is a library of its own refuse
/// to start when any object comes before it; ours defines nothing that could be in its way.
const SANITIZER: &str = "ASAN_OPTIONS";
const ANY_ORDER: &str = "verify_asan_link_order=0";

/// Loaders of programs, with the machine of their own where swath has an object for that: others
/// cannot load the object, and say so on standard error.
const LOADERS: [(&str, Option<Machine>); 9] = [
    ("/lib64/ld-linux-x86-64.so.2", Some(Machine::X86_64)),
    ("/lib/ld-musl-x86_64.so.1", Some(Machine::X86_64)),
    ("/lib/ld-linux.so.2", None),
    ("/lib/ld-musl-i386.so.1", None),
    ("/libx32/ld-linux-x32.so.2", None),
    ("/lib/ld-linux-aarch64.so.1", Some(Machine::Aarch64)),
    ("/lib/ld-musl-aarch64.so.1", Some(Machine::Aarch64)),
    ("/lib/ld-linux-armhf.so.3", None),
    ("/lib/ld-musl-armhf.so.1", None),
];

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

    /// The default: both ways, unless something says that the loader's could disturb a program.
    pub(crate) fn harmless(object: &Path) -> Inject {
        let is_foreign = LOADERS
            .iter()
            .filter(|(_, machine)| *machine != Some(Machine::OWN))
            .any(|(path, _)| Path::new(path).exists());
        if is_foreign || Inject::Both.check(object).is_err() || !is_silent(object) {
            return Inject::Path;
        }
        Inject::Both
    }

    /// What a process gets: variables, with what they hold without swath given by `current`.
    pub(crate) fn variables(
        self,
        agent: &Path,
        object: &Path,
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
            let theirs = current(PRELOAD);
            let ours = Some(object.as_os_str());
            variables.push((PRELOAD, joined(theirs.as_deref(), ours)));
            let theirs = current(SANITIZER);
            let ours = Some(OsStr::new(ANY_ORDER));
            variables.push((SANITIZER, joined(theirs.as_deref(), ours)));
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

/// Writes the object, for everybody to read.
pub(crate) fn write_object(path: &Path) -> io::Result<()> {
    use fs_err::os::unix::fs::OpenOptionsExt as _;
    let mut options = fs_err::OpenOptions::new();
    options.write(true).create_new(true).mode(0o644);
    let mut file = options.open(path)?;
    // Whatever the umask says.
    file.set_permissions(std::fs::Permissions::from_mode(0o644))?;
    file.write_all(swath_agent::PRELOAD)
}

/// Whether a program of this system runs with the object as it runs without.
fn is_silent(object: &Path) -> bool {
    let output = Command::new("true")
        .env(PRELOAD, object)
        .stdin(Stdio::null())
        .output();
    output.is_ok_and(|output| output.status.success() && output.stderr.is_empty())
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
        let variables = inject.variables(Path::new("/r/agent"), Path::new("/r.so"), current);
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
                "LD_PRELOAD=/x.so /y.so:/r.so",
                "ASAN_OPTIONS=verify_asan_link_order=0"
            ]
        );
        assert_eq!(
            variables(Inject::Preload, &[(PRELOAD, ""), (SANITIZER, "a=1")]),
            [
                "LD_PRELOAD=/r.so",
                "ASAN_OPTIONS=a=1:verify_asan_link_order=0"
            ]
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
