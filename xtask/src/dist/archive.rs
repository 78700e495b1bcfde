//! Archives for those who have no pip: the program of the wheel, what shells and `man` read, and
//! every licence. With the static program comes what makes a container image of it.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use fs_err as fs;
use swath_test::target_dir;

use super::stage::{Stage, VERSION};
use super::target::Target;
use super::tools::Tools;
use super::{notices, pack};

/// What makes an image of the static program.
const CONTAINERFILE: &str = include_str!("Containerfile");

const TEXTS: [&str; 4] = ["README.md", "CHANGELOG.md", "LICENSE-APACHE", "LICENSE-MIT"];

/// Makes the archive of a target out of its wheel, and gives its path.
pub(crate) fn make(
    stage: &Stage,
    target: Target,
    tools: &Tools,
    wheel: &Path,
    out: &Path,
) -> Result<PathBuf> {
    let version = VERSION;
    let name = format!("swath-{version}-{}", target.triple);
    let unpacked = target_dir()
        .join("dist-build/wheels")
        .join(target.triple)
        .join("unpacked");
    tools.unpack(wheel, &unpacked)?;
    let folder = target_dir().join("dist-build/archives").join(&name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder)?;
    let program = unpacked.join(format!("swath-{version}.data/scripts/swath"));
    fs::copy(program, folder.join("swath")).context("the wheel holds no program")?;
    make_executable(&folder.join("swath"))?;
    for text in TEXTS.into_iter().chain([notices::NAME]) {
        fs::copy(stage.folder().join(text), folder.join(text))?;
    }
    copy_bill(
        &unpacked.join(format!("swath-{version}.dist-info/sboms")),
        &folder,
    )?;
    for (path, text) in swath::shell_files() {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().context("the files lie in folders")?)?;
        fs::write(path, text)?;
    }
    if target.is_musl() {
        fs::write(folder.join("Containerfile"), CONTAINERFILE)?;
    }
    let archive = out.join(format!("{name}.tar.gz"));
    pack(&folder, &archive, stage.time())?;
    Ok(archive)
}

/// Takes over what maturin says that the program consists of (`CycloneDX`).
fn copy_bill(from: &Path, folder: &Path) -> Result<()> {
    let entries = fs::read_dir(from).context("the wheel holds no bill of materials")?;
    let mut count = 0;
    for entry in entries {
        let entry = entry?;
        fs::copy(entry.path(), folder.join(entry.file_name()))?;
        count += 1;
    }
    ensure!(count > 0, "the wheel holds no bill of materials");
    Ok(())
}

/// A wheel says who may run what; the program that unpacks it does not heed that.
fn make_executable(path: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    Ok(fs::set_permissions(
        path,
        std::fs::Permissions::from_mode(0o755),
    )?)
}
