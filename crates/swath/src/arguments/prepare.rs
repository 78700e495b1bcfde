//! The arguments of `swath fleet`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// `swath fleet`.
#[derive(Debug, Args)]
pub(crate) struct FleetArguments {
    #[command(subcommand)]
    pub(crate) verb: FleetVerb,
}

/// What a fleet's own container does.
#[derive(Debug, Subcommand)]
pub(crate) enum FleetVerb {
    /// Put the agent into the volume of a pod, before its containers start.
    Prepare(PrepareArguments),
}

/// `swath fleet prepare`.
#[derive(Debug, Args)]
pub(crate) struct PrepareArguments {
    /// Where the volume is mounted, here as in the containers.
    #[arg(value_name = "FOLDER")]
    pub(crate) folder: PathBuf,
    /// The containers that are measured.
    #[arg(value_name = "CONTAINER", required = true)]
    pub(crate) containers: Vec<String>,
}
