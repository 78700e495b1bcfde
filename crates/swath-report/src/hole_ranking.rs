//! Which holes come first, and what they are called: the same in the pages and in a comment.

use std::cmp::Reverse;

use swath_coverage::FileReport;

use crate::html::FunctionFigures;

/// A file with its functions.
pub(crate) trait RankedFile {
    fn file(&self) -> &FileReport;
    fn functions(&self) -> &[FunctionFigures<'_>];
}

/// Whether a file was not even imported.
fn is_unused(file: &FileReport) -> bool {
    file.numbers.statements > 0 && file.numbers.executed() == 0
}

/// The files of which nothing ran, the largest first. They are one hole each, however many
/// functions they have.
pub(crate) fn never_ran<F: RankedFile>(files: &[F]) -> Vec<&F> {
    let unused = files.iter().filter(|file| is_unused(file.file()));
    let mut unused: Vec<&F> = unused.collect();
    unused.sort_by_key(|file| Reverse(file.file().numbers.missing));
    unused
}

/// The functions in which something was missed, the largest holes first; without those of files
/// that never ran.
pub(crate) fn ranked<F: RankedFile>(files: &[F]) -> Vec<(&F, &FunctionFigures<'_>)> {
    let mut holes: Vec<(&F, &FunctionFigures<'_>)> = Vec::new();
    for file in files.iter().filter(|file| !is_unused(file.file())) {
        let functions = file.functions().iter();
        let with_holes = functions.filter(|function| function.first_hole.is_some());
        holes.extend(with_holes.map(|function| (file, function)));
    }
    holes.sort_by(|(file, function), (other_file, other)| {
        (other.missing, other.missing_branches)
            .cmp(&(function.missing, function.missing_branches))
            .then_with(|| {
                (&file.file().name, function.start).cmp(&(&other_file.file().name, other.start))
            })
    });
    holes
}

/// The functions that were missed in part or whole, those of the largest risk first; without those
/// of files that never ran.
pub(crate) fn riskiest<F: RankedFile>(files: &[F]) -> Vec<(&F, &FunctionFigures<'_>)> {
    let mut holes = ranked(files);
    holes.retain(|(_, function)| function.risk() > 0);
    // Of two with one risk, the larger hole stays first.
    holes.sort_by_key(|(_, function)| Reverse(function.risk()));
    holes
}

/// The name of a function, or words for the code that is in none.
pub(crate) fn function_name<'a>(function: &FunctionFigures<'a>) -> &'a str {
    if function.name.is_empty() {
        "(outside of functions)"
    } else {
        function.name
    }
}
