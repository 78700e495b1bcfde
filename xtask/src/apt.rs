//! Packages of other Debian suites, without installing them: fetched with a state of apt's own, so
//! that nothing of the machine's changes, and unpacked.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use fs_err as fs;

use crate::cargo::quiet;

const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// apt with a state of its own.
pub(crate) struct Apt {
    state: PathBuf,
    options: Vec<String>,
}

impl Apt {
    /// That of a suite, which is kept in the folder, with what the suite has now.
    pub(crate) fn new(suite: &str, state: PathBuf) -> Result<Apt> {
        Self::of("deb", suite, state)
    }

    /// The same, of the sources of packages.
    pub(crate) fn of_sources(suite: &str, state: PathBuf) -> Result<Apt> {
        Self::of("deb-src", suite, state)
    }

    fn of(kind: &str, suite: &str, state: PathBuf) -> Result<Apt> {
        for folder in ["lists/partial", "cache/archives/partial"] {
            fs::create_dir_all(state.join(folder))?;
        }
        let list = state.join("sources.list");
        let mirror = mirror().context("no Debian archive is configured in apt")?;
        fs::write(
            &list,
            format!("{kind} [signed-by={KEYRING}] {mirror} {suite} main\n"),
        )?;
        fs::write(state.join("status"), "")?;
        let shown = state.display();
        let mut options = vec![
            format!("Dir::State={shown}"),
            format!("Dir::State::lists={shown}/lists"),
            format!("Dir::State::status={shown}/status"),
            format!("Dir::Cache={shown}/cache"),
            format!("Dir::Etc::sourcelist={}", list.display()),
            "Dir::Etc::sourceparts=-".to_owned(),
            // What is fetched lies in a folder that apt's own user may not enter.
            "APT::Sandbox::User=root".to_owned(),
            "Acquire::Languages=none".to_owned(),
        ];
        // Descriptions for graphical programs are as long as the lists themselves.
        for target in [
            "DEP-11",
            "DEP-11-icons-small",
            "DEP-11-icons",
            "Contents-deb",
        ] {
            options.push(format!(
                "Acquire::IndexTargets::deb::{target}::DefaultEnabled=false"
            ));
        }
        let apt = Apt { state, options };
        apt.call("apt-get", &["update"])?;
        Ok(apt)
    }

    /// Fetches packages and unpacks them into a folder.
    pub(crate) fn unpack(&self, packages: &[&str], folder: &Path) -> Result<()> {
        fs::create_dir_all(folder)?;
        let mut download = vec!["download"];
        download.extend(packages);
        self.call("apt-get", &download)?;
        let mut count = 0;
        for entry in fs::read_dir(&self.state)? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "deb") {
                let mut unpack = Command::new("dpkg");
                quiet(unpack.arg("-x").arg(&path).arg(folder))?;
                fs::remove_file(path)?;
                count += 1;
            }
        }
        ensure!(
            count == packages.len(),
            "apt-get fetched {count} packages of {packages:?}"
        );
        Ok(())
    }

    /// Fetches what a package is built from, without the distribution's changes: an archive.
    pub(crate) fn source(&self, package: &str) -> Result<PathBuf> {
        self.call("apt-get", &["--download-only", "source", package])?;
        let is_original = |path: &PathBuf| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.contains(".orig.tar.") && !name.ends_with(".asc")
        };
        let entries = fs::read_dir(&self.state)?.flatten();
        let mut paths = entries.map(|entry| entry.path());
        paths
            .find(is_original)
            .with_context(|| format!("{package} has no archive of its source"))
    }

    /// Removes the state.
    pub(crate) fn forget(self) -> Result<()> {
        Ok(fs::remove_dir_all(&self.state)?)
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        for option in &self.options {
            command.args(["-o", option]);
        }
        command.current_dir(&self.state);
        command
    }

    fn call(&self, program: &str, arguments: &[&str]) -> Result<()> {
        quiet(self.command(program).args(arguments))
    }
}

/// The archive that this machine's own packages come from.
fn mirror() -> Option<String> {
    let folder = Path::new("/etc/apt/sources.list.d");
    let files = fs::read_dir(folder)
        .ok()?
        .flatten()
        .map(|entry| entry.path());
    let is_list = |path: &std::path::PathBuf| {
        let extension = path.extension().and_then(|extension| extension.to_str());
        matches!(extension, Some("sources" | "list"))
    };
    files
        .filter(is_list)
        .chain(std::iter::once(
            Path::new("/etc/apt/sources.list").to_owned(),
        ))
        .filter_map(|path| fs::read_to_string(path).ok())
        .find_map(|text| mirror_in(&text))
}

/// The first address of a Debian archive in a list of sources, of either form.
fn mirror_in(text: &str) -> Option<String> {
    text.lines()
        .map(str::trim)
        .filter(|line| line.starts_with("URIs:") || line.starts_with("deb "))
        .flat_map(str::split_whitespace)
        .find(|word| word.contains("://") && word.trim_end_matches('/').ends_with("/debian"))
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::mirror_in;

    #[test]
    fn the_archive_is_found_in_both_forms_of_lists() {
        let form = "Types: deb\n# none\nURIs: http://archive.example/debian\nSuites: a\n";
        assert_eq!(
            mirror_in(form).as_deref(),
            Some("http://archive.example/debian")
        );
        let line = "deb [signed-by=/k] https://archive.example/debian/ a main\n";
        assert_eq!(
            mirror_in(line).as_deref(),
            Some("https://archive.example/debian/")
        );
        assert_eq!(
            mirror_in("URIs: http://archive.example/debian-security\n"),
            None
        );
    }
}
