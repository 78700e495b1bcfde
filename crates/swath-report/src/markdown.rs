//! The Markdown table.

use std::fmt::Write as _;

use crate::text::{Column, Table, push_line};

pub(crate) fn write_table(out: &mut String, table: &Table) {
    let length = |text: &str| text.chars().count();
    let names = table
        .rows()
        .map(|cells| length(&escape_markdown(&cells[0])));
    let name_width = names.max().unwrap_or(0).max(length("**TOTAL**")) + 1;
    let cover = table.cover_column();
    let cover_width = (length(&table.total[cover]) + 6).max(length(" Cover "));

    let (mut header, mut rule) = (String::new(), String::from("|"));
    for column in &table.columns {
        let title = column.title();
        let item = match column {
            Column::Name => format!("| {title:name_width$}|"),
            Column::Cover => format!("{title:>cover_width$} |"),
            Column::Missing => format!("{title:>10} |"),
            _ => format!("{title:>9} |"),
        };
        let (before, end) = match column {
            Column::Name => ("", "- |"),
            _ => (" ", "-: |"),
        };
        let dashes = (length(&item) - 1).saturating_sub(end.len());
        let _ = write!(rule, "{before}{}{end}", "-".repeat(dashes));
        header.push_str(&item);
    }
    push_line(out, &header);
    push_line(out, &rule);

    let row_width = cover_width - 1;
    for cells in table.rows() {
        let mut line = String::new();
        for (column, cell) in table.columns.iter().zip(cells) {
            let cell = escape_markdown(cell);
            let _ = match column {
                Column::Name => write!(line, "| {cell:name_width$}|"),
                Column::Cover => write!(line, "{cell:>row_width$}% |"),
                Column::Missing => write!(line, "{cell:>10} |"),
                _ => write!(line, "{cell:>9} |"),
            };
        }
        push_line(out, &line);
    }

    let mut line = String::new();
    for (column, cell) in table.columns.iter().zip(&table.total) {
        let bold = match (cell.as_str(), column) {
            ("", _) => String::new(),
            (percent, Column::Cover) => format!(" **{percent}%**"),
            (text, _) => format!(" **{text}**"),
        };
        let _ = match column {
            Column::Name => write!(line, "|{bold:name_width$} |"),
            Column::Cover => write!(line, "{bold:>cover_width$} |"),
            Column::Missing => write!(line, "{bold:>10} |"),
            _ => write!(line, "{bold:>9} |"),
        };
    }
    push_line(out, &line);
}

/// Puts a backslash before everything that means something in a Markdown table.
pub(crate) fn escape_markdown(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_ascii_punctuation() && !".,/-".contains(character) {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}

/// A text that is Markdown already, as a link where there is one.
pub(crate) fn linked(text: &str, link: Option<String>) -> String {
    link.map_or_else(|| text.to_owned(), |link| format!("[{text}]({link})"))
}
