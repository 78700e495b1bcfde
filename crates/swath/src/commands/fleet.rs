//! `swath fleet`: what runs in the containers that manifests get beside their own.

use swath_data::without_secrets;
use swath_manifest::{
    DeclaredContainer, PLACES_VARIABLE, SETTINGS_VARIABLE, VolumeOrder, is_container_name,
};
use swath_model::Message;
use swath_run::{PodContainer, PodVolume};

use crate::arguments::{FleetArguments, FleetVerb, PrepareArguments};
use crate::diagnostic::Show as _;
use crate::exit::Exit;
use crate::progress::status;

/// Does a container's work.
pub(crate) fn fleet(arguments: &FleetArguments) -> Exit {
    let FleetVerb::Prepare(arguments) = &arguments.verb;
    match prepare(arguments) {
        Ok(()) => status("Prepared", &arguments.containers.join(", ")),
        // A pod whose volume cannot be filled starts nevertheless: it is not measured, and the store
        // says so.
        Err(message) => message
            .note("the pod starts without the agent and is not measured")
            .print(),
    }
    Exit::Success
}

fn prepare(arguments: &PrepareArguments) -> Result<(), Message> {
    let refused = |what: String| Message::error("pod-not-prepared", what);
    if let Some(name) = arguments
        .containers
        .iter()
        .find(|name| !is_container_name(name))
    {
        return Err(refused(format!("`{name}` is no name of a container")));
    }
    let variable = |name: &str| std::env::var(name).ok();
    let (settings, places) = (variable(SETTINGS_VARIABLE), variable(PLACES_VARIABLE));
    let order = VolumeOrder::read(settings.as_deref(), places.as_deref())
        .map_err(|error| refused(error.to_string()))?;
    let containers = arguments.containers.iter().map(|name| {
        let place = order.places.get(name).cloned();
        let place = without_secrets_of(place.unwrap_or_else(|| DeclaredContainer {
            name: name.clone(),
            ..DeclaredContainer::default()
        }));
        PodContainer {
            name: name.clone(),
            place: serde_json::to_vec(&place).unwrap_or_default(),
        }
    });
    let volume = PodVolume {
        folder: arguments.folder.clone(),
        branch: order.agent.branch,
        attribution: order.agent.attribution,
        own_packages: order.agent.own_packages,
        containers: containers.collect(),
    };
    volume.fill().map_err(|error| refused(error.to_string()))
}

/// What is written into the volume is shipped: nothing that looks like a secret is.
fn without_secrets_of(mut place: DeclaredContainer) -> DeclaredContainer {
    let count = place.command.len();
    place.command.append(&mut place.args);
    let mut words = without_secrets(&place.command);
    place.args = words.split_off(count.min(words.len()));
    place.command = words;
    place
}
