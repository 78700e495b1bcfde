//! The lines on which an interpreter puts code when it compiles a source.

use std::path::Path;
use std::time::Duration;

use swath_model::LineSet;

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

/// Asks an interpreter; nothing if it cannot be asked, or does not compile the source.
pub(crate) fn compiled_lines(interpreter: &str, source: &[u8]) -> Option<LineSet> {
    let words = ["-I", "-S", "-W", "ignore", "-c", SCRIPT];
    let answer = ask(Path::new(interpreter), &words, source, PATIENCE).ok()?;
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
    use super::*;

    #[test]
    fn an_interpreter_says_where_it_puts_code() {
        let Some(python) = swath_test::newest_python() else {
            swath_test::skip("an_interpreter_says_where_it_puts_code", "no CPython");
            return;
        };
        let python = python.path.to_str().unwrap();
        let source = b"def f():\n\n    return 1\nif not __debug__:\n    a = 1\n# nothing\n";
        let lines = compiled_lines(python, source).unwrap();
        assert!(lines.contains(3) && lines.contains(5), "{lines:?}");
        assert!(!lines.contains(2) && !lines.contains(6), "{lines:?}");
        assert_eq!(compiled_lines(python, b"def"), None);
        assert_eq!(compiled_lines("/no/such/python", b""), None);
    }
}
