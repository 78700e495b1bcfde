//! What a container is as a place: the circumstances on which its settings and paths depend.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use serde_json::Value;

use crate::create::variables;

/// The variables of a container, swath's own left out. They hold secrets: none is shown.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Variables(pub BTreeMap<String, String>);

impl fmt::Debug for Variables {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.0.keys()).finish()
    }
}

/// A file as a place holds it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PlaceFile {
    /// Its path there.
    pub path: String,
    /// What is in it; nothing if it could not be read.
    pub text: Option<Vec<u8>>,
}

/// The circumstances of a container.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ContainerPlace {
    /// Its variables.
    pub environment: Variables,
    /// Where its first process starts.
    pub working_folder: String,
    /// The coverage.py configuration file that its environment names.
    pub rcfile: Option<PlaceFile>,
    /// Folders of its engine's machine that it mounts: there, and on that machine.
    pub mounts: Vec<(String, String)>,
}

impl ContainerPlace {
    /// What a manifest declares of a container that ran where no engine of this run is.
    pub fn declared(environment: Variables, working_folder: String) -> ContainerPlace {
        let rcfile = rcfile_of(&environment.0, &working_folder);
        ContainerPlace {
            environment,
            working_folder,
            rcfile,
            mounts: Vec::new(),
        }
    }

    /// What a request and its image say, before swath's own part is in it.
    pub(crate) fn of(request: &Value, image: &Value) -> ContainerPlace {
        let text = |value: &Value| {
            let text = value.as_str().filter(|text| !text.is_empty());
            text.map(str::to_owned)
        };
        let environment = variables(request, image);
        let working_folder = text(&request["WorkingDir"])
            .or_else(|| text(&image["Config"]["WorkingDir"]))
            .unwrap_or_else(|| "/".to_owned());
        let rcfile = rcfile_of(&environment, &working_folder);
        ContainerPlace {
            environment: Variables(environment),
            working_folder,
            rcfile,
            mounts: host_folders(&request["HostConfig"]),
        }
    }

    /// Where a path of the container lies on the machine of its engine, if it is mounted from there.
    pub(crate) fn on_host(&self, path: &str) -> Option<String> {
        let covering = self
            .mounts
            .iter()
            .filter(|(there, _)| Path::new(path).starts_with(there));
        let (there, here) = covering.max_by_key(|(there, _)| there.len())?;
        let rest = Path::new(path).strip_prefix(there).ok()?;
        Some(Path::new(here).join(rest).to_string_lossy().into_owned())
    }
}

/// The configuration file that variables name.
fn rcfile_of(environment: &BTreeMap<String, String>, working_folder: &str) -> Option<PlaceFile> {
    ["COVERAGE_PROCESS_START", "COVERAGE_RCFILE"]
        .into_iter()
        .filter_map(|name| environment.get(name))
        // Since 7.10 the variable may also hold the settings themselves.
        .find(|value| !value.is_empty() && !value.starts_with(':'))
        .map(|value| PlaceFile {
            path: absolute(working_folder, value),
            text: None,
        })
}

/// A path of a place as its processes understand it.
pub(crate) fn absolute(folder: &str, path: &str) -> String {
    Path::new(folder).join(path).to_string_lossy().into_owned()
}

fn host_folders(host: &Value) -> Vec<(String, String)> {
    let binds = host["Binds"].as_array().into_iter().flatten();
    let binds = binds.filter_map(Value::as_str).filter_map(|bind| {
        let (source, rest) = bind.split_once(':')?;
        let target = rest.split(':').next()?;
        // A name is a volume's.
        source
            .starts_with('/')
            .then(|| (target.to_owned(), source.to_owned()))
    });
    let mounts = host["Mounts"].as_array().into_iter().flatten();
    let mounts = mounts
        .filter(|mount| mount["Type"] == "bind")
        .filter_map(|mount| {
            let part = |key: &str| mount[key].as_str().map(str::to_owned);
            Some((part("Target")?, part("Source")?))
        });
    binds.chain(mounts).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_place_is_what_request_and_image_say_together() {
        let image = json!({"Config": {
            "Env": ["ROOT=/svc", "COVERAGE_PROCESS_START=test/.coveragerc", "A=image"],
            "WorkingDir": "/svc",
        }});
        let request = json!({"Env": ["A=request", "ROOT"], "HostConfig": {
            "Binds": ["/home/me/x:/svc/test:ro", "volume:/data"],
            "Mounts": [{"Type": "bind", "Source": "/home/me", "Target": "/svc"}, {"Type": "tmpfs", "Target": "/t"}],
        }});
        let place = ContainerPlace::of(&request, &image);
        assert_eq!(place.environment.0["A"], "request");
        assert_eq!(place.environment.0.get("ROOT"), None);
        let rcfile = place.rcfile.clone().unwrap();
        assert_eq!(rcfile.path, "/svc/test/.coveragerc");
        assert_eq!(
            place.on_host(&rcfile.path).as_deref(),
            Some("/home/me/x/.coveragerc")
        );
        assert_eq!(place.on_host("/svc/a.py").as_deref(), Some("/home/me/a.py"));
        assert_eq!(place.on_host("/svcs/a.py"), None);
        assert!(
            !format!("{place:?}").contains("request"),
            "a value is shown"
        );
        let plain = ContainerPlace::of(&json!({}), &json!({}));
        assert_eq!((plain.working_folder.as_str(), plain.rcfile), ("/", None));
    }
}
