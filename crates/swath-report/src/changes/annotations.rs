//! What a change left untested as remarks beside the code.

use swath_coverage::{ChangeReport, FileChange, UntestedPart};

use super::ChangeSources;
use super::words::sentence;
use crate::annotation::{Annotation, AnnotationLevel};

/// A warning for each part that the change left untested. What it is about is the text of its
/// lines, so that it stays the same one when lines above it come and go.
pub fn change_annotations(report: &ChangeReport, source_of: &ChangeSources<'_>) -> Vec<Annotation> {
    let mut annotations = Vec::new();
    for file in &report.files {
        let source = source_of(file).unwrap_or_default();
        let lines: Vec<&str> = source.split('\n').collect();
        let parts = file.untested();
        annotations.extend(parts.iter().map(|part| annotation(file, part, &lines)));
    }
    annotations
}

fn annotation(file: &FileChange, part: &UntestedPart, lines: &[&str]) -> Annotation {
    let span = (part.first..=part.last).filter_map(|line| lines.get(line as usize - 1));
    let subject: Vec<&str> = span.map(|line| line.trim()).collect();
    Annotation {
        level: AnnotationLevel::Warning,
        kind: part.what.name(),
        path: file.change.path.clone(),
        first: part.first,
        last: part.last,
        title: "Changed and not tested".to_owned(),
        text: sentence(file, part),
        subject: subject.join("\n"),
    }
}
