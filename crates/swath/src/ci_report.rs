//! Reports in the forms of services of continuous integration: annotations and a step summary for GitHub, code quality
//! for GitLab.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use fs_err::OpenOptions;
use swath_coverage::{FileReport, Report};
use swath_model::{Message, Verdict};
use swath_report::{
    TextError, TextOptions, code_quality, github_command, hole_annotations, largest, render_text,
    verdict_markdown,
};

use crate::diagnostic::Show as _;
use crate::terminal::print;

/// GitHub shows no more annotations per step.
const MOST_ANNOTATIONS: usize = 10;
/// GitHub refuses a summary of more than 1 MiB.
const LONGEST_SUMMARY: usize = 1_000_000;

/// The form of a report that only swath has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CiFormat {
    GitHub,
    GitLab,
}

impl CiFormat {
    /// Reads the value of `--format`.
    pub(crate) fn parse(format: Option<&str>) -> Option<Self> {
        match format? {
            "github" => Some(Self::GitHub),
            "gitlab" => Some(Self::GitLab),
            _ => None,
        }
    }

    /// The variable that names the top of the repository.
    fn root_variable(self) -> &'static str {
        match self {
            Self::GitHub => "GITHUB_WORKSPACE",
            Self::GitLab => "CI_PROJECT_DIR",
        }
    }

    /// What a file is called in the repository.
    fn path_of(self) -> impl Fn(&FileReport) -> String {
        let root = std::env::var_os(self.root_variable()).map(PathBuf::from);
        let root = root.map(|root| fs_err::canonicalize(&root).unwrap_or(root));
        move |file| {
            let inside = root
                .as_deref()
                .and_then(|root| Path::new(&file.path).strip_prefix(root).ok());
            inside.map_or_else(|| file.name.clone(), |path| path.display().to_string())
        }
    }
}

/// Prints the annotations of the largest holes, and adds the report to the summary of the step, if there is one.
pub(crate) fn show_on_github(
    report: &Report,
    verdict: &Verdict,
    options: &TextOptions,
) -> Result<(), TextError> {
    let annotations = hole_annotations(report, &CiFormat::GitHub.path_of());
    let commands = largest(annotations, MOST_ANNOTATIONS);
    let commands: String = commands.iter().map(github_command).collect();
    print(&commands);
    let Some(path) = std::env::var_os("GITHUB_STEP_SUMMARY").filter(|path| !path.is_empty()) else {
        return Ok(());
    };
    let summary = summary(report, verdict, options)?;
    let file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(PathBuf::from(path));
    if let Err(error) = file.and_then(|mut file| file.write_all(summary.as_bytes())) {
        Message::warning("summary-not-written", error.to_string()).print();
    }
    Ok(())
}

/// Prints the code quality report.
pub(crate) fn show_for_gitlab(report: &Report) {
    let annotations = hole_annotations(report, &CiFormat::GitLab.path_of());
    print(&code_quality(&annotations));
}

/// The total, whether it can be trusted, and the files that are not covered.
fn summary(report: &Report, verdict: &Verdict, options: &TextOptions) -> Result<String, TextError> {
    let precision = usize::try_from(options.precision).unwrap_or(0);
    let percent = report.totals.shown_percent(precision);
    let table = TextOptions {
        format: Some("markdown".to_owned()),
        show_missing: true,
        skip_covered: true,
        ..options.clone()
    };
    let table = render_text(report, &table)?;
    let mut text = format!(
        "### Coverage: {percent}%\n\n{}\n",
        verdict_markdown(verdict)
    );
    if text.len() + table.len() < LONGEST_SUMMARY {
        text = format!("{text}\n<details><summary>Files</summary>\n\n{table}\n</details>\n");
    }
    Ok(format!("{text}\n"))
}
