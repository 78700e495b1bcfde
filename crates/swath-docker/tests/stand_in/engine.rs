//! An engine that knows one image and one container, and that misbehaves where a test wants it to.

use std::io::Write;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use swath_test::HttpRequest;

/// The id of the container that is created first; carriers have others.
pub(crate) const CONTAINER: &str = "c0ffee";

/// What becomes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It is taken, and nothing is said.
    Silence,
    /// A part of the head is said, then nothing more.
    HalfHead,
    /// The head and a part of the body are said, then nothing more.
    HalfBody,
    /// One byte after the other, without an end.
    Drip,
    /// The connection ends.
    Close,
    /// An answer without an end.
    Endless,
}

/// Which requests meet with the fault: `POST /volumes/create`.
type Point = (&'static str, &'static str);

#[derive(Default)]
struct State {
    seen: Vec<(String, Vec<u8>)>,
    created: usize,
    started: bool,
    /// Whether the container goes when it has ended, as with `--rm`.
    goes: bool,
    /// No fault before this is set.
    faulty: bool,
    /// How many requests met with the fault.
    met: usize,
    /// How many of these clients have not gone away.
    held: usize,
    /// The answer to a list of containers, if it is not an empty one.
    list: Option<Vec<u8>>,
}

pub(crate) struct StandIn {
    pub(crate) socket: PathBuf,
    shared: Arc<Shared>,
}

struct Shared {
    point: Option<Point>,
    fault: Fault,
    state: Mutex<State>,
    changed: Condvar,
}

impl StandIn {
    /// An engine with this fault at this point from now on.
    pub(crate) fn with(folder: &Path, point: Option<Point>, fault: Fault) -> StandIn {
        let socket = folder.join("engine.sock");
        let listener = UnixListener::bind(&socket).unwrap();
        let shared = Arc::new(Shared {
            point,
            fault,
            state: Mutex::default(),
            changed: Condvar::new(),
        });
        shared.state.lock().unwrap().faulty = true;
        let own = Arc::clone(&shared);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let own = Arc::clone(&own);
                std::thread::spawn(move || {
                    // A client that went away in between is as it should be.
                    let _ = own.serve(client);
                });
            }
        });
        StandIn { socket, shared }
    }

    pub(crate) fn healthy(folder: &Path) -> StandIn {
        StandIn::with(folder, None, Fault::Close)
    }

    pub(crate) fn set_list(&self, body: Vec<u8>) {
        self.shared.state.lock().unwrap().list = Some(body);
    }

    pub(crate) fn set_faulty(&self, faulty: bool) {
        self.shared.state.lock().unwrap().faulty = faulty;
    }

    /// From now on the container goes when it has ended.
    pub(crate) fn set_goes(&self) {
        self.shared.state.lock().unwrap().goes = true;
    }

    /// How many requests met with the fault.
    pub(crate) fn met(&self) -> usize {
        self.shared.state.lock().unwrap().met
    }

    /// How many clients still wait for an answer that does not come.
    pub(crate) fn held(&self) -> usize {
        self.shared.state.lock().unwrap().held
    }

    /// The first lines and bodies of the requests so far that begin so.
    pub(crate) fn seen(&self, begins: &str) -> Vec<(String, String)> {
        let state = self.shared.state.lock().unwrap();
        let seen = state
            .seen
            .iter()
            .filter(|(line, _)| line.starts_with(begins));
        seen.map(|(line, body)| (line.clone(), String::from_utf8_lossy(body).into_owned()))
            .collect()
    }
}

impl Shared {
    fn serve(&self, mut client: UnixStream) -> std::io::Result<()> {
        let Some(request) = HttpRequest::read(&mut client)? else {
            return Ok(());
        };
        let line = request.line().to_owned();
        let closes = request.header("connection");
        let closes = closes.is_some_and(|value| value.split(", ").any(|word| word == "close"));
        let mut words = line.split(' ');
        let (method, target) = (words.next().unwrap(), words.next().unwrap());
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let path = path.strip_prefix("/v1.41").unwrap_or(path);
        let faulty = {
            let mut state = self.state.lock().unwrap();
            state.seen.push((line.clone(), request.body));
            state.faulty
        };
        let meets = |(at_method, at_path): Point| {
            faulty && method == at_method && matches_path(path, at_path)
        };
        if self.point.is_some_and(meets) {
            let count = |change: fn(&mut State)| change(&mut self.state.lock().unwrap());
            count(|state| {
                state.met += 1;
                state.held += 1;
            });
            let result = self.fail(client);
            count(|state| state.held -= 1);
            return result;
        }
        match (method, path) {
            ("GET", "/events") => self.tell_events(client, query),
            ("GET", path) if path.ends_with("/archive") => {
                write!(client, "HTTP/1.0 200 OK\r\n\r\n")?;
                client.write_all(&archive())
            }
            ("POST", "/containers/create" | "/%63ontainers/create") => {
                let mut state = self.state.lock().unwrap();
                let is_carrier = state.seen.last().is_some_and(|(_, body)| {
                    String::from_utf8_lossy(body).contains("swath-never-runs")
                });
                state.created += 1;
                let id = if is_carrier {
                    format!("ca0000{}", state.created)
                } else {
                    CONTAINER.to_owned()
                };
                drop(state);
                answer(
                    &mut client,
                    "201 Created",
                    &format!("{{\"Id\":\"{id}\",\"Warnings\":[]}}"),
                )
            }
            ("POST", path) if path.ends_with("/start") => {
                self.state.lock().unwrap().started = true;
                self.changed.notify_all();
                answer(&mut client, "204 No Content", "")
            }
            ("GET", "/containers/json") => {
                let list = self.state.lock().unwrap().list.clone();
                let list = list.unwrap_or_else(|| b"[]".to_vec());
                answer(&mut client, "200 OK", &String::from_utf8_lossy(&list))
            }
            ("GET", "/_ping") if !closes => {
                write!(client, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK")?;
                self.serve(client)
            }
            _ => answer(&mut client, "200 OK", known(method, path)),
        }
    }

    fn fail(&self, mut client: UnixStream) -> std::io::Result<()> {
        match self.fault {
            Fault::Silence => {}
            Fault::HalfHead => write!(client, "HTTP/1.1 200 OK\r\nContent-Le")?,
            Fault::HalfBody => write!(client, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[{{")?,
            Fault::Close => return Ok(()),
            Fault::Drip => {
                write!(client, "HTTP/1.1 200 OK\r\n\r\n")?;
                loop {
                    client.write_all(b" ")?;
                    std::thread::sleep(Duration::from_millis(10));
                }
            }
            Fault::Endless => {
                write!(client, "HTTP/1.1 200 OK\r\n\r\n[\"")?;
                loop {
                    client.write_all(&[b'x'; 1 << 14])?;
                }
            }
        }
        // Until the other side goes away.
        std::io::copy(&mut client, &mut std::io::sink()).map(|_| ())
    }

    /// The start and the end of the container, once it was started.
    fn tell_events(&self, mut client: UnixStream, query: &str) -> std::io::Result<()> {
        write!(
            client,
            "HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n"
        )?;
        let mut state = self.state.lock().unwrap();
        let is_past = query.contains("until=");
        while !state.started && !is_past {
            let waited = self
                .changed
                .wait_timeout(state, Duration::from_mins(1))
                .unwrap();
            state = waited.0;
            if waited.1.timed_out() {
                return Ok(());
            }
        }
        if state.started {
            let ends: &[_] = if state.goes { &[("destroy", 3)] } else { &[] };
            for (action, time) in [("start", 1), ("die", 2)].iter().chain(ends) {
                writeln!(
                    client,
                    "{{\"Action\":\"{action}\",\"timeNano\":{time},\"Actor\":{{\"ID\":\"{CONTAINER}\",\"Attributes\":{{\"exitCode\":\"0\"}}}}}}"
                )?;
            }
        }
        drop(state);
        if is_past {
            return Ok(());
        }
        std::io::copy(&mut client, &mut std::io::sink()).map(|_| ())
    }
}

/// `*` stands for one part of a path.
fn matches_path(path: &str, pattern: &str) -> bool {
    let (mut parts, mut wanted) = (path.split('/'), pattern.split('/'));
    loop {
        match (parts.next(), wanted.next()) {
            (None, None) => return true,
            (Some(part), Some(want)) if want == "*" || want == part => {}
            _ => return false,
        }
    }
}

fn known(method: &str, path: &str) -> &'static str {
    match (method, path) {
        ("GET", path) if path.starts_with("/images/") => {
            r#"{"Id":"sha256:aa","Os":"linux","Architecture":"amd64","Config":{"Env":["PYTHON_VERSION=3.12.1"],"Cmd":["python3"]}}"#
        }
        ("GET", "/volumes") => r#"{"Volumes":[]}"#,
        ("GET", path) if path.starts_with("/containers/") && path.ends_with("/json") => {
            r#"{"Id":"c0ffee","Name":"/web","Path":"python3","Args":[],"State":{"Running":false,"StartedAt":"2026-01-01T00:00:00Z"}}"#
        }
        _ => "{}",
    }
}

fn archive() -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_size(4);
    header.set_mode(0o600);
    archive
        .append_data(&mut header, "data/1-0f.hits", &b"hits"[..])
        .unwrap();
    archive.into_inner().unwrap()
}

fn answer(client: &mut UnixStream, status: &str, body: &str) -> std::io::Result<()> {
    write!(
        client,
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}
