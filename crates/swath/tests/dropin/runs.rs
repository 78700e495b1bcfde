//! Programs run one after the other, and what the reports then say.

use crate::side_by_side::Stage;

const PROGRAM: &str = "\
import sys

def visit(what):
    for letter in what:
        if letter == 'a':
            seen = 1
        elif letter == 'b':
            seen = 2
        else:
            continue
        print(seen)
    return what or None

visit(sys.argv[1])
if len(sys.argv) > 2:
    sys.exit(3)
";

#[test]
fn runs_add_up_as_with_coverage_py() {
    let Some(stage) = Stage::new("runs_add_up_as_with_coverage_py") else {
        return;
    };
    stage.write("visit.py", PROGRAM);
    let reports = ["report -m", "json -q --show-contexts -o -", "lcov -q -o -"];
    for runs in [
        &["run --branch visit.py a"][..],
        &["run --branch visit.py a", "run --branch visit.py b"],
        &[
            "run --branch visit.py a",
            "run --branch --append visit.py b x",
        ],
        &["run --append --branch visit.py c"],
        &["run visit.py a", "run --append visit.py b"],
        &[
            "run --branch --parallel-mode visit.py a",
            "run --branch --parallel-mode visit.py c x",
            "combine -q",
        ],
        &["run --branch --context=first visit.py a"],
        &[
            "run --branch --context=first visit.py a",
            "run --branch --append --context=second visit.py b",
        ],
        &[
            "run --branch -p --context=first visit.py a",
            "run --branch -p --context=second visit.py a",
            "combine -q",
        ],
        &["run --branch --include=visit.py visit.py a"],
        &["run --branch --source=. --omit=pkg/* -m visit ab"],
        &["run --source=pkg visit.py a"],
        &["run --branch --source=pkg visit.py a"],
        &["run --branch --source=never_there visit.py a"],
        &["run --branch --include=never_there/* visit.py a"],
    ] {
        let lines = [runs, &reports].concat();
        let [theirs, ours] = stage.printed_by_both(&lines);
        assert_eq!(ours, theirs, "{runs:?}");
    }
}
