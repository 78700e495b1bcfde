//! `cargo xtask compose`: newer Composes, builders and `docker`s than this machine's, from newer
//! Debian suites.
//!
//! Their packages are unpacked under `target/compose/SUITE`, which serves as the folder of
//! `docker --config`.

use std::process::ExitCode;

use anyhow::Result;
use fs_err as fs;
use swath_test::{COMPOSE_SUITES, compose_folder, composes, skip, target_dir};

use crate::apt::Apt;

const PACKAGES: [&str; 3] = ["docker-cli", "docker-compose", "docker-buildx"];
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
    println!("fetching {} of Debian {suite}", PACKAGES.join(", "));
    let state = target_dir().join("compose").join(format!("{suite}.apt"));
    let apt = Apt::new(suite, state.clone())?;
    let _ = fs::remove_dir_all(&folder);
    let unpacked = state.join("unpacked");
    let _ = fs::remove_dir_all(&unpacked);
    apt.unpack(&PACKAGES, &unpacked)?;
    fs::create_dir_all(folder.join("bin"))?;
    fs::create_dir_all(folder.join("cli-plugins"))?;
    fs::rename(unpacked.join("usr/bin/docker"), folder.join("bin/docker"))?;
    for plugin in ["docker-compose", "docker-buildx"] {
        let from = unpacked.join("usr/libexec/docker/cli-plugins").join(plugin);
        fs::rename(from, folder.join("cli-plugins").join(plugin))?;
    }
    apt.forget()?;
    fs::write(folder.join(COMPLETE), "")?;
    Ok(())
}
