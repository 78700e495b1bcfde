//! Our patterns against the real ones: generated globs, aliases, trees and regular expressions go through
//! coverage.py's own functions and Python's `re`, and through ours.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "differential/generator.rs"]
mod generator;
#[path = "differential/oracle.rs"]
mod oracle;

use std::collections::BTreeMap;
use std::path::Path;

use generator::Generator;
use oracle::Oracle;
use serde_json::{Value, json};
use swath_pattern::{
    Directory, GlobError, Globs, PathAliases, PythonRegex, RegexError, prepare_globs,
};
use swath_scope::{is_below, is_module_of};

/// What a glob or its error is to be compared by.
fn glob_error(error: &GlobError) -> Value {
    match error {
        GlobError::Set(error) => json!({"re.error": error.to_string()}),
        other => json!({"error": other.to_string()}),
    }
}

fn texts(value: &Value) -> Vec<String> {
    let items = value.as_array().unwrap();
    items
        .iter()
        .map(|item| item.as_str().unwrap().to_owned())
        .collect()
}

/// Compares the answers to all questions; at most `others` of them may be unsupported by us.
fn compare(
    what: &str,
    oracle: &Oracle,
    questions: &[Value],
    allowed: usize,
    ours: impl Fn(&Value) -> Option<Value>,
) -> usize {
    let answers = oracle.ask(questions);
    assert_eq!(answers.len(), questions.len());
    let mut unsupported = 0;
    let mut differences = Vec::new();
    for (question, theirs) in questions.iter().zip(&answers) {
        match ours(question) {
            None => unsupported += 1,
            Some(ours) if ours == *theirs => {}
            Some(ours) => {
                differences.push(format!("{question}\n  theirs {theirs}\n  ours   {ours}"));
            }
        }
    }
    let compared = questions.len() - unsupported;
    swath_test::record_figure(
        "Patterns against coverage.py 7.17.3",
        what,
        "equal",
        format!("{} of {compared}", compared - differences.len()),
    );
    let shown: Vec<&str> = differences.iter().take(8).map(String::as_str).collect();
    assert!(
        differences.len() <= allowed,
        "{} of {compared} differ (seed {}):\n{}",
        differences.len(),
        swath_test::seed(),
        shown.join("\n")
    );
    unsupported
}

#[test]
fn globs_match_what_coverage_matches() {
    let Some(oracle) = Oracle::coverage("globs_match_what_coverage_matches") else {
        return;
    };
    let folder = swath_test::temp_dir();
    let here = Directory::new(folder.path());
    let mut generator = Generator::new();
    let rounds = swath_test::scale().pick(400, 20_000);
    let questions: Vec<Value> = (0..rounds)
        .map(|_| {
            let patterns = generator.some(4, Generator::glob);
            let paths: Vec<String> = (0..5).map(|_| generator.path(here.path())).collect();
            json!({"kind": "globs", "patterns": patterns, "paths": paths})
        })
        .collect();
    let ours = |question: &Value| {
        let prepared = prepare_globs(texts(&question["patterns"]), &here);
        let answer = Globs::new(prepared.clone()).map(|globs| {
            let paths = texts(&question["paths"]);
            paths
                .iter()
                .map(|path| globs.is_match(path))
                .collect::<Vec<bool>>()
        });
        Some(match answer {
            Ok(matches) => json!({"prepared": prepared, "matches": matches}),
            Err(error) => glob_error(&error),
        })
    };
    compare(
        "file globs",
        &oracle.within(folder.path()),
        &questions,
        0,
        ours,
    );
}

#[test]
fn aliases_map_where_coverage_maps() {
    let Some(oracle) = Oracle::coverage("aliases_map_where_coverage_maps") else {
        return;
    };
    let folder = swath_test::temp_dir();
    let here = Directory::new(folder.path());
    let mut generator = Generator::new();
    let rounds = swath_test::scale().pick(400, 20_000);
    let questions: Vec<Value> = (0..rounds)
        .map(|_| {
            let rules: Vec<Value> = (0..=generator.below(3))
                .map(|_| json!([generator.glob(), generator.directory(here.path())]))
                .collect();
            let paths: Vec<String> = (0..5).map(|_| generator.path(here.path())).collect();
            json!({
                "kind": "aliases",
                "rules": rules,
                "paths": paths,
                "relative": generator.below(3) == 0,
                "missing": generator.letter(),
            })
        })
        .collect();
    let ours = |question: &Value| {
        Some(map_all(question, &here).unwrap_or_else(|error| glob_error(&error)))
    };
    compare(
        "path aliases",
        &oracle.within(folder.path()),
        &questions,
        0,
        ours,
    );
}

fn map_all(question: &Value, here: &Directory) -> Result<Value, GlobError> {
    let relative = question["relative"].as_bool().unwrap();
    let mut aliases = PathAliases::new(here.clone(), relative);
    for rule in question["rules"].as_array().unwrap() {
        aliases.add(rule[0].as_str().unwrap(), rule[1].as_str().unwrap())?;
    }
    let missing = question["missing"].as_str().unwrap();
    let exists = |path: &str| !path.contains(missing);
    let paths = texts(&question["paths"]);
    let mapped: Vec<String> = paths
        .iter()
        .map(|path| aliases.map(path, &exists))
        .collect();
    Ok(json!({"mapped": mapped}))
}

#[test]
fn trees_and_modules_hold_what_coverage_finds_in_them() {
    let Some(oracle) = Oracle::coverage("trees_and_modules_hold_what_coverage_finds_in_them")
    else {
        return;
    };
    let folder = swath_test::temp_dir();
    let here = Directory::new(folder.path());
    make_links(folder.path());
    let mut generator = Generator::new();
    let rounds = swath_test::scale().pick(200, 5_000);
    let questions: Vec<Value> = (0..rounds)
        .map(|_| {
            let mut roots = generator.some(3, |generator| generator.path(here.path()));
            // Everything is below the root folder, which coverage.py holds to be empty.
            roots.retain(|root| here.absolute(root) != "/");
            let paths: Vec<String> = (0..5).map(|_| generator.path(here.path())).collect();
            let modules = generator.some(3, Generator::module);
            let names: Vec<String> = (0..5).map(|_| generator.module()).collect();
            json!({"kind": "scope", "roots": roots, "paths": paths, "modules": modules, "names": names})
        })
        .collect();
    let ours = |question: &Value| {
        let roots: Vec<String> = texts(&question["roots"])
            .iter()
            .map(|root| here.absolute(root))
            .collect();
        let packages = texts(&question["modules"]);
        let in_trees: Vec<bool> = texts(&question["paths"])
            .iter()
            .map(|path| {
                let path = here.absolute(path);
                let mut roots = roots.iter();
                roots.any(|root| is_below(path.as_bytes(), root.as_bytes()))
            })
            .collect();
        let in_modules: Vec<bool> = texts(&question["names"])
            .iter()
            .map(|name| {
                let mut packages = packages.iter();
                packages.any(|package| is_module_of(name.as_bytes(), package.as_bytes()))
            })
            .collect();
        Some(json!({"trees": in_trees, "modules": in_modules, "roots": roots}))
    };
    compare(
        "trees and modules",
        &oracle.within(folder.path()),
        &questions,
        0,
        ours,
    );
}

/// Symbolic links among the names that the generator uses.
fn make_links(folder: &Path) {
    fs_err::create_dir_all(folder.join("src/pkg")).unwrap();
    for (target, link) in [
        ("src", "lib"),
        ("../src/pkg", "src/a"),
        ("loop", "loop"),
        ("/", "root"),
    ] {
        std::os::unix::fs::symlink(target, folder.join(link)).unwrap();
    }
}

#[test]
fn regexes_match_what_python_matches() {
    let Some(oracle) = Oracle::python("regexes_match_what_python_matches") else {
        return;
    };
    let mut generator = Generator::new();
    let rounds = swath_test::scale().pick(2_000, 60_000);
    let questions: Vec<Value> = (0..rounds)
        .map(|_| {
            let pattern = generator.regex();
            let texts: Vec<String> = (0..3).map(|_| generator.text()).collect();
            json!({"kind": "regex", "pattern": pattern, "texts": texts})
        })
        .collect();
    // A repeated group whose first alternative matches nothing: Python ends the repetition there, where
    // others try the next alternative.
    let allowed = rounds / 10_000;
    let exact = oracle.version() == (3, 13);
    let ours = |question: &Value| {
        let pattern = question["pattern"].as_str().unwrap();
        match PythonRegex::new(pattern) {
            Ok(regex) => spans(&regex, &texts(&question["texts"])),
            Err(RegexError::Unsupported { .. }) => None,
            Err(error) if exact => Some(json!({"re.error": error.to_string()})),
            Err(_) => Some(json!({"re.error": ""})),
        }
    };
    let unsupported = compare("regular expressions", &oracle, &questions, allowed, ours);
    swath_test::record_figure(
        "Patterns against coverage.py 7.17.3",
        "regular expressions",
        "not supported",
        unsupported.to_string(),
    );
    assert!(
        unsupported * 50 < rounds,
        "{unsupported} of {rounds} are not supported"
    );
}

/// The matches in each text, in characters; `None` when a search gave up.
fn spans(regex: &PythonRegex, texts: &[String]) -> Option<Value> {
    let mut all = Vec::new();
    for text in texts {
        let at: BTreeMap<usize, usize> = text
            .char_indices()
            .map(|(byte, _)| byte)
            .chain([text.len()])
            .enumerate()
            .map(|(character, byte)| (byte, character))
            .collect();
        let mut matches = regex.find_iter(text);
        let found: Vec<[usize; 2]> = matches
            .by_ref()
            .map(|(start, end)| [at[&start], at[&end]])
            .collect();
        if matches.gave_up() {
            return None;
        }
        all.push(found);
    }
    Some(json!({"spans": all}))
}
