//! Lines that end as those of the file do that they are added to.

/// What becomes of a text by an edit, which sees its lines end with `\n` alone: lines that stay keep their ends, and new
/// ones get the end that most lines have.
pub(crate) fn kept_by(text: &str, edit: impl FnOnce(&str) -> Option<String>) -> Option<String> {
    if !text.contains("\r\n") {
        return edit(text);
    }
    let plain = text.replace("\r\n", "\n");
    let after = edit(&plain)?;
    let old: Vec<&str> = text.split_inclusive('\n').collect();
    let old_plain: Vec<&str> = plain.split_inclusive('\n').collect();
    let new: Vec<&str> = after.split_inclusive('\n').collect();
    let pairs = old_plain.iter().zip(&new);
    let start = pairs.take_while(|(old, new)| old == new).count();
    let pairs = old_plain[start..]
        .iter()
        .rev()
        .zip(new[start..].iter().rev());
    let end = pairs.take_while(|(old, new)| old == new).count();
    let with_return = old.iter().filter(|line| line.ends_with("\r\n")).count();
    let line_end = if with_return * 2 >= old.len() {
        "\r\n"
    } else {
        "\n"
    };
    let added = new[start..new.len() - end].concat();
    let added = added.replace('\n', line_end);
    let kept = (old[..start].concat(), old[old.len() - end..].concat());
    Some(kept.0 + &added + &kept.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_keep_their_ends_and_new_ones_get_the_usual_one() {
        let add = |text: &str| {
            kept_by(text, |text| {
                assert!(!text.contains('\r'), "{text:?}");
                Some(text.replace("[run]\n", "[run]\nx\n"))
            })
            .unwrap()
        };
        assert_eq!(add("a\r\n[run]\r\nb\r\n"), "a\r\n[run]\r\nx\r\nb\r\n");
        assert_eq!(add("a\n[run]\nb\n"), "a\n[run]\nx\nb\n");
        assert_eq!(add("a\n[run]\r\nb\nc\n"), "a\n[run]\r\nx\nb\nc\n");
        assert_eq!(add("[run]\r\n"), "[run]\r\nx\r\n");
        assert_eq!(
            kept_by("a\r\nb", |text| Some(format!("{text}\nc\n"))).unwrap(),
            "a\r\nb\r\nc\r\n"
        );
        assert_eq!(kept_by("a\r\n", |_| None), None);
    }
}
