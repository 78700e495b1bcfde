//! `swath ship`: what the containers of a pod record, to an object store.

use std::collections::BTreeMap;
use std::path::Path;

use swath_checkout::{Links, read_regular};
use swath_fleet::{
    ObjectStore, PodDocument, RunLocation, Shipper, ShipperSettings, StoreError, TaskShipper,
};
use swath_manifest::{PLACES_VARIABLE, VolumeOrder};
use swath_model::Message;
use swath_run::{Waiting, duration};

use crate::arguments::ShipArguments;
use crate::diagnostic::Show as _;
use crate::exit::Exit;
use crate::progress::status;

/// No file of variables is longer, in bytes.
const LONGEST_VARIABLES: u64 = 64 << 10;

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
    let given = arguments.variables.as_deref().map(variables).transpose()?;
    let given = given.unwrap_or_default();
    let variable = |name: &str| {
        given
            .get(name)
            .cloned()
            .or_else(|| std::env::var(name).ok())
    };
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
    let mut waiting = Waiting::install().map_err(|error| {
        Message::error("system", format!("signals could not be received: {error}"))
    })?;
    let mut wait = |time| waiting.wait(time);
    let mut told = |error: Option<&StoreError>| match error {
        Some(error) => Message::warning("not-shipped", error.to_string())
            .hint(
                "nothing is lost while the volume lives: it is sent when the store answers"
                    .to_owned(),
            )
            .print(),
        None => status("Shipping", "again"),
    };
    let shipped = if arguments.tasks {
        let node = node(&variable)?;
        let places = variable(PLACES_VARIABLE);
        let order = VolumeOrder::read(None, places.as_deref())
            .map_err(|error| Message::error("pod-not-prepared", error.to_string()))?;
        status(
            "Shipping",
            &format!("the tasks of {} on {} to {run}", node.namespace, node.node),
        );
        TaskShipper::new(store, settings, node, order.places)
            .and_then(|mut shipper| shipper.ship(&mut wait, &mut told))
    } else {
        let pod = pod(&variable)?;
        status(
            "Shipping",
            &format!("{}/{} to {run}", pod.namespace, pod.name),
        );
        Shipper::new(store, settings, pod)
            .and_then(|mut shipper| shipper.ship(&mut wait, &mut told))
    };
    shipped.map_err(of_store)?;
    status("Shipped", "everything that was recorded");
    Ok(())
}

/// The variables of a file: a line `NAME=VALUE` for each.
fn variables(path: &Path) -> Result<BTreeMap<String, String>, Message> {
    let failed = |what: String| {
        let text = format!(
            "the variables of `{}` cannot be read: {what}",
            path.display()
        );
        Message::error("store-variables", text).hint("write lines NAME=VALUE".to_owned())
    };
    // An engine's secrets may be links.
    let bytes = read_regular(path, Links::Follow, LONGEST_VARIABLES);
    let bytes = bytes.map_err(|error| failed(error.to_string()))?;
    let text = String::from_utf8(bytes).map_err(|_| failed("it is not UTF-8".to_owned()))?;
    let lines = text.lines().map(str::trim);
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| match line.split_once('=') {
            Some((name, value)) => Ok((name.to_owned(), value.to_owned())),
            None => Err(failed("a line has no `=`".to_owned())),
        })
        .collect()
}

/// What the service that ships is told of its node.
fn node(variable: &dyn Fn(&str) -> Option<String>) -> Result<PodDocument, Message> {
    Ok(PodDocument {
        namespace: needed(variable, "SWATH_NAMESPACE")?,
        node: variable("SWATH_NODE").unwrap_or_default(),
        ..PodDocument::default()
    })
}

/// A variable that names what is shipped.
fn needed(variable: &dyn Fn(&str) -> Option<String>, name: &str) -> Result<String, Message> {
    variable(name).filter(|value| !value.is_empty()).ok_or_else(|| {
        let message = format!("`swath ship` needs the variable {name}, which is not set");
        Message::error("pod-unnamed", message).hint(
            "in a pod it comes from the downward API; elsewhere a name that no other place of the run has"
                .to_owned(),
        )
    })
}

/// What Kubernetes' downward API, and the manifest, say of this pod.
fn pod(variable: &dyn Fn(&str) -> Option<String>) -> Result<PodDocument, Message> {
    let text = |name: &str| variable(name).unwrap_or_default();
    let name = needed(variable, "SWATH_POD")?;
    Ok(PodDocument {
        uid: needed(variable, "SWATH_POD_UID")?,
        namespace: needed(variable, "SWATH_NAMESPACE")?,
        node: text("SWATH_NODE"),
        workload: text("SWATH_WORKLOAD"),
        name,
        ..PodDocument::default()
    })
}
