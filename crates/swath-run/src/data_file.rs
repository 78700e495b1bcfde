//! Where the data of a run goes, and when it may replace what is there.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use swath_data::{
    CoverageData, DataError, Mode, Provenance, parallel_name, read_data_file, write_data_file,
};

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

/// Whether a run of this kind can be added to what is in the file.
pub(crate) fn check_appendable(file: &Path, branch: bool) -> Result<(), DataError> {
    if !file.exists() {
        return Ok(());
    }
    let kind = if branch { Mode::Arcs } else { Mode::Lines };
    // Nothing of the right kind shows whether the kinds go together.
    appended(&CoverageData::new(kind), file).map(drop)
}

/// The data of the file with that of the run added; the data alone where there is no file.
pub(crate) fn appended(data: &CoverageData, file: &Path) -> Result<CoverageData, DataError> {
    if !file.exists() {
        return Ok(data.clone());
    }
    let mut all = read_data_file(file)?;
    let mut provenance = Provenance::default();
    provenance.take(&all, str::to_owned);
    provenance.take(data, str::to_owned);
    let names = (&*file.to_string_lossy(), "this run");
    all.update(data, names, str::to_owned)?;
    all.accounting.add_runs(provenance.foreign_runs());
    Ok(all)
}

/// A parallel name, as coverage.py makes them: `.coverage.HOST.pid123.XAbCdEfx`.
pub fn beside(data_file: &Path) -> PathBuf {
    let host = fs_err::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let host = match host.trim() {
        "" => "localhost",
        host => host,
    };
    parallel_name(data_file, host, std::process::id(), random())
}

/// Sixteen random hexadecimal digits.
pub(crate) fn random_id() -> String {
    format!("{:016x}", random())
}

fn random() -> u64 {
    use std::hash::{BuildHasher as _, Hasher as _, RandomState};
    RandomState::new().build_hasher().finish()
}
