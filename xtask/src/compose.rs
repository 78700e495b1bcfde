//! `cargo xtask compose`: newer Composes, builders and `docker`s than this machine's, from newer
//! Debian suites.
//!
//! Their packages are fetched with a state of apt's own, so that nothing of the machine's changes,
//! and unpacked under `target/compose/SUITE`, which serves as the folder of `docker --config`.

use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};
use fs_err as fs;
use swath_test::{COMPOSE_SUITES, compose_folder, composes, skip, target_dir};

use crate::cargo::quiet;

const PACKAGES: [&str; 3] = ["docker-cli", "docker-compose", "docker-buildx"];
const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";
/// Written last: everything is unpacked.
const COMPLETE: &str = "swath-complete";

/// Makes what is missing, and says what could not be had.
pub(crate) fn run() -> ExitCode {
    for suite in COMPOSE_SUITES {
        if let Err(error) = make(suite) {
            skip(
                &format!("containers with the Compose of Debian {suite}"),
                &format!("{error:#}"),
            );
        }
    }
    for compose in composes() {
        println!("{}  {}", compose.version, compose.command_line());
    }
    ExitCode::SUCCESS
}

fn make(suite: &str) -> Result<()> {
    let folder = compose_folder(suite);
    if folder.join(COMPLETE).is_file() {
        return Ok(());
    }
    swath_test::engine()?;
    let apt = Apt::new(suite)?;
    println!("fetching {} of Debian {suite}", PACKAGES.join(", "));
    apt.call("apt-get", &["update"])?;
    let _ = fs::remove_dir_all(&folder);
    let unpacked = apt.state.join("unpacked");
    let _ = fs::remove_dir_all(&unpacked);
    fs::create_dir_all(&unpacked)?;
    let mut download = vec!["download"];
    download.extend(PACKAGES);
    apt.call("apt-get", &download)?;
    for entry in fs::read_dir(&apt.state)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "deb") {
            let mut unpack = Command::new("dpkg");
            quiet(unpack.arg("-x").arg(&path).arg(&unpacked))?;
            fs::remove_file(path)?;
        }
    }
    fs::create_dir_all(folder.join("bin"))?;
    fs::create_dir_all(folder.join("cli-plugins"))?;
    fs::rename(unpacked.join("usr/bin/docker"), folder.join("bin/docker"))?;
    for plugin in ["docker-compose", "docker-buildx"] {
        let from = unpacked.join("usr/libexec/docker/cli-plugins").join(plugin);
        fs::rename(from, folder.join("cli-plugins").join(plugin))?;
    }
    fs::remove_dir_all(&apt.state)?;
    fs::write(folder.join(COMPLETE), "")?;
    Ok(())
}

/// apt with a state of its own.
struct Apt {
    state: std::path::PathBuf,
    options: Vec<String>,
}

impl Apt {
    fn new(suite: &str) -> Result<Apt> {
        let state = target_dir().join("compose").join(format!("{suite}.apt"));
        for folder in ["lists/partial", "cache/archives/partial"] {
            fs::create_dir_all(state.join(folder))?;
        }
        let list = state.join("sources.list");
        let mirror = mirror().context("no Debian archive is configured in apt")?;
        fs::write(
            &list,
            format!("deb [signed-by={KEYRING}] {mirror} {suite} main\n"),
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
        Ok(Apt { state, options })
    }

    fn call(&self, program: &str, arguments: &[&str]) -> Result<()> {
        let mut command = Command::new(program);
        for option in &self.options {
            command.args(["-o", option]);
        }
        quiet(command.args(arguments).current_dir(&self.state))
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
