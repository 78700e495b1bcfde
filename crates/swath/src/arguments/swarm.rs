//! The arguments of `swath swarm`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use swath_manifest::PythonPath;

use super::kubernetes::python_path;

/// `swath swarm`.
#[derive(Debug, Args)]
pub(crate) struct SwarmArguments {
    #[command(subcommand)]
    pub(crate) verb: SwarmVerb,
}

/// What is done with a Swarm.
#[derive(Debug, Subcommand)]
pub(crate) enum SwarmVerb {
    /// Rewrite a stack file so that its services are measured.
    Inject(Box<SwarmInjectArguments>),
}

/// `swath swarm inject`.
#[derive(Debug, Args)]
#[command(
    after_help = "`--help` shows all options.",
    after_long_help = "Example:\n  swath swarm inject -f stack.yml --image registry/swath:1 --store s3://bucket/coverage \\\n    --run $CI_PIPELINE_ID > measured.yml\n  docker stack deploy -c measured.yml shop"
)]
pub(crate) struct SwarmInjectArguments {
    /// The stack file; `-` reads it from standard input.
    #[arg(short = 'f', long = "filename", value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// The image that holds swath.
    #[arg(long, value_name = "IMAGE")]
    pub(crate) image: String,
    /// What the run is called: a label of its services, and a folder in the store.
    #[arg(long, value_name = "ID")]
    pub(crate) run: String,
    /// Where services ship what they record, such as `s3://BUCKET/FOLDER`.
    #[arg(long, value_name = "URL")]
    pub(crate) store: String,
    /// The secret of the Swarm with the variables that let the shipping service write to the store:
    /// lines NAME=VALUE.
    #[arg(long, value_name = "NAME", hide_short_help = true)]
    pub(crate) store_secret: Option<String>,
    /// The folder for the files of the agent, which the stack's configs are made of when it is
    /// deployed; made if it is not there.
    #[arg(long, value_name = "FOLDER", default_value = "swath-configs")]
    pub(crate) configs: PathBuf,
    /// Measure branches as well as statements [default: what coverage.py's settings here say].
    #[arg(long)]
    pub(crate) branch: bool,
    /// Record for which test and which request code runs.
    #[arg(long)]
    pub(crate) attribution: bool,
    /// Measure only the services that match, as in `web*`; may be repeated.
    #[arg(long, value_name = "SERVICE")]
    pub(crate) measure: Vec<String>,
    /// What images set as PYTHONPATH, which stack files do not show; may be repeated.
    ///
    /// The agent comes first on PYTHONPATH. Where the stack file sets no PYTHONPATH, one that the
    /// image or an `env_file` sets would be replaced: name it here, for the services that match or
    /// for all.
    #[arg(long, value_name = "[SERVICE=]PATH", value_parser = python_path, hide_short_help = true)]
    pub(crate) python_path: Vec<PythonPath>,
}
