//! The example's makefile: server and tests in containers of their own.

use std::process::Output;

use serde_json::Value;
use swath_test::{Compose, Scale, composes_for, scale, workspace_root};

use crate::project::{Project, text};

fn example(test: &str) -> Option<Project> {
    let project = Project::new(test)?;
    let from = workspace_root().join("examples/xy");
    let copied = std::process::Command::new("cp")
        .args(["-a", &format!("{}/.", from.display())])
        .arg(project.folder())
        .status()
        .unwrap();
    assert!(copied.success());
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

/// `swath run -- make TARGET` with a Compose.
fn run(project: &Project, compose: &str, target: &str) -> (String, Value) {
    let options = ["--skip-covered", "--skip-empty"];
    let compose = format!("DOCKER_COMPOSE={compose}");
    let (output, account): (Output, Value) = project.swath(&options, &["make", target, &compose]);
    (text(&output), account)
}

fn make(project: &Project, compose: &str, target: &str) -> String {
    project.succeeds("make", &[target, &format!("DOCKER_COMPOSE={compose}")])
}

#[test]
fn a_makefile_that_never_heard_of_swath_is_covered() {
    let test = "a_makefile_that_never_heard_of_swath_is_covered";
    if let Some(oldest) = composes_for(test).first()
        && let Some(project) = example(test)
    {
        check_recipe(&project, oldest);
    }
}

#[test]
fn newer_composes_cover_it_as_well() {
    let test = "newer_composes_cover_it_as_well";
    for compose in composes_for(test).iter().skip(1) {
        let Some(project) = example(test) else {
            return;
        };
        if scale() == Scale::Whole {
            check_recipe(&project, compose);
        } else {
            check_shortly(&project, compose);
        }
    }
}

/// The recipe by hand with coverage.py, then under swath, and what a plain run finds afterwards.
fn check_recipe(project: &Project, compose: &Compose) {
    let words = compose.command_line();
    // The configuration file that the server's environment names changes the number.
    let rcfile = project.folder().join("test/system/.coveragerc");
    let rules = fs_err::read_to_string(&rcfile).unwrap();
    let rules = rules.replacen("[run]", "[run]\nomit = */kml.py", 1);
    project.write("test/system/.coveragerc", &rules);
    // By hand, with `swath` in place of `coverage` in the script that gathers. What a plain run
    // leaves behind would be started again by Compose, without the agent.
    let gather = fs_err::read_to_string(project.folder().join("gather_coverage.sh")).unwrap();
    let swath = format!("COVERAGE=\"{}\"", env!("CARGO_BIN_EXE_swath"));
    let by_swath = gather.replacen("COVERAGE=\"${COVERAGE:-coverage}\"", &swath, 1);
    assert_ne!(gather, by_swath);
    project.write("gather_coverage.sh", &by_swath);
    let by_hand = make(project, &words, "test_system_coverage");
    let [by_hand] = &tables(&by_hand)[..] else {
        panic!("{by_hand}");
    };
    assert!(project.folder().join("htmlcov/index.html").is_file());
    project.write("gather_coverage.sh", &gather);

    let (first, account) = run(project, &words, "test_system");
    check_first(&first, &account);
    let same = |table: &[String]| -> Vec<String> {
        let rows = table.iter();
        rows.filter(|row| !row.contains("kml.py") && !row.contains("TOTAL"))
            .cloned()
            .collect()
    };
    let alone = tables(&first).concat();
    assert_eq!(
        same(&alone),
        same(by_hand),
        "swath's and coverage.py's lines: {first}"
    );

    // Again, over what the first run left; this time with coverage.py beside it.
    let (twin, account) = run(project, &words, "test_system_coverage");
    assert_eq!(account["complete"], true, "{twin}");
    let found = tables(&twin);
    assert_eq!(found.len(), 2, "{twin}");
    assert_eq!(found[0], found[1], "coverage.py's and swath's lines");
    assert_eq!(&found[0], by_hand, "with and without swath: {twin}");
    assert!(found[0].len() > 10 && !twin.contains("kml.py "), "{twin}");
    check_no_trace(project, &words);
}

/// The first part alone: over what a plain run left, and a plain run afterwards.
fn check_shortly(project: &Project, compose: &Compose) {
    let words = compose.command_line();
    make(project, &words, "test_system");
    let (first, account) = run(project, &words, "test_system");
    check_first(&first, &account);
}

fn check_first(first: &str, account: &Value) {
    assert_eq!(account["complete"], true, "{first}");
    // The services of its swath.toml are those of a run without containers.
    assert!(first.contains("web of swath.toml is left out"), "{first}");
    let containers = account["containers"].as_array().unwrap();
    let server = containers
        .iter()
        .find(|one| one["service"] == "xy")
        .unwrap();
    assert_eq!(server["role"], "service");
    assert_eq!(server["processes"], 3, "the master and two workers");
    assert_eq!(server["ends"][0]["code"], 0);
    assert!(first.contains("source/xy/geometry.py"), "{first}");
}

/// A plain run starts a server without anything of swath's.
fn check_no_trace(project: &Project, words: &str) {
    make(project, words, "test_system");
    let filter = format!("label=com.docker.compose.project={}", project.name);
    let id = Project::listed(&["ps", "-aq", "--filter", &filter]).remove(0);
    let description = project.succeeds("docker", &["inspect", &id]);
    assert!(description.contains("/xy/gunicorn.sh"), "{description}");
    for trace in ["/swath/agent", "SWATH_SERVICE", "swath.run", "swath.volume"] {
        assert!(!description.contains(trace), "{trace}: {description}");
    }
}
