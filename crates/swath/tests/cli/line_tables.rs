//! The line tables of the interpreters that ran are the guard of the analysis: it is silent over
//! whole standard libraries, at every level of optimization.

use serde_json::Value;
use swath_test::{
    Build, Python, Scale, newest_python, python_build, pythons, record_figure, scale, skip,
};

use crate::sandbox::{Sandbox, finish};

/// Imports the modules of the standard library that change nothing outside.
const EVERYTHING: &str = r#"import importlib, os, pkgutil, sysconfig, warnings
warnings.simplefilter("ignore")
left = {"antigravity", "this", "idlelib", "turtledemo", "test", "tests", "lib2to3", "__phello__"}
def walk(folder, prefix=""):
    for module in pkgutil.iter_modules([folder]):
        if module.name in left or module.name.startswith("__main__"):
            continue
        try:
            importlib.import_module(prefix + module.name)
        except BaseException:
            continue
        if module.ispkg:
            walk(os.path.join(folder, module.name), prefix + module.name + ".")
walk(sysconfig.get_paths()["stdlib"])
"#;

/// Tests that only some levels of optimization compile.
const OPTIMIZED: &str = "\
if not __debug__:
    only_optimized = 1
while not __debug__:
    break
def documented():
    '''As a docstring.'''
    assert __debug__ or 1
documented()
";

/// How many files a Python ran at this level without a word of the guard.
fn silent_files(python: &Python, level: &str) -> usize {
    let sandbox = Sandbox::new();
    let program = [OPTIMIZED, EVERYTHING].concat();
    sandbox.write("everything.py", &program);
    let mut command = sandbox.command(&["run", "--no-docker", "-L", "--json=account.json", "--"]);
    command.arg(&python.path);
    if !level.is_empty() {
        command.arg(level);
    }
    command.arg("everything.py");
    let run = finish(command);
    assert_eq!(run.code, 0, "{} {level}: {}", python.tag(), run.stderr);
    let account: Value = serde_json::from_str(&sandbox.read("account.json")).unwrap();
    let findings = account["findings"].as_array().unwrap();
    let guard = |finding: &&Value| finding["code"] == "analysis-differs";
    let named: Vec<&Value> = findings.iter().filter(guard).collect();
    assert!(named.is_empty(), "{} {level}: {named:#?}", python.tag());
    let files = account["processes"][0]["files"].as_u64().unwrap();
    usize::try_from(files).unwrap()
}

#[test]
fn the_guard_is_silent_over_standard_libraries() {
    let Some(newest) = newest_python() else {
        skip(
            "the_guard_is_silent_over_standard_libraries",
            "no CPython 3.8 or newer",
        );
        return;
    };
    let is_wanted = |python: &&Python| scale() == Scale::Whole || python.path == newest.path;
    for python in pythons().iter().filter(is_wanted) {
        for level in scale().pick(&["-O"][..], &["", "-O", "-OO"]) {
            let files = silent_files(python, level);
            assert!(files > 300, "{} {level}: {files}", python.tag());
            let row = format!("run with `{}`", ["python", level].join(" ").trim());
            let text = format!("{files} files, 0 differ");
            record_figure(
                "Line tables of the interpreters",
                &row,
                &python.tag(),
                &text,
            );
        }
    }
}

#[test]
fn other_code_under_the_name_of_a_file_is_no_fault_of_the_analysis() {
    let Some(python) = newest_python() else {
        skip(
            "other_code_under_the_name_of_a_file_is_no_fault_of_the_analysis",
            "no CPython 3.8 or newer",
        );
        return;
    };
    let sandbox = Sandbox::new();
    sandbox.write("page.py", "a = 1\n# nothing\n\nb = 2\n");
    sandbox.write(
        "render.py",
        "import page\nexec(compile('\\n'.join(['c = 3'] * 9), page.__file__, 'exec'))\n",
    );
    let mut command = sandbox.command(&["run", "--no-docker", "--source=.", "--"]);
    command.arg(&python.path).arg("render.py");
    let run = finish(command);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(!run.stderr.contains("analysis-differs"), "{}", run.stderr);
}

/// Its compiler has code for what is no statement to later releases.
#[test]
fn the_guard_names_what_an_early_release_of_3_11_counts() {
    let test = "the_guard_names_what_an_early_release_of_3_11_counts";
    let Some(python) = python_build(3, 11, Build::Debug) else {
        return skip(test, "`cargo xtask built-pythons`");
    };
    let sandbox = Sandbox::new();
    sandbox.write(
        "early.py",
        "def f(n):
    match n:
        case int():
            x: int
        case str() if n:
            global z
        case _:
            y = 1
f(1)
",
    );
    let mut command = sandbox.command(&["run", "--no-docker", "--source=.", "--"]);
    command.arg(&python.path).arg("early.py");
    let run = finish(command);
    let named =
        "CPython 3.11 has code in `early.py` where the analysis sees no statement\n  lines 4, 6";
    assert!(run.stderr.contains(named), "{}", run.stderr);
}
