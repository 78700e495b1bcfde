//! Named skips: what a test needed and could not have is said, never silently left out.

use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// One thing that was not tested.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Skip {
    /// The test, or the part of one.
    pub test: String,
    /// What was missing.
    pub missing: String,
    /// The name of the Rust test that said so, as the test harness names it.
    pub harness: String,
}

/// The variable by which `cargo xtask test` names the file that collects skips.
const SKIP_FILE: &str = "SWATH_SKIP_FILE";

/// The name of the environment variable that holds the path of the file that collects skips.
pub fn skip_file() -> &'static str {
    SKIP_FILE
}

/// Says that `test` (or a part of it) did not run because of `missing`, and records it so that
/// `cargo xtask test` lists it at its end.
#[expect(
    clippy::print_stderr,
    reason = "a skip is for the person who runs the tests"
)]
pub fn skip(test: &str, missing: &str) {
    eprintln!("skipped: {test}: {missing}");
    let Some(path) = std::env::var_os(SKIP_FILE) else {
        return;
    };
    let harness = std::thread::current().name().unwrap_or("").to_owned();
    let skip = Skip {
        test: test.to_owned(),
        missing: missing.to_owned(),
        harness,
    };
    append(Path::new(&path), &skip);
}

/// Appends one line in one write, so that test processes at the same time do not mix.
fn append(path: &Path, skip: &Skip) {
    let mut line = serde_json::to_string(skip).expect("strings serialise");
    line.push('\n');
    fs_err::OpenOptions::new()
        .create(true)
        .append(true)
        .open(PathBuf::from(path))
        .and_then(|mut file| file.write_all(line.as_bytes()))
        .expect("the file that collects skips is writable");
}

/// The skips recorded in `path`, each once, sorted; none when there is no such file.
pub fn read_skips(path: &Path) -> Vec<Skip> {
    let text = fs_err::read_to_string(path).unwrap_or_default();
    let mut skips: Vec<Skip> = text
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    skips.sort();
    skips.dedup();
    skips
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn skips_are_read_back_once_each() {
        let folder = crate::temp_dir();
        let path = folder.path().join("skips");
        let one = Skip {
            test: "a".into(),
            missing: "tea\nand sugar".into(),
            harness: "m::a".into(),
        };
        append(&path, &one);
        append(&path, &one);
        append(
            &path,
            &Skip {
                test: "b".into(),
                ..one.clone()
            },
        );
        let tests: Vec<String> = read_skips(&path)
            .into_iter()
            .map(|skip| skip.test)
            .collect();
        assert_eq!(tests, ["a", "b"]);
    }
}
