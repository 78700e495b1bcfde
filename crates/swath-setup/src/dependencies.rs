//! What a project depends on: from its own files, and from what is installed in its environment.

use std::collections::BTreeSet;
use std::path::Path;

use toml::{Table, Value};

use crate::project::Project;

/// Names of packages, as their registry compares them: `flask-login`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Dependencies {
    /// What the project itself says.
    declared: BTreeSet<String>,
    /// What its environment holds.
    installed: BTreeSet<String>,
}

impl Dependencies {
    pub(crate) fn of(project: &Project, installed: &BTreeSet<String>) -> Self {
        let mut declared = BTreeSet::new();
        for name in requirement_files(project) {
            let text = project.read(&name).unwrap_or_default();
            declared.extend(text.lines().flat_map(names_of));
        }
        if let Some(table) = pyproject(project) {
            declared.extend(of_pyproject(&table));
        }
        if let Some(table) = toml_file(project, "Pipfile") {
            for section in ["packages", "dev-packages"] {
                declared.extend(keys(table.get(section)));
            }
        }
        for file in ["setup.cfg", "setup.py"] {
            let text = project.read(file).unwrap_or_default();
            let words = text.split(['"', '\'', '\n']);
            declared.extend(words.flat_map(names_of));
        }
        Self {
            declared,
            installed: installed.clone(),
        }
    }

    /// Whether a package is there, or is said to be.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.declared.contains(name) || self.installed.contains(name)
    }

    /// Whether the project itself names it.
    pub(crate) fn declares(&self, name: &str) -> bool {
        self.declared.contains(name)
    }

    /// Whether it is in the environment.
    pub(crate) fn has_installed(&self, name: &str) -> bool {
        self.installed.contains(name)
    }

    /// Of several packages the one that the project names, or else one that is installed.
    pub(crate) fn choose(&self, names: &[&'static str]) -> Option<&'static str> {
        let declared = names.iter().find(|name| self.declares(name));
        let any = declared.or_else(|| names.iter().find(|name| self.has(name)));
        any.copied()
    }
}

/// The files of requirements, by their usual names.
pub(crate) fn requirement_files(project: &Project) -> Vec<String> {
    let ends_so = |name: &str, ends: &[&str]| {
        let end = Path::new(name).extension();
        end.is_some_and(|end| ends.iter().any(|wanted| end == *wanted))
    };
    let mut files = project.names_in("");
    files.retain(|name| {
        name.contains("requirements") && ends_so(name, &["txt", "in"]) && project.has_file(name)
    });
    let below = project.names_in("requirements").into_iter();
    files.extend(
        below
            .filter(|name| ends_so(name, &["txt"]))
            .map(|name| format!("requirements/{name}")),
    );
    // What `pip-compile` makes stands beside what it was made of.
    let all = files.clone();
    files.retain(|name| {
        let made = name.strip_suffix(".in").map(|stem| format!("{stem}.txt"));
        made.is_none_or(|made| !all.contains(&made))
    });
    files
}

/// `pyproject.toml`, if it can be read.
pub(crate) fn pyproject(project: &Project) -> Option<Table> {
    toml_file(project, "pyproject.toml")
}

fn toml_file(project: &Project, name: &str) -> Option<Table> {
    project.read(name)?.parse().ok()
}

fn of_pyproject(table: &Table) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let project = table.get("project");
    if let Some(project) = project {
        names.extend(listed(project.get("dependencies")));
        let extras = project
            .get("optional-dependencies")
            .and_then(Value::as_table);
        for (_, list) in extras.into_iter().flatten() {
            names.extend(listed(Some(list)));
        }
    }
    let groups = table.get("dependency-groups").and_then(Value::as_table);
    for (_, list) in groups.into_iter().flatten() {
        names.extend(listed(Some(list)));
    }
    let poetry = table.get("tool").and_then(|tool| tool.get("poetry"));
    if let Some(poetry) = poetry {
        names.extend(keys(poetry.get("dependencies")));
        names.extend(keys(poetry.get("dev-dependencies")));
        let groups = poetry.get("group").and_then(Value::as_table);
        for (_, group) in groups.into_iter().flatten() {
            names.extend(keys(group.get("dependencies")));
        }
    }
    names
}

fn listed(list: Option<&Value>) -> Vec<String> {
    let items = list.and_then(Value::as_array).into_iter().flatten();
    items.filter_map(Value::as_str).flat_map(names_of).collect()
}

fn keys(table: Option<&Value>) -> Vec<String> {
    let table = table.and_then(Value::as_table).into_iter().flatten();
    table.filter_map(|(name, _)| name_of(name)).collect()
}

/// The packages that a requirement brings: `fastapi[standard]` brings its server along, as Quart does.
fn names_of(line: &str) -> Vec<String> {
    let Some(name) = name_of(line) else {
        return Vec::new();
    };
    let extras = line
        .split_once('[')
        .and_then(|(_, rest)| rest.split_once(']'));
    let has = |wanted: &str| extras.is_some_and(|(extras, _)| extras.contains(wanted));
    let server = match name.as_str() {
        "fastapi" if has("standard") || has("all") => Some("uvicorn"),
        "litestar" if has("standard") || has("full") => Some("uvicorn"),
        "quart" => Some("hypercorn"),
        _ => None,
    };
    let server = server.map(str::to_owned);
    std::iter::once(name).chain(server).collect()
}

/// The package that a requirement such as `Flask[async] >= 3 ; …` is about.
fn name_of(line: &str) -> Option<String> {
    let line = line.trim();
    let end = line
        .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')))
        .unwrap_or(line.len());
    let (name, rest) = line.split_at(end);
    let rest = rest.trim_start();
    let is_requirement =
        rest.is_empty() || rest.starts_with(['[', '=', '<', '>', '!', '~', ';', '@', '#', ' ']);
    let starts_well = name.starts_with(|c: char| c.is_ascii_alphanumeric());
    (is_requirement && starts_well).then(|| normal_name(name))
}

/// The name of a package in the form in which names are compared.
pub(crate) fn normal_name(name: &str) -> String {
    let mut normal = String::with_capacity(name.len());
    for letter in name.chars() {
        let letter = if matches!(letter, '_' | '.') {
            '-'
        } else {
            letter.to_ascii_lowercase()
        };
        if letter != '-' || !normal.ends_with('-') {
            normal.push(letter);
        }
    }
    normal
}

/// The packages in the environment of an interpreter, by the folders that describe them.
#[must_use]
pub fn installed_packages(interpreter: &Path) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let Some(prefix) = interpreter.parent().and_then(Path::parent) else {
        return names;
    };
    let entries = |folder: &Path| fs_err::read_dir(folder).into_iter().flatten().flatten();
    for library in entries(&prefix.join("lib")) {
        if !library.file_name().to_string_lossy().starts_with("python") {
            continue;
        }
        for package in entries(&library.path().join("site-packages")) {
            let name = package.file_name().to_string_lossy().into_owned();
            let stem = name
                .strip_suffix(".dist-info")
                .or_else(|| name.strip_suffix(".egg-info"));
            if let Some((name, _)) = stem.and_then(|stem| stem.split_once('-')) {
                names.insert(normal_name(name));
            }
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requirements_are_named_by_their_packages() {
        for (line, name) in [
            ("Flask", Some("flask")),
            ("flask_login>=1", Some("flask-login")),
            (
                "uvicorn[standard]==0.30 ; python_version > '3.8'",
                Some("uvicorn"),
            ),
            ("zope.interface  # why", Some("zope-interface")),
            ("git @ https://example.org/x", Some("git")),
            ("-r base.txt", None),
            ("# flask", None),
            ("https://example.org/x.whl", None),
            ("", None),
        ] {
            assert_eq!(name_of(line).as_deref(), name, "{line}");
        }
    }

    #[test]
    fn every_kind_of_file_is_read() {
        let folder = tempfile::tempdir().unwrap();
        for (file, text) in [
            ("requirements.txt", "flask==3\n-r other.txt\n"),
            ("requirements/test.txt", "pytest\n"),
            ("requirements-dev.in", "black\n"),
            ("Pipfile", "[packages]\nSanic = '*'\n"),
            (
                "pyproject.toml",
                "[project]\ndependencies = ['fastapi[standard]>=0.1']\noptional-dependencies.test = ['httpx']\n\
                 [dependency-groups]\ndev = ['ruff', {include-group = 'x'}]\n\
                 [tool.poetry.dependencies]\npython = '^3'\nDjango = '^5'\n",
            ),
            ("setup.py", "setup(install_requires=['celery>=5'])\n"),
        ] {
            swath_test::write_file(folder.path().join(file), text);
        }
        let project = &Project::new(folder.path());
        let installed = BTreeSet::from(["gunicorn".to_owned()]);
        let found = Dependencies::of(project, &installed);
        for name in [
            "uvicorn", "flask", "pytest", "black", "sanic", "fastapi", "httpx", "ruff", "django",
            "celery",
        ] {
            assert!(found.declares(name), "{name}: {found:?}");
        }
        assert!(found.has("gunicorn") && !found.declares("gunicorn"));
        assert_eq!(found.choose(&["gunicorn", "celery"]), Some("celery"));
    }
}
