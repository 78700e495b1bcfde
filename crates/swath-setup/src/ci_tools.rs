//! How a job of continuous integration installs a project, and calls what it installed.

use swath_config::requires_python;
use toml::Value;

use crate::dependencies::{pyproject, requirement_files};
use crate::project::Project;
use crate::proposal::Proposal;

/// What installs a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Installer {
    Pip,
    Uv,
    Poetry,
}

/// How a job installs a project.
pub(crate) struct Tools {
    pub(crate) installer: Installer,
    /// The arguments of `pip install`, one call each.
    pip: Vec<String>,
    /// The Python of the job: `3.13`.
    pub(crate) python: String,
}

impl Tools {
    pub(crate) fn of(project: &Project) -> Self {
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

    /// The commands that install the project, swath, and tox or nox if the tests are run by one.
    pub(crate) fn install_commands(&self, proposal: &Proposal) -> Vec<String> {
        let runner = proposal.test.as_deref().and_then(|test| {
            let program = test.split(' ').next();
            ["tox", "nox"]
                .into_iter()
                .find(|name| program == Some(*name))
        });
        let swath = match runner {
            Some(runner) => format!("swath {runner}"),
            None => "swath".to_owned(),
        };
        match self.installer {
            Installer::Uv => vec!["uv sync".to_owned(), format!("uv pip install {swath}")],
            Installer::Poetry => vec![
                "pip install poetry".to_owned(),
                "poetry install".to_owned(),
                format!("poetry run pip install {swath}"),
            ],
            Installer::Pip => {
                let calls = self.pip.iter().map(String::as_str).chain([swath.as_str()]);
                calls.map(|what| format!("pip install {what}")).collect()
            }
        }
    }

    pub(crate) fn prefix(&self) -> &'static str {
        match self.installer {
            Installer::Pip => "",
            Installer::Uv => "uv run --no-sync ",
            Installer::Poetry => "poetry run ",
        }
    }

    /// A fresh database has no tables yet.
    pub(crate) fn migrate(&self, project: &Project, proposal: &Proposal) -> Option<String> {
        let service = proposal.services.first()?;
        let folder = service.folder.as_deref();
        let manage = folder.map_or("manage.py".to_owned(), |folder| {
            format!("{folder}/manage.py")
        });
        let prefix = self.prefix();
        project.has_file(&manage).then(|| {
            format!(
                "{prefix}python {} migrate --no-input",
                shell_words::quote(&manage)
            )
        })
    }
}

/// What `pip install` is told.
fn pip_installs(project: &Project) -> Vec<String> {
    let files = requirement_files(project);
    let mut installs = Vec::new();
    if !files.is_empty() {
        let files: Vec<String> = files
            .iter()
            .map(|file| format!("-r {}", shell_words::quote(file)))
            .collect();
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
