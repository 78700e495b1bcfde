//! A project that is installed as well: what a process imports from `site-packages` is the
//! checkout's own code where the text is the same.

use std::collections::BTreeMap;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use swath_checkout::{Links, Walk, read_regular};
use swath_data::{SourceHash, StoredProcess};
use swath_scope::{INSTALL_FOLDERS, installed_part};

use crate::request::Scope;

/// A source that is longer, in bytes, is none of the project's.
const LONGEST: u64 = 64 << 20;

/// How deep below a folder packages are looked for.
const DEEPEST: usize = 3;
/// Folders that look like packages and are not what is installed.
const NOT_INSTALLED: [&str; 4] = ["test", "tests", "docs", "examples"];

/// The packages of a checkout, by their importable names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct OwnPackages(BTreeMap<String, PathBuf>);

impl OwnPackages {
    /// Those that a scope names by its folders; those of `folder` where it names nothing.
    pub(crate) fn of(scope: &Scope, folder: &Path) -> OwnPackages {
        let names_sources = !scope.source_folders.is_empty() || !scope.source_packages.is_empty();
        if !names_sources && scope.include.is_empty() {
            return OwnPackages::in_folder(folder);
        }
        let mut own = BTreeMap::new();
        for folder in &scope.source_folders {
            match package_of(folder) {
                Some(name) => {
                    own.insert(name, folder.clone());
                }
                None => own.extend(packages(folder)),
            }
        }
        OwnPackages(own)
    }

    /// Those at the top of a folder, or of a folder in it.
    pub(crate) fn in_folder(folder: &Path) -> OwnPackages {
        OwnPackages(packages(folder))
    }

    /// As they lie below a folder that packages are installed into: `shop/web`.
    pub(crate) fn paths(&self) -> impl Iterator<Item = String> {
        self.0.keys().map(|name| name.replace('.', "/"))
    }

    /// Gives the files of installed copies their paths in the checkout, also where the text is
    /// another one: that they are stale is said of them as of every other file. Packages of others
    /// that happen to have the same name are left out.
    pub(crate) fn take_home(&self, scope: &Scope, processes: &mut [StoredProcess]) {
        let mut known: BTreeMap<String, bool> = BTreeMap::new();
        for process in processes {
            process.files.retain_mut(|file| {
                let Some(copy) = self.copy_of(&file.path) else {
                    return true;
                };
                // What is named as it is installed is meant as it is.
                let is_named = scope.source_packages.iter().any(|name| *name == copy.name)
                    || scope.source_folders.iter().any(|folder| {
                        is_installed(folder) && Path::new(&file.path).starts_with(folder)
                    });
                if is_named {
                    return true;
                }
                let is_own = *known
                    .entry(copy.installed.clone())
                    .or_insert_with(|| is_copy(Path::new(&copy.installed), copy.folder));
                if is_own && copy.here.is_file() {
                    let here = copy.here.to_string_lossy().into_owned();
                    Arc::make_mut(file).path = here;
                }
                is_own
            });
        }
    }

    fn copy_of(&self, path: &str) -> Option<Copy<'_>> {
        let part = installed_part(path.as_bytes())?;
        let (site, rest) = path.split_at_checked(path.len() - part.len())?;
        self.0.iter().find_map(|(name, folder)| {
            let inside = name.replace('.', "/");
            let rest = rest.strip_prefix(&inside)?.strip_prefix('/')?;
            Some(Copy {
                name,
                folder,
                installed: format!("{site}{inside}"),
                here: folder.join(rest),
            })
        })
    }
}

fn is_installed(folder: &Path) -> bool {
    let part =
        |part: std::path::Component<'_>| INSTALL_FOLDERS.contains(&part.as_os_str().as_bytes());
    folder.components().any(part)
}

/// A file of an installed package.
struct Copy<'a> {
    name: &'a str,
    /// The package in the checkout.
    folder: &'a Path,
    /// The package where it is installed.
    installed: String,
    /// The file in the checkout, if there is one.
    here: PathBuf,
}

/// The packages at the top of a folder, or of a folder in it, by name.
fn packages(folder: &Path) -> BTreeMap<String, PathBuf> {
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

/// The importable name of a folder that is a package.
fn package_of(folder: &Path) -> Option<String> {
    let is_package = |folder: &Path| folder.join("__init__.py").is_file();
    if !is_package(folder) {
        return None;
    }
    let mut parts = Vec::new();
    let mut open = Some(folder);
    while let Some(folder) = open.filter(|folder| is_package(folder)) {
        parts.push(folder.file_name()?.to_str()?.to_owned());
        open = folder.parent();
    }
    parts.reverse();
    Some(parts.join("."))
}

/// Whether an installed package is a copy of the one in the checkout: one of its files that say
/// something has the same text here, or its installer says that it came from here.
fn is_copy(installed: &Path, folder: &Path) -> bool {
    let text = |path: &Path| {
        let text = read_regular(path, Links::Follow, LONGEST).ok()?;
        let says_something = text.iter().any(|byte| !byte.is_ascii_whitespace());
        says_something.then(|| SourceHash::of(&text))
    };
    let sources = Walk::new(folder).sources();
    let mut pairs = sources.filter_map(|here| {
        let rest = here.strip_prefix(folder).ok()?.to_owned();
        Some((here, installed.join(rest)))
    });
    pairs.any(|(here, there)| text(&here).is_some_and(|hash| text(&there) == Some(hash)))
        || came_from(installed, folder)
}

/// Whether a distribution beside the package was installed from a folder above the checkout's one.
fn came_from(installed: &Path, folder: &Path) -> bool {
    const ORIGIN: u64 = 64 << 10;
    let Some(entries) = installed
        .parent()
        .and_then(|site| std::fs::read_dir(site).ok())
    else {
        return false;
    };
    let is_distribution = |path: &PathBuf| path.extension().is_some_and(|e| e == "dist-info");
    entries
        .flatten()
        .map(|entry| entry.path())
        .filter(is_distribution)
        .filter_map(|path| read_regular(&path.join("direct_url.json"), Links::Follow, ORIGIN).ok())
        .filter_map(|text| serde_json::from_slice::<serde_json::Value>(&text).ok())
        .filter_map(|origin| Some(origin["url"].as_str()?.strip_prefix("file://")?.to_owned()))
        .any(|origin| folder.starts_with(&origin))
}

#[cfg(test)]
mod tests {
    use swath_data::StoredFile;

    use super::*;

    struct Fixture(tempfile::TempDir);

    impl Fixture {
        fn new(files: &[(&str, &str)]) -> Fixture {
            let folder = tempfile::tempdir().unwrap();
            for (path, text) in files {
                swath_test::write_file(folder.path().join(path), text);
            }
            Fixture(folder)
        }

        fn path(&self, path: &str) -> String {
            self.0.path().join(path).to_str().unwrap().to_owned()
        }

        /// Where the files of a process are taken to be.
        fn taken(&self, source: &str, files: &[&str]) -> Vec<String> {
            let scope = Scope {
                source_folders: vec![fs_err::canonicalize(self.path(source)).unwrap()],
                ..Scope::default()
            };
            let files = files.iter().map(|path| {
                Arc::new(StoredFile {
                    path: self.path(path),
                    ..StoredFile::default()
                })
            });
            let mut process = StoredProcess {
                files: files.collect(),
                ..StoredProcess::default()
            };
            OwnPackages::of(&scope, self.0.path())
                .take_home(&scope, std::slice::from_mut(&mut process));
            let root = format!("{}/", self.0.path().display());
            let paths = process
                .files
                .iter()
                .map(|file| file.path.replacen(&root, "", 1));
            paths.collect()
        }
    }

    const SITE: &str = "venv/lib/python3.12/site-packages";

    #[test]
    fn an_installed_copy_is_the_checkouts() {
        let files = [
            ("shop/__init__.py", ""),
            ("shop/app.py", "a = 1\n"),
            ("shop/old.py", "new = 1\n"),
            (&format!("{SITE}/shop/__init__.py"), ""),
            (&format!("{SITE}/shop/app.py"), "a = 1\n"),
            (&format!("{SITE}/shop/old.py"), "old = 1\n"),
            (&format!("{SITE}/shop/_version.py"), "v = 1\n"),
        ];
        let fixture = Fixture::new(&files);
        let installed = ["app", "old", "_version"].map(|name| format!("{SITE}/shop/{name}.py"));
        let installed = installed.each_ref().map(String::as_str);
        for source in ["shop", "."] {
            assert_eq!(
                fixture.taken(source, &installed),
                ["shop/app.py", "shop/old.py", installed[2]],
                "{source}"
            );
        }
        assert_eq!(
            fixture.taken("shop", &["shop/app.py", "x.py"]),
            ["shop/app.py", "x.py"]
        );
    }

    #[test]
    fn a_package_of_somebody_elses_with_the_same_name_is_not() {
        let files = [
            ("src/config/__init__.py", "mine = 1\n"),
            (&format!("{SITE}/config/__init__.py"), "theirs = 1\n"),
        ];
        let fixture = Fixture::new(&files);
        let installed = format!("{SITE}/config/__init__.py");
        assert!(fixture.taken("src", &[&installed]).is_empty());
        // Unless it was installed from here, and everything was changed since.
        let info = fixture.path(&format!("{SITE}/config-1.dist-info/direct_url.json"));
        let origin = format!("{{\"url\": \"file://{}\"}}", fixture.0.path().display());
        swath_test::write_file(info, origin);
        assert_eq!(
            fixture.taken("src", &[&installed]),
            ["src/config/__init__.py"]
        );
    }

    #[test]
    fn a_folder_inside_a_package_has_a_name_with_dots() {
        let fixture = Fixture::new(&[("shop/__init__.py", ""), ("shop/web/__init__.py", "")]);
        let scope = Scope {
            source_folders: vec![PathBuf::from(fixture.path("shop/web"))],
            ..Scope::default()
        };
        let own = OwnPackages::of(&scope, fixture.0.path());
        assert_eq!(own.paths().collect::<Vec<_>>(), ["shop/web"]);
    }

    #[test]
    fn without_sources_the_checkouts_own_packages_count() {
        let fixture = Fixture::new(&[
            ("source/xy/__init__.py", ""),
            ("source/xy/routes/__init__.py", ""),
            ("tests/__init__.py", ""),
            (".venv/lib/other/__init__.py", ""),
            ("not-a-name/__init__.py", ""),
            ("shop/__init__.py", ""),
        ]);
        let own = |scope: &Scope| OwnPackages::of(scope, fixture.0.path());
        let all = own(&Scope::default());
        assert_eq!(all.paths().collect::<Vec<_>>(), ["shop", "xy"]);
        assert_eq!(all, OwnPackages::in_folder(fixture.0.path()));
        let include = Scope {
            include: vec!["*/shop/*".to_owned()],
            ..Scope::default()
        };
        assert_eq!(own(&include), OwnPackages::default());
    }
}
