//! What is wrong with a source, in the words and at the line of CPython 3.13.

use anyhow::{Context, Result, ensure};
use swath_analysis::{ExclusionRules, PythonVersion, analyze_text};
use swath_test::{python, skip};

const SOURCES: &[&str] = &[
    "This isn't python at all!\n",
    "x = 1\ny = \"\"\"abc\nfoo\n\n",
    "x = 1\ny = '''abc\nfoo",
    "x = (1\ny = 2\n",
    "x = (1,\n",
    "f(\n[1, 2\n",
    "x = \"abc\ny = 2\n",
    "x = b'abc\\\ndef\ny = 2\n",
    "x = [1)\ny = 2\n",
    "x = [1,\n2)\n",
    "x = 1)\n",
    "a b\nx = 1)\n",
    "a b\ny = (1,\n",
    "a b\nx = $\n",
    "def f():\npass\n",
    "class A:\nx = 1\n",
    "if a:\nb\n",
    "for x in y:\nz\n",
    "  x = 1\n",
    "if x:\n    a\n  b\n",
    "if x\n    a\n",
    "f(a=1, 2)\n",
    "try:\nb\n",
    "if a:\n    b\nelse:\nc\n",
    "def g():\n    @d\n    def f(a,\n          b):\n\n    # a comment\n    pass\n",
    "x = f'{a'\n",
    "x = f'a}'\n",
];

const COMPILE: &str = "\
import json, sys
for source in json.loads(sys.argv[1]):
    try:
        compile(source, 'a.py', 'exec')
    except SyntaxError as error:
        print(f'{error.msg} at line {error.lineno}')
    else:
        print('fine')
";

#[test]
fn syntax_errors_are_in_the_words_of_python() -> Result<()> {
    let test = "syntax_errors_are_in_the_words_of_python";
    let Some(python) = python(3, 13) else {
        skip(test, "CPython 3.13");
        return Ok(());
    };
    let sources = serde_json::to_string(SOURCES)?;
    let output = python.command().args(["-c", COMPILE, &sources]).output()?;
    let output = String::from_utf8(output.stdout)?;
    let theirs: Vec<&str> = output.lines().collect();
    ensure!(theirs.len() == SOURCES.len(), "Python said: {output}");
    let version: PythonVersion = "3.13".parse()?;
    let mut complaints = Vec::new();
    for (source, theirs) in SOURCES.iter().zip(theirs) {
        let analysis = analyze_text(source, version, &ExclusionRules::default());
        let problem = analysis.problem.context("accepted")?;
        let ours = problem.to_string();
        if ours != theirs {
            complaints.push(format!("{source:?}: {ours}, not {theirs}"));
        }
    }
    ensure!(complaints.is_empty(), "{}", complaints.join("\n"));
    Ok(())
}
