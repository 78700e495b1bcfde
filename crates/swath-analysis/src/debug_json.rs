//! An analysis as one line of JSON, for tests and for whoever asks why a line counts.

use std::fmt::Write;

use crate::LineSet;
use crate::analysis::Analysis;
use crate::regions::Region;

/// The analysis as a JSON object on one line, without a line end. A problem adds its text as `problem`.
#[must_use]
pub fn debug_json(path: &str, analysis: &Analysis) -> String {
    let mut fields = vec![
        ("path", quoted(path)),
        ("statements", lines(&analysis.statements)),
        ("excluded", lines(&analysis.excluded)),
        ("no_branch", lines(&analysis.no_branch)),
        ("multiline", pairs(&analysis.multiline)),
        ("arcs", pairs(&analysis.arcs)),
        ("exit_counts", pairs(&analysis.exit_counts)),
        ("functions", regions(&analysis.regions.functions)),
        ("classes", regions(&analysis.regions.classes)),
    ];
    if let Some(problem) = &analysis.problem {
        fields.push(("problem", quoted(&problem.describe(path))));
    }
    let fields = fields
        .into_iter()
        .map(|(name, value)| format!("\"{name}\":{value}"));
    format!("{{{}}}", joined(fields))
}

fn joined(items: impl Iterator<Item = String>) -> String {
    items.collect::<Vec<_>>().join(",")
}

fn lines(lines: &LineSet) -> String {
    format!("[{}]", joined(lines.iter().map(|line| line.to_string())))
}

fn pairs<T: std::fmt::Display>(pairs: &[(T, T)]) -> String {
    format!(
        "[{}]",
        joined(
            pairs
                .iter()
                .map(|(left, right)| format!("[{left},{right}]"))
        )
    )
}

fn regions(regions: &[Region]) -> String {
    let one = |region: &Region| {
        format!(
            "{{\"name\":{},\"start\":{},\"lines\":{}}}",
            quoted(&region.name),
            region.start,
            lines(&region.lines)
        )
    };
    format!("[{}]", joined(regions.iter().map(one)))
}

/// The text as a JSON string.
fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            character if character.is_control() => {
                let _ = write!(quoted, "\\u{:04x}", u32::from(character));
            }
            character => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ExclusionRules, PythonVersion, analyze};

    #[test]
    fn every_part_is_there_and_sorted() {
        let source = b"import a\ndef f(x):\n    if x:\n        return (\n            x)\nclass C:\n    def m(self): ...\n";
        let analysis = analyze(
            source,
            PythonVersion::new(3, 12),
            &ExclusionRules::default(),
        );
        assert_eq!(
            debug_json("a \"b\".py", &analysis),
            concat!(
                r#"{"path":"a \"b\".py","statements":[1,2,3,4,6],"excluded":[7,8],"no_branch":[],"multiline":[[4,5]],"#,
                r#""arcs":[[1,2],[2,6],[3,-2],[3,4],[4,-2],[6,-1],[7,-7],[7,-6]],"exit_counts":[[1,1],[2,1],[3,2],[4,1],[6,1]],"#,
                r#""functions":[{"name":"f","start":2,"lines":[3,4,5]},{"name":"C.m","start":7,"lines":[7]}],"#,
                r#""classes":[{"name":"C","start":6,"lines":[7]}]}"#
            )
        );
    }

    #[test]
    fn a_problem_is_named() {
        let analysis = analyze(
            b"def f(:\n",
            PythonVersion::DEFAULT,
            &ExclusionRules::default(),
        );
        let line = debug_json("a.py", &analysis);
        assert!(
            line.ends_with(
                r#""problem":"Couldn't parse 'a.py' as Python source: 'invalid syntax' at line 1"}"#
            ),
            "{line}"
        );
    }
}
