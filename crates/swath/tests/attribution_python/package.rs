//! The package itself on every Python: every file, what is imported at the start, baggage and paths, and one server
//! and client of the standard library.

use swath_test::{pythons, temp_dir, workspace_root};

use crate::stage::here;

#[test]
fn every_file_is_valid_on_every_python_and_its_rules_hold() {
    let folder = temp_dir();
    let package = workspace_root().join("python/attribution");
    std::os::unix::fs::symlink(&package, folder.path().join("swath_attribution")).unwrap();
    if pythons().is_empty() {
        return swath_test::skip(
            "every_file_is_valid_on_every_python_and_its_rules_hold",
            "no CPython",
        );
    }
    for python in pythons() {
        let output = python
            .command()
            .arg("-I")
            .arg("-S")
            .arg(here().join("check_package.py"))
            .arg(folder.path())
            .output()
            .unwrap();
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}: {error}", python.tag());
    }
    let written: Vec<_> = fs_err::read_dir(package)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .filter(|name| name == "__pycache__")
        .collect();
    assert!(written.is_empty());
}
