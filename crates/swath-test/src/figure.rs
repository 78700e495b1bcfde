//! Figures that tests measure, for `docs/proofs.md`.

use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::{Scale, count_is_said, scale};

/// One cell of a table of `docs/proofs.md`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figure {
    /// The table's title.
    pub table: String,
    /// The row's first cell.
    pub row: String,
    /// The column's heading.
    pub column: String,
    /// What the cell says.
    pub value: String,
}

fn folder() -> PathBuf {
    crate::target_dir().join("proofs")
}

/// Records `value` for `column` of `row` in `table`; a later record of the same cell replaces it. A sample,
/// which may run beside `cargo xtask prove`, has no figures.
pub fn record_figure(table: &str, row: &str, column: &str, value: impl Into<String>) {
    if !has_figures(scale(), count_is_said()) {
        return;
    }
    let figure = Figure {
        table: table.to_owned(),
        row: row.to_owned(),
        column: column.to_owned(),
        value: value.into(),
    };
    append(&folder(), &figure);
}

/// Whether what runs is the whole, and not a few cases of it that somebody asked for.
fn has_figures(scale: Scale, count_is_said: bool) -> bool {
    scale == Scale::Whole && !count_is_said
}

/// A file for each process: what one writes never mixes with what another does.
fn append(folder: &Path, figure: &Figure) {
    let mut line = serde_json::to_string(figure).expect("strings serialise");
    line.push('\n');
    let name = format!("{}.jsonl", std::process::id());
    fs_err::create_dir_all(folder)
        .and_then(|()| {
            fs_err::OpenOptions::new()
                .create(true)
                .append(true)
                .open(folder.join(name))
        })
        .and_then(|mut file| file.write_all(line.as_bytes()))
        .expect("target/proofs is writable");
}

/// The recorded figures: the files by age, each in its own order.
pub fn read_figures() -> Vec<Figure> {
    read(&folder())
}

fn read(folder: &Path) -> Vec<Figure> {
    let Ok(entries) = fs_err::read_dir(folder) else {
        return Vec::new();
    };
    let mut files: Vec<_> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "jsonl")
        })
        .map(|path| {
            (
                fs_err::metadata(&path)
                    .and_then(|data| data.modified())
                    .ok(),
                path,
            )
        })
        .collect();
    files.sort();
    files
        .iter()
        .filter_map(|(_, path)| fs_err::read_to_string(path).ok())
        .flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>())
        .filter_map(|line| serde_json::from_str(&line).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_has_no_figures() {
        assert!(has_figures(Scale::Whole, false));
        assert!(!has_figures(Scale::Whole, true));
        assert!(!has_figures(Scale::Sample, false));
    }

    #[test]
    fn figures_come_back_in_order() {
        let folder = crate::temp_dir();
        let cell = |value: &str| Figure {
            table: "kills".into(),
            row: "3.13".into(),
            column: "rounds".into(),
            value: value.into(),
        };
        append(folder.path(), &cell("30"));
        append(folder.path(), &cell("500"));
        assert_eq!(read(folder.path()), [cell("30"), cell("500")]);
    }
}
