//! Where coverage.py and swath differ, and swath is right: `docs/reference/differences.md`.

use swath_test::{python, skip};

use crate::measured::Project;

/// From 3.14 on coverage.py takes the line behind a statement over several lines with a branch in
/// it for run, whatever the statement raised.
const RAISES: &str = "\
def fail():
    raise ValueError


def test(x):
    if (
        x
    ): fail()
    return 1


try:
    test(1)
except ValueError:
    pass
";

#[test]
fn a_line_behind_what_raised_did_not_run() {
    let test = "a_line_behind_what_raised_did_not_run";
    let Some(python) = python(3, 14) else {
        return skip(test, "CPython 3.14");
    };
    let programs = [("raises.py".to_owned(), RAISES.to_owned())];
    let Some(project) = Project::new(python, programs) else {
        return;
    };
    let measured = project.measure();
    let missing = |seen: &crate::measured::Seen| seen.lines.missing.contains(&9);
    assert!(missing(&measured.ours["raises.py"]));
    // Once coverage.py sees it, it is no difference any more.
    assert!(!missing(&measured.theirs["raises.py"]));
}
