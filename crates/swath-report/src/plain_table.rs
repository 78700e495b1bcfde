//! Tables of cells, for terminals and as Markdown.

use std::ops::Range;

use crate::markdown::escape_markdown;
use crate::text::push_line;

/// Rows of cells with a head, and rows that close them.
pub(crate) struct PlainTable {
    /// The head first. Each row has its cells; those of `ends` may have fewer.
    pub(crate) rows: Vec<Vec<String>>,
    /// What stands below the rows: totals.
    pub(crate) ends: Vec<Vec<String>>,
    /// The columns whose cells stand right: numbers. Those behind are as wide as they come.
    pub(crate) numbers: Range<usize>,
}

impl PlainTable {
    /// For a terminal: columns, with rules of dashes.
    pub(crate) fn text(&self) -> String {
        let all = || self.rows.iter().chain(&self.ends);
        let columns = self.rows.first().map_or(0, Vec::len);
        let width = |column: usize| {
            let cells = all().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        let line = |row: &Vec<String>| {
            let cells = row.iter().enumerate().map(|(column, cell)| {
                let width = widths.get(column).copied().unwrap_or(0);
                if self.numbers.contains(&column) {
                    format!("{cell:>width$}")
                } else {
                    format!("{cell:width$}")
                }
            });
            let line = cells.collect::<Vec<_>>().join("   ");
            line.trim_end().to_owned()
        };
        let rule = "-".repeat(
            self.rows
                .first()
                .map_or(0, |head| line(head).chars().count()),
        );
        let mut out = String::new();
        for (index, row) in self.rows.iter().enumerate() {
            push_line(&mut out, &line(row));
            let is_last = index + 1 == self.rows.len() && !self.ends.is_empty();
            if index == 0 || is_last {
                push_line(&mut out, &rule);
            }
        }
        for row in &self.ends {
            push_line(&mut out, &line(row));
        }
        out
    }

    /// As Markdown: what is in the cells means nothing there.
    pub(crate) fn markdown(&self) -> String {
        let mut out = String::new();
        let mut push = |cells: Vec<String>| {
            let line = format!("| {} |", cells.join(" | "));
            push_line(&mut out, &line);
        };
        for (index, row) in self.rows.iter().enumerate() {
            push(row.iter().map(|cell| escape_markdown(cell)).collect());
            if index == 0 {
                let rule = (0..row.len()).map(|column| {
                    let end = if self.numbers.contains(&column) {
                        ":"
                    } else {
                        ""
                    };
                    format!("---{end}")
                });
                push(rule.collect());
            }
        }
        let columns = self.rows.first().map_or(0, Vec::len);
        for row in &self.ends {
            let mut cells: Vec<String> = row
                .iter()
                .map(|cell| format!("**{}**", escape_markdown(cell)))
                .collect();
            cells.resize(columns, String::new());
            push(cells);
        }
        out
    }
}
