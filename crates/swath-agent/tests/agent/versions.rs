//! The table of versions, and the places that cannot read it.

use swath_store::{Recorder, Recording, Version};
use swath_test::builds;

use crate::run::{Run, program};

#[test]
fn the_python_that_loads_the_agent_knows_the_same_versions() {
    let (oldest, newest) = (Version::OLDEST.minor(), Version::NEWEST.minor());
    let condition = format!("(3, {oldest}) <= sys.version_info[:2] <= (3, {newest})");
    assert!(
        swath_agent::SITECUSTOMIZE.contains(&condition),
        "sitecustomize.py does not say `{condition}`"
    );
}

#[test]
fn what_is_said_of_versions_is_true() {
    let (oldest, newest) = (Version::OLDEST.minor(), Version::NEWEST.minor());
    let range = format!("CPython 3.{oldest} to 3.{newest}");
    for slug in ["unknown-version", "not-cpython"] {
        let state = swath_model::AgentState::named(slug);
        let remedy = state.remedy().unwrap_or_default();
        assert!(remedy.contains(&range), "{slug}: {remedy}");
    }
    let root = swath_test::workspace_root();
    let readme = fs_err::read_to_string(root.join("README.md")).unwrap();
    assert!(readme.contains(&range), "README.md does not say `{range}`");
}

#[test]
fn every_version_is_recorded_as_the_table_says() {
    for python in builds() {
        let run = Run::new();
        run.program(python, &[&program("plain.py")]);
        let header = run.stores()[0].header;
        let version = Version::of_hexversion(header.hexversion).expect("it is in the table");
        let expected = match version.recording() {
            Recording::Frames => Recorder::Gate,
            Recording::Monitoring | Recording::MonitoringOfEachWay => Recorder::Monitoring,
        };
        assert_eq!(header.recorder, expected, "{}", python.tag());
    }
}

/// The minor versions whose free-threaded builds are measured.
fn minors_without_gil() -> Vec<u8> {
    let measured = Version::ALL
        .into_iter()
        .filter(|version| version.is_measured_without_gil());
    measured.map(Version::minor).collect()
}

#[test]
fn the_free_threaded_builds_are_those_of_the_table() {
    let minors = minors_without_gil();
    let joined = |shown: fn(&u8) -> String, between: &str| {
        minors.iter().map(shown).collect::<Vec<_>>().join(between)
    };
    let listed = joined(|minor| format!("(3, {minor})"), ", ");
    let condition = format!("\"t\" in flags and sys.version_info[:2] not in [{listed}]");
    assert!(
        swath_agent::SITECUSTOMIZE.contains(&condition),
        "sitecustomize.py does not say `{condition}`"
    );
    let state = swath_model::AgentState::named("free-threaded-build");
    let (reason, remedy) = (state.reason(), state.remedy().unwrap_or_default());
    let readme = fs_err::read_to_string(swath_test::workspace_root().join("README.md")).unwrap();
    for (text, start, between) in [
        (reason.as_str(), "a version other than ", " and "),
        (remedy, "free-threaded CPython ", " or "),
        (&readme, "the free-threaded build of ", " and "),
    ] {
        let expected = format!("{start}{}", joined(|minor| format!("3.{minor}"), between));
        assert!(text.contains(&expected), "`{expected}` is not in: {text}");
    }
}

/// Takes the interpreter for another build, and starts the agent.
fn start_as(python: &swath_test::Python, run: &Run, statement: &str) {
    let code = format!(
        "
import sys
{statement}
path = sys.argv[1]
code = compile(open(path).read(), path, 'exec')
exec(code, {{'__name__': 'start', '__file__': path}})
print('fine')"
    );
    let mut command = python.command();
    let start = run.path().join("agent/sitecustomize.py");
    let output = command.arg("-c").arg(code).arg(start).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "fine\n");
    assert!(run.stores().is_empty(), "{}", python.tag());
}

#[test]
fn other_free_threaded_builds_are_named() {
    let is_other = |python: &&swath_test::Python| !minors_without_gil().contains(&python.version.1);
    for python in builds().iter().filter(is_other) {
        let run = Run::new();
        start_as(python, &run, "sys.abiflags += 't'");
        assert_eq!(run.failures(), ["free-threaded-build"], "{}", python.tag());
    }
}

#[test]
fn builds_that_trace_references_are_named() {
    for python in builds() {
        let run = Run::new();
        start_as(python, &run, "sys.getobjects = list");
        assert_eq!(
            run.failures(),
            ["reference-tracing-build"],
            "{}",
            python.tag()
        );
    }
}
