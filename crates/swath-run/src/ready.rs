//! When a service is ready, and how to find out.

use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use swath_config::Ready;
use swath_pattern::PythonRegex;

/// Between two attempts.
const PAUSE: Duration = Duration::from_millis(40);
/// How long one attempt may take.
const ATTEMPT: Duration = Duration::from_secs(2);

/// As it was written.
pub(crate) fn address_of(ready: &Ready) -> String {
    match ready {
        Ready::Http(url) => url.clone(),
        Ready::Tcp(host, port) => format!("tcp:{host}:{port}"),
        Ready::Log(regex) => format!("log:{}", regex.pattern()),
    }
}

/// Whether something answers there although the service has not been started.
pub(crate) fn answers_already(ready: &Ready) -> bool {
    match ready {
        Ready::Http(url) => {
            matches!(
                ask_http(url, Duration::from_secs(1)),
                Attempt::Ready | Attempt::Status(_)
            )
        }
        Ready::Tcp(host, port) => connect(host, *port).is_ok(),
        Ready::Log(_) => false,
    }
}

/// The address whose server answers such a check: the first that takes a connection. None for a
/// check of a log, and where nothing answers any more.
pub(crate) fn answering_address(ready: &Ready) -> Option<SocketAddr> {
    let (host, port) = match ready {
        Ready::Http(url) => {
            let url: ureq::http::Uri = url.parse().ok()?;
            // An address of IPv6 is in brackets there.
            let host = url.host()?.trim_matches(['[', ']']).to_owned();
            (host, url.port_u16().unwrap_or(80))
        }
        Ready::Tcp(host, port) => (host.clone(), *port),
        Ready::Log(_) => return None,
    };
    connect(&host, port).ok()?.peer_addr().ok()
}

/// What one attempt gave.
enum Attempt {
    Ready,
    Status(u16),
    Failed(String),
}

impl Attempt {
    fn describe(self) -> Option<String> {
        match self {
            Attempt::Ready => None,
            Attempt::Status(status) => Some(format!("status {status}")),
            Attempt::Failed(reason) => Some(reason),
        }
    }
}

fn ask_http(url: &str, limit: Duration) -> Attempt {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .timeout_global(Some(limit))
        .http_status_as_error(false)
        .max_redirects(0)
        .proxy(None)
        .build()
        .into();
    match agent.get(url).call() {
        Ok(response) if response.status().as_u16() < 500 => Attempt::Ready,
        Ok(response) => Attempt::Status(response.status().as_u16()),
        Err(error) => Attempt::Failed(error.to_string()),
    }
}

/// Whether anything comes back to a request, whatever it is.
fn knock(host: &str, port: u16) -> std::io::Result<()> {
    let mut stream = connect(host, port)?;
    stream.set_read_timeout(Some(ATTEMPT))?;
    let request = format!("GET / HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    match stream.read(&mut [0])? {
        0 => Err(std::io::Error::other(
            "the connection was closed without an answer",
        )),
        _ => Ok(()),
    }
}

fn connect(host: &str, port: u16) -> std::io::Result<TcpStream> {
    let mut last = std::io::Error::other("the name has no address");
    for address in (host, port).to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, ATTEMPT) {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// A thread that asks again and again until the answer is good, or the probe is dropped.
pub(crate) struct Probe {
    results: Receiver<Option<String>>,
    cancelled: Arc<AtomicBool>,
    last: String,
}

impl Probe {
    pub(crate) fn start(ready: &Ready, log: &Path) -> std::io::Result<Probe> {
        let ready = ready.clone();
        let mut output = LogTail {
            path: log.to_owned(),
            read: 0,
            line: String::new(),
        };
        Probe::asking(move || match &ready {
            Ready::Http(url) => ask_http(url, ATTEMPT).describe(),
            Ready::Tcp(host, port) => connect(host, *port).err().map(|error| error.to_string()),
            Ready::Log(regex) => (!output.matches(regex)).then(|| "no line matched".to_owned()),
        })
    }

    /// Ready as soon as anything is said in answer to an HTTP request there: that a connection is
    /// taken says nothing of a port that an engine publishes.
    pub(crate) fn any_answer(host: &str, port: u16) -> std::io::Result<Probe> {
        let host = host.to_owned();
        Probe::asking(move || knock(&host, port).err().map(|error| error.to_string()))
    }

    /// Asks `question` until it has no complaint.
    fn asking(question: impl FnMut() -> Option<String> + Send + 'static) -> std::io::Result<Probe> {
        let (sender, results) = channel();
        let cancelled = Arc::new(AtomicBool::new(false));
        let cancel = Arc::clone(&cancelled);
        std::thread::Builder::new()
            .name("swath-probe".to_owned())
            .spawn(move || probe(question, &cancel, &sender))?;
        Ok(Probe {
            results,
            cancelled,
            last: "nothing was asked yet".to_owned(),
        })
    }

    /// Whether the service has become ready.
    pub(crate) fn is_ready(&mut self) -> bool {
        while let Ok(result) = self.results.try_recv() {
            match result {
                None => return true,
                Some(reason) => self.last = reason,
            }
        }
        false
    }

    /// What the last attempt gave.
    pub(crate) fn last_attempt(&self) -> &str {
        &self.last
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }
}

fn probe(
    mut question: impl FnMut() -> Option<String>,
    cancelled: &AtomicBool,
    sender: &Sender<Option<String>>,
) {
    while !cancelled.load(Ordering::Relaxed) {
        let result = question();
        let ready = result.is_none();
        if sender.send(result).is_err() || ready {
            return;
        }
        std::thread::sleep(PAUSE);
    }
}

/// The part of a growing log that has not been looked at yet.
struct LogTail {
    path: PathBuf,
    read: u64,
    line: String,
}

impl LogTail {
    fn matches(&mut self, regex: &PythonRegex) -> bool {
        let mut bytes = Vec::new();
        let more = fs_err::File::open(&self.path).and_then(|mut file| {
            file.seek(SeekFrom::Start(self.read))?;
            file.read_to_end(&mut bytes)
        });
        self.read += more.unwrap_or(0) as u64;
        self.line.push_str(&String::from_utf8_lossy(&bytes));
        let found = self.line.lines().any(|line| regex.is_match(line));
        let unfinished = self.line.rfind('\n').map_or(0, |end| end + 1);
        self.line.drain(..unfinished);
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_written_in_two_parts_matches() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        fs_err::write(&path, "one\nserver sta").unwrap();
        let mut tail = LogTail {
            path: path.clone(),
            read: 0,
            line: String::new(),
        };
        let regex = PythonRegex::new("server started").unwrap();
        assert!(!tail.matches(&regex));
        fs_err::write(&path, "one\nserver started\n").unwrap();
        assert!(tail.matches(&regex));
    }
}
