//! The Compose commands that the tests drive: this machine's, and newer ones that
//! `cargo xtask compose` has unpacked.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::{Scale, scale, skip, target_dir};

/// The Debian suites whose Compose is tried, the oldest first.
pub const COMPOSE_SUITES: [&str; 2] = ["trixie", "sid"];

/// A Compose that answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compose {
    /// Its words: `docker-compose`, or `docker --config DIR compose`.
    pub words: Vec<String>,
    /// The version that it gives.
    pub version: String,
    /// The folder that holds its `docker` and its plugins, where it is none of the machine's.
    pub folder: Option<PathBuf>,
}

impl Compose {
    /// As a line of a makefile or a shell.
    pub fn command_line(&self) -> String {
        self.words.join(" ")
    }

    /// Whether it is the rewritten one, `docker compose`.
    pub fn is_plugin(&self) -> bool {
        self.words.last().is_some_and(|word| word == "compose")
    }
}

/// Where the Compose of a suite is unpacked.
pub fn compose_folder(suite: &str) -> PathBuf {
    target_dir().join("compose").join(suite)
}

/// Every Compose found, the oldest first, each version once.
pub fn composes() -> Vec<Compose> {
    let machine = |words: &[&str]| {
        let words = words.iter().map(|&word| word.to_owned()).collect();
        (words, None)
    };
    let mut candidates = vec![
        machine(&["docker-compose"]),
        machine(&["docker", "compose"]),
    ];
    for suite in COMPOSE_SUITES {
        let folder = compose_folder(suite);
        candidates.push((compose_words(&folder), Some(folder)));
    }
    let mut found: Vec<Compose> = Vec::new();
    for (words, folder) in candidates {
        if let Some(version) = version(&words)
            && found.iter().all(|known| known.version != version)
        {
            found.push(Compose {
                words,
                version,
                folder,
            });
        }
    }
    found
}

/// The ones that `test` is to use: the oldest and the newest, or all of them when everything is
/// proved. A named skip says so where there is none, or none of the rewritten ones.
pub fn composes_for(test: &str) -> Vec<Compose> {
    let mut found = composes();
    if found.is_empty() {
        skip(test, "no Compose found");
    } else if !found.iter().any(Compose::is_plugin) {
        skip(
            &format!("{test} with Compose 2"),
            "there is none, and `cargo xtask compose` has made none",
        );
    }
    if scale() == Scale::Sample && found.len() > 2 {
        found.drain(1..found.len() - 1);
    }
    found
}

/// The words that call the Compose in a folder.
fn compose_words(folder: &Path) -> Vec<String> {
    let folder = folder.display().to_string();
    vec![
        format!("{folder}/bin/docker"),
        "--config".to_owned(),
        folder,
        "compose".to_owned(),
    ]
}

/// `2.26.1` of `Docker Compose version 2.26.1-4`.
fn version(words: &[String]) -> Option<String> {
    let (program, arguments) = words.split_first()?;
    let output = Command::new(program)
        .args(arguments)
        .args(["version", "--short"])
        .stdin(Stdio::null())
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    let text = String::from_utf8_lossy(&output.stdout);
    let version = text.trim().trim_start_matches('v');
    let version = version.split(['-', '+', '\n']).next()?.to_owned();
    version
        .starts_with(|c: char| c.is_ascii_digit())
        .then_some(version)
}
