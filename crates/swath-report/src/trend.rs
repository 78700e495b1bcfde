//! What runs reached over time: as text, as Markdown, as a page, and for programs.

mod json;
mod page;
mod words;

use std::fmt::Write as _;

use swath_coverage::Numbers;
use swath_history::Entry;

pub use json::write_trend_json;
pub use page::render_trend_page;
pub(crate) use words::points_since;

use crate::markdown::escape_markdown;
use crate::plain_table::PlainTable;
use words::{change, percent, short, when};

/// Entries of a history, and what they are shown with.
#[derive(Clone, Copy, Debug)]
pub struct Trend<'a> {
    /// The entries, the oldest first.
    pub entries: &'a [Entry],
    /// What the newest one is compared with.
    pub against: Option<&'a Entry>,
    /// Digits after the decimal point of percentages.
    pub precision: usize,
    /// Whether the folders of the newest one are shown, each with its change.
    pub has_folders: bool,
    /// As Markdown.
    pub is_markdown: bool,
}

/// Renders a row for each entry, and where wanted one for each folder of the newest.
pub fn render_trend(trend: &Trend<'_>) -> String {
    let render = |table: &PlainTable| {
        if trend.is_markdown {
            table.markdown()
        } else {
            table.text()
        }
    };
    let mut out = String::new();
    if let Some(newest) = trend.entries.last() {
        let total = percent(&newest.totals(), trend.precision);
        let since = trend
            .against
            .map(|against| points_since(&newest.totals(), against, trend.precision));
        let since = since.map_or_else(String::new, |since| format!(", {since}"));
        let _ = if trend.is_markdown {
            let since = escape_markdown(&since);
            write!(out, "**{total}** covered{since}\n\n")
        } else {
            write!(out, "{total} covered{since}\n\n")
        };
    }
    out += &render(&entries_table(trend));
    if trend.has_folders {
        out.push('\n');
        out += &render(&folders_table(trend));
    }
    out
}

fn entries_table(trend: &Trend<'_>) -> PlainTable {
    let has_branches = trend.entries.iter().any(|one| one.totals().branches > 0);
    let mut head = vec!["When", "Commit", "Branch", "Cover", "Change", "Lines"];
    head.extend(has_branches.then_some("Branches"));
    head.push("Verdict");
    let mut rows = vec![head.into_iter().map(str::to_owned).collect()];
    for (index, entry) in trend.entries.iter().enumerate() {
        let totals = entry.totals();
        let before = before(trend.entries, index);
        let mut row = vec![
            when(entry.time),
            short(entry.commit.as_deref()),
            short_name(entry.branch.as_deref()),
            percent(&totals, trend.precision),
            before.map_or_else(String::new, |before| {
                change(&before.totals(), &totals, trend.precision)
            }),
            format!("{}/{}", totals.executed(), totals.statements),
        ];
        row.extend(
            has_branches.then(|| format!("{}/{}", totals.executed_branches(), totals.branches)),
        );
        row.push(verdict(entry));
        rows.push(row);
    }
    PlainTable {
        rows,
        ends: Vec::new(),
        numbers: 3..6 + usize::from(has_branches),
    }
}

fn folders_table(trend: &Trend<'_>) -> PlainTable {
    let head = ["Folder", "Cover", "Change", "Lines"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for folder in folders(trend) {
        rows.push(vec![
            swath_model::neutralize_control(folder.path),
            percent(folder.now, trend.precision),
            folder.before.map_or_else(String::new, |before| {
                change(before, folder.now, trend.precision)
            }),
            format!("{}/{}", folder.now.executed(), folder.now.statements),
        ]);
    }
    PlainTable {
        rows,
        ends: Vec::new(),
        numbers: 1..4,
    }
}

/// A folder of the newest entry.
struct Folder<'a> {
    path: &'a str,
    now: &'a Numbers,
    /// What it was in the entry that is compared with, or else in the one before.
    before: Option<&'a Numbers>,
}

fn folders<'a>(trend: &Trend<'a>) -> Vec<Folder<'a>> {
    let Some(newest) = trend.entries.last() else {
        return Vec::new();
    };
    let before = trend
        .against
        .or_else(|| before(trend.entries, trend.entries.len() - 1));
    let folder = |(path, now): (&'a String, &'a Numbers)| Folder {
        path,
        now,
        before: before.and_then(|before| before.folders.get(path)),
    };
    newest.folders.iter().map(folder).collect()
}

/// The entry of the same branch before this one.
fn before(entries: &[Entry], index: usize) -> Option<&Entry> {
    let branch = &entries.get(index)?.branch;
    let earlier = entries.get(..index)?;
    earlier.iter().rfind(|entry| entry.branch == *branch)
}

fn short_name(name: Option<&str>) -> String {
    const LONGEST: usize = 40;
    let name = swath_model::neutralize_control(name.unwrap_or_default());
    match name.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name,
    }
}

/// The verdict, and what makes its number say less.
fn verdict(entry: &Entry) -> String {
    let doubt = entry.tests.doubt();
    let doubt = doubt.map_or_else(String::new, |doubt| format!("; {doubt}"));
    format!("{}{doubt}", entry.verdict.name())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use swath_model::{Completeness, TestsResult};

    use super::*;

    fn entry(branch: &str, time: i64, missing: usize) -> Entry {
        let numbers = Numbers {
            files: 1,
            statements: 200,
            missing,
            ..Numbers::default()
        };
        Entry {
            commit: Some(format!("{time:07}abcdef")),
            branch: Some(branch.to_owned()),
            time: time * 86_400_000_000_000,
            verdict: Completeness::Complete,
            tests: TestsResult::Passed,
            folders: BTreeMap::from([("shop".to_owned(), numbers)]),
        }
    }

    #[test]
    fn each_row_has_the_change_of_its_branch() {
        let mut entries = [
            entry("main", 1, 100),
            entry("work", 2, 99),
            entry("main", 3, 60),
            entry("work", 4, 101),
        ];
        entries[3].verdict = Completeness::Incomplete;
        let against = entries[2].clone();
        let trend = Trend {
            entries: &entries,
            against: Some(&against),
            precision: 0,
            has_folders: true,
            is_markdown: false,
        };
        assert_eq!(
            render_trend(&trend),
            "50% covered, −20.5 points since main (0000003)\n\n\
             When               Commit    Branch   Cover   Change     Lines   Verdict\n\
             ------------------------------------------------------------------------\n\
             1970-01-02 00:00   0000001   main       50%            100/200   Complete\n\
             1970-01-03 00:00   0000002   work       50%            101/200   Complete\n\
             1970-01-04 00:00   0000003   main       70%    +20.0   140/200   Complete\n\
             1970-01-05 00:00   0000004   work       50%     −1.0    99/200   Incomplete\n\
             \n\
             Folder   Cover   Change    Lines\n\
             --------------------------------\n\
             shop       50%    −20.5   99/200\n"
        );
    }

    #[test]
    fn what_a_store_says_is_no_markup() {
        let entries = [entry("a|b*\u{1b}[31m", 1, 0)];
        let trend = Trend {
            entries: &entries,
            against: None,
            precision: 1,
            has_folders: false,
            is_markdown: true,
        };
        let text = render_trend(&trend);
        assert!(text.starts_with("**100.0%** covered\n\n| When |"), "{text}");
        assert!(text.contains(" | a\\|b\\*"), "{text}");
        assert!(!text.contains('\u{1b}'), "{text}");
    }
}
