//! Plugins of coverage.py: their settings and gates are in force, and their files are reported, or nothing passes.

use crate::side_by_side::Stage;

/// Sets branches, exclusions and a gate, as plugins for house rules do; the gate can be given in the settings.
const RULES: &str = "\
from coverage import CoveragePlugin


class Rules(CoveragePlugin):
    def __init__(self, options):
        self.options = options

    def configure(self, config):
        print('loaded')
        config.set_option('run:branch', True)
        lines = config.get_option('report:exclude_lines')
        config.set_option('report:exclude_lines', lines + ['# never'])
        config.set_option('report:show_missing', True)
        config.set_option('report:fail_under', float(self.options.get('gate', 100)))
        if config.get_option('run:source') is None:
            config.set_option('run:source', ['.'])
        config.set_option('paths', {'z': ['pkg', '*/other'], 'a': ['.', '*/there']})


def coverage_init(registry, options):
    registry.add_configurer(Rules(options))
";

const PROGRAM: &str = "\
import sys
if len(sys.argv) > 1:
    x = 1
if not sys:
    raise ValueError  # never
print(sys.argv[0])
";

fn stage(test: &str) -> Option<Stage> {
    let stage = Stage::new(test)?;
    stage.write("rules.py", RULES);
    stage.write("prog.py", PROGRAM);
    Some(stage)
}

#[test]
fn settings_and_gates_of_plugins_are_in_force() {
    let Some(stage) = stage("settings_and_gates_of_plugins_are_in_force") else {
        return;
    };
    let mut seen = String::new();
    for settings in [
        "[run]\nplugins = rules\nomit = rules.py\n",
        "[run]\nplugins = rules\nsource = pkg\n[rules]\ngate = 30\n",
        "[run]\nplugins = rules\ninclude = prog.py\nomit = rules.py\n[report]\nfail_under = 10\n[rules]\ngate = 62.5\n",
    ] {
        stage.write(".coveragerc", settings);
        // What a plugin prints goes to another stream.
        let lines = [
            "run prog.py",
            "report",
            "report --fail-under=1",
            "report --precision=2 --include=prog.py",
            "run --append prog.py x",
            "report --no-skip-covered",
            "xml -q -o -",
            "json -q -o -",
            "run -p prog.py",
            "report -m",
        ];
        let [theirs, ours] = stage.printed_by_both(&lines);
        assert_eq!(ours, theirs.replace("loaded\n", ""), "{settings}");
        seen.push_str(&ours);
    }
    assert!(seen.contains("is less than fail-under=100"), "{seen}");
}

#[test]
fn a_plugin_that_cannot_be_loaded_passes_no_gate() {
    let Some(stage) = stage("a_plugin_that_cannot_be_loaded_passes_no_gate") else {
        return;
    };
    stage.coverage(&["run", "main.py"]);
    for (settings, reason) in [
        ("plugins = nowhere\n", "No module named 'nowhere'"),
        ("plugins = shop\n", "coverage_init"),
        ("plugins = broken\n", "ZeroDivisionError"),
        ("plugins = quits\n", "gone"),
    ] {
        stage.write(".coveragerc", &format!("[run]\n{settings}"));
        stage.write("broken.py", "1 / 0\n");
        stage.write(
            "quits.py",
            "import os, sys\nsys.stderr.write('gone\\n')\nsys.stderr.flush()\nos._exit(3)\n",
        );
        for words in [&["report"][..], &["xml"], &["combine"], &["run", "main.py"]] {
            let outcome = stage.swath(words);
            assert_eq!(outcome.code, Some(1), "{settings} {words:?}: {outcome:?}");
            let said = [&*outcome.stdout, &outcome.stderr].concat();
            assert!(said.contains(reason), "{settings} {words:?}: {outcome:?}");
        }
        let outcome = stage.swath_as_swath(&["report"]);
        assert_eq!(outcome.code, Some(1), "{outcome:?}");
        assert!(outcome.stdout.contains("TOTAL"), "{outcome:?}");
        assert!(
            outcome.stderr.contains("error[plugins-not-loaded]"),
            "{outcome:?}"
        );
        let outcome = stage.swath_as_swath(&["report", "--no-plugins"]);
        assert_eq!(outcome.code, Some(0), "{outcome:?}");
    }
}

#[test]
fn tests_of_a_command_pass_no_gate_that_is_not_there() {
    let Some(stage) = stage("tests_of_a_command_pass_no_gate_that_is_not_there") else {
        return;
    };
    stage.write(
        ".coveragerc",
        "[run]\nplugins = rules\n[rules]\ngate = 100\n",
    );
    let python = stage.python();
    let run = ["run", "--no-docker", "--", &python, "prog.py"];
    let outcome = stage.swath_as_swath(&run);
    assert_eq!(outcome.code, Some(2), "{outcome:?}");
    stage.write(".coveragerc", "[run]\nplugins = nowhere\n");
    let outcome = stage.swath_as_swath(&run);
    assert_eq!(outcome.code, Some(125), "{outcome:?}");
    let said = outcome.stderr.matches("error[plugins-not-loaded]").count();
    assert_eq!(said, 1, "{outcome:?}");
    let run = [
        "run",
        "--no-docker",
        "--no-plugins",
        "--",
        &python,
        "prog.py",
    ];
    let outcome = stage.swath_as_swath(&run);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
}

/// Measures the lines of texts that `render` goes through.
const TEXTS: &str = "\
import os
from coverage import CoveragePlugin, FileReporter, FileTracer


class Texts(CoveragePlugin):
    def file_tracer(self, filename):
        if os.path.basename(filename) == 'engine.py':
            return Tracer()

    def file_reporter(self, filename):
        return Reporter(filename)


class Tracer(FileTracer):
    def source_filename(self):
        return None

    def has_dynamic_source_filename(self):
        return True

    def dynamic_source_filename(self, filename, frame):
        if frame.f_code.co_name == 'show':
            return frame.f_locals['path']

    def line_number_range(self, frame):
        number = frame.f_locals['number']
        return number, number


class Reporter(FileReporter):
    def lines(self):
        with open(self.filename) as file:
            texts = list(file)
        if texts[0] == 'wrong\\n':
            raise ValueError('no text')
        return {number for number, text in enumerate(texts, 1) if text.strip()}

    def excluded_lines(self):
        return {1}


def coverage_init(registry, options):
    registry.add_file_tracer(Texts())
";

const ENGINE: &str = "\
def show(path, number, text):
    print(text)


def render(path, every):
    with open(path) as file:
        for number, text in enumerate(file, 1):
            if number % every == 0:
                show(path, number, text.rstrip())
";

fn stage_of_texts(test: &str) -> Option<Stage> {
    let stage = Stage::new(test)?;
    stage.write("texts.py", TEXTS);
    stage.write("engine.py", ENGINE);
    stage.write("page.txt", "a\nb\n\nc\nd\n");
    stage.write("site.html", "a\nb\nc\n");
    stage.write(
        "web.py",
        "import os, engine\nengine.render(os.path.abspath('page.txt'), 2)\nengine.render(os.path.abspath('site.html'), 1)\n",
    );
    stage.write(".coveragerc", "[run]\nplugins = texts\n");
    Some(stage)
}

#[test]
fn files_that_plugins_measured_are_reported_by_them() {
    let Some(stage) = stage_of_texts("files_that_plugins_measured_are_reported_by_them") else {
        return;
    };
    let reports = [
        "report -m",
        "report -m page.txt",
        "report --include=*.html",
        "xml -q -o -",
        "json -q -o -",
        "lcov -q -o -",
        "annotate -d copies",
        "html -q",
    ];
    for branch in [&["run", "web.py"][..], &["run", "--branch", "web.py"]] {
        stage.coverage(branch);
        for report in reports {
            let words: Vec<&str> = report.split(' ').collect();
            let outcome = stage.check(&words);
            assert_eq!(outcome.code, Some(0), "{outcome:?}");
        }
    }
    let page = stage.swath(&["html", "-q"]);
    assert_eq!(page.code, Some(0), "{page:?}");
    // swath in coverage.py's place measures them as well: it has coverage.py do it.
    let [theirs, ours] = stage.printed_by_both(&["run web.py", "report -m"]);
    assert_eq!(ours, theirs);
    assert!(ours.contains("page.txt"), "{ours}");
}

#[test]
fn files_that_a_plugin_does_not_report_pass_no_gate() {
    let Some(stage) = stage_of_texts("files_that_a_plugin_does_not_report_pass_no_gate") else {
        return;
    };
    stage.coverage(&["run", "web.py"]);
    stage.write("page.txt", "wrong\n");
    let outcome = stage.swath(&["report"]);
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    assert!(
        outcome.stdout.contains("ValueError: no text"),
        "{outcome:?}"
    );
    assert_eq!(stage.swath(&["report", "-i"]).code, Some(0));
    stage.write(".coveragerc", "");
    let outcome = stage.swath_as_swath(&["report"]);
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    assert!(
        outcome
            .stderr
            .contains("2 files that a plugin measured are left out"),
        "{outcome:?}"
    );
}

#[test]
fn swath_names_what_it_does_not_measure() {
    let Some(stage) = stage_of_texts("swath_names_what_it_does_not_measure") else {
        return;
    };
    let python = stage.python();
    let run = ["run", "--no-docker", "--", &python, "web.py"];
    let outcome = stage.swath_as_swath(&run);
    assert!(
        outcome
            .stderr
            .contains("warning[plugin-files-not-measured]: `texts.Texts`"),
        "{outcome:?}"
    );
}
