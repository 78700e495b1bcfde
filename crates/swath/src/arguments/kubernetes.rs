//! The arguments of `swath kubernetes`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use swath_manifest::{PythonPath, Sidecars};

/// `swath kubernetes`.
#[derive(Debug, Args)]
pub(crate) struct KubernetesArguments {
    #[command(subcommand)]
    pub(crate) verb: KubernetesVerb,
}

/// What is done with a cluster.
#[derive(Debug, Subcommand)]
pub(crate) enum KubernetesVerb {
    /// Rewrite manifests so that their workloads are measured.
    Inject(Box<KubernetesInjectArguments>),
    /// Serve the same rewriting to API servers, as a mutating admission webhook.
    Webhook(Box<KubernetesWebhookArguments>),
    /// Print the manifests that install the webhook in a cluster.
    WebhookManifests(Box<KubernetesWebhookManifestsArguments>),
}

/// `swath kubernetes inject`.
#[derive(Debug, Args)]
#[command(
    after_help = "`--help` shows all options.",
    after_long_help = "Examples:\n  kubectl kustomize deploy | swath kubernetes inject -f - --image registry/swath:1 \\\n    --store s3://bucket/coverage --run $CI_PIPELINE_ID | kubectl apply -f -\n  helm template shop | swath kubernetes inject -f - --image registry/swath:1 --measure 'web/*'"
)]
pub(crate) struct KubernetesInjectArguments {
    /// The manifests, YAML or JSON; `-` reads them from standard input.
    #[arg(short = 'f', long = "filename", value_name = "FILE")]
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) injection: InjectionArguments,
}

/// `swath kubernetes webhook`.
#[derive(Debug, Args)]
#[command(
    after_help = "`--help` shows all options.",
    after_long_help = "What installs it in a cluster, with its command line: swath kubernetes webhook-manifests\n\nExample: swath kubernetes webhook --certificate tls.crt --key tls.key --image registry/swath:1"
)]
pub(crate) struct KubernetesWebhookArguments {
    /// The certificate that API servers are shown, as PEM; read again when it changes.
    #[arg(long, value_name = "FILE")]
    pub(crate) certificate: PathBuf,
    /// Its key, as PEM.
    #[arg(long, value_name = "FILE")]
    pub(crate) key: PathBuf,
    /// Where to listen [default: port 8443 of all addresses].
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(crate) listen: Option<String>,
    /// How long new requests are still answered after SIGTERM: until nobody sends any here.
    #[arg(
        long,
        value_name = "DURATION",
        default_value = "0s",
        hide_short_help = true
    )]
    pub(crate) linger: String,
    #[command(flatten)]
    pub(crate) injection: InjectionArguments,
}

/// `swath kubernetes webhook-manifests`.
#[derive(Debug, Args)]
#[command(
    after_help = "`--help` shows all options.",
    after_long_help = "Example:\n  swath kubernetes webhook-manifests --image registry/swath:1 --store s3://bucket/coverage \\\n    --ca tls.crt > webhook.yaml\n  kubectl apply -f webhook.yaml"
)]
pub(crate) struct KubernetesWebhookManifestsArguments {
    /// The namespace of the webhook: made for it, and removed with it.
    #[arg(long, value_name = "NAME", default_value = "swath")]
    pub(crate) webhook_namespace: String,
    /// The secret of the type kubernetes.io/tls in that namespace, with its certificate and key.
    #[arg(long, value_name = "NAME", default_value = "swath-webhook-tls")]
    pub(crate) secret: String,
    /// The certificates that API servers trust for the webhook, as PEM; only those are taken from it.
    #[arg(long, value_name = "FILE")]
    pub(crate) ca: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) injection: InjectionArguments,
}

/// What pods get.
#[derive(Debug, Args)]
pub(crate) struct InjectionArguments {
    /// The image that holds swath.
    #[arg(long, value_name = "IMAGE")]
    pub(crate) image: Option<String>,
    /// What the run is called: a label of its pods, and a folder in the store.
    #[arg(long, value_name = "ID")]
    pub(crate) run: Option<String>,
    /// Where pods ship what they record, such as `s3://BUCKET/FOLDER`.
    #[arg(long, value_name = "URL")]
    pub(crate) store: Option<String>,
    /// The secret in the cluster with the variables that let pods write to the store.
    #[arg(long, value_name = "NAME", requires = "store", hide_short_help = true)]
    pub(crate) store_secret: Option<String>,
    /// Measure branches as well as statements [default: what coverage.py's settings here say].
    #[arg(long)]
    pub(crate) branch: bool,
    /// Record for which test and which request code runs.
    #[arg(long)]
    pub(crate) attribution: bool,
    /// Measure only the containers that match, as in `web/*`; may be repeated.
    #[arg(long, value_name = "WORKLOAD/CONTAINER")]
    pub(crate) measure: Vec<String>,
    /// Only workloads of this namespace, and those that name none.
    #[arg(long, value_name = "NAME")]
    pub(crate) namespace: Option<String>,
    /// What images set as PYTHONPATH, which manifests do not show; may be repeated.
    ///
    /// The agent comes first on PYTHONPATH. Where the manifest sets no PYTHONPATH, one that the image
    /// sets would be replaced: name it here, for the containers that match or for all.
    #[arg(long, value_name = "[WORKLOAD/CONTAINER=]PATH", value_parser = python_path, hide_short_help = true)]
    pub(crate) python_path: Vec<PythonPath>,
    /// How the container that ships runs: native (Kubernetes 1.29 and newer) or plain [default: native].
    ///
    /// A native sidecar ends with the others. A plain one does not, so with it Jobs and other pods
    /// that end are left alone.
    #[arg(
        long,
        value_enum,
        value_name = "HOW",
        hide_possible_values = true,
        hide_short_help = true
    )]
    pub(crate) sidecars: Option<SidecarsBy>,
}

/// How the container that ships runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SidecarsBy {
    Native,
    Plain,
}

impl From<SidecarsBy> for Sidecars {
    fn from(by: SidecarsBy) -> Sidecars {
        match by {
            SidecarsBy::Native => Sidecars::Native,
            SidecarsBy::Plain => Sidecars::Plain,
        }
    }
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "what reads an option may refuse it"
)]
pub(super) fn python_path(text: &str) -> Result<PythonPath, String> {
    let (containers, path) = match text.split_once('=') {
        Some((containers, path)) => (Some(containers.to_owned()), path),
        None => (None, text),
    };
    Ok(PythonPath {
        containers,
        path: path.to_owned(),
    })
}
