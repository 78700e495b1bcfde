//! The command lines of `swath ship` and `swath gather`.

use std::path::PathBuf;

use clap::Args;
use swath_config::{FleetSettings, Service, ShippingSettings};
use swath_fleet::{RunLocation, StoreError};
use swath_model::Message;
use swath_run::{
    Cluster, FleetEngine, FleetRequest, PluginChoice, SettingsOverrides, Shipping, Stack, duration,
};

use super::{Count, MeasureArguments, RunReportArguments, overrides};
use crate::interpreter::environment_interpreter;

/// `swath ship`.
#[derive(Debug, Args)]
#[command(
    override_usage = "swath ship --from FOLDER --to URL [OPTIONS]",
    after_help = "Example: swath ship --from /swath --to s3://coverage/runs/42\n\nWhat the pod is comes from SWATH_POD, SWATH_POD_UID, SWATH_NAMESPACE, SWATH_NODE and SWATH_WORKLOAD."
)]
pub(crate) struct ShipArguments {
    /// The folder that the containers share: CONTAINER/data/ holds what each records.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) from: PathBuf,
    /// The folder holds one such folder for each task of a Swarm's node, named after it.
    #[arg(long, conflicts_with = "until_idle", hide_short_help = true)]
    pub(crate) tasks: bool,
    /// A file with variables of the store, as lines NAME=VALUE; they come before those of the
    /// environment.
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    pub(crate) variables: Option<PathBuf>,
    /// The run in the object store: `s3://BUCKET/PREFIX/RUN` or `file:///FOLDER/RUN`.
    #[arg(long, value_name = "URL")]
    pub(crate) to: String,
    /// How often what is new is sent.
    #[arg(long, value_name = "DURATION", default_value = "2s")]
    pub(crate) every: String,
    /// How long the containers may take to end after SIGTERM; less than the pod's grace period.
    #[arg(long, value_name = "DURATION", default_value = "20s")]
    pub(crate) grace: String,
    /// Send what is there, and end.
    #[arg(long)]
    pub(crate) once: bool,
    /// End once something was recorded and then nothing for so long, as for a Job.
    #[arg(long, value_name = "DURATION", conflicts_with = "once")]
    pub(crate) until_idle: Option<String>,
}

/// Services that run in a fleet while the tests run here.
#[derive(Debug, Args)]
#[command(next_help_heading = "Fleets")]
pub(crate) struct ClusterArguments {
    /// Wait for the measured pods of this namespace before the tests, and gather them afterwards.
    ///
    /// The manifests went through `swath kubernetes inject`. `kubectl` asks the cluster, with your
    /// configuration.
    #[arg(long, value_name = "NAMESPACE[:SELECTOR]")]
    pub(crate) kubernetes: Option<Cluster>,
    /// Wait for the measured tasks of this stack before the tests, and gather them afterwards.
    ///
    /// The stack file went through `swath swarm inject`. `docker` asks the Swarm, with your
    /// configuration.
    #[arg(long, value_name = "STACK", conflicts_with = "kubernetes")]
    pub(crate) swarm: Option<Stack>,
    /// Gather what services ship to this run of an object store after the tests; with
    /// `--kubernetes` or `--swarm`, where these say so unless this does.
    #[arg(long, value_name = "URL")]
    pub(crate) fleet: Option<String>,
    /// A service of the fleet that has so many instances at least; may be repeated.
    #[arg(long, value_name = "SERVICE=N", value_parser = instances, hide_short_help = true)]
    pub(crate) expect: Vec<(String, usize)>,
    /// The image with swath that ships for services which the command makes on a Swarm of several nodes.
    #[arg(long, value_name = "IMAGE", hide_short_help = true)]
    pub(crate) swarm_image: Option<String>,
    /// Where it ships to: a folder of an object store, in which each run has one of its own.
    #[arg(long, value_name = "URL", hide_short_help = true)]
    pub(crate) swarm_store: Option<String>,
    /// The secret of the Swarm with the variables of that store.
    #[arg(long, value_name = "NAME", hide_short_help = true)]
    pub(crate) swarm_store_secret: Option<String>,
    /// What the file of settings says.
    #[arg(skip)]
    pub(crate) file: FleetSettings,
}

impl ClusterArguments {
    /// What runs the services, if that is said.
    fn engine(&self) -> Result<Option<FleetEngine>, Message> {
        let cluster = self.kubernetes.clone().map(FleetEngine::Kubernetes);
        let given = cluster.or_else(|| self.swarm.clone().map(FleetEngine::Swarm));
        if given.is_some() {
            return Ok(given);
        }
        let bad = |key: &str, text: &str, problem: String| {
            let text = format!("`{key} = \"{text}\"` in the settings: {problem}");
            Message::error("usage", text)
        };
        if let Some(text) = &self.file.kubernetes {
            let cluster = text.parse();
            let cluster = cluster.map_err(|problem| bad("kubernetes", text, problem))?;
            return Ok(Some(FleetEngine::Kubernetes(cluster)));
        }
        let stack = self.file.swarm.as_ref().map(|text| {
            let stack = text.parse();
            stack.map_err(|problem| bad("swarm", text, problem))
        });
        Ok(stack.transpose()?.map(FleetEngine::Swarm))
    }

    /// Takes over what the file says of shipping, where the command line does not.
    pub(crate) fn take_in(&mut self, file: &ShippingSettings) {
        for (own, of_file) in [
            (&mut self.swarm_image, &file.image),
            (&mut self.swarm_store, &file.store),
            (&mut self.swarm_store_secret, &file.store_secret),
        ] {
            if own.is_none() {
                own.clone_from(of_file);
            }
        }
    }

    /// What ships for services that the command makes, if that is said.
    pub(crate) fn shipping(&self) -> Result<Option<Shipping>, Message> {
        let needed = [
            ("swarm-image", &self.swarm_image),
            ("swarm-store", &self.swarm_store),
        ];
        let [Some(image), Some(store)] = needed.map(|(_, given)| given.as_ref()) else {
            let given = needed.iter().find(|(_, given)| given.is_some());
            let missing = needed.iter().find(|(_, given)| given.is_none());
            let text = match (given, missing) {
                (Some((given, _)), Some((missing, _))) => {
                    format!("`{given}` is of no use without `{missing}`")
                }
                _ if self.swarm_store_secret.is_some() => {
                    "`swarm-store-secret` is of no use without `swarm-image` and `swarm-store`"
                        .to_owned()
                }
                _ => return Ok(None),
            };
            let hint = "swath run --swarm-image IMAGE --swarm-store URL -- COMMAND".to_owned();
            return Err(Message::error("usage", text).hint(hint));
        };
        let store = store.trim_end_matches('/');
        // The run's own folder is below it: what can be known to fail fails before the tests.
        let run: Result<RunLocation, StoreError> = format!("{store}/run").parse();
        run.map_err(|error| error.message())?;
        Ok(Some(Shipping {
            image: image.clone(),
            store: store.to_owned(),
            store_secret: self.swarm_store_secret.clone(),
        }))
    }

    /// The fleet, if one is named. `ready_timeout` is that of all services.
    pub(crate) fn request(
        &self,
        ready_timeout: Option<&str>,
    ) -> Result<Option<FleetRequest>, Message> {
        let engine = self.engine()?;
        let store = self.fleet.as_ref().or(self.file.store.as_ref());
        if engine.is_none() && store.is_none() {
            if self.expect.is_empty() {
                return Ok(None);
            }
            let text = "`--expect` is about a fleet, and none is named";
            let hint = "swath run --fleet URL --expect SERVICE=N -- COMMAND";
            return Err(Message::error("usage", text).hint(hint.to_owned()));
        }
        let store = store.map(|url| url.parse()).transpose();
        let store = store.map_err(|error: StoreError| error.message())?;
        let ready_timeout = match ready_timeout {
            None => Service::READY_TIMEOUT,
            Some(text) => duration("--ready-timeout", text).map_err(|error| error.message())?,
        };
        Ok(Some(FleetRequest {
            store,
            expected: self.expect.iter().cloned().collect(),
            engine,
            ready_timeout,
        }))
    }
}

/// `swath gather`.
#[derive(Debug, Args)]
#[command(
    override_usage = "swath gather [OPTIONS] URL",
    after_help = "`--help` shows all options.",
    after_long_help = "Examples:\n  swath gather s3://coverage/runs/42\n  swath gather --require-complete --json account.json s3://coverage/runs/42\n  swath gather file:///mnt/coverage/42"
)]
pub(crate) struct GatherArguments {
    /// The run in the object store: `s3://BUCKET/PREFIX/RUN` or `file:///FOLDER/RUN`.
    #[arg(value_name = "URL")]
    pub(crate) url: String,
    /// Whose lines are in the number: services, tests or all [default: services].
    #[arg(long, value_enum, value_name = "WHOSE", hide_possible_values = true)]
    pub(crate) count: Option<Count>,
    /// Exit with 3 unless everything that counts is in the number.
    #[arg(long)]
    pub(crate) require_complete: bool,
    /// A service that has so many instances at least; may be repeated.
    ///
    /// A pod that never sent a word is known to nobody: with this, the number is incomplete without it.
    #[arg(long, value_name = "SERVICE=N", value_parser = instances)]
    pub(crate) expect: Vec<(String, usize)>,
    /// Write the accounting and the totals to a file, as JSON.
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    /// Add to the data file instead of replacing it.
    #[arg(short, long)]
    pub(crate) append: bool,
    /// A label for what is recorded.
    #[arg(long, value_name = "LABEL", hide_short_help = true)]
    pub(crate) context: Option<String>,
    /// Go on without the plugins that coverage.py's settings name.
    #[arg(long, hide_short_help = true)]
    pub(crate) no_plugins: bool,
    #[command(flatten)]
    pub(crate) measure: MeasureArguments,
    #[command(flatten)]
    pub(crate) report: RunReportArguments,
}

/// `web=3`; a service's own name may hold the sign.
fn instances(text: &str) -> Result<(String, usize), String> {
    let parts = text
        .rsplit_once('=')
        .filter(|(service, _)| !service.is_empty());
    let (service, number) = parts.ok_or("write SERVICE=N, as in `web=3`")?;
    let number = number
        .parse()
        .map_err(|_| format!("`{number}` is not a number of instances"))?;
    Ok((service.to_owned(), number))
}

impl GatherArguments {
    /// What is said in place of the settings files.
    pub(crate) fn overrides(&self) -> SettingsOverrides {
        SettingsOverrides {
            context: self.context.clone(),
            plugins: PluginChoice {
                interpreter: environment_interpreter(),
                path: None,
                left_out: self.no_plugins,
            },
            ..overrides(&self.measure, &self.report.shared)
        }
    }
}
