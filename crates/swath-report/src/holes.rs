//! What did not run, as remarks about the lines where it stands.

use swath_coverage::{FileReport, Report};

use crate::annotation::{Annotation, AnnotationLevel};

/// The kind of these remarks.
const KIND: &str = "not-covered";

/// Lines in a row that did not run, or a line of which a branch was not taken: one remark for each, in the order of the
/// files and lines. `path` says what a file is called in the repository.
pub fn hole_annotations(report: &Report, path: &dyn Fn(&FileReport) -> String) -> Vec<Annotation> {
    let mut annotations = Vec::new();
    for file in &report.files {
        let name = path(file);
        let begin = annotations.len();
        let mut missing = file.missing.iter().peekable();
        for hole in file.missing_ranges() {
            let missed = std::iter::from_fn(|| missing.next_if(|&line| line <= hole.1));
            let text = match missed.count() {
                1 => "1 statement was not run".to_owned(),
                count => format!("{count} statements were not run"),
            };
            annotations.push(annotation(file, &name, hole, "Not covered", text));
        }
        let Some(branches) = &file.branches else {
            continue;
        };
        for (line, exits) in file.named_exits() {
            let ways = exits.iter().map(|&exit| branches.describe(line, exit));
            let ways: Vec<String> = ways.collect();
            let text = format!("line {line} did not {}", ways.join(", nor "));
            annotations.push(annotation(
                file,
                &name,
                (line, line),
                "Partly covered",
                text,
            ));
        }
        annotations[begin..].sort_by_key(|annotation| annotation.first);
    }
    annotations
}

/// The largest of them, at most `most`, by the number of lines; then in their order.
pub fn largest(mut annotations: Vec<Annotation>, most: usize) -> Vec<Annotation> {
    annotations.sort_by_key(|annotation| std::cmp::Reverse(annotation.last - annotation.first));
    annotations.truncate(most);
    annotations.sort_by(|one, other| (&one.path, one.first).cmp(&(&other.path, other.first)));
    annotations
}

fn annotation(
    file: &FileReport,
    path: &str,
    (first, last): (u32, u32),
    title: &str,
    text: String,
) -> Annotation {
    let lines = file.source.lines().skip(first.saturating_sub(1) as usize);
    let lines = lines.take((last - first + 1) as usize).map(str::trim);
    Annotation {
        level: AnnotationLevel::Notice,
        kind: KIND,
        path: path.to_owned(),
        first,
        last,
        title: title.to_owned(),
        text,
        subject: lines.collect::<Vec<_>>().join("\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, statements: &[u32], missing: &[u32]) -> FileReport {
        FileReport {
            name: name.to_owned(),
            statements: statements.iter().copied().collect(),
            missing: missing.iter().copied().collect(),
            source: "    x = 1\n".repeat(30),
            ..FileReport::default()
        }
    }

    #[test]
    fn lines_in_a_row_are_one_remark_and_the_largest_come_first() {
        let report = Report {
            files: vec![
                file("a.py", &[1, 2, 4, 7, 9], &[2, 4, 9]),
                file("b.py", &[1, 2, 3, 4, 20], &[1, 2, 3, 4, 20]),
                file("c.py", &[1], &[]),
            ],
            ..Report::default()
        };
        let all = hole_annotations(&report, &|file| format!("app/{}", file.name));
        let shown = |annotations: &[Annotation]| -> Vec<String> {
            let shown = annotations.iter();
            shown
                .map(|one| format!("{}:{}-{} {}", one.path, one.first, one.last, one.text))
                .collect()
        };
        assert_eq!(
            shown(&all),
            [
                "app/a.py:2-4 2 statements were not run",
                "app/a.py:9-9 1 statement was not run",
                "app/b.py:1-20 5 statements were not run",
            ]
        );
        assert_eq!(all[0].subject, "x = 1\nx = 1\nx = 1");
        let largest = largest(all, 2);
        assert_eq!(largest.len(), 2);
        assert_eq!(largest[1].path, "app/b.py");
    }
}
