//! Files that could have run and did not: what counts at 0 %.

use std::collections::BTreeMap;
use std::path::Path;

use swath_checkout::importable_files;
use swath_config::CoverageConfig;
use swath_data::{CoverageData, StoredFile};
use swath_pattern::{Directory, GlobError, Globs, prepare_globs};

/// A source setting that finds nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// `source_dirs` names something else.
    #[error("Source dir is not a directory: {}", swath_pattern::python_repr(path))]
    NotADirectory {
        /// What it names.
        path: String,
    },
    /// The whole file system.
    #[error(
        "Source dir can't be a file system root: {}",
        swath_pattern::python_repr(path)
    )]
    Root {
        /// What it names.
        path: String,
    },
    /// A pattern of `omit` is no pattern.
    #[error(transparent)]
    Glob(#[from] GlobError),
}

/// What touching the unexecuted files found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Touched {
    /// The files that are in the data only because they lie under a source folder.
    pub files: Vec<String>,
    /// The packages of `source` that no process imported.
    pub never_imported: Vec<String>,
}

/// The packages of `source` that processes recorded: the folder of each whose own code ran.
pub type RecordedPackages = BTreeMap<String, Option<String>>;

/// The packages of `source` that the files of processes belong to. A package lies where its own code ran,
/// whatever that folder is called; a namespace package has no such code.
pub fn recorded_packages<'a>(files: impl Iterator<Item = &'a StoredFile>) -> RecordedPackages {
    let mut packages = RecordedPackages::new();
    for file in files {
        let Some(package) = &file.package else {
            continue;
        };
        let folder = packages.entry(package.name.clone()).or_default();
        if package.is_itself && folder.is_none() {
            *folder = file.path.strip_suffix("/__init__.py").map(str::to_owned);
        }
    }
    packages
}

/// Adds the files under the folders and packages of `source` to the data, with nothing recorded.
///
/// A package is looked for where its modules ran: one that no process imported gives no files.
pub fn touch_unexecuted(
    data: &mut CoverageData,
    config: &CoverageConfig,
    directory: &Directory,
    recorded: &RecordedPackages,
) -> Result<Touched, SourceError> {
    let mut touched = Touched::default();
    let omit = Globs::new(prepare_globs(&config.run_omit, directory))?;
    let mut folders = Vec::new();
    let mut packages: Vec<&String> = config.source_pkgs.iter().collect();
    for source in config.source.iter().flatten() {
        if Path::new(&directory.absolute(source)).is_dir() {
            folders.push(source);
        } else {
            packages.push(source);
        }
    }
    folders.extend(&config.source_dirs);
    let mut roots = Vec::new();
    for source in folders {
        let folder = directory.absolute(source);
        let path = source.clone();
        if !Path::new(&folder).is_dir() {
            return Err(SourceError::NotADirectory { path });
        }
        if folder == "/" {
            return Err(SourceError::Root { path });
        }
        roots.push(folder);
    }
    for package in packages {
        match measured_package(data, package, recorded) {
            Measured::Package(folder) => roots.push(directory.absolute(&folder)),
            Measured::Module => {}
            Measured::Never => touched.never_imported.push(package.clone()),
        }
    }
    for root in roots {
        for path in importable_files(Path::new(&root), config.include_namespace_packages) {
            let path = directory.absolute(&path);
            if omit.is_match(&path) {
                continue;
            }
            let path = if config.relative_files {
                directory.relative(&path)
            } else {
                &path
            };
            if data.file(path).is_none() {
                data.touch(path);
                touched.files.push(path.to_owned());
            }
        }
    }
    Ok(touched)
}

/// The entries of `source` that exist, as the Cobertura report lists them.
pub fn existing_sources(config: &CoverageConfig, directory: &Directory) -> Vec<String> {
    let mut paths = Vec::new();
    for source in config.source.iter().flatten() {
        let path = directory.absolute(source);
        if Path::new(&path).exists() {
            paths.push(if config.relative_files {
                source.trim_end_matches(['\\', '/']).to_owned()
            } else {
                path
            });
        }
    }
    paths
}

enum Measured {
    /// The folder of a package that was imported.
    Package(String),
    /// A module of that name, or modules of a namespace package, ran: no folder to look into.
    Module,
    Never,
}

/// As it was recorded; where nothing was, by the paths of what ran.
fn measured_package(data: &CoverageData, package: &str, recorded: &RecordedPackages) -> Measured {
    let mut found = match recorded.get(package) {
        Some(Some(folder)) => return Measured::Package(folder.clone()),
        Some(None) => Measured::Module,
        None => Measured::Never,
    };
    let stem = format!("/{}", package.replace('.', "/"));
    for (path, _) in data.files() {
        let rooted = format!("/{path}");
        if let Some(folder) = rooted.strip_suffix("/__init__.py")
            && folder.ends_with(&stem)
        {
            return Measured::Package(folder[1..].to_owned());
        }
        if rooted.ends_with(&format!("{stem}.py")) || rooted.contains(&format!("{stem}/")) {
            found = Measured::Module;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use swath_data::{Mode, SourcePackage};

    use super::*;

    fn tree(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            swath_test::write_file(folder.path().join(file), "x = 1\n");
        }
        folder
    }

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|&text| text.to_owned()).collect()
    }

    fn touched(folder: &Path, source: &[&str], omit: &[&str], namespaces: bool) -> Vec<String> {
        let config = CoverageConfig {
            source: Some(texts(source)),
            run_omit: texts(omit),
            include_namespace_packages: namespaces,
            relative_files: true,
            ..CoverageConfig::default()
        };
        let mut data = CoverageData::new(Mode::Lines);
        let directory = Directory::new(folder);
        touch_unexecuted(&mut data, &config, &directory, &RecordedPackages::new())
            .unwrap()
            .files
    }

    #[test]
    fn only_importable_files_are_found() {
        let folder = tree(&[
            "a.py",
            "b.pyw",
            "no.txt",
            "x.y.py",
            "p/__init__.py",
            "p/m.py",
            "q/m.py",
            "p/q/n.py",
        ]);
        assert_eq!(
            touched(folder.path(), &["."], &[], false),
            ["a.py", "b.pyw", "p/__init__.py", "p/m.py"]
        );
        assert_eq!(touched(folder.path(), &["q"], &[], false), ["q/m.py"]);
        let all = [
            "a.py",
            "b.pyw",
            "p/__init__.py",
            "p/m.py",
            "p/q/n.py",
            "q/m.py",
        ];
        assert_eq!(touched(folder.path(), &["."], &[], true), all);
    }

    #[test]
    fn omitted_files_stay_out() {
        let folder = tree(&["a.py", "p/__init__.py", "p/m.py"]);
        assert_eq!(touched(folder.path(), &["."], &["p/*"], false), ["a.py"]);
    }

    #[test]
    fn packages_are_found_where_they_ran() {
        let folder = tree(&["lib/shop/__init__.py", "lib/shop/cart.py"]);
        let directory = Directory::new(folder.path());
        let mut data = CoverageData::new(Mode::Lines);
        data.touch(&directory.absolute("lib/shop/__init__.py"));
        let config = CoverageConfig {
            source: Some(texts(&["shop", "never"])),
            ..CoverageConfig::default()
        };
        let none = RecordedPackages::new();
        let touched = touch_unexecuted(&mut data, &config, &directory, &none).unwrap();
        assert_eq!(touched.files, [directory.absolute("lib/shop/cart.py")]);
        assert_eq!(touched.never_imported, ["never"]);
    }

    #[test]
    fn a_package_lies_where_its_own_code_ran() {
        let folder = tree(&["lib/code/__init__.py", "lib/code/cart.py", "lib/one.py"]);
        let directory = Directory::new(folder.path());
        let mut data = CoverageData::new(Mode::Lines);
        let ran = |path: &str, name: &str, is_itself| StoredFile {
            path: directory.absolute(path),
            package: Some(SourcePackage {
                name: name.to_owned(),
                is_itself,
            }),
            ..StoredFile::default()
        };
        let files = [
            ran("lib/code/__init__.py", "shop", true),
            ran("lib/one.py", "single", true),
            ran("lib/one.py", "namespace", false),
        ];
        for file in &files {
            data.touch(&file.path);
        }
        let config = CoverageConfig {
            source: Some(texts(&["shop", "single", "namespace", "never"])),
            ..CoverageConfig::default()
        };
        let recorded = recorded_packages(files.iter());
        let touched = touch_unexecuted(&mut data, &config, &directory, &recorded).unwrap();
        assert_eq!(touched.files, [directory.absolute("lib/code/cart.py")]);
        assert_eq!(touched.never_imported, ["never"]);
    }

    #[test]
    fn the_root_is_no_source() {
        let directory = Directory::new(Path::new("/tmp"));
        let config = CoverageConfig {
            source_dirs: texts(&["/"]),
            ..CoverageConfig::default()
        };
        let mut data = CoverageData::new(Mode::Lines);
        let none = RecordedPackages::new();
        let error = touch_unexecuted(&mut data, &config, &directory, &none);
        assert_eq!(
            error.unwrap_err().to_string(),
            "Source dir can't be a file system root: '/'"
        );
    }
}
