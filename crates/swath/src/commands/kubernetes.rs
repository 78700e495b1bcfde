//! `swath kubernetes`: manifests with the agent.

mod webhook;

use swath_manifest::{
    AgentOrder, Injected, Input, KubernetesRequest, Outcome, WorkloadNote, inject,
};
use swath_model::Message;

use super::manifests::{agent_order, read, say_unused};
use crate::arguments::{
    InjectionArguments, KubernetesArguments, KubernetesInjectArguments, KubernetesVerb,
};
use crate::diagnostic::Show as _;
use crate::exit::Exit;
use crate::progress::status;
use crate::terminal::print_file;

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
    let text = read(&arguments.file, Input::Manifests)?;
    let agent = agent_order(arguments.injection.branch, arguments.injection.attribution)?;
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
        say_unused(glob, Input::Manifests);
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
