//! The report on the terminal: as a table, as a Markdown table, or as one number.

use std::fmt::Write as _;

use swath_config::CoverageConfig;
use swath_coverage::{FileReport, Numbers, Report};
use swath_model::neutralize_control;

use crate::natural_order::NaturalKey;

/// How the report is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum TextFormat {
    /// A table for the terminal.
    #[default]
    Table,
    /// A table in Markdown.
    Markdown,
    /// The total, alone.
    Total,
}

/// What a text report shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TextOptions {
    /// `text`, `markdown` or `total`; nothing is `text`.
    pub format: Option<String>,
    /// A column with the missing lines.
    pub show_missing: bool,
    /// Leave out files in which everything ran.
    pub skip_covered: bool,
    /// Leave out files without statements.
    pub skip_empty: bool,
    /// `[+-]name|stmts|miss|branch|brpart|cover`; nothing is `name`.
    pub sort: Option<String>,
    /// Digits after the decimal point.
    pub precision: i64,
}

impl TextOptions {
    /// What the `[report]` section says.
    pub fn from_config(config: &CoverageConfig) -> Self {
        Self {
            format: config.format.clone(),
            show_missing: config.show_missing,
            skip_covered: config.skip_covered,
            skip_empty: config.skip_empty,
            sort: config.sort.clone(),
            precision: config.precision,
        }
    }
}

/// Why there is no text report, in coverage.py's words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// No file is left to report.
    #[error("No data to report.")]
    NoData,
    /// An unknown format.
    #[error("Unknown report format choice: {}", swath_pattern::python_repr(format))]
    Format {
        /// What was asked for.
        format: String,
    },
    /// A negative number of digits.
    #[error("precision={precision} is invalid. Must not be negative.")]
    Precision {
        /// What was asked for.
        precision: i64,
    },
    /// An unknown column.
    #[error("Invalid sorting option: {}", swath_pattern::python_repr(sort))]
    Sort {
        /// What was asked for.
        sort: String,
    },
}

/// Renders the report, byte for byte as `coverage report` prints it.
pub fn render_text(report: &Report, options: &TextOptions) -> Result<String, TextError> {
    let files = report.files.iter().map(TableFile::of);
    render_table(files, report.totals, report.has_arcs, options)
}

/// A file of a table.
pub(crate) struct TableFile<'a> {
    pub(crate) name: &'a str,
    pub(crate) numbers: Numbers,
    /// What the last column says.
    pub(crate) missing: Box<dyn Fn() -> String + 'a>,
}

impl<'a> TableFile<'a> {
    /// A whole file.
    fn of(file: &'a FileReport) -> Self {
        Self {
            name: &file.name,
            numbers: file.numbers,
            missing: Box::new(|| file.missing_text()),
        }
    }
}

/// Renders a table of files.
pub(crate) fn render_table<'a>(
    files: impl Iterator<Item = TableFile<'a>>,
    totals: Numbers,
    has_arcs: bool,
    options: &TextOptions,
) -> Result<String, TextError> {
    let format = parse_format(options.format.as_deref())?;
    if totals.files == 0 {
        return Err(TextError::NoData);
    }
    let precision = usize::try_from(options.precision).map_err(|_| TextError::Precision {
        precision: options.precision,
    })?;
    if format == TextFormat::Total {
        return Ok(format!("{}\n", totals.shown_percent(precision)));
    }
    let table = Table::new(files, totals, has_arcs, options, precision);
    let table = table.sorted(options.sort.as_deref())?;
    let mut out = String::new();
    match format {
        TextFormat::Markdown => crate::markdown::write_table(&mut out, &table),
        _ => write_table(&mut out, &table),
    }
    for line in &table.end_lines {
        push_line(&mut out, line);
    }
    Ok(out)
}

fn parse_format(format: Option<&str>) -> Result<TextFormat, TextError> {
    match format.unwrap_or("") {
        "" | "text" => Ok(TextFormat::Table),
        "markdown" => Ok(TextFormat::Markdown),
        "total" => Ok(TextFormat::Total),
        other => Err(TextError::Format {
            format: other.to_owned(),
        }),
    }
}

/// A column of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Column {
    Name,
    Stmts,
    Miss,
    Branch,
    BrPart,
    Cover,
    Missing,
}

impl Column {
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Name => "Name",
            Self::Stmts => "Stmts",
            Self::Miss => "Miss",
            Self::Branch => "Branch",
            Self::BrPart => "BrPart",
            Self::Cover => "Cover",
            Self::Missing => "Missing",
        }
    }
}

struct Row {
    numbers: Numbers,
    cells: Vec<String>,
}

/// What both kinds of tables show.
pub(crate) struct Table {
    pub(crate) columns: Vec<Column>,
    rows: Vec<Row>,
    pub(crate) total: Vec<String>,
    pub(crate) end_lines: Vec<String>,
    has_arcs: bool,
}

impl Table {
    fn new<'a>(
        files: impl Iterator<Item = TableFile<'a>>,
        totals: Numbers,
        has_arcs: bool,
        options: &TextOptions,
        precision: usize,
    ) -> Self {
        let mut columns = vec![Column::Name, Column::Stmts, Column::Miss];
        if has_arcs {
            columns.extend([Column::Branch, Column::BrPart]);
        }
        columns.push(Column::Cover);
        if options.show_missing {
            columns.push(Column::Missing);
        }
        let mut rows = Vec::new();
        let (mut covered, mut empty) = (0, 0);
        for file in files {
            let numbers = file.numbers;
            if options.skip_covered && numbers.missing == 0 && numbers.partial_branches == 0 {
                covered += 1;
            } else if options.skip_empty && numbers.statements == 0 {
                empty += 1;
            } else {
                let name = neutralize_control(file.name);
                let cells = cells(&columns, name, numbers, precision, &file.missing);
                rows.push(Row { numbers, cells });
            }
        }
        let mut end_lines = Vec::new();
        if covered > 0 {
            let files = plural(covered, "file");
            end_lines.push(format!("\n{files} skipped due to complete coverage."));
        }
        if empty > 0 {
            end_lines.push(format!("\n{} skipped.", plural(empty, "empty file")));
        }
        let total_name = "TOTAL".to_owned();
        Self {
            total: cells(&columns, total_name, totals, precision, String::new),
            columns,
            rows,
            end_lines,
            has_arcs,
        }
    }

    fn sorted(mut self, sort: Option<&str>) -> Result<Self, TextError> {
        let sort = sort.filter(|sort| !sort.is_empty()).unwrap_or("name");
        let (descending, by) = match sort.as_bytes()[0] {
            b'-' => (true, &sort[1..]),
            b'+' => (false, &sort[1..]),
            _ => (false, sort),
        };
        let number: fn(&Numbers) -> usize = match by.to_lowercase().as_str() {
            "name" => |_| 0,
            "cover" => {
                self.sort_by(descending, |a, b| {
                    let (left, right) = (a.numbers.percent(), b.numbers.percent());
                    left.total_cmp(&right)
                        .then_with(|| a.cells[0].cmp(&b.cells[0]))
                });
                return Ok(self);
            }
            "stmts" => |numbers| numbers.statements,
            "miss" => |numbers| numbers.missing,
            "branch" if self.has_arcs => |numbers| numbers.branches,
            "brpart" if self.has_arcs => |numbers| numbers.partial_branches,
            _ => {
                return Err(TextError::Sort {
                    sort: sort.to_owned(),
                });
            }
        };
        if by.eq_ignore_ascii_case("name") {
            self.rows
                .sort_by_cached_key(|row| NaturalKey::new(&row.cells[0]));
            if descending {
                self.rows.reverse();
            }
        } else {
            self.sort_by(descending, |a, b| {
                let (left, right) = (number(&a.numbers), number(&b.numbers));
                left.cmp(&right).then_with(|| a.cells[0].cmp(&b.cells[0]))
            });
        }
        Ok(self)
    }

    fn sort_by(&mut self, descending: bool, compare: impl Fn(&Row, &Row) -> std::cmp::Ordering) {
        self.rows.sort_by(|a, b| {
            if descending {
                compare(b, a)
            } else {
                compare(a, b)
            }
        });
    }

    pub(crate) fn rows(&self) -> impl Iterator<Item = &[String]> {
        self.rows.iter().map(|row| row.cells.as_slice())
    }

    pub(crate) fn cover_column(&self) -> usize {
        self.columns
            .iter()
            .position(|&column| column == Column::Cover)
            .unwrap_or(0)
    }
}

fn cells(
    columns: &[Column],
    name: String,
    numbers: Numbers,
    precision: usize,
    missing: impl FnOnce() -> String,
) -> Vec<String> {
    let mut cells = vec![name];
    let mut missing = Some(missing);
    for column in columns {
        cells.push(match column {
            Column::Name => continue,
            Column::Stmts => numbers.statements.to_string(),
            Column::Miss => numbers.missing.to_string(),
            Column::Branch => numbers.branches.to_string(),
            Column::BrPart => numbers.partial_branches.to_string(),
            Column::Cover => numbers.shown_percent(precision),
            Column::Missing => missing.take().map(|text| text()).unwrap_or_default(),
        });
    }
    cells
}

fn write_table(out: &mut String, table: &Table) {
    let length = |text: &String| text.chars().count();
    let cover = table.cover_column();
    let name_width = table
        .rows()
        .map(|cells| length(&cells[0]))
        .max()
        .unwrap_or(0)
        .max(5)
        + 1;
    let total_width = (length(&table.total[cover]) + 2).max(6) + 1;
    let cover_width = table
        .rows()
        .map(|cells| length(&cells[cover]) + 2)
        .fold(total_width, usize::max);

    let mut header = String::new();
    for column in &table.columns {
        let title = column.title();
        let _ = match column {
            Column::Name => write!(header, "{title:name_width$}"),
            Column::Cover => write!(header, "{title:>cover_width$}"),
            Column::Missing => write!(header, "{title:>10}"),
            _ => write!(header, "{title:>7}"),
        };
    }
    let rule = "-".repeat(header.chars().count());
    push_line(out, &header);
    push_line(out, &rule);

    let row_width = cover_width - 1;
    let write_row = |out: &mut String, cells: &[String]| {
        let mut line = String::new();
        for (column, cell) in table.columns.iter().zip(cells) {
            let _ = match column {
                Column::Name => write!(line, "{cell:name_width$}"),
                Column::Cover => write!(line, "{cell:>row_width$}%"),
                Column::Missing => write!(line, "   {cell:9}"),
                _ => write!(line, "{cell:>7}"),
            };
        }
        push_line(out, &line);
    };
    let mut any = false;
    for cells in table.rows() {
        write_row(out, cells);
        any = true;
    }
    if any {
        push_line(out, &rule);
    }
    write_row(out, &table.total);
}

/// Adds a line without the blanks at its end.
pub(crate) fn push_line(out: &mut String, line: &str) {
    out.push_str(line.trim_end());
    out.push('\n');
}

pub(crate) fn plural(count: usize, thing: &str) -> String {
    let ending = if count == 1 { "" } else { "s" };
    format!("{count} {thing}{ending}")
}
