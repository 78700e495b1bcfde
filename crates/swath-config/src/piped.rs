//! Files of settings that may be pipes, as `--rcfile <(make_settings)` names one: read up to their end,
//! and no longer than somebody writes.

use std::io::{self, ErrorKind, Read as _};
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use fs_err::OpenOptions;
use fs_err::os::unix::fs::OpenOptionsExt as _;
use rustix::fs::OFlags;

/// How long a pipe is waited for that nobody has opened to write.
const WRITER: Duration = Duration::from_secs(5);
/// How long a writer may take for the next part.
const NEXT_PART: Duration = Duration::from_mins(1);
/// How often a pipe is looked at.
const INTERVAL: Duration = Duration::from_millis(10);

/// Reads a file. A pipe that nobody writes to is an error.
pub(crate) fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    read_within(path, WRITER)
}

fn read_within(path: &Path, writer: Duration) -> io::Result<Vec<u8>> {
    // Opened to wait, a pipe would do so until there is a writer.
    let wait = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or(0);
    let mut file = OpenOptions::new()
        .read(true)
        .custom_flags(wait)
        .open(path)?;
    let mut bytes = Vec::new();
    let is_file = file.metadata().is_ok_and(|file| file.is_file());
    let mut last = Instant::now();
    loop {
        let before = bytes.len();
        let (is_waiting, limit) = match file.read_to_end(&mut bytes) {
            Ok(_) if is_file || !bytes.is_empty() => return Ok(bytes),
            Ok(_) => (false, writer),
            Err(error) if error.kind() == ErrorKind::WouldBlock => (true, NEXT_PART),
            Err(error) => return Err(error),
        };
        if bytes.len() > before {
            last = Instant::now();
        }
        if last.elapsed() >= limit {
            let what = if is_waiting {
                "whoever writes to this pipe does not go on"
            } else {
                "nobody writes to this pipe"
            };
            return Err(io::Error::new(ErrorKind::TimedOut, what));
        }
        sleep(INTERVAL);
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn pipe(folder: &Path) -> std::path::PathBuf {
        let pipe = folder.join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.unwrap().success());
        pipe
    }

    #[test]
    fn a_pipe_without_a_writer_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let error = read_within(&pipe(folder.path()), Duration::from_millis(50)).unwrap_err();
        assert!(error.to_string().contains("nobody writes"), "{error}");
        let empty = folder.path().join("empty");
        fs_err::write(&empty, "").unwrap();
        assert_eq!(read_file(&empty).unwrap(), b"");
    }

    #[test]
    fn a_pipe_is_read_to_its_end() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = pipe(folder.path());
        let there = pipe.clone();
        let writer = std::thread::spawn(move || {
            let mut file = fs_err::OpenOptions::new().write(true).open(there).unwrap();
            file.write_all(b"[run]\n").unwrap();
            file.write_all(&vec![b'#'; 100_000]).unwrap();
        });
        let bytes = read_within(&pipe, Duration::from_mins(1)).unwrap();
        writer.join().unwrap();
        assert_eq!(bytes.len(), 100_006);
    }
}
