//! `swath kubernetes`: manifests with the agent.

mod webhook;

use std::io::{self, Read};
use std::path::Path;

use swath_checkout::{Links, open_regular};
use swath_manifest::{AgentOrder, Injected, KubernetesRequest, Outcome, WorkloadNote, inject};
use swath_model::Message;
use swath_run::{SettingsOverrides, own_packages};

use super::run::load_settings;
use crate::arguments::{
    InjectionArguments, KubernetesArguments, KubernetesInjectArguments, KubernetesVerb,
};
use crate::diagnostic::Show as _;
use crate::exit::Exit;
use crate::progress::status;
use crate::reporting::current_folder;
use crate::terminal::print_file;

/// The most that manifests may hold, in bytes; the store of a cluster takes far less of each.
const MOST: u64 = 64 << 20;
/// The most that the names of packages may take of a variable, in bytes.
const MOST_PACKAGES: usize = 32 << 10;

/// Does what is asked for with a cluster.
pub(crate) fn kubernetes(arguments: KubernetesArguments) -> Exit {
    let done = match arguments.verb {
        KubernetesVerb::Inject(arguments) => injected(*arguments).map(|injected| {
            print_file(&injected.text);
            say(&injected);
        }),
        KubernetesVerb::Webhook(arguments) => webhook::serve(*arguments),
        KubernetesVerb::WebhookManifests(arguments) => webhook::print_manifests(*arguments),
    };
    match done {
        Ok(()) => Exit::Success,
        Err(message) => {
            message.print();
            Exit::Failure
        }
    }
}

fn injected(arguments: KubernetesInjectArguments) -> Result<Injected, Message> {
    let text = read(&arguments.file)?;
    let agent = agent_order(&arguments.injection)?;
    let request = request(arguments.injection, agent);
    inject(&text, &request).map_err(|error| error.message())
}

/// What is asked for pods, with what the agent in them records.
fn request(arguments: InjectionArguments, agent: AgentOrder) -> KubernetesRequest {
    KubernetesRequest {
        image: arguments.image,
        run: arguments.run,
        store: arguments.store,
        store_secret: arguments.store_secret,
        agent,
        measure: arguments.measure,
        namespace: arguments.namespace,
        sidecars: arguments.sidecars.map(Into::into).unwrap_or_default(),
        python_paths: arguments.python_path,
    }
}

/// What the checkout here says that is recorded, and the options.
fn agent_order(arguments: &InjectionArguments) -> Result<AgentOrder, Message> {
    let folder = current_folder();
    let settings = load_settings(&SettingsOverrides::default(), None, &folder)?;
    Ok(AgentOrder {
        branch: arguments.branch || settings.config.branch,
        attribution: arguments.attribution,
        own_packages: packages(&folder),
    })
}

/// The packages of the checkout, as far as a variable holds them.
fn packages(folder: &Path) -> Vec<String> {
    let packages = own_packages(folder);
    if packages.iter().map(String::len).sum::<usize>() <= MOST_PACKAGES {
        return packages;
    }
    status(
        "Note",
        "this folder holds too many packages to be one project: what is installed in images is not measured",
    );
    Vec::new()
}

fn read(path: &Path) -> Result<String, Message> {
    let name = if path == Path::new("-") {
        "standard input".to_owned()
    } else {
        format!("`{}`", path.display())
    };
    let bytes = if path == Path::new("-") {
        bounded(io::stdin().lock())
    } else {
        open_regular(path, Links::Follow).and_then(bounded)
    };
    let not_readable = |what: String| {
        let text = format!("the manifests of {name} cannot be read: {what}");
        Message::error("manifest-not-readable", text)
    };
    let bytes = bytes.map_err(|error| not_readable(error.to_string()))?;
    if bytes.len() as u64 > MOST {
        return Err(not_readable(format!(
            "they are larger than {} MB",
            MOST >> 20
        )));
    }
    String::from_utf8(bytes).map_err(|_| not_readable("they are not UTF-8".to_owned()))
}

fn bounded(input: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    input.take(MOST + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Says what became of each workload, and what of it should be known.
fn say(injected: &Injected) {
    for note in &injected.workloads {
        let verb = match note.outcome {
            Outcome::Injected { .. } => "Injected",
            Outcome::Left(_) => "Left",
        };
        status(verb, &note.to_string());
    }
    if injected.workloads.iter().any(may_lose_path) {
        let text = "a PYTHONPATH that an image sets is not seen here: name it with `--python-path`, or it is replaced";
        status("Note", text);
    }
    for glob in &injected.unused {
        let text = format!("`--measure {glob}` matches no container");
        Message::warning("no-container-matches", text)
            .hint("write `WORKLOAD/CONTAINER`, as in `--measure 'web/*'`".to_owned())
            .print();
    }
    if injected.workloads.is_empty() {
        let text = "the manifests hold no workload that runs containers";
        Message::warning("no-container-matches", text)
            .note("they were passed on as they are")
            .print();
    }
}

/// Whether what a container's own path is cannot be seen in its manifest.
fn may_lose_path(note: &WorkloadNote) -> bool {
    matches!(&note.outcome, Outcome::Injected { remarks, .. } if !remarks.is_empty())
}
