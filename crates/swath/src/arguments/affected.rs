//! The options of `swath affected`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{ChangeArguments, DataArguments};

/// How tests are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum AffectedFormat {
    Lines,
    Null,
    Json,
}

/// `swath affected`.
#[derive(Debug, Args)]
#[command(
    override_usage = "swath affected [OPTIONS]\n       swath affected [OPTIONS] FILE...",
    after_help = "`--help` shows all options.",
    after_long_help = "Examples:\n  swath affected | xargs -d '\\n' -r pytest    since the branch left the default branch\n  swath affected --since HEAD                 by what is not committed yet\n  swath affected shop/cart.py                 by anything in a file\n  git diff v1..v2 | swath affected --patch - --format json"
)]
pub(crate) struct AffectedArguments {
    /// Files that count as changed from the first line to the last.
    #[arg(value_name = "FILE", conflicts_with_all = ["since", "patch"])]
    pub(crate) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) change: ChangeArguments,
    #[command(flatten)]
    pub(crate) output: AffectedOutputArguments,
    #[command(flatten)]
    pub(crate) data: DataArguments,
}

/// What is printed.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct AffectedOutputArguments {
    /// lines (a test on each), null (for `xargs -0`) or json (with why each changed file counts).
    #[arg(long, value_enum, default_value_t = AffectedFormat::Lines, value_name = "FORMAT", hide_possible_values = true)]
    pub(crate) format: AffectedFormat,
    /// Write the tests to a file.
    #[arg(short = 'o', long = "output", value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
}
