//! What the agent measures in a container, where the paths of the checkout are not known: all but
//! the standard library and installed packages, and of these the checkout's own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use swath_checkout::Walk;
use swath_store::settings;

use crate::request::Scope;
use crate::run_folder::scope_settings;

/// How deep below the folder of the run packages are looked for.
const DEEPEST: usize = 3;
/// Folders that look like packages and are not what is installed.
const NOT_INSTALLED: [&str; 4] = ["test", "tests", "docs", "examples"];
/// The packages of the standard library, of all its versions.
const LIBRARY: [&str; 42] = [
    "__phello__",
    "_pyrepl",
    "asyncio",
    "collections",
    "compression",
    "concurrent",
    "ctypes",
    "curses",
    "dbm",
    "distutils",
    "email",
    "encodings",
    "ensurepip",
    "html",
    "http",
    "idlelib",
    "importlib",
    "json",
    "lib-dynload",
    "lib2to3",
    "logging",
    "msilib",
    "multiprocessing",
    "pathlib",
    "profiling",
    "pydoc_data",
    "re",
    "sqlite3",
    "string",
    "sysconfig",
    "test",
    "tkinter",
    "tomllib",
    "turtledemo",
    "unittest",
    "urllib",
    "venv",
    "wsgiref",
    "xml",
    "xmlrpc",
    "zipfile",
    "zoneinfo",
];

/// The agent's settings.
pub(crate) fn settings(scope: &Scope, folder: &Path) -> Vec<u8> {
    let mut file = scope_settings(scope);
    let packages = packages(folder);
    if packages.is_empty() {
        return file;
    }
    let mut add = |key, value: &str| {
        settings::write(key, value.as_bytes(), |bytes| file.extend_from_slice(bytes));
    };
    // A source folder takes no installed packages, a source package does.
    add(settings::SOURCE_FOLDER, "/");
    for package in packages.keys() {
        add(settings::SOURCE_PACKAGE, package);
    }
    if !scope.cover_pylib {
        add(settings::OMIT, "*/lib/python3.*/*.py");
        for package in LIBRARY {
            add(settings::OMIT, &format!("*/lib/python3.*/{package}/*"));
        }
    }
    file
}

/// The packages at the top of a checkout, or of a folder in it, by name.
pub(crate) fn packages(folder: &Path) -> BTreeMap<String, PathBuf> {
    let is_package = |path: &Path| path.join("__init__.py").is_file();
    Walk::new(folder)
        .deepest(DEEPEST)
        .without(&NOT_INSTALLED)
        .folders()
        .filter(|path| is_package(path))
        .filter(|path| !path.parent().is_some_and(is_package))
        .filter_map(|path| Some((path.file_name()?.to_str()?.to_owned(), path)))
        .filter(|(name, _)| name.chars().all(|c| c.is_alphanumeric() || c == '_'))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checkouts_own_packages_are_named() {
        let folder = tempfile::tempdir().unwrap();
        for path in [
            "source/xy/__init__.py",
            "source/xy/routes/__init__.py",
            "tests/__init__.py",
            ".venv/lib/other/__init__.py",
            "not-a-name/__init__.py",
            "shop/__init__.py",
        ] {
            swath_test::write_file(folder.path().join(path), "");
        }
        let names: Vec<String> = packages(folder.path()).into_keys().collect();
        assert_eq!(names, ["shop", "xy"]);
        let file = settings(&Scope::default(), folder.path());
        let values = |file: &[u8], key: &str| {
            let settings = settings::read(file);
            let found = settings.filter(|(name, _)| *name == key.as_bytes());
            let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
            found.map(|(_, value)| text(value)).collect::<Vec<_>>()
        };
        assert_eq!(values(&file, settings::BRANCH), ["0"]);
        assert_eq!(values(&file, settings::SOURCE_FOLDER), ["/"]);
        assert_eq!(values(&file, settings::SOURCE_PACKAGE), ["shop", "xy"]);
        assert!(values(&file, settings::OMIT).len() > LIBRARY.len());
        let empty = tempfile::tempdir().unwrap();
        let file = settings(&Scope::default(), empty.path());
        assert_eq!(settings::read(&file).count(), 2);
    }
}
