//! The lines on which an interpreter puts code when it compiles a source.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use swath_model::LineSet;

use crate::process_table::Sightings;
use crate::program_file::find_program;
use crate::python_question::ask;

/// Compiles what it reads, at each level of optimization, and runs nothing of it.
const SCRIPT: &str = "\
import dis, sys
def lines(code):
    found = {line for _, line in dis.findlinestarts(code) if line}
    for constant in code.co_consts:
        if hasattr(constant, 'co_code'):
            found |= lines(constant)
    return found
source = sys.stdin.buffer.read()
found = set()
for level in (0, 1, 2):
    found |= lines(compile(source, 'source', 'exec', 0, True, level))
print(*sorted(found))
";
/// How long that may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// The interpreters that may be asked: those that the run's own commands name, that a process of this
/// user was seen to execute here, or that the search path has under their names. What data says of one
/// comes from wherever the data does, and is not executed on its word.
pub(crate) struct KnownInterpreters(BTreeSet<PathBuf>);

impl KnownInterpreters {
    /// `programs` are those of the run's commands, which start in `folder`.
    pub(crate) fn of<'a>(
        programs: impl IntoIterator<Item = &'a str>,
        folder: &Path,
        sightings: &Sightings,
    ) -> KnownInterpreters {
        let own = rustix::process::geteuid().as_raw();
        let named = programs.into_iter();
        let named = named.filter_map(|word| find_program(word, folder, folder));
        let seen = sightings.values();
        let seen = seen.filter(|seen| seen.python && seen.identity.user == Some(own));
        let all = named.chain(seen.map(|seen| PathBuf::from(&seen.executable)));
        KnownInterpreters(all.filter_map(|program| canonical(&program)).collect())
    }

    /// Asks an interpreter; nothing if it may not be asked, or does not compile the source.
    pub(crate) fn compiled_lines(&self, interpreter: &str, source: &[u8]) -> Option<LineSet> {
        let program = canonical(Path::new(interpreter))?;
        let is_known = self.0.contains(&program) || is_on_search_path(&program);
        is_known.then(|| compiled_lines(&program, source)).flatten()
    }
}

fn is_on_search_path(program: &Path) -> bool {
    let name = program.file_name().and_then(|name| name.to_str());
    let there = name.and_then(|name| find_program(name, Path::new("/"), Path::new("/")));
    there.and_then(|there| canonical(&there)).as_deref() == Some(program)
}

fn canonical(program: &Path) -> Option<PathBuf> {
    fs_err::canonicalize(program).ok()
}

fn compiled_lines(interpreter: &Path, source: &[u8]) -> Option<LineSet> {
    let words = ["-I", "-S", "-W", "ignore", "-c", SCRIPT];
    let answer = ask(interpreter, &words, source, PATIENCE).ok()?;
    if answer.code != Some(0) {
        return None;
    }
    let text = String::from_utf8(answer.stdout).ok()?;
    text.split_whitespace()
        .map(|line| line.parse().ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::process_table::{ProcessKey, test_sighting};

    #[test]
    fn an_interpreter_says_where_it_puts_code() {
        let Some(python) = swath_test::newest_python() else {
            swath_test::skip("an_interpreter_says_where_it_puts_code", "no CPython");
            return;
        };
        let python = &python.path;
        let source = b"def f():\n\n    return 1\nif not __debug__:\n    a = 1\n# nothing\n";
        let lines = compiled_lines(python, source).unwrap();
        assert!(lines.contains(3) && lines.contains(5), "{lines:?}");
        assert!(!lines.contains(2) && !lines.contains(6), "{lines:?}");
        assert_eq!(compiled_lines(python, b"def"), None);
        assert_eq!(compiled_lines(Path::new("/no/such/python"), b""), None);
    }

    #[test]
    fn a_program_that_only_data_names_is_not_executed() {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("python3.99");
        fs_err::write(&program, "#!/bin/sh\necho 1 2\n").unwrap();
        fs_err::set_permissions(&program, Permissions::from_mode(0o755)).unwrap();
        let name = program.to_str().unwrap();
        let seen_by = |user: u32| {
            let key = ProcessKey {
                pid: 7,
                start_ticks: 7,
            };
            let mut sighting = test_sighting(key, "python app.py");
            sighting.executable = name.to_owned();
            sighting.identity.user = Some(user);
            Sightings::from([(key, sighting)])
        };
        let is_asked = |program: &str, sightings: &Sightings| {
            let known = KnownInterpreters::of([program], folder.path(), sightings);
            known.compiled_lines(name, b"").is_some()
        };
        let own = rustix::process::geteuid().as_raw();
        assert!(!is_asked("true", &Sightings::new()));
        assert!(!is_asked("true", &seen_by(own + 1)));
        assert!(is_asked("true", &seen_by(own)));
        assert!(is_asked("./python3.99", &Sightings::new()));
    }
}
