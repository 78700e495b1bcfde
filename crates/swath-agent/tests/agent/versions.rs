//! The table of versions, and the places that cannot read it.

use swath_store::{Recorder, Recording, Version};
use swath_test::pythons;

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
    for python in pythons() {
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
