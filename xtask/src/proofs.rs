//! `docs/proofs.md`: the figures that tests recorded while they proved their point.

use std::path::PathBuf;

use anyhow::Result;
use swath_test::{Figure, read_figures, target_dir, workspace_root};

const HEAD: &str = "\
# Proofs

What the tests showed when they ran in full. Written by `cargo xtask prove`; do not edit.
";

/// A table that has a page of its own.
struct OwnPage {
    table: &'static str,
    /// What it is called there.
    title: &'static str,
    path: &'static str,
    head: &'static str,
}

const OWN_PAGES: [OwnPage; 2] = [
    OwnPage {
        table: "Stop cases",
        title: "Cases",
        path: "docs/reference/stop-cases.md",
        head: "\
# How a container ends, and what is saved

Each case ran twice in a real container: with coverage.py in the image, set up by hand (`sitecustomize.py`, `COVERAGE_PROCESS_START`, `parallel = True`), and under `swath run` with nothing in the image. The figures are the lines of the application that ran and were saved. Written by `cargo xtask prove`; do not edit.
",
    },
    OwnPage {
        table: "Platforms",
        title: "Platforms",
        path: "docs/reference/platforms.md",
        head: "\
# Where swath was tried

What `cargo xtask dist` makes, installed in root file systems of other systems and tried there: programs that say which of their lines and branches run, processes that fork and that are killed, and the example's service with its system tests. *Emulated* means that the Pythons ran on a processor of QEMU's, with their own agent, under the static swath for x86-64. A platform that is not in the table was not tried; docs/guides/building.md says what is expected of it. Written by `cargo xtask prove platforms`; do not edit.
",
    },
];

fn page() -> PathBuf {
    workspace_root().join("docs/proofs.md")
}

/// Forgets the figures of earlier runs.
pub(crate) fn forget() -> Result<()> {
    let folder = target_dir().join("proofs");
    if folder.exists() {
        fs_err::remove_dir_all(folder)?;
    }
    Ok(())
}

/// Writes the pages of tables of their own that were recorded; their paths.
pub(crate) fn write_own_pages() -> Result<Vec<&'static str>> {
    let mut written = Vec::new();
    for own in OWN_PAGES {
        let path = workspace_root().join(own.path);
        let old = fs_err::read_to_string(&path).unwrap_or_default();
        if let Some(text) = own.with_figures(&old, read_figures()) {
            fs_err::write(path, text)?;
            written.push(own.path);
        }
    }
    Ok(written)
}

impl OwnPage {
    /// The page with the figures of its table, beside those that it had for other cells; nothing
    /// where there are none.
    fn with_figures(&self, old: &str, new: Vec<Figure>) -> Option<String> {
        let mut figures = read_page(old);
        let before = figures.len();
        let own = new.into_iter().filter(|figure| figure.table == self.table);
        figures.extend(own.map(|figure| Figure {
            table: self.title.to_owned(),
            ..figure
        }));
        if figures.len() == before {
            return None;
        }
        let cells: Vec<&Figure> = figures.iter().collect();
        Some([self.head, &render_table(self.title, &cells)].concat())
    }
}

/// Writes the page from what has been recorded since; `conclusion` is its last line.
pub(crate) fn write(conclusion: &str) -> Result<()> {
    let path = page();
    fs_err::create_dir_all(path.parent().expect("the page is in a folder"))?;
    fs_err::write(path, render_page(&read_figures(), conclusion))?;
    Ok(())
}

/// Puts the figures of some tests into the page, and leaves everything else there as it is.
pub(crate) fn update() -> Result<()> {
    let path = page();
    let old = fs_err::read_to_string(&path).unwrap_or_else(|_| HEAD.to_owned());
    fs_err::write(path, with_figures(&old, read_figures()))?;
    Ok(())
}

/// The page with these figures in place of what it had for the same cells; without its last line,
/// which counts the tests of a run that was whole.
fn with_figures(page: &str, new: Vec<Figure>) -> String {
    let mut figures = read_page(page);
    figures.extend(new);
    render_page(&figures, "")
}

/// The figures of a page.
fn read_page(page: &str) -> Vec<Figure> {
    let mut figures = Vec::new();
    for part in page.split("\n## ").skip(1) {
        let (title, body) = part.split_once('\n').unwrap_or((part, ""));
        let mut columns = Vec::new();
        for line in body.lines().filter(|line| !line.is_empty()) {
            let Some(cells) = cells_of(line) else {
                continue;
            };
            let [row, cells @ ..] = cells.as_slice() else {
                continue;
            };
            if columns.is_empty() {
                columns = cells.to_vec();
            } else if !row.starts_with("---") {
                let filled = columns.iter().zip(cells).filter(|(_, it)| !it.is_empty());
                figures.extend(filled.map(|(column, value)| Figure {
                    table: title.to_owned(),
                    row: row.clone(),
                    column: column.clone(),
                    value: value.clone(),
                }));
            }
        }
    }
    figures
}

/// The cells of a line of a table.
fn cells_of(line: &str) -> Option<Vec<String>> {
    const BAR: &str = "\u{0}";
    let line = line.replace("\\|", BAR);
    let line = line.strip_prefix('|')?.strip_suffix('|')?;
    let cells = line.split('|').map(|cell| cell.trim().replace(BAR, "|"));
    Some(cells.collect())
}

/// The page: tables by title, rows and columns by name, so that it does not depend on which test
/// ran first.
fn render_page(figures: &[Figure], conclusion: &str) -> String {
    let mut page = String::from(HEAD);
    let tables = figures.iter().map(|figure| &figure.table);
    let is_elsewhere = |table: &String| OWN_PAGES.iter().any(|page| page.table == table);
    for table in distinct(tables.filter(|table| !is_elsewhere(table))) {
        let cells: Vec<&Figure> = figures
            .iter()
            .filter(|figure| figure.table == table)
            .collect();
        page.push_str(&render_table(&table, &cells));
    }
    if !conclusion.is_empty() {
        page += &["\n", conclusion, "\n"].concat();
    }
    page
}

fn render_table(title: &str, cells: &[&Figure]) -> String {
    let columns = distinct(cells.iter().map(|figure| &figure.column));
    let mut text = format!("\n## {title}\n\n| |{}\n", join(&columns));
    text += "|---|";
    text += &"---|".repeat(columns.len());
    text += "\n";
    for row in distinct(cells.iter().map(|figure| &figure.row)) {
        let values: Vec<String> = columns
            .iter()
            .map(|column| {
                let last = cells
                    .iter()
                    .rev()
                    .find(|cell| cell.row == row && cell.column == *column);
                last.map_or_else(String::new, |cell| cell.value.replace('|', "\\|"))
            })
            .collect();
        text += &["| ", &row, " |", &join(&values), "\n"].concat();
    }
    text
}

fn join(cells: &[String]) -> String {
    cells.iter().flat_map(|cell| [" ", cell, " |"]).collect()
}

/// Each name once, in an order in which 3.10 comes after 3.9.
fn distinct<'a>(names: impl Iterator<Item = &'a String>) -> Vec<String> {
    let mut names: Vec<String> = names.cloned().collect();
    names.sort_by_cached_key(|name| natural_key(name));
    names.dedup();
    names
}

fn natural_key(name: &str) -> Vec<(String, u64)> {
    let mut key = Vec::new();
    let mut rest = name;
    while !rest.is_empty() {
        let words = rest
            .find(|character: char| character.is_ascii_digit())
            .unwrap_or(rest.len());
        let (text, tail) = rest.split_at(words);
        let digits = tail
            .find(|character: char| !character.is_ascii_digit())
            .unwrap_or(tail.len());
        let (number, tail) = tail.split_at(digits);
        key.push((text.to_owned(), number.parse().unwrap_or(0)));
        rest = tail;
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(row: &str, column: &str, value: &str) -> Figure {
        Figure {
            table: "Kills".into(),
            row: row.into(),
            column: column.into(),
            value: value.into(),
        }
    }

    #[test]
    fn some_figures_change_and_the_others_stay() {
        let other = |row: &str, value: &str| Figure {
            table: "Apples".into(),
            ..figure(row, "count", value)
        };
        let kills = figure("3.9", "lost", "0");
        let page = render_page(std::slice::from_ref(&kills), "7 passed");
        let added = with_figures(&page, vec![other("red", "1"), other("green", "a | b")]);
        let changed = with_figures(&added, vec![other("red", "2")]);
        let figures = [kills, other("red", "2"), other("green", "a | b")];
        assert_eq!(changed, render_page(&figures, ""));
        let first = with_figures(HEAD, vec![other("red", "1")]);
        assert_eq!(
            first,
            format!("{HEAD}\n## Apples\n\n| | count |\n|---|---|\n| red | 1 |\n")
        );
    }

    #[test]
    fn a_table_with_a_page_of_its_own_is_there_alone() {
        let own = OwnPage {
            table: "Kills",
            title: "Ends",
            path: "",
            head: "# Ends\n",
        };
        assert_eq!(own.with_figures("", Vec::new()), None);
        let first = own.with_figures("", vec![figure("3.9", "lost", "0")]);
        let first = first.expect("there is a figure");
        assert_eq!(
            first,
            "# Ends\n\n## Ends\n\n| | lost |\n|---|---|\n| 3.9 | 0 |\n"
        );
        let more = own.with_figures(&first, vec![figure("3.10", "lost", "1")]);
        let row = "| 3.9 | 0 |\n| 3.10 | 1 |\n";
        assert!(more.is_some_and(|page| page.ends_with(row)));
        let elsewhere = Figure {
            table: OWN_PAGES[0].table.to_owned(),
            ..figure("a", "b", "c")
        };
        assert_eq!(render_page(&[elsewhere], ""), HEAD);
    }

    #[test]
    fn the_last_record_of_a_cell_is_shown() {
        let figures = [
            figure("3.10", "rounds", "1"),
            figure("3.9", "lost", "0"),
            figure("3.10", "rounds", "500"),
        ];
        let table =
            "## Kills\n\n| | lost | rounds |\n|---|---|---|\n| 3.9 | 0 |  |\n| 3.10 |  | 500 |\n";
        assert_eq!(
            render_page(&figures, "end"),
            format!("{HEAD}\n{table}\nend\n")
        );
    }
}
