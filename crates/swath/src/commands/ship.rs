//! `swath ship`: what the containers of a pod record, to an object store.

use swath_fleet::{ObjectStore, PodDocument, RunLocation, Shipper, ShipperSettings, StoreError};
use swath_model::Message;
use swath_run::{Waiting, duration};

use crate::arguments::ShipArguments;
use crate::diagnostic::Show as _;
use crate::exit::Exit;
use crate::progress::status;

/// Sends until it is asked to end.
pub(crate) fn ship(arguments: &ShipArguments) -> Exit {
    match try_ship(arguments) {
        Ok(()) => Exit::Success,
        Err(message) => {
            message.print();
            Exit::RunFailure
        }
    }
}

fn try_ship(arguments: &ShipArguments) -> Result<(), Message> {
    let of_store = |error: StoreError| error.message();
    let asked = |option, text: &str| duration(option, text).map_err(|error| error.message());
    let run: RunLocation = arguments.to.parse().map_err(of_store)?;
    let variable = |name: &str| std::env::var(name).ok();
    let store = ObjectStore::open(&run, &variable).map_err(of_store)?;
    let settings = ShipperSettings {
        from: arguments.from.clone(),
        interval: asked("--every", &arguments.every)?,
        grace: asked("--grace", &arguments.grace)?,
        once: arguments.once,
        until_idle: (arguments.until_idle.as_deref())
            .map(|text| asked("--until-idle", text))
            .transpose()?,
    };
    let pod = pod(&variable)?;
    let mut waiting = Waiting::install().map_err(|error| {
        Message::error("system", format!("signals could not be received: {error}"))
    })?;
    status(
        "Shipping",
        &format!("{}/{} to {run}", pod.namespace, pod.name),
    );
    let mut shipper = Shipper::new(store, settings, pod).map_err(of_store)?;
    let mut wait = |time| waiting.wait(time);
    let mut told = |error: Option<&StoreError>| match error {
        Some(error) => Message::warning("not-shipped", error.to_string())
            .hint(
                "nothing is lost while the pod's volume lives: it is sent when the store answers"
                    .to_owned(),
            )
            .print(),
        None => status("Shipping", "again"),
    };
    shipper.ship(&mut wait, &mut told).map_err(of_store)?;
    status("Shipped", "everything that was recorded");
    Ok(())
}

/// What Kubernetes' downward API, and the manifest, say of this pod.
fn pod(variable: &dyn Fn(&str) -> Option<String>) -> Result<PodDocument, Message> {
    let text = |name: &str| variable(name).unwrap_or_default();
    let needed = |name: &str| {
        variable(name).filter(|value| !value.is_empty()).ok_or_else(|| {
            let message = format!("`swath ship` needs the variable {name}, which is not set");
            Message::error("pod-unnamed", message).hint(
                "in a pod it comes from the downward API; elsewhere a name that no other place of the run has"
                    .to_owned(),
            )
        })
    };
    let name = needed("SWATH_POD")?;
    Ok(PodDocument {
        uid: needed("SWATH_POD_UID")?,
        namespace: needed("SWATH_NAMESPACE")?,
        node: text("SWATH_NODE"),
        workload: text("SWATH_WORKLOAD"),
        name,
        ..PodDocument::default()
    })
}
