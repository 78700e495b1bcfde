//! Analyses every `.py` file under the folders given, or the files listed on standard input, and prints what it did
//! and how long it took.

use std::path::{Path, PathBuf};
use std::time::Instant;

use rayon::prelude::*;
use swath_analysis::{ExclusionRules, PythonVersion, analyze};

fn find(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs_err::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            find(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "py") {
            files.push(path);
        }
    }
}

#[expect(clippy::print_stdout, reason = "an example for people")]
fn main() {
    let mut files = Vec::new();
    for folder in std::env::args_os().skip(1) {
        find(Path::new(&folder), &mut files);
    }
    if std::env::args_os().len() == 1 {
        let list = std::io::read_to_string(std::io::stdin()).unwrap_or_default();
        files.extend(list.lines().map(PathBuf::from));
    }
    let sources: Vec<Vec<u8>> = files
        .iter()
        .filter_map(|path| fs_err::read(path).ok())
        .collect();
    let rules = ExclusionRules::default();
    let started = Instant::now();
    let statements: usize = sources
        .par_iter()
        .map(|source| {
            analyze(source, PythonVersion::DEFAULT, &rules)
                .statements
                .len()
        })
        .sum();
    let bytes: usize = sources.iter().map(Vec::len).sum();
    println!(
        "{} files, {bytes} bytes, {statements} statements in {:?}",
        sources.len(),
        started.elapsed()
    );
}
