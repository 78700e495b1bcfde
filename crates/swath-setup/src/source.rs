//! What of a checkout is the service's own source.

use std::collections::BTreeSet;

use swath_checkout::importable_files;

use crate::project::{Project, is_aside, is_test, is_test_folder};

/// The folders to measure, and what in them is no part of the service, in coverage.py's words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Source {
    pub(crate) folders: Vec<String>,
    pub(crate) omit: Vec<String>,
}

/// The source of a project whose application is imported from `import_root` (empty for the project itself), as the
/// module `module` if it is known.
pub(crate) fn source(project: &Project, import_root: &str, module: Option<&str>) -> Source {
    let folders = if !import_root.is_empty() {
        vec![import_root.to_owned()]
    } else if module.is_none() && has_sources(project, "src") {
        vec!["src".to_owned()]
    } else {
        at_the_top(project, module)
    };
    let omit = folders.iter().flat_map(|folder| tests_in(project, folder));
    Source {
        omit: omit.collect::<BTreeSet<_>>().into_iter().collect(),
        folders,
    }
}

fn has_sources(project: &Project, folder: &str) -> bool {
    let inside = format!("{folder}/");
    project
        .source_paths()
        .iter()
        .any(|path| path.starts_with(&inside))
}

/// Packages beside each other, or else the whole folder.
fn at_the_top(project: &Project, module: Option<&str>) -> Vec<String> {
    let names = project.names_in("").into_iter();
    let mut packages: Vec<String> = names
        .filter(|name| {
            let init = format!("{name}/__init__.py");
            !name.starts_with('.') && !is_aside(&init) && project.has_file(&init)
        })
        .collect();
    let first = module.and_then(|module| module.split('.').next());
    if let Some(first) = first {
        if project.has_file(&format!("{first}.py")) && module == Some(first) {
            // A module at the top, with whatever packages there are beside it.
            return vec![".".to_owned()];
        }
        if !packages.iter().any(|package| package == first) && project.has_folder(first) {
            packages.push(first.to_owned());
            packages.sort();
        }
    }
    if packages.is_empty() {
        let has_modules = project
            .source_paths()
            .iter()
            .any(|path| !path.contains('/') && !is_aside(path));
        return if has_modules {
            vec![".".to_owned()]
        } else {
            Vec::new()
        };
    }
    packages
}

/// Patterns for the tests in a folder that would count as never run.
fn tests_in(project: &Project, folder: &str) -> BTreeSet<String> {
    let root = project.root().join(folder);
    let files = importable_files(&root, false).into_iter();
    let files = files.filter_map(|path| {
        let path = std::path::Path::new(&path).strip_prefix(&root).ok()?;
        Some(path.to_str()?.to_owned())
    });
    files.filter_map(|path| pattern(folder, &path)).collect()
}

/// The pattern that leaves out a test, of a whole folder where it lies in one; and what only installs the project.
fn pattern(folder: &str, path: &str) -> Option<String> {
    let is_top = folder == ".";
    if is_top && !path.contains('/') && is_aside(path) && !is_test(path) {
        return Some(path.to_owned());
    }
    if !is_test(path) {
        return None;
    }
    let parts: Vec<&str> = path.split('/').collect();
    let (file, folders) = parts.split_last()?;
    let start = if is_top && folders.is_empty() {
        ""
    } else {
        "*/"
    };
    let test_folder = folders.iter().position(|part| is_test_folder(part));
    Some(match test_folder {
        Some(0) if is_top => format!("{}/*", folders[0]),
        Some(at) => format!("*/{}/*", folders[at]),
        None if file.starts_with("test_") => format!("{start}test_*.py"),
        None if file.ends_with("_test.py") => format!("{start}*_test.py"),
        None => format!("{start}{file}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(files: &[&str], root: &str, module: Option<&str>) -> (Vec<String>, Vec<String>) {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            swath_test::write_file(folder.path().join(file), "");
        }
        let source = source(&Project::new(folder.path()), root, module);
        (source.folders, source.omit)
    }

    #[test]
    fn the_service_is_measured_and_its_tests_are_not() {
        for (files, root, module, folders, omit) in [
            (
                &["src/shop/__init__.py", "src/shop/a.py"][..],
                "src",
                Some("shop"),
                &["src"][..],
                &[][..],
            ),
            (
                &[
                    "app.py",
                    "conftest.py",
                    "tests/__init__.py",
                    "tests/test_a.py",
                    "setup.py",
                    "app_test.py",
                ],
                "",
                Some("app"),
                &["."],
                &["*_test.py", "conftest.py", "setup.py", "tests/*"],
            ),
            (
                &[
                    "shop/__init__.py",
                    "shop/tests/__init__.py",
                    "shop/tests/test_a.py",
                    "tests/__init__.py",
                ],
                "",
                Some("shop"),
                &["shop"],
                &["*/tests/*"],
            ),
            (
                &[
                    "site/__init__.py",
                    "polls/__init__.py",
                    "polls/tests.py",
                    "manage.py",
                ],
                "",
                Some("site.wsgi"),
                &["polls", "site"],
                &["*/tests.py"],
            ),
            // What a package of the service is called says nothing.
            (
                &["app/__init__.py", "app/tasks.py", "app/tools/__init__.py"],
                "",
                Some("app"),
                &["app"],
                &[],
            ),
            (&["app/main.py"], "", Some("app.main"), &["app"], &[]),
            (
                &["backend/main.py", "backend/db.py"],
                "backend",
                Some("main"),
                &["backend"],
                &[],
            ),
            (&["src/shop/a.py"], "", None, &["src"], &[]),
            (&["README.md"], "", None, &[], &[]),
        ] {
            let expected = |texts: &[&str]| {
                texts
                    .iter()
                    .map(|&text| text.to_owned())
                    .collect::<Vec<_>>()
            };
            assert_eq!(
                found(files, root, module),
                (expected(folders), expected(omit)),
                "{files:?}"
            );
        }
    }
}
