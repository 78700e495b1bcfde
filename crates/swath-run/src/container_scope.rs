//! What the agent measures in a container, where the paths of the checkout are not known: all but
//! the standard library and installed packages, and of these the checkout's own.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use swath_checkout::Walk;

use crate::request::Scope;

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

/// The agent's settings, one `key value` a line.
pub(crate) fn settings(scope: &Scope, folder: &Path) -> String {
    let mut text = format!(
        "branch {}\ncover-pylib {}\n",
        u8::from(scope.branch),
        u8::from(scope.cover_pylib)
    );
    let packages = packages(folder);
    if packages.is_empty() {
        return text;
    }
    // A source folder takes no installed packages, a source package does.
    text.push_str("source-dir /\n");
    for package in packages.keys() {
        let _ = writeln!(text, "source-pkg {package}");
    }
    if !scope.cover_pylib {
        text.push_str("omit */lib/python3.*/*.py\n");
        for package in LIBRARY {
            let _ = writeln!(text, "omit */lib/python3.*/{package}/*");
        }
    }
    text
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
            let path = folder.path().join(path);
            fs_err::create_dir_all(path.parent().unwrap()).unwrap();
            fs_err::write(path, "").unwrap();
        }
        let names: Vec<String> = packages(folder.path()).into_keys().collect();
        assert_eq!(names, ["shop", "xy"]);
        let text = settings(&Scope::default(), folder.path());
        assert!(
            text.starts_with(
                "branch 0\ncover-pylib 0\nsource-dir /\nsource-pkg shop\nsource-pkg xy\nomit "
            ),
            "{text}"
        );
        let empty = tempfile::tempdir().unwrap();
        assert_eq!(
            settings(&Scope::default(), empty.path()),
            "branch 0\ncover-pylib 0\n"
        );
    }
}
