//! Line numbers for people: `1-2, 5-11, 36->38, 40->exit`.

use std::collections::BTreeMap;

use swath_analysis::LineSet;

/// The missing lines, as ranges that run on over lines that are no statements, and the exits not
/// taken of lines that ran.
pub(crate) fn format_missing(
    statements: &LineSet,
    missing: &LineSet,
    missing_exits: &BTreeMap<u32, Vec<i32>>,
) -> String {
    let mut items: Vec<(u32, String)> = ranges(statements, missing)
        .into_iter()
        .map(|(start, end)| {
            let text = if start == end {
                start.to_string()
            } else {
                format!("{start}-{end}")
            };
            (start, text)
        })
        .collect();
    for (line, exits) in named_exits(missing_exits, missing) {
        for exit in exits {
            match u32::try_from(exit) {
                Ok(exit) if exit > 0 => items.push((line, format!("{line}->{exit}"))),
                _ => items.push((line, format!("{line}->exit"))),
            }
        }
    }
    items.sort();
    let texts: Vec<String> = items.into_iter().map(|(_, text)| text).collect();
    texts.join(", ")
}

/// Exits not taken without those of missing lines and those to missing lines, which are named
/// themselves.
pub(crate) fn named_exits(
    missing_exits: &BTreeMap<u32, Vec<i32>>,
    missing: &LineSet,
) -> BTreeMap<u32, Vec<i32>> {
    let is_missing = |exit: i32| u32::try_from(exit).is_ok_and(|line| missing.contains(line));
    let ran = missing_exits
        .iter()
        .filter(|(line, _)| !missing.contains(**line));
    let named = ran.map(|(&line, exits)| {
        let exits = exits.iter().copied().filter(|&exit| !is_missing(exit));
        (line, exits.collect::<Vec<_>>())
    });
    named.filter(|(_, exits)| !exits.is_empty()).collect()
}

/// Runs of `lines` with no other statement in between.
pub(crate) fn ranges(statements: &LineSet, lines: &LineSet) -> Vec<(u32, u32)> {
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    let mut open = false;
    for statement in statements.iter() {
        if !lines.contains(statement) {
            open = false;
        } else if let (true, Some(last)) = (open, ranges.last_mut()) {
            last.1 = statement;
        } else {
            ranges.push((statement, statement));
            open = true;
        }
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(statements: &[u32], missing: &[u32], exits: &[(u32, &[i32])], expected: &str) {
        let set = |lines: &[u32]| lines.iter().copied().collect::<LineSet>();
        let exits = exits
            .iter()
            .map(|&(line, exits)| (line, exits.to_vec()))
            .collect();
        assert_eq!(
            format_missing(&set(statements), &set(missing), &exits),
            expected
        );
    }

    #[test]
    fn ranges_run_on_over_lines_without_statements() {
        check(
            &[1, 2, 3, 4, 5, 10, 11, 12, 13, 14],
            &[1, 2, 5, 10, 11, 13, 14],
            &[],
            "1-2, 5-11, 13-14",
        );
        check(&[1, 2], &[], &[], "");
        check(&[1, 2, 9], &[1, 2, 9], &[], "1-9");
    }

    #[test]
    fn exits_are_listed_where_both_ends_ran() {
        check(
            &[1, 2, 3, 4],
            &[3],
            &[(1, &[3, 4]), (2, &[-1]), (3, &[4])],
            "1->4, 2->exit, 3",
        );
    }

    #[test]
    fn items_of_one_line_sort_as_text() {
        check(
            &[9, 10, 100],
            &[],
            &[(9, &[-1, 10, 100])],
            "9->10, 9->100, 9->exit",
        );
    }
}
