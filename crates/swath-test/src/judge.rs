//! A coverage.py where it does not install by itself.

use std::path::PathBuf;

use crate::Python;

/// The folder of coverage.py 7.17.3's Python code for Python 3.10, which it no longer asks for: its analysis runs
/// there all the same, once `typing.Never` and `tomllib` are stood in for. None, with a named skip, where pip fails.
pub fn coverage_for_3_10(python: &Python) -> Option<PathBuf> {
    unasked_coverage(python, "7.17.3")
}

/// The folder of coverage.py 7.10.7's Python code for Python 3.8, which it no longer asks for: its analysis runs there
/// once the types that its annotations subscript are taken bare. None, with a named skip, where pip fails.
pub fn coverage_for_3_8(python: &Python) -> Option<PathBuf> {
    unasked_coverage(python, "7.10.7")
}

/// The folder of the code of a coverage.py that this Python is too old for.
fn unasked_coverage(python: &Python, version: &str) -> Option<PathBuf> {
    let folder =
        crate::target_dir().join(format!("oracle/coverage-{version}-for-{}", python.tag()));
    if folder.join("coverage/parser.py").is_file() {
        return Some(folder);
    }
    let partial = folder.with_extension(std::process::id().to_string());
    let output = python
        .command()
        .args(["-m", "pip", "install", "-q", "--ignore-requires-python"])
        .args(["--no-deps", &format!("coverage=={version}"), "--target"])
        .arg(&partial)
        .output();
    let reason = match output {
        Ok(output) if output.status.success() => {
            // Another process may have been quicker; its folder is as good.
            let _ = fs_err::rename(&partial, &folder);
            let _ = fs_err::remove_dir_all(&partial);
            return Some(folder);
        }
        Ok(output) => String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        Err(error) => error.to_string(),
    };
    let what = format!("comparison with coverage.py on {}", python.tag());
    crate::skip(&what, &reason);
    None
}
