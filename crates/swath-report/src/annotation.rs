//! A remark about lines of a file, in the forms in which services show it beside the code: GitHub's workflow commands,
//! GitLab's code quality. The one place of these formats.

use std::fmt::Write as _;

use md5::{Digest as _, Md5};
use swath_model::neutralize_control;

/// How much a remark matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnnotationLevel {
    /// Good to know.
    Notice,
    /// Something is probably wrong.
    Warning,
    /// Something is wrong.
    Error,
}

/// A remark about lines of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Annotation {
    /// How much it matters.
    pub level: AnnotationLevel,
    /// The kind of remark, as a stable name: `not-covered`.
    pub kind: &'static str,
    /// The file, from the top of the repository.
    pub path: String,
    /// The first line.
    pub first: u32,
    /// The last line; the first one where it is about one line.
    pub last: u32,
    /// A few words.
    pub title: String,
    /// A sentence.
    pub text: String,
    /// What the remark is about, so that the same remark is recognized when its lines have moved.
    pub subject: String,
}

/// The line on standard output by which GitHub shows an annotation.
#[must_use]
pub fn github_command(annotation: &Annotation) -> String {
    let level = match annotation.level {
        AnnotationLevel::Notice => "notice",
        AnnotationLevel::Warning => "warning",
        AnnotationLevel::Error => "error",
    };
    format!(
        "::{level} file={},line={},endLine={},title={}::{}\n",
        property(&annotation.path),
        annotation.first,
        annotation.last,
        property(&annotation.title),
        data(&annotation.text)
    )
}

/// The text of a workflow command: nothing in it begins another one.
fn data(text: &str) -> String {
    let text = text
        .replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A");
    neutralize_control(&text)
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// GitLab's code quality report, a JSON array.
#[must_use]
pub fn code_quality(annotations: &[Annotation]) -> String {
    let mut fingerprints = std::collections::BTreeMap::new();
    let issues: Vec<serde_json::Value> = annotations
        .iter()
        .map(|annotation| {
            let base = format!(
                "{}\0{}\0{}",
                annotation.kind, annotation.path, annotation.subject
            );
            // The same text may stand in a file twice.
            let count = fingerprints.entry(base.clone()).or_insert(0_usize);
            *count += 1;
            serde_json::json!({
                "description": annotation.text,
                "check_name": annotation.kind,
                "fingerprint": hexadecimal(&format!("{base}\0{count}")),
                "severity": match annotation.level {
                    AnnotationLevel::Notice => "info",
                    AnnotationLevel::Warning => "minor",
                    AnnotationLevel::Error => "major",
                },
                "location": {
                    "path": annotation.path,
                    "lines": {"begin": annotation.first, "end": annotation.last},
                },
            })
        })
        .collect();
    format!("{:#}\n", serde_json::Value::Array(issues))
}

fn hexadecimal(text: &str) -> String {
    let mut digits = String::new();
    for byte in Md5::digest(text.as_bytes()) {
        let _ = write!(digits, "{byte:02x}");
    }
    digits
}

#[cfg(test)]
mod tests {
    use super::*;

    fn annotation(path: &str, text: &str, first: u32) -> Annotation {
        Annotation {
            level: AnnotationLevel::Notice,
            kind: "not-covered",
            path: path.to_owned(),
            first,
            last: first + 1,
            title: "Not covered".to_owned(),
            text: text.to_owned(),
            subject: "x = 1".to_owned(),
        }
    }

    #[test]
    fn a_text_cannot_begin_another_command() {
        let command = github_command(&annotation("a,b:c%.py", "one\n::error::two\r\x1b", 3));
        assert_eq!(
            command,
            "::notice file=a%2Cb%3Ac%25.py,line=3,endLine=4,title=Not covered::one%0A::error::two%0D?\n"
        );
    }

    #[test]
    fn a_remark_is_recognized_when_it_moves_and_told_from_its_twin() {
        let report = |annotations: &[Annotation]| -> Vec<String> {
            let report: serde_json::Value =
                serde_json::from_str(&code_quality(annotations)).unwrap();
            let issues = report.as_array().unwrap().iter();
            issues
                .map(|issue| issue["fingerprint"].as_str().unwrap().to_owned())
                .collect()
        };
        let before = report(&[annotation("a.py", "x", 3), annotation("a.py", "x", 9)]);
        assert_ne!(before[0], before[1]);
        let moved = report(&[annotation("a.py", "x", 4), annotation("a.py", "x", 10)]);
        assert_eq!(before, moved);
        assert_ne!(before[0], report(&[annotation("b.py", "x", 3)])[0]);
    }
}
