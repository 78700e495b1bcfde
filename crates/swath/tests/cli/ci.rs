//! What services of continuous integration are given: annotations, a summary, code quality, a badge; and the action and
//! the template that call swath there, run as far as that is possible here.

use std::path::Path;
use std::process::Command;

use saphyr::{LoadableYamlNode as _, Yaml};
use serde_json::Value;
use swath_test::workspace_root;

use crate::sandbox::{Finished, Sandbox, finish, python, text};

/// Twelve functions of growing size, of which the tests call one.
fn program() -> String {
    let functions = (1..=12).map(|number| {
        let body = "    x = 1\n".repeat(number);
        format!("def f{number}():\n{body}    return x\n\n\n")
    });
    functions.collect::<Vec<_>>().concat() + "if f1() > 5:\n    f2()\nprint('ran')\n"
}

/// A project in a folder of a repository, measured, with `sub` as its folder.
struct Measured {
    sandbox: Sandbox,
}

impl Measured {
    fn new(test: &str) -> Option<Measured> {
        let python = python(test)?;
        let sandbox = Sandbox::new();
        sandbox.write("sub/prog.py", &program());
        sandbox.write(
            "sub/swath.toml",
            &format!("test = '{} prog.py'\ncount = 'all'\n", text(&python.path)),
        );
        sandbox.write("sub/.coveragerc", "[run]\nsource = .\nbranch = true\n");
        Some(Measured { sandbox })
    }

    fn swath(&self, arguments: &[&str], environment: &[(&str, &Path)]) -> Finished {
        let mut command = self.sandbox.command(arguments);
        command.current_dir(self.sandbox.project().join("sub"));
        command
            .env_remove("GITHUB_STEP_SUMMARY")
            .env_remove("GITHUB_WORKSPACE");
        command.envs(environment.iter().copied());
        finish(command)
    }
}

#[test]
fn github_gets_the_largest_holes_and_a_summary() {
    let Some(measured) = Measured::new("github_gets_the_largest_holes_and_a_summary") else {
        return;
    };
    let root = measured.sandbox.project();
    let summary = root.join("summary.md");
    fs_err::write(&summary, "before\n").unwrap();
    let environment = [
        ("GITHUB_WORKSPACE", &*root),
        ("GITHUB_STEP_SUMMARY", &*summary),
    ];
    let run = measured.swath(&["run", "--no-docker", "--format=github"], &environment);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.stdout.contains("\nTOTAL "), "{run:?}");
    let commands = |stdout: &str| -> Vec<String> {
        let lines = stdout.lines().filter(|line| line.starts_with("::"));
        lines.map(str::to_owned).collect()
    };
    let shown = commands(&run.stdout);
    assert_eq!(shown.len(), 10, "{run:?}");
    // The smallest are left out.
    assert!(!run.stdout.contains("line=7,"), "{run:?}");
    let largest = "::notice file=sub/prog.py,line=112,endLine=124,title=Not covered::13 statements were not run";
    assert!(shown.contains(&largest.to_owned()), "{run:?}");
    let text = fs_err::read_to_string(&summary).unwrap();
    assert!(text.starts_with("before\n### Coverage: "), "{text}");
    assert!(
        text.contains("**Complete**: ") && text.contains("| prog.py "),
        "{text}"
    );

    // The same from the data, elsewhere; a gate still holds.
    let report = measured.swath(
        &["report", "--format=github", "--fail-under=90"],
        &environment,
    );
    assert_eq!(report.code, 2, "{report:?}");
    assert_eq!(commands(&report.stdout), shown);
    let again = fs_err::read_to_string(&summary).unwrap();
    assert_eq!(again.matches("### Coverage").count(), 2);
    // Outside a workflow nothing is written.
    let alone = measured.swath(&["report", "--format=github"], &[]);
    assert!(alone.stdout.contains("::notice file=prog.py,"), "{alone:?}");
    let lost = measured.swath(
        &["report", "--format=github"],
        &[("GITHUB_STEP_SUMMARY", Path::new("/nowhere/summary"))],
    );
    assert!(
        lost.stderr.contains("warning[summary-not-written]"),
        "{lost:?}"
    );
    assert_eq!(commands(&lost.stdout).len(), 10, "{lost:?}");
}

#[test]
fn gitlab_gets_every_hole() {
    let Some(measured) = Measured::new("gitlab_gets_every_hole") else {
        return;
    };
    let root = measured.sandbox.project();
    let run = measured.swath(&["run", "--no-docker"], &[]);
    assert_eq!(run.code, 0, "{run:?}");
    let report = measured.swath(&["report", "--format=gitlab"], &[("CI_PROJECT_DIR", &root)]);
    let issues: Value = serde_json::from_str(&report.stdout).unwrap();
    let issues = issues.as_array().unwrap();
    assert_eq!(issues.len(), 12, "{report:?}");
    let mut fingerprints = std::collections::BTreeSet::new();
    for issue in issues {
        // What GitLab requires.
        assert!(issue["description"].is_string() && issue["check_name"] == "not-covered");
        assert_eq!(issue["severity"], "info");
        assert_eq!(issue["location"]["path"], "sub/prog.py");
        assert!(issue["location"]["lines"]["begin"].is_u64(), "{issue}");
        assert!(fingerprints.insert(issue["fingerprint"].as_str().unwrap()));
    }
    let run = measured.swath(&["run", "--no-docker", "--format=gitlab"], &[]);
    assert_eq!(run.code, 125, "{run:?}");
    assert!(
        run.stderr.contains("swath report --format=gitlab >"),
        "{run:?}"
    );
}

#[test]
fn a_badge_shows_the_number_and_whether_it_is_complete() {
    let Some(measured) = Measured::new("a_badge_shows_the_number_and_whether_it_is_complete")
    else {
        return;
    };
    let read = || measured.sandbox.read("sub/coverage.svg");
    measured.swath(&["run", "--no-docker"], &[]);
    let total = measured.swath(&["report", "--format=total"], &[]).stdout;
    let badge = measured.swath(&["badge"], &[]);
    assert_eq!(badge.code, 0, "{badge:?}");
    assert!(
        read().contains(&format!(">{}%<", total.trim())),
        "{}",
        read()
    );
    // Tests that fail vouch for nothing.
    measured
        .sandbox
        .write("sub/prog.py", &(program() + "raise SystemExit(1)\n"));
    measured.swath(&["run", "--no-docker"], &[]);
    measured.swath(&["badge"], &[]);
    assert!(read().contains("% unverified<"), "{}", read());
    let shown = measured.swath(&["badge", "-o", "-"], &[]);
    assert!(shown.stdout.starts_with("<svg "), "{shown:?}");
}

#[test]
fn a_number_that_is_too_low_is_said_beside_the_data_and_not_in_it() {
    let test = "a_number_that_is_too_low_is_said_beside_the_data_and_not_in_it";
    let Some(measured) = Measured::new(test) else {
        return;
    };
    measured.swath(&["run", "--no-docker"], &[]);
    measured.sandbox.write(
        "sub/.coveragerc",
        "[run]\nsource = .\n[report]\nfail_under = 99\n",
    );
    for arguments in [
        &["report", "--format=gitlab"][..],
        &["report", "--format=total"],
        &["report", "--format=markdown"],
        &["json", "-o", "-"],
        &["xml", "-o", "-"],
        &["badge", "-o", "-"],
    ] {
        let report = measured.swath(arguments, &[]);
        assert_eq!(report.code, 2, "{report:?}");
        let text = report.stdout.trim_end();
        let is_whole = match arguments {
            [_, "--format=total"] => text.parse::<u8>().is_ok(),
            [_, "--format=markdown"] => !text.contains("failure"),
            ["xml", ..] => text.ends_with("</coverage>"),
            ["badge", ..] => text.ends_with("</svg>"),
            _ => serde_json::from_str::<Value>(text).is_ok(),
        };
        assert!(is_whole, "{arguments:?}: {report:?}");
        let said = "Coverage failure: total of ";
        assert!(report.stderr.contains(said), "{arguments:?}: {report:?}");
    }
    // For people it stays under the table, where coverage.py prints it.
    let report = measured.swath(&["report"], &[]);
    assert!(report.stdout.contains("Coverage failure: "), "{report:?}");
}

/// The value at a path of keys in a YAML file of the repository.
fn yaml(text: &str) -> Yaml<'_> {
    Yaml::load_from_str(text).unwrap().remove(0)
}

fn at<'y>(node: &'y Yaml<'y>, key: &str) -> &'y Yaml<'y> {
    node.as_mapping_get(key)
        .unwrap_or_else(|| panic!("no `{key}`"))
}

/// Runs a script as a service does: all of it in one shell that ends at the first error.
fn shell(measured: &Measured, shell: &str, script: &str, environment: &[(&str, &str)]) -> Finished {
    let mut command = Command::new(shell);
    measured.sandbox.prepare(&mut command);
    let swath = Path::new(env!("CARGO_BIN_EXE_swath")).parent().unwrap();
    command
        .args(["-e", "-c", script])
        .current_dir(measured.sandbox.project().join("sub"))
        .env("PATH", format!("{}:/usr/bin:/bin", swath.display()))
        .envs(environment.iter().copied());
    finish(command)
}

#[test]
fn the_action_runs_its_steps() {
    let Some(measured) = Measured::new("the_action_runs_its_steps") else {
        return;
    };
    let text = fs_err::read_to_string(workspace_root().join("action.yml")).unwrap();
    let action = yaml(&text);
    let steps = at(at(&action, "runs"), "steps").as_sequence().unwrap();
    let scripts: Vec<&str> = steps
        .iter()
        .filter_map(|step| step.as_mapping_get("run")?.as_str())
        .collect();
    // Nothing of an input is pasted into a script.
    assert!(
        scripts.iter().all(|script| !script.contains("${{")),
        "{scripts:?}"
    );
    let root = measured.sandbox.project();
    let path = |name: &str| root.join(name).display().to_string();
    let (summary, output) = (path("summary.md"), path("output"));
    let workspace = root.display().to_string();
    let mut environment = vec![
        ("GITHUB_STEP_SUMMARY", summary.as_str()),
        ("GITHUB_OUTPUT", &output),
        ("GITHUB_WORKSPACE", &workspace),
        ("SWATH_VERSION", ""),
        ("SWATH_COMMAND", ""),
        ("SWATH_OPTIONS", "--require-complete --no-docker"),
        ("SWATH_HTML", "htmlcov"),
    ];
    let run_all = |environment: &[(&str, &str)]| {
        let mut said = String::new();
        for script in &scripts {
            let run = shell(&measured, "bash", script, environment);
            assert_eq!(run.code, 0, "{script}: {run:?}");
            said.push_str(&run.stdout);
        }
        said
    };
    let said = run_all(&environment);
    assert!(said.contains("::notice file=sub/prog.py"), "{said}");
    assert!(root.join("sub/htmlcov/index.html").exists());
    assert!(measured.sandbox.read("summary.md").contains("### Coverage"));
    let total = measured.swath(&["report", "--format=total"], &[]).stdout;
    assert_eq!(measured.sandbox.read("output"), format!("total={total}"));
    // Gates that do not pass leave the total, and without data there is none.
    let output = || measured.sandbox.read("output");
    let give_total = scripts[2];
    let settings = measured.sandbox.read("sub/swath.toml");
    let gated = format!("{settings}[gates]\nlines = 100\n");
    measured.sandbox.write("sub/swath.toml", &gated);
    measured.sandbox.write("output", "");
    let bash = |script: &str| {
        let script = format!("set -o pipefail\n{script}");
        shell(&measured, "bash", &script, &environment)
    };
    assert_eq!(bash(give_total).code, 0);
    assert_eq!(output(), format!("total={total}"));
    measured.sandbox.write("sub/swath.toml", &settings);
    measured.sandbox.write("output", "");
    fs_err::rename(root.join("sub/.coverage"), root.join("aside")).unwrap();
    assert_eq!(bash(give_total).code, 0);
    assert_eq!(output(), "");
    fs_err::rename(root.join("aside"), root.join("sub/.coverage")).unwrap();
    let uploaded = at(at(steps.last().unwrap(), "with"), "name").as_str();
    assert_eq!(uploaded, Some("${{ inputs.artifact }}"));
    // A command of one's own.
    let interpreter = text_of_python();
    let command = format!("echo 'mine' && '{interpreter}' prog.py");
    environment.retain(|(name, _)| *name != "SWATH_COMMAND");
    environment.push(("SWATH_COMMAND", &command));
    environment.retain(|(name, _)| *name != "SWATH_OPTIONS");
    environment.push(("SWATH_OPTIONS", "--no-docker --count=all"));
    assert!(run_all(&environment).contains("mine\n"));
}

fn text_of_python() -> String {
    text(&swath_test::newest_python().unwrap().path)
}

#[test]
fn the_template_of_gitlab_runs_its_script() {
    let Some(measured) = Measured::new("the_template_of_gitlab_runs_its_script") else {
        return;
    };
    let text = fs_err::read_to_string(workspace_root().join("ci/swath.gitlab-ci.yml")).unwrap();
    let template = yaml(&text);
    let job = at(&template, ".swath");
    let lines = |key: &str| -> String {
        let lines = at(job, key).as_sequence().unwrap().iter();
        lines
            .map(|line| line.as_str().unwrap())
            .collect::<Vec<_>>()
            .join("\n")
    };
    let environment = [
        ("SWATH_COMMAND", ""),
        ("SWATH_OPTIONS", "--require-complete --no-docker"),
        ("SWATH_VERSION", ""),
    ];
    let run = shell(&measured, "sh", &lines("script"), &environment);
    assert_eq!(run.code, 0, "{run:?}");
    let after = shell(&measured, "sh", &lines("after_script"), &environment);
    assert_eq!(after.code, 0, "{after:?}");
    // The pattern finds the total in the job's log.
    let pattern = at(job, "coverage").as_str().unwrap();
    let pattern = fancy_regex::Regex::new(&format!("(?m){}", pattern.trim_matches('/'))).unwrap();
    let found = pattern.captures(run.stdout.as_str()).unwrap().unwrap();
    let total = measured.swath(&["report", "--format=total"], &[]).stdout;
    assert_eq!(found.get(1).unwrap().as_str(), total.trim());
    let reports = at(at(job, "artifacts"), "reports");
    for path in [
        at(reports, "codequality").as_str().unwrap(),
        at(at(reports, "coverage_report"), "path").as_str().unwrap(),
        at(at(job, "artifacts"), "paths").as_sequence().unwrap()[0]
            .as_str()
            .unwrap(),
    ] {
        assert!(
            measured.sandbox.project().join("sub").join(path).exists(),
            "{path}"
        );
    }
}
