//! The arguments of `swath history`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{CompareFormat, DataArguments};

/// `swath history`.
#[derive(Debug, Args)]
#[command(
    after_help = "The history is one file, which `--store` names: keep it in the cache of your CI service, or commit it."
)]
pub(crate) struct HistoryArguments {
    #[command(subcommand)]
    pub(crate) verb: HistoryVerb,
    /// The file of the history [default: `history` of swath.toml, or .swath-history].
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) store: Option<PathBuf>,
}

/// What is done with a history.
#[derive(Debug, Subcommand)]
pub(crate) enum HistoryVerb {
    /// Add what the data says; the same data is kept once.
    Add(HistoryAddArguments),
    /// Show the runs that are kept.
    Show(HistoryShowArguments),
    /// Add the runs of other histories.
    Merge {
        /// Files of histories, which stay as they are.
        #[arg(value_name = "FILE", required = true)]
        files: Vec<PathBuf>,
    },
    /// Take runs away.
    #[command(group(clap::ArgGroup::new("rule").required(true).multiple(true)))]
    Prune {
        /// Keep the newest N of each branch.
        #[arg(long, value_name = "N", group = "rule")]
        keep: Option<usize>,
        /// Take away what is older.
        #[arg(long, value_name = "DAYS", group = "rule")]
        older_than: Option<u32>,
    },
}

/// `swath history add`.
#[derive(Debug, Args)]
pub(crate) struct HistoryAddArguments {
    /// The commit that was measured [default: the one that is checked out].
    #[arg(long, value_name = "ID")]
    pub(crate) commit: Option<String>,
    /// The branch that was measured [default: the one that is checked out, or that the CI service names].
    #[arg(long, value_name = "NAME")]
    pub(crate) branch: Option<String>,
    #[command(flatten)]
    pub(crate) data: DataArguments,
}

/// `swath history show`.
#[derive(Debug, Args)]
pub(crate) struct HistoryShowArguments {
    /// Only the runs of a branch.
    #[arg(long, value_name = "NAME")]
    pub(crate) branch: Option<String>,
    /// The branch that the newest run is compared with [default: main or master].
    #[arg(long, value_name = "NAME")]
    pub(crate) against: Option<String>,
    /// Only the newest runs.
    #[arg(long, value_name = "N", default_value_t = 30)]
    pub(crate) limit: usize,
    /// The folders of the newest run, too.
    #[arg(long)]
    pub(crate) folders: bool,
    /// text, markdown or json.
    #[arg(long, value_enum, default_value_t = CompareFormat::Text, value_name = "FORMAT", hide_possible_values = true)]
    pub(crate) format: CompareFormat,
    /// Write the report to a file.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Write a page with a line for each folder.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) html: Option<PathBuf>,
    /// Digits after the decimal point of percentages.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) precision: usize,
}
