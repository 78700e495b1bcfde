//! The example's makefile: server and tests in containers of their own.

use std::process::Output;

use serde_json::Value;
use swath_test::{compose_commands, skip, workspace_root};

use crate::project::{Project, text};

fn example(test: &str) -> Option<Project> {
    if compose_commands().is_empty() {
        skip(test, "no Compose found");
        return None;
    }
    let project = Project::new(test)?;
    let from = workspace_root().join("examples/xy");
    let copied = std::process::Command::new("cp")
        .args(["-a", &format!("{}/.", from.display())])
        .arg(project.folder())
        .status()
        .unwrap();
    assert!(copied.success());
    // Its services are those of a run without containers.
    fs_err::remove_file(project.folder().join("swath.toml")).unwrap();
    let dockerfile = fs_err::read_to_string(project.folder().join("Dockerfile")).unwrap();
    project.write_dockerfile(&dockerfile);
    Some(project)
}

/// The text reports in an output, each as its lines, blanks made one.
fn tables(output: &str) -> Vec<Vec<String>> {
    let parts = output.split("\nName ").skip(1);
    parts
        .map(|part| {
            let rows = part.lines().filter(|line| line.contains(".py "));
            let end = part.lines().find(|line| line.starts_with("TOTAL"));
            rows.chain(end)
                .take_while(|line| !line.starts_with("Name"))
                .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
                .collect()
        })
        .collect()
}

fn run(project: &Project, target: &str) -> (String, Value) {
    let (output, account): (Output, Value) =
        project.swath(&["--skip-covered", "--skip-empty"], &["make", target]);
    (text(&output), account)
}

#[test]
fn a_makefile_that_never_heard_of_swath_is_covered() {
    let Some(project) = example("a_makefile_that_never_heard_of_swath_is_covered") else {
        return;
    };
    // What a plain run leaves behind would be started again by Compose, without the agent.
    project.succeeds("make", &["test_system"]);
    let (first, account) = run(&project, "test_system");
    assert_eq!(account["complete"], true, "{first}");
    let server = account["containers"]
        .as_array()
        .unwrap()
        .iter()
        .find(|container| container["service"] == "xy")
        .unwrap();
    assert_eq!(server["role"], "service");
    assert_eq!(server["processes"], 3, "the master and two workers");
    assert_eq!(server["ends"][0]["code"], 0);
    assert!(first.contains("source/xy/geometry.py"), "{first}");

    // Again, over what the first run left; this time under coverage.py as well, by hand, whose
    // own configuration file, that the server's environment names, is the one in force.
    let rcfile = project.folder().join("test/system/.coveragerc");
    let rules = fs_err::read_to_string(&rcfile).unwrap();
    let rules = rules.replacen("[run]", "[run]\nomit = */kml.py", 1);
    project.write("test/system/.coveragerc", &rules);
    let (twin, account) = run(&project, "test_system_coverage");
    assert_eq!(account["complete"], true, "{twin}");
    let found = tables(&twin);
    assert_eq!(found.len(), 2, "{twin}");
    assert_eq!(found[0], found[1], "coverage.py's and swath's lines");
    assert!(found[0].len() > 10 && !twin.contains("kml.py "), "{twin}");
    let alone = tables(&first).concat();
    let same = alone
        .iter()
        .filter(|row| !row.contains("kml.py") && !row.contains("TOTAL"));
    let beside = found[1].iter().filter(|row| !row.contains("TOTAL"));
    assert!(
        same.eq(beside),
        "with and without coverage.py: {first}\n{twin}"
    );

    // A plain run afterwards starts a server without a trace of swath.
    project.succeeds("make", &["test_system"]);
    let id = format!("{}_xy_1", project.name);
    let description = project.succeeds("docker", &["inspect", &id]);
    for trace in ["/swath/agent", "SWATH_SERVICE", "swath.run", "swath.volume"] {
        assert!(!description.contains(trace), "{trace}: {description}");
    }
}
