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

#[test]
fn the_free_threaded_builds_are_those_of_the_table() {
    let measured = Version::ALL
        .into_iter()
        .filter(|version| version.is_measured_without_gil());
    let minors: Vec<u8> = measured.map(Version::minor).collect();
    // Where there is one only, everything that names it says so.
    let [minor] = minors[..] else {
        panic!("{minors:?}: README.md and the texts say which");
    };
    let condition = format!("\"t\" in flags and sys.version_info[:2] != (3, {minor})");
    assert!(
        swath_agent::SITECUSTOMIZE.contains(&condition),
        "sitecustomize.py does not say `{condition}`"
    );
    let state = swath_model::AgentState::named("free-threaded-build");
    for text in [
        state.reason(),
        state.remedy().unwrap_or_default().to_owned(),
    ] {
        assert!(text.contains(&format!("3.{minor}")), "{text}");
    }
    let readme = fs_err::read_to_string(swath_test::workspace_root().join("README.md")).unwrap();
    assert!(readme.contains(&format!("the free-threaded build of 3.{minor}")));
    for python in builds().iter().filter(|python| python.is_free_threaded) {
        assert_eq!(python.version, (3, minor));
    }
}

/// Takes the interpreter for a free-threaded build, and starts the agent.
const AS_FREE_THREADED: &str = "
import sys
sys.abiflags += 't'
path = sys.argv[1]
code = compile(open(path).read(), path, 'exec')
exec(code, {'__name__': 'start', '__file__': path})
print('fine')";

#[test]
fn other_free_threaded_builds_are_named() {
    let is_other = |python: &&swath_test::Python| {
        let hexversion = 0x0300_0000 | u32::from(python.version.1) << 16;
        let version = Version::of_hexversion(hexversion).expect("it is in the table");
        !version.is_measured_without_gil()
    };
    for python in builds().iter().filter(is_other) {
        let run = Run::new();
        let mut command = python.command();
        let start = run.path().join("agent/sitecustomize.py");
        let output = command.args(["-c", AS_FREE_THREADED]).arg(start).output();
        let output = output.unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stdout), "fine\n");
        assert_eq!(run.failures(), ["free-threaded-build"], "{}", python.tag());
        assert!(run.stores().is_empty(), "{}", python.tag());
    }
}
