//! Where the user's engine is: `DOCKER_HOST`, else the current context, else the usual socket.

use std::fmt;
use std::io;
use std::net::{TcpStream, ToSocketAddrs as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use fs_err as fs;
use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect, socket_with};
use serde_json::Value;

use crate::error::EngineError;
use crate::stream::Stream;

/// The socket of an engine that nobody configured.
const USUAL_SOCKET: &str = "/var/run/docker.sock";

/// An engine's address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Endpoint {
    /// A unix socket.
    Unix(PathBuf),
    /// `HOST:PORT`, without encryption.
    Tcp(String),
}

impl Endpoint {
    /// The engine that `docker` would use with these variables; `variable` looks one up.
    pub fn in_effect(variable: &dyn Fn(&str) -> Option<String>) -> Result<Endpoint, EngineError> {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        if let Some(address) = set("DOCKER_HOST") {
            let tls = set("DOCKER_TLS_VERIFY").is_some() || set("DOCKER_TLS").is_some();
            return Endpoint::parse(&address, tls);
        }
        let folder = set("DOCKER_CONFIG").map_or_else(
            || set("HOME").map(|home| Path::new(&home).join(".docker")),
            |folder| Some(PathBuf::from(folder)),
        );
        let context = set("DOCKER_CONTEXT").or_else(|| current_context(folder.as_deref()?));
        match context {
            Some(name) if name != "default" => context_endpoint(&name, folder.as_deref()),
            _ => Ok(Endpoint::Unix(PathBuf::from(USUAL_SOCKET))),
        }
    }

    /// An address as in `DOCKER_HOST`.
    pub fn parse(address: &str, tls: bool) -> Result<Endpoint, EngineError> {
        let unsupported = |kind| EngineError::Unsupported {
            address: address.to_owned(),
            kind,
        };
        let (scheme, rest) = address.split_once("://").unwrap_or(("tcp", address));
        match scheme {
            "unix" if rest.is_empty() => Ok(Endpoint::Unix(PathBuf::from(USUAL_SOCKET))),
            "unix" => Ok(Endpoint::Unix(PathBuf::from(rest))),
            "tcp" | "http" if tls => Err(unsupported("protected by TLS")),
            "tcp" | "http" => {
                let rest = rest.split('/').next().unwrap_or_default();
                let host_and_port = match rest.rsplit_once(':') {
                    Some(("", port)) => format!("localhost:{port}"),
                    Some((_, port)) if port.parse::<u16>().is_ok() => rest.to_owned(),
                    _ if rest.is_empty() => "localhost:2375".to_owned(),
                    _ => format!("{rest}:2375"),
                };
                Ok(Endpoint::Tcp(host_and_port))
            }
            "https" => Err(unsupported("protected by TLS")),
            "ssh" => Err(unsupported("reached through ssh")),
            _ => Err(unsupported("of an unknown kind")),
        }
    }

    /// Whether something can be expected there: a unix socket that exists, or any other address.
    pub fn is_plausible(&self) -> bool {
        match self {
            Endpoint::Unix(path) => path.exists(),
            Endpoint::Tcp(_) => true,
        }
    }

    /// Whether the engine can be taken to see the files of this machine.
    pub fn is_local(&self) -> bool {
        matches!(self, Endpoint::Unix(_))
    }

    /// Connects within this time: an engine whose queue is full accepts nobody.
    pub(crate) fn connect(&self, limit: Duration) -> Result<Stream, EngineError> {
        let connected: io::Result<Stream> = match self {
            Endpoint::Unix(path) => connect_unix(path, limit).map(Stream::Unix),
            Endpoint::Tcp(address) => connect_tcp(address, limit).map(|stream| {
                // Small messages of interactive sessions must not wait for each other.
                let _ = stream.set_nodelay(true);
                Stream::Tcp(stream)
            }),
        };
        connected.map_err(|source| match source.kind() {
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => EngineError::Silent {
                endpoint: self.to_string(),
                request: "a connection".to_owned(),
                waited: limit,
            },
            _ => EngineError::Unreachable {
                endpoint: self.to_string(),
                source,
            },
        })
    }
}

fn connect_unix(path: &Path, limit: Duration) -> io::Result<UnixStream> {
    let address = SocketAddrUnix::new(path)?;
    let flags = SocketFlags::CLOEXEC;
    let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
    // The time that sending may take is the time that connecting may take.
    set_socket_timeout(&socket, Timeout::Send, Some(limit))?;
    connect(&socket, &address)?;
    set_socket_timeout(&socket, Timeout::Send, None)?;
    Ok(UnixStream::from(socket))
}

fn connect_tcp(address: &str, limit: Duration) -> io::Result<TcpStream> {
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for one in address.to_socket_addrs()? {
        match TcpStream::connect_timeout(&one, limit) {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}

impl fmt::Display for Endpoint {
    /// As in `DOCKER_HOST`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Endpoint::Unix(path) => write!(formatter, "unix://{}", path.display()),
            Endpoint::Tcp(address) => write!(formatter, "tcp://{address}"),
        }
    }
}

fn current_context(folder: &Path) -> Option<String> {
    let text = fs::read_to_string(folder.join("config.json")).ok()?;
    let config: Value = serde_json::from_str(&text).ok()?;
    let name = config.get("currentContext")?.as_str()?;
    (!name.is_empty()).then(|| name.to_owned())
}

/// The endpoint that a context's own file names. The folders are named by hashes: all are looked at.
fn context_endpoint(name: &str, folder: Option<&Path>) -> Result<Endpoint, EngineError> {
    let missing = || EngineError::NoSuchContext {
        name: name.to_owned(),
    };
    let contexts = folder.ok_or_else(missing)?.join("contexts/meta");
    let entries = fs::read_dir(contexts).map_err(|_| missing())?;
    let context = entries
        .flatten()
        .filter_map(|entry| fs::read_to_string(entry.path().join("meta.json")).ok())
        .filter_map(|text| serde_json::from_str::<Value>(&text).ok())
        .find(|context| context.get("Name").and_then(Value::as_str) == Some(name))
        .ok_or_else(missing)?;
    let docker = &context["Endpoints"]["docker"];
    let address = docker["Host"].as_str().ok_or_else(missing)?;
    let insecure = docker["SkipTLSVerify"].as_bool() == Some(true);
    Endpoint::parse(address, insecure)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn in_effect(variables: &[(&str, &str)]) -> Result<Endpoint, EngineError> {
        let variables: BTreeMap<_, _> = variables.iter().copied().collect();
        Endpoint::in_effect(&|name| variables.get(name).map(|&value| value.to_owned()))
    }

    #[test]
    fn addresses_are_read_as_docker_reads_them() {
        let check = |address: &str, expected: &str| {
            assert_eq!(
                Endpoint::parse(address, false).unwrap().to_string(),
                expected
            );
        };
        check("unix:///run/d.sock", "unix:///run/d.sock");
        check("unix://", "unix:///var/run/docker.sock");
        check("tcp://10.0.0.1:2375", "tcp://10.0.0.1:2375");
        check("tcp://:2375", "tcp://localhost:2375");
        check("tcp://engine", "tcp://engine:2375");
    }

    #[test]
    fn ssh_and_tls_are_named() {
        let ssh = Endpoint::parse("ssh://me@host", false).unwrap_err();
        assert!(ssh.to_string().contains("through ssh"), "{ssh}");
        let tls = in_effect(&[("DOCKER_HOST", "tcp://h:2376"), ("DOCKER_TLS_VERIFY", "1")]);
        assert!(tls.unwrap_err().to_string().contains("TLS"));
    }

    #[test]
    fn the_current_context_is_followed_and_the_variable_beats_it() {
        let home = tempfile::tempdir().unwrap();
        let config = home.path().join(".docker");
        let context = config.join("contexts/meta/0123");
        fs::create_dir_all(&context).unwrap();
        fs::write(config.join("config.json"), r#"{"currentContext":"far"}"#).unwrap();
        let meta =
            r#"{"Name":"far","Endpoints":{"docker":{"Host":"tcp://far:1","SkipTLSVerify":false}}}"#;
        fs::write(context.join("meta.json"), meta).unwrap();
        let home = home.path().to_str().unwrap();
        let endpoint = in_effect(&[("HOME", home)]).unwrap();
        assert_eq!(endpoint.to_string(), "tcp://far:1");
        let endpoint = in_effect(&[("HOME", home), ("DOCKER_HOST", "unix:///x")]).unwrap();
        assert_eq!(endpoint.to_string(), "unix:///x");
        let missing = in_effect(&[("HOME", home), ("DOCKER_CONTEXT", "near")]);
        assert!(matches!(missing, Err(EngineError::NoSuchContext { .. })));
        let default = in_effect(&[("HOME", home), ("DOCKER_CONTEXT", "default")]).unwrap();
        assert_eq!(default.to_string(), "unix:///var/run/docker.sock");
    }
}
