//! Names of files, contexts and functions that try to forge records: each format keeps them in their
//! place.

use std::process::Command;

use swath_analysis::ExclusionRules;
use swath_config::CoverageConfig;
use swath_coverage::{ModelOptions, build_report};
use swath_data::Mode;
use swath_report::{
    COVERAGE_VERSION, JsonOptions, LcovOptions, TextOptions, XmlOptions, render_text, render_xml,
    write_json, write_lcov,
};
use swath_test::{Random, Venv, seed};

use crate::project::{Project, coverage_py};

/// What means something to one of the formats.
const PIECES: [&str; 24] = [
    "\nend_of_record\n",
    "\nSF:forged.py\nDA:1,1\n",
    "\r\n",
    "\n",
    "\t",
    "\u{1b}[2J",
    "\u{0}",
    "\u{7f}",
    "\u{85}",
    "\u{2028}",
    "\u{202e}",
    "</script><script>",
    "\"",
    "'",
    "&amp;",
    "<!--",
    "-->",
    "]]>",
    "|",
    "\n| forged.py | 1 | 0 | 100% |\n",
    "\\",
    "\",\"forged\":{",
    "forged.py 9 9 0%",
    "é文",
];

fn nasty(random: &mut Random) -> String {
    let count = 1 + random.below(4);
    let mut name = String::new();
    for _ in 0..count {
        let piece = usize::try_from(random.below(PIECES.len() as u64)).unwrap();
        name.push_str(PIECES[piece]);
        name.push(char::from(b'a' + u8::try_from(random.below(26)).unwrap()));
    }
    // A file of the checkout, whatever its name holds.
    name.replace(['/', '\0'], "|")
}

/// Files that all have two statements, one of them run in a context with such a name too.
fn hostile(venv: &Venv, names: &[String]) -> Project {
    let mut project = Project::new(Mode::Lines, venv);
    for name in names {
        let path = project.source(&format!("{name}.py"), "def f():\n    return 1\n");
        let context = project.data.intern_context(name);
        let lines = [1].into_iter().collect();
        project.data.add_lines(&path, context, &lines);
    }
    project
}

/// What a program of Python's prints about a text on its standard input.
fn python(venv: &Venv, program: &str, text: &str) -> String {
    let folder = swath_test::temp_dir();
    let path = folder.path().join("input");
    fs_err::write(&path, text).unwrap();
    let output = Command::new(venv.python())
        .args(["-c", program])
        .arg(&path)
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}\n{text}");
    String::from_utf8(output.stdout).unwrap()
}

/// Nothing that steers a terminal, and no line ends but its own.
fn assert_tame(text: &str) {
    let steers =
        |c: char| (c.is_control() && c != '\n' && c != '\t') || "\u{2028}\u{202e}".contains(c);
    assert!(!text.contains(steers), "{text:?}");
}

#[test]
fn names_forge_no_records() {
    let Some(venv) = coverage_py("names_forge_no_records") else {
        return;
    };
    let mut random = Random::new(seed());
    let mut names: Vec<String> = (0..60).map(|_| nasty(&mut random)).collect();
    names.sort();
    names.dedup();
    let project = hostile(&venv, &names);
    let rules = ExclusionRules::default();
    let options = ModelOptions {
        details: true,
        ..project.options(&rules)
    };
    let report = build_report(&project.data, &options).unwrap();
    assert_eq!(report.files.len(), names.len());

    let mut lcov = Vec::new();
    write_lcov(&report, LcovOptions::default(), &mut lcov).unwrap();
    let lcov = String::from_utf8(lcov).unwrap();
    assert_tame(&lcov);
    for (start, count) in [("SF:", 1), ("end_of_record", 1), ("DA:", 2), ("FN:", 1)] {
        let found = lcov.lines().filter(|line| line.starts_with(start)).count();
        assert_eq!(found, count * names.len(), "{start}");
    }

    for format in ["text", "markdown"] {
        let config = CoverageConfig {
            format: Some(format.to_owned()),
            show_missing: true,
            ..CoverageConfig::default()
        };
        let text = render_text(&report, &TextOptions::from_config(&config)).unwrap();
        assert_tame(&text);
        // A line for each file, two for the head, the total and, in text, the rule above it.
        let rest = if format == "text" { 4 } else { 3 };
        assert_eq!(text.lines().count(), names.len() + rest, "{text}");
        if format == "markdown" {
            for line in text.lines() {
                let cells = line
                    .replace("\\\\", "")
                    .replace("\\|", "")
                    .matches('|')
                    .count();
                assert_eq!(cells, 6, "{line}");
            }
        }
    }
    check_xml(&venv, &project, &report, names.len());
    check_json(&project, &report, &names);
}

fn check_xml(venv: &Venv, project: &Project, report: &swath_coverage::Report, count: usize) {
    let options = XmlOptions {
        skip_empty: false,
        package_depth: 99,
        source_paths: Vec::new(),
        relative_files: false,
        directory: &project.directory,
        version: COVERAGE_VERSION,
        timestamp: 0,
    };
    let (xml, _) = render_xml(report, &options);
    assert_tame(&xml);
    // A strict parser finds the elements that there should be.
    let program = "\
import sys, xml.dom.minidom
page = xml.dom.minidom.parse(sys.argv[1])
print(*(len(page.getElementsByTagName(name)) for name in ('class', 'line', 'script')))
";
    let found = python(venv, program, &xml);
    assert_eq!(found.trim(), format!("{count} {} 0", 2 * count));
}

fn check_json(project: &Project, report: &swath_coverage::Report, names: &[String]) {
    let options = JsonOptions {
        pretty_print: false,
        contexts: Some(&project.data),
        chosen: None,
        precision: 0,
        version: COVERAGE_VERSION,
        timestamp: "now",
    };
    let mut json = Vec::new();
    write_json(report, &options, &mut json).unwrap();
    let page: serde_json::Value = serde_json::from_slice(&json).unwrap();
    let files = page["files"].as_object().unwrap();
    assert_eq!(files.len(), names.len());
    for name in names {
        // The names are kept as they are: JSON has a way to write every one of them.
        let file = &files[&format!("{name}.py")];
        assert_eq!(file["contexts"]["1"], serde_json::json!([name]));
        assert_eq!(file["executed_lines"], serde_json::json!([1]));
    }
    assert_tame(&String::from_utf8(json).unwrap());
}
