//! The files around the code are what their readers can read: forms of issues, workflows, the action.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::PathBuf;

use saphyr::{LoadableYamlNode as _, Yaml};
use swath_test::workspace_root;

fn files_in(folder: &str) -> Vec<(PathBuf, String)> {
    let entries = fs_err::read_dir(workspace_root().join(folder)).unwrap();
    let files = entries.map(|entry| entry.unwrap().path());
    files
        .map(|path| {
            let text = fs_err::read_to_string(&path).unwrap();
            (path, text)
        })
        .collect()
}

#[test]
fn forms_of_issues_can_be_filled_in() {
    for (path, text) in files_in(".github/ISSUE_TEMPLATE") {
        let form = Yaml::load_from_str(&text).unwrap().remove(0);
        if path.ends_with("config.yml") {
            assert!(form.as_mapping_get("contact_links").is_some());
            continue;
        }
        for key in ["name", "description"] {
            let value = form.as_mapping_get(key).and_then(|value| value.as_str());
            assert!(value.is_some(), "{}: {key}", path.display());
        }
        let body = form.as_mapping_get("body").unwrap().as_sequence().unwrap();
        let mut ids = Vec::new();
        for field in body {
            let kind = field.as_mapping_get("type").unwrap().as_str().unwrap();
            let attributes = field.as_mapping_get("attributes").unwrap();
            if kind == "markdown" {
                assert!(attributes.as_mapping_get("value").is_some());
                continue;
            }
            assert!(
                attributes.as_mapping_get("label").is_some(),
                "{}",
                path.display()
            );
            ids.push(field.as_mapping_get("id").unwrap().as_str().unwrap());
        }
        let count = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), count, "{}: an id twice", path.display());
    }
}

#[test]
fn jobs_have_limits_and_paste_nothing_into_scripts() {
    for (path, text) in files_in(".github/workflows") {
        let workflow = Yaml::load_from_str(&text).unwrap().remove(0);
        assert!(
            workflow.as_mapping_get("permissions").is_some(),
            "{}",
            path.display()
        );
        let jobs = workflow
            .as_mapping_get("jobs")
            .unwrap()
            .as_mapping()
            .unwrap();
        for (name, job) in jobs {
            let limit = job.as_mapping_get("timeout-minutes");
            let limit = limit.and_then(Yaml::as_integer);
            assert!(
                limit.is_some_and(|minutes| (1..=60).contains(&minutes)),
                "{}: {name:?} has no limit of time",
                path.display()
            );
            for step in job.as_mapping_get("steps").unwrap().as_sequence().unwrap() {
                let script = step.as_mapping_get("run").and_then(|run| run.as_str());
                let script = script.unwrap_or_default();
                // An expression is text of somebody else's in a script of ours.
                assert!(!script.contains("${{"), "{}: {script}", path.display());
                // A folder of all users can hold anything.
                assert!(!script.contains("/tmp"), "{}: {script}", path.display());
                for word in script.split_whitespace().collect::<Vec<_>>().windows(3) {
                    if word[0] == "cargo" && word[1] == "xtask" {
                        let verbs = [
                            "check", "test", "prove", "bench", "dist", "images", "rootfs",
                        ];
                        assert!(verbs.contains(&word[2]), "{}: {word:?}", path.display());
                    }
                }
            }
        }
    }
}

#[test]
fn the_oldest_compiler_is_found_as_the_workflow_finds_it() {
    let text = fs_err::read_to_string(workspace_root().join("Cargo.toml")).unwrap();
    let lines = text
        .lines()
        .filter(|line| line.starts_with("rust-version = \""));
    assert_eq!(lines.count(), 1);
}
