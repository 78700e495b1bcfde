//! XML, JSON, LCOV and annotated sources against those of coverage.py.

use std::path::Path;

use swath_config::CoverageConfig;
use swath_coverage::{ModelOptions, existing_sources};
use swath_data::{Mode, write_data_file};
use swath_report::{
    COVERAGE_VERSION, JsonOptions, LcovOptions, XmlOptions, render_annotated, render_xml,
    write_json, write_lcov,
};
use swath_test::{Random, Scale, Venv};

use crate::project::{Project, branch_project, coverage_py, line_project, random_project};

/// What coverage.py writes to standard output.
fn theirs(project: &Project, venv: &Venv, arguments: &[&str]) -> String {
    write_data_file(&project.data, &project.path(".coverage")).unwrap();
    let mut command = venv.command("coverage");
    let output = command
        .args(arguments)
        .current_dir(project.folder.path())
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

/// The value between two texts.
fn between<'t>(text: &'t str, before: &str, after: &str) -> &'t str {
    let start = text.find(before).unwrap() + before.len();
    let end = text[start..].find(after).unwrap();
    &text[start..start + end]
}

fn check_xml(project: &Project, venv: &Venv) {
    for (arguments, rc, depth, skip_empty) in [
        (&["xml", "-o", "-"][..], "[run]\nsource=.,none\n", 99, false),
        (
            &["xml", "-o", "-", "--skip-empty"],
            "[xml]\npackage_depth=1\n",
            1,
            true,
        ),
    ] {
        fs_err::write(project.path(".coveragerc"), rc).unwrap();
        let theirs = theirs(project, venv, arguments);
        let source = if rc.contains("source") {
            vec![".", "none"]
        } else {
            vec![]
        };
        let config = CoverageConfig {
            source: Some(source.into_iter().map(str::to_owned).collect()),
            ..CoverageConfig::default()
        };
        let options = XmlOptions {
            skip_empty,
            package_depth: depth,
            source_paths: existing_sources(&config, &project.directory),
            relative_files: false,
            directory: &project.directory,
            version: COVERAGE_VERSION,
            timestamp: between(&theirs, "timestamp=\"", "\"").parse().unwrap(),
        };
        let (ours, _) = render_xml(&project.report().unwrap(), &options);
        assert_eq!(ours, theirs);
    }
}

fn check_json(project: &Project, venv: &Venv) {
    for (arguments, pretty_print) in [
        (&["json", "-o", "-"][..], false),
        (&["json", "-o", "-", "--pretty-print"], true),
    ] {
        let theirs = theirs(project, venv, arguments);
        let options = JsonOptions {
            pretty_print,
            contexts: None,
            chosen: None,
            precision: 0,
            version: COVERAGE_VERSION,
            timestamp: between(&theirs, "\"timestamp\": \"", "\""),
        };
        let mut ours = Vec::new();
        write_json(&project.report().unwrap(), &options, &mut ours).unwrap();
        assert_eq!(String::from_utf8(ours).unwrap(), theirs);
    }
}

fn check_lcov(project: &Project, venv: &Venv) {
    for (rc, options) in [
        ("", LcovOptions::default()),
        (
            "[lcov]\nline_checksums=true\n[report]\nskip_empty=true\n",
            LcovOptions {
                line_checksums: true,
                skip_empty: true,
            },
        ),
    ] {
        fs_err::write(project.path(".coveragerc"), rc).unwrap();
        let theirs = theirs(project, venv, &["lcov", "-o", "-"]);
        let mut ours = Vec::new();
        write_lcov(&project.report().unwrap(), options, &mut ours).unwrap();
        assert_eq!(String::from_utf8(ours).unwrap(), theirs);
    }
}

fn check_annotate(project: &Project, venv: &Venv) {
    theirs(project, venv, &["annotate"]);
    for file in project.report().unwrap().files {
        let theirs = fs_err::read_to_string(format!("{},cover", file.path)).unwrap();
        assert_eq!(render_annotated(&file), theirs, "{}", file.name);
    }
}

fn check_all(project: &Project, venv: &Venv) {
    check_xml(project, venv);
    fs_err::write(project.path(".coveragerc"), "").unwrap();
    check_json(project, venv);
    check_lcov(project, venv);
    fs_err::write(project.path(".coveragerc"), "").unwrap();
    check_annotate(project, venv);
}

#[test]
fn line_reports_are_the_same_bytes() {
    let Some(venv) = coverage_py("formats: line_reports_are_the_same_bytes") else {
        return;
    };
    check_all(&line_project(&venv), &venv);
}

#[test]
fn branch_reports_are_the_same_bytes() {
    let Some(venv) = coverage_py("formats: branch_reports_are_the_same_bytes") else {
        return;
    };
    check_all(&branch_project(&venv), &venv);
}

const DEFINITIONS: &str = "\
import os
class Shop:
    '''Sells.'''
    tax = 1
    def __init__(self, a):
        self.a = a
        if a: raise ValueError
        for b in a: return b
    @staticmethod
    def price(b):
        def inner(c):
            if c:
                return c
        return inner(b)
    class Nested:
        def deep(self): return 1
        def deep(self): return 2
if os.name:
    @os.path.join
    def late(x): return x
    def late(x):
        '''Only words.'''
else: x = 1
def last(x):
    while x:
        x -= 1
        if x == 3: continue
    with open(x) as f:
        if f: return 1
    try: x = 1
    except OSError: x = 2
    finally:
        if x:
            x = 3
def one(): yield 1
while os.x: pass
for x in []: pass
";

#[test]
fn definitions_and_branches_are_the_same_bytes() {
    let Some(venv) = coverage_py("definitions_and_branches_are_the_same_bytes") else {
        return;
    };
    let mut project = Project::new(Mode::Arcs, &venv);
    let ran = [
        (-1, 1),
        (1, 2),
        (5, 6),
        (6, 7),
        (7, 8),
        (8, -5),
        (11, 12),
        (12, 13),
        (18, 19),
        (27, 25),
        (27, 28),
        (29, -24),
    ];
    project.arcs("shop.py", DEFINITIONS, &ran);
    project.arcs(
        "pkg/sub/first.py",
        &DEFINITIONS[DEFINITIONS.find("def last").unwrap()..],
        &[(-1, 1), (2, 3), (2, 5)],
    );
    check_all(&project, &venv);
    let mut project = Project::new(Mode::Lines, &venv);
    project.lines("shop.py", DEFINITIONS, &[1, 2, 5, 6, 7, 18, 19]);
    check_all(&project, &venv);
}

#[test]
fn contexts_are_those_of_coverage_py() {
    let Some(venv) = coverage_py("contexts_are_those_of_coverage_py") else {
        return;
    };
    let mut project = line_project(&venv);
    for (name, lines) in [("test_one", [1, 2]), ("té\"st|run", [2, 3])] {
        let path = project.path("branchy.py").to_str().unwrap().to_owned();
        let context = project.data.intern_context(name);
        project
            .data
            .add_lines(&path, context, &lines.into_iter().collect());
    }
    let theirs = theirs(
        &project,
        &venv,
        &[
            "json",
            "-o",
            "-",
            "--show-contexts",
            "--pretty-print",
            "--contexts=té,one",
        ],
    );
    let chosen = project
        .data
        .matching_contexts(&["té".to_owned(), "one".to_owned()])
        .unwrap();
    let options = JsonOptions {
        pretty_print: true,
        contexts: Some(&project.data),
        chosen: Some(chosen.clone()),
        precision: 0,
        version: COVERAGE_VERSION,
        timestamp: between(&theirs, "\"timestamp\": \"", "\""),
    };
    let rules = swath_analysis::ExclusionRules::default();
    let model = ModelOptions {
        contexts: Some(chosen),
        ..project.options(&rules)
    };
    let report = swath_coverage::build_report(&project.data, &model).unwrap();
    let mut ours = Vec::new();
    write_json(&report, &options, &mut ours).unwrap();
    // coverage.py's contexts come in no order: compare the values.
    let sorted = |name: &str, text: &[u8]| {
        let path = project.path(name);
        fs_err::write(&path, text).unwrap();
        sorted_json(&venv, &path)
    };
    assert_eq!(
        sorted("ours.json", &ours),
        sorted("theirs.json", theirs.as_bytes())
    );
}

fn sorted_json(venv: &Venv, path: &Path) -> String {
    let program = "
import json, sys
def sort(value):
    if isinstance(value, dict):
        return {key: (dict(sorted((line, sorted(names)) for line, names in item.items())) if key == 'contexts' else sort(item)) for key, item in value.items()}
    return value
print(json.dumps(sort(json.load(open(sys.argv[1]))), indent=1))
";
    let output = venv
        .command("python")
        .args(["-c", program])
        .arg(path)
        .output()
        .unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn random_projects_give_the_same_bytes() {
    let Some(venv) = coverage_py("formats: random_projects_give_the_same_bytes") else {
        return;
    };
    let seed = swath_test::seed() + 1;
    let mut random = Random::new(seed);
    let rounds = if swath_test::scale() == Scale::Whole {
        30
    } else {
        1
    };
    for round in 0..rounds {
        eprintln!("seed {seed}, round {round}");
        let project = random_project(&mut random, &venv);
        if project.data.is_empty() {
            continue;
        }
        check_all(&project, &venv);
    }
}
