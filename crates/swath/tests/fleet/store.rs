//! A real S3 server on loopback, and a way to it that can be cut.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use swath_test::{Guard, Requirements, free_port, newest_python, skip, venv, wait_until};

pub(crate) const BUCKET: &str = "coverage";
pub(crate) const ANYBODY: &str = "AWS4-HMAC-SHA256 Credential=anybody/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0";

/// The program that serves; none, and a named skip, where it cannot be had.
pub(crate) fn server(test: &str) -> Option<Command> {
    let Some(python) = newest_python() else {
        skip(test, "no CPython 3.8 or newer");
        return None;
    };
    let venv = venv(python, &Requirements::from(["moto[server,s3]>=5"]))?;
    Some(venv.command("moto_server"))
}

/// moto's server: it keeps what it is given in memory, and answers as S3 does.
pub(crate) struct Store {
    _server: Guard,
    port: u16,
    way: Way,
}

impl Store {
    /// A server with an empty bucket; none, and a named skip, where it cannot be had.
    pub(crate) fn start(test: &str) -> Option<Store> {
        let port = free_port();
        let mut command = server(test)?;
        command
            .args(["-H", "127.0.0.1", "-p", &port.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let server = Guard::spawn(&mut command).unwrap();
        wait_until(Duration::from_mins(1), "the S3 server", || {
            TcpStream::connect(("127.0.0.1", port)).is_ok()
        });
        let store = Store {
            _server: server,
            port,
            way: Way::open(port),
        };
        store.put("", b"");
        Some(store)
    }

    /// Points a command to it, by the way that can be cut.
    pub(crate) fn point(&self, command: &mut Command) {
        command
            .env(
                "AWS_ENDPOINT_URL",
                format!("http://127.0.0.1:{}", self.way.port),
            )
            .env("AWS_ACCESS_KEY_ID", "somebody")
            .env("AWS_SECRET_ACCESS_KEY", "something")
            .env("AWS_REGION", "eu-central-1");
    }

    /// Cuts the way to it, or opens it again.
    pub(crate) fn cut(&self, is_cut: bool) {
        self.way.is_cut.store(is_cut, Ordering::Relaxed);
    }

    /// How many connections were refused so far.
    pub(crate) fn refused(&self) -> usize {
        self.way.refused.load(Ordering::Relaxed)
    }

    /// The server looks at no signature: what an attacker may do, a test does with any.
    fn url(&self, key: &str) -> String {
        format!("http://127.0.0.1:{}/{BUCKET}/{key}", self.port)
    }

    pub(crate) fn put(&self, key: &str, bytes: &[u8]) {
        let request = ureq::put(self.url(key)).header("Authorization", ANYBODY);
        request.send(bytes).unwrap();
    }

    pub(crate) fn get(&self, key: &str) -> Vec<u8> {
        let request = ureq::get(self.url(key)).header("Authorization", ANYBODY);
        let mut answer = request.call().unwrap();
        answer.body_mut().read_to_vec().unwrap()
    }

    pub(crate) fn delete(&self, key: &str) {
        let request = ureq::delete(self.url(key)).header("Authorization", ANYBODY);
        request.call().unwrap();
    }

    /// The keys that begin so, as the server lists them.
    pub(crate) fn keys(&self, prefix: &str) -> Vec<String> {
        let text = self.get(&format!("?list-type=2&prefix={prefix}"));
        let text = String::from_utf8(text).unwrap();
        let keys = text.split("<Key>").skip(1);
        keys.map(|rest| rest.split('<').next().unwrap().to_owned())
            .collect()
    }
}

/// Passes connections on, or resets them.
struct Way {
    port: u16,
    is_cut: Arc<AtomicBool>,
    refused: Arc<AtomicUsize>,
}

impl Way {
    fn open(to: u16) -> Way {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let way = Way {
            port: listener.local_addr().unwrap().port(),
            is_cut: Arc::default(),
            refused: Arc::default(),
        };
        let (is_cut, refused) = (Arc::clone(&way.is_cut), Arc::clone(&way.refused));
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if is_cut.load(Ordering::Relaxed) {
                    refused.fetch_add(1, Ordering::Relaxed);
                    continue;
                }
                let Ok(server) = TcpStream::connect(("127.0.0.1", to)) else {
                    continue;
                };
                let ends = [
                    (client.try_clone().unwrap(), server.try_clone().unwrap()),
                    (server, client),
                ];
                for (from, to) in ends {
                    let is_cut = Arc::clone(&is_cut);
                    std::thread::spawn(move || copy(from, to, &is_cut));
                }
            }
        });
        way
    }
}

fn copy(mut from: TcpStream, mut to: TcpStream, is_cut: &AtomicBool) {
    let mut buffer = [0; 16 << 10];
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        if is_cut.load(Ordering::Relaxed) || to.write_all(&buffer[..length]).is_err() {
            break;
        }
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}
