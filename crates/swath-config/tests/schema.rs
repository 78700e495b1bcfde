//! The JSON schema of `swath.toml`, used by a validator as editors use it: it accepts what swath understands, and
//! nothing that swath refuses.

use std::path::Path;
use std::process::Command;

use swath_config::{SwathConfig, settings_schema};
use swath_test::{Requirements, temp_dir, workspace_root};

/// Prints one line per file: `valid`, or what is wrong.
const VALIDATE: &str = "\
import json, sys, tomllib
import jsonschema
schema = json.load(open(sys.argv[1]))
jsonschema.Draft7Validator.check_schema(schema)
validator = jsonschema.Draft7Validator(schema)
for name in sys.argv[2:]:
    with open(name, 'rb') as file:
        document = tomllib.load(file)
    error = next(iter(validator.iter_errors(document)), None)
    print('valid' if error is None else ' '.join(error.message.split()))
";

const FILES: [(&str, bool); 25] = [
    ("", true),
    ("test = 'pytest'", true),
    ("test = ''", false),
    ("test = ['pytest']", false),
    ("tset = 'pytest'", false),
    ("count = 'all'", true),
    ("count = 'both'", false),
    ("require-complete = true", true),
    ("require-complete = 'yes'", false),
    ("html = 'htmlcov'\njson = 'out/swath.json'", true),
    ("html = true", false),
    ("source = 'src'", false),
    ("[run]\nsource = 'src'", false),
    ("compose = 'compose.yml'", true),
    ("compose = ['a.yml', 'b.yml']", true),
    ("compose = []", false),
    (
        "[compose]\nfile = 'a.yml'\nprofile = ['x']\nready.web = 'tcp:x:1'",
        true,
    ),
    ("[compose]\nprofile = 'x'", false),
    ("[compose]\nfile = 'a.yml'\nready.web = 'log:x'", false),
    (
        "[services.web]\ncommand = 'x'\nready = 'http://x/'\nready-timeout = '1.5m'",
        true,
    ),
    ("[services.web]\ncommand = 'x'\nready = '8000'", false),
    ("[services.web]\ncommand = 'x'\nready-timeout = 60", false),
    (
        "[services.web]\ncommand = 'x'\nstop-signal = 'sigint'\nenv-file = ['a', 'b']\nenvironment.A = '1'",
        true,
    ),
    ("[services.web]\ncommand = 'x'\nstop-signal = 'STOP'", false),
    ("[services.'../web']\ncommand = 'x'", false),
];

#[test]
fn the_schema_agrees_with_the_parser() {
    let test = "the_schema_agrees_with_the_parser";
    let pythons = swath_test::pythons().iter();
    let Some(python) = pythons.rev().find(|python| python.version >= (3, 11)) else {
        return swath_test::skip(test, "CPython 3.11 or newer, for tomllib");
    };
    let Some(venv) = swath_test::venv(python, &Requirements::from(["jsonschema"])) else {
        return;
    };
    let folder = temp_dir();
    let schema = folder.path().join("swath.schema.json");
    fs_err::write(&schema, settings_schema()).unwrap();
    let mut files: Vec<(String, bool)> = FILES
        .iter()
        .map(|&(text, is_valid)| (text.to_owned(), is_valid))
        .collect();
    for example in ["xy", "shop"] {
        let example = workspace_root().join("examples").join(example);
        let text = fs_err::read_to_string(example.join("swath.toml")).unwrap();
        files.push((text, true));
    }
    let mut command: Command = venv.command("python");
    command.args(["-c", VALIDATE]).arg(&schema);
    for (number, (text, _)) in files.iter().enumerate() {
        let path = folder.path().join(format!("{number}.toml"));
        fs_err::write(&path, text).unwrap();
        command.arg(path);
    }
    let output = command.output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let answers = String::from_utf8_lossy(&output.stdout).into_owned();
    let answers: Vec<&str> = answers.lines().collect();
    assert_eq!(answers.len(), files.len());
    for ((text, is_valid), answer) in files.iter().zip(answers) {
        let parsed = SwathConfig::parse(text, Path::new("swath.toml"), &[]);
        assert_eq!(parsed.is_ok(), *is_valid, "{text}\n{parsed:?}");
        assert_eq!(answer == "valid", *is_valid, "{text}\n{answer}");
    }
}
