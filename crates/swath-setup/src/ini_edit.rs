//! Lines added to a section of an ini file, and everything else left as it is.

/// The text with `lines` at the start of the first section that is one of `sections`, or in a new section `new` at its
/// end.
pub(crate) fn add_to_section(text: &str, new: &str, sections: &[&str], lines: &[String]) -> String {
    let added = lines.join("\n") + "\n";
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        at += line.len();
        let header = line
            .trim_end()
            .strip_prefix('[')
            .and_then(|rest| rest.split_once(']'));
        if header.is_some_and(|(name, _)| sections.contains(&name)) {
            let (before, after) = text.split_at(at);
            let gap = if before.ends_with('\n') { "" } else { "\n" };
            return format!("{before}{gap}{added}{after}");
        }
    }
    let gap = match text {
        "" => "",
        text if text.ends_with('\n') => "\n",
        _ => "\n\n",
    };
    format!("{text}{gap}[{new}]\n{added}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_go_into_their_section() {
        let add = |text: &str| {
            add_to_section(text, "run", &["run", "coverage:run"], &["a = 1".to_owned()])
        };
        assert_eq!(add(""), "[run]\na = 1\n");
        assert_eq!(add("[x]\ny = 1"), "[x]\ny = 1\n\n[run]\na = 1\n");
        assert_eq!(add("[run]"), "[run]\na = 1\n");
        assert_eq!(
            add("[run]  \r\nb = 1\n[x]\n"),
            "[run]  \r\na = 1\nb = 1\n[x]\n"
        );
        assert_eq!(
            add("[x]\n[coverage:run]\nb = 1\n"),
            "[x]\n[coverage:run]\na = 1\nb = 1\n"
        );
    }
}
