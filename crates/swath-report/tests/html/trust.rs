//! The trust panel: everything known that makes a number say less than it seems to.

use swath_data::{FileFacts, Mode, ProcessRecord, RunRecord, SourceHash};
use swath_model::{AgentState, Ending, Finding, Role};

use crate::model::{Project, not_measured, page, recorded};

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
    check(
        &panel_of(&[("complete", "unknown")]),
        &["killed before it could account"],
    );
    check(&panel_of(&[("partial", "1")]), &["✗ partial: "]);
    let missed = panel_of(&[
        ("complete", "0"),
        ("seen", "2"),
        ("finding", &not_measured()),
    ]);
    check(
        &missed,
        &[
            "✗ incomplete: 0 of 2 Python processes measured",
            "<code>not-measured</code> 1 Python process was not measured",
            "<li>`python3 -I tool.py` (pid 7)",
        ],
    );
    let ended = Finding::ServiceEnded {
        service: "web".to_owned(),
        how: "exited with code 1".to_owned(),
        last_output: vec!["no <module>".to_owned()],
        log: None,
    };
    let noted = panel_of(&[("complete", "1"), ("finding", &recorded(&ended))]);
    check(
        &noted,
        &[
            "✓ complete",
            "<code>service-ended</code>",
            "<li>  no &lt;module&gt;",
        ],
    );
}

#[test]
fn tests_that_failed_are_the_first_thing_said() {
    let failed = panel_of(&[
        ("complete", "1"),
        ("seen", "0"),
        ("tests", "failed 1"),
        ("command", "pytest <x>"),
        ("started", "1700000000000000000"),
    ]);
    check(
        &failed,
        &[
            "✗ complete: 0 of 0 Python processes measured; the tests failed (exit 1).",
            "recorded 2023-11-14 22:13 UTC, the tests failed (exit 1): <code>pytest &lt;x&gt;</code>",
        ],
    );
}

#[test]
fn data_of_another_tool_is_named() {
    let mut project = project();
    project.data.accounting.runs = vec![
        run(&[("complete", "1")]),
        RunRecord::foreign("unit".to_owned(), 3),
    ];
    check(
        &panel(&project),
        &[
            "✗ complete: ",
            "1 file that swath did not record",
            "3 lines",
        ],
    );
}

#[test]
fn processes_that_were_not_measured_or_died_are_named() {
    let mut project = project();
    let process = |pid, state: &str, ended, dropped| ProcessRecord {
        pid,
        role: Some(Role::Service),
        service: Some("web".to_owned()),
        state: AgentState::named(state),
        ended,
        dropped,
        ..ProcessRecord::default()
    };
    project.data.accounting.runs = vec![run(&[("complete", "unknown")])];
    project.data.accounting.processes = vec![
        process(1, "measured", Some(Ending::Exited(0)), 0),
        process(2, "free-threaded-build", None, 0),
        process(3, "measured", Some(Ending::Signalled(11)), 0),
        // Told to stop, which is how services end.
        process(4, "measured", Some(Ending::Signalled(15)), 0),
        process(5, "measured", None, 7),
    ];
    let panel = panel(&project);
    check(
        &panel,
        &[
            "✗ incomplete: 3 of 5 Python processes measured; 1 process found no room",
            "<code>agent-failed</code> the process with pid 2 was not measured",
            "<li>web 3: killed by SIGSEGV",
            "<code>no-room</code> the process with pid 5 found no room for 7 records",
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
        ..FileFacts::default()
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
            "<code>source-changed</code> `old.py` is not the file",
            "<li>measured ",
            "<code>paths-unmapped</code> 1 measured file",
            "gone.py",
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
            "the plugins django_coverage_plugin have no effect",
        ],
    );
}
