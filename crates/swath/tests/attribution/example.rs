//! `examples/shop`: two services, one of which asks the other, with gates. The console blocks of
//! `docs/guides/attribution.md` are what the commands print of it.

use swath_test::{
    Requirements, console_commands, copy_example, free_port, steady, venv, workspace_root,
};

use crate::project::{Printed, Project, Sampled, pythons_for};

fn requirements() -> Requirements {
    let folder = workspace_root().join("examples/shop");
    let read = |name: &str| Requirements::read(&folder.join(name)).unwrap();
    read("requirements.txt").and(&read("requirements-test.txt"))
}

/// A copy of the example, measured.
fn measured(test: &str) -> Option<(Project, Printed)> {
    let python = pythons_for(test, Sampled::Newest).pop()?;
    let project = Project::new(venv(python, &requirements())?);
    let [catalog, pricing] = [free_port(), free_port()];
    copy_example(
        "shop",
        &project.folder(),
        &[(8901, catalog), (8902, pricing)],
    )
    .unwrap();
    let url = format!("http://127.0.0.1:{catalog}");
    let run = project.swath(&[("CATALOG_URL", &url)], &["run"]);
    Some((project, run))
}

#[test]
fn the_guide_shows_what_the_example_prints() {
    let Some((project, run)) = measured("the_guide_shows_what_the_example_prints") else {
        return;
    };
    assert_eq!(run.code, Some(0), "{run:?}");
    let page = fs_err::read_to_string(workspace_root().join("docs/guides/attribution.md")).unwrap();
    let mut compared = 0;
    for (words, shown) in console_commands(&page) {
        let words: Vec<String> = shell_words::split(&words).unwrap();
        let words: Vec<&str> = words.iter().skip(1).map(String::as_str).collect();
        let printed = match words.as_slice() {
            // The page has both streams as a terminal shows them.
            ["run", "--attribution"] => {
                let said = steady(&format!("{}{}", run.stdout, run.stderr));
                for line in shown.lines().filter(|line| *line != "…") {
                    assert!(said.contains(&steady(line)), "{line}: {said}");
                }
                continue;
            }
            words => project.swath(&[], words),
        };
        assert_eq!(printed.stdout + &printed.stderr, shown, "{words:?}");
        compared += 1;
    }
    assert!(compared >= 3, "{page}");
}

#[test]
fn gates_hold_for_services_and_endpoints() {
    let Some((project, run)) = measured("gates_hold_for_services_and_endpoints") else {
        return;
    };
    assert_eq!(run.code, Some(0), "{run:?}");
    let report = |words: &[&str]| project.swath(&[], &[&["report"], words].concat());
    assert_eq!(report(&[]).code, Some(0));
    for (gate, said) in [
        (
            "service:pricing=100",
            "error[below-minimum]: service `pricing`: ",
        ),
        (
            "service:pricng=1",
            "error[unknown-service]: service `pricng`: the data has no such service\n\nhint: its services are `catalog` and `pricing`\n",
        ),
    ] {
        let done = report(&["--gate", gate]);
        assert_eq!(done.code, Some(2), "{gate} {done:?}");
        assert!(done.stderr.contains(said), "{gate} {done:?}");
    }
    let settings = project.folder().join("swath.toml");
    let text = fs_err::read_to_string(&settings).unwrap();
    fs_err::write(&settings, text.replace("pricing * /rates*", "POST *")).unwrap();
    let done = report(&[]);
    assert_eq!(done.code, Some(2), "{done:?}");
    assert!(
        done.stderr
            .contains("1 of 9 was never called: `GET /rates` (pricing)\n"),
        "{done:?}"
    );
    // A run that would record nothing of endpoints does not begin.
    fs_err::write(&settings, text.replace("attribution = true", "")).unwrap();
    let done = project.swath(&[], &["run"]);
    assert_eq!(done.code, Some(125), "{done:?}");
    assert!(
        done.stderr.starts_with("error[no-attribution]: ") && done.stdout.is_empty(),
        "{done:?}"
    );
}
