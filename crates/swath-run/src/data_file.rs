//! Where the data of a run goes, and when it may replace what is there.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use swath_data::{CoverageData, DataError, read_data_file, write_data_file};

/// What shows that a file was written: size, time and inode.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fingerprint(Option<(u64, Option<SystemTime>, u64)>);

impl Fingerprint {
    pub(crate) fn of(path: &Path) -> Fingerprint {
        use std::os::unix::fs::MetadataExt as _;
        Fingerprint(
            std::fs::metadata(path)
                .ok()
                .map(|file| (file.len(), file.modified().ok(), file.ino())),
        )
    }
}

/// A data file that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedData {
    /// Where it is.
    pub path: PathBuf,
    /// Its size, in bytes.
    pub size: u64,
}

/// Writes the data to `wanted`, or beside it when somebody else wrote that file since `before`.
pub(crate) fn save(
    data: &CoverageData,
    wanted: &Path,
    before: &Fingerprint,
) -> Result<SavedData, DataError> {
    let path = if Fingerprint::of(wanted) == *before {
        wanted.to_owned()
    } else {
        beside(wanted)
    };
    write_data_file(data, &path)?;
    let size = std::fs::metadata(&path).map_or(0, |file| file.len());
    Ok(SavedData { path, size })
}

/// The data of the file with that of the run added; the data alone where there is no file.
pub(crate) fn appended(data: &CoverageData, file: &Path) -> Result<CoverageData, DataError> {
    if !file.exists() {
        return Ok(data.clone());
    }
    let mut all = read_data_file(file)?;
    let names = (&*file.to_string_lossy(), "this run");
    all.update(data, names, str::to_owned)?;
    Ok(all)
}

/// A parallel name, which coverage.py combines: `.coverage.swath.pid123.XAbCdEfx`.
pub fn beside(data_file: &Path) -> PathBuf {
    let mut name = data_file.as_os_str().to_owned();
    name.push(format!(
        ".swath.pid{}.X{}x",
        std::process::id(),
        &random_id()[..6]
    ));
    PathBuf::from(name)
}

/// Sixteen random hexadecimal digits.
pub(crate) fn random_id() -> String {
    use std::hash::{BuildHasher as _, Hasher as _, RandomState};
    format!("{:016x}", RandomState::new().build_hasher().finish())
}
