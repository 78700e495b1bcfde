//! The lines that a change took away, to have the text before it.

use crate::file_diff::Run;

/// The lines that a change took away of a file: their numbers in the text before it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RemovedText {
    lines: Vec<(u32, Vec<u8>)>,
    /// Whether these are all.
    is_known: bool,
}

impl RemovedText {
    pub(crate) fn known(removed: &[Run<'_>]) -> Self {
        let mut lines = Vec::new();
        for run in removed {
            let numbered = (run.first..).zip(&run.lines);
            lines.extend(numbered.map(|(number, line)| (number, line.to_vec())));
        }
        Self {
            lines,
            is_known: true,
        }
    }

    /// The text that these lines and those that were `kept` make up, in their order.
    pub(crate) fn put_back<'a>(&self, kept: impl Iterator<Item = &'a [u8]>) -> Option<Vec<u8>> {
        if !self.is_known {
            return None;
        }
        let mut text = Vec::new();
        let mut kept = kept.fuse();
        let mut removed = self.lines.iter().peekable();
        for number in 1.. {
            if let Some((_, line)) = removed.next_if(|(place, _)| *place == number) {
                end_line(&mut text);
                text.extend_from_slice(line);
                text.push(b'\n');
            } else if let Some(line) = kept.next() {
                end_line(&mut text);
                text.extend_from_slice(line);
            } else {
                break;
            }
        }
        removed.next().is_none().then_some(text)
    }
}

/// What was the last line without an end may have another one behind it.
fn end_line(text: &mut Vec<u8>) {
    if text.last().is_some_and(|&byte| byte != b'\n') {
        text.push(b'\n');
    }
}

#[cfg(test)]
mod tests {
    use crate::parse_patch;

    fn before(patch: &str, after: &str) -> Option<String> {
        let files = parse_patch(patch.as_bytes()).unwrap();
        let text = files[0].text_before(after.as_bytes())?;
        Some(String::from_utf8(text).unwrap())
    }

    #[test]
    fn the_text_before_is_made_of_the_one_after() {
        let patch =
            "--- a\n+++ a\n@@ -1,3 +1,2 @@\n-one\n-two\n+2\n three\n@@ -5 +4,2 @@\n-five\n+5\n+6\n";
        assert_eq!(
            before(patch, "2\nthree\nfour\n5\n6\nseven").as_deref(),
            Some("one\ntwo\nthree\nfour\nfive\nseven")
        );
        assert_eq!(
            before("--- a\n+++ /dev/null\n@@ -1 +0,0 @@\n-one\n", "").as_deref(),
            Some("one\n")
        );
    }

    #[test]
    fn a_change_of_another_text_or_of_none_that_is_shown_gives_nothing() {
        let patch = "--- a\n+++ a\n@@ -9 +9 @@\n-one\n+two\n";
        assert_eq!(before(patch, "x\n"), None);
        let binary =
            "diff --git a/x.py b/x.py\nindex 1..2 100644\nBinary files a/x.py and b/x.py differ\n";
        assert_eq!(before(binary, "x\n"), None);
    }
}
