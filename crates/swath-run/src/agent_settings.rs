//! What the agent is told to measure.

use std::os::unix::ffi::OsStrExt as _;

use swath_store::settings;

use crate::installed_copy::OwnPackages;
use crate::request::Scope;

/// On this host, where the paths of the scope are known.
pub(crate) fn on_host(attribution: bool, scope: &Scope, own: &OwnPackages) -> Vec<u8> {
    let mut file = everywhere(attribution, scope, own.paths());
    let mut add = |key, value: &[u8]| {
        settings::write(key, value, |bytes| file.extend_from_slice(bytes));
    };
    for package in &scope.source_packages {
        add(settings::SOURCE_PACKAGE, package.as_bytes());
    }
    for glob in &scope.include {
        add(settings::INCLUDE, glob.as_bytes());
    }
    for glob in &scope.omit {
        add(settings::OMIT, glob.as_bytes());
    }
    for folder in &scope.source_folders {
        add(settings::SOURCE_FOLDER, folder.as_os_str().as_bytes());
    }
    file
}

/// In a container, where they are not: all but the standard library and installed packages, and of
/// these the checkout's own. What of it is in scope is decided where the checkout is.
pub(crate) fn in_container(attribution: bool, scope: &Scope, own: &OwnPackages) -> Vec<u8> {
    everywhere(attribution, scope, own.paths())
}

/// In a pod, which is prepared where no checkout is: `own` are the paths of the checkout's packages.
pub(crate) fn in_pod(attribution: bool, branch: bool, own: &[String]) -> Vec<u8> {
    let scope = Scope {
        branch,
        ..Scope::default()
    };
    everywhere(attribution, &scope, own.iter().cloned())
}

fn everywhere(attribution: bool, scope: &Scope, own: impl Iterator<Item = String>) -> Vec<u8> {
    let mut file = Vec::new();
    let mut add = |key, value: &[u8]| {
        settings::write(key, value, |bytes| file.extend_from_slice(bytes));
    };
    let flag = |value| if value { b"1" } else { b"0" };
    add(settings::BRANCH, flag(scope.branch));
    add(settings::COVER_PYLIB, flag(scope.cover_pylib));
    if scope.test_functions {
        add(settings::TEST_FUNCTIONS, flag(true));
    }
    if attribution {
        add(settings::ATTRIBUTION, flag(true));
    }
    for package in own {
        add(settings::OWN_PACKAGE, package.as_bytes());
    }
    file
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn settings_name_every_rule_of_the_scope() {
        let folder = tempfile::tempdir().unwrap();
        swath_test::write_file(folder.path().join("shop/__init__.py"), "");
        let scope = Scope {
            source_folders: vec![PathBuf::from("/src/a\nb")],
            source_packages: vec!["xy".to_owned()],
            include: vec![],
            omit: vec!["*/gen/**".to_owned()],
            cover_pylib: false,
            branch: true,
            test_functions: false,
        };
        let own = OwnPackages::in_folder(folder.path());
        let everywhere = [("branch", "1"), ("cover-pylib", "0"), ("own-pkg", "shop")];
        let here = [
            ("source-pkg", "xy"),
            ("omit", "*/gen/**"),
            ("source-dir", "/src/a\nb"),
        ];
        let bytes =
            |(key, value): &(&'static str, &'static str)| (key.as_bytes(), value.as_bytes());
        let file = on_host(false, &scope, &own);
        let expected = everywhere.iter().chain(&here).map(bytes);
        assert!(settings::read(&file).eq(expected), "{file:?}");
        let file = in_container(true, &scope, &own);
        let mut everywhere = everywhere.to_vec();
        everywhere.insert(2, ("attribution", "1"));
        assert!(settings::read(&file).eq(everywhere.iter().map(bytes)));
    }
}
