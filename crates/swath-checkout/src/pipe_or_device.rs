//! Pipes and devices that something is written to in place of a file.

use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

/// How long a pipe is waited for that nobody has opened to read.
const READER: Duration = Duration::from_secs(5);
/// How long a reader may take for the next part.
const NEXT_PART: Duration = Duration::from_mins(1);
/// How often a pipe is looked at.
const INTERVAL: Duration = Duration::from_millis(10);

/// Whether there is something other than a file or a folder: nothing can be put in its place.
pub fn is_pipe_or_device(target: &Path) -> bool {
    fs_err::metadata(target).is_ok_and(|there| !there.is_file() && !there.is_dir())
}

/// A pipe or a device, open to be written to. Nothing waits for a reader without a limit.
pub struct PipeOrDevice {
    file: File,
}

impl PipeOrDevice {
    /// Opens it; a pipe that nobody reads is an error.
    pub fn open(target: &Path) -> io::Result<PipeOrDevice> {
        PipeOrDevice::open_within(target, READER)
    }

    fn open_within(target: &Path, reader: Duration) -> io::Result<PipeOrDevice> {
        // Opened to wait, a pipe would do so until there is a reader.
        let flags = OFlags::WRONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let begun = Instant::now();
        loop {
            match rustix::fs::open(target, flags, Mode::empty()) {
                Ok(file) => return Ok(PipeOrDevice { file: file.into() }),
                Err(Errno::NXIO) if is_pipe(target) => {
                    if begun.elapsed() >= reader {
                        return Err(io::Error::new(
                            ErrorKind::TimedOut,
                            "nobody reads this pipe",
                        ));
                    }
                    sleep(INTERVAL);
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
}

fn is_pipe(target: &Path) -> bool {
    use std::os::unix::fs::FileTypeExt as _;
    fs_err::metadata(target).is_ok_and(|there| there.file_type().is_fifo())
}

impl Write for PipeOrDevice {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let begun = Instant::now();
        loop {
            match self.file.write(bytes) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    if begun.elapsed() >= NEXT_PART {
                        let what = "whoever reads this pipe does not go on";
                        return Err(io::Error::new(ErrorKind::TimedOut, what));
                    }
                    sleep(INTERVAL);
                }
                written => return written,
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn pipe(folder: &Path) -> PathBuf {
        let pipe = folder.join("pipe");
        rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::RWXU).unwrap();
        pipe
    }

    #[test]
    fn a_pipe_without_a_reader_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = pipe(folder.path());
        let opened = PipeOrDevice::open_within(&pipe, Duration::from_millis(50));
        let error = opened.map(drop).unwrap_err();
        assert!(error.to_string().contains("nobody reads"), "{error}");
    }

    #[test]
    fn a_reader_gets_all_that_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = pipe(folder.path());
        let there = pipe.clone();
        let reader = std::thread::spawn(move || fs_err::read(there).unwrap().len());
        let mut writer = PipeOrDevice::open_within(&pipe, Duration::from_mins(1)).unwrap();
        writer.write_all(&vec![b'x'; 300_000]).unwrap();
        drop(writer);
        assert_eq!(reader.join().unwrap(), 300_000);
        let mut null = PipeOrDevice::open(Path::new("/dev/null")).unwrap();
        null.write_all(b"x").unwrap();
    }
}
