//! `swath kubernetes webhook` and what installs it.

use swath_manifest::{
    Admission, Admitted, Installation, Outcome, SETTINGS_VARIABLE, VolumeOrder, WEBHOOK_PORT,
};
use swath_model::{Message, neutralize_control};
use swath_run::duration;
use swath_webhook::{CertificateFiles, Ended, Event, Webhook, WebhookError, authority};

use super::{AgentOrder, agent_order, request};
use crate::arguments::{
    InjectionArguments, KubernetesWebhookArguments, KubernetesWebhookManifestsArguments,
};
use crate::diagnostic::Show as _;
use crate::progress::{status, status_bad};
use crate::terminal::print_file;

/// Answers API servers until it is told to end.
pub(super) fn serve(arguments: KubernetesWebhookArguments) -> Result<(), Message> {
    let linger = duration("--linger", &arguments.linger).map_err(|error| error.message())?;
    let agent = ordered(&arguments.injection)?;
    let request = request(arguments.injection, agent);
    let admission = Admission::new(request).map_err(|error| error.message())?;
    let files = CertificateFiles {
        certificate: arguments.certificate,
        key: arguments.key,
    };
    // The first one is of both families, where the system has both.
    let everywhere = || ["[::]", "0.0.0.0"].map(|host| format!("{host}:{WEBHOOK_PORT}"));
    let addresses = match arguments.listen {
        Some(address) => vec![address],
        None => everywhere().into(),
    };
    let of_webhook = |error: WebhookError| error.message();
    let webhook = Webhook::bind(&addresses, files, admission, linger).map_err(of_webhook)?;
    match webhook.serve(say).map_err(of_webhook)? {
        Ended::Answered => status("Ended", "everything that was asked is answered"),
        Ended::Cut => status_bad("Ended", "some requests got no answer"),
    }
    Ok(())
}

/// What the agent records: what the manifests of the webhook say, or else the checkout here.
fn ordered(arguments: &InjectionArguments) -> Result<AgentOrder, Message> {
    let Ok(settings) = std::env::var(SETTINGS_VARIABLE) else {
        return agent_order(arguments.branch, arguments.attribution);
    };
    let order = VolumeOrder::read(Some(&settings), None);
    let mut agent = order
        .map_err(|error| Message::error("webhook-not-served", error.to_string()))?
        .agent;
    agent.branch |= arguments.branch;
    agent.attribution |= arguments.attribution;
    Ok(agent)
}

/// Says what happens.
fn say(event: &Event<'_>) {
    match event {
        Event::Listening(address) => status("Listening", &format!("on {address}")),
        Event::Answered(admitted) => say_answer(admitted),
        Event::Refused(what) => status_bad("Refused", &neutralize_control(what)),
        Event::CertificateRead => status("Read", "the certificate, which has changed"),
        Event::CertificateKept(error) => {
            let text = format!("the certificate has changed and cannot be used: {error}");
            Message::warning("certificate-kept", text)
                .note("the one before it stays in use")
                .hint(error.message().hint)
                .print();
        }
        Event::Ending => status("Ending", "after the requests under way"),
    }
}

fn say_answer(admitted: &Admitted) {
    let Some(note) = &admitted.note else {
        return;
    };
    let verb = match note.outcome {
        Outcome::Injected { .. } => "Injected",
        Outcome::Left(_) => "Left",
    };
    let aside = if admitted.dry_run { " (a dry run)" } else { "" };
    // One line each, whatever names a pod.
    status(verb, &neutralize_control(&format!("{note}{aside}")));
}

/// Prints what installs the webhook.
pub(super) fn print_manifests(
    arguments: KubernetesWebhookManifestsArguments,
) -> Result<(), Message> {
    let authority = arguments.ca.as_deref().map(authority).transpose();
    let has_authority = arguments.ca.is_some();
    let installation = Installation {
        namespace: arguments.webhook_namespace,
        secret: arguments.secret,
        authority: authority.map_err(|error| error.message())?,
    };
    let agent = agent_order(arguments.injection.branch, arguments.injection.attribution)?;
    let request = request(arguments.injection, agent);
    let manifests = installation.manifests(&request);
    print_file(&manifests.map_err(|error| error.message())?);
    if !has_authority {
        let text = "without `--ca`, API servers trust the webhook only if something puts `caBundle` into its configuration";
        status("Note", text);
    }
    Ok(())
}
