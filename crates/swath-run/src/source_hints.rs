//! Hints that save a first try: what the settings leave out or let in by mistake.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use swath_checkout::Walk;
use swath_model::Finding;
use swath_pattern::Directory;

mod compiled;

pub(crate) use compiled::compiled_modules;

/// Folders whose modules were made from the project's.
const NOT_MODULES: [&str; 4] = ["build", "dist", "target", "venv"];
/// More files than this are not looked at: a hint is not worth a long wait.
const MOST_ENTRIES: usize = 20_000;

/// Modules that nobody imported, when no `source` says that they count. They are looked for below
/// the folder of what was measured, wherever swath was started.
pub(crate) fn never_imported(folder: &Path, measured: &BTreeSet<PathBuf>) -> Option<Finding> {
    let here = measured
        .iter()
        .filter(|path| path.starts_with(folder))
        .collect::<Vec<_>>();
    let root = here.first().map(|first| common_root(first, &here))?;
    // Started inside a package, the folder that should be named lies above.
    let searched = if root.starts_with(folder) {
        folder
    } else {
        &root
    };
    let missed = modules_under(searched)
        .filter(|path| !measured.contains(path) && !is_test(path) && !is_empty(path))
        .collect::<Vec<_>>();
    let example = missed.first()?;
    let source = match root.strip_prefix(folder) {
        Ok(inside) if inside.as_os_str().is_empty() => ".".to_owned(),
        Ok(inside) => inside.display().to_string(),
        Err(_) => root.display().to_string(),
    };
    let shown = example.strip_prefix(folder).unwrap_or(example);
    Some(Finding::SourceNotSet {
        modules: missed.len(),
        example: shown.display().to_string(),
        source,
    })
}

/// Test files that count at 0 % because `source` holds them.
pub(crate) fn tests_in_source<'a>(
    unexecuted: impl IntoIterator<Item = &'a Path>,
    directory: &Directory,
) -> Option<Finding> {
    let tests = unexecuted
        .into_iter()
        .filter(|path| {
            let file = directory.absolute(&path.to_string_lossy());
            is_test(path) && holds_tests(Path::new(&file))
        })
        .collect::<Vec<_>>();
    let first = tests.first()?;
    let folder = first
        .ancestors()
        .filter_map(Path::file_name)
        .map(|name| name.to_string_lossy().into_owned())
        .find(|name| name == "test" || name == "tests");
    Some(Finding::TestsInSource {
        files: tests.len(),
        first: first.display().to_string(),
        pattern: folder.map_or_else(|| "*/test_*.py".to_owned(), |name| format!("*/{name}/*")),
    })
}

/// Whether a file that lies among tests is one of them: by its name, or by what it defines. A
/// package may have a folder `test` of its own, as a framework's test client has.
fn holds_tests(file: &Path) -> bool {
    let name = file
        .file_name()
        .map(|name| name.to_string_lossy().into_owned());
    if name.is_some_and(|name| is_test_name(&name)) {
        return true;
    }
    let text = swath_checkout::read_source(file).unwrap_or_default();
    String::from_utf8_lossy(&text).lines().any(|line| {
        let line = line.trim_start();
        let line = line.strip_prefix("async ").unwrap_or(line);
        line.starts_with("def test_")
            || line
                .strip_prefix("class ")
                .is_some_and(|class| class.starts_with("Test") && class.contains("TestCase)"))
    })
}

fn is_test_name(name: &str) -> bool {
    name == "conftest.py" || name.starts_with("test_") || name.ends_with("_test.py")
}

/// The name of a folder or package of the checkout that is most like a word of `source`.
pub(crate) fn nearest_source(word: &str, folder: &Path) -> Option<String> {
    const CLOSE: f64 = 0.8;
    let modules: Vec<PathBuf> = modules_under(folder).collect();
    let names = modules
        .iter()
        .filter_map(|path| path.strip_prefix(folder).ok())
        .flat_map(|path| {
            path.components()
                .map(|part| part.as_os_str().to_string_lossy().into_owned())
                .collect::<Vec<_>>()
        })
        .map(|name| name.strip_suffix(".py").unwrap_or(&name).to_owned())
        .collect::<BTreeSet<_>>();
    names
        .into_iter()
        .filter(|name| name != word)
        .map(|name| (strsim::jaro_winkler(word, &name), name))
        .filter(|(likeness, _)| *likeness >= CLOSE)
        .max_by(|one, other| one.0.total_cmp(&other.0))
        .map(|(_, name)| name)
}

/// Whether a file has nothing to run: nobody can tell whether it was imported.
fn is_empty(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|file| file.len() == 0)
}

/// Whether a file belongs to the tests by its name or folder.
pub(crate) fn is_test(path: &Path) -> bool {
    let name = path
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    is_test_name(&name)
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

/// Modules of the checkout's own; what builds it is none.
fn modules_under(folder: &Path) -> impl Iterator<Item = PathBuf> {
    Walk::new(folder)
        .without(&NOT_MODULES)
        .at_most(MOST_ENTRIES)
        .sources()
        .filter(|path| path.extension().is_some_and(|extension| extension == "py"))
        .filter(|path| !path.ends_with("setup.py"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn project(files: &[&str]) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        for file in files {
            swath_test::write_file(root.join(file), "x = 1\n");
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
        let text = never_imported(&root, &measured).unwrap().message();
        let text = format!("{} {:?}", text.text, text.hint);
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
        let here = Directory::new(Path::new("/gone"));
        let text = tests_in_source(paths.iter().map(PathBuf::as_path), &here)
            .unwrap()
            .message();
        let text = format!("{} {:?}", text.text, text.hint);
        assert!(text.contains("1 test file counts at 0 %"), "{text}");
        assert!(text.contains("`*/tests/*`"), "{text}");
        assert_eq!(tests_in_source([Path::new("a.py")], &here), None);
    }

    #[test]
    fn a_packages_own_folder_test_is_no_test() {
        let (_folder, root) = project(&["web/test/client.py", "web/test/cases.py"]);
        let case = "class TestClient(TestCase):\n    def test_x(self):\n        pass\n";
        fs_err::write(root.join("web/test/cases.py"), case).unwrap();
        let here = Directory::new(&root);
        let client = [Path::new("web/test/client.py")];
        assert_eq!(tests_in_source(client, &here), None);
        let cases = [Path::new("web/test/cases.py")];
        assert!(tests_in_source(cases, &here).is_some());
    }

    #[test]
    fn started_inside_a_package_the_folder_above_is_named() {
        let (_folder, root) = project(&[
            "src/shop/__init__.py",
            "src/shop/app.py",
            "src/shop/legacy.py",
        ]);
        let package = root.join("src/shop");
        let measured = ["__init__.py", "app.py"]
            .iter()
            .map(|file| package.join(file));
        let found = never_imported(&package, &measured.collect());
        let Some(Finding::SourceNotSet {
            example, source, ..
        }) = found
        else {
            panic!("{found:?}");
        };
        assert_eq!(example, "legacy.py");
        assert_eq!(PathBuf::from(source), root.join("src"));
    }

    #[test]
    fn a_slip_in_source_names_what_was_meant() {
        let (_folder, root) = project(&["shop/__init__.py", "other/a.py"]);
        assert_eq!(nearest_source("shopp", &root).as_deref(), Some("shop"));
        assert_eq!(nearest_source("quite", &root), None);
    }
}
