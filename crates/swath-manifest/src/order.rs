//! What the containers that are added to a pod are told, in variables of the manifest.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The variable with the agent's settings, as JSON.
pub const SETTINGS_VARIABLE: &str = "SWATH_AGENT_SETTINGS";
/// The variable with the places of the measured containers, as JSON.
pub const PLACES_VARIABLE: &str = "SWATH_PLACES";

/// The variables by which coverage.py is told of its settings.
pub(crate) const SETTINGS_OF_COVERAGE: [&str; 2] = ["COVERAGE_PROCESS_START", "COVERAGE_RCFILE"];

/// The most that commands may take of a variable, in bytes: Linux starts no program with one of more
/// than 128 KiB, and every `$` is written twice.
const MOST_COMMANDS: usize = 48 << 10;

/// What the agent of a pod records.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AgentOrder {
    /// Branches as well as lines.
    pub branch: bool,
    /// For which test and which request code runs.
    pub attribution: bool,
    /// Packages that are measured where they are installed, too, as paths: `shop/web`.
    pub own_packages: Vec<String>,
}

impl AgentOrder {
    /// The value of [`SETTINGS_VARIABLE`].
    pub(crate) fn to_variable(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// What a manifest says of a container: what its paths and settings are later judged by.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DeclaredContainer {
    /// The container's name.
    pub name: String,
    /// Its image, as the manifest names it.
    pub image: String,
    /// `command` of the manifest; empty if the image's own is run.
    pub command: Vec<String>,
    /// `args` of the manifest.
    pub args: Vec<String>,
    /// `workingDir` of the manifest.
    pub working_folder: Option<String>,
    /// The variables that name coverage.py's settings, where the manifest holds their values.
    pub environment: BTreeMap<String, String>,
}

/// What a pod's volume is to hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VolumeOrder {
    /// What the agent records.
    pub agent: AgentOrder,
    /// The places of the containers, by their names.
    pub places: BTreeMap<String, DeclaredContainer>,
}

/// Why an order cannot be followed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the variable `{variable}` is not what this swath writes: {what}")]
pub struct OrderError {
    variable: &'static str,
    what: String,
}

impl VolumeOrder {
    /// The order in the values of the two variables. One that is not set orders nothing special.
    pub fn read(settings: Option<&str>, places: Option<&str>) -> Result<VolumeOrder, OrderError> {
        let problem = |variable| {
            move |error: serde_json::Error| OrderError {
                variable,
                what: error.to_string(),
            }
        };
        let agent = settings.map(serde_json::from_str).transpose();
        let places = places.map(serde_json::from_str).transpose();
        Ok(VolumeOrder {
            agent: agent
                .map_err(problem(SETTINGS_VARIABLE))?
                .unwrap_or_default(),
            places: places
                .map_err(problem(PLACES_VARIABLE))?
                .unwrap_or_default(),
        })
    }

    /// Leaves out commands that are too long for a variable: whole scripts, which nothing is judged
    /// by.
    pub(crate) fn fit(&mut self) {
        let places = self.places.values();
        let words = places.flat_map(|place| place.command.iter().chain(&place.args));
        if words.map(String::len).sum::<usize>() > MOST_COMMANDS {
            for place in self.places.values_mut() {
                place.command.clear();
                place.args.clear();
            }
        }
    }

    /// The variables and their values.
    pub(crate) fn variables(&self) -> [(&'static str, String); 2] {
        let places = serde_json::to_string(&self.places).unwrap_or_default();
        [
            (SETTINGS_VARIABLE, self.agent.to_variable()),
            (PLACES_VARIABLE, places),
        ]
    }
}

/// Whether Kubernetes takes this as the name of a container. Such a name leads into no other folder.
pub fn is_container_name(name: &str) -> bool {
    const LONGEST: usize = 63;
    let is_inner = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit();
    name.len() <= LONGEST
        && name.starts_with(is_inner)
        && name.ends_with(is_inner)
        && name.chars().all(|letter| is_inner(letter) || letter == '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let order = VolumeOrder {
            agent: AgentOrder {
                branch: true,
                attribution: false,
                own_packages: vec!["shop/web".to_owned()],
            },
            places: BTreeMap::from([(
                "web".to_owned(),
                DeclaredContainer {
                    name: "web".to_owned(),
                    image: "shop:1".to_owned(),
                    command: vec!["sh".to_owned(), "-c".to_owned(), "a \"b\" $(C)".to_owned()],
                    ..DeclaredContainer::default()
                },
            )]),
        };
        let [(_, settings), (_, places)] = order.variables();
        assert_eq!(VolumeOrder::read(Some(&settings), Some(&places)), Ok(order));
        assert_eq!(VolumeOrder::read(None, None), Ok(VolumeOrder::default()));
        // One that a later swath adds to, and one that is none.
        let later = VolumeOrder::read(Some(r#"{"branch":true,"new":1}"#), None).unwrap();
        assert!(later.agent.branch);
        let error = VolumeOrder::read(None, Some("[]")).unwrap_err().to_string();
        assert!(error.contains(PLACES_VARIABLE), "{error}");
    }

    #[test]
    fn scripts_that_no_variable_holds_are_left_out() {
        let place = |script: &str| DeclaredContainer {
            args: vec![script.to_owned()],
            ..DeclaredContainer::default()
        };
        let mut order = VolumeOrder::default();
        order.places.insert("short".to_owned(), place("true"));
        let before = order.clone();
        order.fit();
        assert_eq!(order, before);
        let long = "$".repeat(MOST_COMMANDS);
        order.places.insert("long".to_owned(), place(&long));
        order.fit();
        assert!(order.places.values().all(|place| place.args.is_empty()));
    }

    #[test]
    fn names_that_lead_elsewhere_are_none() {
        for name in ["web", "a", "web-2", "0"] {
            assert!(is_container_name(name), "{name}");
        }
        let long = "a".repeat(64);
        for name in ["", "..", ".", "a/b", "Web", "-a", "a-", "a_b", "a\0", &long] {
            assert!(!is_container_name(name), "{name}");
        }
    }
}
