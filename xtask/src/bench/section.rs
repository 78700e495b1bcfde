//! The sections of `docs/benchmarks.md` that have a command each: a command replaces its own.

use anyhow::Result;
use swath_test::workspace_root;

/// Puts a section in its place, or at the end of the page when it is new there.
pub(super) fn put(name: &str, text: &str) -> Result<()> {
    let path = workspace_root().join("docs/benchmarks.md");
    let page = fs_err::read_to_string(&path).unwrap_or_else(|_| String::from("# Benchmarks\n"));
    fs_err::write(path, with_section(&page, name, text))?;
    Ok(())
}

fn begin(name: &str) -> String {
    format!("<!-- begin: {name} -->\n")
}

fn end(name: &str) -> String {
    format!("<!-- end: {name} -->\n")
}

fn with_section(page: &str, name: &str, text: &str) -> String {
    let (begin, end) = (begin(name), end(name));
    let section = [&begin, text, &end].concat();
    if let Some((before, rest)) = page.split_once(&begin)
        && let Some((_, after)) = rest.split_once(&end)
    {
        return [before, &section, after].concat();
    }
    [page.trim_end(), "\n\n", &section].concat()
}

/// All marked sections of a page as they are, for a command that writes what is around them.
pub(super) fn kept(page: &str) -> String {
    let mut sections = String::new();
    let mut rest = page;
    while let Some(start) = rest.find("<!-- begin: ") {
        rest = &rest[start..];
        let end = rest
            .find("<!-- end: ")
            .and_then(|end| Some(end + rest[end..].find('\n')? + 1));
        let Some(end) = end else { break };
        sections += &["\n", &rest[..end]].concat();
        rest = &rest[end..];
    }
    sections
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_replaces_itself_and_nothing_else() {
        let page = with_section("# Page\n\ntext\n", "one", "first\n");
        let page = with_section(&page, "two", "second\n");
        let page = with_section(&page, "one", "new\n");
        let one = "<!-- begin: one -->\nnew\n<!-- end: one -->\n";
        let two = "<!-- begin: two -->\nsecond\n<!-- end: two -->\n";
        assert_eq!(page, format!("# Page\n\ntext\n\n{one}\n{two}"));
        assert_eq!(kept(&page), format!("\n{one}\n{two}"));
    }
}
