//! The command lines of `swath compare`, `swath intersect` and `swath subtract`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::ReadingArguments;

/// How two data files are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum CompareFormat {
    Text,
    Markdown,
    Json,
}

/// `swath compare`.
#[derive(Debug, Args)]
#[command(
    override_usage = "swath compare [OPTIONS] A B\n       swath compare [OPTIONS] --name NAME=A --name NAME=B\n       swath compare [OPTIONS] --labels A,B [FILE]",
    after_help = "`--help` shows all options.",
    after_long_help = "Examples:\n  swath compare system.coverage unit.coverage\n  swath compare --name system=.coverage --name unit=unit.coverage --show system\n  swath compare --labels system,unit    of what `combine --label` put into one file"
)]
pub(crate) struct CompareArguments {
    /// The data files.
    #[arg(value_name = "FILE", num_args = 0..=2)]
    pub(crate) files: Vec<PathBuf>,
    /// A data file, and what it is called.
    #[arg(long, value_name = "NAME=FILE")]
    pub(crate) name: Vec<String>,
    /// Two labels of one data file, which `combine --label` gave.
    #[arg(
        long,
        value_name = "A,B",
        value_delimiter = ',',
        conflicts_with = "name"
    )]
    pub(crate) labels: Vec<String>,
    /// text, markdown or json.
    #[arg(long, value_enum, default_value_t = CompareFormat::Text, value_name = "FORMAT", hide_possible_values = true)]
    pub(crate) format: CompareFormat,
    /// List the lines that only this data reached: its name, `both` or `neither`.
    #[arg(long, value_name = "NAME")]
    pub(crate) show: Option<String>,
    /// Write the report to a file.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Write pages with both marks on each line into a folder as well.
    #[arg(long, value_name = "DIR")]
    pub(crate) html: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) reading: ReadingArguments,
}

/// `swath intersect` and `swath subtract`.
#[derive(Debug, Args)]
pub(crate) struct DeriveArguments {
    /// The data files.
    #[arg(value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// The data file to write; what is there is replaced.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// The configuration file, whose `[paths]` hold [default: found as coverage.py does].
    #[arg(long, value_name = "RCFILE")]
    pub(crate) rcfile: Option<String>,
    /// Go on without the plugins that the settings name.
    #[arg(long)]
    pub(crate) no_plugins: bool,
}
