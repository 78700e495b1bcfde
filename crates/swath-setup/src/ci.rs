//! A job of continuous integration that runs the system tests.

use std::fmt::Write as _;

use saphyr::{LoadableYamlNode as _, Yaml};
use swath_config::requires_python;
use toml::Value;

use crate::dependencies::{pyproject, requirement_files};
use crate::file_change::{FileChange, Preparation};
use crate::project::Project;
use crate::proposal::Proposal;

const WORKFLOWS: &str = ".github/workflows";
const GITHUB_FILE: &str = ".github/workflows/system-tests.yml";
const GITLAB_FILE: &str = ".gitlab-ci.yml";
const JOB: &str = "system-tests";

/// A service that runs jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CiService {
    /// GitHub Actions.
    GitHub,
    /// GitLab CI.
    GitLab,
    /// None: no job is wanted.
    None,
}

/// Adds a job for the service that is asked for, or that the project uses.
pub(crate) fn extend(
    preparation: &mut Preparation,
    project: &Project,
    proposal: &Proposal,
    asked: Option<CiService>,
) {
    let service = asked.or_else(|| used(project));
    if service.is_some_and(|service| service != CiService::None) && !proposal.has_tests() {
        preparation.leave("no CI job yet: it would have no tests to run");
        return;
    }
    match service {
        Some(CiService::GitHub) => github(preparation, project, proposal),
        Some(CiService::GitLab) => gitlab(preparation, project, proposal),
        Some(CiService::None) => {}
        None => preparation.leave(
            "no CI job: the project shows neither GitHub nor GitLab (`--ci github` or `--ci gitlab` writes one)",
        ),
    }
}

/// The service that a project uses, by its files, or else by where its Git remote is.
fn used(project: &Project) -> Option<CiService> {
    if project.has_folder(".github") {
        return Some(CiService::GitHub);
    }
    if project.has_file(GITLAB_FILE) {
        return Some(CiService::GitLab);
    }
    let config = project.read(".git/config")?;
    let urls = || {
        config
            .lines()
            .map(str::trim)
            .filter(|line| line.starts_with("url"))
    };
    let is_at = |host: &str| urls().any(|line| line.contains(host));
    match () {
        () if is_at("github") => Some(CiService::GitHub),
        () if is_at("gitlab") => Some(CiService::GitLab),
        () => None,
    }
}

fn github(preparation: &mut Preparation, project: &Project, proposal: &Proposal) {
    let names = project.names_in(WORKFLOWS).into_iter();
    let mut paths = names.map(|name| format!("{WORKFLOWS}/{name}"));
    let has_job = |path: &String| {
        project
            .read(path)
            .is_some_and(|text| text.contains("swath run"))
    };
    if let Some(path) = paths.find(has_job) {
        preparation.keep(format!("{path} has a job that runs swath"));
        return;
    }
    if project.has_file(GITHUB_FILE) {
        preparation.leave(format!("{GITHUB_FILE} is there: add `swath run` to it"));
        return;
    }
    let text = github_workflow(project, proposal);
    preparation.changes.push(FileChange::new(GITHUB_FILE, text));
}

fn github_workflow(project: &Project, proposal: &Proposal) -> String {
    let tools = Tools::of(project);
    let mut text = String::from(
        "# The system tests, and which lines of the services they reach.\nname: System tests\n\non: [push, \
         pull_request]\n\npermissions:\n  contents: read\n\njobs:\n",
    );
    let _ = write!(
        text,
        "  {JOB}:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/checkout@v4\n"
    );
    match tools.installer {
        Installer::Uv => text.push_str("      - uses: astral-sh/setup-uv@v6\n"),
        _ => {
            let _ = write!(
                text,
                "      - uses: actions/setup-python@v5\n        with:\n          {}\n",
                tools.python_for_github(project)
            );
        }
    }
    for command in tools.install_commands() {
        let _ = writeln!(text, "      - run: {command}");
    }
    if let Some(command) = tools.migrate(project, proposal) {
        let _ = writeln!(text, "      - run: {command}");
    }
    let prefix = tools.prefix();
    let _ = write!(
        text,
        "      - run: {prefix}swath run --require-complete --format=github --html htmlcov\n      - uses: actions/upload-artifact@v4\n        \
         if: always()\n        with:\n          name: coverage\n          path: htmlcov\n"
    );
    text
}

fn gitlab(preparation: &mut Preparation, project: &Project, proposal: &Proposal) {
    let Some(before) = project.read(GITLAB_FILE) else {
        let text = gitlab_job(project, proposal, None);
        preparation.changes.push(FileChange::new(GITLAB_FILE, text));
        return;
    };
    if before.contains("swath run") {
        preparation.keep(format!("{GITLAB_FILE} has a job that runs swath"));
        return;
    }
    let stage = match place_for_job(&before) {
        JobPlace::DefaultStage => None,
        JobPlace::Stage(stage) => Some(stage),
        JobPlace::Nowhere => {
            preparation.leave(format!(
                "{GITLAB_FILE} is not plain YAML: add `swath run` to it"
            ));
            return;
        }
    };
    let gap = if before.ends_with('\n') { "\n" } else { "\n\n" };
    let job = gitlab_job(project, proposal, stage.as_deref());
    let after = format!("{before}{gap}{job}");
    preparation
        .changes
        .push(FileChange::extended(GITLAB_FILE, before, after));
}

/// Where a job fits into a file.
enum JobPlace {
    /// At the end, without a word about its stage.
    DefaultStage,
    /// At the end, in this stage: the file has stages, and none is the default one.
    Stage(String),
    /// Not at the end of this file.
    Nowhere,
}

fn place_for_job(text: &str) -> JobPlace {
    let documents = Yaml::load_from_str(text).unwrap_or_default();
    let [document] = documents.as_slice() else {
        return JobPlace::Nowhere;
    };
    let is_block = document.as_mapping().is_some() && !text.trim_start().starts_with('{');
    if !is_block || document.as_mapping_get(JOB).is_some() {
        return JobPlace::Nowhere;
    }
    let stages = document.as_mapping_get("stages");
    let stages = stages.and_then(|stages| stages.as_sequence());
    let names = stages.into_iter().flatten();
    let names: Vec<&str> = names.filter_map(|stage| stage.as_str()).collect();
    let named = names.iter().find(|name| name.contains("test"));
    match named.or(names.last()) {
        Some(stage) if !names.contains(&"test") => JobPlace::Stage((*stage).to_owned()),
        _ => JobPlace::DefaultStage,
    }
}

fn gitlab_job(project: &Project, proposal: &Proposal, stage: Option<&str>) -> String {
    let tools = Tools::of(project);
    let mut text =
        String::from("# The system tests, and which lines of the services they reach.\n");
    let _ = writeln!(text, "{JOB}:");
    if proposal.compose.is_some() {
        text.push_str("  # Needs a runner with Docker, Compose and Python.\n");
    } else {
        let _ = writeln!(text, "  image: python:{}", tools.python);
    }
    if let Some(stage) = stage {
        let _ = writeln!(text, "  stage: {stage}");
    }
    text.push_str("  script:\n");
    let mut commands = Vec::new();
    if tools.installer == Installer::Uv {
        commands.push("pip install uv".to_owned());
    }
    commands.extend(tools.install_commands());
    commands.extend(tools.migrate(project, proposal));
    let prefix = tools.prefix();
    commands.push(format!(
        "{prefix}swath run --require-complete --html htmlcov"
    ));
    commands.push(format!("{prefix}swath xml"));
    commands.push(format!(
        "{prefix}swath report --format=gitlab > gl-code-quality-report.json"
    ));
    for command in commands {
        let _ = writeln!(text, "    - {command}");
    }
    text.push_str(
        "  coverage: '/^TOTAL.*\\s(\\d+(?:\\.\\d+)?)%$/'\n  artifacts:\n    when: always\n    paths: [htmlcov]\n    \
         reports:\n      coverage_report:\n        coverage_format: cobertura\n        path: coverage.xml\n      codequality: gl-code-quality-report.json\n",
    );
    text
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Installer {
    Pip,
    Uv,
    Poetry,
}

/// How a job installs a project.
struct Tools {
    installer: Installer,
    /// The arguments of `pip install`, one call each.
    pip: Vec<String>,
    /// The Python of the job: `3.13`.
    python: String,
}

impl Tools {
    fn of(project: &Project) -> Self {
        let installer = match () {
            () if project.has_file("uv.lock") => Installer::Uv,
            () if project.has_file("poetry.lock") => Installer::Poetry,
            () => Installer::Pip,
        };
        let range = requires_python(project.root());
        let allowed = |minor: &u8| range.as_ref().is_none_or(|range| range.allows(*minor));
        let minor = (8..=13).rev().find(allowed).unwrap_or(13);
        Self {
            installer,
            pip: pip_installs(project),
            python: format!("3.{minor}"),
        }
    }

    fn install_commands(&self) -> Vec<String> {
        match self.installer {
            Installer::Uv => vec!["uv sync".to_owned(), "uv pip install swath".to_owned()],
            Installer::Poetry => vec![
                "pip install poetry".to_owned(),
                "poetry install".to_owned(),
                "poetry run pip install swath".to_owned(),
            ],
            Installer::Pip => {
                let calls = self.pip.iter().map(String::as_str).chain(["swath"]);
                calls.map(|what| format!("pip install {what}")).collect()
            }
        }
    }

    fn prefix(&self) -> &'static str {
        match self.installer {
            Installer::Pip => "",
            Installer::Uv => "uv run --no-sync ",
            Installer::Poetry => "poetry run ",
        }
    }

    fn python_for_github(&self, project: &Project) -> String {
        if project.has_file(".python-version") {
            "python-version-file: .python-version".to_owned()
        } else {
            format!("python-version: \"{}\"", self.python)
        }
    }

    /// A fresh database has no tables yet.
    fn migrate(&self, project: &Project, proposal: &Proposal) -> Option<String> {
        let service = proposal.services.first()?;
        let folder = service.folder.as_deref();
        let manage = folder.map_or("manage.py".to_owned(), |folder| {
            format!("{folder}/manage.py")
        });
        let prefix = self.prefix();
        project
            .has_file(&manage)
            .then(|| format!("{prefix}python {manage} migrate --no-input"))
    }
}

/// What `pip install` is told.
fn pip_installs(project: &Project) -> Vec<String> {
    let files = requirement_files(project);
    let mut installs = Vec::new();
    if !files.is_empty() {
        let files: Vec<String> = files.iter().map(|file| format!("-r {file}")).collect();
        installs.push(files.join(" "));
    }
    let table = pyproject(project);
    let is_package = table
        .as_ref()
        .is_some_and(|table| table.contains_key("build-system") || table.contains_key("project"));
    if is_package || project.has_file("setup.py") {
        let extras = table.as_ref().and_then(|table| {
            table
                .get("project")?
                .get("optional-dependencies")?
                .as_table()
        });
        let names = ["test", "tests", "testing", "dev"];
        let extra =
            extras.and_then(|extras| names.into_iter().find(|name| extras.contains_key(*name)));
        installs.push(match extra {
            Some(extra) => format!("-e '.[{extra}]'"),
            None => "-e .".to_owned(),
        });
        let groups = table
            .as_ref()
            .and_then(|table| table.get("dependency-groups").and_then(Value::as_table));
        let group =
            groups.and_then(|groups| names.into_iter().find(|name| groups.contains_key(*name)));
        if let Some(group) = group {
            installs.push(format!("--group {group}"));
        }
    }
    installs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(files: &[(&str, &str)], asked: Option<CiService>) -> Preparation {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            swath_test::write_file(folder.path().join(name), text);
        }
        let mut preparation = Preparation::default();
        let proposal = Proposal {
            test: Some("pytest".to_owned()),
            ..Proposal::default()
        };
        extend(
            &mut preparation,
            &Project::new(folder.path()),
            &proposal,
            asked,
        );
        preparation
    }

    fn parsed(text: &str) -> bool {
        Yaml::load_from_str(text).is_ok_and(|documents| documents.len() == 1)
    }

    #[test]
    fn the_service_is_the_one_that_the_project_uses() {
        for (files, path) in [
            (&[(".github/dependabot.yml", "")][..], Some(GITHUB_FILE)),
            (
                &[(
                    ".git/config",
                    "[remote \"origin\"]\n\turl = git@github.com:me/x.git\n",
                )],
                Some(GITHUB_FILE),
            ),
            (
                &[(
                    ".git/config",
                    "[remote \"origin\"]\n\turl = https://gitlab.example.org/x\n",
                )],
                Some(GITLAB_FILE),
            ),
            (
                &[(".gitlab-ci.yml", "build:\n  script: [make]\n")],
                Some(GITLAB_FILE),
            ),
            (&[("README.md", "github")], None),
        ] {
            let preparation = job(files, None);
            let found = preparation
                .changes
                .first()
                .map(|change| change.path.as_str());
            assert_eq!(found, path, "{files:?}");
            for change in &preparation.changes {
                assert!(parsed(&change.after), "{}", change.after);
                assert!(change.after.contains("swath run --require-complete"));
                assert!(change.after.starts_with(&change.before));
            }
        }
    }

    #[test]
    fn a_job_fits_into_the_stages_that_there_are() {
        let stage = |text: &str| {
            let preparation = job(&[(".gitlab-ci.yml", text)], None);
            let change = preparation.changes.first()?;
            assert!(parsed(&change.after), "{}", change.after);
            Some(change.after.contains("  stage: check-tests\n"))
        };
        assert_eq!(stage("stages: [build, check-tests, deploy]\n"), Some(true));
        assert_eq!(stage("stages: [build, test]\n"), Some(false));
        assert_eq!(stage("system-tests:\n  script: [x]\n"), None);
        assert_eq!(stage("spec: {}\n---\na: {script: [x]}\n"), None);
        assert_eq!(stage("a: {script: [swath run]}\n"), None);
    }

    #[test]
    fn a_job_installs_the_project_as_its_owners_do() {
        for (files, expected) in [
            (
                &[("uv.lock", ""), ("pyproject.toml", "[project]\nname='x'\n")][..],
                "run: uv run --no-sync swath run",
            ),
            (&[("poetry.lock", "")], "run: poetry run swath run"),
            (
                &[("requirements.txt", "x"), ("requirements-dev.txt", "y")],
                "pip install -r requirements-dev.txt -r requirements.txt\n",
            ),
            (
                &[(
                    "pyproject.toml",
                    "[project]\nname='x'\noptional-dependencies.test=['y']\n",
                )],
                "pip install -e '.[test]'\n",
            ),
            (
                &[(
                    "pyproject.toml",
                    "[project]\nname='x'\nrequires-python='<3.12'\n",
                )],
                "python-version: \"3.11\"",
            ),
            (
                &[(".python-version", "3.12")],
                "python-version-file: .python-version",
            ),
        ] {
            let text = job(files, Some(CiService::GitHub)).changes.remove(0).after;
            assert!(text.contains(expected), "{expected}: {text}");
        }
    }

    #[test]
    fn an_image_brings_its_installer() {
        let files = [("uv.lock", ""), ("pyproject.toml", "[project]\nname='x'\n")];
        let text = job(&files, Some(CiService::GitLab)).changes.remove(0).after;
        let commands = "  script:\n    - pip install uv\n    - uv sync\n";
        assert!(text.contains(commands), "{text}");
    }

    #[test]
    fn a_job_that_is_there_stays_alone() {
        let files = [(".github/workflows/ci.yml", "- run: swath run\n")];
        let preparation = job(&files, None);
        assert!(preparation.changes.is_empty());
        assert!(preparation.kept[0].contains("ci.yml"));
        assert!(job(&[(GITHUB_FILE, "x")], None).changes.is_empty());
        assert_eq!(
            job(&[(".github/x", "")], Some(CiService::None)),
            Preparation::default()
        );
    }
}
