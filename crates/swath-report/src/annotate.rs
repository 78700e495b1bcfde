//! Annotated sources: each line with a mark in front of it.

use swath_coverage::FileReport;

use crate::source_lines::source_lines;

/// The source of a file with `> ` before lines that ran, `! ` before those that did not and `- `
/// before excluded ones. The model must have been built with details.
pub fn render_annotated(file: &FileReport) -> String {
    let statements: Vec<u32> = file.statements.iter().collect();
    let missing: Vec<u32> = file.missing.iter().collect();
    let (mut statement, mut missed) = (0, 0);
    let mut covered = true;
    let mut out = String::with_capacity(file.source.len() * 5 / 4);
    for (line, text) in (1u32..).zip(source_lines(&file.source)) {
        while statements.get(statement).is_some_and(|&at| at < line) {
            statement += 1;
        }
        while missing.get(missed).is_some_and(|&at| at < line) {
            missed += 1;
        }
        if statements.get(statement) == Some(&line) {
            covered = missing.get(missed).is_none_or(|&at| at > line);
        }
        let next_is_missing =
            missed < missing.len() && statements.get(statement) == missing.get(missed);
        out.push_str(if is_blank(text) {
            "  "
        } else if is_else(text) {
            if next_is_missing { "! " } else { "> " }
        } else if file.excluded.contains(line) {
            "- "
        } else if covered {
            "> "
        } else {
            "! "
        });
        out.push_str(text);
    }
    out
}

/// Nothing but white space and a comment.
fn is_blank(text: &str) -> bool {
    let text = text.trim_start();
    text.is_empty() || text.starts_with('#')
}

/// Nothing but `else:` and a comment.
fn is_else(text: &str) -> bool {
    let rest = text.trim_start().strip_prefix("else");
    let rest = rest.and_then(|rest| rest.trim_start().strip_prefix(':'));
    rest.is_some_and(is_blank)
}
