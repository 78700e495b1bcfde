//! Reports of one file, written whole or not at all.

use std::io::{self, BufWriter, Write};
use std::path::Path;

use fs_err as fs;
use swath_checkout::{NewFile, PipeOrDevice, is_pipe_or_device};

use crate::exit::Exit;
use crate::reporting::{Failure, Session, Stdout};

/// Writes a report to `output`, or to standard output if that is `-`, and judges its total.
///
/// `write` makes the report and gives its total.
pub(crate) fn write_report(
    session: &Session,
    kind: &str,
    output: &str,
    write: impl FnOnce(&mut dyn Write) -> Result<f64, WriteError>,
) -> Exit {
    let written = if output == "-" {
        let mut out = BufWriter::new(io::stdout().lock());
        write(&mut out).and_then(|total| Ok(out.flush().map(|()| total)?))
    } else {
        let path = Path::new(session.settings.directory.path()).join(output);
        write_file(&path, write)
    };
    match written {
        Ok(total) => {
            if output == "-" {
                return session.judge(total, Stdout::Data);
            }
            session.messages.say(&format!("Wrote {kind} to {output}"));
            session.judge(total, Stdout::Text)
        }
        Err(WriteError::Report(failure)) => failure.print(),
        Err(WriteError::Io(error)) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Success,
        Err(WriteError::Io(error)) => {
            Failure::new(format!("Couldn't write {kind}: {error}")).print()
        }
    }
}

/// Why a report was not written.
pub(crate) enum WriteError {
    /// There is none.
    Report(Failure),
    Io(io::Error),
}

impl From<io::Error> for WriteError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<Failure> for WriteError {
    fn from(failure: Failure) -> Self {
        Self::Report(failure)
    }
}

fn write_file(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> Result<f64, WriteError>,
) -> Result<f64, WriteError> {
    if is_pipe_or_device(path) {
        let mut out = BufWriter::new(PipeOrDevice::open(path)?);
        let total = write(&mut out)?;
        out.flush()?;
        return Ok(total);
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut out = BufWriter::new(NewFile::create(path)?);
    match write(&mut out) {
        Ok(total) => {
            let file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
            file.put()?;
            Ok(total)
        }
        Err(error) => {
            // As coverage.py does: an old report must not pass for the new one.
            if matches!(error, WriteError::Report(_)) {
                let _ = fs::remove_file(path);
            }
            Err(error)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_that_fails_leaves_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sub/coverage.xml");
        assert!(write_file(&path, |out| Ok(out.write_all(b"new").map(|()| 1.0)?)).is_ok());
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        let failed = |out: &mut dyn Write| {
            out.write_all(b"half")?;
            Err(WriteError::Report(Failure::new("no")))
        };
        assert!(write_file(&path, failed).is_err());
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 0);
    }

    #[test]
    fn devices_stay_and_links_are_followed() {
        assert!(write_file(Path::new("/dev/null"), |_| Ok(1.0)).is_ok());
        assert!(!fs::metadata("/dev/null").unwrap().is_file());
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("real"), folder.path().join("link"));
        fs::write(&real, "old").unwrap();
        fs::os::unix::fs::symlink(&real, &link).unwrap();
        assert!(write_file(&link, |out| Ok(out.write_all(b"new").map(|()| 1.0)?)).is_ok());
        assert_eq!(fs::read_to_string(&real).unwrap(), "new");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    }
}
