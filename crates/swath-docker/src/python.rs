//! Whether an image holds a Python: looked up in a container of it that is never started.

use std::time::Duration;

use serde_json::{Value, json};
use swath_agent::{Machine, foreign_loaders};

use crate::config_hash::{PROJECT_LABEL, SERVICE_LABEL};
use crate::engine::{Content, Engine};
use crate::error::EngineError;
use crate::owner::OWNER_LABEL;

/// Where virtual environments lie that are on no `PATH`.
const USUAL_PLACES: [&str; 6] = [
    "/usr/local/bin",
    "/usr/bin",
    "/opt/venv/bin",
    "/venv/bin",
    "/app/.venv/bin",
    "/usr/libexec",
];

/// How often a carrier is removed before it is left to the next run.
const ATTEMPTS: usize = 10;
const BETWEEN_ATTEMPTS: Duration = Duration::from_millis(100);

/// A container of an image that is created, never started, and removed when dropped.
pub(crate) struct Carrier<'a> {
    engine: &'a Engine,
    pub(crate) id: String,
}

impl<'a> Carrier<'a> {
    /// `bind` mounts a volume into it.
    pub(crate) fn create(
        engine: &'a Engine,
        image: &str,
        owner: &str,
        bind: Option<&str>,
    ) -> Result<Carrier<'a>, EngineError> {
        let binds: Vec<&str> = bind.into_iter().collect();
        let request = json!({
            "Image": image,
            // An image without a command of its own needs one; it is never run.
            "Entrypoint": ["swath-never-runs"],
            "Healthcheck": {"Test": ["NONE"]},
            // Images that Compose 2 builds bear the labels of their project: a carrier belongs to
            // none, and is neither waited for nor taken down with it.
            "Labels": {OWNER_LABEL: owner, PROJECT_LABEL: "", SERVICE_LABEL: ""},
            "HostConfig": {"NetworkMode": "none", "Binds": binds},
        });
        let answer = engine.json("POST", "/containers/create", &Content::Json(&request))?;
        let id = answer["Id"].as_str().unwrap_or_default().to_owned();
        Ok(Carrier { engine, id })
    }
}

impl<'a> Carrier<'a> {
    /// A carrier for a volume; where its image is gone, any other one does.
    pub(crate) fn create_for(
        engine: &'a Engine,
        image: &str,
        owner: &str,
        bind: &str,
    ) -> Result<Carrier<'a>, EngineError> {
        match Carrier::create(engine, image, owner, Some(bind)) {
            Err(error) if error.is_not_found() || image.is_empty() => {
                let images = engine.json("GET", "/images/json", &Content::Nothing)?;
                let any = images[0]["Id"].as_str().unwrap_or_default();
                Carrier::create(engine, any, owner, Some(bind))
            }
            other => other,
        }
    }
}

impl Drop for Carrier<'_> {
    fn drop(&mut self) {
        // The engine may still be busy with what was read from it.
        for _ in 0..ATTEMPTS {
            match self.engine.remove_container(&self.id) {
                Ok(()) => return,
                // In the end the next run finds it by its label.
                Err(error) => {
                    tracing::debug!("a carrier stays: {error}");
                    if error.is_silence() {
                        return;
                    }
                }
            }
            std::thread::sleep(BETWEEN_ATTEMPTS);
        }
    }
}

/// Whether the image holds an interpreter where one can be expected.
pub(crate) fn holds_python(
    engine: &Engine,
    image: &Value,
    id: &str,
    owner: &str,
) -> Result<bool, EngineError> {
    if environment(image).any(|entry| entry.starts_with("PYTHON")) {
        return Ok(true);
    }
    let carrier = Carrier::create(engine, id, owner, None)?;
    for path in candidates(image) {
        if engine.holds(&carrier.id, &path)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The machine of the image's code, if an object can be preloaded in a container of it: no program
/// there could have a loader that complains of the object.
pub(crate) fn preloading_machine(
    engine: &Engine,
    image: &Value,
    id: &str,
    owner: &str,
) -> Result<Option<Machine>, EngineError> {
    let architecture = image["Architecture"].as_str();
    let Some(machine) = architecture.and_then(Machine::of_architecture) else {
        return Ok(None);
    };
    let carrier = Carrier::create(engine, id, owner, None)?;
    for path in foreign_loaders(machine) {
        if engine.holds(&carrier.id, path)? {
            return Ok(None);
        }
    }
    Ok(Some(machine))
}

/// Whether there is an agent of the image's machine code: `architectures` are those that there are
/// agents for.
pub(crate) fn is_supported(image: &Value, architectures: &[&str]) -> bool {
    let is = |key: &str, fits: &dyn Fn(&str) -> bool| image[key].as_str().is_none_or(fits);
    is("Os", &|system| system == "linux")
        && is("Architecture", &|machine| architectures.contains(&machine))
}

fn environment(image: &Value) -> impl Iterator<Item = &str> {
    image["Config"]["Env"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
}

/// The paths at which an interpreter is looked for, the likely ones first.
fn candidates(image: &Value) -> Vec<String> {
    let config = &image["Config"];
    let mut folders: Vec<String> = Vec::new();
    let mut add = |folder: &str| {
        if folder.starts_with('/') && !folders.iter().any(|known| known == folder) {
            folders.push(folder.trim_end_matches('/').to_owned());
        }
    };
    let path = environment(image).find_map(|entry| entry.strip_prefix("PATH="));
    path.unwrap_or("/usr/local/bin:/usr/bin:/bin")
        .split(':')
        .for_each(&mut add);
    for key in ["Entrypoint", "Cmd"] {
        let first = config[key].get(0).and_then(Value::as_str);
        if let Some((folder, _)) = first.and_then(|program| program.rsplit_once('/')) {
            add(folder);
        }
    }
    if let Some(venv) = environment(image).find_map(|entry| entry.strip_prefix("VIRTUAL_ENV=")) {
        add(&format!("{venv}/bin"));
    }
    if let Some(folder) = config["WorkingDir"].as_str() {
        add(&format!("{}/.venv/bin", folder.trim_end_matches('/')));
        add(&format!("{}/venv/bin", folder.trim_end_matches('/')));
    }
    USUAL_PLACES.into_iter().for_each(&mut add);
    let names = ["python3", "python"];
    names
        .into_iter()
        .flat_map(|name| folders.iter().map(move |folder| format!("{folder}/{name}")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interpreter_is_looked_for_on_the_path_first() {
        let image = json!({"Config": {
            "Env": ["PATH=/opt/py/bin:/bin"], "Cmd": ["/srv/env/bin/gunicorn"], "WorkingDir": "/srv/"
        }});
        let paths = candidates(&image);
        assert_eq!(paths[0], "/opt/py/bin/python3");
        for path in [
            "/srv/env/bin/python3",
            "/srv/.venv/bin/python3",
            "/bin/python",
        ] {
            assert!(paths.iter().any(|other| other == path), "{path}");
        }
        assert!(!candidates(&Value::Null).is_empty());
    }

    #[test]
    fn other_machines_are_not_supported() {
        let check = |system: &str, machine: &str, agents: &[&str], expected: bool| {
            let image = json!({"Os": system, "Architecture": machine});
            assert_eq!(is_supported(&image, agents), expected, "{image} {agents:?}");
        };
        check("linux", "amd64", &["amd64"], true);
        check("linux", "arm64", &["amd64"], false);
        check("linux", "arm64", &["amd64", "arm64"], true);
        check("windows", "amd64", &["amd64"], false);
        assert!(is_supported(&json!({}), &[]));
    }
}
