//! Branches as coverage.py itself records them: partial lines say what never happened.

use std::process::Command;

use swath_test::{coverage_requirements, newest_python, skip, temp_dir, venv};

const PROGRAM: &str = "\
def pick(items, limit):
    for item in items:
        if item > limit:
            return item
    while limit:
        limit -= 1
    return None


print(pick([1, 2], 1))
print(pick([], 0))
";

#[test]
fn partial_lines_say_what_never_happened() {
    let test = "partial_lines_say_what_never_happened";
    let environment = newest_python().and_then(|python| venv(python, &coverage_requirements()));
    let Some(environment) = environment else {
        skip(test, "coverage.py");
        return;
    };
    let folder = temp_dir();
    fs_err::write(folder.path().join("pick.py"), PROGRAM).unwrap();
    let run = |mut command: Command| {
        let done = command.current_dir(folder.path()).output().unwrap();
        assert!(done.status.success(), "{done:?}");
    };
    let mut coverage = Command::new(environment.bin("coverage"));
    coverage.args(["run", "--branch", "pick.py"]);
    run(coverage);
    let mut swath = Command::new(env!("CARGO_BIN_EXE_swath"));
    swath.args(["html", "--directory", "out"]);
    run(swath);
    let pages = fs_err::read_dir(folder.path().join("out/f")).unwrap();
    let page = fs_err::read_to_string(pages.flatten().next().unwrap().path()).unwrap();
    let reasons: Vec<&str> = page
        .split("<small>")
        .skip(1)
        .filter_map(|part| part.split("</small>").next())
        .collect();
    assert_eq!(
        reasons,
        ["5 → <a href=#L6>6</a> never taken: the condition was never true"]
    );
    assert!(page.contains("◐ 1 partial"), "{page}");
    let index = fs_err::read_to_string(folder.path().join("out/index.html")).unwrap();
    assert!(index.contains("<strong>1 partial</strong>"), "{index}");
}
