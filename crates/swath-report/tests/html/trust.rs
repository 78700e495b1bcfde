//! The trust panel: everything known that makes a number say less than it seems to.

use swath_data::{FileFacts, Mode, ProcessRecord, RunRecord, SourceHash};

use crate::model::{Project, page};

fn project() -> Project {
    let mut project = Project::empty(Mode::Lines);
    project.add_lines("a.py", "a = 1\nb = 2\n", 1..2);
    project
}

fn run(facts: &[(&str, &str)]) -> RunRecord {
    let facts = facts.iter();
    RunRecord {
        id: "5eed".to_owned(),
        facts: facts
            .map(|&(key, value)| (key.to_owned(), value.to_owned()))
            .collect(),
    }
}

/// The panel of a project.
fn panel(project: &Project) -> String {
    let pages = project.pages(|_| ());
    let index = page(&pages, "index.html");
    let start = index.find("<section class=trust").unwrap();
    let end = index[start..].find("</section>").unwrap();
    index[start..start + end].to_owned()
}

/// The panel of one run with these facts.
fn panel_of(facts: &[(&str, &str)]) -> String {
    let mut project = project();
    project.data.accounting.runs = vec![run(facts)];
    panel(&project)
}

#[track_caller]
fn check(panel: &str, expected: &[&str]) {
    for text in expected {
        assert!(panel.contains(text), "{text} is not in {panel}");
    }
}

#[test]
fn foreign_data_has_no_accounting() {
    check(&panel(&project()), &["? no accounting"]);
}

#[test]
fn a_whole_run_is_complete_in_one_line() {
    let panel = panel_of(&[("complete", "1")]);
    check(&panel, &["✓ complete"]);
    assert!(!panel.contains("doubt"), "{panel}");
}

#[test]
fn what_a_run_says_of_itself_is_named() {
    let cases = [
        (("complete", "0"), "run 5eed is incomplete"),
        (("complete", "unknown"), "killed before it could account"),
        (("partial", "1"), "<code>run-partial</code>"),
        (
            ("not-measured", "python -I x.py: isolated"),
            "<li>python -I x.py: isolated",
        ),
        (
            ("service-ended", "web: exited with code 1"),
            "<li>web: exited with code 1",
        ),
        (
            ("warning", "no-service: no service was found"),
            "<code>no-service</code> the run warned:",
        ),
        (("warning", "without a name"), "<li>without a name"),
    ];
    for (fact, expected) in cases {
        check(
            &panel_of(&[fact]),
            &["✗ one thing limits this number", expected],
        );
    }
    let two = panel_of(&[("warning", "a: one"), ("warning", "a: two")]);
    check(&two, &["one thing", "<li>one\n<li>two"]);
}

#[test]
fn processes_that_were_not_measured_or_died_are_named() {
    let mut project = project();
    let process = |pid, state: &str, exit_status, dropped| ProcessRecord {
        pid,
        role: "service".to_owned(),
        service: Some("web".to_owned()),
        state: state.to_owned(),
        exit_status,
        dropped,
        ..ProcessRecord::default()
    };
    project.data.accounting.processes = vec![
        process(1, "measured", Some(0), 0),
        process(2, "free-threaded-build", None, 0),
        process(3, "measured", Some(-11), 0),
        // Told to stop, which is how services end.
        process(4, "measured", Some(-15), 0),
        process(5, "measured", None, 7),
    ];
    let panel = panel(&project);
    check(
        &panel,
        &[
            "✗ 3 things limit this number",
            "<li>web 2: free threaded build",
            "<li>web 3: killed by SIGSEGV",
            "<li>web 5: 7 hits",
        ],
    );
    assert!(!panel.contains("web 4"), "{panel}");
}

#[test]
fn files_that_are_not_what_ran_are_named() {
    let mut project = project();
    project.add_lines("old.py", "a = 1\n", 1..2);
    project.add_lines("gone.py", "a = 1\n", 1..2);
    let facts = |source: &[u8]| FileFacts {
        hash: Some(SourceHash::of(source)),
        python: None,
    };
    let directory = project.directory();
    for name in ["old.py", "gone.py"] {
        let files = &mut project.data.accounting.files;
        let known = files.entry(directory.absolute(name)).or_default();
        known.insert(facts(b"b = 1\n"));
    }
    fs_err::remove_file(directory.absolute("gone.py")).unwrap();
    check(
        &panel(&project),
        &[
            "✗ 2 things limit this number",
            "<code>source-changed</code> 1 file",
            "<li>old.py: measured ",
            "<code>paths-unmapped</code> 1 file",
            "<li>gone.py",
        ],
    );
}

#[test]
fn plugins_are_said_to_have_no_effect() {
    let mut project = project();
    project.config.plugins = vec!["django_coverage_plugin".to_owned()];
    check(
        &panel(&project),
        &[
            "<code>plugins-without-effect</code>",
            "<li>django_coverage_plugin",
        ],
    );
}
