//! Which files a report is about: `include`, `omit`, named files, and files that cannot be analysed.

use swath_analysis::ExclusionRules;
use swath_coverage::{ModelOptions, Report, build_report};
use swath_data::{Mode, write_data_file};
use swath_report::{TextOptions, error_with_page, render_text, warning_with_page};
use swath_test::Venv;

use crate::project::{Project, coverage_py, line_project};

/// What coverage.py prints, and warns about.
fn theirs(project: &Project, venv: &Venv, flags: &[&str]) -> (String, Vec<String>) {
    write_data_file(&project.data, &project.path(".coverage")).unwrap();
    let mut command = venv.command("coverage");
    let command = command
        .arg("report")
        .args(flags)
        .current_dir(project.folder.path());
    let output = command.output().unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    let warnings = errors
        .lines()
        .filter_map(|line| line.split_once("CoverageWarning: "));
    let warnings = warnings.map(|(_, text)| text.to_owned()).collect();
    (String::from_utf8(output.stdout).unwrap(), warnings)
}

/// Compares both with the flags and with what the flags mean.
fn check(
    project: &Project,
    venv: &Venv,
    flags: &[&str],
    change: impl for<'a> Fn(&mut ModelOptions<'a>, &'a Meaning),
    meaning: &Meaning,
) -> (Option<Report>, Vec<String>) {
    let (theirs, warnings) = theirs(project, venv, flags);
    let rules = ExclusionRules::default();
    let mut options = project.options(&rules);
    change(&mut options, meaning);
    let report = build_report(&project.data, &options);
    let ours = match &report {
        Ok(report) => render_text(report, &TextOptions::default()).unwrap(),
        Err(error) => format!("{}\n", error_with_page(&error.to_string(), error.slug())),
    };
    assert_eq!(ours, theirs, "coverage report {flags:?}");
    (report.ok(), warnings)
}

/// Lists that options borrow.
struct Meaning {
    patterns: Vec<String>,
}

fn list(patterns: &[&str]) -> Meaning {
    Meaning {
        patterns: patterns.iter().map(|&text| text.to_owned()).collect(),
    }
}

#[test]
fn include_omit_and_names_choose_the_same_files() {
    let Some(venv) = coverage_py("include_omit_and_names_choose_the_same_files") else {
        return;
    };
    let project = line_project(&venv);
    for pattern in ["a/*", "*10.py", "branchy.py", "nothing", "*/name/*"] {
        let flag = format!("--include={pattern}");
        check(
            &project,
            &venv,
            &[&flag],
            |options, meaning| options.include = &meaning.patterns,
            &list(&[pattern]),
        );
        let flag = format!("--omit={pattern}");
        check(
            &project,
            &venv,
            &[&flag],
            |options, meaning| options.omit = &meaning.patterns,
            &list(&[pattern]),
        );
    }
    let names = ["doc.py", "branchy.py"];
    check(
        &project,
        &venv,
        &names,
        |options, meaning| options.files = &meaning.patterns,
        &list(&names),
    );
}

#[test]
fn files_that_cannot_be_analysed_are_errors_or_warnings() {
    let Some(venv) = coverage_py("files_that_cannot_be_analysed_are_errors_or_warnings") else {
        return;
    };
    let mut project = Project::new(Mode::Lines, &venv);
    project.lines("good.py", "a = 1\n", &[1]);
    project.lines("page.html", "<p>not Python</p>\n", &[1]);
    let nothing = list(&[]);
    check(&project, &venv, &[], |_, _| {}, &nothing);
    project.lines("bad.py", "def\n", &[1]);
    project.lines("gone.py", "a = 1\n", &[1]);
    fs_err::remove_file(project.path("gone.py")).unwrap();
    let (report, warnings) = check(
        &project,
        &venv,
        &["-i"],
        |options, _| options.ignore_errors = true,
        &nothing,
    );
    let ours: Vec<String> = (report.unwrap().warnings.iter())
        .map(|warning| warning_with_page(&warning.text, warning.slug))
        .collect();
    assert_eq!(ours, warnings);
    fs_err::remove_file(project.path("bad.py")).unwrap();
    check(&project, &venv, &[], |_, _| {}, &nothing);
}
