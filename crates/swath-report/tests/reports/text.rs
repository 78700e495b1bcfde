//! The text report against the real `coverage report`, byte for byte, over generated projects.

use swath_data::{Mode, write_data_file};
use swath_report::{TextOptions, render_text};
use swath_test::{Random, Scale, Venv};

use crate::project::{Project, branch_project, coverage_py, line_project, random_project};

/// Runs both on the same data and compares what they print.
fn check(project: &Project, venv: &Venv, flags: &[&str], options: &TextOptions) {
    write_data_file(&project.data, &project.path(".coverage")).unwrap();
    let output = venv
        .command("coverage")
        .arg("report")
        .args(flags)
        .current_dir(project.folder.path())
        .output()
        .unwrap();
    let theirs = String::from_utf8(output.stdout).unwrap();
    let ours = match project.report() {
        Ok(report) => render_text(&report, options).unwrap_or_else(|error| format!("{error}\n")),
        Err(error) => format!("{error}\n"),
    };
    assert_eq!(ours, theirs, "coverage report {flags:?}");
}

fn check_all(project: &Project, venv: &Venv) {
    for (flags, options) in flag_sets() {
        let flags: Vec<&str> = flags.split_whitespace().collect();
        check(project, venv, &flags, &options);
    }
}

fn flag_sets() -> Vec<(&'static str, TextOptions)> {
    let plain = TextOptions::default;
    let sorted = |sort: &str| TextOptions {
        sort: Some(sort.to_owned()),
        ..plain()
    };
    let format = |format: &str| TextOptions {
        format: Some(format.to_owned()),
        ..plain()
    };
    let full = TextOptions {
        show_missing: true,
        skip_covered: true,
        skip_empty: true,
        ..plain()
    };
    let mut sets = vec![
        ("", plain()),
        (
            "-m",
            TextOptions {
                show_missing: true,
                ..plain()
            },
        ),
        ("-m --skip-covered --skip-empty", full.clone()),
        (
            "-m --precision=2",
            TextOptions {
                show_missing: true,
                precision: 2,
                ..plain()
            },
        ),
        (
            "--format=total --precision=1",
            TextOptions {
                precision: 1,
                ..format("total")
            },
        ),
        ("--format=markdown", format("markdown")),
        (
            "--format=markdown -m --skip-covered --skip-empty --precision=3",
            TextOptions {
                precision: 3,
                format: Some("markdown".to_owned()),
                ..full
            },
        ),
        ("--sort=-name", sorted("-name")),
        ("--sort=Cover", sorted("Cover")),
    ];
    if swath_test::scale() == Scale::Whole {
        sets.extend([
            (
                "--skip-covered",
                TextOptions {
                    skip_covered: true,
                    ..plain()
                },
            ),
            (
                "--skip-empty",
                TextOptions {
                    skip_empty: true,
                    ..plain()
                },
            ),
            ("--sort=+stmts", sorted("+stmts")),
            ("--sort=-miss", sorted("-miss")),
            ("--sort=-cover", sorted("-cover")),
            ("--sort=branch", sorted("branch")),
            ("--sort=-brpart", sorted("-brpart")),
        ]);
    }
    sets
}

#[test]
fn line_reports_are_the_same_bytes() {
    let Some(venv) = coverage_py("line_reports_are_the_same_bytes") else {
        return;
    };
    check_all(&line_project(&venv), &venv);
}

#[test]
fn branch_reports_are_the_same_bytes() {
    let Some(venv) = coverage_py("branch_reports_are_the_same_bytes") else {
        return;
    };
    check_all(&branch_project(&venv), &venv);
}

#[test]
fn a_report_without_rows_is_the_same_bytes() {
    let Some(venv) = coverage_py("a_report_without_rows_is_the_same_bytes") else {
        return;
    };
    let mut project = Project::new(Mode::Lines, &venv);
    check_all(&project, &venv);
    project.lines("empty.py", "", &[]);
    check_all(&project, &venv);
}

#[test]
fn errors_have_the_same_words() {
    let Some(venv) = coverage_py("errors_have_the_same_words") else {
        return;
    };
    let mut project = Project::new(Mode::Lines, &venv);
    project.lines("a.py", "a = 1\n", &[1]);
    let options = |text: &str| TextOptions {
        sort: Some(text.to_owned()),
        ..TextOptions::default()
    };
    check(&project, &venv, &["--sort=xyz"], &options("xyz"));
    check(&project, &venv, &["--sort=branch"], &options("branch"));
    check(
        &project,
        &venv,
        &["--format=xyz"],
        &TextOptions {
            format: Some("xyz".to_owned()),
            ..TextOptions::default()
        },
    );
    project.lines("b.py", "a = = 1\n", &[1]);
    check(&project, &venv, &[], &TextOptions::default());
}

/// Random projects: real statements, random hits, and every flag.
#[test]
fn random_projects_give_the_same_bytes() {
    let Some(venv) = coverage_py("random_projects_give_the_same_bytes") else {
        return;
    };
    let seed = swath_test::seed();
    let mut random = Random::new(seed);
    let rounds = if swath_test::scale() == Scale::Whole {
        40
    } else {
        2
    };
    for round in 0..rounds {
        eprintln!("seed {seed}, round {round}");
        check_all(&random_project(&mut random, &venv), &venv);
    }
}
