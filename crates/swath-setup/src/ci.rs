//! A job of continuous integration that runs the system tests.

use std::fmt::Write as _;

use saphyr::{LoadableYamlNode as _, Yaml};
use swath_checkout::yaml_nests_too_deep;

use crate::ci_tools::{Installer, Tools};
use crate::file_change::{FileChange, Preparation};
use crate::line_ends::kept_by;
use crate::project::Project;
use crate::proposal::Proposal;
use crate::yaml_text::yaml_text;

const WORKFLOWS: &str = ".github/workflows";
const GITLAB_FILE: &str = ".gitlab-ci.yml";
const JOB: &str = "system-tests";

/// What a job that runs swath has: a command, the action, the template, the plugin.
const RUNS_SWATH: [&str; 5] = [
    "swath run",
    "swath-coverage/swath@",
    "swath.gitlab-ci.yml",
    "extends: .swath",
    "pytest --swath",
];

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

/// The checkout that a service runs the jobs of, and where in it the project is.
struct Place<'a> {
    /// The project that is measured.
    project: &'a Project,
    /// The top of the checkout: only there services look for jobs.
    top: Project,
    /// The project's folder from there; empty for the top itself.
    folder: String,
}

impl<'a> Place<'a> {
    fn of(project: &'a Project) -> Self {
        let mut above = project.root().ancestors();
        let top = above.find(|folder| folder.join(".git").exists());
        let top = top.unwrap_or(project.root());
        let folder = project.root().strip_prefix(top).ok();
        match folder.and_then(|folder| folder.to_str()) {
            Some(folder) => Self {
                project,
                top: Project::new(top),
                folder: folder.to_owned(),
            },
            None => Self {
                project,
                top: Project::new(project.root()),
                folder: String::new(),
            },
        }
    }

    /// The name of the job, and of the file of its own: others may be of other projects.
    fn job(&self) -> String {
        let mut name = JOB.to_owned();
        for part in self
            .folder
            .split(|c: char| !c.is_ascii_alphanumeric())
            .filter(|part| !part.is_empty())
        {
            name.push('-');
            name.push_str(part);
        }
        name
    }

    /// A path of the top as changes name it: from the project's folder.
    fn as_from_project(&self, path: &str) -> String {
        let depth = self.folder.split('/').filter(|part| !part.is_empty());
        "../".repeat(depth.count()) + path
    }

    /// A path of the project, from the top.
    fn as_from_top(&self, path: &str) -> String {
        match self.folder.as_str() {
            "" => path.to_owned(),
            folder => format!("{folder}/{path}"),
        }
    }

    /// Whether a file has a job that runs swath in this project.
    fn runs_swath(&self, text: &str) -> bool {
        let lines = || {
            let lines = text.lines().map(str::trim_start);
            lines.filter(|line| !line.starts_with('#'))
        };
        let is_there = |part: &str| lines().any(|line| line.contains(part));
        RUNS_SWATH.into_iter().any(is_there) && is_there(&self.folder)
    }
}

/// Adds a job for the service that is asked for, or that the project uses.
pub(crate) fn extend(
    preparation: &mut Preparation,
    project: &Project,
    proposal: &Proposal,
    asked: Option<CiService>,
) {
    let place = Place::of(project);
    let service = asked.or_else(|| used(&place.top));
    if service.is_some_and(|service| service != CiService::None) && !proposal.has_tests() {
        preparation.leave("no CI job yet: it would have no tests to run");
        return;
    }
    match service {
        Some(CiService::GitHub) => github(preparation, &place, proposal),
        Some(CiService::GitLab) => gitlab(preparation, &place, proposal),
        Some(CiService::None) => {}
        None => preparation.leave(
            "no CI job: the project shows neither GitHub nor GitLab (`--ci github` or `--ci gitlab` writes one)",
        ),
    }
}

/// The service that a checkout uses, by its files, or else by where its Git remote is.
fn used(top: &Project) -> Option<CiService> {
    if top.has_folder(".github") {
        return Some(CiService::GitHub);
    }
    if top.has_file(GITLAB_FILE) {
        return Some(CiService::GitLab);
    }
    let config = top.read(".git/config")?;
    let is_at = |name: &str| {
        let mut hosts = config.lines().filter_map(host_of);
        hosts.any(|host| host.contains(name))
    };
    match () {
        () if is_at("github") => Some(CiService::GitHub),
        () if is_at("gitlab") => Some(CiService::GitLab),
        () => None,
    }
}

/// The host in `url = https://user@host/path` or `url = user@host:path`.
fn host_of(line: &str) -> Option<&str> {
    let (key, url) = line.split_once('=')?;
    if key.trim() != "url" {
        return None;
    }
    let url = url.trim();
    let url = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = url.split('/').next()?;
    let host = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    host.split(':').next()
}

fn github(preparation: &mut Preparation, place: &Place<'_>, proposal: &Proposal) {
    let names = place.top.names_in(WORKFLOWS).into_iter();
    let mut paths = names.map(|name| format!("{WORKFLOWS}/{name}"));
    let has_job = |path: &String| {
        let text = place.top.read(path);
        text.is_some_and(|text| place.runs_swath(&text))
    };
    if let Some(path) = paths.find(has_job) {
        let path = place.as_from_project(&path);
        preparation.keep(format!("{path} has a job that runs swath"));
        return;
    }
    let file = format!("{WORKFLOWS}/{}.yml", place.job());
    let path = place.as_from_project(&file);
    if place.top.has_file(&file) {
        preparation.leave(format!("{path} is there: add `swath run` to it"));
        return;
    }
    let text = github_workflow(place, proposal);
    if holds(&text, "jobs") {
        preparation.changes.push(FileChange::new(&path, text));
    } else {
        preparation.leave(format!("no {path}: what was found here makes no valid one"));
    }
}

/// Whether a text is one YAML document, a mapping with this key.
fn holds(text: &str, key: &str) -> bool {
    if yaml_nests_too_deep(text) {
        return false;
    }
    let documents = Yaml::load_from_str(text).unwrap_or_default();
    matches!(documents.as_slice(), [document] if document.as_mapping_get(key).is_some())
}

fn github_workflow(place: &Place<'_>, proposal: &Proposal) -> String {
    let tools = Tools::of(place.project);
    let name = match place.folder.as_str() {
        "" => "System tests".to_owned(),
        folder => format!("System tests ({folder})"),
    };
    let mut text = format!(
        "# The system tests, and which lines of the services they reach.\nname: {}\n\non: [push, \
         pull_request]\n\npermissions:\n  contents: read\n\njobs:\n",
        yaml_text(&name)
    );
    let _ = write!(text, "  {}:\n    runs-on: ubuntu-latest\n", place.job());
    if !place.folder.is_empty() {
        let folder = yaml_text(&place.folder);
        let _ = write!(
            text,
            "    defaults:\n      run:\n        working-directory: {folder}\n"
        );
    }
    text.push_str("    steps:\n      - uses: actions/checkout@v4\n");
    if tools.installer == Installer::Uv {
        text.push_str("      - uses: astral-sh/setup-uv@v6\n");
    } else {
        let python = if place.project.has_file(".python-version") {
            let file = place.as_from_top(".python-version");
            format!("python-version-file: {}", yaml_text(&file))
        } else {
            format!("python-version: \"{}\"", tools.python)
        };
        let _ = write!(
            text,
            "      - uses: actions/setup-python@v5\n        with:\n          {python}\n"
        );
    }
    let prefix = tools.prefix();
    let mut commands = tools.install_commands(proposal);
    commands.extend(tools.migrate(place.project, proposal));
    commands.push(format!(
        "{prefix}swath run --require-complete --format=github --html htmlcov"
    ));
    for command in commands {
        let _ = writeln!(text, "      - run: {}", yaml_text(&command));
    }
    let _ = write!(
        text,
        "      - uses: actions/upload-artifact@v4\n        if: always()\n        with:\n          name: coverage\n          \
         path: {}\n",
        yaml_text(&place.as_from_top("htmlcov"))
    );
    text
}

fn gitlab(preparation: &mut Preparation, place: &Place<'_>, proposal: &Proposal) {
    let path = place.as_from_project(GITLAB_FILE);
    let before = match place.top.text_of(GITLAB_FILE) {
        Ok(before) => before,
        Err(error) => {
            preparation.leave(format!("no CI job: `{path}` cannot be read: {error}"));
            return;
        }
    };
    let Some(before) = before else {
        let text = gitlab_job(place, proposal, None);
        preparation.changes.push(FileChange::new(&path, text));
        return;
    };
    if place.runs_swath(&before) {
        preparation.keep(format!("{path} has a job that runs swath"));
        return;
    }
    let added = kept_by(&before, |before| {
        let stage = match place_for_job(before, &place.job()) {
            JobPlace::DefaultStage => None,
            JobPlace::Stage(stage) => Some(stage),
            JobPlace::Nowhere => return None,
        };
        let gap = if before.ends_with('\n') { "\n" } else { "\n\n" };
        let job = gitlab_job(place, proposal, stage.as_deref());
        Some(format!("{before}{gap}{job}"))
    });
    match added.filter(|after| holds(after, &place.job())) {
        Some(after) => {
            let change = FileChange::extended(&path, before, after);
            preparation.changes.push(change);
        }
        None => preparation.leave(format!("{path} is not plain YAML: add `swath run` to it")),
    }
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

fn place_for_job(text: &str, job: &str) -> JobPlace {
    if yaml_nests_too_deep(text) {
        return JobPlace::Nowhere;
    }
    let documents = Yaml::load_from_str(text).unwrap_or_default();
    let [document] = documents.as_slice() else {
        return JobPlace::Nowhere;
    };
    let is_block = document.as_mapping().is_some() && !text.trim_start().starts_with('{');
    if !is_block || document.as_mapping_get(job).is_some() {
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

fn gitlab_job(place: &Place<'_>, proposal: &Proposal, stage: Option<&str>) -> String {
    let tools = Tools::of(place.project);
    let mut text =
        String::from("# The system tests, and which lines of the services they reach.\n");
    let _ = writeln!(text, "{}:", place.job());
    if proposal.compose.is_some() {
        text.push_str("  # Needs a runner with Docker, Compose and Python.\n");
    } else {
        let _ = writeln!(text, "  image: python:{}", tools.python);
    }
    if let Some(stage) = stage {
        let _ = writeln!(text, "  stage: {}", yaml_text(stage));
    }
    let go_there =
        (!place.folder.is_empty()).then(|| format!("cd {}", shell_words::quote(&place.folder)));
    let prefix = tools.prefix();
    let mut script: Vec<String> = go_there.iter().cloned().collect();
    if tools.installer == Installer::Uv {
        script.push("pip install uv".to_owned());
    }
    script.extend(tools.install_commands(proposal));
    script.extend(tools.migrate(place.project, proposal));
    script.push(format!(
        "{prefix}swath run --require-complete --html htmlcov"
    ));
    // Of a run that failed the reports are of interest, too.
    let mut after_script: Vec<String> = go_there.into_iter().collect();
    after_script.push(format!("{prefix}swath xml"));
    after_script.push(format!(
        "{prefix}swath report --format=gitlab > gl-code-quality-report.json"
    ));
    for (key, commands) in [("script", script), ("after_script", after_script)] {
        let _ = writeln!(text, "  {key}:");
        for command in commands {
            let _ = writeln!(text, "    - {}", yaml_text(&command));
        }
    }
    let at = |path: &str| yaml_text(&place.as_from_top(path));
    let _ = write!(
        text,
        "  coverage: '/^TOTAL.*\\s(\\d+(?:\\.\\d+)?)%$/'\n  artifacts:\n    when: always\n    paths:\n      - {}\n    \
         reports:\n      coverage_report:\n        coverage_format: cobertura\n        path: {}\n      codequality: {}\n",
        at("htmlcov"),
        at("coverage.xml"),
        at("gl-code-quality-report.json")
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const GITHUB_FILE: &str = ".github/workflows/system-tests.yml";

    fn job(files: &[(&str, &str)], asked: Option<CiService>) -> Preparation {
        job_in("", files, asked)
    }

    /// The job of the project in a folder of the checkout.
    fn job_in(below: &str, files: &[(&str, &str)], asked: Option<CiService>) -> Preparation {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            swath_test::write_file(folder.path().join(name), text);
        }
        if !below.is_empty() {
            fs_err::create_dir_all(folder.path().join(".git")).unwrap();
        }
        let root = match below {
            "" => folder.path().to_owned(),
            below => folder.path().join(below),
        };
        fs_err::create_dir_all(&root).unwrap();
        let mut preparation = Preparation::default();
        let proposal = Proposal {
            test: Some("pytest".to_owned()),
            ..Proposal::default()
        };
        extend(&mut preparation, &Project::new(&root), &proposal, asked);
        preparation
    }

    fn parsed(text: &str) -> bool {
        Yaml::load_from_str(text).is_ok_and(|documents| documents.len() == 1)
    }

    #[test]
    fn what_runs_the_tests_is_installed() {
        for (test, lock, expected) in [
            ("tox -e e2e", "x", "pip install swath tox"),
            ("nox -s e2e", "uv.lock", "uv pip install swath nox"),
            ("toxic", "x", "pip install swath\n"),
        ] {
            let folder = tempfile::tempdir().unwrap();
            swath_test::write_file(folder.path().join(lock), "");
            let proposal = Proposal {
                test: Some(test.to_owned()),
                ..Proposal::default()
            };
            let mut preparation = Preparation::default();
            let project = Project::new(folder.path());
            let service = Some(CiService::GitHub);
            extend(&mut preparation, &project, &proposal, service);
            let job = &preparation.changes[0].after;
            assert!(job.contains(expected), "{test}: {job}");
        }
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
            (
                &[(
                    ".git/config",
                    "[remote \"origin\"]\n\turl = https://gitlab.com/github-mirrors/x\n",
                )],
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

    #[test]
    fn a_use_of_the_action_or_the_template_is_such_a_job() {
        for (file, text) in [
            (
                ".github/workflows/ci.yml",
                "jobs:\n  a:\n    steps:\n      - uses: swath-coverage/swath@main\n",
            ),
            (".github/workflows/ci.yml", "- run: pytest --swath\n"),
            (
                GITLAB_FILE,
                "include:\n  - remote: https://example.org/ci/swath.gitlab-ci.yml\n",
            ),
            (GITLAB_FILE, "include: x\ntests:\n  extends: .swath\n"),
        ] {
            let preparation = job(&[(file, text)], None);
            assert!(preparation.changes.is_empty(), "{text}: {preparation:?}");
            assert!(preparation.kept[0].contains(file), "{preparation:?}");
        }
        // Nor is one that is commented out.
        let files = [(".github/workflows/ci.yml", "# - run: swath run\n")];
        assert_eq!(job(&files, None).changes.len(), 1);
    }

    #[test]
    fn jobs_of_a_project_below_stand_at_the_top_of_the_checkout() {
        let files = [
            (".github/x", ""),
            ("apps/my shop/.python-version", "3.12"),
            (
                ".github/workflows/other.yml",
                "- run: cd apps/other && swath run\n",
            ),
        ];
        let preparation = job_in("apps/my shop", &files, None);
        let [change] = &preparation.changes[..] else {
            panic!("{preparation:?}");
        };
        let path = "../../.github/workflows/system-tests-apps-my-shop.yml";
        assert_eq!(change.path, path);
        for part in [
            "  system-tests-apps-my-shop:\n",
            "        working-directory: apps/my shop\n",
            "          path: apps/my shop/htmlcov\n",
            "          python-version-file: apps/my shop/.python-version\n",
        ] {
            assert!(change.after.contains(part), "{part}: {}", change.after);
        }
        let workflow = (".github/workflows/own.yml", change.after.as_str());
        let again = job_in("apps/my shop", &[workflow], None);
        assert!(again.changes.is_empty(), "{again:?}");

        let preparation = job_in("shop", &[(GITLAB_FILE, "a: {script: [b]}\n")], None);
        let change = &preparation.changes[0];
        assert_eq!(change.path, "../.gitlab-ci.yml");
        for part in [
            "system-tests-shop:\n",
            "  script:\n    - cd shop\n",
            "  after_script:\n    - cd shop\n",
            "      - shop/htmlcov\n",
            "        path: shop/coverage.xml\n",
            "      codequality: shop/gl-code-quality-report.json\n",
        ] {
            assert!(change.after.contains(part), "{part}: {}", change.after);
        }
    }

    #[test]
    fn names_cannot_break_out_of_a_job() {
        let names = [
            "requirements: a #b.txt",
            "requirements'\"$(touch x).txt",
            "requirements\n- x.txt",
        ];
        for service in [CiService::GitHub, CiService::GitLab] {
            for name in names {
                let text = job(&[(name, "x")], Some(service)).changes.remove(0).after;
                let documents = Yaml::load_from_str(&text).unwrap();
                let document = &documents[0];
                let command = match service {
                    CiService::GitHub => document
                        .as_mapping_get("jobs")
                        .unwrap()
                        .as_mapping_get(JOB)
                        .unwrap()
                        .as_mapping_get("steps")
                        .unwrap()
                        .as_sequence()
                        .unwrap()[2]
                        .as_mapping_get("run"),
                    _ => document
                        .as_mapping_get(JOB)
                        .unwrap()
                        .as_mapping_get("script")
                        .unwrap()
                        .as_sequence_get(0),
                };
                let words = shell_words::split(command.unwrap().as_str().unwrap()).unwrap();
                assert_eq!(words, ["pip", "install", "-r", name], "{text}");
            }
        }
        let stages = "stages: ['deploy: #1']\n";
        let text = job(&[(GITLAB_FILE, stages)], None).changes.remove(0).after;
        let documents = Yaml::load_from_str(&text).unwrap();
        let stage = documents[0]
            .as_mapping_get(JOB)
            .unwrap()
            .as_mapping_get("stage");
        assert_eq!(stage.unwrap().as_str(), Some("deploy: #1"), "{text}");
    }

    #[test]
    fn files_that_cannot_be_extended_stay() {
        let deep = "- ".repeat(50_000);
        let preparation = job(&[(GITLAB_FILE, &deep)], None);
        assert!(preparation.changes.is_empty());
        assert!(
            preparation.left[0].contains("not plain YAML"),
            "{preparation:?}"
        );
        let folder = tempfile::tempdir().unwrap();
        fs_err::write(folder.path().join(GITLAB_FILE), [0xff]).unwrap();
        let proposal = Proposal {
            test: Some("pytest".to_owned()),
            ..Proposal::default()
        };
        let mut preparation = Preparation::default();
        extend(
            &mut preparation,
            &Project::new(folder.path()),
            &proposal,
            None,
        );
        assert!(preparation.changes.is_empty(), "{preparation:?}");
        assert!(
            preparation.left[0].contains("cannot be read"),
            "{preparation:?}"
        );
        let preparation = job(&[(GITLAB_FILE, "a:\r\n  script: [b]\r\n")], None);
        let after = &preparation.changes[0].after;
        assert_eq!(after.matches('\n').count(), after.matches("\r\n").count());
    }
}
