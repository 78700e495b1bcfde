//! The ways into a Python that does not know of swath, and what each adds to the variables of a
//! process.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use crate::machine::Machine;

/// The variable by which CPython finds modules.
pub const PYTHON_PATH: &str = "PYTHONPATH";
/// The variable by which the loader adds objects to every program.
pub const PRELOAD_VARIABLE: &str = "LD_PRELOAD";
/// The variable of programs that check memory. Those whose runtime is a library of its own refuse
/// to start when any object comes before it; ours defines nothing that could be in its way.
pub const SANITIZER: &str = "ASAN_OPTIONS";
/// What [`SANITIZER`] gets.
pub const ANY_ORDER: &str = "verify_asan_link_order=0";

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

/// The paths of loaders that complain of an object for this machine.
pub fn foreign_loaders(machine: Machine) -> impl Iterator<Item = &'static str> {
    let foreign = LOADERS.iter().filter(move |(_, of)| *of != Some(machine));
    foreign.map(|(path, _)| *path)
}

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
    pub fn is_by_preload(self) -> bool {
        self != Inject::Path
    }

    /// What a process gets: variables, with what they hold without swath given by `current`.
    pub fn variables(
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
            let theirs = current(PRELOAD_VARIABLE);
            let ours = Some(object.as_os_str());
            variables.push((PRELOAD_VARIABLE, joined(theirs.as_deref(), ours)));
            let theirs = current(SANITIZER);
            let ours = Some(OsStr::new(ANY_ORDER));
            variables.push((SANITIZER, joined(theirs.as_deref(), ours)));
        }
        variables
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
        let variables = inject.variables(Path::new("/r/agent"), Path::new("/r.so"), current);
        variables.into_iter().map(text).collect()
    }

    #[test]
    fn what_is_there_stays() {
        let current = [(PYTHON_PATH, "/a:/b"), (PRELOAD_VARIABLE, "/x.so /y.so")];
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
            variables(
                Inject::Preload,
                &[(PRELOAD_VARIABLE, ""), (SANITIZER, "a=1")]
            ),
            [
                "LD_PRELOAD=/r.so",
                "ASAN_OPTIONS=a=1:verify_asan_link_order=0"
            ]
        );
        assert_eq!(variables(Inject::Path, &[]), ["PYTHONPATH=/r/agent"]);
    }

    #[test]
    fn a_loader_of_the_machine_itself_does_not_complain() {
        for machine in Machine::ALL {
            let foreign: Vec<_> = foreign_loaders(machine).collect();
            assert_eq!(foreign.len(), 7, "{foreign:?}");
            assert!(foreign.contains(&"/lib/ld-linux.so.2"));
            assert!(!foreign.iter().any(|path| path.contains(machine.name())));
        }
    }
}
