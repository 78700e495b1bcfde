//! A connection to an engine or from a client, shared by the threads of its two directions.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, poll};

/// Enough for one turn of the largest transfers.
const BUFFER: usize = 256 << 10;

/// A stream socket.
#[derive(Debug)]
pub(crate) enum Stream {
    Unix(UnixStream),
    Tcp(TcpStream),
}

impl Stream {
    /// Ends one or both directions; that the other side is gone already is no error.
    pub(crate) fn shut(&self, how: Shutdown) {
        let _ = match self {
            Self::Unix(stream) => stream.shutdown(how),
            Self::Tcp(stream) => stream.shutdown(how),
        };
    }

    /// For how long a single read or write may wait.
    pub(crate) fn wait_at_most(&self, limit: Option<Duration>) -> io::Result<()> {
        match self {
            Self::Unix(stream) => {
                stream.set_read_timeout(limit)?;
                stream.set_write_timeout(limit)
            }
            Self::Tcp(stream) => {
                stream.set_read_timeout(limit)?;
                stream.set_write_timeout(limit)
            }
        }
    }

    /// Waits until the other side is gone altogether, or this side was shut in both directions. One
    /// that only has nothing more to say may still listen.
    pub(crate) fn wait_until_closed(&self) {
        let mut watched = match self {
            Self::Unix(stream) => [PollFd::new(stream, PollFlags::empty())],
            Self::Tcp(stream) => [PollFd::new(stream, PollFlags::empty())],
        };
        while poll(&mut watched, None) == Err(rustix::io::Errno::INTR) {}
    }

    /// Reads and drops what the other side still sends, up to a limit: one that is not read from
    /// to the end may never see the answer that it was given.
    pub(crate) fn drain(&self, limit: u64, patience: Duration) {
        if self.wait_at_most(Some(patience)).is_ok() {
            let _ = io::copy(&mut self.take(limit), &mut io::sink());
        }
    }

    /// Bytes from this stream to the other one until this one ends. `passed` is called with the
    /// length of each piece that was passed on.
    pub(crate) fn pump_to(&self, other: &Stream, mut passed: impl FnMut(usize)) -> io::Result<()> {
        let mut buffer = vec![0; BUFFER];
        loop {
            let (mut from, mut to) = (self, other);
            match from.read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(length) => {
                    to.write_all(buffer.get(..length).unwrap_or_default())?;
                    passed(length);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

impl Read for &Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Stream::Unix(stream) => (&*stream).read(buffer),
            Stream::Tcp(stream) => (&*stream).read(buffer),
        }
    }
}

impl Write for &Stream {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        match self {
            Stream::Unix(stream) => (&*stream).write(buffer),
            Stream::Tcp(stream) => (&*stream).write(buffer),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
