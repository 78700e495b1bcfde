//! swath's own settings: `swath.toml`, or `[tool.swath]` in `pyproject.toml`.

mod compose;
mod error;
mod forms;
mod keys;
mod meanings;
mod reference;
mod schema;
mod search;
mod table;

use std::path::{Path, PathBuf};
use std::time::Duration;

use swath_model::Counted;

use crate::duration::parse_duration;
use crate::endpoint_gates::{EndpointGates, EndpointPattern, EndpointRule};
use crate::gates::{GateSetting, GateSubject, Ratchet, is_percentage};
use crate::ready::Ready;
use crate::services::{Service, StopSignal};

pub use compose::ComposeProject;
pub use error::{Place, Suggestion, SwathConfigError};
use keys::{ENDPOINTS, GATES, Kind, SERVICE, TOP};
pub use reference::settings_reference;
pub use schema::settings_schema;
use table::{Document, Entry};

/// How a run is made, as far as a file says so.
#[derive(Debug, Clone, Default)]
pub struct SwathConfig {
    /// The file that the settings come from.
    pub file: Option<PathBuf>,
    /// A file beside it that holds settings as well, which are not used.
    pub unused: Option<PathBuf>,
    /// The command that runs the tests.
    pub test: Option<Vec<String>>,
    /// The services, in the order of the file, which is the order in which they are started.
    pub services: Vec<Service>,
    /// The Compose project that is brought up for the tests.
    pub compose: Option<ComposeProject>,
    /// Services that run elsewhere.
    pub fleet: FleetSettings,
    /// What ships for services that the tests make on a Swarm of several nodes.
    pub shipping: ShippingSettings,
    /// Whose lines are in the number.
    pub count: Option<Counted>,
    /// An incomplete number is an error.
    pub require_complete: bool,
    /// Record for which test and which request code runs.
    pub attribution: bool,
    /// The folder of the HTML report.
    pub html: Option<PathBuf>,
    /// The file of the accounting.
    pub json: Option<PathBuf>,
    /// The file of the history.
    pub history: Option<PathBuf>,
    /// The gates, in the order of the file.
    pub gates: Vec<GateSetting>,
    /// The gates of endpoints.
    pub endpoint_gates: EndpointGates,
    /// The run of another time that the total is held against.
    pub ratchet: Option<Ratchet>,
    /// How many points less than another run's total pass, also where the command line names that.
    pub tolerance: f64,
}

/// What ships for the tasks of services that the tests make on a Swarm of several nodes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ShippingSettings {
    /// The image that holds swath.
    pub image: Option<String>,
    /// The folder of an object store in which each run has one of its own.
    pub store: Option<String>,
    /// The secret of the Swarm with the variables of the store.
    pub store_secret: Option<String>,
}

/// Services that run elsewhere while the tests run here, as they are written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FleetSettings {
    /// The pods of a cluster, `NAMESPACE[:SELECTOR]`.
    pub kubernetes: Option<String>,
    /// The stack of a Swarm.
    pub swarm: Option<String>,
    /// The run of an object store.
    pub store: Option<String>,
}

impl FleetSettings {
    /// Whether nothing is said of any.
    pub fn is_empty(&self) -> bool {
        *self == FleetSettings::default()
    }
}

impl SwathConfig {
    /// Reads `swath.toml` or `[tool.swath]` in `pyproject.toml`, in `directory` or the nearest folder above it that has
    /// either. Without any, everything is left open.
    pub fn load(directory: &Path) -> Result<Self, SwathConfigError> {
        let Some(found) = search::find(directory)? else {
            return Ok(Self::default());
        };
        let config = Self::parse(&found.text, &found.file, found.prefix)?;
        Ok(Self {
            unused: found.unused,
            ..config
        })
    }

    /// The file that [`SwathConfig::load`] reads the settings from.
    pub fn find(directory: &Path) -> Option<PathBuf> {
        search::find(directory).ok()?.map(|found| found.file)
    }

    /// Reads the settings in `text`, which are in the table that `prefix` names. `file` is where the text
    /// comes from: it is named in errors, and paths are relative to its directory.
    pub fn parse(text: &str, file: &Path, prefix: &[&str]) -> Result<Self, SwathConfigError> {
        let document = Document::new(text, file);
        let parsed = document.parse()?;
        let Some(top) = document.table(&parsed, prefix) else {
            return Ok(Self::default());
        };
        top.check_keys(&TOP)?;
        let folder = file.parent().unwrap_or(Path::new(""));
        let mut config = Self {
            file: Some(file.to_owned()),
            ..Self::default()
        };
        if let Some(test) = top.entry("test") {
            config.test = Some(command(&test)?);
        }
        if let Some(services) = top.entry("services") {
            for service in services.table()?.entries() {
                config.services.push(read_service(&service, folder)?);
            }
        }
        if let Some(compose) = top.entry("compose") {
            config.compose = Some(compose::read(&compose, folder)?);
        }
        let text = |key: &str| {
            let entry = top.entry(key);
            let text = entry.as_ref().map(Entry::text).transpose()?;
            Ok::<_, SwathConfigError>(text.map(str::to_owned))
        };
        config.fleet = FleetSettings {
            kubernetes: text("kubernetes")?,
            swarm: text("swarm")?,
            store: text("fleet")?,
        };
        config.shipping = ShippingSettings {
            image: text("swarm-image")?,
            store: text("swarm-store")?,
            store_secret: text("swarm-store-secret")?,
        };
        if let Some(both) = top
            .entry("swarm")
            .filter(|_| config.fleet.kubernetes.is_some())
        {
            let reason = "not possible beside `kubernetes`: a run is about one of them";
            return Err(both.bad_value(both.text()?, reason, None));
        }
        if let Some(count) = top.entry("count") {
            config.count = Some(counted(&count)?);
        }
        if let Some(require_complete) = top.entry("require-complete") {
            config.require_complete = require_complete.boolean()?;
        }
        if let Some(attribution) = top.entry("attribution") {
            config.attribution = attribution.boolean()?;
        }
        config.html = path(top.entry("html"), folder)?;
        config.json = path(top.entry("json"), folder)?;
        config.history = path(top.entry("history"), folder)?;
        if let Some(gates) = top.entry("gates") {
            config.gates = read_gates(&gates)?;
            config.endpoint_gates = read_endpoint_gates(&gates, folder)?;
            (config.ratchet, config.tolerance) = read_ratchet(&gates)?;
        }
        Ok(config)
    }
}

/// A path, relative to the folder of the file.
fn path(entry: Option<Entry<'_>>, folder: &Path) -> Result<Option<PathBuf>, SwathConfigError> {
    let Some(entry) = entry else {
        return Ok(None);
    };
    let text = entry.text()?;
    if text.is_empty() {
        let reason = "an empty path names nothing";
        return Err(entry.bad_value(text, reason, None));
    }
    Ok(Some(folder.join(text)))
}

fn counted(entry: &Entry<'_>) -> Result<Counted, SwathConfigError> {
    let text = entry.text()?;
    Counted::parse(text).ok_or_else(|| {
        let Some(Kind::Choice(words)) = TOP.key("count").map(|key| key.kind) else {
            return entry.bad_value(text, "not a choice", None);
        };
        let hint = format!("the choices are {}", words.join(", "));
        entry.bad_value(text, "not a choice", Some(hint))
    })
}

fn read_gates(entry: &Entry<'_>) -> Result<Vec<GateSetting>, SwathConfigError> {
    let table = entry.table()?;
    table.check_keys(&GATES)?;
    let mut gates = Vec::new();
    for gate in table.entries() {
        if let Some(subject) = GateSubject::named(gate.key()) {
            let minimum = percentage(&gate)?;
            gates.push(GateSetting { subject, minimum });
            continue;
        }
        let subject: fn(String) -> GateSubject = match gate.key() {
            "files" => GateSubject::Files,
            "services" => GateSubject::Service,
            _ => continue,
        };
        for named in gate.table()?.entries() {
            gates.push(GateSetting {
                subject: subject(named.key().to_owned()),
                minimum: percentage(&named)?,
            });
        }
    }
    Ok(gates)
}

fn read_endpoint_gates(
    entry: &Entry<'_>,
    folder: &Path,
) -> Result<EndpointGates, SwathConfigError> {
    let mut gates = EndpointGates::default();
    let Some(entry) = entry.table()?.entry("endpoints") else {
        return Ok(gates);
    };
    let table = entry.table()?;
    table.check_keys(&ENDPOINTS)?;
    let switch = |rule: EndpointRule| table.entry(rule.name()).map(|entry| entry.boolean());
    for rule in EndpointRule::ALL {
        gates.set(rule, switch(rule).transpose()?.unwrap_or_default());
    }
    if let Some(except) = table.entry("except") {
        for text in except.texts()? {
            let pattern = EndpointPattern::parse(text).ok_or_else(|| {
                let reason =
                    "not a route, a method and a route, or a service, a method and a route";
                let hint = Some(except.written("[\"GET /health\"]"));
                except.bad_value(text, reason, hint)
            });
            gates.except.push(pattern?);
        }
    }
    gates.openapi = path(table.entry("openapi"), folder)?;
    Ok(gates)
}

/// The run that a total is held against, and the tolerance.
fn read_ratchet(entry: &Entry<'_>) -> Result<(Option<Ratchet>, f64), SwathConfigError> {
    let table = entry.table()?;
    let tolerance = table.entry("tolerance");
    let tolerance = tolerance.as_ref().map(percentage).transpose()?;
    let tolerance = tolerance.unwrap_or(0.0);
    let Some(branch) = table.entry("not-below") else {
        return Ok((None, tolerance));
    };
    let name = branch.text()?;
    if name.is_empty() {
        let reason = "an empty name names no branch";
        return Err(branch.bad_value(name, reason, None));
    }
    let branch = name.to_owned();
    Ok((Some(Ratchet { branch, tolerance }), tolerance))
}

fn percentage(entry: &Entry<'_>) -> Result<f64, SwathConfigError> {
    let number = entry.number()?;
    if is_percentage(number) {
        return Ok(number);
    }
    let hint = Some(entry.written("80"));
    Err(entry.bad_value(&number.to_string(), "not a percentage from 0 to 100", hint))
}

fn read_service(entry: &Entry<'_>, folder: &Path) -> Result<Service, SwathConfigError> {
    let table = entry.table()?;
    if !Service::is_name(entry.key()) {
        let reason = "the name of a service is made of letters, digits, `-`, `_` and `.`";
        return Err(entry.bad_value(entry.key(), reason, None));
    }
    table.check_keys(&SERVICE)?;
    let Some(program) = table.entry("command") else {
        return Err(table.missing("command"));
    };
    let mut service = Service::new(entry.key(), command(&program)?);
    if let Some(entry) = table.entry("ready") {
        service.ready = Some(ready(&entry)?);
    }
    if let Some(timeout) = table.entry("ready-timeout") {
        service.ready_timeout = duration(&timeout)?;
    }
    if let Some(timeout) = table.entry("stop-timeout") {
        service.stop_timeout = duration(&timeout)?;
    }
    if let Some(signal) = table.entry("stop-signal") {
        let text = signal.text()?;
        service.stop_signal = StopSignal::parse(text).ok_or_else(|| {
            let hint = format!("the signals are {}", StopSignal::names());
            let hint = forms::signal(text).map_or(hint, |form| signal.written_text(&form));
            signal.bad_value(text, "not a signal that stops a service", Some(hint))
        })?;
    }
    if let Some(files) = table.entry("env-file") {
        let names = files.texts()?;
        service.env_files = names.into_iter().map(|name| folder.join(name)).collect();
    }
    if let Some(variables) = table.entry("environment") {
        for variable in variables.table()?.entries() {
            let value = variable.text()?.to_owned();
            service.environment.push((variable.key().to_owned(), value));
        }
    }
    service.directory = path(table.entry("cwd"), folder)?;
    Ok(service)
}

fn ready(entry: &Entry<'_>) -> Result<Ready, SwathConfigError> {
    let text = entry.text()?;
    Ready::parse(text).map_err(|error| {
        let hint = forms::ready(text).map(|form| entry.written_text(&form));
        entry.bad_value(text, &error.to_string(), hint.or_else(|| error.hint()))
    })
}

/// A command line, split like a shell does.
fn command(entry: &Entry<'_>) -> Result<Vec<String>, SwathConfigError> {
    let text = entry.text()?;
    match shell_words::split(text) {
        Ok(words) if words.is_empty() => Err(entry.bad_value(text, "no program is named", None)),
        Ok(words) => Ok(words),
        Err(_) => Err(entry.bad_value(text, "a quote is not closed", None)),
    }
}

fn duration(entry: &Entry<'_>) -> Result<Duration, SwathConfigError> {
    let text = entry.text()?;
    parse_duration(text).ok_or_else(|| {
        let hint = "write a number and a unit: `500ms`, `60s`, `2m`".to_owned();
        let hint = forms::duration(text).map_or(hint, |form| entry.written_text(&form));
        entry.bad_value(text, "not a valid duration", Some(hint))
    })
}

#[cfg(test)]
mod tests;
