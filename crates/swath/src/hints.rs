//! Hints that save a first try: what the settings leave out or let in by mistake.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use swath_config::CoverageConfig;

use crate::diagnostic::Diagnostic;
use crate::progress::count;

/// Folders that hold no modules of the project.
const FOREIGN_FOLDERS: [&str; 8] = [
    "node_modules",
    "site-packages",
    "dist-packages",
    "build",
    "dist",
    "target",
    "venv",
    "__pycache__",
];
/// More files than this are not looked at: a hint is not worth a long wait.
const MOST_ENTRIES: usize = 20_000;

/// That contexts are to change while the program runs, which swath does not do.
pub(crate) fn dynamic_context_without_effect(config: &CoverageConfig) -> Option<Diagnostic> {
    let dynamic = config.dynamic_context.as_deref()?;
    (dynamic != "none").then(|| {
        Diagnostic::warning(
            "dynamic-context-without-effect",
            format!(
                "`dynamic_context = {dynamic}` has no effect: all that is recorded gets one context"
            ),
        )
    })
}

/// Whether `include` has no effect because `source` says what is measured.
pub(crate) fn include_is_ignored(config: &CoverageConfig) -> bool {
    let has_source = config
        .source
        .as_ref()
        .is_some_and(|source| !source.is_empty())
        || !config.source_dirs.is_empty()
        || !config.source_pkgs.is_empty();
    has_source && !config.run_include.is_empty()
}

/// Modules under `folder` that nobody imported, when no `source` says that they count.
pub(crate) fn never_imported(folder: &Path, measured: &BTreeSet<PathBuf>) -> Option<Diagnostic> {
    let here = measured
        .iter()
        .filter(|path| path.starts_with(folder))
        .collect::<Vec<_>>();
    let root = here.first().map(|first| common_root(first, &here))?;
    let root = root.strip_prefix(folder).ok()?;
    let missed = modules_under(folder)
        .into_iter()
        .filter(|path| !measured.contains(path) && !is_test(path) && !is_empty(path))
        .count();
    if missed == 0 {
        return None;
    }
    let source = if root.as_os_str().is_empty() {
        Path::new(".")
    } else {
        root
    };
    let (module, were) = if missed == 1 {
        ("module", "was")
    } else {
        ("modules", "were")
    };
    Some(
        Diagnostic::warning(
            "source-not-set",
            format!("`source` is not set: {missed} {module} here {were} never imported and {were} not counted"),
        )
        .hint(format!("swath run --source {} …, or `source = {}` under `[run]` in .coveragerc", source.display(), source.display())),
    )
}

/// Test files that count at 0 % because `source` holds them.
pub(crate) fn tests_in_source<'a>(
    unexecuted: impl IntoIterator<Item = &'a Path>,
) -> Option<Diagnostic> {
    let tests = unexecuted
        .into_iter()
        .filter(|path| is_test(path))
        .collect::<Vec<_>>();
    let first = tests.first()?;
    let folder = first
        .ancestors()
        .filter_map(Path::file_name)
        .map(|name| name.to_string_lossy().into_owned())
        .find(|name| name == "test" || name == "tests");
    let pattern = folder.map_or_else(|| "*/test_*.py".to_owned(), |name| format!("*/{name}/*"));
    Some(
        Diagnostic::warning(
            "tests-in-source",
            format!(
                "{} at 0 % because `source` holds them, `{}` first",
                counted(tests.len()),
                first.display()
            ),
        )
        .hint(format!(
            "add `{pattern}` to `omit` under `[run]` in .coveragerc"
        )),
    )
}

fn counted(number: usize) -> String {
    let verb = if number == 1 { "counts" } else { "count" };
    format!("{} {verb}", count(number, "test file"))
}

/// Whether a file has nothing to run: nobody can tell whether it was imported.
fn is_empty(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|file| file.len() == 0)
}

/// Whether a file belongs to the tests by its name or folder.
fn is_test(path: &Path) -> bool {
    let name = path
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    name == "conftest.py"
        || name.starts_with("test_")
        || name.ends_with("_test.py")
        || path
            .components()
            .any(|part| part.as_os_str() == "tests" || part.as_os_str() == "test")
}

/// The deepest folder that holds all files and is no package: what `source` should name.
fn common_root(first: &Path, all: &[&PathBuf]) -> PathBuf {
    first
        .ancestors()
        .skip(1)
        .find(|folder| {
            all.iter().all(|path| path.starts_with(folder)) && !folder.join("__init__.py").exists()
        })
        .unwrap_or(first)
        .to_owned()
}

/// Python knows modules by `.py`, in lower case.
fn is_module(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "py") && !path.ends_with("setup.py")
}

fn modules_under(folder: &Path) -> Vec<PathBuf> {
    let mut modules = Vec::new();
    let mut open = vec![folder.to_owned()];
    let mut looked_at = 0;
    while let Some(folder) = open.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else {
            continue;
        };
        for entry in entries.flatten() {
            looked_at += 1;
            if looked_at > MOST_ENTRIES {
                return modules;
            }
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = entry.path();
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => {
                    let foreign = name.starts_with('.') || FOREIGN_FOLDERS.contains(&name.as_str());
                    if !foreign && !path.join("pyvenv.cfg").exists() {
                        open.push(path);
                    }
                }
                Ok(kind) if kind.is_file() && is_module(&path) => modules.push(path),
                _ => {}
            }
        }
    }
    modules
}

#[cfg(test)]
mod tests {
    use super::*;

    fn project(files: &[&str]) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        for file in files {
            let path = root.join(file);
            fs_err::create_dir_all(path.parent().unwrap()).unwrap();
            fs_err::write(path, "x = 1\n").unwrap();
        }
        (folder, root)
    }

    #[test]
    fn modules_that_nobody_imported_are_counted_and_their_root_is_named() {
        let (_folder, root) = project(&[
            "src/app/__init__.py",
            "src/app/a.py",
            "src/app/b.py",
            "tests/test_a.py",
            ".venv/x.py",
            "env/pyvenv.cfg",
            "env/y.py",
        ]);
        let measured = ["src/app/__init__.py", "src/app/a.py"]
            .iter()
            .map(|file| root.join(file))
            .collect();
        let text = never_imported(&root, &measured).unwrap().render();
        assert!(text.contains("1 module here was never imported"), "{text}");
        assert!(text.contains("--source src"), "{text}");
    }

    #[test]
    fn nothing_is_said_when_everything_was_imported() {
        let (_folder, root) = project(&["a.py"]);
        assert_eq!(never_imported(&root, &[root.join("a.py")].into()), None);
        assert_eq!(never_imported(&root, &BTreeSet::new()), None);
    }

    #[test]
    fn tests_that_count_are_named_with_the_pattern_that_leaves_them_out() {
        let paths = [
            PathBuf::from("src/app/tests/test_x.py"),
            PathBuf::from("src/app/a.py"),
        ];
        let text = tests_in_source(paths.iter().map(PathBuf::as_path))
            .unwrap()
            .render();
        assert!(text.contains("1 test file counts at 0 %"), "{text}");
        assert!(text.contains("`*/tests/*`"), "{text}");
        assert_eq!(tests_in_source([Path::new("a.py")]), None);
    }
}
